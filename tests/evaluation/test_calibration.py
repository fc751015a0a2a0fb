"""How far probabilities are from what they say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from seqgen.core.errors import RunError
from seqgen.evaluation.calibration import (
    TemperatureFit,
    Temperatures,
    calibration_error,
    calibration_excess,
    place_kinds,
    tempered,
)
from seqgen.tokenizers import SportsTokenizer


def test_the_error_is_the_distance_in_each_bin() -> None:
    confidence = np.repeat([0.25, 0.75], 8)
    right = np.array([True, False, False, False] * 2 + [True] * 8)
    assert calibration_error(confidence, right, 2) == 0.125  # 0 in the first, .25 in the second
    assert calibration_error(np.zeros(0), np.zeros(0, bool)) == 0.0


def test_calibrated_probabilities_have_no_excess_and_others_do() -> None:
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0.2, 0.9, 20_000)
    right = rng.random(len(confidence)) < confidence
    good, bad = calibration_excess(confidence, right), calibration_excess(confidence * 0.9, right)
    assert good["ece_excess"] < 0.003 and 0.04 < bad["ece_excess"] < 0.07
    assert 0.003 < good["ece_by_chance"] < 0.01


TOKENIZER = SportsTokenizer("cricket", {"Overs": ["20"]})


def test_temperatures_come_back_with_the_checkpoint_they_suit(tmp_path: Path) -> None:
    kind = place_kinds(TOKENIZER)[0]
    path = tmp_path / "calibration.json"
    Temperatures(TOKENIZER, {kind: 1.25}).save(path, "a")
    found = Temperatures.load(path, TOKENIZER, "a")
    assert found is not None and found.values == {kind: 1.25}
    assert found.of_state[0] == 1.25 and set(found.of_state.tolist()) <= {1.0, 1.25}
    assert Temperatures.load(path, TOKENIZER, "b") is None


@pytest.mark.parametrize(
    "said",
    [
        b"", b"{", b"[]", b"null", b"\xff\xfe\x00", b"[" * 3000,
        b'{"format": 2, "checkpoint": "a", "temperatures": {}}',
        b'{"format": 1, "checkpoint": "a"}',
        b'{"format": 1, "checkpoint": "a", "temperatures": [1]}',
        b'{"format": 1, "checkpoint": "a", "temperatures": {"Pitch": 1}}',
        *(
            b'{"format": 1, "checkpoint": "a", "temperatures": {"Outcome": %s}}' % value
            for value in (b"NaN", b"Infinity", b"0", b"-1", b"true", b'"1"', b"1e999", b"null", b"9" * 400)
        ),
    ],
)  # fmt: skip
def test_damaged_temperatures_are_refused(said: bytes, tmp_path: Path) -> None:
    assert "Outcome" in place_kinds(TOKENIZER)
    path = tmp_path / "calibration.json"
    path.write_bytes(said)
    with pytest.raises(RunError):
        Temperatures.load(path, TOKENIZER, "a")


def test_the_temperature_that_was_applied_is_found() -> None:
    """Outcomes drawn from scores that were then doubled: dividing by two mends them."""
    rng = np.random.default_rng(0)
    ids = TOKENIZER.vocabulary.of_type("Outcome")
    state = place_kinds(TOKENIZER).index("Outcome")
    allowed = np.isin(np.arange(len(TOKENIZER.vocabulary)), ids)
    scores = np.where(allowed, rng.normal(size=(4000, len(allowed))), -np.inf)
    p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    came = np.array([rng.choice(len(row), p=row) for row in p])
    fit = TemperatureFit(TOKENIZER)
    fit.see(1.6 * scores, came, np.full(len(came), state))
    assert abs(fit.best().values["Outcome"] - 1.6) < 0.1
    mended = tempered(1.6 * scores, np.full(len(came), 1.6, np.float32))
    assert np.allclose(np.exp(mended), p, atol=1e-5)

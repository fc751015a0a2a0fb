"""Dynamic evaluation: without updates it is plain evaluation, with them it learns from what it has read."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from seqgen.domains.text.tokenizer import TextTokenizer
from seqgen.evaluation.comparison import compare
from seqgen.evaluation.dynamic import DynamicSettings, dynamic_log_probabilities
from seqgen.training.config import TrainConfig
from seqgen.training.loop import new_model
from seqgen.training.validation import piece_log_probabilities

TOKENIZER = TextTokenizer.fit(["the sea, the wide and deep sea"])
TRAIN = [TOKENIZER.encode("the wide sea, the deep sea. " * 20)]
PIECES = [TOKENIZER.encode("and the sea and the sea and the sea and the sea " * 12), TOKENIZER.encode("the the the")]


@pytest.fixture(scope="module")
def model() -> Any:
    return new_model(TOKENIZER, TrainConfig(width=24, n_layers=2)).eval()


def test_without_updates_it_is_plain_evaluation(model: Any) -> None:
    still = dynamic_log_probabilities(model, TOKENIZER, PIECES, TRAIN, DynamicSettings(rate=0.0, statistics=5))
    for a, b in zip(still, piece_log_probabilities(model, TOKENIZER, PIECES), strict=True):
        assert a == pytest.approx(b, abs=1e-4)


def test_it_learns_from_what_it_has_read_and_leaves_the_model_alone(model: Any) -> None:
    before = [p.clone() for p in model.parameters()]
    settings = DynamicSettings(segment=16, rate=1e-3, statistics=20)
    (adapting, _) = dynamic_log_probabilities(model, TOKENIZER, PIECES, TRAIN, settings)
    (plain, _) = piece_log_probabilities(model, TOKENIZER, PIECES)
    assert adapting[:16] == pytest.approx(plain[:16], abs=1e-4)  # nothing has been learned yet
    assert adapting[-200:].mean() > plain[-200:].mean() + 0.1
    assert all((p == q).all() for p, q in zip(before, model.parameters(), strict=True))


def test_a_comparison_says_everything(model: Any) -> None:
    seen: list[str] = []
    samples = [PIECES[0][:40]]
    found = compare(
        model, TOKENIZER, TRAIN, PIECES, samples, dynamic=True, report=lambda what, *counts: seen.append(what)
    )
    assert found["baselines"].keys() >= {"unigram", "trigram", "6-gram"}
    assert found["copying"].keys() == {"held_out", "samples"} and found["dynamic"]["nats_per_token"] > 0
    assert set(seen) == {"scoring", "counting n-grams", "looking for copies", "adapting"}
    assert np.isfinite(found["nats_per_token"])

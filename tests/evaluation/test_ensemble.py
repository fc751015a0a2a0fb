"""One model asked in several keys: a distribution, of nothing that is to come."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from seqgen.core.augmentation import no_augmentation
from seqgen.evaluation.ensemble import ensemble_log_probabilities
from seqgen.tokenizers import MidiTokenizer
from seqgen.training.config import TrainConfig
from seqgen.training.loop import new_model
from seqgen.training.validation import piece_log_probabilities

SETTINGS: dict[str, Any] = {"n_voices": 2, "low": 60, "high": 74, "header": False}


@pytest.fixture(scope="module")
def tokenizer() -> MidiTokenizer:
    return MidiTokenizer("voices", **SETTINGS)


@pytest.fixture(scope="module")
def model(tokenizer: MidiTokenizer) -> Any:
    return new_model(tokenizer, TrainConfig(width=24, n_layers=1, seed=3)).eval()


def a_piece(tokenizer: MidiTokenizer, *pitches: int) -> np.ndarray:
    ids = [tokenizer.vocabulary.id(f"Pitch_{p}") for p in pitches]
    return np.array([*ids, tokenizer.vocabulary.id("End")], np.int32)


def test_in_one_key_it_is_plain_evaluation(tokenizer: MidiTokenizer, model: Any) -> None:
    pieces = [a_piece(tokenizer, 67, 64, 69, 65)]
    alone = MidiTokenizer("voices", **SETTINGS)
    alone.augmentations = no_augmentation(len(alone.vocabulary))
    (together,) = ensemble_log_probabilities(model, alone, pieces)
    (plain,) = piece_log_probabilities(model, alone, pieces)
    assert together == pytest.approx(plain, abs=1e-5)


def test_the_first_id_has_the_mean_over_keys(tokenizer: MidiTokenizer, model: Any) -> None:
    piece = a_piece(tokenizer, 67, 64)
    (together,) = ensemble_log_probabilities(model, tokenizer, [piece])
    maps = tokenizer.augmentations.map
    first = [m[piece[:1]] for m in maps]
    each = [piece_log_probabilities(model, tokenizer, [ids])[0][0] if ids[0] >= 0 else -np.inf for ids in first]
    assert together[0] == pytest.approx(np.log(np.mean(np.exp(each))), abs=1e-5)


def test_what_comes_adds_up_to_one_at_most(tokenizer: MidiTokenizer, model: Any) -> None:
    before = a_piece(tokenizer, 61, 60, 62)[:-1]
    states = tokenizer.grammar.states(before)
    allowed = np.flatnonzero(tokenizer.grammar.masks[states[-1]])
    pieces = [np.append(before, i).astype(np.int32) for i in allowed]
    total = np.exp([log_p[-1] for log_p in ensemble_log_probabilities(model, tokenizer, pieces)]).sum()
    assert 0.5 < total <= 1 + 1e-5


def test_what_is_to_come_changes_nothing(tokenizer: MidiTokenizer, model: Any) -> None:
    """A piece that later leaves the range of some keys."""
    inside, beyond = (a_piece(tokenizer, 67, 64, 67, 65, *later) for later in ((67, 65), (74, 60)))
    a, b = ensemble_log_probabilities(model, tokenizer, [inside, beyond])
    assert a[:4] == pytest.approx(b[:4], abs=1e-5)
    assert np.isfinite(b).all()  # at least the key as it is goes on


def test_no_pieces(tokenizer: MidiTokenizer, model: Any) -> None:
    assert ensemble_log_probabilities(model, tokenizer, []) == []

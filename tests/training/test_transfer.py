"""Weights of one run as the beginning of another, over vocabularies that overlap."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

import seqgen
from seqgen.domains.midi.tokenizer import MidiTokenizer
from seqgen.training.config import TrainConfig
from seqgen.training.loop import new_model
from seqgen.training.transfer import transfer

CONFIG = TrainConfig(width=24, n_layers=2)
OLD, NEW = MidiTokenizer("voices", low=40, high=80), MidiTokenizer("voices", low=36, high=90)


@pytest.fixture(scope="module")
def moved() -> tuple[Any, Any, Any]:
    """(old weights, new model, what was taken over)."""
    old = {name: torch.full_like(p, 7.0) for name, p in new_model(OLD, CONFIG).named_parameters()}
    model = new_model(NEW, CONFIG)
    return old, model, transfer(old, OLD, model, NEW)


def test_ids_are_matched_by_their_tokens(moved: tuple[Any, Any, Any]) -> None:
    _, model, taken = moved
    assert taken.n_ids == len(OLD.vocabulary)
    for i, token in enumerate(NEW.vocabulary.tokens):
        row = model.embedding.weight[i]
        assert (row == 7).all() if token in OLD.vocabulary else not (row == 7).any()
    assert (model.embedding.weight[len(NEW.vocabulary)] == 7).all()  # what stands before the first id


def test_layers_and_heads_are_taken_over_whole(moved: tuple[Any, Any, Any]) -> None:
    old, model, taken = moved
    for name, p in model.named_parameters():
        if name not in ("embedding.weight", "bias", "context.weight"):
            assert (p == 7).all() and name not in taken.fresh, name
    assert old["context.weight"].shape == model.context.weight.shape and (model.context.weight == 7).all()


def test_what_is_not_known_there_stays_fresh() -> None:
    remi = MidiTokenizer("remi", positions_per_quarter=4, n_velocities=4)
    old = {name: torch.full_like(p, 7.0) for name, p in new_model(OLD, CONFIG).named_parameters()}
    model = new_model(remi, CONFIG)
    taken = transfer(old, OLD, model, remi)
    assert 0 < taken.n_ids < len(remi.vocabulary)
    assert 0 < (model.context.weight == 7).float().mean() < 0.5  # the bars that remain are counted alike in both
    assert (model.layers[0].weight_hh_l0 == 7).all()


def test_layers_of_another_cell_stay_fresh() -> None:
    old = {name: torch.full_like(p, 7.0) for name, p in new_model(OLD, CONFIG).named_parameters()}
    for cell in ("gru", "rnn"):
        model = new_model(NEW, replace(CONFIG, cell=cell))
        taken = transfer(old, OLD, model, NEW)
        assert {name for name in taken.fresh if "layers" in name} == set(taken.fresh) and len(taken.fresh) == 2 * 4
        assert not any((p == 7).any() for p in model.layers.parameters()) and (model.join.weight == 7).all()


def test_a_training_from_a_run_has_its_cell_unless_another_is_asked_for(
    run: Path, corpus: Path, tmp_path: Path
) -> None:
    gru = seqgen.train("midi", corpus, steps=1, start_from=run, out=tmp_path / "gru", crop=64, cell="gru")
    assert gru.network.cell.name == "gru"
    again = seqgen.train("midi", corpus, steps=1, start_from=gru.run.path, out=tmp_path / "again", crop=64)
    assert again.network.cell.name == "gru"


def test_a_training_from_a_run_begins_with_its_weights(run: Path, corpus: Path, tmp_path: Path) -> None:
    before = seqgen.load(run)
    model = seqgen.train(
        "midi", corpus, steps=1, start_from=run, out=tmp_path / "next", learning_rate=1e-12, crop=64, preset="base"
    )
    assert model.network.width == before.network.width  # the run's, not the preset's
    for (name, a), b in zip(before.network.named_parameters(), model.network.parameters(), strict=True):
        assert torch.allclose(a, b, atol=1e-5), name

"""What has no weight in the loss costs nothing, and changes nothing."""

from __future__ import annotations

from contextlib import closing

import numpy as np
import pytest
import torch

from seqgen.core.context import Feature
from seqgen.corpus.batches import Batch
from seqgen.model import Dropout, SequenceModel
from seqgen.training import replicas
from seqgen.training.replicas import Replicas

V, B, T = 11, 4, 9
FEATURES = [Feature("place", 5), Feature("class", 3, classes=np.arange(3 * V).reshape(3, V) % 2)]
DROPOUT = Dropout(inputs=0.2, layers=0.3, perceptron=0.4)


@pytest.fixture
def model() -> SequenceModel:
    torch.manual_seed(0)
    return SequenceModel(V, FEATURES, 12, 2)


def batch() -> Batch:
    rng = np.random.default_rng(0)
    return Batch(
        ids=rng.integers(0, V, (B, T)),
        previous=rng.integers(0, V, (B, T)),
        context=np.stack([rng.integers(0, 5, (B, T)), rng.integers(0, 3, (B, T))], axis=-1),
        states=np.zeros((B, T), np.int64),
        weights=rng.choice([0.0, 0.0, 1.0, 0.5], (B, T)).astype(np.float32),
    )


def test_logits_of_asked_positions_are_those_of_all(model: SequenceModel) -> None:
    made = batch()
    previous, context = torch.from_numpy(made.previous), torch.from_numpy(made.context)
    asked = torch.tensor([0, 3, T, 2 * T + 4, B * T - 1])
    whole, after = model(previous, context, dropout=DROPOUT, generator=torch.Generator().manual_seed(1))
    some, same = model(previous, context, dropout=DROPOUT, generator=torch.Generator().manual_seed(1), asked=asked)
    torch.testing.assert_close(some, whole.flatten(0, 1)[asked])
    assert torch.equal(after[1][0], same[1][0])


@pytest.mark.parametrize("n", [1, 2])
def test_gradients_are_the_same_whether_all_positions_are_scored_or_those_with_weight(
    model: SequenceModel, n: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for most in (0.75, 0.0):  # at 0 none is few enough to be chosen
        monkeypatch.setattr(replicas, "_MOST_ASKED", most)
        with closing(Replicas(model, n, torch.ones(1, V, dtype=torch.bool), "float32")) as made:
            prepared = made.prepare(batch())
            assert all((share.asked is not None) == (most > 0) for share in prepared.shares)
            loss = made.step(prepared, DROPOUT, 0, 0)
            found.append((loss, made.gradient.clone(), made.table_gradient))
    for some, whole in zip(*found, strict=True):
        torch.testing.assert_close(some, whole)

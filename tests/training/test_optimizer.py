"""What a step moves and what it leaves alone, and how the running mean follows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch

from seqgen.corpus.build import Prepared
from seqgen.training.config import TrainConfig
from seqgen.training.loop import Trainer
from seqgen.training.schedule import learning_rate, mean_decay

CONFIG = TrainConfig(steps=40, width=24, n_layers=1, batch_size=2, crop=8, replicas=2)


@pytest.fixture
def trainer(prepared: Prepared) -> Iterator[Trainer]:
    store = prepared.store
    trainer = Trainer(CONFIG, prepared.tokenizer, store.of_split("train"), store.of_split("valid"))
    yield trainer
    trainer.close()


def test_a_step_moves_the_rows_that_it_reads_and_no_others(trainer: Trainer) -> None:
    r = trainer.replicas
    before = r.table_of(r.weights).clone()
    batch = trainer.batch(0)
    trainer.train_step(batch)
    assert batch.rows is not None
    moved = (r.table_of(r.weights) != before).any(dim=1)
    assert (
        0 < len(batch.rows) < len(before) and moved[batch.rows].float().mean() > 0.5
    )  # of some, dropout took the gradient
    moved[batch.rows] = False
    assert not moved.any()
    assert (r.weights[: r.n_dense] != 0).any() and trainer.optimizer.first.any()


def test_all_rows_decay_now_and_then(trainer: Trainer) -> None:
    r = trainer.replicas
    before, read = r.table_of(r.weights).clone(), set()
    for step in range(8):
        batch = trainer.batch(step)
        read |= set(batch.rows.tolist())  # type: ignore[union-attr]  # a table is read
        trainer.train_step(batch)
    unread = [i for i in range(len(before)) if i not in read]
    shrunk = 1 - CONFIG.weight_decay * sum(learning_rate(step, CONFIG) for step in range(8))
    assert unread and torch.allclose(r.table_of(r.weights)[unread], shrunk * before[unread])


def test_a_bad_step_moves_nothing(trainer: Trainer) -> None:
    trainer.train_step(trainer.batch(0))
    loss = trainer.replicas.step(trainer.batch(1), CONFIG.dropout, 0, 1)
    before = {name: t.clone() for name, t in trainer.optimizer.tensors().items()}
    trainer.replicas.gradient[3] = float("nan")
    norm = trainer.optimizer.norm()
    assert loss.isfinite() and not norm.isfinite()
    trainer.optimizer.move(1, norm, torch.ones(()))
    assert all(torch.equal(t, before[name]) for name, t in trainer.optimizer.tensors().items())


def test_long_gradients_are_clipped(prepared: Prepared) -> None:
    """AdamW's moments are of the clipped gradient."""
    norms = []
    for clip in (1e9, 1e-3):
        store = prepared.store
        config = replace(CONFIG, clip=clip)
        trainer = Trainer(config, prepared.tokenizer, store.of_split("train"), store.of_split("valid"))
        trainer.train_step(trainer.batch(0))
        first = trainer.optimizer.first / (1 - CONFIG.beta1)
        norms.append(float(first.norm()))
        trainer.close()
    assert norms[0] > 1e-2 and norms[1] <= 1e-3


def test_the_mean_is_the_exponential_moving_average_of_every_eighth_step(trainer: Trainer) -> None:
    mean, reached = trainer.replicas.weights.clone(), 0
    for step in range(20):
        trainer.train_step(trainer.batch(step))
        if (step + 1) % 8 == 0:
            decay = math.prod(mean_decay(s, CONFIG) for s in range(reached, step + 1))
            mean, reached = decay * mean + (1 - decay) * trainer.replicas.weights, step + 1
    assert torch.allclose(trainer.optimizer.mean, mean, atol=1e-6) and trainer.optimizer.averaged == 16

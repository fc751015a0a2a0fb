"""Training is a function of its configuration, to the bit, and goes on after a stop as if there had been none."""

from __future__ import annotations

import threading
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from seqgen.core.errors import Diverged
from seqgen.corpus.build import Prepared
from seqgen.domains.text.tokenizer import TextTokenizer
from seqgen.training import machine
from seqgen.training.checkpoint import checkpoints, latest_good
from seqgen.training.config import TrainConfig
from seqgen.training.loop import Progress, Trainer, new_model
from seqgen.training.run import Run

CONFIG = TrainConfig(
    steps=12, width=24, n_layers=2, batch_size=4, crop=32, n_evaluations=3, embedding_dropout=0.1, weight_dropout=0.1,
)  # fmt: skip


def make(prepared: Prepared, config: TrainConfig = CONFIG) -> Trainer:
    store = prepared.store
    return Trainer(config, prepared.tokenizer, store.of_split("train"), store.of_split("valid"))


def everything(trainer: Trainer) -> dict[str, Any]:
    state = {k: v for k, v in trainer.state().items() if k in ("step", "best_nats", "best_step", "worse")}
    state["history"], state["losses"] = trainer.history, trainer.losses.tolist()
    return {**trainer.model_tensors(), **trainer.optimizer_tensors(), "state": state}


def equal(a: dict[str, Any], b: dict[str, Any]) -> bool:
    assert a.keys() == b.keys()
    return all(torch.equal(a[k], b[k]) if isinstance(a[k], torch.Tensor) else a[k] == b[k] for k in a)


def train(trainer: Trainer, run: Run | None = None, until: int | None = None) -> dict[str, Any]:
    try:
        trainer.run(
            lambda progress: None, lambda is_best: run and run.save(trainer),
            lambda: until is not None and trainer.step >= until,
        )  # fmt: skip
        return everything(trainer)
    finally:
        trainer.close()


@pytest.mark.parametrize("replicas", [1, 2])
def test_the_same_configuration_gives_the_same_bits(prepared: Prepared, replicas: int) -> None:
    config = replace(CONFIG, replicas=replicas)
    first = train(make(prepared, config))
    assert equal(first, train(make(prepared, config)))
    assert not equal(first, train(make(prepared, replace(config, seed=1))))


def test_two_replicas_find_the_gradient_of_one(prepared: Prepared) -> None:
    """Without dropout, whose masks differ, only rounding tells them apart."""
    nothing = {field.name: 0.0 for field in fields(CONFIG) if field.name.endswith("dropout")}
    bare = replace(CONFIG, batch_size=5, **nothing)
    found = []
    for replicas in (1, 2, 3):
        trainer = make(prepared, replace(bare, replicas=replicas))
        loss = trainer.replicas.step(trainer.batch(0), bare.dropout, 0, 0)
        found.append((loss.item(), trainer.replicas.gradient.clone()))
        trainer.close()
    for loss, gradient in found[1:]:
        assert loss == pytest.approx(found[0][0], rel=1e-5)
        assert torch.allclose(gradient, found[0][1], rtol=1e-3, atol=1e-6) and gradient.abs().max() > 1e-3


def test_an_evaluation_is_the_same_for_any_number_of_replicas(prepared: Prepared) -> None:
    nats = []
    for replicas in (1, 2):
        trainer = make(prepared, replace(CONFIG, replicas=replicas))
        trainer.valid = prepared.store.of_split("train")[:5]
        nats.append(trainer.evaluate())
        trainer.close()
    assert nats[0] == pytest.approx(nats[1], rel=1e-5)


@pytest.mark.parametrize(
    ("replicas", "stop", "cell"),
    [
        (1, 5, "lstm"), (2, 8, "lstm"), (1, 5, "gru"), (1, 5, "rnn"),
        *(pytest.param(*more, "lstm", marks=pytest.mark.slow) for more in ((1, 1), (1, 8), (2, 1), (2, 5))),
        *(pytest.param(2, 8, cell, marks=pytest.mark.slow) for cell in ("gru", "rnn")),
    ],
)  # fmt: skip
def test_a_resumed_training_ends_in_the_same_bits(
    prepared: Prepared, tmp_path: Path, replicas: int, stop: int, cell: str
) -> None:
    config = replace(CONFIG, replicas=replicas, cell=cell)
    whole = train(make(prepared, config))
    run = Run(tmp_path / "run")
    run.create(prepared.tokenizer, config, prepared.about)
    train(make(prepared, config), run, until=stop)
    resumed = make(prepared, config)
    assert run.resume(resumed) == [] and resumed.step == stop
    assert equal(train(resumed, run), whole)


@pytest.mark.parametrize("step", [8, pytest.param(12, marks=pytest.mark.slow)])
def test_an_evaluation_that_is_stopped_is_made_up_for(prepared: Prepared, tmp_path: Path, step: int) -> None:
    whole, run = train(make(prepared)), Run(tmp_path / "run")
    run.create(prepared.tokenizer, CONFIG, prepared.about)
    trainer = make(prepared)

    def stop() -> bool:
        return trainer.step == step and threading.current_thread() is not threading.main_thread()

    try:
        trainer.run(lambda progress: None, lambda is_best: run.save(trainer), stop)
    finally:
        trainer.close()
    assert trainer.step == step and [row["step"] for row in trainer.history] == [*range(4, step, 4)]
    resumed = make(prepared)
    assert run.resume(resumed) == [] and resumed.step == step
    assert equal(train(resumed, run), whole)


@pytest.mark.parametrize(("replicas", "cell"), [(1, "lstm"), (2, "lstm"), (2, "gru"), (1, "rnn")])
def test_a_resumed_stream_goes_on_with_its_state(tmp_path: Path, replicas: int, cell: str) -> None:
    tokenizer = TextTokenizer.fit(["the sea, the wide and deep sea"])
    text = tokenizer.encode("the sea, the sea, the wide and deep sea. " * 40)
    config = replace(CONFIG, replicas=replicas, cell=cell, streams=True, crop=8, batch_size=4)
    whole = train(Trainer(config, tokenizer, [text], [text[:50]]))
    carried = {name.split(".")[2] for name in whole if name.startswith("carried")}
    assert carried == ({"hidden", "cell"} if cell == "lstm" else {"hidden"})
    run = Run(tmp_path / "run")
    run.create(tokenizer, config, {})
    train(Trainer(config, tokenizer, [text], [text[:50]]), run, until=5)
    resumed = Trainer(config, tokenizer, [text], [text[:50]])
    assert run.resume(resumed) == [] and resumed.step == 5
    assert equal(train(resumed, run), whole)


def test_an_evaluation_leaves_a_streams_state_alone() -> None:
    tokenizer = TextTokenizer.fit(["the sea"])
    text = tokenizer.encode("the sea " * 60)
    config = replace(CONFIG, streams=True, crop=8, batch_size=4)
    some, same = (Trainer(config, tokenizer, [text], [text[:50]]) for _ in range(2))
    for step in range(4):
        some.train_step(some.batch(step))
        same.train_step(same.batch(step))
        same.evaluate()
    assert equal(some.optimizer_tensors(), same.optimizer_tensors())
    some.close()
    same.close()


@pytest.mark.parametrize("fastest", ["float32", "bfloat16"])
def test_a_trial_of_each_precision_leaves_none_of_it_behind(monkeypatch: pytest.MonkeyPatch, fastest: str) -> None:
    measured = machine._seconds_per_step

    def timed(trainer: Trainer, seconds: float) -> float:
        measured(trainer, 0.0)
        return 1.0 if trainer.replicas.precision == fastest else 2.0

    monkeypatch.setattr(machine, "_seconds_per_step", timed)
    tokenizer, config = TextTokenizer(), replace(CONFIG, streams=True, crop=8)
    ids = [tokenizer.encode("to be or not to be " * 20)]
    chosen = machine.calibrate(config, tokenizer, ids, ids, 60.0)
    assert chosen.precision in (fastest, "float32")  # processors without the instructions have no other
    assert chosen.steps >= 10


def test_the_global_random_numbers_play_no_part(prepared: Prepared) -> None:
    torch.manual_seed(1)
    first = train(make(prepared))
    torch.manual_seed(2)
    before = torch.random.get_rng_state()
    assert equal(first, train(make(prepared)))
    assert torch.equal(before, torch.random.get_rng_state())


def test_the_loss_falls(prepared: Prepared) -> None:
    trainer = make(prepared, replace(CONFIG, steps=60, width=48, n_layers=1, batch_size=8))
    seen: list[Progress] = []
    try:
        first = trainer.evaluate()
        trainer.run(seen.append, lambda is_best: None)
    finally:
        trainer.close()
    assert trainer.best_nats is not None and trainer.best_nats < 0.8 * first
    assert seen[-1].step == 60 and seen[-1].best_nats == trainer.best_nats
    assert [row["step"] for row in trainer.history] == [20, 40, 60]


def test_it_stops_when_validation_does_not_improve(prepared: Prepared) -> None:
    config = replace(CONFIG, steps=200, n_evaluations=100, patience=3, learning_rate=1e-12)
    trainer = make(prepared, config)
    train(trainer)
    assert trainer.step < 200 and trainer.worse == 3


def test_what_is_no_number_is_not_saved(prepared: Prepared, tmp_path: Path) -> None:
    """The running mean of weights is in no loss; see tests/reliability/test_divergence.py for all places."""
    trainer = make(prepared)
    trainer.optimizer.mean[0] = float("inf")
    with pytest.raises(Diverged, match="step 0"):
        Run(tmp_path / "run").save(trainer)
    trainer.close()
    assert not (tmp_path / "run").exists()


def test_a_loss_that_is_no_number_ends_it_and_leaves_the_checkpoint(prepared: Prepared, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    trainer = make(prepared)
    for step in range(3):
        trainer.train_step(trainer.batch(step))
    saved = run.save(trainer)
    trainer.replicas.weights[0] = float("nan")
    mean = trainer.optimizer.mean.clone()
    with pytest.raises(Diverged, match="step 4") as caught:
        train(trainer, run)
    assert caught.value.exit_code == 6 and "smaller --learning-rate" in caught.value.hint
    assert torch.equal(trainer.optimizer.mean, mean)  # not touched by the bad step
    assert [c.step for c in checkpoints(run.path / "checkpoints")] == [3]
    found, problems = latest_good(run.path / "checkpoints")
    assert found == saved and problems == []
    assert all(t.isfinite().all() for t in found.model().values())


def test_fresh_weights_are_a_function_of_the_seed(prepared: Prepared) -> None:
    some, same, other = (new_model(prepared.tokenizer, replace(CONFIG, seed=s)) for s in (0, 0, 1))
    pairs = list(zip(some.parameters(), same.parameters(), strict=True))
    assert all(torch.equal(a, b) for a, b in pairs)
    assert not torch.equal(some.embedding.weight, other.embedding.weight)

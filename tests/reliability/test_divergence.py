"""Numbers that are none, put in at 22 places: nothing of them is ever saved, and the error says where one stands."""

from __future__ import annotations

import math
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import seqgen
from seqgen.core.errors import Diverged
from seqgen.training import optimizer
from seqgen.training.checkpoint import checkpoints, latest_good
from seqgen.training.loop import Trainer

NAN, INF = math.nan, math.inf
AT = 7  # steps done when it happens; each step is saved
Spoil = Callable[[Trainer, pytest.MonkeyPatch], None]


def parameter(name: str, value: float) -> Spoil:
    def spoil(trainer: Trainer, patch: pytest.MonkeyPatch) -> None:
        tensor = dict(trainer.replicas.models[0].named_parameters())[name]
        with torch.no_grad():
            tensor.view(-1)[tensor.numel() // 2] = value

    return spoil


def kept(part: str, value: float) -> Spoil:
    """Of the optimiser's own tensors."""

    def spoil(trainer: Trainer, patch: pytest.MonkeyPatch) -> None:
        getattr(trainer.optimizer, part)[3] = value

    return spoil


def gradient(value: float) -> Spoil:
    def spoil(trainer: Trainer, patch: pytest.MonkeyPatch) -> None:
        step = trainer.replicas.step

        def spoiled(*arguments: Any) -> torch.Tensor:
            loss = step(*arguments)
            trainer.replicas.gradient[0] = value
            return loss

        patch.setattr(trainer.replicas, "step", spoiled)

    return spoil


def table_gradient(trainer: Trainer, patch: pytest.MonkeyPatch) -> None:
    step = trainer.replicas.step

    def spoiled(*arguments: Any) -> torch.Tensor:
        loss = step(*arguments)
        assert trainer.replicas.table_gradient is not None
        trainer.replicas.table_gradient[0, 0] = NAN
        return loss

    patch.setattr(trainer.replicas, "step", spoiled)


def loss(value: float) -> Spoil:
    def spoil(trainer: Trainer, patch: pytest.MonkeyPatch) -> None:
        step = trainer.replicas.step
        patch.setattr(trainer.replicas, "step", lambda *arguments: step(*arguments) * value)

    return spoil


def carried(trainer: Trainer, patch: pytest.MonkeyPatch) -> None:
    state = trainer.replicas.carried[0]
    assert state is not None
    state[0][0].view(-1)[:] = NAN


def rate(value: float) -> Spoil:
    def spoil(trainer: Trainer, patch: pytest.MonkeyPatch) -> None:
        patch.setattr(optimizer, "learning_rate", lambda step, config: value)

    return spoil


def valid_nats(trainer: Trainer, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(trainer, "evaluate", lambda stop: NAN)


def sum_of_losses(trainer: Trainer, patch: pytest.MonkeyPatch) -> None:
    trainer.losses[0] = NAN


PLACES: dict[str, Spoil] = {
    "embedding": parameter("embedding.weight", NAN),
    "embedding-infinite": parameter("embedding.weight", INF),
    "table-of-context": parameter("context.weight", NAN),
    "first-layer": parameter("layers.0.weight_hh_l0", NAN),
    "first-layer-infinite": parameter("layers.0.weight_ih_l0", -INF),
    "last-layer": parameter("layers.1.weight_ih_l0", NAN),
    "bias-of-a-layer": parameter("layers.1.bias_ih_l0", NAN),
    "bias-of-the-head": parameter("bias", NAN),
    "gradient": gradient(NAN),
    "gradient-infinite": gradient(INF),
    "gradient-of-the-table": table_gradient,
    "first-moment": kept("first", NAN),
    "first-moment-infinite": kept("first", INF),
    "second-moment": kept("second", NAN),
    "mean-of-weights": kept("mean", NAN),
    "loss": loss(NAN),
    "loss-infinite": loss(INF),
    "state-that-is-carried": carried,
    "learning-rate": rate(NAN),
    "learning-rate-infinite": rate(INF),
    "validation": valid_nats,
    "sum-of-losses": sum_of_losses,
}


@pytest.fixture(scope="session")
def sea(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("sea") / "sea.txt"
    shutil.copy(Path(__file__).parents[1] / "assets" / "corpora" / "text" / "sea.txt", file)
    return file


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
def test_what_is_no_number_is_never_saved(
    sea: Path, quick_trials: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, place: str
) -> None:
    taken = Trainer.train_step

    def train_step(self: Trainer, prepared: Any) -> torch.Tensor:
        if self.step == AT:
            PLACES[place](self, monkeypatch)
        return taken(self, prepared)

    monkeypatch.setattr(Trainer, "train_step", train_step)
    settings = {
        "preset": "tiny", "width": 8, "n_layers": 2, "crop": 16, "batch_size": 4, "steps": 40, "n_evaluations": 4,
        "save_seconds": 0.0, "replicas": 1, "precision": "float32",
    }  # fmt: skip
    with pytest.raises(Diverged) as caught:
        seqgen.train("text", sea, out=tmp_path / "run", **settings)
    error = caught.value
    assert error.exit_code == 6 and re.search(r"step \d+", error.message), error.message
    assert "--learning-rate" in error.hint and f"--from {tmp_path / 'run'}" in error.hint
    found = checkpoints(tmp_path / "run" / "checkpoints")
    for checkpoint in found:
        model, kept, state = checkpoint.everything()
        assert all(t.isfinite().all() for t in (*model.values(), *kept.values()))
        assert all(math.isfinite(x) for row in state["history"] for x in row.values())
    last, problems = latest_good(tmp_path / "run" / "checkpoints")
    assert not problems and AT - 1 <= last.step <= AT + 2
    assert f"The last good checkpoint is {last.path}, of step {last.step}." in error.message
    (sample,) = seqgen.load(tmp_path / "run").sample(length="20characters", seed=0)
    assert sample.piece

"""What this machine is good for: device, threads, precision, and how many steps fit into some minutes."""

from __future__ import annotations

import contextlib
import ctypes
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from seqgen.core.errors import UsageError
from seqgen.core.tokenizer import Tokenizer
from seqgen.core.workers import cores
from seqgen.corpus.batches import Batches
from seqgen.training.config import TrainConfig
from seqgen.training.loop import Trainer

MAX_REPLICAS = 4  # with 16 sequences a batch, more threads would have too little each
_TRIAL_SECONDS = 0.25  # of each precision; then a longer one of the better, from which the number of steps follows


def choose_machine(device: str = "auto", replicas: int | None = None) -> dict[str, Any]:
    """device and replicas for a TrainConfig. Raises UsageError when the device is not there."""
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device not in ("cpu", "cuda"):
        raise UsageError(f"No device {device!r}.", "Choose auto, cpu or cuda.")
    if device == "cuda" and not torch.cuda.is_available():
        raise UsageError("This machine has no CUDA device that torch can use.", "Leave --device out, or use cpu.")
    return {"device": device, "replicas": 1 if device == "cuda" else replicas or min(cores(), MAX_REPLICAS)}


def calibrate(
    config: TrainConfig,
    tokenizer: Tokenizer[Any],
    train: Sequence[npt.NDArray[np.int32]],
    valid: Sequence[npt.NDArray[np.int32]],
    seconds: float | None,
    *,
    precision: str | None = None,
    batches: Batches | None = None,
) -> TrainConfig:
    """The configuration with its precision, unless it is given, chosen by a trial of each, and its steps by the time
    (if given). batches: as Trainer takes them.

    The trials train a model of their own that is thrown away: the training that follows is a function of the
    configuration alone. Raises UsageError when this machine cannot train in the precision that is given.
    """
    if precision is not None and seconds is None:
        return replace(config, precision=precision)
    trainer = Trainer(replace(config, precision="float32", steps=10_000), tokenizer, train, valid, batches)
    tried: dict[str, float] = {}
    try:
        for name in ("float32", "bfloat16") if precision is None else (precision,):
            trainer.replicas.compute_in(name)
            try:
                tried[name] = _seconds_per_step(trainer, _TRIAL_SECONDS)
            except RuntimeError:
                # oneDNN has no bfloat16 LSTM for processors without the instructions.
                if name == "float32":
                    raise
                if precision == name:
                    raise UsageError(f"This machine cannot train in {name}.", "Leave precision out.") from None
        # Less than a tenth is not worth the coarser arithmetic.
        if precision is None:
            precision = "bfloat16" if tried.get("bfloat16", np.inf) < 0.9 * tried["float32"] else "float32"
        if seconds is None:
            return replace(config, precision=precision)
        # Three minutes begin within seconds; who has longer can wait for a better estimate.
        longer = float(np.clip(0.02 * seconds - 3, 2 * _TRIAL_SECONDS, 10))
        trainer.replicas.compute_in(precision)
        step = _seconds_per_step(trainer, longer)
        evaluation = _seconds_per_evaluation(trainer)
    finally:
        trainer.close()
        del trainer
        _give_back_memory()
    n_evaluations = int(np.clip(0.06 * seconds / max(evaluation, 1e-3), 3, config.n_evaluations))
    training = max(0.3 * seconds, seconds - n_evaluations * evaluation)
    steps = max(10, int(training / step))
    return replace(config, precision=precision, steps=steps, n_evaluations=min(n_evaluations, steps))


def _give_back_memory() -> None:
    """What a trial took and nothing uses any more goes back to the system, which the C library would put off."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # another library than glibc
            ctypes.CDLL(None).malloc_trim(0)


def _seconds_per_evaluation(trainer: Trainer) -> float:
    """Told from a quarter of the pieces."""
    n_all = sum(map(len, trainer.valid))
    trainer.valid = trainer.valid[::4]
    if not trainer.valid:
        return 0.0
    begin = time.monotonic()
    trainer.evaluate()
    return (time.monotonic() - begin) * n_all / sum(map(len, trainer.valid))


def _seconds_per_step(trainer: Trainer, seconds: float) -> float:
    """Of a step with its batch made before, as later in a training, when every piece's context is known; the first
    steps, which allocate, left out."""
    batches = [trainer.batch(i) for i in range(2)]
    for batch in batches:
        trainer.train_step(batch)
    begin, first = time.monotonic(), trainer.step
    while trainer.step == first or time.monotonic() - begin < seconds:
        trainer.train_step(batches[trainer.step % 2])
    return (time.monotonic() - begin) / (trainer.step - first)

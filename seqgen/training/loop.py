"""The training loop: batches in, weights out, the same bits for the same configuration."""

from __future__ import annotations

import copy
import math
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from seqgen.cells import CELLS
from seqgen.core.errors import Diverged, RunError
from seqgen.core.tokenizer import Tokenizer
from seqgen.corpus.batches import Batch, Batches, Crops, Streams
from seqgen.model import SequenceModel
from seqgen.training.config import TrainConfig
from seqgen.training.optimizer import Optimizer
from seqgen.training.replicas import Prepared, Replicas
from seqgen.training.schedule import evaluation_steps
from seqgen.training.transfer import Transfer, transfer
from seqgen.training.validation import mean_nats, piece_log_probabilities

Ids = npt.NDArray[np.int32]

_LESS = "Train anew with a smaller --learning-rate, or another --seed."
_KEPT_IDS = 2_000_000  # validation ids whose context is kept between evaluations


class Stopped(Exception):
    """An evaluation was asked to stop."""


@dataclass(frozen=True)
class Progress:
    """Where a training stands. valid_nats: of the latest evaluation, best_nats: the lowest so far."""

    step: int
    steps: int
    seconds: float
    tokens_per_second: float
    train_nats: float
    valid_nats: float | None
    best_nats: float | None
    best_step: int
    at_evaluation: bool


def new_model(tokenizer: Tokenizer[Any], config: TrainConfig) -> SequenceModel:
    """A model with fresh weights, a function of the seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        model = SequenceModel(
            len(tokenizer.vocabulary), tokenizer.context.features, config.width, config.n_layers, config.cell
        )
    return model.to(config.device)


def new_batches(config: TrainConfig, tokenizer: Tokenizer[Any], train: Sequence[Ids]) -> Batches:
    """What a training draws from; a function of the configuration's seed, batch size, crop and ways to read alone."""
    if config.streams:
        return Streams(train, tokenizer, batch_size=config.batch_size, crop=config.crop, seed=config.seed)
    return Crops(train, tokenizer, batch_size=config.batch_size, crop=config.crop, seed=config.seed, blank=config.blank)


class Trainer:
    """Holds everything that moves: weights, their running mean, the optimiser, the step, the best result.

    `model_tensors`, `optimizer_tensors`, `state` and `restore` are what a checkpoint keeps. batches: those of the
    training pieces where they are made already, since to know every context takes its time.
    """

    def __init__(
        self,
        config: TrainConfig,
        tokenizer: Tokenizer[Any],
        train: Sequence[Ids],
        valid: Sequence[Ids],
        batches: Batches | None = None,
    ) -> None:
        self.config, self.tokenizer, self.valid = config, tokenizer, list(valid)
        self.batches = batches or new_batches(config, tokenizer, train)
        model = new_model(tokenizer, config)
        masks = torch.from_numpy(tokenizer.grammar.masks.copy())
        self.replicas = Replicas(model, config.replicas, masks, config.precision, carries=config.streams)
        self.optimizer = Optimizer(self.replicas, config)
        self.mean_model = copy.deepcopy(model).eval()
        self.replicas.attach(self.mean_model, self.optimizer.mean)
        self._bad_step = torch.full((), -1, device=config.device)  # the first whose loss is no number
        self.step = 0
        self.best_nats: float | None = None
        self.best_step = 0
        self.worse = 0  # evaluations since the best
        self.history: list[dict[str, float]] = []
        self.losses = torch.zeros(2, dtype=torch.float64, device=config.device)  # sum, count since the last evaluation
        self._wholes: dict[int, Batch] | None = {} if sum(map(len, self.valid)) <= _KEPT_IDS else None
        self.seconds = 0.0  # spent so far, in all sessions of this run

    def close(self) -> None:
        """End its threads."""
        self.replicas.close()

    def start_from(self, weights: Mapping[str, Tensor], tokenizer: Tokenizer[Any]) -> Transfer:
        """Take over what fits of another model's weights (by name) and its tokenizer's ids."""
        found = transfer(weights, tokenizer, self.replicas.models[0], self.tokenizer)
        self.optimizer.mean.copy_(self.replicas.weights)
        return found

    def batch(self, step: int) -> Prepared:
        """That of a step, ready to be used."""
        return self.replicas.prepare(self.batches(step))

    def train_step(self, batch: Prepared) -> Tensor:
        """One step; returns the mean nats of the batch. A bad one moves no weights; raises Diverged then, or on CUDA
        when `check` is next called."""
        loss = self.replicas.step(batch, self.config.dropout, self.config.seed, self.step)
        norm = self.optimizer.norm()
        bad = ~torch.isfinite(norm + loss)
        self.optimizer.move(self.step, norm, bad.float())
        self._bad_step = torch.where(bad & (self._bad_step < 0), self.step, self._bad_step)
        if self.config.device == "cpu":  # elsewhere to look is to wait
            self.check()
        self.step += 1
        return loss

    def check(self) -> None:
        """Raises Diverged when the loss of a step was no number."""
        if (bad := int(self._bad_step)) >= 0:
            raise Diverged(f"The loss was no finite number at step {bad + 1}.", _LESS)

    def check_finite(self) -> None:
        """Raises Diverged when anything that a checkpoint keeps is no finite number."""
        self.check()
        for name, tensor in {**self.model_tensors(), **self.optimizer_tensors()}.items():
            if not tensor.isfinite().all():
                raise Diverged(f"After step {self.step} not all of {name} are finite numbers.", _LESS)
        numbers = [self.losses.tolist(), [self.best_nats or 0.0], *(row.values() for row in self.history)]
        if not all(math.isfinite(number) for row in numbers for number in row):
            raise Diverged(f"After step {self.step} not all losses are finite numbers.", _LESS)

    def evaluate(self, stop: Callable[[], bool] = lambda: False) -> float:
        """Mean nats of the scored validation ids, of the running mean of weights. Raises Stopped."""

        def each(work: Callable[[Any], None], items: Sequence[Any]) -> list[None]:
            def unless_stopped(item: Any) -> None:
                if stop():
                    raise Stopped
                work(item)

            return self.replicas.each(unless_stopped, items)

        log_p = piece_log_probabilities(self.mean_model, self.tokenizer, self.valid, each=each, wholes=self._wholes)
        return mean_nats(log_p, self.valid, self.tokenizer)

    def _judge(self, stop: Callable[[], bool]) -> float:
        """Evaluate and keep the result. Raises Diverged, or Stopped."""
        self.check()
        valid_nats = self.evaluate(stop)
        if not math.isfinite(valid_nats):
            raise Diverged(f"The validation loss became {valid_nats} at step {self.step}.", _LESS)
        if self.best_nats is None or valid_nats < self.best_nats:
            self.best_nats, self.best_step, self.worse = valid_nats, self.step, 0
        else:
            self.worse += 1
        train_nats = float(self.losses[0] / self.losses[1])
        self.losses.zero_()
        self.history.append({"step": self.step, "train_nats": train_nats, "valid_nats": valid_nats})
        return valid_nats

    def run(
        self,
        report: Callable[[Progress], None],
        save: Callable[[bool], object],
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        """Train until the steps are done, validation stops improving, or stop() says so.

        report(progress) after evaluations and about twice a second. save(is_best) after each evaluation that is
        the best so far, every `save_seconds`, and at the end. An evaluation that is stopped is made up for when the
        training goes on.
        """
        c = self.config
        evaluations = evaluation_steps(c) if self.valid else set()
        begin = last_report = last_save = time.monotonic()
        first, spent, saved = self.step, self.seconds, self.step or -1  # what goes on was saved
        recent: deque[Tensor] = deque(maxlen=50)
        # Of a step that was saved before it was evaluated.
        due = self.step in evaluations and all(row["step"] != self.step for row in self.history)
        with ThreadPoolExecutor(1, "batches") as ahead:
            upcoming: Future[Prepared] = ahead.submit(self.batch, self.step)
            while due or (self.step < c.steps and self.worse < c.patience and not stop()):
                if not due:
                    batch = upcoming.result()
                    upcoming = ahead.submit(self.batch, self.step + 1)
                    recent.append(self.train_step(batch))
                    self.losses += torch.stack([recent[-1], torch.ones_like(recent[-1])])
                evaluated, due = due or self.step in evaluations, False
                now = time.monotonic()
                self.seconds = spent + now - begin
                if evaluated or self.step == c.steps:
                    self.optimizer.average(self.step)
                if evaluated:
                    try:
                        self._judge(stop)
                    except Stopped:
                        break
                if evaluated or now - last_report > 0.5 or self.step == c.steps:
                    last_report = now
                    report(self._progress(recent, (self.step - first) / max(1e-9, now - begin), now - begin, evaluated))
                if evaluated and self.best_step == self.step:
                    save(True)
                    last_save, saved = now, self.step
                if now - last_save > c.save_seconds:
                    save(False)
                    last_save, saved = now, self.step
        self.check()
        if saved != self.step:
            save(self.best_nats is None)

    def _progress(self, recent: Sequence[Tensor], speed: float, seconds: float, evaluated: bool) -> Progress:
        """recent: losses. speed: steps a second."""
        return Progress(
            self.step,
            self.config.steps,
            seconds,
            speed * self.config.batch_size * self.batches.crop,
            float(torch.stack(list(recent)).mean()) if recent else self.history[-1]["train_nats"],
            self.history[-1]["valid_nats"] if self.history else None,
            self.best_nats,
            self.best_step,
            evaluated,
        )

    # --- what a checkpoint keeps

    def model_tensors(self) -> dict[str, Tensor]:
        """The running mean of weights, by name: the model to use. On a CPU they are the trainer's own and move on with
        it."""
        return {name: p.detach().contiguous().cpu() for name, p in self.mean_model.named_parameters()}

    def optimizer_tensors(self) -> dict[str, Tensor]:
        """What only a resumed training needs: the raw weights, AdamW's moments, the carried state of streams. As those
        of the model they move on."""
        tensors = self.optimizer.tensors()
        for i, state in enumerate(self.replicas.carried):
            for layer, parts in enumerate(state or []):
                for name, part in zip(CELLS[self.config.cell].states, parts, strict=True):
                    tensors[f"carried{i}.{layer}.{name}"] = part
        return {name: t.detach().contiguous().cpu() for name, t in tensors.items()}

    def state(self) -> dict[str, Any]:
        """JSON-ready: the step, the best result and the history of evaluations."""
        n_tokens = self.step * self.config.batch_size * self.batches.crop
        return {
            "step": self.step,
            "averaged": self.optimizer.averaged,
            "best_nats": self.best_nats,
            "best_step": self.best_step,
            "worse": self.worse,
            "history": self.history,
            "losses": self.losses.tolist(),
            "seconds": round(self.seconds, 1),
            "tokens_per_second": round(n_tokens / max(1e-9, self.seconds)),
        }

    def restore(self, model: dict[str, Tensor], optimizer: dict[str, Tensor], state: dict[str, Any]) -> None:
        """Go on exactly where a checkpoint was written. Raises RunError."""
        with torch.no_grad():
            for name, p in self.mean_model.named_parameters():
                p.copy_(model[name])
            try:
                self.optimizer.restore(optimizer, int(state["averaged"]))
            except (KeyError, RuntimeError):
                raise RunError(
                    "The checkpoint does not fit the run's configuration.",
                    "Bring config.json back, or train the run again.",
                ) from None
        if "carried0.0.hidden" in optimizer:
            states = CELLS[self.config.cell].states
            self.replicas.carried = [
                [
                    tuple(optimizer[f"carried{i}.{k}.{name}"].to(p.device) for name in states)
                    for k in range(self.config.n_layers)
                ]
                for i in range(self.config.replicas)
            ]
        self.step, self.worse = int(state["step"]), int(state["worse"])
        self.best_nats, self.best_step = state["best_nats"], int(state["best_step"])
        self.history, self.seconds = list(state["history"]), float(state["seconds"])
        self.losses.copy_(torch.tensor(state.get("losses", [0.0, 0.0]), dtype=torch.float64))

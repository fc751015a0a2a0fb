"""Threads that share one set of weights and split each batch.

With two OpenMP threads an LSTM's many small parallel regions stall whenever another process wants a core. One
single-threaded replica per core needs no barrier inside the step: each computes gradients of its share, which are
then added in a fixed order, so that a step is the same to the bit however the threads were scheduled.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from seqgen.corpus.batches import Batch
from seqgen.model import Dropout, SequenceModel, State, masked_log_probabilities

Item = TypeVar("Item")
Result = TypeVar("Result")


class Replicas:
    """weights, gradient: float32 [N], all parameters in a row; the models' parameters are views of them.

    carries: each step goes on from the model's state after the step before (`carried`, a state for each replica).
    """

    def __init__(
        self, model: SequenceModel, n_replicas: int, masks: Tensor, precision: str, *, carries: bool = False
    ) -> None:
        torch.set_num_threads(1)
        device = model.bias.device
        # Matrices first: they are the ones that decay.
        self._order = sorted(range(len(list(model.parameters()))), key=lambda i: list(model.parameters())[i].dim() < 2)
        parameters = [list(model.parameters())[i] for i in self._order]
        self.n_decayed = sum(p.numel() for p in parameters if p.dim() >= 2)
        self.weights = torch.cat([p.detach().reshape(-1) for p in parameters])
        self.models = [model, *(copy.deepcopy(model) for _ in range(n_replicas - 1))]
        self._gradients = [torch.zeros_like(self.weights) for _ in self.models]
        for replica, gradient in zip(self.models, self._gradients, strict=True):
            self.attach(replica, self.weights, gradient)
        self._carries = carries
        self.carried: list[State | None] = [None] * n_replicas
        self._masks = masks.to(device)
        self._generators = [torch.Generator(device) for _ in self.models]
        self._autocast = precision == "bfloat16"
        self._device = device
        self._pool = ThreadPoolExecutor(n_replicas, "replica", initializer=torch.set_num_threads, initargs=(1,))

    @property
    def gradient(self) -> Tensor:
        """Of the whole batch, after `step`."""
        return self._gradients[0]

    @property
    def slices(self) -> list[slice]:
        """Equal parts of the weights, one for each replica thread, none with matrices and other weights in it."""
        found = []
        for start, stop in ((0, self.n_decayed), (self.n_decayed, len(self.weights))):
            bounds = np.linspace(start, stop, len(self.models) + 1).astype(int).tolist()
            found.append([slice(a, b) for a, b in pairwise(bounds)])
        return [part for pair in zip(*found, strict=True) for part in pair]

    def attach(self, model: SequenceModel, weights: Tensor, gradient: Tensor | None = None) -> None:
        """Make a model's parameters views of a flat tensor."""
        parameters, start = list(model.parameters()), 0
        for i in self._order:
            p = parameters[i]
            stop = start + p.numel()
            p.data = weights[start:stop].view(p.shape)
            p.grad = None if gradient is None else gradient[start:stop].view(p.shape)
            start = stop

    def step(self, batch: Batch, dropout: Dropout, seed: int, step: int) -> Tensor:
        """Fill `gradient`; returns the mean loss in nats (a scalar tensor)."""
        total = max(1.0, float(batch.weights.sum()))
        shares = self._shares(len(batch.ids))

        def work(i: int) -> Tensor:
            self._gradients[i].zero_()
            self._generators[i].manual_seed(_mixed(seed, step, i))
            loss = self._loss(i, batch.rows(shares[i]), dropout) / total
            loss.backward()  # type: ignore[no-untyped-call]
            return loss.detach()

        losses = self.each(work, range(len(shares)))
        others = self._gradients[1 : len(shares)]

        def add(part: slice) -> None:
            for gradient in others:
                self.gradient[part].add_(gradient[part])

        if others:
            self.each(add, self.slices)
        return torch.stack(losses).sum()

    def each(self, work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
        """Run work(item) for all items on the replica threads; results in order."""
        return list(self._pool.map(work, items))

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _shares(self, n_rows: int) -> list[slice]:
        bounds = np.linspace(0, n_rows, min(len(self.models), n_rows) + 1).astype(int)
        return [slice(a, b) for a, b in pairwise(bounds)]

    def _loss(self, i: int, batch: Batch, dropout: Dropout) -> Tensor:
        previous, ids, context, states, weights = (
            self._to_device(values)
            for values in (batch.previous, batch.ids, batch.context, batch.states, batch.weights)
        )
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._autocast):
            logits, state = self.models[i](
                previous, context, self._state(i, previous), dropout=dropout, generator=self._generators[i]
            )
        if self._carries:
            self.carried[i] = [(hidden.detach(), cell.detach()) for hidden, cell in state]
        log_p = masked_log_probabilities(logits, self._masks[states])
        picked = log_p.gather(-1, ids[..., None])[..., 0]
        # Padding may point at an id that its state forbids: leave it out before -inf meets 0.
        return -torch.where(weights > 0, picked * weights, 0.0).sum()

    def _state(self, i: int, previous: Tensor) -> State | None:
        """What is carried, but for sequences that begin afresh."""
        carried = self.carried[i]
        if carried is None:
            return None
        goes_on = (previous[:, 0] != self.models[i].begin)[None, :, None]
        return [(hidden * goes_on, cell * goes_on) for hidden, cell in carried]

    def _to_device(self, values: npt.NDArray[Any]) -> Tensor:
        tensor = torch.from_numpy(np.ascontiguousarray(values))
        if self._device.type == "cuda":
            return tensor.pin_memory().to(self._device, non_blocking=True)
        return tensor


def _mixed(*numbers: int) -> int:
    """One 63-bit seed from several numbers."""
    digest = hashlib.blake2b(b",".join(str(n).encode() for n in numbers), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1

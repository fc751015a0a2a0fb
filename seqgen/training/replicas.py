"""Threads that share one set of weights and split each batch.

With two OpenMP threads an LSTM's many small parallel regions stall whenever another process wants a core. One
single-threaded replica per core needs no barrier inside the step: each computes gradients of its share, which are
then added in a fixed order, so that a step is the same to the bit however the threads were scheduled.
"""

from __future__ import annotations

import copy
import hashlib
import warnings
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from seqgen.cells import detached
from seqgen.corpus.batches import Batch
from seqgen.model import Dropout, SequenceModel, State, masked_log_probabilities

_MOST_ASKED = 0.75  # of the positions: with more it is not worth it to choose them

# Weights lie in one row, in an order that is not cuDNN's: it copies them at each step, which takes it no time.
warnings.filterwarnings("ignore", "RNN module weights are not part of single contiguous chunk")

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Share:
    """A replica's sequences of a batch, on its device. places: int64 [b, T, n], the row of `Prepared.rows` that each
    embedded context feature names. asked: int64 [N], the positions (b * T + t) that ids, states and weights are of,
    where many have no weight; None: all."""

    previous: Tensor
    ids: Tensor
    context: Tensor
    states: Tensor
    weights: Tensor
    places: Tensor | None
    asked: Tensor | None


@dataclass(frozen=True)
class Prepared:
    """A batch ready for a step. rows: int64 [U], those of the context table that it reads. total: its weights' sum."""

    shares: list[Share]
    rows: Tensor | None
    total: float


class Replicas:
    """weights: float32 [N], all parameters in a row: matrices up to n_decayed, other weights up to n_dense, then the
    context table; the models' parameters are views of them.

    After `step`, `gradient` (float32 [n_dense]) and `table_gradient` (float32 [U, E], of the table's `rows`, of which
    `read` is a copy) are those of the whole batch. carries: each step goes on from the model's state after the step
    before (`carried`, a state for each replica).
    """

    def __init__(
        self, model: SequenceModel, n_replicas: int, masks: Tensor, precision: str, *, carries: bool = False
    ) -> None:
        torch.set_num_threads(1)
        device = model.bias.device
        named = list(model.named_parameters())
        # Matrices first, since they decay; the table, which is moved row by row, last.
        kinds = [2 if name == "context.weight" else int(p.dim() < 2) for name, p in named]
        self._order = sorted(range(len(named)), key=lambda i: kinds[i])
        ends = [sum(p.numel() for (_, p), kind in zip(named, kinds, strict=True) if kind <= k) for k in range(3)]
        self.n_decayed, self.n_dense = ends[0], ends[1]
        self._row_width = model.context.weight.shape[1] if len(model.embedded) else 0
        self._columns, self._offsets = model.embedded.cpu().numpy(), model.offsets.cpu().numpy()
        self.weights = torch.cat([named[i][1].detach().reshape(-1) for i in self._order])
        self.models = [model, *(copy.deepcopy(model) for _ in range(n_replicas - 1))]
        self._gradients = [torch.zeros_like(self.weights[: self.n_dense]) for _ in self.models]
        for replica, gradient in zip(self.models, self._gradients, strict=True):
            self.attach(replica, self.weights, gradient)
        self.rows: Tensor | None = None
        self.read: Tensor | None = None
        self.table_gradient: Tensor | None = None
        self._carries = carries
        self.carried: list[State | None] = [None] * n_replicas
        self._masks = masks.to(device)
        self._generators = [torch.Generator(device) for _ in self.models]
        self.precision = precision
        self._device = device
        self._pool = ThreadPoolExecutor(n_replicas, "replica", initializer=torch.set_num_threads, initargs=(1,))

    def compute_in(self, precision: str) -> None:
        """From the next step on, which begins from a fresh state: what is carried has the precision it came from."""
        self.precision, self.carried = precision, [None] * len(self.models)

    @property
    def gradient(self) -> Tensor:
        """float32 [n_dense]."""
        return self._gradients[0]

    def table_of(self, flat: Tensor) -> Tensor:
        """The context table, [R, E], of a tensor like `weights`."""
        return flat[self.n_dense :].view(-1, self._row_width)

    def slices(self, stop: int, start: int = 0) -> list[slice]:
        """Equal parts, one for each replica thread."""
        bounds = np.linspace(start, stop, len(self.models) + 1).astype(int).tolist()
        return [slice(a, b) for a, b in pairwise(bounds) if a < b]

    def attach(self, model: SequenceModel, weights: Tensor, gradient: Tensor | None = None) -> None:
        """Make a model's parameters views of a flat tensor."""
        parameters, start = list(model.parameters()), 0
        for i in self._order:
            p = parameters[i]
            stop = start + p.numel()
            p.data = weights[start:stop].view(p.shape)
            if gradient is not None and stop <= self.n_dense:
                p.grad = gradient[start:stop].view(p.shape)
            start = stop

    def prepare(self, batch: Batch) -> Prepared:
        """A batch as `step` takes it; may be called ahead, from another thread."""
        rows = places = None
        if len(self._columns):
            named = batch.context[..., self._columns] + self._offsets
            rows, places = np.unique(named, return_inverse=True)
            places = places.reshape(named.shape)

        def share(part: slice) -> Share:
            rows = batch.rows(part)
            weighed = np.flatnonzero(rows.weights)
            asked = weighed if len(weighed) <= _MOST_ASKED * rows.weights.size else None
            ids, states, weights = (
                self._to_device(values if asked is None else values.reshape(-1)[asked])
                for values in (rows.ids, rows.states, rows.weights)
            )
            return Share(
                previous=self._to_device(rows.previous),
                ids=ids,
                context=self._to_device(rows.context),
                states=states,
                weights=weights,
                places=None if places is None else self._to_device(places[part]),
                asked=None if asked is None else self._to_device(asked),
            )

        shares = [share(part) for part in self.slices(len(batch.ids))]
        total = max(1.0, float(batch.weights.sum()))
        return Prepared(shares, None if rows is None else self._to_device(rows), total)

    def step(self, batch: Prepared, dropout: Dropout, seed: int, step: int) -> Tensor:
        """Fill the gradients; returns the mean loss in nats (a scalar tensor)."""
        self.rows, self.read = batch.rows, None
        if batch.rows is not None:
            self.read = self.table_of(self.weights).index_select(0, batch.rows)

        def work(i: int) -> tuple[Tensor, Tensor | None]:
            self._gradients[i].zero_()
            self._generators[i].manual_seed(_mixed(seed, step, i))
            table = None if self.read is None else self.read.detach().requires_grad_()
            loss = self._loss(i, batch.shares[i], table, dropout) / batch.total
            loss.backward()  # type: ignore[no-untyped-call]  # torch states no types here
            return loss.detach(), None if table is None else table.grad

        losses, tables = zip(*self.each(work, range(len(batch.shares))), strict=True)
        self.table_gradient = tables[0]

        def add(gradients: Sequence[Tensor]) -> None:
            for gradient in gradients[1:]:
                gradients[0].add_(gradient)

        if len(losses) > 1:
            found = self._gradients[: len(losses)]
            parts = [[g[part] for g in found] for part in self.slices(self.n_dense)]
            if tables[0] is not None:
                parts += [[g[part] for g in tables] for part in self.slices(len(tables[0]))]
            self.each(add, parts)
        return torch.stack(losses).sum()

    def each(self, work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
        """Run work(item) for all items on the replica threads; results in order."""
        return list(self._pool.map(work, items))

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _loss(self, i: int, share: Share, table: Tensor | None, dropout: Dropout) -> Tensor:
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self.precision == "bfloat16"):
            logits, state = self.models[i](
                share.previous,
                share.context,
                self._state(i, share.previous),
                dropout=dropout,
                generator=self._generators[i],
                rows=None if table is None else (table, share.places),
                asked=share.asked,
            )
        if self._carries:
            self.carried[i] = detached(state)
        log_p = masked_log_probabilities(logits, self._masks[share.states])
        picked = log_p.gather(-1, share.ids[..., None])[..., 0]
        # Padding may point at an id that its state forbids: leave it out before -inf meets 0.
        return -torch.where(share.weights > 0, picked * share.weights, 0.0).sum()

    def _state(self, i: int, previous: Tensor) -> State | None:
        """What is carried, but for sequences that begin afresh."""
        carried = self.carried[i]
        if carried is None:
            return None
        goes_on = (previous[:, 0] != self.models[i].begin)[None, :, None]
        return [tuple(part * goes_on for part in layer) for layer in carried]

    def _to_device(self, values: npt.NDArray[Any]) -> Tensor:
        tensor = torch.from_numpy(np.ascontiguousarray(values))
        if self._device.type == "cuda":
            return tensor.pin_memory().to(self._device, non_blocking=True)
        return tensor


def _mixed(*numbers: int) -> int:
    """One 63-bit seed from several numbers."""
    digest = hashlib.blake2b(b",".join(str(n).encode() for n in numbers), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1

"""Training batches, a pure function of (seed, step): random crops of pieces, or long texts read from end to end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from seqgen.core.errors import CorpusError
from seqgen.core.tokenizer import Tokenizer

Ids = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Batch:
    """previous: the id before each position (V at the beginning of a piece). ids: the ids to be predicted.

    states: the grammar's state before each id. weights: 1 where an id counts in the loss, else 0.
    All [B, T]; context [B, T, F].
    """

    previous: npt.NDArray[np.int64]
    ids: npt.NDArray[np.int64]
    context: npt.NDArray[np.int64]
    states: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float32]

    def rows(self, chosen: slice) -> Batch:
        """Some of the sequences."""
        return Batch(
            self.previous[chosen], self.ids[chosen], self.context[chosen], self.states[chosen], self.weights[chosen]
        )


class Batches(Protocol):
    """What the training loop draws from. crop: ids of each sequence of a batch."""

    crop: int

    def __call__(self, step: int) -> Batch:
        """The batch of a step."""
        ...


class Crops:
    """Random crops of training pieces, each in one of the tokenizer's orders, re-written by a random augmentation that
    its piece admits and with header ids blanked at random. The context is that of the whole piece, then cropped.

    Before any part of the corpus is drawn again, all others are. A piece is blanked in a few fixed ways, so that the
    context of each can be kept; an augmentation then only maps it.
    """

    N_BLANKINGS = 6
    KEPT_BYTES = 512_000_000

    def __init__(
        self,
        pieces: Sequence[Ids],
        tokenizer: Tokenizer[Any],
        *,
        batch_size: int,
        crop: int,
        seed: int,
        blank: float = 0.25,
    ) -> None:
        self.pieces = _not_trivial(pieces)
        self.tokenizer, self.batch_size, self.seed, self.blank = tokenizer, batch_size, seed, blank
        self.lengths = np.array([len(p) for p in self.pieces])
        self.crop = int(min(crop, self.lengths.max()))
        # A piece is drawn in proportion to its length, a short one no less often than a quarter of a crop would be.
        self._shares = np.cumsum(np.maximum(self.lengths, self.crop / 4))
        self._n_draws = max(1, round(self._shares[-1] / self.crop))  # that go over all pieces once
        self._passes = lru_cache(2)(self._pass)
        self._orders = np.cumsum([order.share for order in tokenizer.orders])
        # That a value is not given is not there to be learned.
        self._weights = (tokenizer.unknown_of != np.arange(len(tokenizer.vocabulary))).astype(np.float32)
        if tokenizer.loss_weights is not None:
            self._weights *= tokenizer.loss_weights
        self._rows: dict[int, npt.NDArray[np.intp]] = {}
        self._hidden: dict[tuple[int, int, int], npt.NDArray[np.intp]] = {}
        self._known: dict[tuple[int, int, bytes], tuple[Ids, Ids, Ids, Ids]] = {}
        self._kept_bytes = 0

    def __call__(self, step: int) -> Batch:
        """The batch of a step."""
        rng = np.random.Generator(np.random.Philox(key=[self.seed, step]))
        t, T = self.tokenizer, self.crop
        shape = (self.batch_size, T)
        features = t.context.features
        previous = np.full(shape, len(t.vocabulary), np.int64)
        ids, states = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        context = np.zeros((*shape, len(features)), np.int64)
        weights = np.zeros(shape, np.float32)
        for b in range(self.batch_size):
            i = self._drawn(step * self.batch_size + b, rng)
            n = len(self.pieces[i])
            # Half a crop of room at both ends: beginnings and endings are seen as often as what lies between.
            start = int(np.clip(rng.integers(-(T // 2), max(1, n - T // 2)), 0, max(0, n - T)))
            part = slice(start, min(n, start + T))
            k = part.stop - start
            a = int(rng.choice(self._admitted(i)))
            table = t.augmentations.map[a]
            order = int(np.searchsorted(self._orders, rng.random() * self._orders[-1])) if len(self._orders) else 0
            said, seen, before, known = self._seen(i, order, int(rng.integers(self.N_BLANKINGS)))
            targets = table[said[part]]
            ids[b, :k] = targets
            first = max(1, start)
            previous[b, first - start : k] = table[seen[first - 1 : part.stop - 1]]
            states[b, :k] = before[part]
            for f, feature in enumerate(features):
                column = known[part, f]
                context[b, :k, f] = column if feature.maps is None else feature.maps[a][column]
            weights[b, :k] = self._weights[targets]
        return Batch(previous, ids, context, states, weights)

    def _drawn(self, k: int, rng: np.random.Generator) -> int:
        """The piece of the k-th draw: one that some part of the pass over all of them falls into."""
        place = self._passes(k // self._n_draws)[k % self._n_draws] + rng.random()
        share = place / self._n_draws * self._shares[-1]
        return min(int(np.searchsorted(self._shares, share, side="right")), len(self.pieces) - 1)

    def _pass(self, number: int) -> npt.NDArray[np.intp]:
        """int [n_draws]: the parts of the pieces laid end to end, in the order in which one pass takes them."""
        rng = np.random.Generator(np.random.Philox(key=[self.seed, 2**62 + number]))
        return rng.permutation(self._n_draws)

    def _piece(self, index: int) -> Ids:
        """int32 [T], also where a mapped store has narrower integers."""
        return np.asarray(self.pieces[index], np.int32)

    def _admitted(self, index: int) -> npt.NDArray[np.intp]:
        """Augmentations that keep a piece legal."""
        if index not in self._rows:
            self._rows[index] = np.flatnonzero(self.tokenizer.augmentations.admits(self._piece(index)))
        return self._rows[index]

    def _hides(self, index: int, piece: Ids, blanking: int) -> npt.NDArray[np.intp]:
        """Which ids of a piece one of its ways hides."""
        rng = np.random.Generator(np.random.Philox(key=[self.seed, 2**63 + index * self.N_BLANKINGS + blanking]))
        drawn = (rng.random(len(piece)) < self.blank) & (blanking > 0)
        return np.flatnonzero(drawn & (self.tokenizer.unknown_of[piece] >= 0))

    def _said(self, index: int, order: int) -> Ids:
        """A piece in one of the tokenizer's orders."""
        piece = self._piece(index)
        return self.tokenizer.orders[order].of(piece) if self.tokenizer.orders else piece

    def _seen(self, index: int, order: int, blanking: int) -> tuple[Ids, Ids, Ids, Ids]:
        """(ids, the same blanked in one of its ways, grammar states, context) of a piece in an order; way 0 hides
        nothing."""
        t = self.tokenizer
        if (index, order, blanking) not in self._hidden:
            self._hidden[index, order, blanking] = self._hides(index, self._said(index, order), blanking)
        hidden = self._hidden[index, order, blanking]
        key = index, order, hidden.tobytes()  # many ways hide the same
        if key in self._known:
            return self._known[key]
        said = self._said(index, order)
        seen = said.copy()
        seen[hidden] = t.unknown_of[seen[hidden]]
        context = t.context.of(seen)
        small = np.uint16 if max((f.size for f in t.context.features), default=0) < 2**16 else np.int32
        found = (said, seen, t.grammar.states(seen), context.astype(small))
        self._kept_bytes += sum(values.nbytes for values in found)
        if self._kept_bytes < self.KEPT_BYTES:
            self._known[key] = found  # type: ignore[assignment]  # narrower integers
        return found  # type: ignore[return-value]  # likewise


class Streams:
    """Pieces laid end to end and read by `batch_size` readers, spread evenly and each going on where its last crop
    ended: the model's state is carried from batch to batch. After the end of the last piece comes the first again.
    Now and then a reader forgets what it read, so that the model also learns to begin.

    What is known of few ids is kept. Of more, which may lie in a mapped store, only what is known of the stretches
    that are being read, each seen from a little before its beginning.
    """

    FORGETS = 1 / 32  # of the crops
    KEPT_BYTES = 128_000_000
    STRETCH, BEFORE = 1 << 17, 1 << 15  # ids

    def __init__(
        self, pieces: Sequence[Ids], tokenizer: Tokenizer[Any], *, batch_size: int, crop: int, seed: int
    ) -> None:
        self._pieces, self._tokenizer = _not_trivial(pieces), tokenizer
        self._n = n = sum(map(len, self._pieces))
        self.crop = int(min(crop, max(2, n // batch_size)))
        self._begin = len(tokenizer.vocabulary)
        sizes = [self._begin + 1, tokenizer.grammar.n_states, *(f.size for f in tokenizer.context.features)]
        self._small = np.uint16 if max(sizes) <= 2**16 else np.int32
        keeps = n * (len(sizes) + 1) * np.dtype(self._small).itemsize <= self.KEPT_BYTES
        stretch = n if keeps else self.STRETCH
        self._stretches = [(i, at) for i, piece in enumerate(self._pieces) for at in range(0, len(piece), stretch)]
        lengths = [min(stretch, len(self._pieces[i]) - at) for i, at in self._stretches]
        self._starts = np.concatenate([[0], np.cumsum(lengths)])
        self._longest = stretch
        # A crop may end in another stretch than it begins.
        self._known = lru_cache(len(lengths) if keeps else 2 * batch_size)(self._computed)
        for k in range(len(lengths) if keeps else 0):
            self._known(k)
        self._counts = tokenizer.vocabulary.scored.astype(np.float32)
        shift = int(np.random.Generator(np.random.Philox(key=[seed, 0])).integers(n))
        self._seed = seed
        self._readers = (shift + np.arange(batch_size) * n // batch_size) % n

    def __call__(self, step: int) -> Batch:
        """The batch of a step."""
        T = self.crop
        rows = np.stack([self._row(int(at)) for at in (self._readers + step * T) % self._n]).astype(np.int64)
        previous, ids, states, context = rows[..., 0], rows[..., 1], rows[..., 2], rows[..., 3:]
        rng = np.random.Generator(np.random.Philox(key=[self._seed, step + 1]))
        previous[rng.random(len(rows)) < self.FORGETS, 0] = self._begin
        return Batch(previous, ids, context, states, self._counts[ids])

    def _row(self, at: int) -> npt.NDArray[np.integer]:
        """int [T, 3 + F]: what a crop that begins there holds, after the end of all from the beginning again."""
        parts, missing = [], self.crop
        while missing:
            k = int(np.searchsorted(self._starts, at, side="right")) - 1
            part = self._known(k)[at - self._starts[k] :][:missing]
            parts.append(part)
            missing -= len(part)
            at = (at + len(part)) % self._n
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _computed(self, k: int) -> npt.NDArray[np.integer]:
        """int [n, 3 + F] of a stretch: the id before, the id, the grammar's state and the context of each position."""
        i, start = self._stretches[k]
        first = max(0, start - self.BEFORE)
        ids = np.asarray(self._pieces[i][first : start + self._longest], np.int32)
        t = self._tokenizer
        rows = np.empty((len(ids), 3 + len(t.context.features)), self._small)
        rows[0, 0], rows[1:, 0], rows[:, 1] = self._begin, ids[:-1], ids
        rows[:, 2], rows[:, 3:] = t.grammar.states(ids)[:-1], t.context.of(ids)[:-1]
        return rows[start - first :].copy()


def _not_trivial(pieces: Sequence[Ids]) -> list[Ids]:
    """The pieces that something can be learned from. Raises CorpusError when there are none."""
    kept = [np.asarray(p) for p in pieces if len(p) > 1]
    if not kept:
        raise CorpusError("No training piece is left.", "Add more files, or give training a larger split.")
    return kept


def whole(ids_T: Ids, tokenizer: Tokenizer[Any]) -> Batch:
    """One piece whole, as a batch of one; weights mark the scored ids."""
    ids = np.asarray(ids_T, np.int64)
    previous = np.concatenate([[len(tokenizer.vocabulary)], ids[:-1]]).astype(np.int64)
    return Batch(
        previous[None],
        ids[None],
        tokenizer.context.of(ids)[None, :-1].astype(np.int64),
        tokenizer.grammar.states(ids)[None, :-1].astype(np.int64),
        tokenizer.vocabulary.scored[ids][None].astype(np.float32),
    )


def padded(wholes: Sequence[Batch], parts: Sequence[slice] | None = None) -> Batch:
    """Whole pieces, or a part of each with what is known there, stacked and padded at the end with weight 0."""
    parts = parts or [slice(None)] * len(wholes)
    longest = max(piece.ids[0, part].size for piece, part in zip(wholes, parts, strict=True))

    def stack(name: str) -> npt.NDArray[Any]:
        rows = [getattr(piece, name)[0][part] for piece, part in zip(wholes, parts, strict=True)]
        return np.stack([np.pad(row, [(0, longest - len(row)), *[(0, 0)] * (row.ndim - 1)]) for row in rows])

    return Batch(*(stack(name) for name in ("previous", "ids", "context", "states", "weights")))

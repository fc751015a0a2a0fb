"""Training batches, a pure function of (seed, step): random crops of pieces, or long texts read from end to end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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
    """Random crops of training pieces, each re-written by a random augmentation that its piece admits and with
    header ids blanked at random. The context is that of the whole piece, then cropped.

    A piece is blanked in a few fixed ways, so that the context of each can be kept; an augmentation then only maps it.
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
        self._rows: dict[int, npt.NDArray[np.intp]] = {}
        self._known: dict[tuple[int, int], tuple[Ids, Ids, Ids]] = {}
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
            i = min(
                int(np.searchsorted(self._shares, rng.random() * self._shares[-1], side="right")), len(self.pieces) - 1
            )
            n = len(self.pieces[i])
            # Half a crop of room at both ends: beginnings and endings are seen as often as what lies between.
            start = int(np.clip(rng.integers(-(T // 2), max(1, n - T // 2)), 0, max(0, n - T)))
            part = slice(start, min(n, start + T))
            k = part.stop - start
            a = int(rng.choice(self._admitted(i)))
            table = t.augmentations.map[a]
            seen, before, known = self._seen(i, int(rng.integers(self.N_BLANKINGS)))
            targets = table[self.pieces[i][part]]
            ids[b, :k] = targets
            first = max(1, start)
            previous[b, first - start : k] = table[seen[first - 1 : part.stop - 1]]
            states[b, :k] = before[part]
            for f, feature in enumerate(features):
                column = known[part, f]
                context[b, :k, f] = column if feature.maps is None else feature.maps[a][column]
            # That a value is not given is not there to be learned.
            weights[b, :k] = t.unknown_of[targets] != targets
        return Batch(previous, ids, context, states, weights)

    def _admitted(self, index: int) -> npt.NDArray[np.intp]:
        """Augmentations that keep a piece legal."""
        if index not in self._rows:
            self._rows[index] = np.flatnonzero(self.tokenizer.augmentations.admits(self.pieces[index]))
        return self._rows[index]

    def _seen(self, index: int, blanking: int) -> tuple[Ids, Ids, Ids]:
        """(ids, grammar states, context) of a piece blanked in one of its ways; way 0 hides nothing."""
        if (index, blanking) in self._known:
            return self._known[index, blanking]
        t, piece = self.tokenizer, self.pieces[index]
        unknown = t.unknown_of[piece]
        rng = np.random.Generator(np.random.Philox(key=[self.seed, 2**63 + index * self.N_BLANKINGS + blanking]))
        hidden = (unknown >= 0) & (rng.random(len(piece)) < self.blank) & (blanking > 0)
        seen = np.where(hidden, unknown, piece)
        context = t.context.of(seen)
        small = np.uint16 if max((f.size for f in t.context.features), default=0) < 2**16 else np.int32
        found = (seen, t.grammar.states(seen), context.astype(small))
        self._kept_bytes += sum(values.nbytes for values in found)
        if self._kept_bytes < self.KEPT_BYTES:
            self._known[index, blanking] = found  # type: ignore[assignment]  # narrower integers
        return found  # type: ignore[return-value]


class Streams:
    """Pieces laid end to end and read by `batch_size` readers, spread evenly and each going on where its last crop
    ended: the model's state is carried from batch to batch. After the end of the last piece comes the first again.
    Now and then a reader forgets what it read, so that the model also learns to begin.
    """

    FORGETS = 1 / 32  # of the crops

    def __init__(
        self, pieces: Sequence[Ids], tokenizer: Tokenizer[Any], *, batch_size: int, crop: int, seed: int
    ) -> None:
        pieces = _not_trivial(pieces)
        lengths = np.array([len(p) for p in pieces])
        n = int(lengths.sum())
        self.crop = int(min(crop, max(2, n // batch_size)))
        begin = len(tokenizer.vocabulary)
        small = np.uint16 if max(begin, tokenizer.grammar.n_states) < 2**16 else np.int32
        self._ids = np.concatenate([np.asarray(p, small) for p in pieces])
        self._starts = np.cumsum(lengths) - lengths
        self._begin = begin
        self._states = np.concatenate([tokenizer.grammar.states(p)[:-1].astype(small) for p in pieces])
        self._context = (
            np.concatenate([tokenizer.context.of(p)[:-1] for p in pieces]) if tokenizer.context.features else None
        )
        self._counts = tokenizer.vocabulary.scored.astype(np.float32)
        shift = int(np.random.Generator(np.random.Philox(key=[seed, 0])).integers(n))
        self._seed = seed
        self._readers = (shift + np.arange(batch_size) * n // batch_size) % n

    def __call__(self, step: int) -> Batch:
        """The batch of a step."""
        n, T = len(self._ids), self.crop
        at = (self._readers[:, None] + (step * T % n) + np.arange(T)) % n
        ids = self._ids[at].astype(np.int64)
        previous = self._ids[at - 1].astype(np.int64)
        place = np.searchsorted(self._starts, at.reshape(-1)).clip(max=len(self._starts) - 1).reshape(at.shape)
        previous[self._starts[place] == at] = self._begin
        rng = np.random.Generator(np.random.Philox(key=[self._seed, step + 1]))
        previous[rng.random(len(at)) < self.FORGETS, 0] = self._begin
        context = np.zeros((*at.shape, 0), np.int64) if self._context is None else self._context[at].astype(np.int64)
        return Batch(previous, ids, context, self._states[at].astype(np.int64), self._counts[ids])


def _not_trivial(pieces: Sequence[Ids]) -> list[Ids]:
    """The pieces that something can be learned from. Raises CorpusError when there are none."""
    kept = [np.asarray(p, np.int32) for p in pieces if len(p) > 1]
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

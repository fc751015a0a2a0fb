"""Training batches: random crops of pieces, a pure function of (seed, step)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

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


class Crops:
    """Random crops of training pieces, each re-written by a random augmentation that its piece admits and with
    header ids blanked at random. The whole piece is known when its context is computed, then it is cropped."""

    def __init__(
        self, pieces: Sequence[Ids], tokenizer: Tokenizer[Any], *, batch_size: int, crop: int, seed: int,
        blank: float = 0.25, augment: bool = True,
    ) -> None:
        self.pieces = [np.asarray(p, np.int32) for p in pieces if len(p) > 1]
        if not self.pieces:
            raise CorpusError("No training piece is left.", "Add more files, or give training a larger split.")
        self.tokenizer, self.batch_size, self.seed, self.blank = tokenizer, batch_size, seed, blank
        self.lengths = np.array([len(p) for p in self.pieces])
        self.crop = int(min(crop, self.lengths.max()))
        # A piece is drawn in proportion to its length, a short one no less often than a crop's worth would be.
        self._shares = np.cumsum(np.maximum(self.lengths, self.crop / 4))
        self._rows: dict[int, npt.NDArray[np.intp]] = {}
        self._augment = augment and len(tokenizer.augmentations) > 1

    def __call__(self, step: int) -> Batch:
        """The batch of a step."""
        rng = np.random.Generator(np.random.Philox(key=[self.seed, step]))
        t, T = self.tokenizer, self.crop
        shape = (self.batch_size, T)
        n_features = len(t.context.features)
        previous = np.full(shape, len(t.vocabulary), np.int64)
        ids, states = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        context = np.zeros((*shape, n_features), np.int64)
        weights = np.zeros(shape, np.float32)
        for b in range(self.batch_size):
            i = int(np.searchsorted(self._shares, rng.random() * self._shares[-1], side="right"))
            targets, seen = self._rewritten(min(i, len(self.pieces) - 1), rng)
            n = len(targets)
            # Half a crop of room at both ends: beginnings and endings are seen as often as what lies between.
            start = int(np.clip(rng.integers(-(T // 2), max(1, n - T // 2)), 0, max(0, n - T)))
            stop = min(n, start + T)
            k = stop - start
            ids[b, :k] = targets[start:stop]
            if start:
                previous[b, :k] = seen[start - 1 : stop - 1]
            else:
                previous[b, 1:k] = seen[: stop - 1]
            context[b, :k] = t.context.of(seen)[start:stop]
            states[b, :k] = t.grammar.states(seen)[start:stop]
            weights[b, :k] = 1.0
            # A blanked header value is not there to be learned.
            weights[b, :k][t.unknown_of[targets[start:stop]] == targets[start:stop]] = 0.0
        return Batch(previous, ids, context, states, weights)

    def _rewritten(self, index: int, rng: np.random.Generator) -> tuple[Ids, Ids]:
        """A piece after augmentation: (what is to be predicted, what is seen of it)."""
        t, piece = self.tokenizer, self.pieces[index]
        if self._augment:
            if index not in self._rows:
                self._rows[index] = np.flatnonzero(t.augmentations.admits(piece))
            piece = t.augmentations.map[rng.choice(self._rows[index])][piece]
        unknown = t.unknown_of[piece]
        blanked = (unknown >= 0) & (rng.random(len(piece)) < self.blank) if self.blank else None
        seen = np.where(blanked, unknown, piece) if blanked is not None and blanked.any() else piece
        return piece, seen


def whole(ids_T: Ids, tokenizer: Tokenizer[Any]) -> Batch:
    """One piece whole, as a batch of one; weights mark the scored ids."""
    ids = np.asarray(ids_T, np.int64)
    previous = np.concatenate([[len(tokenizer.vocabulary)], ids[:-1]]).astype(np.int64)
    return Batch(
        previous[None], ids[None], tokenizer.context.of(ids)[None, :-1].astype(np.int64),
        tokenizer.grammar.states(ids)[None, :-1].astype(np.int64),
        tokenizer.vocabulary.scored[ids][None].astype(np.float32),
    )


def padded(pieces: Sequence[Ids], tokenizer: Tokenizer[Any]) -> Batch:
    """Several pieces whole, padded at the end with weight 0."""
    batches = [whole(piece, tokenizer) for piece in pieces]
    longest = max(batch.ids.shape[1] for batch in batches)

    def stack(name: str) -> npt.NDArray[Any]:
        parts = [getattr(batch, name)[0] for batch in batches]
        return np.stack([np.pad(p, [(0, longest - len(p)), *[(0, 0)] * (p.ndim - 1)]) for p in parts])

    return Batch(*(stack(name) for name in ("previous", "ids", "context", "states", "weights")))

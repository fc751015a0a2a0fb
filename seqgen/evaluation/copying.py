"""How much of a sequence was copied: its longest stretch that stands in the training pieces, and how many of its
n-grams do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from seqgen.core.repetition import ngrams

Hashes = npt.NDArray[np.uint64]


class Training:
    """The training pieces, ready to be searched."""

    def __init__(self, pieces: Sequence[npt.NDArray[np.integer]]) -> None:
        self._pieces = [np.asarray(piece) for piece in pieces]
        self._known: dict[int, Hashes] = {}

    def found(self, ids: npt.NDArray[np.integer], n: int) -> npt.NDArray[np.bool_]:
        """bool [T - n + 1]: which n-grams of a sequence stand in a training piece."""
        if n not in self._known:
            self._known[n] = np.unique(np.concatenate([ngrams(piece, n) for piece in self._pieces]))
        return np.isin(ngrams(np.asarray(ids), n), self._known[n])

    def longest(self, ids: npt.NDArray[np.integer]) -> int:
        """The number of ids of the longest stretch that stands in a training piece."""
        low, high = 0, len(ids)
        while low < high:
            middle = (low + high + 1) // 2
            if self.found(ids, middle).any():
                low = middle
            else:
                high = middle - 1
        return low


def copying(
    train: Sequence[npt.NDArray[np.integer]], sequences: Sequence[npt.NDArray[np.integer]], n: int = 30
) -> dict[str, Any]:
    """longest_overlap: over all sequences. share_of_{n}grams: of the sequences' n-grams, those found in training."""
    training = Training(train)
    found = [training.found(ids, n) for ids in sequences]
    total = sum(map(len, found))
    return {
        "longest_overlap": max((training.longest(ids) for ids in sequences), default=0),
        f"share_of_{n}grams": round(sum(int(f.sum()) for f in found) / total, 4) if total else 0.0,
    }

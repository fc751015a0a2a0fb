"""How much of a sequence was copied: its longest stretch that stands in the training pieces, and how many of its
n-grams do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from seqgen.core.repetition import ngrams

Ids = npt.NDArray[np.integer]


class Training:
    """The training pieces, to be searched for what others say."""

    def __init__(self, pieces: Sequence[Ids]) -> None:
        self._pieces = [np.asarray(piece) for piece in pieces]

    def found(self, ids: Ids, n: int) -> npt.NDArray[np.bool_]:
        """bool [T - n + 1]: which n-grams of a sequence stand in a training piece."""
        asked, places = np.unique(ngrams(np.asarray(ids), n), return_inverse=True)
        seen = np.zeros(len(asked), bool)
        for piece in self._pieces if len(asked) else ():  # what is asked for is sorted, not what there is: it is less
            said = ngrams(piece, n)
            at = np.searchsorted(asked, said).clip(max=len(asked) - 1)
            seen[at[asked[at] == said]] = True
        return seen[places]

    def longest(self, *sequences: Ids) -> int:
        """The number of ids of the longest stretch of any sequence that stands in a training piece."""

        def stands(n: int) -> bool:
            return any(self.found(ids, n).any() for ids in sequences)

        low, high = 0, 1
        while stands(high):
            low, high = high, 2 * high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if stands(middle) else (low, middle)
        return low


def copying(train: Sequence[Ids], sequences: Sequence[Ids], n: int = 30) -> dict[str, Any]:
    """longest_overlap: over all sequences. share_of_{n}grams: of the sequences' n-grams, those found in training."""
    training = Training(train)
    found = [training.found(ids, n) for ids in sequences]
    total = sum(map(len, found))
    return {
        "longest_overlap": training.longest(*sequences),
        f"share_of_{n}grams": round(sum(int(f.sum()) for f in found) / total, 4) if total else 0.0,
    }

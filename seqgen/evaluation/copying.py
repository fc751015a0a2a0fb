"""How much of a sequence was copied: its longest stretch that stands in the training pieces, and how many of its
n-grams do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from seqgen.core.metrics import Contour
from seqgen.core.repetition import ngrams

Ids = npt.NDArray[np.integer]
_BETWEEN = -2  # between the codes of two pieces, and no code itself


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

        return _largest(stands)


def _largest(holds: Callable[[int], bool]) -> int:
    """The largest number for which something holds that holds for all smaller ones."""
    low, high = 0, 1
    while holds(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
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


def contour_copying(
    train: Sequence[Contour], contours: Sequence[Contour], units: tuple[str, str] = ("events", "places")
) -> dict[str, float]:
    """The longest stretches that stand in a training piece however it is re-written, in events and in what places
    count: the longest of all, and the median of each contour's longest."""
    lines, separator = [c.codes for c in train], np.array([_BETWEEN])
    said = np.concatenate([part for line in lines for part in (line, separator)] or [separator])
    known: dict[int, npt.NDArray[np.uint64]] = {}
    longest = []
    for contour in contours:
        found: dict[int, float] = {0: 0.0}

        def holds(n: int, contour: Contour = contour, found: dict[int, float] = found) -> bool:
            if n not in known:
                known[n] = np.unique(ngrams(said, n))
            asked = ngrams(contour.codes, n)
            if not len(asked) or not len(known[n]):
                return False
            at = np.searchsorted(known[n], asked).clip(max=len(known[n]) - 1)
            stands = np.flatnonzero(known[n][at] == asked)
            found[n] = max((float(contour.places[i + n] - contour.places[i]) for i in stands.tolist()), default=0.0)
            return len(stands) > 0

        n = _largest(holds)
        longest.append((n + 1 if n else 0, found[n]))
    events, extents = np.array(longest, np.float64).reshape(-1, 2).T
    best = max(longest, default=(0, 0.0))
    return {
        units[0]: int(best[0]),
        units[1]: round(best[1], 2),
        f"median_{units[0]}": float(np.median(events)) if len(events) else 0.0,
        f"median_{units[1]}": round(float(np.median(extents)), 2) if len(extents) else 0.0,
    }

"""What came next the last time the situation was the same.

Whoever describes a situation by a key, such as the place in the bar and the note just played, is told which id followed
when that key was met last, and how often in a row such memories have been right: patterns that go round, with
whatever lies between.
"""

from __future__ import annotations

import copy

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int32]
Keys = npt.NDArray[np.uint64]


def recall(keys: Keys, ids_T: npt.NDArray[np.integer]) -> Ints:
    """int32 [T + 1, 2] of keys [T + 1]: the id that followed the last time, -1 where the key is new; how many such
    ids, up to the one before, came in a row as they were recalled."""
    n = len(ids_T)
    out = np.tile(np.array([-1, 0], np.int32), (n + 1, 1))
    order = np.argsort(keys, kind="stable")
    same = keys[order[1:]] == keys[order[:-1]]
    out[order[1:][same], 0] = ids_T[order[:-1][same]]
    at = np.arange(n)
    missed = np.maximum.accumulate(np.where(out[:-1, 0] == ids_T, -1, at))
    out[1:, 1] = at - missed
    return out


class Recaller:
    """The same, one id at a time, for a batch."""

    def __init__(self, keys_B: Keys) -> None:
        self._seen: list[dict[int, int]] = [{} for _ in keys_B]
        self._keys = keys_B.tolist()
        self.row: Ints = np.tile(np.array([-1, 0], np.int32), (len(keys_B), 1))

    def advance(self, ids_B: npt.NDArray[np.integer], keys_B: Keys) -> None:
        """Take one id each, after which the keys are these."""
        hit = self.row[:, 0] == ids_B
        self.row[:, 1] = np.where(hit, self.row[:, 1] + 1, 0)
        keys = keys_B.tolist()
        for b, (seen, key, i) in enumerate(zip(self._seen, self._keys, ids_B.tolist(), strict=True)):
            seen[key] = i
            self.row[b, 0] = seen.get(keys[b], -1)
        self._keys = keys

    def fork(self, rows: npt.NDArray[np.integer]) -> Recaller:
        """Another, at these sequences."""
        other = copy.copy(self)
        chosen = rows.tolist()
        other._seen = [self._seen[b].copy() for b in chosen]
        other._keys = [self._keys[b] for b in chosen]
        other.row = self.row[rows]
        return other

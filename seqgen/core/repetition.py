"""Where the present was heard before: the latest earlier place whose last ids equal the present's last ids.

Music repeats phrases, text repeats words. An LSTM learns slowly to copy; told what came next at the earlier place
and how long the agreement has lasted, it copies at once and knows when not to.
"""

from __future__ import annotations

import copy

import numpy as np
import numpy.typing as npt

_BASE = 0x9E3779B97F4A7C15  # odd, well mixed (Knuth's multiplicative hashing)

Hashes = npt.NDArray[np.uint64]


class Follower:
    """Follows one sequence of codes. After each `take`, `place` is the index of the code that followed the present
    agreement when it was heard before (-1: none), and `length` how many codes agree.

    An agreement begins with `shortest` equal codes at a distance that is a multiple of `period`; it is then followed
    for as long as it lasts.
    """

    __slots__ = ("_codes", "_hash", "_period", "_powers", "_seen", "_shortest", "length", "place")

    def __init__(self, shortest: int, period: int = 1) -> None:
        self._shortest, self._period = shortest, period
        self._codes: list[int] = []
        self._seen: dict[int, int] = {}
        self._hash = 0
        self._powers = pow(_BASE, shortest, 2**64)
        self.place, self.length = -1, 0

    def fork(self) -> Follower:
        """Another, at the same place."""
        other = copy.copy(self)
        other._codes, other._seen = self._codes.copy(), self._seen.copy()
        return other

    @property
    def following(self) -> int:
        """The code at `place`; only while something is followed."""
        return self._codes[self.place]

    def take(self, code: int) -> None:
        """Take the next code (any small non-negative integer)."""
        codes = self._codes
        if self.place >= 0 and codes[self.place] == code:
            self.place += 1
            self.length += 1
        else:
            self.place, self.length = -1, 0
        codes.append(code)
        n = len(codes)
        # Rolling hash of the last `shortest` codes, modulo 2^64.
        self._hash = (self._hash * _BASE + code + 1) & 0xFFFFFFFFFFFFFFFF
        if n > self._shortest:
            dropped = codes[n - self._shortest - 1] + 1
            self._hash = (self._hash - dropped * self._powers) & 0xFFFFFFFFFFFFFFFF
        if n >= self._shortest:
            key = (self._hash * self._period + n % self._period) & 0xFFFFFFFFFFFFFFFF
            earlier = self._seen.get(key, -1)
            if self.place < 0 and earlier >= 0:
                self.place, self.length = earlier, self._shortest
            self._seen[key] = n


def follow(codes_T: npt.NDArray[np.integer], shortest: int, period: int = 1) -> npt.NDArray[np.int32]:
    """int32 [T + 1, 2]: (place, length) of a Follower before each code and after the last."""
    n = len(codes_T)
    out = np.tile(np.array([-1, 0], np.int32), (n + 1, 1))
    earlier = _earlier(codes_T, shortest, period)
    begins = np.flatnonzero(earlier >= 0)  # where an agreement may begin
    codes, places = codes_T.tolist(), earlier.tolist()
    at = 0  # from here on nothing is followed yet
    while True:
        k = int(np.searchsorted(begins, at))
        if k == len(begins):
            return out
        start = at = int(begins[k])
        distance = start - places[start]
        while at < n and codes[at] == codes[at - distance]:
            at += 1
        out[start : at + 1, 0] = np.arange(start - distance, at + 1 - distance)
        out[start : at + 1, 1] = np.arange(shortest, shortest + at + 1 - start)
        at += 1


def _earlier(codes: npt.NDArray[np.integer], shortest: int, period: int) -> npt.NDArray[np.int64]:
    """int64 [T + 1]: after each code the latest earlier place whose last `shortest` codes are the same, or -1."""
    earlier = np.full(len(codes) + 1, -1, np.int64)
    hashes = ngrams(codes, shortest)
    ends = np.arange(shortest, shortest + len(hashes))
    hashes = hashes * np.uint64(period) + (ends % period).astype(np.uint64)
    order = np.argsort(hashes, kind="stable")
    same = hashes[order[1:]] == hashes[order[:-1]]
    earlier[ends[order[1:][same]]] = ends[order[:-1][same]]
    return earlier


def ngrams(ids: npt.NDArray[np.integer], n: int) -> Hashes:
    """uint64 [T - n + 1]: a hash of each n ids in a row, built by doubling: two halves make a whole."""
    T = len(ids)
    if n < 1 or n > T:
        return np.zeros(0, np.uint64)
    power, span = ids.astype(np.uint64) + np.uint64(1), 1  # hashes of all stretches of `span` ids
    factor = np.uint64(_BASE)  # _BASE ** span
    whole, done = np.zeros(T - n + 1, np.uint64), 0
    with np.errstate(over="ignore"):
        while True:
            if n & span:
                # What is hashed so far stands before this stretch.
                whole = whole * factor + power[done : done + T - n + 1]
                done += span
            if 2 * span > n:
                return whole
            power = power[:-span] * factor + power[span:]
            factor, span = factor * factor, 2 * span

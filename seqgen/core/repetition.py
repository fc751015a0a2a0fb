"""Where the present was heard before: the latest earlier place whose last ids equal the present's last ids.

Music repeats phrases, text repeats words. An LSTM learns slowly to copy; told what came next at the earlier place
and how long the agreement has lasted, it copies at once and knows when not to.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_BASE = 0x9E3779B97F4A7C15  # odd, well mixed (Knuth's multiplicative hashing)


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
        self._seen: dict[tuple[int, int], int] = {}
        self._hash = 0
        self._powers = pow(_BASE, shortest, 2**64)
        self.place, self.length = -1, 0

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
            key = (self._hash, n % self._period)
            earlier = self._seen.get(key, -1)
            if self.place < 0 and earlier >= 0:
                self.place, self.length = earlier, self._shortest
            self._seen[key] = n


def follow(codes_T: npt.NDArray[np.integer], shortest: int, period: int = 1) -> npt.NDArray[np.int32]:
    """int32 [T + 1, 2]: (place, length) of a Follower before each code and after the last."""
    follower = Follower(shortest, period)
    out = [(-1, 0)]
    for code in codes_T.tolist():
        follower.take(code)
        out.append((follower.place, follower.length))
    return np.array(out, np.int32)

"""What is known in a text besides its last id: the ids before it, the word begun, the place in the line, and what
followed when the same was read before.

An LSTM learns spelling slowly; told which few ids came last, it begins where counting ends (Mikolov et al. 2011 feed
n-grams to a recurrent network's output). Long histories are hashed into few rows, as they do.
"""

from __future__ import annotations

import copy
from bisect import bisect_right
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from seqgen.core.context import Feature
from seqgen.core.repetition import Follower, follow

Ints = npt.NDArray[np.int32]
Words = npt.NDArray[np.uint64]

_BITS = 12  # of the hash that says a row
_LINE = 64  # ids of a line told apart
_SHORTEST = 6  # ids that agree before it is a repetition
_AGREEMENTS = (0, 1, 8, 12, 16, 24)  # ids: bounds of classes of how long it lasts
_BASE = 0x9E3779B97F4A7C15  # odd, well mixed
_MIX = 0xBF58476D1CE4E5B9
_MASK = 0xFFFFFFFFFFFFFFFF
_GRAMS = (2, 3)
_MANY_IDS = 512  # from here on what followed is not told apart by how long it has agreed

NONE, BEGINS, GOES_ON = range(3)  # what an id is to a word


def word_kind(string: bytes) -> int:
    """What an id that stands for these bytes is to a word: " the" begins one, "the", an apostrophe or a byte of a
    longer character goes on, a comma is none of it."""
    text = string.decode("utf-8", "replace")
    if not text or not (text.strip()[-1:].isalnum() or text in ("'", "\u2019", "\ufffd")):
        return NONE
    return BEGINS if text[0].isspace() else GOES_ON


class TextContext:
    """Context of a text tokenization. kinds: int [V], whether an id begins a word, goes on with it, or is none of it.
    line_ends: bool [V]."""

    def __init__(self, kinds: Sequence[int], line_ends: Sequence[bool]) -> None:
        self._kinds, self._line_ends = np.asarray(kinds, np.int8), np.asarray(line_ends, bool)
        self.n_ids = len(self._kinds)
        rows = 1 << _BITS
        self._n_classes = len(_AGREEMENTS) if self.n_ids <= _MANY_IDS else 1
        self.features = (
            *(Feature(f"last{k}", rows) for k in _GRAMS),
            Feature("word", rows),
            Feature("line", _LINE + 1),
            Feature("again", (self.n_ids + 1) * self._n_classes),
        )

    def of(self, ids_T: npt.NDArray[np.integer]) -> Ints:
        """int32 [T + 1, F]."""
        ids = np.asarray(ids_T, np.int64)
        n = len(ids)
        out = np.zeros((n + 1, len(self.features)), np.int32)
        codes = np.concatenate([np.zeros(max(_GRAMS), np.uint64), ids.astype(np.uint64) + np.uint64(1)])
        with np.errstate(over="ignore"):
            for i, k in enumerate(_GRAMS):
                gram = np.zeros(n + 1, np.uint64)
                for j in range(k):  # the last id first
                    start = max(_GRAMS) - 1 - j
                    gram = gram * np.uint64(_BASE) + codes[start : start + n + 1]
                out[:, i] = _row(gram)
            out[:, 2] = _row(self._words(ids))
        at = np.arange(n + 1)
        line = np.concatenate([[True], self._line_ends[ids]])
        out[:, 3] = np.minimum(at - np.maximum.accumulate(np.where(line, at, 0)), _LINE)
        place, length = follow(ids, _SHORTEST).T
        agreement = np.searchsorted(_AGREEMENTS, length, side="right") - 1
        followed = np.where(place >= 0, np.append(ids, 0)[place] + 1, 0)
        out[:, 4] = followed * self._n_classes + np.minimum(agreement, self._n_classes - 1)
        return out

    def _words(self, ids: npt.NDArray[np.int64]) -> Words:
        """uint64 [T + 1] hashes of the word begun; 0 for none.

        A word's hash is the sum of its ids, each times a power of the base. Sums from the beginning of the text, in
        negative powers, give those of every part of it.
        """
        n = len(ids)
        kinds = self._kinds[ids]
        base, inverse = np.uint64(_BASE), np.uint64(pow(_BASE, -1, 1 << 64))
        powers = _powers(base, n + 1)
        sums = np.concatenate([[np.uint64(0)], np.cumsum((ids.astype(np.uint64) + np.uint64(1)) * _powers(inverse, n))])
        at = np.arange(n + 1)
        # The place of the first id of the word that each id belongs to; of an id that is none, the place after it.
        first = np.concatenate([[0], np.where(kinds == BEGINS, at[:n], np.where(kinds == NONE, at[1:], -1))])
        first = np.maximum.accumulate(first)
        return np.where(at > first, (sums - sums[first]) * powers[np.maximum(at - 1, 0)], np.uint64(0))

    def start(self, ids_BT: npt.NDArray[np.integer]) -> TextCursor:
        """A cursor after these ids."""
        cursor = TextCursor(self, len(ids_BT))
        for column in np.asarray(ids_BT).T:
            cursor.advance(column)
        return cursor


class TextCursor:
    """The same, one id at a time, for a batch."""

    def __init__(self, context: TextContext, batch: int) -> None:
        self._kinds, self._line_ends = context._kinds.tolist(), context._line_ends.tolist()
        self._n_classes = context._n_classes
        self._states = [_State() for _ in range(batch)]
        self._rows = np.tile(np.array(self._row(_State()), np.int32), (batch, 1))

    def row(self) -> Ints:
        """int32 [B, F]."""
        return self._rows.copy()

    def advance(self, ids_B: npt.NDArray[np.integer]) -> None:
        """Take one id each."""
        for b, i in enumerate(ids_B.tolist()):
            self._states[b].take(i, self._kinds[i], self._line_ends[i])
            self._rows[b] = self._row(self._states[b])

    def fork(self, rows: npt.NDArray[np.integer]) -> TextCursor:
        """Another, at these sequences."""
        other = copy.copy(self)
        other._states = [copy.deepcopy(self._states[i]) for i in rows.tolist()]
        other._rows = self._rows[rows]
        return other

    def _row(self, state: _State) -> list[int]:
        out, gram = [], 0
        for j, code in enumerate(state.last, 1):
            gram = (gram * _BASE + code) & _MASK
            if j in _GRAMS:
                out.append(_row_of(gram))
        follower, n_classes = state.follower, self._n_classes
        agreement = min(bisect_right(_AGREEMENTS, follower.length) - 1, n_classes - 1)
        followed = follower.following + 1 if follower.place >= 0 else 0
        return [*out, _row_of(state.word), state.line, followed * n_classes + agreement]


class _State:
    """Of one text."""

    __slots__ = ("follower", "last", "line", "word")

    def __init__(self) -> None:
        self.last = [0] * max(_GRAMS)  # codes, the latest first
        self.word = self.line = 0
        self.follower = Follower(_SHORTEST)

    def take(self, i: int, kind: int, line_end: bool) -> None:
        self.last = [i + 1, *self.last[:-1]]
        self.word = 0 if kind == NONE else ((self.word if kind == GOES_ON else 0) * _BASE + i + 1) & _MASK
        self.line = 0 if line_end else min(self.line + 1, _LINE)
        self.follower.take(i)


def _row(hashes: Words) -> Ints:
    return (((hashes ^ (hashes >> np.uint64(29))) * np.uint64(_MIX)) >> np.uint64(64 - _BITS)).astype(np.int32)


def _row_of(value: int) -> int:
    value &= _MASK
    return (((value ^ (value >> 29)) * _MIX) & _MASK) >> (64 - _BITS)


def _powers(base: np.uint64, n: int) -> Words:
    """uint64 [n]: 1, base, base², … modulo 2^64."""
    factors = np.full(n, base, np.uint64)
    factors[:1] = 1
    return np.cumprod(factors, dtype=np.uint64)

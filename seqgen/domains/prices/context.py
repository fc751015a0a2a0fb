"""What is known in a series besides the last id: how large returns were lately against the long run, which way they
went, since when there was none, and the day.

All of it is free of the price and of the scale: squares of returns are told against one another. For one series it is
stepped in plain numbers, for a batch in arrays, by the same few operations of arithmetic: both agree to the last bit.
"""

from __future__ import annotations

import copy
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from seqgen.core.context import Feature
from seqgen.core.vocabulary import Vocabulary
from seqgen.domains.prices.bins import CLIP, USUAL, WIDEST, Bins, afters
from seqgen.domains.prices.calendar import Calendar, CalendarCursor
from seqgen.domains.prices.words import RECENTS

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]

DECAYS = (0.7, 0.9, 0.98)  # of the squares of a few days, of weeks, of months
TREND = 0.85  # decay of which way it went
_OF_USUAL = tuple(2.0 ** (k / 4) for k in range(-18, 17))  # bounds of classes of a square against another
_OF_RECENT = tuple(2.0 ** (k / 2) for k in range(-9, 9))
_TRENDS = (0.05, 0.15, 0.3, 0.45, 0.7, 1.0)
_STILL = 15  # days since there was no move that are told apart
NO_RETURN = 10**6


class PricesContext:
    """Of a tokenization with these words and bins."""

    def __init__(self, words: Vocabulary, bins: Bins, n_mirrorings: int) -> None:
        self.bins = bins
        self.move = np.full(len(words), NO_RETURN, np.int64)  # [V] the bin that an id says
        self.move[words.of_type("Return")] = [*range(bins.n + 1), *range(-bins.n, 0)]
        self.begins = np.zeros(len(words))  # [V] the square that a header says returns begin with
        self.begins[words.of_type("Recent")] = [1.0, *(r * r for r in RECENTS)]
        self.squares = np.minimum(bins.sizes**2, CLIP)
        self.calendar = Calendar(words) if "Off" in words else None
        mirrored = np.arange(2 * len(_TRENDS) + 1, dtype=np.int32)
        self.features = (
            Feature("recent", len(_OF_USUAL) + 1),
            *(Feature(name, len(_OF_RECENT) + 1) for name in ("days", "weeks", "months")),
            Feature("trend", len(mirrored), np.stack([mirrored, mirrored[::-1]][:n_mirrorings])),
            Feature("still", _STILL + 1),
            Feature("stood", _STILL + 1),
            *(self.calendar.features if self.calendar else ()),
        )

    def of(self, ids_T: npt.NDArray[np.integer]) -> Ints:
        """int32 [T + 1, F]."""
        ids = np.asarray(ids_T, np.int64)
        kinds = self.move[ids]
        (said,) = np.nonzero(self.begins[ids])
        begin = int(said[-1]) + 1 if len(said) else 0  # rows before it know nothing
        moved = (kinds != NO_RETURN) & (kinds != 0)
        market = _market(self.bins, self.squares, kinds[moved], float(self.begins[ids[begin - 1]]) if begin else 1.0)
        n_moved = np.concatenate([[0], np.cumsum(moved)])
        recent, usual, *means, trend = market[n_moved].T
        columns: list[Any] = _classes(recent, usual, np.array(means), trend)
        columns += _stillness(kinds)
        rows = np.stack(columns, axis=1).astype(np.int32)
        rows[:begin] = self._unknown
        return np.hstack([rows, self.calendar.of(ids)]) if self.calendar else rows

    @cached_property
    def _unknown(self) -> Ints:
        """int32 [F]: what is known before the first return where the header does not say how large they were lately."""
        ones = np.ones(1)
        still = [np.full(1, _STILL)] * 2
        return np.array(_classes(ones, ones, np.ones((len(DECAYS), 1)), np.zeros(1)) + still, np.int32)[:, 0]

    def start(self, ids_BT: npt.NDArray[np.integer]) -> PricesCursor:
        """A cursor after these ids."""
        cursor = PricesCursor(self, len(ids_BT))
        for column in np.asarray(ids_BT).T:
            cursor.advance(column)
        return cursor


def _market(bins: Bins, squares: Floats, moves: npt.NDArray[np.int64], begin: float) -> Floats:
    """[N + 1, 6]: before the first and after each of N returns that move: the squares they are measured by and of the
    long run, their means, and the trend."""
    factors, adds, sizes, known = bins.factor.tolist(), bins.adds.tolist(), bins.sizes.tolist(), squares.tolist()
    (d0, d1, d2), (c0, c1, c2) = DECAYS, (1 - d for d in DECAYS)
    recent = m0 = m1 = m2 = begin
    usual, trend = 1.0, 0.0
    found = [(recent, usual, m0, m1, m2, trend)]
    for k in moves.tolist():  # plain numbers, in one place: long series are read often
        square = known[k] * recent
        m0, m1, m2 = d0 * m0 + c0 * square, d1 * m1 + c1 * square, d2 * m2 + c2 * square
        trend = TREND * trend + (1 - TREND) * min(max(sizes[k], -5.0), 5.0)
        usual, grown = usual * USUAL + recent * adds[k], recent * factors[k]
        low, high = usual / WIDEST**2, usual * WIDEST**2
        recent = low if grown < low else high if grown > high else grown  # noqa: FURB136  # calls take longer
        found.append((recent, usual, m0, m1, m2, trend))
    return np.array(found)


def _classes(recent: Floats, usual: Floats, means: Floats, trend: Floats) -> list[npt.NDArray[np.int64]]:
    """Of what is known of returns that move, the classes."""
    along = np.searchsorted(_TRENDS, np.abs(trend), side="right")
    return [
        np.searchsorted(_OF_USUAL, recent / usual, side="right"),
        *np.searchsorted(_OF_RECENT, means / recent, side="right"),
        len(_TRENDS) + np.where(trend > 0, along, -along),
    ]


def _stillness(kinds: npt.NDArray[np.int64]) -> list[npt.NDArray[np.int64]]:
    """Before each id and after the last: returns since one that did not move, and between the last two such."""
    returns, still = kinds != NO_RETURN, kinds == 0
    n = np.concatenate([[0], np.cumsum(returns)])
    (places,) = np.nonzero(still)
    at = n[places + 1]  # the numbers of the returns that did not move
    seen = np.concatenate([[0], np.cumsum(still)])
    last = np.concatenate([[-_STILL], at])
    apart = np.minimum(np.diff(last), _STILL)
    if len(apart):
        apart[0] = min(int(at[0]) + _STILL, _STILL)
    return [np.minimum(n - last[seen], _STILL), np.concatenate([[_STILL], apart])[seen]]


class PricesCursor:
    """The same, one id at a time, for a batch."""

    def __init__(self, context: PricesContext, batch: int) -> None:
        self._context = context
        self._recent, self._usual, self._trend = np.ones(batch), np.ones(batch), np.zeros(batch)
        self._means = np.ones((len(DECAYS), batch))
        self._still, self._stood = np.full(batch, _STILL), np.full(batch, _STILL)
        self._calendar: CalendarCursor | None = context.calendar.start(batch) if context.calendar else None

    def advance(self, ids_B: npt.NDArray[np.integer]) -> None:
        """Take one id each."""
        ids, context = np.asarray(ids_B, np.int64), self._context
        kinds, begins = context.move[ids], context.begins[ids]
        if (kinds != NO_RETURN).any():
            self._take(kinds)
        if begins.any():
            said = begins > 0
            self._recent, self._means = np.where(said, begins, self._recent), np.where(said, begins, self._means)
        if self._calendar:
            self._calendar.advance(ids)

    def _take(self, kinds: npt.NDArray[np.int64]) -> None:
        bins = self._context.bins
        said = kinds != NO_RETURN
        moved, k = said & (kinds != 0), np.where(said, kinds, 0)
        still = np.minimum(self._still + 1, _STILL)
        self._stood = np.where(said & ~moved, still, self._stood)
        self._still = np.where(moved, still, np.where(said, 0, self._still))
        square = self._context.squares[k] * self._recent
        decays = np.array(DECAYS)[:, None]
        self._means = np.where(moved, decays * self._means + (1 - decays) * square, self._means)
        trend = TREND * self._trend + (1 - TREND) * np.minimum(np.maximum(bins.sizes[k], -5.0), 5.0)
        self._trend = np.where(moved, trend, self._trend)
        recent, usual = afters(bins, self._recent, self._usual, k)
        self._recent, self._usual = np.where(moved, recent, self._recent), np.where(moved, usual, self._usual)

    def row(self) -> Ints:
        """int32 [B, F]."""
        columns: list[Any] = _classes(self._recent, self._usual, self._means, self._trend)
        columns += [self._still, self._stood]
        if self._calendar:
            columns += self._calendar.row()
        return np.stack(columns, axis=1).astype(np.int32)

    def fork(self, rows: npt.NDArray[np.integer]) -> PricesCursor:
        """Another, at these sequences."""
        other = copy.copy(self)
        for name in ("_recent", "_usual", "_trend", "_still", "_stood"):
            setattr(other, name, getattr(self, name)[rows])
        other._means = self._means[:, rows]
        other._calendar = self._calendar.fork(rows) if self._calendar else None
        return other

"""What is known in a series besides the last id: how large returns were lately against the long run, which way they
went, since when there was none, and the day.

All of it is free of the price and of the scale: squares of returns are told against one another. For one series it is
stepped in plain numbers, for a batch in arrays, by the same few operations of arithmetic: both agree to the last bit.
"""

from __future__ import annotations

import copy
from bisect import bisect_right
from typing import Any

import numpy as np
import numpy.typing as npt

from seqgen.core.context import Feature
from seqgen.core.vocabulary import Vocabulary
from seqgen.domains.prices.bins import CLIP, Bins, after, afters
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
        rows = np.empty((len(ids) + 1, len(self.features)), np.int32)
        market, state = [], _Market(self)
        market.append(state.row())
        for kind, begin in zip(self.move[ids].tolist(), self.begins[ids].tolist(), strict=True):
            if begin:
                state.begin(begin)
            elif kind != NO_RETURN:
                state.take(kind)
            market.append(state.row())
        n = len(market[0])
        rows[:, :n] = market
        if self.calendar:
            rows[:, n:] = self.calendar.of(ids)
        return rows

    def start(self, ids_BT: npt.NDArray[np.integer]) -> PricesCursor:
        """A cursor after these ids."""
        cursor = PricesCursor(self, len(ids_BT))
        for column in np.asarray(ids_BT).T:
            cursor.advance(column)
        return cursor


class _Market:
    """Of one series, in plain numbers."""

    def __init__(self, context: PricesContext) -> None:
        self._bins, self._squares = context.bins, context.squares.tolist()
        self._sizes = context.bins.sizes.tolist()
        self.begin(1.0)

    def begin(self, recent: float) -> None:
        self._recent, self._usual, self._means, self._trend = recent, 1.0, [recent] * len(DECAYS), 0.0
        self._still = self._stood = _STILL

    def take(self, k: int) -> None:
        self._still = min(self._still + 1, _STILL)
        if not k:
            self._stood, self._still = self._still, 0
            return
        square, z = self._squares[k] * self._recent, self._sizes[k]
        self._means = [d * mean + (1 - d) * square for d, mean in zip(DECAYS, self._means, strict=True)]
        self._trend = TREND * self._trend + (1 - TREND) * min(max(z, -5.0), 5.0)
        self._recent, self._usual = after(self._bins, self._recent, self._usual, k)

    def row(self) -> list[int]:
        trend = bisect_right(_TRENDS, abs(self._trend))
        return [
            bisect_right(_OF_USUAL, self._recent / self._usual),
            *(bisect_right(_OF_RECENT, mean / self._recent) for mean in self._means),
            len(_TRENDS) + (trend if self._trend > 0 else -trend),
            self._still,
            self._stood,
        ]


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
        trend = np.searchsorted(_TRENDS, np.abs(self._trend), side="right")
        columns: list[Any] = [
            np.searchsorted(_OF_USUAL, self._recent / self._usual, side="right"),
            *np.searchsorted(_OF_RECENT, self._means / self._recent, side="right"),
            len(_TRENDS) + np.where(self._trend > 0, trend, -trend),
            self._still,
            self._stood,
        ]
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

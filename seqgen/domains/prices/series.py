"""One price from day to day."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from seqgen.core.errors import UsageError

Floats = npt.NDArray[np.float64]
Dates = npt.NDArray[np.datetime64]

_TYPICAL = 0.01  # a day's return, of a series that does not move
_FIRST = 64  # returns that say what the first of them are measured by
_TELLING = 2000  # prices that say what may come; of those before, only how large returns were
_RECENT, _USUAL = 0.97, 0.998  # decay of sizes known at a cut


@dataclass(frozen=True, eq=False)
class Series:
    """A price at each of N times, in their order; all are positive.

    dates: datetime64[s] [N], or None where only their order is known. first: then the number of the first row.
    volume: [N], 0 where it is not known, or None.
    recent, usual: the size of a day's return as it was lately, and in the long run, where that is known from before the
    first row, else 0. left_out: rows of the file that are not here, and why: reason -> how many.
    """

    name: str
    prices: Floats
    dates: Dates | None = None
    volume: Floats | None = None
    first: int = 0
    recent: float = 0.0
    usual: float = 0.0
    left_out: dict[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        """Returns: one fewer than prices."""
        return max(0, len(self.prices) - 1)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Series):
            return NotImplemented
        same = (self.name, self.recent, self.usual) == (other.name, other.recent, other.usual)
        pairs = ((self.prices, other.prices), (self.dates, other.dates), (self.volume, other.volume))
        return same and all(_equal(mine, its) for mine, its in pairs)

    __hash__ = None  # type: ignore[assignment]  # arrays inside

    @property
    def returns(self) -> Floats:
        """[N - 1]: logarithms of what each price is to the one before; 0 exactly where it has not moved."""
        prices = self.prices
        return np.where(prices[1:] == prices[:-1], 0.0, np.diff(np.log(prices)))

    def sizes(self) -> tuple[float, float]:
        """The size of a day's return to begin with: (lately, in the long run)."""
        if self.recent > 0:
            return self.recent, self.usual or self.recent
        moves = self.returns[: 4 * _FIRST]
        moves = np.abs(moves[moves != 0])[:_FIRST]
        # From absolute values, as one great move should not stand for all; of a normal distribution it is the same.
        size = float(moves.mean()) * math.sqrt(math.pi / 2) if len(moves) else _TYPICAL
        return size, size

    def part(self, rows: slice) -> Series:
        """Some rows, one after the other; what is known of sizes before them goes with it."""
        first = rows.indices(len(self.prices))[0]
        recent, usual = self._sizes_until(first)
        return replace(
            self,
            prices=self.prices[rows],
            dates=None if self.dates is None else self.dates[rows],
            volume=None if self.volume is None else self.volume[rows],
            first=self.first + first,
            recent=recent,
            usual=usual,
        )

    def _sizes_until(self, row: int) -> tuple[float, float]:
        """Sizes of returns as they are known at a row."""
        recent, usual = self.sizes()
        if not row:
            return self.recent, self.usual
        squares = [recent**2, usual**2]
        for move in self.returns[:row].tolist():
            if move:  # days without any say nothing of how large they are
                for k, decay in enumerate((_RECENT, _USUAL)):
                    squares[k] = decay * squares[k] + (1 - decay) * min(move * move, 25 * squares[k])
        return math.sqrt(squares[0]), math.sqrt(squares[1])


def moments(series: Series) -> npt.NDArray[np.int64]:
    """int64 [N] of each price: the day it is of, or its row."""
    if series.dates is None:
        return np.arange(series.first, series.first + len(series.prices))
    return series.dates.astype("datetime64[D]").astype(np.int64)


def cut(series: Series, start: int, stop: int | None) -> Series | None:
    """The prices from one moment until before another; None where that is no return."""
    when = moments(series)
    rows = slice(int(np.searchsorted(when, start)), None if stop is None else int(np.searchsorted(when, stop)))
    part = series.part(rows)
    return part if len(part) else None


def until(series: Series, moment: str) -> Series:
    """The last years of a series, or those up to a day like 2020-03-31, that included, or up to so many prices. Raises
    UsageError."""
    text = moment.strip()
    if text == "last":
        n = len(series.prices)
    elif text.isdecimal() and len(text) < 10 and 2 <= int(text) <= len(series.prices):
        n = int(text)
    else:
        n = _rows_until(series, text)
    if n < 2:
        raise UsageError(f"There are no two prices until {moment!r}.", "Say a later day, or a number of prices.")
    return series.part(slice(max(0, n - _TELLING), n))


def _rows_until(series: Series, day: str) -> int:
    if series.dates is None or day.isdecimal():
        raise UsageError(
            f"There is no moment {day!r} in {len(series.prices):,} prices.",
            "Say how many prices, or where they have dates, a day like 2020-03-31.",
        )
    try:
        last = np.datetime64(day, "D") + np.timedelta64(1, "D")
    except ValueError:
        raise UsageError(f"{day!r} is no day.", "Write it like 2020-03-31.") from None
    return int(np.searchsorted(series.dates, last))


def _equal(mine: npt.NDArray[Any] | None, its: npt.NDArray[Any] | None) -> bool:
    if mine is None or its is None:
        return mine is its
    return np.array_equal(mine, its)

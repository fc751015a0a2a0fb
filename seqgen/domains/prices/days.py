"""The days on which a market trades: which of the week, and how they follow one another.

A series of daily prices is told to the model by the day it begins on and by days of its week that have no price, so
that the day of every price is known from the ids. Days are numbers from 1970-01-01 on.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Days = npt.NDArray[np.int64]

# Markets' weeks, the likeliest first: which days from Monday on.
WEEKS: dict[str, tuple[int, ...]] = {
    "MonFri": (0, 1, 2, 3, 4),
    "MonSun": (0, 1, 2, 3, 4, 5, 6),
    "MonSat": (0, 1, 2, 3, 4, 5),
    "SunThu": (0, 1, 2, 3, 6),
    "SatWed": (0, 1, 2, 5, 6),
}
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
SEASONS = 53  # weeks of a year, the last of one or two days
MAX_OFF = 10  # days in a row without a price that are told
_RARE = 0.005  # of the prices, on other days than those of a week
_DAILY, _FEW = 0.4, 10  # of the days of its week have a price, where prices are daily; of few prices any


def weekday(days: Days) -> Days:
    """0 for Monday."""
    found: Days = (np.asarray(days) + 3) % 7
    return found


def season(day: int) -> int:
    """The week of the year."""
    date = np.datetime64(day, "D")
    return int((date - date.astype("datetime64[Y]").astype("datetime64[D]")).astype(int)) // 7


@dataclass(frozen=True)
class Week:
    """The trading days of a week, counted from one of them on: 0, 1, 2 …"""

    name: str

    @functools.cached_property
    def days(self) -> tuple[int, ...]:
        return WEEKS[self.name]

    @functools.cached_property
    def _place(self) -> Days:
        """int64 [7]: trading days of the week before each day of it."""
        return np.array([sum(d < day for d in self.days) for day in range(7)])

    def number(self, days: Days) -> Days:
        """Of trading days their number since 1970; of other days that of the next."""
        days = np.asarray(days, np.int64)
        return (days + 3) // 7 * len(self.days) + self._place[weekday(days)]

    def day(self, numbers: Days) -> Days:
        """The trading days of these numbers."""
        numbers = np.asarray(numbers, np.int64)
        weeks, place = numbers // len(self.days), numbers % len(self.days)
        found: Days = weeks * 7 - 3 + np.array(self.days)[place]
        return found

    def holds(self, days: Days) -> npt.NDArray[np.bool_]:
        """Which are trading days."""
        return np.isin(weekday(days), self.days)

    def header(self, first: int) -> dict[str, int]:
        """What a header says of a series that begins on that day: type of id -> number of the value, from 1."""
        return {
            "Week": list(WEEKS).index(self.name) + 1,
            "Weekday": int(weekday(np.array(first))) + 1,
            "Season": season(first) + 1,
        }

    def off(self, days: Days) -> list[int]:
        """How many trading days have no price before that of each day but the first; of many, so many that the weekday
        is right."""
        found, told, length = [], int(self.number(days[:1])[0]), len(self.days)
        for number in self.number(days[1:]).tolist():
            off = max(0, number - told - 1)
            told = max(told + 1, number)
            found.append(off if off <= MAX_OFF else off % length + (MAX_OFF - off % length) // length * length)
        return found


def week_of(days: Days) -> Week | None:
    """The week of daily prices, by their days; None where they are not daily. Few prices may lie on other days."""
    days = np.asarray(days, np.int64)
    if len(days) < 2 or (np.diff(days) < 1).any():
        return None
    for name in sorted(WEEKS, key=lambda name: len(WEEKS[name])):
        week = Week(name)
        numbers = week.number(days[[0, -1]])
        if (~week.holds(days)).mean() > _RARE:
            continue
        if len(days) < _FEW or len(days) >= _DAILY * (numbers[1] - numbers[0]):
            return week
    return None


@functools.cache
def _beginnings() -> dict[tuple[int, int], int]:
    """(week of the year, weekday) -> a day that is so."""
    first = int(np.datetime64("2001-01-01", "D").astype(np.int64))
    found: dict[tuple[int, int], int] = {}
    for day in range(first, first + 28 * 366):  # the calendar repeats itself after 28 years
        found.setdefault((season(day), int(weekday(np.array(day)))), day)
    return found


def beginning(season: int, weekday: int) -> int:
    """A day in that week of some year."""
    return _beginnings()[season, weekday]

"""The day of the next price, from the header and the ids so far, as context."""

from __future__ import annotations

import copy

import numpy as np
import numpy.typing as npt

from seqgen.core.context import Feature
from seqgen.core.vocabulary import Vocabulary
from seqgen.domains.prices.days import WEEKS, Week, beginning, weekday

Ints = npt.NDArray[np.int32]
Numbers = npt.NDArray[np.int64]

_GAPS = 5  # days since the last price that are told apart
_NAMES = tuple(WEEKS)


class Calendar:
    """What ids say of days: their header the week, and the first of them, and each return and day off one more."""

    features = (Feature("weekday", 8), Feature("month", 13), Feature("gap", _GAPS + 1))

    def __init__(self, words: Vocabulary) -> None:
        self.said = {kind: np.full(len(words), -1, np.int64) for kind in ("Week", "Weekday", "Season")}
        for kind, numbers in self.said.items():
            ids = words.of_type(kind)
            numbers[ids] = np.arange(len(ids))  # 0 is unknown
        self.returns, self.passes = words.are("Return"), words.are("Return", "Off")

    def of(self, ids: Numbers) -> Ints:
        """int32 [T + 1, 3]."""
        n = len(ids)
        rows = np.zeros((n + 1, len(self.features)), np.int32)
        header = {}
        for kind, numbers in self.said.items():
            (places,) = np.nonzero(numbers[ids] >= 0)
            if not len(places):
                return rows
            header[kind] = int(numbers[ids[places[-1]]])
            last = int(places[-1])
        week, first = begins(header["Week"], header["Weekday"], header["Season"])
        if week is None:
            return rows
        passed = np.concatenate([[0], np.cumsum(self.passes[ids])])
        priced = np.concatenate([[0], np.maximum.accumulate(np.where(self.returns[ids], passed[1:], 0))])
        told = _rows(week.day(first + 1 + passed), week.day(first + priced))
        rows[last + 1 :] = told[last + 1 :]
        return rows

    def start(self, batch: int) -> CalendarCursor:
        """The same stepped, for a batch."""
        return CalendarCursor(self, batch)


class CalendarCursor:
    """The same for a batch. first: the number of the first trading day, -1 where it is not known."""

    def __init__(self, calendar: Calendar, batch: int) -> None:
        self._calendar = calendar
        self._header = {kind: np.zeros(batch, np.int64) for kind in calendar.said}
        self._week = np.full(batch, -1)
        self._next, self._priced = np.zeros(batch, np.int64), np.zeros(batch, np.int64)

    def advance(self, ids: Numbers) -> None:
        calendar = self._calendar
        passes = calendar.passes[ids]
        if passes.any():
            self._priced = np.where(calendar.returns[ids], self._next, self._priced)
            self._next = self._next + passes
        for kind, numbers in calendar.said.items():
            said = numbers[ids]
            if (said >= 0).any():
                self._header[kind] = np.where(said >= 0, said, self._header[kind])
                if kind == "Season":
                    self._begin(said >= 0)

    def _begin(self, said: npt.NDArray[np.bool_]) -> None:
        self._week, self._next, self._priced = self._week.copy(), self._next.copy(), self._priced.copy()
        for b in np.flatnonzero(said).tolist():
            number, day, season = (int(self._header[kind][b]) for kind in ("Week", "Weekday", "Season"))
            week, first = begins(number, day, season)
            self._week[b] = -1 if week is None else _NAMES.index(week.name)
            self._priced[b], self._next[b] = first, first + 1

    def row(self) -> list[Numbers]:
        rows = np.zeros((len(self._week), len(self._calendar.features)), np.int64)
        for number in np.unique(self._week[self._week >= 0]).tolist():
            these, week = self._week == number, Week(_NAMES[number])
            rows[these] = _rows(week.day(self._next[these]), week.day(self._priced[these]))
        return list(rows.T)

    def fork(self, rows: npt.NDArray[np.integer]) -> CalendarCursor:
        other = copy.copy(self)
        other._header = {kind: values[rows] for kind, values in self._header.items()}
        other._week, other._next, other._priced = self._week[rows], self._next[rows], self._priced[rows]
        return other


def begins(week: int, day: int, season: int) -> tuple[Week | None, int]:
    """The week that header values, counted from 1, say, and the number of the day of the first price; (None, 0) where
    not all is known, or the day is none of the week's."""
    if not (week and day and season) or day - 1 not in WEEKS[_NAMES[week - 1]]:
        return None, 0
    found = Week(_NAMES[week - 1])
    return found, int(found.number(np.array(beginning(season - 1, day - 1))))


def _rows(days: Numbers, before: Numbers) -> Numbers:
    """[N, 3]: of days, each with that of the price before it, the weekday, the month, and how far apart they are."""
    month = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12
    return np.stack([weekday(days) + 1, month + 1, np.minimum(days - before, _GAPS)], axis=1)

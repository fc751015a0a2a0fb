"""What day comes next, where the days of a series are known: by its own pattern."""

from __future__ import annotations

from typing import Any

import numpy as np

from seqgen.domains.prices.calendar import begins
from seqgen.domains.prices.days import Week, week_of
from seqgen.domains.prices.series import Dates

_MONTHS = (27, 32)  # days between prices of monthly data


class Clock:
    """now: datetime64[s] of the last price, to be skipped on. week: of daily prices; else they are `step` seconds
    apart, or so many months."""

    def __init__(self, now: np.datetime64, week: Week | None, step: int = 86_400, months: int = 0) -> None:
        self.now, self._week, self._step, self._months = now, week, step, months

    @classmethod
    def of(cls, dates: Dates | None) -> Clock | None:
        """Of a series with these dates, at the first of them."""
        if dates is None or not len(dates):
            return None
        step, months = 86_400, 0
        if len(dates) > 1:
            step = max(1, int(np.median(np.diff(dates).astype(np.int64))))
            days = step / 86_400
            months = round(days / 30.44) if days > _MONTHS[0] and abs(days / 30.44 % 1 - 0.5) > 0.4 else 0
        return cls(dates[0], week_of(dates.astype("datetime64[D]").astype(np.int64)), step, months)

    @classmethod
    def begins(cls, week: int, day: int, season: int) -> Clock | None:
        """As a header says; None where it does not say all."""
        found, number = begins(week, day, season)
        return None if found is None else cls(_at(int(found.day(np.array(number)))), found)

    def set(self, now: np.datetime64) -> None:
        """It is then."""
        self.now = now

    def skip(self) -> None:
        """On to the next day that may have a price."""
        if self._week is not None:
            day = int(self.now.astype("datetime64[D]").astype(np.int64))
            following = int(self._week.day(self._week.number(np.array(day)) + 1))
            self.now = self.now + np.timedelta64(following - day, "D")
        elif self._months:
            month: Any = self.now.astype("datetime64[M]")
            into = self.now - month.astype("datetime64[s]")
            last = (month + self._months + 1).astype("datetime64[s]") - np.timedelta64(1, "D")
            self.now = min((month + self._months).astype("datetime64[s]") + into, last)
        else:
            self.now = self.now + np.timedelta64(self._step, "s")


def _at(day: int) -> np.datetime64:
    return np.datetime64(day * 86_400, "s")

"""A match up to a moment."""

from __future__ import annotations

import re
from dataclasses import replace
from math import inf

from seqgen.core.errors import UsageError
from seqgen.domains.sports.known import SPORTS
from seqgen.domains.sports.match import Match


def until(match: Match, moment: str) -> Match:
    """The events of a match before a moment: "last" (all), a number of events, or minutes and seconds on the clock that
    goes on from period to period, such as 45:00. Raises UsageError."""
    text = moment.strip().lower()
    if text == "last":
        return match
    clock = re.fullmatch(r"(\d{1,4}):(\d\d)", text)
    if text.isdecimal() and text.isascii() and len(text) < 10:
        n = int(text)
    elif clock:
        n = _before(match, 60.0 * int(clock[1]) + int(clock[2]))
    else:
        raise UsageError(f"{moment!r} is no moment of a match.", "Say last, a number of events, or a time like 45:00.")
    if n > len(match):
        raise UsageError(f"The match has {len(match):,} events, not {n:,}.", "`--at last` is after all of them.")
    return replace(match, events={column: values[:n] for column, values in match.events.items()})


def _before(match: Match, seconds: float) -> int:
    """How many events lie before that time on the clock."""
    begins = SPORTS[match.sport].clock
    times = match.events.get("time", ())
    if not begins or not times:
        raise UsageError(f"{match.sport} has no clock here.", "Say last, or a number of events.")
    for n, (period, time) in enumerate(zip(match.events["period"], times, strict=True)):
        if on_clock(begins, period, time or 0) >= seconds:
            return n
    return len(match)


def on_clock(begins: tuple[float, ...], period: int, time: float) -> float:
    """What the clock shows so many seconds into a period, where it goes on from period to period."""
    k = min(max(1, period), len(begins))
    begun, ends = (*begins, inf)[k - 1 : k + 1]
    return min(begun + time, ends)  # in stoppage time it stands still

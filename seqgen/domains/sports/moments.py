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
        k = min(max(1, period), len(begins))
        begun, ends = (*begins, inf)[k - 1 : k + 1]
        if min(begun + (time or 0), ends) >= seconds:  # in stoppage time the clock stands still
            return n
    return len(match)

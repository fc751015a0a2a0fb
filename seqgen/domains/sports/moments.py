"""A match up to a moment, and its moments."""

from __future__ import annotations

import re
from collections.abc import Sequence
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


def minutes_of(match: Match) -> tuple[list[float], list[tuple[float, str]]]:
    """Minutes played until each event, and where the periods after the first begin: (minutes, "period 2"). Without a
    time, events."""
    begun, now, period = 0.0, 0.0, None
    found, breaks = [], list[tuple[float, str]]()
    times = match.events.get("time", (None,) * len(match))
    for n, (of, time) in enumerate(zip(match.events["period"], times, strict=True)):
        if of != period:
            begun, period = now, of
            breaks += [(begun, f"period {of}")] if n else []
        now = max(now, n if time is None else begun + time / 60)
        found.append(float(now))
    return found, breaks


def marks_of(match: Match, minutes: Sequence[float], sides: Sequence[str]) -> list[tuple[float, int, str]]:
    """When a number of the result that is of one of two sides, such as goals_A, grew: (minutes, side 0 or 1, score)."""
    result = SPORTS[match.sport].result
    if result is None:
        return []

    def score(n: int) -> tuple[float, ...]:
        came = result(until(match, str(n))) if n else {}
        of = [[value for name, value in came.items() if side and name.endswith(f"_{side}")] for side in sides]
        return tuple(float(values[0]) if values and not isinstance(values[0], str) else 0.0 for values in of)

    found: list[tuple[float, int, str]] = []

    def look(begin: int, before: tuple[float, ...], end: int, after: tuple[float, ...]) -> None:
        if before == after:
            return
        if end - begin > 1:
            middle = (begin + end) // 2
            between = score(middle)
            look(begin, before, middle, between)
            look(middle, between, end, after)
            return
        side = max((0, 1), key=lambda k: after[k] - before[k])
        found.append((minutes[end - 1], side, "–".join(f"{value:g}" for value in after)))

    look(0, score(0), len(match), score(len(match)))
    return found

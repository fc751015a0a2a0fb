"""What a match is, for reports and for telling matches that are the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from seqgen.domains.sports.known import SPORTS
from seqgen.domains.sports.match import Match


def identity(match: Match) -> tuple[str, ...]:
    """Two hashes: of all events, and of what happened whoever played (what slots say but for actors)."""
    slots = SPORTS[match.sport].slots
    said = [slot.column for slot in slots if slot.values or slot.grid] + [slot.across for slot in slots if slot.grid]
    return _hash(match, list(match.events)), _hash(match, said)


def _hash(match: Match, columns: list[str]) -> str:
    found = hashlib.sha256(match.sport.encode())
    for column in columns:
        values = match.events[column]
        found.update(repr((column, values.table)).encode("utf-8", "surrogatepass"))
        found.update(values.codes.astype("<u4").tobytes())
    return found.hexdigest()[:32]


def date(match: Match) -> str:
    """Sorts matches by their day, those of one day by their name; empty without a date."""
    return f"{match.about['date']} {match.about['match']}" if match.about["date"] else ""


def describe(match: Match) -> Iterable[Mapping[str, Any]]:
    """One row an event."""
    return match.rows()

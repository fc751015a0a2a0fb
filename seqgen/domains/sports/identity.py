"""What a match is, for reports and for telling matches that are the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from seqgen.core.files import sha256, to_json
from seqgen.domains.sports.known import SPORTS
from seqgen.domains.sports.match import Match


def identity(match: Match) -> tuple[str, ...]:
    """Two hashes: of all events, and of what happened whoever played (what slots say but for actors)."""
    slots = SPORTS[match.sport].slots
    said = [slot.column for slot in slots if slot.values or slot.grid] + [slot.across for slot in slots if slot.grid]
    happened = {column: match.events[column] for column in said}
    return tuple(sha256(to_json([match.sport, columns]))[:32] for columns in (dict(match.events), happened))


def date(match: Match) -> str:
    """Sorts matches by their day, those of one day by their name; empty without a date."""
    return f"{match.about['date']} {match.about['match']}" if match.about["date"] else ""


def describe(match: Match) -> Iterable[Mapping[str, Any]]:
    """One row an event."""
    return match.rows()

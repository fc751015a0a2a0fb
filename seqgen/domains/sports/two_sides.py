"""What two sides on a clock have in common: what their logs leave out, and who has how many points."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from seqgen.domains.sports.sport import NONE, SAME, Row

if TYPE_CHECKING:
    from seqgen.domains.sports.match import Match

HOME, AWAY = "home", "away"
VENUES = (NONE, HOME, AWAY)


def filler(points: Callable[[Row], int]) -> Callable[[], Callable[[Row], None]]:
    """What completes the events of a match: seconds since the event before (since the period began, for its first), or
    else the time; where who acts plays, once that is said of one side; and the score before it, if it is not said.

    points: of an event, for who acts.
    """

    def begin() -> Callable[[Row], None]:
        period, clock = None, 0.0
        known: tuple[str, str] | None = None  # a side, and where it plays
        scores: Counter[str] = Counter()

        def complete(row: Row) -> None:
            nonlocal period, clock, known
            if row["period"] != period:
                period, clock = row["period"], 0.0
            if row["time"] is None:
                row["gap"] = max(0.0, row["gap"] or 0.0)
                row["time"] = clock + row["gap"]
            else:
                row["gap"] = round(max(0.0, row["time"] - clock), 3)
            clock = row["time"]
            if known is None and row["venue"] in (HOME, AWAY):
                known = row["team"], row["venue"]
            row["venue"] = _venue(known, row["team"])
            team = row["team"]
            row["score"] = scores[team] if row["score"] is None else row["score"]
            others = scores.total() - scores[team]
            row["opponent_score"] = others if row["opponent_score"] is None else row["opponent_score"]
            scores[team] += points(row)

        return complete

    return begin


def _venue(known: tuple[str, str] | None, team: str) -> str:
    if known is None:
        return ""
    return known[1] if team == known[0] else AWAY if known[1] == HOME else HOME


class Sides:
    """Whose turn it is as ids go by, of sides 1 and 2, where they play, and what they have scored."""

    def __init__(self) -> None:
        self.period, self.side, self.home = 0, 1, 0
        self.scores = {1: 0, 2: 0}

    def take(self, kind: str, value: str) -> None:
        """An id: its type, and the value after the underscore."""
        if kind == "Start":
            self.period, self.side = self.period + 1, int(value)
        elif kind == "Venue":
            self.home = 0 if value == NONE else self.side if value == HOME else 3 - self.side
        elif kind == "Team":
            self.side = self.side if value == SAME else 3 - self.side

    def of(self, side: int) -> int:
        """0 where that is not known, 1 for who acted last, 2 for the others."""
        return 0 if not side else 1 if side == self.side else 2

    def lead(self, most: int) -> int:
        """Of who acted last, from -most to most, counted from 0."""
        return max(-most, min(most, self.scores[self.side] - self.scores[3 - self.side])) + most


def tally(match: Match, columns: tuple[str, ...], points: Callable[[Row], int]) -> Counter[str]:
    """What the events of each side add up to; sides with nothing are there, too."""
    found = Counter[str](dict.fromkeys(match.events["team"], 0))
    for values in zip(*(match.events[c] for c in ("team", *columns)), strict=True):
        row = dict(zip(columns, values[1:], strict=True))
        found[values[0]] += points(row)
    return found


def winner(points: Counter[str], level: str) -> str:
    """Who has most; `level` where two do."""
    best = points.most_common(2)
    return level if len({n for _, n in best}) < 2 else best[0][0]

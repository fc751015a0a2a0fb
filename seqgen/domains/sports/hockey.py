"""Ice hockey: what its logs hold, what an event says in ids, what is counted.

An event says first what is done, so that this is predicted from what was logged before and from nothing of the event
itself; of a shot then who takes it, with how many on the ice, when and from where, and last what came of it. That play
stops is said by the faceoff that follows, since the clock stands still and a stoppage is nobody's.
"""

from __future__ import annotations

from bisect import bisect
from typing import TYPE_CHECKING, ClassVar

from seqgen.domains.sports.memory import Last
from seqgen.domains.sports.sport import CORE, NONE, OTHER, Column, Grid, Label, Row, Slot, Sport
from seqgen.domains.sports.two_sides import VENUES, Sides, filler, tally, winner

if TYPE_CHECKING:
    from seqgen.domains.sports.match import Match

FACEOFF, SHOT, SHOOT_OUT, PENALTY = "faceoff", "shot", "shoot-out shot", "penalty"
ACTIONS = (FACEOFF, SHOT, "hit", "giveaway", "takeaway", PENALTY, "delayed penalty", SHOOT_OUT, OTHER)
GOAL, SAVED, MISSED, BLOCKED = "goal", "saved", "missed", "blocked"
OUTCOMES = (NONE, GOAL, SAVED, MISSED, BLOCKED, "2 min", "4 min", "5 min", "10 min", OTHER)
REASONS = (NONE, "goalie stopped", "icing", "offside", "out of play", "hand pass", "high stick", "timeout", OTHER)
KINDS = (NONE, "wrist", "slap", "snap", "backhand", "tip-in", "deflected", "wrap-around", OTHER)
STRENGTHS = (
    NONE, "5v5", "5v4", "4v5", "4v4", "3v3", "5v3", "3v5", "6v5", "5v6", "4v3", "3v4", "6v4", "4v6", OTHER,
)  # fmt: skip
GAPS = (*range(21), 22, 24, 26, 28, 30, 33, 36, 40, 45, 50, 55, 60, 70, 80, 100, 120)  # seconds
# The same from both ends and both sides; no faceoff spot (at 0, 20 and 69 along, at 0 and 22 across) lies on an edge.
RINK = Grid(
    (-100, -89, -82, -74, -64, -54, -44, -34, -25, -10, 10, 25, 34, 44, 54, 64, 74, 82, 89, 100),
    (-42.5, -30, -15, -5, 5, 15, 30, 42.5),
    mirrored=True,
)
_ELAPSED = (60, 120, 180, 240, 270, 290, 300, 420, 600, 780, 960, 1020, 1080, 1120, 1140, 1160, 1180, 1190, 1197)
_PLAYED = (1, 2, 3, 4, 6, 8, 10, 13, 16, 20, 25, 30, 40, 50, 65, 80, 100, 130, 180)
_LEAD = 5


def points(row: Row) -> int:
    """Of an event, for who acts: goals, without those of a shoot-out."""
    return int(row["outcome"] == GOAL and row["action"] != SHOOT_OUT)


class HockeyCounters(Sides):
    """The state of a match between two ids, as who acted last sees it.

    play: what was done last, and what came of it. lead: from -5 to 5. elapsed: of the period, in steps of seconds, fine
    at the ends of periods and of overtime. played: since the last faceoff, in steps of seconds.
    """

    sizes: ClassVar = {
        "period": 6, "venue": 3, "play": len(ACTIONS) * len(OUTCOMES) + 1, "lead": 2 * _LEAD + 1,
        "elapsed": len(_ELAPSED) + 1, "played": len(_PLAYED) + 1,
    }  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.action, self.outcome = "", NONE
        self.elapsed = self.played = 0

    def take(self, kind: str, value: str) -> None:
        super().take(kind, value)
        if kind == "Start":
            self.elapsed = self.played = 0
        elif kind == "Action":
            self.action, self.outcome = value, NONE
        elif kind == "Gap":
            self.elapsed += int(value)
            self.played = 0 if self.action == FACEOFF else self.played + int(value)
        elif kind == "Outcome":
            self.outcome = value
            self.scores[self.side] += points({"action": self.action, "outcome": value})

    def row(self) -> list[int]:
        return [
            min(5, self.period),
            self.of(self.home),
            1 + ACTIONS.index(self.action) * len(OUTCOMES) + OUTCOMES.index(self.outcome) if self.action else 0,
            self.lead(_LEAD),
            bisect(_ELAPSED, self.elapsed),
            bisect(_PLAYED, self.played),
        ]


def result(match: Match) -> dict[str, float | str]:
    """Of each side its goals, without those of a shoot-out, and who won: a shoot-out decides a draw."""
    columns = ("action", "outcome")
    goals = tally(match, columns, points)
    shot = tally(match, columns, lambda row: row["outcome"] == GOAL and row["action"] == SHOOT_OUT)
    best = winner(goals, "draw")
    return {**{f"goals_{team}": n for team, n in goals.items()}, "winner": winner(shot, best)}


def _along(cell: str) -> int:
    return 1 if cell == NONE else int(cell.split("_", maxsplit=1)[0]) + 2


hockey = Sport(
    name="hockey",
    columns={
        "match": CORE["match"],
        "date": CORE["date"],
        "season": Column("text", "the year in which it begins"),
        "period": Column("whole", "1 to 3, then overtime; 5 a shoot-out", required=True),
        "time": CORE["time"],
        "gap": Column("number", "seconds since the event before, in the period"),
        "team": Column(
            "text", "who acts; of a faceoff, who wins it, of a shot that is blocked, who shoots", required=True
        ),
        "venue": Column("text", "where who acts plays: home or away"),
        "player": CORE["player"],
        "action": Column("text", ", ".join(ACTIONS), required=True),
        "reason": Column("text", "why play had stopped before a faceoff: " + ", ".join(REASONS[1:])),
        "strength": Column("text", "skaters on the ice, those of who acts first, as in 5v4"),
        "x": Column("number", "feet from the centre line towards the other side's goal, -100 to 100"),
        "y": Column("number", "feet from the middle towards the left of who attacks, -42.5 to 42.5"),
        "kind": Column("text", "of shot: " + ", ".join(KINDS[1:])),
        "outcome": Column("text", f"{GOAL}, {SAVED}, {MISSED}, {BLOCKED} of a shot, as in 2 min of a penalty"),
        "score": CORE["score"],
        "opponent_score": CORE["opponent_score"],
    },
    order=("period", "time"),
    labels=(Label("Season", "season", ordered=True),),
    slots=(
        Slot("Start", "team", numbered=2, within="match", on="period"),
        Slot("Venue", "venue", values=VENUES, on="period"),
        Slot("Action", "action", values=ACTIONS),
        Slot("Reason", "reason", values=REASONS, after=(FACEOFF,)),
        Slot("Team", "team", relative=True),
        Slot("Strength", "strength", values=STRENGTHS),
        Slot("Gap", "gap", values=tuple(map(str, GAPS))),
        Slot("Place", "x", across="y", grid=RINK),
        Slot("Kind", "kind", values=KINDS, after=(SHOT, SHOOT_OUT)),
        Slot("Outcome", "outcome", values=OUTCOMES, after=(SHOT, SHOOT_OUT, PENALTY)),
    ),
    main="Action",
    filler=filler(points),
    counters=HockeyCounters,
    memory=(
        Last("action2", "Action", 2),
        Last("action3", "Action", 3),
        Last("team", "Team"),
        Last("team2", "Team", 2),
        Last("reason", "Reason"),
        Last("strength", "Strength"),
        Last("gap", "Gap"),
        Last("place", "Place"),
        Last("along", "Place", said=_along),
    ),
    backoff=("play", "along"),
    result=result,
    points=lambda event: (points(event), 0),
    clock=(0, 1200, 2400, 3600, 4800, 6000, 7200),
)

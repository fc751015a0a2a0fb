"""Basketball: what its logs hold, what an event says in ids, what is counted.

An event says first what is done, so that this is predicted from what was logged before and from nothing of the event
itself; of a shot then who takes it, when and from how far, and last whether it went in.
"""

from __future__ import annotations

from bisect import bisect
from typing import TYPE_CHECKING, ClassVar

from seqgen.domains.sports.memory import Last
from seqgen.domains.sports.sport import CORE, NONE, OTHER, Column, Label, Row, Slot, Sport
from seqgen.domains.sports.two_sides import VENUES, Sides, filler, tally, winner

if TYPE_CHECKING:
    from seqgen.domains.sports.match import Match

THREE, THROW = "three", "free throw"
TWOS = ("layup", "dunk", "hook shot", "jump shot")
SHOTS = (*TWOS, THREE)
OFFENSIVE, DEFENSIVE = "offensive rebound", "defensive rebound"
TURNOVERS = ("bad pass", "lost ball", "traveling", "turnover")
CHARGE, TECHNICAL = "offensive foul", "technical foul"
TEAM_FOULS = ("foul", "shooting foul", "loose ball foul", "flagrant foul")  # those that bring free throws in the end
ACTIONS = (
    *SHOTS, THROW, OFFENSIVE, DEFENSIVE, *TURNOVERS, *TEAM_FOULS, CHARGE, TECHNICAL, "violation", "jump ball",
    "timeout", OTHER,
)  # fmt: skip
MADE, MISSED, BLOCKED, STOLEN = "made", "missed", "blocked", "stolen"
OUTCOMES = (NONE, MADE, MISSED, BLOCKED, STOLEN, OTHER)
THROWS = (NONE, "1 of 1", "1 of 2", "2 of 2", "1 of 3", "2 of 3", "3 of 3", "technical", OTHER)
FEET = (0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 14, 16, 18, 20, 22, 23, 24, 25, 26, 27, 28, 30, 35, 45, 60)
GAPS = (*range(26), 28, 30, 33, 36, 40, 45, 50, 60, 75, 90)  # seconds; nearly every possession is told to the second
QUARTER, OVERTIME = 720, 300  # seconds
_LEFT = (1, 2, 3, 4, 6, 8, 12, 18, 24, 28, 32, 36, 42, 50, 60, 75, 90, 120, *range(180, QUARTER, 60))
_HELD = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 18, 20, 21, 22, 23, 24, 25)
_LEAD = 20
_BONUS = 5  # fouls of a side in a period


def points(row: Row) -> int:
    """Of an event, for who acts."""
    if row["outcome"] != MADE:
        return 0
    return 3 if row["action"] == THREE else 2 if row["action"] in TWOS else int(row["action"] == THROW)


class BasketballCounters(Sides):
    """The state of a match between two ids, as who acted last sees it.

    play: what was done last, and what came of it. lead: from -20 to 20. left: of the period, in steps of seconds, as it
    is in the NBA. ball: 1 who acted last has it, 2 the others. held: for how long, in steps of seconds. fouls,
    their_fouls: of the sides in the period, up to the fifth, which brings free throws. due: free throws to come.
    """

    sizes: ClassVar = {
        "period": 7, "venue": 3, "play": len(ACTIONS) * len(OUTCOMES) + 1, "lead": 2 * _LEAD + 1,
        "left": len(_LEFT) + 1, "ball": 3, "held": len(_HELD) + 1, "fouls": _BONUS + 1, "their_fouls": _BONUS + 1,
        "due": 3,
    }  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.action, self.outcome, self.throw = "", NONE, ""
        self._begin()

    def _begin(self) -> None:
        self.elapsed = self.held = self.ball = self.due = 0
        self.fouls = {1: 0, 2: 0}

    def take(self, kind: str, value: str) -> None:
        super().take(kind, value)
        if kind == "Start":
            self._begin()
        elif kind == "Action":
            self.action, self.outcome = value, NONE
        elif kind == "Gap":
            self.elapsed, self.held = self.elapsed + int(value), self.held + int(value)
            self._done()
        elif kind == "Throw":
            self.throw = value
            self.due = max(0, int(value[-1]) - int(value[0])) if value[-1].isdecimal() else self.due
        elif kind == "Outcome":
            self.outcome = value
            self._came_of_it()

    def _done(self) -> None:
        if self.action in TEAM_FOULS:
            self.fouls[self.side] += 1
        elif self.action in (*TURNOVERS, CHARGE):
            self._gains(3 - self.side)
        elif self.action in (OFFENSIVE, DEFENSIVE, "jump ball"):
            self._gains(self.side)
        elif self.action in SHOTS:
            self.ball = self.side

    def _came_of_it(self) -> None:
        if self.outcome == MADE:
            self.scores[self.side] += points({"action": self.action, "outcome": MADE})
        last = self.action == THROW and not self.due and self.throw != "technical"
        if self.outcome == MADE and (self.action in SHOTS or last):
            self._gains(3 - self.side)

    def _gains(self, side: int) -> None:
        self.ball, self.held = side, 0

    def row(self) -> list[int]:
        played = OVERTIME if self.period > 4 else QUARTER
        return [
            min(6, self.period),
            self.of(self.home),
            1 + ACTIONS.index(self.action) * len(OUTCOMES) + OUTCOMES.index(self.outcome) if self.action else 0,
            self.lead(_LEAD),
            bisect(_LEFT, max(0, played - self.elapsed)),
            self.of(self.ball),
            bisect(_HELD, self.held),
            min(_BONUS, self.fouls[self.side]),
            min(_BONUS, self.fouls[3 - self.side]),
            self.due,
        ]


def result(match: Match) -> dict[str, float | str]:
    """Of each side its points, and who won."""
    found = tally(match, ("action", "outcome"), points)
    return {**{f"points_{team}": n for team, n in found.items()}, "winner": winner(found, "tie")}


basketball = Sport(
    name="basketball",
    columns={
        "match": CORE["match"],
        "date": CORE["date"],
        "season": Column("text", "the year in which it begins"),
        "period": Column("whole", "1 to 4 the quarters, then overtime", required=True),
        "time": CORE["time"],
        "gap": Column("number", "seconds since the event before, in the period"),
        "team": Column("text", "who acts; of a jump ball, who gets it", required=True),
        "venue": Column("text", "where who acts plays: home or away"),
        "player": CORE["player"],
        "action": Column("text", ", ".join(ACTIONS), required=True),
        "distance": Column("number", "feet from the basket, of a shot"),
        "throw": Column("text", f"which free throw it is: {', '.join(t for t in THROWS if t not in (NONE, OTHER))}"),
        "outcome": Column("text", f"{MADE}, {MISSED} or {BLOCKED} of a shot, {STOLEN} of a ball that is lost"),
        "score": CORE["score"],
        "opponent_score": CORE["opponent_score"],
    },
    order=("period", "time"),
    labels=(Label("Season", "season", ordered=True),),
    slots=(
        Slot("Start", "team", numbered=2, within="match", on="period"),
        Slot("Venue", "venue", values=VENUES, on="period"),
        Slot("Action", "action", values=ACTIONS),
        Slot("Team", "team", relative=True),
        Slot("Gap", "gap", values=tuple(map(str, GAPS))),
        Slot("Distance", "distance", values=(*map(str, FEET), NONE), after=SHOTS),
        Slot("Throw", "throw", values=THROWS, after=(THROW,)),
        Slot("Outcome", "outcome", values=OUTCOMES, after=(*SHOTS, THROW, *TURNOVERS)),
    ),
    main="Action",
    filler=filler(points),
    counters=BasketballCounters,
    memory=(
        Last("action2", "Action", 2),
        Last("action3", "Action", 3),
        Last("team", "Team"),
        Last("team2", "Team", 2),
        Last("gap", "Gap"),
        Last("distance", "Distance"),
        Last("throw", "Throw"),
    ),
    backoff=("play", "due", "throw", "ball"),
    result=result,
    points=lambda event: (points(event), 0),
    clock=tuple(map(float, (0, 720, 1440, 2160, 2880, 3180, 3480, 3780))),
)

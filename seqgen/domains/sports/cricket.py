"""Cricket of limited overs: what its logs hold, what a delivery says in ids, what is counted.

An innings has overs, an over deliveries, usually six that are legal. Umpires miscount, so that overs of five and seven
balls are in the logs, and innings end for rain. So what ends when is counted for the model to see; what is required is
only which kinds of ids follow each other.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from seqgen.domains.sports.sport import CORE, OTHER, Column, Label, Row, Slot, Sport

if TYPE_CHECKING:
    from seqgen.domains.sports.match import Match

RUNS = tuple(str(n) for n in range(7))
WIDE, NO_BALL, BYE, WICKET = "wide", "noball", "bye", "wicket"
OUTCOMES = (*RUNS, WIDE, NO_BALL, BYE, WICKET, OTHER)
HOW = (
    "caught", "bowled", "lbw", "run out", "stumped", "caught and bowled", "hit wicket", "retired hurt", OTHER,
)  # fmt: skip
NOT_OUT = ("retired hurt", "retired not out")
_PLAYERS = 11
_OVERS = 50  # that are told apart
_SUPER = 2  # innings; those after them are of one over


def filler() -> Callable[[Row], None]:
    """The season, runs of a plain delivery, kinds of extras, and the number of the ball where it is not said."""
    before, ball = None, 0

    def complete(row: Row) -> None:
        nonlocal before, ball
        ball = ball + 1 if before == (row["period"], row["over"]) else 1
        before = (row["period"], row["over"])
        row["season"] = row["season"] or row["date"][:4]
        row["ball"] = ball if row["ball"] is None else row["ball"]
        outcome = row["outcome"]
        if row["runs"] is None:
            row["runs"] = int(outcome) if outcome in RUNS else int(outcome in (WIDE, NO_BALL, BYE))
        if outcome in (WIDE, NO_BALL, BYE):
            row["extra"] = outcome
        elif outcome != WICKET:
            row["extra"] = ""
        if outcome != WICKET:
            row["how"] = ""
        elif row["how"] not in HOW:
            row["how"] = OTHER

    return complete


class CricketCounters:
    """The state of a match between two ids.

    ball: legal ones of the present over. rate: half runs an over of the innings. recent: half runs of twelve balls.
    chase: two thirds of the runs an over that are needed. needed, left: runs and balls, near the end. faced, scored,
    bowled, conceded: balls, and rate by balls, of the batter and the bowler. last: two outcomes. own: the batter's last
    outcome. strike: who should face by the runs taken. over_since: whether by the rules the innings has ended.
    """

    sizes: ClassVar = {
        "innings": 5, "over": _OVERS + 2, "ball": 9, "wickets": 11, "rate": 24, "recent": 16, "chase": 26, "needed": 26,
        "left": 26, "batter": _PLAYERS + 1, "faced": 14, "scored": 100, "bowler": _PLAYERS + 1, "bowled": 26,
        "conceded": 90, "last": 169, "own": 14, "strike": _PLAYERS + 1, "over_since": 4,
    }  # fmt: skip

    def __init__(self) -> None:
        self.innings, self.overs = 0, 20
        self._begin(0)

    def _begin(self, target: int) -> None:
        self.target = target
        self.runs = self.wickets = self.balls = self.over = self.ball = self.batter = self.bowler = 0
        self.strike, self.other = 0, 0
        self.batters: dict[int, list[int]] = {}  # balls, runs, last outcome
        self.bowlers: dict[int, list[int]] = {}
        self.last = [12, 12]
        self.recent: deque[int] = deque(maxlen=12)
        self.outcome = ""

    def __deepcopy__(self, memo: object) -> CricketCounters:
        """Paths fork at every prediction, and what copy does by itself takes ten times as long."""
        other = CricketCounters.__new__(CricketCounters)
        other.__dict__ |= self.__dict__
        other.batters = {number: counts.copy() for number, counts in self.batters.items()}
        other.bowlers = {number: counts.copy() for number, counts in self.bowlers.items()}
        other.recent = self.recent.copy()
        return other

    def take(self, kind: str, value: str) -> None:
        if kind == "Overs":
            self.overs = int(value) if value.isdecimal() else 20
        elif kind == "Side":
            self.innings += 1
            self._begin(0 if self.innings % 2 else self.runs + 1)
        elif kind == "Bowler":
            self.over, self.ball, self.bowler = self.over + 1, 0, int(value)
            if self.over > 1:
                self.strike, self.other = self.other, self.strike
        elif kind == "Batter":
            self._faces(int(value))
        elif kind == "Outcome":
            self._delivery(value)
        elif kind == "Runs":
            self._score(int(value), self.outcome)
        elif kind == "How" and value in NOT_OUT:
            self.wickets -= self.wickets > 0
        elif kind == "Extra" and value in (WIDE, NO_BALL):
            self.balls, self.ball = max(0, self.balls - 1), max(0, self.ball - 1)

    def _faces(self, batter: int) -> None:
        if batter != self.strike:
            self.other = self.strike or self.other
        self.batter = self.strike = batter

    def _delivery(self, outcome: str) -> None:
        self.outcome = outcome
        legal = outcome not in (WIDE, NO_BALL)
        self.balls, self.ball = self.balls + legal, self.ball + legal
        code = OUTCOMES.index(outcome)
        self.last = [code, self.last[0]]
        mine = self.batters.setdefault(self.batter, [0, 0, 0])
        mine[0], mine[2] = mine[0] + (outcome != WIDE), code + 1
        self.bowlers.setdefault(self.bowler, [0, 0])[0] += legal
        if outcome in RUNS:
            self._score(int(outcome), outcome)
        elif outcome == WICKET:
            self.wickets = min(10, self.wickets + 1)

    def _score(self, runs: int, outcome: str) -> None:
        self.runs += runs
        self.recent.append(runs)
        ran = runs - 1 if outcome in (WIDE, NO_BALL) else runs
        if outcome not in (WIDE, BYE):
            self.batters.setdefault(self.batter, [0, 0, 0])[1] += max(0, ran)
        if outcome != BYE:
            self.bowlers.setdefault(self.bowler, [0, 0])[1] += runs
        if outcome == WICKET:
            self.strike = 0  # whoever comes, or has crossed
        elif ran % 2:
            self.strike, self.other = self.other, self.strike

    def row(self) -> list[int]:
        allowed = 6 * (self.overs if self.innings <= _SUPER else 1)
        left = max(0, allowed - self.balls)
        need = max(0, self.target - self.runs)
        chasing = self.target > 0
        mine = self.batters.get(self.batter, (0, 0, 0))
        theirs = self.bowlers.get(self.bowler, (0, 0))
        faced = _grade(mine[0])
        return [
            min(self.innings, 4),
            min(self.over, _OVERS + 1),
            min(self.ball + 1 if self.over else 0, 8),
            self.wickets,
            min(23, 12 * self.runs // self.balls) if self.balls else 0,
            min(15, sum(self.recent) // 2),
            min(25, 1 + (9 * need // max(1, left))) if chasing else 0,
            min(25, 1 + need) if chasing and left <= 24 else 0,
            1 + left if left <= 24 else 0,
            self.batter,
            faced,
            10 * min(9, faced) + min(9, 4 * mine[1] // mine[0] if mine[0] else 0),
            self.bowler,
            min(25, theirs[0]),
            10 * min(8, theirs[0] // 3) + min(9, 4 * theirs[1] // theirs[0] if theirs[0] else 0),
            13 * self.last[0] + self.last[1],
            mine[2],
            self.strike,
            (left == 0) + 2 * (self.wickets >= 10 or (chasing and need == 0)),
        ]


def result(match: Match) -> dict[str, float | str]:
    """Of each innings its runs and wickets, and who won: a super over decides what is tied."""
    runs, wickets, teams = Counter[int](), Counter[int](), dict[int, str]()
    columns = ("period", "team", "runs", "outcome", "how")
    for period, team, n, outcome, how in zip(*(match.events[c] for c in columns), strict=True):
        teams[period] = team
        runs[period] += n
        wickets[period] += outcome == WICKET and how not in NOT_OUT
    found: dict[str, float | str] = {}
    for period in sorted(teams):
        found |= {f"runs_{period}": runs[period], f"wickets_{period}": wickets[period]}
    winner = "tie"
    for first in sorted({period - (period - 1) % 2 for period in teams if period}):  # a log may number them as it likes
        if runs[first] != runs[first + 1]:
            winner = teams.get(first if runs[first] > runs[first + 1] else first + 1, "")
    return {**found, "winner": winner}


_GRADES = (0, 1, 2, 3, 4, 6, 8, 11, 15, 20, 28, 40, 60)


def _grade(balls: int) -> int:
    return next((i for i, most in enumerate(_GRADES) if balls <= most), len(_GRADES))


cricket = Sport(
    name="cricket",
    columns={
        "match": CORE["match"],
        "date": CORE["date"],
        "gender": Column("text", "male or female"),
        "competition": Column("text", "such as IPL"),
        "season": Column("text", "the year"),
        "overs": Column("text", "of an innings: 20, 50"),
        "period": Column("whole", "the innings, from 1; 3 and 4 are a super over", required=True),
        "over": Column("whole", "from 0", required=True),
        "ball": Column("whole", "within the over, from 1"),
        "team": Column("text", "who bats", required=True),
        "player": Column("text", "who faces the ball"),
        "bowler": Column("text", "who bowls it"),
        "outcome": Column("text", f"{', '.join(OUTCOMES)}: runs off the bat, or what it was otherwise", required=True),
        "runs": Column("whole", "all runs of the delivery"),
        "extra": Column("text", "wide, noball or bye (also leg bye), beside a wicket too"),
        "how": Column("text", "of a wicket: caught, bowled, run out …"),
    },
    order=("period", "over", "ball"),
    labels=(
        Label("Gender", "gender"),
        Label("Competition", "competition"),
        Label("Season", "season", ordered=True),
        Label("Overs", "overs"),
    ),
    slots=(
        Slot("Side", "team", numbered=2, within="match", on="period"),
        Slot("Bowler", "bowler", numbered=_PLAYERS, on="over", first=0),
        Slot("Batter", "player", numbered=_PLAYERS),
        Slot("Outcome", "outcome", values=OUTCOMES),
        Slot("Runs", "runs", values=(*RUNS, "7"), after=(WIDE, NO_BALL, BYE, WICKET, OTHER)),
        Slot("How", "how", values=HOW, after=(WICKET,)),
        Slot("Extra", "extra", values=("none", WIDE, NO_BALL, BYE), after=(WICKET,)),
    ),
    main="Outcome",
    filler=filler,
    counters=CricketCounters,
    backoff=("over", "wickets", "batter", "faced"),
    result=result,
    names={n: f"{n} run{'s' * (n != '1')}" for n in RUNS},
    points=lambda event: (event["runs"], 0),
)

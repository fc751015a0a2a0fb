"""American football: what its logs hold, what a play says in ids, what is remembered.

A play says first the situation at the snap: who has the ball, down, distance, where the ball lies, and the seconds
since the snap before. Most of it follows from the plays before, but not all: kicks are returned, penalties enforced. It
is said to predict the play from. Then the play is said, and what comes of it. Yard lines are counted in yards to the
goal line that whoever has the ball wants to cross.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from typing import TYPE_CHECKING

from seqgen.domains.sports.downs import Downs
from seqgen.domains.sports.memory import Last, Lead, Total
from seqgen.domains.sports.sport import CORE, NONE, OTHER, SAME, Column, Label, Row, Slot, Sport
from seqgen.domains.sports.two_sides import winner

if TYPE_CHECKING:
    from seqgen.domains.sports.match import Match

RUN, PASS, PUNT, FIELD_GOAL, KICKOFF = "run", "pass", "punt", "field goal", "kickoff"
EXTRA_POINT, TWO_POINT, KNEEL, SPIKE, PENALTY = "extra point", "two-point", "kneel", "spike", "penalty"
PLAYS = (RUN, PASS, PUNT, FIELD_GOAL, KICKOFF, EXTRA_POINT, TWO_POINT, KNEEL, SPIKE, PENALTY, OTHER)
OUTCOMES = (
    NONE, "complete", "incomplete", "intercepted", "sack", "scramble", "made", "good", "success", "missed", "failed",
    "blocked", "taken back", "returned", "touchback", "fair catch", "out of bounds", "downed", "recovered",
)  # fmt: skip
FIRST_DOWN, TOUCHDOWN, THEIR_TOUCHDOWN, TURNOVER = "first down", "touchdown", "opponent touchdown", "turnover"
ON_DOWNS, SAFETY = "turnover on downs", "safety"
RESULTS = (NONE, FIRST_DOWN, TOUCHDOWN, THEIR_TOUCHDOWN, TURNOVER, ON_DOWNS, SAFETY)
WHERE = (
    NONE, "short left", "short middle", "short right", "deep left", "deep middle", "deep right", "left end",
    "left tackle", "left guard", "middle", "right guard", "right tackle", "right end",
)  # fmt: skip
LENGTH = 100
_TO_GO = (NONE, *map(str, range(1, 31)), "35", "40")
_YARDS = tuple(map(str, (-30, -25, -20, *range(-15, 31), 35, 40, 45, 50, 55, 60, 65, 70, 80, 90)))
_GAPS = tuple(map(str, (*range(51), 55, 60, 70, 80, 100, 120, 180, 300)))
_SCRIMMAGE = (RUN, PASS)
_TRIES = (EXTRA_POINT, TWO_POINT)  # after a touchdown
_OUTCOME_OF = (PASS, PUNT, FIELD_GOAL, KICKOFF, *_TRIES)
_RESULT_OF = tuple(play for play in PLAYS if play not in _TRIES)
_YARDS_OF = (*_SCRIMMAGE, PUNT, KICKOFF, KNEEL, PENALTY)
# For the side with the ball, below 0 for the others: of results, and of outcomes of a field goal and of tries.
POINTS = {TOUCHDOWN: 6, THEIR_TOUCHDOWN: -6, SAFETY: -2, "made": 3, "good": 1, "success": 2, "taken back": -2}


def filler() -> Callable[[Row], None]:
    """Numbers of plays, time and the seconds between snaps, the score, and nothing where a play says nothing."""
    before: Row = {}
    scores: Counter[str] = Counter()
    n = 0

    def complete(row: Row) -> None:
        nonlocal before, n
        n += 1
        row["play"] = n
        goes_on = before.get("period") == row["period"]
        last = before["time"] if goes_on else 0.0
        row["time"] = last + (row["gap"] or 0.0) if row["time"] is None else row["time"]
        row["gap"] = round(max(0.0, row["time"] - last), 3)
        play = row["action"]
        _known(row)
        row["down"] = min(row["down"] or 0, 4)
        row["to_go"] = row["to_go"] or None
        row["yard_line"] = None if row["yard_line"] is None else min(max(row["yard_line"], 1), LENGTH - 1)
        row["yards"] = (row["yards"] or 0.0) if play in _YARDS_OF else None
        ours, theirs = row["team"], sum(points for team, points in scores.items() if team != row["team"])
        other = next((team for team in (row["one"], row["two"], *scores) if team not in ("", ours)), "")
        row["score"] = scores[ours] if row["score"] is None else row["score"]
        row["opponent_score"] = theirs if row["opponent_score"] is None else row["opponent_score"]
        points = worth(row["outcome"], row["result"])
        scores.clear()
        scores[ours], scores[other] = row["score"] + max(points, 0), row["opponent_score"] + max(-points, 0)
        before = row

    return complete


def _known(row: Row) -> None:
    """Only what can be said of the play is said."""
    for column, plays, values in (
        ("where", _SCRIMMAGE, WHERE),
        ("outcome", _OUTCOME_OF, OUTCOMES),
        ("result", _RESULT_OF, RESULTS),
    ):
        if row["action"] not in plays or row[column] not in values[1:]:
            row[column] = ""


def ahead(rows: list[Row]) -> None:
    """Who the teams are, and which is at home: what any row says, all say. Rows may name the team at home."""
    one, two, home = (next((row[c] for row in rows if row[c]), "") for c in ("one", "two", "home"))
    if one != two:
        called = {"Start 1": one or "Start 1", "Start 2": two or "Start 2"}  # what ids call them
        for row in rows:
            row["team"] = called.get(row["team"], row["team"])
    teams = list(dict.fromkeys(row["team"] for row in rows))
    one = one or next(iter(teams), "")
    two = two or next((team for team in teams if team != one), "")
    home = {one: "one", two: "two"}.get(home, home)
    for row in rows:
        row["one"], row["two"], row["home"] = one, two, home


def season(day: str) -> tuple[str, str]:
    """(the season of a day given as YYYY-MM-DD, its stage). The season proper begins after the first Monday of
    September. Nothing is known of what is no such day."""
    try:
        on = date.fromisoformat(day)
    except ValueError:
        return "", ""
    first = date(on.year, 9, 1)
    labor_day = first + timedelta(days=-first.weekday() % 7)
    return str(on.year - (on.month < 3)), "preseason" if on.month >= 3 and on <= labor_day else "season"


def worth(outcome: str, result: str) -> int:
    """Points for the side with the ball; below 0: for the others."""
    return POINTS.get(result, 0) or POINTS.get(outcome, 0)


def result(match: Match) -> dict[str, float | str]:
    """Of each side its points, and who won."""
    points = Counter({team: 0 for team in dict.fromkeys(match.events["team"]) if team})
    other = dict(zip(points, [*points][::-1], strict=True)) if len(points) == 2 else {}
    columns = (match.events[c] for c in ("team", "outcome", "result"))
    for team, outcome, came in zip(*columns, strict=True):
        n = worth(outcome, came)
        points[team if n > 0 else other.get(team, "")] += abs(n)
    del points[""]
    return {**{f"points_{team}": n for team, n in points.items()}, "winner": winner(points, "tie")}


def points(event: Row) -> tuple[int, int]:
    """Of the side with the ball and of the other."""
    n = worth(event["outcome"], event["result"])
    return max(n, 0), max(-n, 0)


def _points(kind: str, value: str) -> int:
    return POINTS.get(value, 0) if kind in ("Outcome", "Result") else 0


def _turns(kind: str, value: str) -> int:
    if kind == "Start":
        return 1 + int(value)
    return int(kind == "Team" and value != SAME)


def _plays(kind: str, value: str) -> int:
    return int(kind == "Play" and value in _SCRIMMAGE)


def _seconds(kind: str, value: str) -> int:
    return int(value) if kind == "Gap" else 0


def _steps(*edges: int) -> Callable[[str], int]:
    """Numbers in steps, from 1; 1 is none."""
    return lambda value: 1 if value == NONE else 2 + sum(int(value) > edge for edge in edges)


_LATE = (*range(30, 600, 60), *range(600, 780, 30), *range(780, 870, 15), *range(870, 900, 5))

american_football = Sport(
    name="american football",
    columns={
        "match": CORE["match"],
        "date": CORE["date"],
        "season": Column("text", "the year in which it began"),
        "stage": Column("text", "preseason or season"),
        "one": Column("text", "the team that kicks off"),
        "two": Column("text", "the other"),
        "home": Column("text", "which of them is at home: one or two"),
        "period": Column("whole", "the quarter, from 1; 5 and on of extra time", required=True),
        "play": Column("whole", "of the match, from 1: what plays are sorted by within a quarter"),
        "time": Column("number", "seconds of the quarter that are played at the snap"),
        "gap": Column("number", "seconds since the snap before, in the quarter"),
        "team": Column("text", "who has the ball; of a kickoff, who kicks", required=True),
        "down": Column("whole", "1 to 4; 0 where there is none, as of kickoffs"),
        "to_go": Column("whole", "yards to a first down"),
        "yard_line": Column("whole", "yards to the goal line of the others"),
        "action": Column("text", f"{', '.join(PLAYS)}; penalty: that no play counted", required=True),
        "where": Column("text", ", ".join(WHERE[1:])),
        "outcome": Column("text", ", ".join(OUTCOMES[1:])),
        "yards": Column("number", "gained; of kicks, their length; of a penalty, below 0 where it is against them"),
        "result": Column("text", ", ".join(RESULTS[1:])),
        "score": CORE["score"],
        "opponent_score": CORE["opponent_score"],
    },
    order=("period", "play"),
    labels=(
        Label("Season", "season", ordered=True),
        Label("Stage", "stage"),
        Label("One", "one", most=40),
        Label("Two", "two", most=40),
        Label("Home", "home"),
    ),
    slots=(
        Slot("Start", "team", numbered=2, within="match", on="period"),
        Slot("Team", "team", relative=True, weight=0.5),
        Slot("Down", "down", values=("0", "1", "2", "3", "4"), weight=0.5),
        Slot("ToGo", "to_go", values=_TO_GO, weight=0.5),
        Slot("Yard", "yard_line", values=(NONE, *map(str, range(1, LENGTH))), weight=0.5),
        Slot("Gap", "gap", values=_GAPS, weight=0.5),
        Slot("Play", "action", values=PLAYS),
        Slot("Where", "where", values=WHERE, after=_SCRIMMAGE),
        Slot("Outcome", "outcome", values=OUTCOMES, after=_OUTCOME_OF),
        Slot("Yards", "yards", values=_YARDS, after=_YARDS_OF),
        Slot("Result", "result", values=RESULTS, after=_RESULT_OF),
    ),
    main="Play",
    filler=filler,
    ahead=ahead,
    counters=Downs,
    memory=(
        Last("play", "Play"),
        Last("play2", "Play", 2),
        Last("where", "Where"),
        Last("outcome", "Outcome"),
        Last("yards", "Yards"),
        Last("result", "Result"),
        Last("down", "Down"),
        Last("to_go", "ToGo"),
        Last("yard", "Yard"),
        Last("team", "Team"),
        Last("gap", "Gap"),
        Last("distance", "ToGo", said=_steps(1, 3, 6, 9, 10)),
        Last("field", "Yard", said=_steps(2, 5, 10, 20, 33, 45, 60, 90)),
        Total("quarter", lambda kind, value: int(kind == "Start"), (1, 2, 3, 4, 5)),
        Total("clock", _seconds, _LATE, ("Start",)),
        Total("late", _seconds, (780, 870), ("Start",)),
        Total("drive", _plays, (1, 2, 3, 4, 5, 6, 8, 10, 13), ("Team_other", "Play_kickoff")),
        Lead("lead", _points, _turns, most=28),
    ),
    backoff=("down", "distance", "field", "quarter", "late"),
    result=result,
    points=points,
    clock=(0, 900, 1800, 2700, 3600, 4500),
)

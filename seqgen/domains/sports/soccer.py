"""Soccer: what its logs hold, what an event says in ids, what is remembered.

The actions and outcomes follow SPADL (Decroos et al. 2019, "Actions speak louder than goals"), with what providers log
besides: duels, offsides, the ball going out. An event says first what is done, so that this is predicted from what was
logged before and from nothing of the event itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from seqgen.domains.sports.memory import Last, Lead, Total
from seqgen.domains.sports.sport import CORE, NONE, OTHER, SAME, Column, Grid, Label, Row, Slot, Sport

if TYPE_CHECKING:
    from seqgen.domains.sports.match import Match

LENGTH, WIDTH = 105.0, 68.0  # metres
ACTIONS = (
    "pass", "through pass", "high pass", "long pass", "head pass", "cross", "throw in", "free kick", "free kick cross",
    "corner", "goal kick", "shot", "free kick shot", "penalty", "take on", "carry", "touch", "duel", "aerial duel",
    "tackle", "interception", "clearance", "block", "recovery", "turnover", "pressure", "save", "keeper", "foul",
    "offside", "out", "stop", OTHER,
)  # fmt: skip
SHOOT_OUT = 5  # the period
SUCCESS, FAIL, GOAL, OWN_GOAL = "success", "fail", "goal", "own goal"
OUTCOMES = (NONE, SUCCESS, FAIL, GOAL, OWN_GOAL, "yellow card", "second yellow card", "red card", OTHER)
GAPS = (0, 1, 2, 3, 4, 6, 9, 15, 30, 60)  # seconds
# The same from both ends and both sides; steps of half a metre, so that the middles of cells are exact when turned.
PITCH = Grid(
    (0, 1, 5.5, 11, 16.5, 23, 30, 37, 44, 52.5, 61, 68, 75, 82, 88.5, 94, 99.5, 104, 105),
    (0, 0.5, 7, 14, 19, 25, 30.5, 37.5, 43, 49, 54, 61, 67.5, 68),
    mirrored=True,
)


def filler() -> Callable[[Row], None]:
    """Seconds since the event before, or else the time; where an event begins and ends, where that is not said."""
    before: Row = {}

    def complete(row: Row) -> None:
        nonlocal before
        if before.get("period") != row["period"]:
            row["gap"] = 0.0
            row["time"] = 0.0 if row["time"] is None else row["time"]
        elif row["time"] is None:
            row["gap"] = row["gap"] or 0.0
            row["time"] = before["time"] + row["gap"]
        else:
            row["gap"] = round(max(0.0, row["time"] - before["time"]), 3)
        if row["x"] is None or row["y"] is None:
            row["x"], row["y"] = _ball(before, row["team"])
        if row["end_x"] is None or row["end_y"] is None:
            row["end_x"], row["end_y"] = row["x"], row["y"]
        if row["outcome"] not in OUTCOMES:
            row["outcome"] = OTHER if row["outcome"] else ""
        before = row

    return complete


def _ball(before: Row, team: str) -> tuple[float | None, float | None]:
    """Where the event before left the ball, as the team sees it."""
    if before.get("end_x") is None:
        return None, None
    same = before["team"] == team
    return (before["end_x"], before["end_y"]) if same else (LENGTH - before["end_x"], WIDTH - before["end_y"])


def _seconds(kind: str, value: str) -> int:
    return int(value) if kind == "Gap" else 0


def _events(kind: str, value: str) -> int:
    return int(kind == "Action")


def _goals(kind: str, value: str) -> int:
    return {GOAL: 1, OWN_GOAL: -1}.get(value, 0) if kind == "Outcome" else 0


def _turns(kind: str, value: str) -> int:
    if kind == "Start":
        return 1 + int(value)
    return int(kind == "Team" and value != SAME)


def _at_home(kind: str, value: str) -> int:
    """As if the side at home had scored before the match, which the first to act begins."""
    return {"home": 1, "away": -1}.get(value, 0) if kind == "Kickoff" else 0


def points(event: Row) -> tuple[int, int]:
    """Goals, but for those of a shoot-out."""
    counts = event["period"] != SHOOT_OUT
    return int(counts and event["outcome"] == GOAL), int(counts and event["outcome"] == OWN_GOAL)


def result(match: Match) -> dict[str, float | str]:
    """Of each side its goals, without those of a shoot-out, and who won: a shoot-out decides a draw."""
    goals, shot = Counter[str](), Counter[str]()
    teams = [team for team in dict.fromkeys(match.events["team"]) if team]
    for period, team, outcome in zip(*(match.events[c] for c in ("period", "team", "outcome")), strict=True):
        if outcome in (GOAL, OWN_GOAL):
            side = team if outcome == GOAL else next((other for other in teams if other != team), "")
            (shot if period == SHOOT_OUT else goals)[side] += 1
    best = sorted(teams, key=lambda team: (goals[team], shot[team]), reverse=True)[:2]
    level = len({(goals[team], shot[team]) for team in best}) < 2
    return {**{f"goals_{team}": goals[team] for team in teams}, "winner": "draw" if level else best[0]}


def _along(cell: str) -> int:
    return 1 if cell == NONE else int(cell.split("_", maxsplit=1)[0]) + 2


soccer = Sport(
    name="soccer",
    columns={
        "match": CORE["match"],
        "date": CORE["date"],
        "competition": Column("text", "such as Italy"),
        "kickoff": Column("text", "home or away: the side that acts first"),
        "period": Column("whole", "1 and 2 the halves, 3 and 4 of extra time, 5 penalties", required=True),
        "time": CORE["time"],
        "gap": Column("number", "seconds since the event before, in the period"),
        "team": CORE["team"],
        "player": CORE["player"],
        "action": Column("text", ", ".join(ACTIONS), required=True),
        "outcome": Column("text", ", ".join(o for o in OUTCOMES if o != NONE) + "; or nothing"),
        "x": Column("number", "metres from the acting team's own goal line, 0 to 105"),
        "y": Column("number", "metres from the side line on its left, 0 to 68"),
        "end_x": CORE["end_x"],
        "end_y": CORE["end_y"],
    },
    order=("period", "time"),
    labels=(Label("Competition", "competition"), Label("Kickoff", "kickoff", most=2)),
    slots=(
        Slot("Start", "team", numbered=2, within="match", on="period"),
        Slot("Action", "action", values=ACTIONS),
        Slot("Team", "team", relative=True),
        Slot("Outcome", "outcome", values=OUTCOMES),
        Slot("Place", "end_x", across="end_y", grid=PITCH),
        Slot("Gap", "gap", values=tuple(map(str, GAPS))),
    ),
    main="Action",
    filler=filler,
    memory=(
        Last("action", "Action"),
        Last("action2", "Action", 2),
        Last("action3", "Action", 3),
        Last("team", "Team"),
        Last("team2", "Team", 2),
        Last("outcome", "Outcome"),
        Last("outcome2", "Outcome", 2),
        Last("place", "Place"),
        Last("place2", "Place", 2),
        Last("along", "Place", said=_along),
        Last("gap", "Gap"),
        Total("period", lambda kind, value: int(kind == "Start"), (1, 2, 3, 4, 5)),
        Total("minute", _seconds, tuple(range(300, 3300, 300)), ("Start",)),
        Total("possession", _events, (1, 2, 3, 4, 5, 6, 8, 10, 14, 20, 30), ("Team_other", "Start")),
        Total("held", _seconds, (1, 2, 3, 5, 8, 12, 18, 25, 35, 50), ("Team_other", "Start")),
        Lead("lead", _goals, _turns),
        Lead("home", _at_home, _turns, most=1),  # whoever acts: at home 2, away 0, not known 1
    ),
    backoff=("action", "outcome", "team", "along"),
    result=result,
    points=points,
    clock=(0, 2700, 5400, 6300, 7200),
)

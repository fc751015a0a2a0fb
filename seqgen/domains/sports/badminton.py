"""Badminton, singles: what its logs hold, what a stroke says in ids, what is counted.

Places are metres on the court, from the middle of the net: along as the player who hits looks, so that where he stands
is below 0 and where the shuttle should fall above, and across to his right. Who hits is not said: the players take
turns from the serve on.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import ClassVar

from seqgen.domains.sports.sport import CORE, NONE, OTHER, Column, Grid, Label, Row, Slot, Sport

STROKES = (
    "short service", "long service", "net shot", "lob", "clear", "drop", "push/rush", "smash", "defensive shot",
    "drive", OTHER,
)  # fmt: skip
WINNER, OUT, NET, MISJUDGED = "winner", "out", "net", "misjudged"
OUTCOMES = (NONE, WINNER, OUT, NET, MISJUDGED, OTHER)
HANDS = (NONE, "forehand", "backhand", "round the head")

LANDING = Grid((-3, 0, 0.7, 1.3, 2, 3, 4, 5, 5.7, 6.2, 8), (-3.3, -2.3, -1.8, -1.2, -0.4, 0.4, 1.2, 1.8, 2.3, 3.3))
HITTER = Grid((-7, -5.9, -4.9, -3.8, -2.8, -2, 0), (-2.6, -1.4, -0.5, 0.5, 1.4, 2.6))
RECEIVER = Grid((0, 3, 3.6, 4.2, 5, 7), (-2.6, -0.7, 0, 0.7, 2.6))
_CELL = {
    kind: {cell: i for i, cell in enumerate(grid.tokens())}
    for kind, grid in (("Land", LANDING), ("At", HITTER), ("Facing", RECEIVER))
}
_LAST_STROKE, _MOST_LEFT, _MOST_POINTS = 20, 30, 30  # that are told apart


def filler() -> Callable[[Row], None]:
    """Who the players are, who serves and who hits, and the number of a stroke, where a log does not say it."""
    before: Row = {}
    n = 0

    def complete(row: Row) -> None:
        nonlocal before, n
        goes_on = bool(before) and all(before[c] == row[c] for c in ("period", "rally"))
        n = n + 1 if goes_on else 1
        row["stroke"] = n if row["stroke"] is None else row["stroke"]
        first = (row["server"] == row["one"]) == (row["stroke"] % 2 == 1)
        row["team"] = row["team"] or row["one" if first else "two"]
        row["outcome"] = row["outcome"] if row["outcome"] in OUTCOMES[1:] else row["outcome"] and OTHER
        row["hand"] = row["hand"] if row["hand"] in HANDS[1:] else ""
        before = row

    return complete


def ahead(rows: list[Row]) -> None:
    """Who the players are and who serves: what any of the rows says of the match or of its rally, all say."""
    one, two, length = (next((row[c] for row in rows if row[c]), "") for c in ("one", "two", "length"))
    called = {"Server 1": one or "Server 1", "Server 2": two or "Server 2"}  # what ids call them
    rallies = [list(group) for _, group in groupby(rows, lambda row: (row["period"], row["rally"]))]
    for rally in rallies:
        server = next((row["server"] for row in rally if row["server"]), "") or rally[0]["team"] or "Server 1"
        for row in rally:
            row["server"] = called.get(server, server)
    one = one or (rows[0]["server"] if rows else "")
    names = (row[c] for row in rows for c in ("server", "team"))
    two = two or next((name for name in names if name not in ("", one)), "Server 2")
    for row in rows:
        row["one"], row["two"], row["length"] = one, two, length


def points(event: Row) -> tuple[int, int]:
    """Of a rally's last stroke: who wins it. A shuttle that is misjudged has been left by the other, and fell in."""
    return int(event["outcome"] in (WINNER, MISJUDGED)), int(event["outcome"] in (OUT, NET))


class BadmintonCounters:
    """The state of a match between two ids.

    hits: who hits next, as the match numbers them. left: strokes to come where the header says how many there are.
    last: two types of stroke. fell, stood, faced: where the shuttle fell last, where he stood who hit it and where the
    other, who hits now. now: the stroke that is being said, and what came of it.
    """

    sizes: ClassVar = {
        "set": 4, "stroke": _LAST_STROKE + 1, "hits": 3, "serves": 3, "left": _MOST_LEFT + 2,
        "last": (len(STROKES) + 1) ** 2, "fell": len(_CELL["Land"]) + 1, "stood": len(_CELL["At"]) + 1,
        "faced": len(_CELL["Facing"]) + 1, "hand": len(HANDS) + 1,
        "now": (len(STROKES) + 1) * (len(OUTCOMES) + 1), "points": (_MOST_POINTS + 1) ** 2,
    }  # fmt: skip

    def __init__(self) -> None:
        self.set, self.length, self.server = 0, 0, 0
        self.points = [0, 0]
        self._rally()

    def _rally(self) -> None:
        self.n = self.stroke = self.outcome = self.hand = 0
        self.last = [0, 0]
        self.place = dict.fromkeys(_CELL, 0)

    def take(self, kind: str, value: str) -> None:
        if kind == "Length":
            self.length = int(value) if value.isdecimal() else 0
        elif kind == "Set":
            self.set, self.server, self.points = self.set + 1, 0, [0, 0]
            self._rally()
        elif kind == "Server":
            if self.server:  # whoever serves has won the rally before
                self.points[int(value) - 1] += 1
            self.server = int(value)
            self._rally()
        elif kind == "Stroke":
            self.n, self.stroke, self.outcome = self.n + 1, STROKES.index(value) + 1, 0
        elif kind == "Outcome":
            self.outcome = OUTCOMES.index(value) + 1
        elif kind == "Hand":
            self.hand = HANDS.index(value) + 1
        elif kind in _CELL:
            self.place[kind] = _CELL[kind][value] + 1
            if kind == "Facing":
                self.last, self.stroke, self.outcome = [self.stroke, self.last[0]], 0, 0

    def row(self) -> list[int]:
        done = self.n - (self.stroke > 0)
        return [
            min(self.set, 3),
            min(done, _LAST_STROKE),
            (2 if (self.server == 1) == (done % 2 == 1) else 1) if self.server else 0,
            self.server,
            1 + min(max(0, self.length - done), _MOST_LEFT) if self.length else 0,
            (len(STROKES) + 1) * self.last[0] + self.last[1],
            *self.place.values(),
            self.hand,
            (len(OUTCOMES) + 1) * self.stroke + self.outcome,
            (_MOST_POINTS + 1) * min(self.points[0], _MOST_POINTS) + min(self.points[1], _MOST_POINTS),
        ]


badminton = Sport(
    name="badminton",
    columns={
        "match": CORE["match"],
        "date": CORE["date"],
        "one": Column("text", "the player who serves first"),
        "two": Column("text", "the other"),
        "length": Column("text", "how many strokes the rally has, where the log is of one"),
        "period": Column("whole", "the set, from 1", required=True),
        "rally": Column("whole", "of the set, from 1", required=True),
        "stroke": Column("whole", "of the rally, from 1"),
        "time": Column("number", "seconds since the recording began"),
        "team": Column("text", "who hits"),
        "server": Column("text", "who served"),
        "action": Column("text", ", ".join(STROKES), required=True),
        "outcome": Column("text", f"of a rally's last stroke: {', '.join(OUTCOMES[1:])}"),
        "hand": Column("text", ", ".join(HANDS[1:])),
        "x": Column("number", "where he stands who hits: metres from the net, on his side below 0"),
        "y": Column("number", "metres to his right of the middle"),
        "opponent_x": Column("number", "where the other stands"),
        "opponent_y": Column("number", "across"),
        "end_x": Column("number", "where the shuttle falls or is hit: metres beyond the net"),
        "end_y": Column("number", "across"),
    },
    order=("period", "rally", "stroke"),
    labels=(
        Label("One", "one", most=64),
        Label("Two", "two", most=64),
        Label("Length", "length", ordered=True, most=99),
    ),
    slots=(
        Slot("Set", "server", numbered=2, within="match", on="period"),
        Slot("Server", "server", numbered=2, within="match", on="rally"),
        Slot("Stroke", "action", values=STROKES),
        Slot("Outcome", "outcome", values=OUTCOMES),
        Slot("Land", "end_x", across="end_y", grid=LANDING),
        Slot("Hand", "hand", values=HANDS),
        Slot("At", "x", across="y", grid=HITTER),
        Slot("Facing", "opponent_x", across="opponent_y", grid=RECEIVER),
    ),
    main="Stroke",
    filler=filler,
    ahead=ahead,
    counters=BadmintonCounters,
    points=points,
    backoff=("last", "left", "fell"),
)

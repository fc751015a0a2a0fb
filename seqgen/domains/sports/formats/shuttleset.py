"""Strokes as the CoachAI project writes them: ShuttleSet's `set*.csv`, one set each with Chinese names of shots, and
the stroke forecasting tables of its challenge, with many matches (Wang et al. 2023, arXiv 2306.04948, 2306.15664)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any

from seqgen.domains.sports.badminton import MISJUDGED, NET, OUT, WINNER, badminton
from seqgen.domains.sports.formats.cells import Cells, needed
from seqgen.domains.sports.formats.columns import Rows
from seqgen.domains.sports.match import Match, matches
from seqgen.domains.sports.sport import OTHER

_STROKES = {
    "發短球": "short service", "發長球": "long service", "放小球": "net shot", "勾球": "net shot", "挑球": "lob",
    "長球": "clear", "切球": "drop", "過度切球": "drop", "過渡切球": "drop", "推球": "push/rush", "撲球": "push/rush",
    "殺球": "smash", "點扣": "smash", "擋小球": "defensive shot", "防守回挑": "defensive shot",
    "防守回抽": "defensive shot", "平球": "drive", "小平球": "drive", "後場抽平球": "drive",
}  # fmt: skip
_OUTCOMES = {  # why the rally was lost, in both languages
    "對手落地致勝": WINNER, "opponent's ball landed": WINNER, "出界": OUT, "out": OUT, "掛網": NET,
    "touched the net": NET, "未過網": NET, "not pass over the net": NET, "對手落地判斷失誤": MISJUDGED,
    "落地判斷失誤": MISJUDGED, "misjudged": MISJUDGED,
}  # fmt: skip
# The challenge's pixels seen from above, 49.25 to a metre (6.1 m are 300 and 13.4 m are 660 of them), the middle of the
# net, and how it then standardised where the shuttle falls.
METRE, NET_X, NET_Y = 49.25, 175.0, 480.0
MEAN_X, SPREAD_X, MEAN_Y, SPREAD_Y = 175.0, 82.0, 467.0, 192.0
# ShuttleSet's own pixels are the camera's, so that of a place its area is told: the middle of each of the nine of a
# half, as the opponent sees it. What is outside the court (areas from 10) has no place.
_AREAS = {
    1: (1.2, 1.8), 2: (1.2, -1.8), 3: (5.8, 1.9), 4: (5.8, -1.9), 5: (4.1, 1.9), 6: (4.1, -1.9), 7: (1.2, 0.0),
    8: (3.9, 0.0), 9: (5.7, 0.0),
}  # fmt: skip
_NEEDED = ("rally", "ball_round", "player", "type", "landing_area")
_PLACES = ("landing_x", "landing_y", "player_location_x", "player_location_y")

Place = tuple[float | None, float | None]


def read_strokes(columns: list[str], rows: Rows, name: str, apart: bool = False) -> Iterator[Match]:
    """The matches of one such table; a file of ShuttleSet is one of a single set. Raises BadInput with row and
    column."""
    challenge = "match_id" in columns
    needed(columns, [(column,) for column in (*_NEEDED, *(_PLACES if challenge else ()))], name)
    path = PurePath(name)
    about = {"match": f"{path.parent.name} {path.stem}".strip(), "period": (re.findall(r"\d+", path.stem) or ["1"])[-1]}
    said = ((number, Cells(row, number, name)) for number, row in rows)
    if challenge:
        return matches(badminton, _challenge(list(said)), name, apart=apart)
    return matches(
        badminton, ((number, _row(cells, about, _by_area(cells))) for number, cells in said), name, apart=apart
    )


def _row(cells: Cells, about: Mapping[str, str], places: tuple[Place, Place, Place]) -> dict[str, Any]:
    """places: of who hits, of the other, of the shuttle's end, each as along and across for who hits."""
    stroke, ends = cells.text("type"), cells.text("lose_reason")
    hand = "round the head" if cells.amount("aroundhead") else "backhand" if cells.amount("backhand") else "forehand"
    (x, y), (opponent_x, opponent_y), (end_x, end_y) = places
    return {
        **about,
        "rally": cells.text("rally"),
        "stroke": cells.text("ball_round"),
        "time": cells.clock("time"),
        "team": cells.text("player"),
        "action": _STROKES.get(stroke, stroke),
        "outcome": _OUTCOMES.get(ends, ends and OTHER),
        "hand": hand,
        "x": x, "y": y, "opponent_x": opponent_x, "opponent_y": opponent_y, "end_x": end_x, "end_y": end_y,
    }  # fmt: skip


def _by_area(cells: Cells) -> tuple[Place, Place, Place]:
    def place(column: str, sign: int) -> Place:
        x, y = _AREAS.get(int(cells.amount(column) or 0), (None, None))
        return (None, None) if x is None or y is None else (sign * x, sign * y + 0.0)  # no -0

    return place("player_location_area", -1), place("opponent_location_area", 1), place("landing_area", 1)


def _challenge(said: list[tuple[int, Cells]]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Rows of the challenge, whose places are seen from above: turned to look along with who hits. The players change
    ends by turns, so that all strokes of a rally together say who stands where."""
    votes: Counter[tuple[str, ...]] = Counter()
    for _, cells in said:
        y = cells.amount("player_location_y")
        votes[_rally(cells)] += 0 if y is None else _turn(cells) * (1 if y < NET_Y else -1)
    for number, cells in said:
        turn = _turn(cells) * (1 if votes[_rally(cells)] >= 0 else -1)
        about = {"match": cells.text("match_id"), "period": cells.text("set") or "1"}
        standing = (_above(cells, who, turn) for who in ("player_location", "opponent_location"))
        x, y = cells.amount("landing_x"), cells.amount("landing_y")
        fell = (None, None) if x is None or y is None else metres(x, y, turn)
        yield number, _row(cells, about, (*standing, fell))  # type: ignore[arg-type]  # three of them


def _rally(cells: Cells) -> tuple[str, ...]:
    return cells.text("match_id"), cells.text("set"), cells.text("rally")


def _turn(cells: Cells) -> int:
    """1 for the strokes of the server, -1 for those of the other."""
    return 1 if int(cells.amount("ball_round") or 1) % 2 else -1


def _above(cells: Cells, who: str, turn: int) -> Place:
    x, y = cells.amount(f"{who}_x"), cells.amount(f"{who}_y")
    return (None, None) if x is None or y is None else (turn * (y - NET_Y) / METRE, turn * (x - NET_X) / METRE)


def metres(x: float, y: float, turn: int) -> tuple[float, float]:
    """From where the challenge says that the shuttle fell to along and across; turn: 1 for who hits down the picture,
    -1 for who hits up."""
    along, across = SPREAD_Y * y + MEAN_Y - NET_Y, SPREAD_X * x + MEAN_X - NET_X
    return turn * along / METRE, turn * across / METRE


def standardised(along: float, across: float, turn: int) -> tuple[float, float]:
    """The way back: landing_x, landing_y."""
    return (
        (turn * across * METRE + NET_X - MEAN_X) / SPREAD_X,
        (turn * along * METRE + NET_Y - MEAN_Y) / SPREAD_Y,
    )

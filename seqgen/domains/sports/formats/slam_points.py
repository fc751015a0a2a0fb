"""Points of the grand slams as their sites tell them: many matches in one table, a row a point (Tennis Abstract,
https://github.com/JeffSackmann/tennis_slam_pointbypoint)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise

from seqgen.domains.sports.formats.cells import needed, stretches
from seqgen.domains.sports.formats.columns import Rows
from seqgen.domains.sports.formats.table import whole
from seqgen.domains.sports.match import Match, match_of, value_of
from seqgen.domains.sports.sport import Row
from seqgen.domains.sports.tennis import tennis
from seqgen.domains.sports.tennis_score import GAME, TIE_BREAK

SLAM = frozenset(("match_id", "pointserver", "p1doublefault"))  # columns that show it
_NEEDED = (
    "match_id", "setno", "gameno", "pointnumber", "pointwinner", "pointserver", "p1score", "p2score", "p1ace", "p2ace",
    "p1winner", "p2winner", "p1doublefault", "p2doublefault", "p1unferr", "p2unferr",
)  # fmt: skip
_SIDES = {"1": 0, "2": 1, "3": 0, "4": 1}  # who serves: in doubles the third is the partner of the first
_REGULAR = frozenset(("0", "15", "30", "40"))
_WIDTHS = {"W": "wide", "BW": "wide", "B": "body", "BC": "T", "C": "T"}
_DEPTHS = {"ND": "deep", "D": "very deep"}
_SURFACES = {"wimbledon": "grass", "frenchopen": "clay", "usopen": "hard", "ausopen": "hard"}
# By the first of a match's own letters or digits.
_GENDERS = {
    "1": "men", "2": "women", "3": "men", "4": "women", "5": "mixed", "MS": "men", "WS": "women", "SM": "men",
    "SL": "women", "MD": "men", "WD": "women", "XD": "mixed",
}  # fmt: skip
_FIVE_SETS = frozenset(("1", "MS", "SM"))

Numbered = tuple[int, Mapping[str, str]]


def read_slam(columns: list[str], rows: Rows, name: str, apart: bool = True) -> Iterator[Match]:
    """The matches of such a table, one at a time. Raises BadInput with row and column."""
    needed(columns, [(column,) for column in _NEEDED], name)
    for match, points in stretches(rows, ("match_id",), name):
        found = _match(match, points, name)
        if len(found):
            yield found


def _match(match: str, rows: list[Numbered], name: str) -> Match:
    points = [(number, row) for number, row in rows if row["pointwinner"] in ("1", "2") and row["setno"]]
    order = [whole(row, "pointnumber", name, number) for number, row in points]
    notes = Counter(
        rows_without_a_point=len(rows) - len(points), rows_out_of_order=sum(a > b for a, b in pairwise(order))
    )
    points = [points[i] for i in sorted(range(len(points)), key=order.__getitem__)]
    about = {c: value_of(tennis.columns[c], said, name, rows[0][0], "match_id") for c, said in _about(match).items()}
    found = match_of(tennis, list(_rows(about, points, notes, name)))
    notes.update(found.notes)
    return replace(found, notes={note: n for note, n in notes.items() if n})


def _about(match: str) -> dict[str, str]:
    """What a match's id, such as 2011-wimbledon-1105, says; the names of players are in another file."""
    year, slam, own = (*match.split("-"), "", "", "")[:3]
    draw = own[:2] if own[:1].isalpha() else own[:1]
    doubles_of_five = slam == "wimbledon" and draw in ("3", "MD") and year < "2023" and year != "2021"
    best_of = "5" if draw in _FIVE_SETS or doubles_of_five else "3" if draw in _GENDERS else ""
    return {
        "match": match,
        "one": "Player 1",
        "two": "Player 2",
        "gender": _GENDERS.get(draw, ""),
        "best_of": best_of,
        "surface": _SURFACES.get(slam, ""),
    }


def _rows(about: Mapping[str, str], points: list[Numbered], notes: Counter[str], name: str) -> Iterator[Row]:
    nothing: Row = {c: "" if column.kind == "text" else None for c, column in tennis.columns.items()}
    players = about["one"], about["two"]
    games = [(whole(row, "setno", name, number), whole(row, "gameno", name, number)) for number, row in points]
    tie_breaks = {
        game
        for game, (_, row) in zip(games, points, strict=True)
        if any(row[c].strip().isdecimal() and row[c].strip() not in _REGULAR for c in ("p1score", "p2score"))
    }
    counted = Counter[tuple[int, int]]()
    numbers: dict[int, dict[int, int]] = {}  # of each set: some count games through the match
    for (_, row), game in zip(points, games, strict=True):
        counted[game] += 1
        side = _SIDES.get(row["pointserver"].strip())
        notes["servers_missing"] += side is None
        action = _action(row, side)
        length = row.get("rallycount") or row.get("rally", "")
        faults = action == "double fault"
        yield {
            **nothing,
            **about,
            "period": game[0],
            "game": numbers.setdefault(game[0], {}).setdefault(game[1], len(numbers[game[0]]) + 1),
            "kind": TIE_BREAK if game in tie_breaks else GAME,
            "point": counted[game],
            "time": _seconds(row.get("elapsedtime", "")),
            "server": "" if side is None else players[side],
            "action": action,
            "direction": _WIDTHS.get(row.get("servewidth", ""), ""),
            "serve": "2" if faults else row.get("servenumber", "").replace("0", ""),
            "rally": int(length) or None if length.isdecimal() and len(length) < 4 and not faults else None,
        }


def _action(row: Mapping[str, str], side: int | None) -> str:
    """How the point was won."""
    winner = row["pointwinner"]
    loser = "2" if winner == "1" else "1"
    wins, loses = ("server", "returner") if side == int(winner) - 1 else ("returner", "server")
    if wins == "server" and row[f"p{winner}ace"] == "1":
        return "ace"
    if wins == "returner" and row[f"p{loser}doublefault"] == "1":
        return "double fault"
    if row[f"p{winner}winner"] == "1":
        return f"{wins} winner"
    if row[f"p{loser}unferr"] == "1":
        return f"{loses} unforced error"
    if row.get(f"p{loser}forcederror") == "1":
        return f"{loses} forced error"
    return f"{wins} point"


def _seconds(text: str) -> float | None:
    """Of hours:minutes:seconds."""
    parts = text.split(":")
    if len(parts) != 3 or not all(part.isdecimal() and len(part) < 4 for part in parts):
        return None
    hours, minutes, seconds = map(int, parts)
    return 3600.0 * hours + 60 * minutes + seconds

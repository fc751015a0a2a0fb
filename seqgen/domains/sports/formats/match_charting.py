"""The points of the Match Charting Project (Tennis Abstract, https://github.com/JeffSackmann/tennis_MatchChartingProject):
many matches in one table, a row a point, its serves and shots in a notation of their own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise

from seqgen.core.errors import BadInput, quoted
from seqgen.domains.sports.formats.cells import needed, stretches
from seqgen.domains.sports.formats.columns import Rows
from seqgen.domains.sports.formats.table import whole
from seqgen.domains.sports.match import Match, match_of, value_of
from seqgen.domains.sports.sport import Row
from seqgen.domains.sports.tennis import tennis
from seqgen.domains.sports.tennis_score import GAME, TIE_BREAK
from seqgen.domains.sports.tennis_shots import (
    APPROACH,
    AT_BASELINE,
    AT_NET,
    CORD,
    DOUBLE_FAULT,
    ERRORS,
    FAULT,
    FIRST,
    FORCED,
    LOST,
    SECOND,
    SERVE_AND_VOLLEY,
    SERVES,
    SHANK,
    STOP,
    STROKES,
    UNFORCED,
    WON,
    winner_of,
)

CHARTING = frozenset(("1st", "2nd", "svr"))  # columns that show it
_NEEDED = ("match_id", "pt", "set1", "set2", "gm1", "gm2", "pts", "svr", "1st", "2nd")
_STROKES = dict(zip("fbrsvzopuylmhijktq", STROKES, strict=False))
_DIRECTIONS = {
    "4": "wide", "5": "body", "6": "T", "1": "forehand side", "2": "middle", "3": "backhand side",
}  # fmt: skip
_DEPTHS = {"7": "short", "8": "deep", "9": "very deep"}
# Of several, the first that is listed here is kept.
_DETAILS = {"+": APPROACH, "^": STOP, "-": AT_NET, "=": AT_BASELINE, "!": SHANK, ";": CORD}
_ERRORS = dict(zip("nwdx!g", ERRORS, strict=True))  # e: unknown
_POINTS = {"S": "server point", "R": "returner point", "P": "returner point", "Q": "server point"}
_REGULAR = frozenset(("0", "15", "30", "40", "AD"))
# Lets, direction, marks, error, how it ends. V: too slow; C: the rally is stopped by a wrong challenge.
_SERVE = re.compile(r"^c*([0456]?)([-+=;^!]*)([nwdxgeV]?)([-+=;^!]*)([*@#C]?)(.*)$", re.DOTALL)
_STROKE = re.compile(r"([abf-mo-vyzA-BD-Z])([-+=;^!0-9]*)([nwdxge]?)([-+=;^!0-9]*)([*@#C]?)")
_SLAMS = frozenset(("australian_open", "roland_garros", "wimbledon", "us_open"))

Shot = dict[str, str]
Numbered = tuple[int, Mapping[str, str]]


def read_charting(columns: list[str], rows: Rows, name: str, apart: bool = True) -> Iterator[Match]:
    """The matches of such a table, one at a time. Raises BadInput with row and column."""
    needed(columns, [(column,) for column in _NEEDED], name)
    for match, points in stretches(rows, ("match_id",), name):
        found = _match(match, points, name)
        if len(found):
            yield found


def _match(match: str, points: list[Numbered], name: str) -> Match:
    order = [whole(row, "pt", name, number) for number, row in points]
    notes = Counter(rows_out_of_order=sum(a > b for a, b in pairwise(order)))
    points = [points[i] for i in sorted(range(len(points)), key=order.__getitem__)]
    about = {c: value_of(tennis.columns[c], said, name, points[0][0], "match_id") for c, said in _about(match).items()}
    found = match_of(tennis, list(_rows(about, points, notes, name)))
    notes.update(found.notes)
    return replace(found, notes={note: n for note, n in notes.items() if n})


def _about(match: str) -> dict[str, str]:
    """What a match's id says: day, gender, tournament, round and the players, who serves first before the other."""
    day, gender, tournament, *_, one, two = (*match.split("-"), "", "", "", "", "")[: max(5, match.count("-") + 1)]
    known = len(day) == 8 and day.isdecimal()
    slam = tournament.lower() in _SLAMS
    sets = {"W": "3", "M": "5" if slam else "3" if day >= "2009" and tournament != "Davis_Cup" else ""}
    return {
        "match": match,
        "date": f"{day[:4]}-{day[4:6]}-{day[6:]}" if known else "",
        "one": one.replace("_", " ") or "Player 1",
        "two": two.replace("_", " ") or "Player 2",
        "gender": {"M": "men", "W": "women"}.get(gender, ""),
        "best_of": sets.get(gender, "") if known else "",
        "surface": {"wimbledon": "grass", "roland_garros": "clay"}.get(tournament.lower(), "hard" if slam else ""),
    }


def _rows(about: Mapping[str, str], points: list[Numbered], notes: Counter[str], name: str) -> Iterator[Row]:
    """The events of points that are in order."""
    nothing: Row = {c: "" if column.kind == "text" else None for c, column in tennis.columns.items()}
    place = [[whole(row, c, name, number) for c in ("set1", "set2", "gm1", "gm2")] for number, row in points]
    games = [(1 + set1 + set2, 1 + gm1 + gm2) for set1, set2, gm1, gm2 in place]
    scored = zip(games, points, strict=True)
    tie_breaks = {game for game, (_, row) in scored if not _REGULAR.issuperset(row["pts"].strip().split("-"))}
    counted = Counter[tuple[int, int]]()
    for (number, row), game in zip(points, games, strict=True):
        server, winner = row["svr"].strip(), row.get("ptwinner", "").strip()
        if server not in ("1", "2"):
            raise BadInput(name, f"{quoted(server)} is neither 1 nor 2", where=f"row {number}, column svr")
        known = {
            **nothing,
            **about,
            "period": game[0],
            "game": game[1],
            "kind": TIE_BREAK if game in tie_breaks else GAME,
            "point": counted[game] + 1,
            "server": about["one" if server == "1" else "two"],
        }
        shots, said = _point(row["1st"].strip(), row["2nd"].strip(), winner == server if winner else None)
        notes.update(said)
        counted[game] += bool(shots)
        for n, shot in enumerate(shots, 1):
            yield {**known, "shot": n, **shot}


@lru_cache(1 << 16)
def _point(first: str, second: str, held: bool | None) -> tuple[list[Shot], list[str]]:
    """The events of a point, and what is to be noted. held: whether the server won it, None where that is not said."""
    for code in (first, second):
        if code in _POINTS:
            return [{"action": _POINTS[code], "serve": "" if code == first else "2"}], []
    shots, notes = _shots(first, FIRST) if first else ([], [])
    if second:
        shots = shots[:1]
        if shots and not shots[0]["outcome"].startswith(FAULT):
            shots[0] = {**shots[0], "outcome": FAULT}
        again, more = _shots(second, SECOND)
        shots, notes = [*shots, *again], [*notes, *more]
    if not shots and held is None:  # the sheet's next row, that nobody filled in
        return [], ["empty_points"]
    if not shots:
        return [{"action": "server point" if held else "returner point"}], ["points_without_shots"]
    last = shots[-1]
    server_hit = sum(shot["action"] not in SERVES for shot in shots) % 2 == 0
    if not last["outcome"] and held is not None:
        shots[-1] = last = {**last, "outcome": WON if server_hit == held else LOST}
        notes = [*notes, "ends_taken_from_the_winner"]
    winner = winner_of(last["action"], last["outcome"], 0 if server_hit else 1, 0)
    if held is not None and winner != (0 if held else 1):
        notes = [*notes, "winners_that_shots_deny"]
    return shots, notes


def _shots(code: str, serve: str) -> tuple[list[Shot], list[str]]:
    """A serve and what follows it, and what is to be noted."""
    to, before, error, after, ends, rest = _SERVE.findall(code)[0]
    marks, notes = before + after, []
    outcome = {"*": "ace", "#": "service winner", "@": "service winner", "C": WON}.get(ends, "")
    if error or (marks.count("!") and not rest):
        outcome = _with(FAULT if serve == FIRST else DOUBLE_FAULT, error or "!")
    detail = SERVE_AND_VOLLEY if "+" in marks else _first(_DETAILS, marks)
    shots = [{"action": serve, "direction": _first(_DIRECTIONS, to), "detail": detail, "outcome": outcome}]
    at = len(code) - len(rest)
    while at < len(code) and not outcome:
        found = _STROKE.match(code, at)
        if found is None:
            if code[at] != " ":
                notes.append(f"unknown_code_{code[at]}")
            at += 1
            continue
        at = found.end()
        shot, error = _stroke(*found.groups(), at == len(code))
        shots.append(shot)
        outcome = shot["outcome"]
        if error:
            notes.append(f"unknown_code_{error}")
    if code[at:].strip():
        notes.append("codes_after_the_end")
    return shots, notes


@lru_cache(1 << 16)
def _stroke(letter: str, before: str, error: str, after: str, ends: str, last: bool) -> tuple[Shot, str]:
    """A stroke, and the kind of an error that it cannot be, since the rally goes on."""
    marks, outcome = before + after, ""
    if ends in ("@", "#"):
        outcome = _with(FORCED if ends == "#" else UNFORCED, error or marks)
    elif ends:
        outcome = "winner" if ends == "*" else WON
    elif error and last:
        outcome = _with(LOST, error)
    shot = {
        "action": _STROKES.get(letter, letter),
        "direction": _first(_DIRECTIONS, marks),
        "depth": _first(_DEPTHS, marks),
        "detail": _first(_DETAILS, marks),
        "outcome": outcome,
    }
    return shot, "" if outcome else error


def _with(what: str, error: str) -> str:
    how = _first(_ERRORS, error)
    return f"{what}: {how}" if how else what


def _first(said: Mapping[str, str], marks: str) -> str:
    return next((value for mark, value in said.items() if mark in marks), "")

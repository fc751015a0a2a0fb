"""Who won each point of a match, as a string: S, R (server, returner), A (ace), D (double fault), small letters after a
second serve; `;` between games, `.` between sets, `/` where the serve changes in a tie-break. A row a match in Tennis
Abstract's tables (https://github.com/JeffSackmann/tennis_pointbypoint), or a line a match by themselves."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import PurePath

from seqgen.core.errors import BadInput
from seqgen.domains.sports.formats.columns import Rows
from seqgen.domains.sports.match import Match, match_of, value_of
from seqgen.domains.sports.sport import Row
from seqgen.domains.sports.tennis import tennis
from seqgen.domains.sports.tennis_score import GAME, TIE_BREAK
from seqgen.domains.sports.tennis_shots import UNKNOWN_POINT

POINTS = frozenset(("pbp", "server1"))  # columns that show it
_ACTIONS = {"S": "server point", "R": "returner point", "A": "ace", "D": "double fault"}
_LINE = re.compile(rb"[SRADsrad][SRADsrad;./]*\s*?(\r|\n|$)")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MEN, _WOMEN = ("ATP", "CH", "CHALLENGER", "FU", "FUTURES", "BOYS"), ("WTA", "ITF", "GIRLS")
_SLAMS = re.compile(r"wimbledon|us ?open|australian ?open|french ?open|roland ?garros", re.IGNORECASE)
_SECOND = re.compile(r"[srad]")  # where small letters are used, large ones say first serves
_MOST = 10_000  # points of a match


def is_point_string(head: bytes) -> bool:
    """Whether the first line is such a string."""
    return _LINE.match(head) is not None and b";" in head[:_MOST]


def read_point_strings(data: bytes, name: str) -> Iterator[Match]:
    """A match of each line. Raises BadInput with its number."""
    lines = data.decode("utf-8-sig", "replace").splitlines()
    for number, line in enumerate(lines, 1):
        if line.strip():
            match = f"{PurePath(name).stem} {number}"
            yield _match(line, {"match": match, "one": "Player 1", "two": "Player 2"}, name, f"row {number}")


def read_point_table(columns: list[str], rows: Rows, name: str, apart: bool = True) -> Iterator[Match]:
    """The matches of such a table, one at a time. Raises BadInput with row and column."""
    for column in ("server1", "server2", "pbp"):
        if column not in columns:
            raise BadInput(name, "is missing", where=f"row 1, column {column}")
    for number, row in rows:
        text = {c: value_of(tennis.columns[c], said, name, number, c) for c, said in _about(row).items()}
        yield _match(row["pbp"], text, name, f"row {number}, column pbp")


def _about(row: Mapping[str, str]) -> dict[str, str]:
    """What a row says of its match."""
    tour, one, two = row.get("tour", "").upper(), row["server1"], row["server2"]
    title = row.get("tny_name") or row.get("tournament", "")
    date = _date(row.get("date", ""))
    slam = tour == "ATP" and row.get("draw", "") != "Qual" and _SLAMS.search(title) is not None
    known = tour in _MEN or tour in _WOMEN
    return {
        "match": row.get("pbp_id") or f"{date} {title} {one} {two}"[:200],
        "date": date,
        "one": one or "Player 1",
        "two": two or "Player 2",
        "gender": "men" if tour in _MEN else "women" if tour in _WOMEN else "",
        "best_of": ("5" if slam else "3") if known and row.get("type", "Singles") == "Singles" else "",
        "surface": row.get("surface", "").lower(),
    }


def _date(text: str) -> str:
    """Of 28 Jul 11 or 2011-07-28."""
    parts = text.lower().split()
    if len(parts) == 3 and parts[1] in _MONTHS and parts[0].isdecimal() and parts[2].isdecimal():
        return f"20{parts[2][-2:]}-{_MONTHS.index(parts[1]) + 1:02}-{int(parts[0]):02}"
    return text if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else ""


def _match(text: str, about: Mapping[str, str], name: str, where: str) -> Match:
    text = "".join(text.split())
    if not text.strip(".;/"):
        raise BadInput(name, "holds no points", where=where)
    if len(text) > _MOST:
        raise BadInput(name, f"holds {len(text):,} characters, more than a match", where=where)
    notes = Counter[str]()
    found = match_of(tennis, list(_rows(text, about, notes)))
    return replace(found, notes=dict(notes + Counter(found.notes)))


def _rows(text: str, about: Mapping[str, str], notes: Counter[str]) -> Iterator[Row]:
    nothing: Row = {c: "" if column.kind == "text" else None for c, column in tennis.columns.items()}
    players = about["one"], about["two"]
    said = "1" if _SECOND.search(text) else ""
    first = 0  # who serves first in the game
    sets = [[game.strip("/") for game in games.split(";")] for games in text.split(".")]
    notes["empty_games"] += sum(not game for games in sets for game in games[:-1])  # the last may just be closed
    for period, games in enumerate(filter(any, sets), 1):
        for game, points in enumerate(filter(None, games), 1):
            tie_break = "/" in points
            known = {**nothing, **about, "period": period, "game": game, "kind": TIE_BREAK if tie_break else GAME}
            server, n = first, 0
            for letter in points:
                if letter == "/":
                    server = 1 - server
                    continue
                n += 1
                action = _ACTIONS.get(letter.upper(), UNKNOWN_POINT)
                if action == UNKNOWN_POINT:
                    notes[f"unknown_point_{letter}"] += 1
                serve = "2" if letter in "srad" or action == "double fault" else said
                yield {**known, "point": n, "server": players[server], "action": action, "serve": serve}
            first = 1 - first

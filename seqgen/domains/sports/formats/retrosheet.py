"""Retrosheet's event files, `.EVA` and `.EVN`: the games of a home team in a season, pitch by pitch
(https://www.retrosheet.org/eventfile.htm)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from typing import Any

from seqgen.core.errors import BadInput, quoted
from seqgen.domains.sports.baseball import RESULTS, baseball
from seqgen.domains.sports.formats.retrosheet_plays import Diamond
from seqgen.domains.sports.match import Match, matches

# What stands among the pitches and is none: throws to a base, blocked pitches, runners who go, plays in between.
MARKS = frozenset("+*>.123N ")
_FIELDS = {"info": 3, "start": 6, "sub": 6, "play": 7, "radj": 3}
_GAME = re.compile(rb'id,"?[A-Z0-9]{3}\d{9}')
Hands = Mapping[str, tuple[str, str]]  # of each player: bats, throws


def is_events(head: bytes) -> bool:
    """Whether a file begins with a game's id."""
    return _GAME.match(head) is not None


def read_roster(data: bytes) -> dict[str, tuple[str, str]]:
    """Player's id -> (bats, throws), of a `.ROS` file."""
    lines = csv.reader(io.StringIO(data.decode("latin-1"), newline=""))
    return {line[0]: (line[3], line[4]) for line in lines if len(line) > 4}


def read_retrosheet(data: bytes, name: str, hands: Hands | None = None) -> Iterator[Match]:
    """The games of an event file. hands: from rosters, since event files do not say them. Raises BadInput with the row
    and its field."""
    marked = data.startswith(b"\xef\xbb\xbf")
    text = data.decode("utf-8-sig", "replace") if marked else data.decode("latin-1")
    lines = csv.reader(io.StringIO(text, newline=""))
    rows: list[tuple[int, dict[str, Any]]] = []
    game: _Game | None = None
    number = 0
    try:
        for number, line in enumerate(lines, 1):
            kind = line[0] if line else ""
            if len(line) < _FIELDS.get(kind, 0):
                raise BadInput(name, f"{kind} has {len(line)} fields, not {_FIELDS[kind]}", where=f"row {number}")
            if kind == "id":
                yield from matches(baseball, rows, name) if rows else ()
                rows, game = [], _Game(line[1] if len(line) > 1 else "", hands or {})
            elif game is None:
                raise BadInput(name, "stands before the first id of a game", where=f"row {number}")
            elif kind == "play":
                rows += ((number, row) for row in game.play(line, name, number))
            elif line:
                game.say(line)
    except csv.Error as error:
        raise BadInput(name, f"is not CSV ({error})", where=f"row {number + 1}") from None
    if not rows:
        raise BadInput(name, "holds no plays")
    yield from matches(baseball, rows, name)


class _Game:
    """What is known of a game from the records so far."""

    def __init__(self, match: str, hands: Hands) -> None:
        self._hands = hands
        self._about = {"match": match, "date": "", "season": ""}
        self._teams, self._pitchers = ["visitors", "home"], ["", ""]
        self._period, self._appearance, self._thrown = 0, 0, 0
        self._over = True
        self._diamond = Diamond()
        self._placed = 0  # the base of a runner who is put there to begin with

    def say(self, line: list[str]) -> None:
        """A record that is no play."""
        kind = line[0]
        if kind == "info" and line[1] == "date":
            self._about["date"], self._about["season"] = line[2].replace("/", "-"), line[2][:4]
        elif kind == "info" and line[1] in ("visteam", "hometeam"):
            self._teams[line[1] == "hometeam"] = line[2]
        elif kind in ("start", "sub") and line[5] == "1":
            self._pitchers[line[3] == "1"] = line[1]
        elif kind == "radj" and line[2] in ("1", "2", "3"):
            self._placed = int(line[2])

    def play(self, line: list[str], name: str, number: int) -> Iterator[dict[str, Any]]:
        """The events of a play record: its pitches beyond those that the record before had, and what came of them.
        Raises BadInput."""
        _, inning, half, batter, _, pitches, text = line[:7]
        if not (inning.isdecimal() and len(inning) < 3 and int(inning)):
            raise BadInput(name, f"{quoted(inning)} is no inning", where=f"row {number}, field 2")
        if half not in ("0", "1"):
            raise BadInput(name, f"{quoted(half)} is neither 0 nor 1", where=f"row {number}, field 3")
        period = 2 * int(inning) - 1 + int(half)
        if period != self._period:
            self._period, self._appearance, self._over = period, 0, True
            self._diamond, self._placed = Diamond(runners={self._placed} if self._placed else set()), 0
        if self._over:
            self._appearance, self._thrown, self._over = self._appearance + 1, 0, False
        pitcher = self._pitchers[half == "0"]
        bats, throws = self._hands.get(batter, ("?", "?"))[0], self._hands.get(pitcher, ("?", "?"))[1]
        known = {
            **self._about,
            "period": period,
            "appearance": self._appearance,
            "team": self._teams[half == "1"],
            "player": batter,
            "pitcher": pitcher,
            "matchup": f"{bats}-{throws}" if (bats, throws) != ("?", "?") else "",
        }
        letters = [letter for letter in pitches.upper() if letter not in MARKS]
        for letter in letters[self._thrown :]:
            yield {**known, "action": letter}
        self._thrown = max(self._thrown, len(letters))
        done = self._diamond.play(text)
        if done is None:
            yield {**known, "action": text[:40] or "?", "bases": self._diamond.bases}
            self._over = True
        elif done[0]:
            action, outs, runs = done
            yield {**known, "action": action, "outs": outs, "bases": self._diamond.bases, "runs": runs}
            self._over = action in RESULTS

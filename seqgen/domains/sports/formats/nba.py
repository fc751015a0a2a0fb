"""The NBA's play-by-play, version 2, as CSV: a game or a season (columns EVENTMSGTYPE, PCTIMESTRING, HOMEDESCRIPTION …,
https://github.com/swar/nba_api documents the endpoint `playbyplayv2`)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from seqgen.domains.sports.basketball import (
    BLOCKED,
    CHARGE,
    DEFENSIVE,
    MADE,
    MISSED,
    OFFENSIVE,
    OVERTIME,
    QUARTER,
    SHOTS,
    STOLEN,
    THREE,
    THROW,
    TURNOVERS,
    basketball,
)
from seqgen.domains.sports.formats.cells import Cells, Numbered, games, needed
from seqgen.domains.sports.formats.columns import Rows
from seqgen.domains.sports.match import Match
from seqgen.domains.sports.two_sides import AWAY, HOME

NBA = frozenset(("eventmsgtype", "pctimestring"))  # columns that show it
_NEEDED = (
    "game_id", "eventmsgtype", "eventmsgactiontype", "period", "pctimestring", "homedescription",
    "visitordescription", "player1_team_abbreviation",
)  # fmt: skip
_FIELD_GOALS, _THROW, _REBOUND, _TURNOVER, _FOUL, _JUMP = (1, 2), 3, 4, 5, 6, 10
_SIMPLE = {7: "violation", 9: "timeout"}
# What is logged of the match and not of the play: substitutions, ejections, the periods' ends, replays.
_PASSED = (8, 11, 12, 13, 18)
_KINDS = {  # of shots, by EVENTMSGACTIONTYPE; the others are jump shots
    **dict.fromkeys((5, 40, 41, 42, 43, 44, 71, 72, 73, 74, 75, 76, 97, 98, 99, 100), "layup"),
    **dict.fromkeys((7, 9, 48, 49, 50, 51, 52, 87, 106, 107, 108, 109, 110), "dunk"),
    **dict.fromkeys((3, 55, 56, 57, 58, 67, 93, 96), "hook shot"),
}
_LOSSES = {1: "bad pass", 45: "bad pass", 2: "lost ball", 40: "lost ball", 41: "lost ball", 4: "traveling"}
_FOUL_TURNOVERS = (5, 36, 37)  # what an offensive foul is, too
_NO_TURNOVER = 0
_FOULS = {
    **dict.fromkeys((2, 29), "shooting foul"), 3: "loose ball foul", **dict.fromkeys((4, 26), CHARGE),
    **dict.fromkeys((14, 15), "flagrant foul"),
    **dict.fromkeys((11, 12, 13, 16, 17, 18, 19, 25, 30), "technical foul"),
}  # fmt: skip
_LENGTHS = (OVERTIME, 600, QUARTER, 1200)  # of periods, in seconds: also where quarters are shorter, or halves played


def read_nba(columns: list[str], rows: Rows, name: str, apart: bool = True) -> Iterator[Match]:
    """The games of a table, one after the other. Raises BadInput with row and column."""
    needed(columns, [(column,) for column in _NEEDED], name)
    return games(basketball, rows, ("game_id",), lambda match, cells: _Game(match, cells).events(), name)


class _Game:
    """Rows of one game."""

    def __init__(self, match: str, rows: list[Cells]) -> None:
        self._rows = rows
        match = match.zfill(10)  # as numbers, they lose their zeros
        year = int(match[3:5]) if match[3:5].isdecimal() else -1
        season = "" if year < 0 else str(2000 + year if year < 46 else 1900 + year)
        self._about = {"match": match, "season": season}
        self._teams: dict[str, str] = {}
        most: dict[int, float] = {}  # left of each period
        for row in rows:
            if team := row.text("player1_team_abbreviation"):
                self._teams.setdefault(_venue(row), team)
            period = self._period(row)
            usual = OVERTIME if period > 4 else QUARTER if match.startswith("00") else 0
            most[period] = max(most.get(period, usual), self._left(row))
        self._lengths = {period: next((n for n in _LENGTHS if n >= left), left) for period, left in most.items()}

    def _period(self, row: Cells) -> int:
        period = row.whole("period")
        if period is None or not 0 < period < 100:
            raise row.wrong("holds no period" if period is None else f"{period} is no period", "period")
        return period

    def _left(self, row: Cells) -> float:
        left = row.clock("pctimestring")
        if left is None:
            raise row.wrong("holds no value", "pctimestring")
        return left

    def events(self) -> list[Numbered]:
        """By the numbers of their rows. What a rebound is, depends on the shot before it in time."""
        found: list[Numbered] = []
        before: dict[str, Any] = {}  # the event before
        missed: dict[str, Any] = {}  # the shot
        for row in sorted(self._rows, key=lambda one: (self._period(one), -self._left(one))):
            event = self._event(row, before, missed)
            if event is None or not event["team"]:
                continue
            found.append((row.number, event))
            before = event
            missed = event if event["action"] in (*SHOTS, THROW) else missed
        return sorted(found, key=lambda numbered: numbered[0])

    def _event(self, row: Cells, before: Mapping[str, Any], missed: Mapping[str, Any]) -> dict[str, Any] | None:
        kind, detail = row.whole("eventmsgtype"), row.whole("eventmsgactiontype")
        if kind is None or kind in _PASSED:
            return None
        venue = _venue(row)
        team = row.text("player1_team_abbreviation") or self._teams.get(venue, "")
        event: dict[str, Any] = {
            **self._about,
            "period": self._period(row),
            "time": round(self._lengths[self._period(row)] - self._left(row), 3),
            "team": team,
            "venue": venue,
            "player": row.text("player1_name"),
        }
        text = f"{row.text('homedescription')} {row.text('visitordescription')}".strip()
        if kind in _FIELD_GOALS:
            away = re.search(r"\b(\d{1,3})' ", text)
            outcome = MADE if kind == _FIELD_GOALS[0] else BLOCKED if " BLOCK (" in text else MISSED
            shot = THREE if "3PT" in text else _KINDS.get(detail or 0, "jump shot")
            return {**event, "action": shot, "distance": away and away[1], "outcome": outcome}
        if kind == _THROW:
            which = re.search(r"\d of \d", text)
            outcome = MISSED if "MISS " in text else MADE
            return {**event, "action": THROW, "throw": which[0] if which else "technical", "outcome": outcome}
        if kind == _REBOUND:
            if _is_dead(before) and not row.text("player1_team_abbreviation"):
                return None
            return {**event, "action": OFFENSIVE if team == missed.get("team") else DEFENSIVE}
        if kind == _TURNOVER:
            charged = before.get("action") == CHARGE and before["team"] == team
            if detail == _NO_TURNOVER or (detail in _FOUL_TURNOVERS and charged):
                return None
            stolen = STOLEN if "STEAL (" in text else ""
            return {**event, "action": _LOSSES.get(detail or 0, TURNOVERS[-1]), "outcome": stolen}
        if kind == _FOUL:
            return {**event, "action": _FOULS.get(detail or 0, "foul")}
        if kind == _JUMP:
            gets = row.text("player3_team_abbreviation")
            if not gets:
                return {**event, "action": "jump ball"}
            won = {"team": gets, "player": row.text("player3_name")}
            return {**event, **won, "action": "jump ball", "venue": venue if gets == team else _OTHER.get(venue, "")}
        return {**event, "action": _SIMPLE.get(kind, f"event {kind}")}


_OTHER = {HOME: AWAY, AWAY: HOME}


def _venue(row: Cells) -> str:
    """Of who acts: even types of persons (team, player, coach) are at home, odd ones away, 1 is no side."""
    kind = row.whole("person1type")
    if kind:
        return "" if kind == 1 else HOME if kind % 2 == 0 else AWAY
    return HOME if row.text("homedescription") else AWAY if row.text("visitordescription") else ""


def _is_dead(before: Mapping[str, Any]) -> bool:
    """Whether the event before is a missed free throw after which the ball is not played: not the last of its kind."""
    throw = before.get("throw", "")
    return before.get("outcome") == MISSED and before["action"] == THROW and (throw[0] != throw[-1])

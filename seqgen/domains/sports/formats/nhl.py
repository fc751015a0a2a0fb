"""The NHL's play-by-play as two programs write it, as CSV: a game or a season. Hockey-Scraper
(https://github.com/HarryShomer/Hockey-Scraper) has columns such as Ev_Team and xC; hockey-scraper-by-max, of which
tables are also Parquet, such as eventOwnerTeam and xCoord."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from seqgen.domains.sports.formats.cells import Cells, Numbered, games, needed
from seqgen.domains.sports.formats.columns import Rows
from seqgen.domains.sports.hockey import (
    BLOCKED,
    FACEOFF,
    GOAL,
    MISSED,
    OUTCOMES,
    PENALTY,
    SAVED,
    SHOOT_OUT,
    SHOT,
    STRENGTHS,
    hockey,
)
from seqgen.domains.sports.match import Match
from seqgen.domains.sports.sport import OTHER
from seqgen.domains.sports.two_sides import AWAY, HOME

# Columns that show the one program's, and the other's.
NHL, SCRAPED = frozenset(("zonecode", "description")), frozenset(("ev_zone",))
# What the programs call a column; the first that says something holds.
_MATCH, _DATE = ("game_id", "gameid"), ("date", "gamedate")
_PERIOD, _KIND_OF_PERIOD = ("per", "period", "periodnumber"), ("periodtype",)
_SECONDS = ("seconds_elapsed", "timeinperiod_s", "timeinperiodsec")
_EVENT, _TEXT = ("event",), ("description",)
_HOME, _AWAY = ("home_team", "homeabbrev", "hometeam"), ("away_team", "awayabbrev", "awayteam")
_TEAM = ("ev_team", "eventownerteam", "eventteam")
_STRENGTH, _ZONE = ("strength", "gamestrength"), ("ev_zone", "zonecode")
_X, _Y, _TYPE = ("xc", "xcoord"), ("yc", "ycoord"), ("type", "shottype")
_PLAYER = ("p1_name", "playername_1", "player1name")
_NEEDED = (_MATCH, _PERIOD, _SECONDS, _EVENT, _TEXT, _HOME, _AWAY, _X, _Y)

_ACTIONS = {
    "FAC": FACEOFF, "SHOT": SHOT, "GOAL": SHOT, "MISS": SHOT, "BLOCK": SHOT, "HIT": "hit", "GIVE": "giveaway",
    "TAKE": "takeaway", "PENL": PENALTY, "DELPEN": "delayed penalty",
}  # fmt: skip
_CODES = {  # what the league's own interface calls them; a table may have both
    "FACEOFF": "FAC", "SHOT-ON-GOAL": "SHOT", "MISSED-SHOT": "MISS", "BLOCKED-SHOT": "BLOCK", "GIVEAWAY": "GIVE",
    "TAKEAWAY": "TAKE", "PENALTY": "PENL", "DELAYED-PENALTY": "DELPEN", "STOPPAGE": "STOP",
}  # fmt: skip
_OUTCOMES = {"SHOT": SAVED, "GOAL": GOAL, "MISS": MISSED, "BLOCK": BLOCKED}
_STOP = "STOP"
# What is logged of the match and not of the play: anthems, begin and end of periods, changes, challenges, goalkeepers.
_PASSED = (
    "", "PGSTR", "PGEND", "ANTHEM", "PSTR", "PEND", "GEND", "EGT", "EGPID", "EISTR", "EIEND", "SOC", "SPC", "GOFF",
    "CHL", "ON", "OFF", "CHANGE", "PERIOD-START", "PERIOD-END", "GAME-END", "SHOOTOUT-COMPLETE", "SHOOTOUT-COMPLETED",
    "UNKNOWN",
)  # fmt: skip
_REASONS = (  # by how what is said begins
    ("GOALIE STOPPED", "goalie stopped"), ("PUCK FR", "goalie stopped"), ("ICING", "icing"), ("OFF", "offside"),
    ("PUCK IN", "out of play"), ("HAND PASS", "hand pass"), ("HIGH STICK", "high stick"), ("TV TIMEOUT", "timeout"),
    ("TIMEOUT", "timeout"),
)  # fmt: skip
_KINDS = re.compile(r"\b(wrist|slap|snap|backhand|tip-in|deflected|wrap-around)\b", re.IGNORECASE)
_PLAYOFFS = "3"  # in a game's number before its last four digits
_FAR = 25.0  # feet from the centre line to the blue line: where zones tell the sides apart


def read_nhl(columns: list[str], rows: Rows, name: str, apart: bool = True) -> Iterator[Match]:
    """The games of a table, one after the other. Raises BadInput with row and column."""
    needed(columns, _NEEDED, name)
    return games(hockey, rows, _MATCH, lambda match, cells: _Game(match).events(cells), name)


class _Game:
    """What is known of a game from the rows so far."""

    def __init__(self, match: str) -> None:
        self._match = match
        self._playoffs = match[-5:-4] == _PLAYOFFS
        self._reason = ""  # why play has stopped
        # How much more often than not the home side seemed to attack along x: by shots of a period, and by zones.
        self._shots, self._zones = Counter[int](), Counter[int]()

    def events(self, rows: list[Cells]) -> list[Numbered]:
        """By the numbers of their rows, turned so that who acts attacks along x."""
        found = []
        for period, time, row in sorted(_timed(rows), key=lambda timed: timed[:2]):
            event = self._event(row, period)
            if event is not None:
                found.append((row.number, {**event, "period": period, "time": time}))
        for _, event in found:
            if event["x"] is not None and event["y"] is not None:
                votes = self._shots[event["period"]] or self._zones[event["period"]]
                turn = (1 if votes >= 0 else -1) * (1 if event["venue"] == HOME else -1)
                event["x"], event["y"] = turn * event["x"] + 0.0, turn * event["y"] + 0.0  # no -0
        return sorted(found, key=lambda numbered: numbered[0])

    def _event(self, row: Cells, period: int) -> dict[str, Any] | None:
        code, text = row.text(*_EVENT).upper(), row.text(*_TEXT)
        code = _CODES.get(code, code)
        if code == _STOP:
            self._reason = next((said for begins, said in _REASONS if text.upper().startswith(begins)), OTHER)
        home = row.text(*_HOME)
        first = text.split()[:1]  # of what is said names who acts, more surely than the column
        team = first[0] if first in ([home], [row.text(*_AWAY)]) else row.text(*_TEAM)
        if code in (_STOP, *_PASSED) or not team:
            return None
        action = _ACTIONS.get(code, code)
        if action == SHOT and period > 4 and (row.text(*_KIND_OF_PERIOD) == "SO" or not self._playoffs):
            action = SHOOT_OUT
        date = row.text(*_DATE)[:10]
        event = {
            "match": self._match,
            "date": date,
            "season": _season(date),
            "team": team,
            "venue": HOME if team == home else AWAY,
            "player": row.text(*_PLAYER),
            "action": action,
            "reason": self._reason if action == FACEOFF else "",
            "strength": _strength(row.text(*_STRENGTH), team == home),
            "x": row.amount(*_X),
            "y": row.amount(*_Y),
            "kind": _kind(text, row.text(*_TYPE)) if action in (SHOT, SHOOT_OUT) else "",
            "outcome": _minutes(text) if action == PENALTY else _OUTCOMES.get(code, ""),
        }
        self._reason = "" if action == FACEOFF else self._reason
        self._vote(code, event, row.text(*_ZONE), period)
        return event

    def _vote(self, code: str, event: Mapping[str, Any], zone: str, period: int) -> None:
        """Which way a side attacks, its shots tell; where none were yet, the zones that are named. These are not always
        those of who acts, and that of a blocked shot is now of who blocks it and now of who shoots."""
        x = event["x"]
        if x is None or abs(x) <= _FAR or code == "BLOCK":
            return
        along = (1 if x > 0 else -1) * (1 if event["venue"] == HOME else -1)
        if event["action"] == SHOT:
            self._shots[period] += along
        else:
            self._zones[period] += {"O": along, "D": -along}.get(zone[:1].upper(), 0)


def _timed(rows: list[Cells]) -> Iterator[tuple[int, float | None, Cells]]:
    """Rows with their periods and times; one without a time has that of the row before."""
    before: tuple[int, float | None] = (0, None)
    for row in rows:
        period = row.whole(*_PERIOD)
        if period is None or not 0 < period < 100:
            raise row.wrong("holds no period" if period is None else f"{period} is no period", *_PERIOD)
        time = row.amount(*_SECONDS)
        if time is None:
            time = before[1] if before[0] == period else 0.0
        before = period, time
        yield period, time, row


def _season(date: str) -> str:
    """It begins in autumn."""
    said = re.match(r"(\d{4})-(\d{2})", date)
    return "" if said is None else str(int(said[1]) - (int(said[2]) < 8))


def _strength(text: str, home: bool) -> str:
    """Of 5v4, those of who acts first, or 5x4, those at home first."""
    said = re.fullmatch(r"(\d)([vx])(\d)", text)
    if said is None:
        return ""
    ours, theirs = (said[1], said[3]) if said[2] == "v" or home else (said[3], said[1])
    strength = f"{ours}v{theirs}"
    return strength if strength in STRENGTHS else OTHER


def _minutes(text: str) -> str:
    said = re.search(r"\(\d+ min\)", text)
    return said[0][1:-1] if said and said[0][1:-1] in OUTCOMES else OTHER


def _kind(text: str, named: str) -> str:
    said = _KINDS.search(text) or _KINDS.search(named)
    return said[1].lower() if said else OTHER if named else ""

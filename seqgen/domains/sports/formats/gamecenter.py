"""Play-by-play of NFL GameCenter, as JSON: a game, or several by their ids. What a play is, is told by the statistics
that it was given, and by its description where there is none."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any

from seqgen.domains.sports import american_football as af
from seqgen.domains.sports.match import Match, as_json, matches

_GAME = re.compile(r"\d{10}")
_WHERE = {
    af.PASS: re.compile(r"\bpass (?:incomplete )?(short|deep) (left|middle|right)\b"),
    af.RUN: re.compile(r"\b(left|right) (end|tackle|guard)\b|\bup the (middle)\b"),
}
_TRY = re.compile(r"\([^()]*\b(kick|run|pass)\b[^()]*\)")
# Numbers of statistics, by the league's own list. A play is the first of these that it has one of.
_KINDS = {
    af.TWO_POINT: {75, 76, 77, 78, 104, 105},
    af.EXTRA_POINT: {72, 73, 74, 301},
    af.FIELD_GOAL: {69, 70, 71},
    af.PUNT: {2, 29, 31, 32},
    af.KICKOFF: {41, 43, 44, 102, 107, 108, 410},
    af.PASS: {14, 15, 16, 19, 20},
    af.RUN: {10, 11, 12, 13},
}
_OUTCOMES = {
    af.TWO_POINT: (({75, 77, 104}, "success"), ({76, 78, 105}, "failed")),
    af.EXTRA_POINT: (({72}, "good"), ({74}, "blocked"), ({73, 301}, "failed")),
    af.FIELD_GOAL: (({70}, "made"), ({71}, "blocked"), ({69}, "missed")),
    af.PASS: (({20}, "sack"), ({19}, "intercepted"), ({15, 16}, "complete"), ({14}, "incomplete")),
    af.PUNT: (
        ({2}, "blocked"), ({32, 40}, "touchback"), ({39}, "fair catch"), ({37}, "out of bounds"), ({38}, "downed"),
    ),
    af.KICKOFF: (
        ({107, 108}, "recovered"), ({44, 51}, "touchback"), ({49}, "out of bounds"), ({50}, "fair catch"),
        ({102}, "downed"),
    ),
}  # fmt: skip
_LENGTHS = {
    af.RUN: {10, 11, 12, 13}, af.PASS: {15, 16, 20}, af.PUNT: {29, 31, 32}, af.KICKOFF: {41, 43, 44},
    af.KNEEL: {10, 11}, af.PENALTY: {93},
}  # fmt: skip
_TOUCHDOWNS = {11, 13, 16, 22, 24, 26, 28, 34, 36, 46, 48, 56, 58, 60, 62, 64, 108}
_FIRST, _ON_DOWNS, _PASSED, _LOST, _SAFETY, _PENALTY = {3, 4, 5}, {9}, {19}, {106}, {89}, {93}
_FUMBLES = {52, 53, 54, 55, 56, 59, 60, 106}
_OURS = set().union(*_KINDS.values(), _FIRST, _ON_DOWNS, {22, 24, 52, 53, 54, 55, 56, 106})  # of the side with the ball
_MOST = 1000  # characters of a summary
Stats = list[tuple[int, int, str]]  # number, yards, team


def is_gamecenter(head: bytes) -> bool:
    """Whether JSON begins as a game does."""
    return head.startswith(b"{") and b'"drives"' in head and b'"yrdln"' in head


def read_gamecenter(data: bytes, name: str) -> Iterator[Match]:
    """The games of a file. Raises BadInput."""
    with as_json(name, "a game of GameCenter"):
        games = {key: game for key, game in json.loads(data).items() if _GAME.fullmatch(key)}
        rows = [row for key, game in games.items() for row in _rows(key, game)]
    yield from matches(af.american_football, enumerate(rows, 1), name)


def _rows(key: str, game: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    day = f"{key[:4]}-{key[4:6]}-{key[6:8]}"
    season, stage = af.season(day)
    about = {"match": key, "date": day if season else "", "season": season, "stage": stage}
    about["home"] = game["home"]["abbr"]
    plays = [
        (int(number), play)
        for drive, said in game["drives"].items()
        if drive != "crntdrv"
        for number, play in said["plays"].items()
    ]
    rows = [row for number, play in sorted(plays, key=lambda found: found[0]) if (row := _row(number, play))]
    sides = {game["home"]["abbr"], game["away"]["abbr"]}
    for row, after in zip_longest(rows, rows[1:]):
        yield {**about, **row}
        tried = after is not None and after["action"] in (af.EXTRA_POINT, af.TWO_POINT)
        if row["result"] == af.THEIR_TOUCHDOWN and not tried:
            summary = (game.get("scrsummary") or {}).get(str(row["play"]), {}).get("desc", "")
            for team in sides - {row["team"]}:
                yield from ({**about, **row, **known, "team": team} for known in _try(summary))


def _try(summary: str) -> Iterator[dict[str, Any]]:
    """The try after a touchdown by the side without the ball, which is not among the plays but in the summary."""
    said = _TRY.search(summary[:_MOST])
    if said:
        action = af.EXTRA_POINT if said[1] == "kick" else af.TWO_POINT
        good = "good" if action == af.EXTRA_POINT else "success"
        outcome = "failed" if "fail" in said[0] else "blocked" if "block" in said[0] else good
        yield {"down": 0, "to_go": None, "yard_line": None, "action": action, "outcome": outcome, "result": ""}


def _row(number: int, play: Mapping[str, Any]) -> dict[str, Any] | None:
    """A play; None for what is none: a time-out, the end of a quarter."""
    text, holds = play["desc"] or "", play["posteam"] or ""
    stats: Stats = [
        (
            stat["statId"],
            int(float(stat["yards"] or 0)),
            stat["clubcode"] or (holds if stat["statId"] in _OURS else "?"),
        )
        for player in play["players"].values()
        for stat in player
    ]
    found = {n for n, _, _ in stats}
    action = _action(found, text)
    own = _KINDS.get(af.RUN if action in (af.KNEEL, af.PASS) and not found & _KINDS[af.PASS] else action, ())
    team = next((club for n, _, club in stats if n in own), holds)
    if not action or not team:
        return None
    scrambles = action == af.PASS and " scrambles " in text
    moves = af.RUN if scrambles else action
    lengths = _LENGTHS.get(moves, ())
    where = _WHERE[moves].search(text) if moves in _WHERE else None
    minutes, _, seconds = (play["time"] or "").partition(":")
    return {
        "period": play["qtr"],
        "play": number,
        "time": 900 - 60 * int(minutes) - int(seconds) if minutes and seconds else None,
        "team": team,
        "down": play["down"],
        "to_go": play["ydstogo"] if play["down"] else None,
        "yard_line": _yard_line(play["yrdln"] or "", team),
        "action": action,
        "where": " ".join(part for part in where.groups() if part) if where else "",
        "outcome": "scramble" if scrambles else _outcome(action, stats, team),
        "yards": sum(
            -yards if action == af.PENALTY and club == team else yards
            for n, yards, club in stats
            if n in lengths and (club == team or action == af.PENALTY)
        ),
        "result": _result(action, stats, team),
    }


def _action(found: set[int], text: str) -> str:
    """What a play is; "" for none."""
    kind = next((kind for kind, numbers in _KINDS.items() if found & numbers), "")
    if "No Play" in text or (not kind and found & _PENALTY):
        return af.PENALTY
    if kind == af.RUN and " kneels" in text:
        return af.KNEEL
    if kind == af.RUN and " scrambles " in text:
        return af.PASS
    if kind == af.PASS and " spiked the ball" in text:
        return af.SPIKE
    return kind or (af.RUN if found & _FUMBLES else "")


def _yard_line(text: str, team: str) -> int | None:
    side, _, yards = text.rpartition(" ")
    if not yards.isdecimal():
        return None
    return af.LENGTH - int(yards) if side == team else int(yards)


def _outcome(action: str, stats: Stats, team: str) -> str:
    if action in (af.PUNT, af.KICKOFF) and any(n in _LOST and club != team for n, _, club in stats):
        return "recovered"
    found = {n for n, _, _ in stats}
    outcome = next((outcome for numbers, outcome in _OUTCOMES.get(action, ()) if found & numbers), "")
    return outcome or ("returned" if action in (af.PUNT, af.KICKOFF) else "")


def _result(action: str, stats: Stats, team: str) -> str:
    ours, theirs = ({n for n, _, club in stats if (club == team) == same} for same in (True, False))
    if (ours | theirs) & _TOUCHDOWNS:
        return af.TOUCHDOWN if ours & _TOUCHDOWNS else af.THEIR_TOUCHDOWN
    if theirs & _SAFETY:
        return af.SAFETY
    if ours & (_PASSED | _LOST):
        return af.TURNOVER
    if action in (af.RUN, af.PASS) and ours & _ON_DOWNS:
        return af.ON_DOWNS
    return af.FIRST_DOWN if ours & _FIRST else ""

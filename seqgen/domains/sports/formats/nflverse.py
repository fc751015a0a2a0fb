"""Play-by-play of nflverse, nflfastR and nflscrapR, as CSV: a row a play, a season a file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from seqgen.domains.sports import american_football as af
from seqgen.domains.sports.formats.cells import Cells, needed
from seqgen.domains.sports.formats.columns import Rows
from seqgen.domains.sports.match import Match, matches

_NEEDED = ("game_id", "play_id", "posteam", "defteam", "qtr", "down", "ydstogo", "yardline_100", "play_type")
PLAYS = frozenset(_NEEDED[:2]) | {"posteam", "ydstogo"}  # columns that show it
_PLAYS = {
    "run": af.RUN, "pass": af.PASS, "punt": af.PUNT, "field_goal": af.FIELD_GOAL, "kickoff": af.KICKOFF,
    "extra_point": af.EXTRA_POINT, "qb_kneel": af.KNEEL, "qb_spike": af.SPIKE, "no_play": af.PENALTY,
}  # fmt: skip
_TRIES = {
    af.FIELD_GOAL: ("field_goal_result", {"made": "made", "missed": "missed", "blocked": "blocked"}),
    af.EXTRA_POINT: ("extra_point_result", {"good": "good", "blocked": "blocked", "return": "taken back"}),
    af.TWO_POINT: ("two_point_conv_result", {"success": "success", "return": "taken back"}),
}
_PASSES = (("sack", "sack"), ("interception", "intercepted"), ("complete_pass", "complete"))
_PUNTS = (
    ("punt_blocked", "blocked"), ("touchback", "touchback"), ("punt_in_endzone", "touchback"),
    ("punt_fair_catch", "fair catch"), ("punt_out_of_bounds", "out of bounds"), ("punt_downed", "downed"),
)  # fmt: skip
_KICKOFFS = (
    ("own_kickoff_recovery", "recovered"), ("touchback", "touchback"), ("kickoff_out_of_bounds", "out of bounds"),
    ("kickoff_fair_catch", "fair catch"), ("kickoff_downed", "downed"),
)  # fmt: skip
_OUTCOMES = {
    af.PASS: (_PASSES, "incomplete"), af.PUNT: (_PUNTS, "returned"), af.KICKOFF: (_KICKOFFS, "returned"),
}  # fmt: skip
_FIRST_DOWNS = ("first_down_rush", "first_down_pass", "first_down_penalty")
_KICKED = re.compile(r"\b(?:kicks|punts) (-?\d{1,2}) yards?\b")
_SECONDS = 900  # of a quarter


def read_plays(columns: list[str], rows: Rows, name: str, apart: bool = False) -> Iterator[Match]:
    """The games of a table. Raises BadInput with row and column."""
    needed(columns, [(column,) for column in _NEEDED], name)
    yield from matches(af.american_football, _plays(rows, name), name, apart=apart)


def _plays(rows: Iterable[tuple[int, Mapping[str, str]]], name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, values in rows:
        play = _play(Cells(values, number, name))
        if play is not None:
            yield number, play


def _play(row: Cells) -> dict[str, Any] | None:
    """A play; None for what is none: a time-out, the end of a quarter."""
    kind = row.text("play_type")
    called = row.flag("timeout") and not row.flag("penalty") and kind == "no_play"
    team, others = row.text("posteam"), row.text("defteam")
    if not kind or not team or called:
        return None
    action = _PLAYS.get(kind, kind)
    if row.flag("two_point_attempt") and action != af.PENALTY:
        action = af.TWO_POINT
    elif row.flag("qb_scramble") and action == af.RUN:
        action = af.PASS
    line = row.whole("yardline_100")
    if action == af.KICKOFF:  # is said of the side that receives
        team, line = others, None if line is None else af.LENGTH - line
    day, left = row.text("game_date"), row.whole("quarter_seconds_remaining")
    season, stage = af.season(day)
    return {
        "match": row.text("game_id"),
        "date": day if season else "",
        "season": row.text("season") or season,
        "stage": stage,
        "home": row.text("home_team"),
        "period": row.whole("qtr"),
        "play": row.whole("order_sequence") if row.text("order_sequence") else row.whole("play_id"),
        "time": None if left is None else _SECONDS - min(left, _SECONDS),
        "team": team,
        "down": row.whole("down"),
        "to_go": row.whole("ydstogo") if row.text("down") else None,
        "yard_line": line,
        "action": action,
        "where": _where(row, action),
        "outcome": _outcome(row, action, team),
        "yards": _yards(row, action, team),
        "result": _result(row, action, team),
    }


def _where(row: Cells, action: str) -> str:
    if action == af.PASS and row.text("pass_location"):
        return f"{row.text('pass_length')} {row.text('pass_location')}"
    where = row.text("run_location")
    return f"{where} {row.text('run_gap')}" if where in ("left", "right") else where


def _yards(row: Cells, action: str, team: str) -> float:
    if action == af.PENALTY:
        return (row.amount("penalty_yards") or 0.0) * (-1 if row.text("penalty_team") == team else 1)
    if action not in (af.PUNT, af.KICKOFF):
        return row.amount("yards_gained") or 0.0
    told = _KICKED.search(row.text("desc"))  # older tables leave the distance out
    return row.amount("kick_distance") or float(told[1] if told else 0)


def _outcome(row: Cells, action: str, team: str) -> str:
    if action in _TRIES:
        column, called = _TRIES[action]
        said = row.text(column)
        return called.get(said, "failed") if said else ""
    if row.flag("qb_scramble"):
        return "scramble"
    if action in (af.PUNT, af.KICKOFF) and row.flag("fumble_lost") and row.text("fumble_recovery_1_team") == team:
        return "recovered"
    told, else_ = _OUTCOMES.get(action, ((), ""))
    return next((outcome for column, outcome in told if row.flag(column)), else_)


def _result(row: Cells, action: str, team: str) -> str:
    if row.flag("touchdown"):
        return af.TOUCHDOWN if row.text("td_team") == team else af.THEIR_TOUCHDOWN
    if row.flag("safety"):
        return af.SAFETY
    if action in (af.RUN, af.PASS) and (row.flag("interception") or row.flag("fumble_lost")):
        return af.TURNOVER
    if action in (af.RUN, af.PASS) and row.flag("fourth_down_failed"):
        return af.ON_DOWNS
    return af.FIRST_DOWN if any(row.flag(column) for column in _FIRST_DOWNS) else ""

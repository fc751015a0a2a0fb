"""StatsBomb's event files (https://github.com/statsbomb/open-data/tree/master/doc): one match each, as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any

from seqgen.domains.sports.match import Match, as_json, matches
from seqgen.domains.sports.soccer import FAIL, GOAL, LENGTH, OWN_GOAL, SUCCESS, WIDTH, soccer

_FIELD = (LENGTH / 120, WIDTH / 80)  # metres a unit
# What is logged of the match and not of the ball, or a second time for the other side.
_PASSED = (
    "Starting XI", "Half Start", "Half End", "Camera On", "Camera off", "Substitution", "Tactical Shift",
    "Ball Receipt*", "Injury Stoppage", "Referee Ball-Drop", "Player On", "Player Off", "Foul Won", "Dribbled Past",
    "Own Goal For", "Error",
)  # fmt: skip
_ACTIONS = {
    "Carry": "carry", "Dribble": "take on", "Interception": "interception", "Clearance": "clearance", "Block": "block",
    "Ball Recovery": "recovery", "Pressure": "pressure", "Dispossessed": "turnover", "Miscontrol": "turnover",
    "Foul Committed": "foul", "Bad Behaviour": "foul", "Offside": "offside", "50/50": "duel", "Shield": "touch",
    "Own Goal Against": "touch",
}  # fmt: skip
_DETAILS = {  # the key of what is said beside the type
    "Goal Keeper": "goalkeeper", "Foul Committed": "foul_committed", "Bad Behaviour": "bad_behaviour",
    "Ball Recovery": "ball_recovery", "50/50": "50_50",
}  # fmt: skip
_SET_PIECES = {"Corner": "corner", "Goal Kick": "goal kick", "Throw-in": "throw in"}
_RIGHT = ("Complete", "Won", "Success", "Success In Play", "Success Out", "Saved Twice", "Success To Team")


def read_statsbomb(data: bytes, name: str) -> Iterator[Match]:
    """The match of a file of StatsBomb's events. Raises BadInput."""
    match = PurePath(name).name.partition(".")[0]
    with as_json(name, "StatsBomb's events"):
        rows = [(i, {"match": match, **_row(event)}) for i, event in enumerate(json.loads(data), 1) if _told(event)]
    return matches(soccer, rows, name)


def _told(event: Mapping[str, Any]) -> bool:
    return event["type"]["name"] not in _PASSED


def _row(event: Mapping[str, Any]) -> dict[str, Any]:
    kind = event["type"]["name"]
    about = event.get(_DETAILS.get(kind, kind.lower()), {})
    hours, minutes, seconds = event["timestamp"].split(":")
    x, y = event.get("location", (None, None))[:2]
    end_x, end_y = about.get("end_location", (None, None))[:2]
    return {
        "event_id": event.get("id"),
        "period": event["period"],
        "time": round(3600 * int(hours) + 60 * int(minutes) + float(seconds), 3),
        "team": event["team"]["name"],
        "player": event.get("player", {}).get("name", ""),
        "action": _action(kind, about),
        "outcome": _outcome(kind, about),
        "x": _metres(x, _FIELD[0]),
        "y": _metres(y, _FIELD[1]),
        "end_x": _metres(end_x, _FIELD[0]),
        "end_y": _metres(end_y, _FIELD[1]),
    }


def _metres(value: float | None, size: float) -> float | None:
    return None if value is None else round(value * size, 2)


def _said(about: Mapping[str, Any], key: str) -> str:
    return str(about.get(key, {}).get("name", ""))


def _action(kind: str, about: Mapping[str, Any]) -> str:
    what = _said(about, "type")
    if kind == "Pass":
        return _pass(what, about)
    if kind == "Shot":
        return {"Penalty": "penalty", "Free Kick": "free kick shot", "Corner": "corner"}.get(what, "shot")
    if kind == "Duel":
        return "tackle" if what == "Tackle" else "aerial duel"
    if kind == "Goal Keeper":
        return "save" if "Save" in what or what == "Punch" else "keeper"
    return _ACTIONS.get(kind, kind)


def _pass(what: str, about: Mapping[str, Any]) -> str:
    if what == "Free Kick":
        return "free kick cross" if about.get("cross") else "free kick"
    if what in _SET_PIECES:
        return _SET_PIECES[what]
    if about.get("cross"):
        return "cross"
    if about.get("through_ball") or _said(about, "technique") == "Through Ball":
        return "through pass"
    if _said(about, "body_part") == "Head":
        return "head pass"
    return "high pass" if _said(about, "height") == "High Pass" else "pass"


def _outcome(kind: str, about: Mapping[str, Any]) -> str:
    if card := _said(about, "card"):
        return {"Yellow Card": "yellow card", "Second Yellow": "second yellow card"}.get(card, "red card")
    if kind == "Own Goal Against":
        return OWN_GOAL
    outcome = _said(about, "outcome")
    if kind == "Shot":
        return GOAL if outcome == "Goal" else FAIL
    if kind in ("Pass", "Carry"):
        return FAIL if outcome else SUCCESS
    if kind == "Ball Recovery":
        return FAIL if about.get("recovery_failure") else SUCCESS
    if outcome:
        return SUCCESS if outcome in _RIGHT else FAIL
    return FAIL if kind in ("Duel", "Dispossessed", "Miscontrol") else ""

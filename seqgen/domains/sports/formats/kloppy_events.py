"""Events as kloppy reads them (https://kloppy.pysport.org), of any of its providers: an EventDataset as a match."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from seqgen.core.errors import BadInput
from seqgen.domains.sports.formats.attack import turned
from seqgen.domains.sports.match import Match, matches
from seqgen.domains.sports.soccer import FAIL, GOAL, LENGTH, OWN_GOAL, SUCCESS, WIDTH, soccer

_ACTIONS = {
    "TAKE_ON": "take on", "CARRY": "carry", "CLEARANCE": "clearance", "INTERCEPTION": "interception", "CARD": "foul",
    "RECOVERY": "recovery", "MISCONTROL": "turnover", "BALL_OUT": "out", "FOUL_COMMITTED": "foul",
    "PRESSURE": "pressure",
}  # fmt: skip
_SET_PIECES = {"GOAL_KICK": "goal kick", "FREE_KICK": "free kick", "THROW_IN": "throw in", "CORNER_KICK": "corner"}
_PASSES = {  # the first that is said
    "CROSS": "cross", "THROUGH_BALL": "through pass", "SMART_PASS": "through pass", "HEAD_PASS": "head pass",
    "HIGH_PASS": "high pass", "LAUNCH": "long pass", "LONG_BALL": "long pass",
}  # fmt: skip
_CARDS = {"FIRST_YELLOW": "yellow card", "SECOND_YELLOW": "second yellow card", "RED": "red card"}
_ENDS = ("receiver_coordinates", "result_coordinates", "end_coordinates")
PASSED = ("GENERIC", "SUBSTITUTION", "PLAYER_ON", "PLAYER_OFF", "FORMATION_CHANGE")


def from_kloppy(dataset: Any, name: str = "<EventDataset>") -> Match:
    """The match of a kloppy EventDataset; events that are not of the ball are left out. Raises BadInput."""
    from kloppy.domain import Orientation

    if type(dataset).__name__ != "EventDataset":
        raise BadInput(name, f"is a {type(dataset).__name__}, not an EventDataset")
    about = dataset.metadata
    acted = dataset.filter(lambda event: event.team is not None)
    acted = acted.transform(to_orientation=Orientation.ACTION_EXECUTING_TEAM)  # places from 0 to 1
    # What several of kloppy's events say of one of the provider's, such as a card for a foul, is one event here.
    rows = [_row(event) for event in acted.events if event.event_type.name not in PASSED]
    stem = "" if name.startswith("<") else PurePath(name).name.partition(".")[0]
    match = {"match": str(about.game_id or stem), "date": f"{about.date:%Y-%m-%d}" if about.date else ""}
    told = turned(rows, lambda row: "both")  # as a whole: metadata may have the halves the wrong way round
    (found,) = matches(soccer, ((i, {**match, **row}) for i, row in enumerate(told, 1)), name)
    return found


def _row(event: Any) -> dict[str, Any]:
    kind = event.event_type.name
    said: dict[str, list[str]] = {type(q).__name__: [] for q in event.qualifiers or ()}
    for q in event.qualifiers or ():
        said[type(q).__name__].append(getattr(q.value, "name", str(q.value)))
    said.setdefault("CardQualifier", []).insert(0, getattr(getattr(event, "card_type", None), "name", ""))
    result = getattr(getattr(event, "result", None), "name", "")
    begin, ends = event.coordinates, [getattr(event, key, None) for key in _ENDS]
    end = next((place for place in ends if place), None)
    return {
        "period": event.period.id,
        "time": round(event.timestamp.total_seconds(), 3),
        "team": event.team.name or event.team.team_id,
        "player": (event.player.full_name or event.player.player_id) if event.player else "",
        "action": action_of(kind, said),
        "outcome": outcome_of(kind, result, said),
        "x": begin and round(begin.x * LENGTH, 2),
        "y": begin and round(begin.y * WIDTH, 2),
        "end_x": end and round(end.x * LENGTH, 2),
        "end_y": end and round(end.y * WIDTH, 2),
    }


def action_of(kind: str, said: dict[str, list[str]]) -> str:
    """Ours, of kloppy's kind of event and what its qualifiers say."""
    piece = (*said.get("SetPieceQualifier", ()), "")[0]
    passes = said.get("PassQualifier", [])
    if kind == "PASS":
        if piece == "FREE_KICK" and "CROSS" in passes:
            return "free kick cross"
        high = next((name for said_so, name in _PASSES.items() if said_so in passes), "pass")
        return _SET_PIECES.get(piece) or (
            "head pass" if high == "pass" and "HEAD" in said.get("BodyPartQualifier", ()) else high
        )
    if kind == "SHOT":
        return {"PENALTY": "penalty", "FREE_KICK": "free kick shot"}.get(piece, "shot")
    if kind == "DUEL":
        duels = said.get("DuelQualifier", [])
        return "aerial duel" if "AERIAL" in duels else "tackle" if {"TACKLE", "SLIDING_TACKLE"} & set(duels) else "duel"
    if kind == "GOALKEEPER":
        saves = {"SAVE", "PUNCH", "REFLEX", "SAVE_ATTEMPT"} & set(said.get("GoalkeeperQualifier", ()))
        return "save" if saves else "keeper"
    return _ACTIONS.get(kind, kind)


def outcome_of(kind: str, result: str, said: dict[str, list[str]]) -> str:
    """Ours, of kloppy's kind of event, its result and its cards; "" where nothing came of it."""
    card = next((_CARDS[name] for name in said.get("CardQualifier", ()) if name in _CARDS), "")
    if card or not result:
        return card
    if kind == "SHOT":
        return {"GOAL": GOAL, "OWN_GOAL": OWN_GOAL}.get(result, FAIL)
    return {"COMPLETE": SUCCESS, "WON": SUCCESS, "SUCCESS": SUCCESS, "NEUTRAL": ""}.get(result, FAIL)

"""Tables of SPADL and atomic SPADL (Decroos et al. 2019, https://socceraction.readthedocs.io), as their ids or names.

Places are metres of a pitch of 105 × 68. socceraction's converters leave them as the home team attacks from left to
right; its `play_left_to_right` turns those of the other team. A table does not say which it holds, but its shots do:
where those of a match lie towards both ends, the actions of the team whose shots lie towards the left are turned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from seqgen.core.errors import BadInput, quoted
from seqgen.domains.sports.formats.attack import turned
from seqgen.domains.sports.formats.columns import Cells, Rows
from seqgen.domains.sports.match import Match, matches
from seqgen.domains.sports.soccer import FAIL, GOAL, OWN_GOAL, SUCCESS, soccer

# In the order of their ids; of the first list, those that follow are atomic only.
_TYPES = (
    "pass", "cross", "throw_in", "freekick_crossed", "freekick_short", "corner_crossed", "corner_short", "take_on",
    "foul", "tackle", "interception", "shot", "shot_penalty", "shot_freekick", "keeper_save", "keeper_claim",
    "keeper_punch", "keeper_pick_up", "clearance", "bad_touch", "non_action", "dribble", "goalkick", "receival",
    "interception", "out", "offside", "goal", "owngoal", "yellow_card", "red_card", "corner", "freekick",
)  # fmt: skip
_RESULTS = ("fail", "success", "offside", "owngoal", "yellow_card", "red_card")
_ACTIONS = {
    "throw_in": "throw in", "freekick_crossed": "free kick cross", "freekick_short": "free kick",
    "corner_crossed": "corner", "corner_short": "corner", "take_on": "take on", "shot_penalty": "penalty",
    "shot_freekick": "free kick shot", "keeper_save": "save", "keeper_claim": "keeper", "keeper_punch": "keeper",
    "keeper_pick_up": "keeper", "bad_touch": "turnover", "dribble": "carry", "goalkick": "goal kick",
    "freekick": "free kick", "receival": "touch",
}  # fmt: skip
_SHOTS = ("shot", "shot_penalty", "shot_freekick")
# What atomic SPADL says of an action by one that follows it at once.
_FOLLOWING = {"receival": SUCCESS, "goal": GOAL, "owngoal": OWN_GOAL, "yellow_card": "yellow card",
              "red_card": "red card", "out": FAIL, "offside": FAIL, "interception": FAIL}  # fmt: skip
_CARDS = {"yellow_card": "yellow card", "red_card": "red card", "owngoal": OWN_GOAL}
SPADL = frozenset({"period_id", "time_seconds", "team_id", "start_x", "start_y", "end_x", "end_y"})
ATOMIC = frozenset({"period_id", "time_seconds", "team_id", "x", "y", "dx", "dy"})


def read_spadl(columns: list[str], rows: Rows, name: str, apart: bool = False) -> Iterator[Match]:
    """The matches of a table of either. Raises BadInput with row and column."""
    if not {"type_id", "type_name"} & set(columns):
        raise BadInput(name, "is missing", where="row 1, column type_name", hint="Or type_id, in socceraction's order.")
    said = [(number, _row(row, name, number)) for number, row in rows]
    if "dx" in columns:
        said = list(_whole(said))
    told = turned([row for _, row in said], lambda row: (row["match"], row["team"]))
    return matches(soccer, zip((number for number, _ in said), told, strict=True), name, apart=apart)


def _row(row: Cells, name: str, number: int) -> dict[str, Any]:
    kind = _named(row, "type", _TYPES, name, number)
    result = _named(row, "result", _RESULTS, name, number)
    x, y = (_number(row, c, name, number) for c in (("x", "y") if "dx" in row else ("start_x", "start_y")))
    ends = [_number(row, c, name, number) for c in (("dx", "dy") if "dx" in row else ("end_x", "end_y"))]
    if "dx" in row:
        ends = [None if a is None or b is None else a + b for a, b in zip((x, y), ends, strict=True)]
    return {
        "kind": kind,
        "match": _id(row, "game"),
        "period": row["period_id"],
        "time": row["time_seconds"],
        "team": row.get("team_name") or _id(row, "team"),
        "player": row.get("player_name") or _id(row, "player"),
        "action": _ACTIONS.get(kind, kind),
        "outcome": _outcome(kind, result),
        "x": x, "y": y, "end_x": ends[0], "end_y": ends[1],
    }  # fmt: skip


def _id(row: Cells, what: str) -> str:
    return str(row.get(f"{what}_id") or "").removesuffix(".0")  # so pandas writes a column of which some are missing


def _named(row: Cells, what: str, names: tuple[str, ...], name: str, number: int) -> str:
    said = str(row.get(f"{what}_name") or "").strip()
    if said or not row.get(f"{what}_id"):
        return said
    i = _number(row, f"{what}_id", name, number)
    if i is None:
        return ""
    return names[int(i)] if 0 <= i < len(names) else f"{what} {i:g}"


def _number(row: Cells, column: str, name: str, number: int) -> float | None:
    text = str(row.get(column, "")).strip()
    if text.lower() in ("", "nan"):
        return None
    try:
        amount = float(text)
    except ValueError:
        amount = float("nan")
    if not abs(amount) < 1e9:
        raise BadInput(name, f"{quoted(text)} is not a number", where=f"row {number}, column {column}")
    return amount


def _outcome(kind: str, result: str) -> str:
    if result in _CARDS:
        return _CARDS[result]
    if kind in _SHOTS and result == "success":
        return GOAL
    return {"success": SUCCESS, "fail": FAIL, "offside": FAIL}.get(result, result)


def _whole(rows: Iterable[tuple[int, dict[str, Any]]]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Atomic actions with their outcome, which the one after them says; those that say nothing else are left out."""
    before: tuple[int, dict[str, Any]] | None = None
    for number, row in rows:
        said = _FOLLOWING.get(row["kind"])
        if before is not None and said and not before[1]["outcome"] and before[1]["match"] == row["match"]:
            before[1]["outcome"] = said
        if row["kind"] in ("receival", "goal", "owngoal", "yellow_card", "red_card") and before is not None:
            continue
        if before is not None:
            yield before
        before = number, row
    if before is not None:
        yield before

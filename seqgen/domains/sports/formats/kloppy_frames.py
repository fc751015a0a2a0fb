"""Tables that kloppy's `EventDataset.to_df()` makes, with its places from 0 to 1."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from seqgen.core.errors import BadInput, quoted
from seqgen.domains.sports.formats.attack import turned
from seqgen.domains.sports.formats.columns import Cells, Rows
from seqgen.domains.sports.formats.kloppy_events import PASSED, action_of, outcome_of
from seqgen.domains.sports.match import Match, matches
from seqgen.domains.sports.soccer import LENGTH, WIDTH, soccer

FRAME = frozenset({"event_type", "period_id", "timestamp", "team_id", "coordinates_x", "coordinates_y"})
_QUALIFIERS = {
    "set_piece_type": "SetPieceQualifier", "pass_type": "PassQualifier", "body_part_type": "BodyPartQualifier",
    "duel_type": "DuelQualifier", "goalkeeper_type": "GoalkeeperQualifier", "card_type": "CardQualifier",
}  # fmt: skip
_PLACES = {"x": "coordinates_x", "y": "coordinates_y", "end_x": "end_coordinates_x", "end_y": "end_coordinates_y"}
_BEYOND = 0.2  # the lines, as shares of the pitch


def read_kloppy_frame(columns: list[str], rows: Rows, name: str, apart: bool = False) -> Iterator[Match]:
    """The match of such a table; which way a team attacks in a period is told from its shots. Raises BadInput with row
    and column."""
    numbers, said = [], []
    for number, row in rows:
        kind = str(row["event_type"]).partition(":")[0]
        if kind not in PASSED and row["team_id"]:
            numbers.append(number)
            said.append(_row(row, kind, name, number))
    turned_rows = turned(said, lambda row: (row["match"], row["team"], row["period"]))
    return matches(soccer, zip(numbers, turned_rows, strict=True), name, apart=apart)


def _row(row: Cells, kind: str, name: str, number: int) -> dict[str, Any]:
    told = {theirs: [str(row[c])] for c, theirs in _QUALIFIERS.items() if row.get(c)}
    places = {ours: _metres(row, theirs, name, number) for ours, theirs in _PLACES.items()}
    return {
        "match": row.get("game_id") or row.get("match_id") or "",
        "period": row["period_id"],
        "time": row["timestamp"],
        "team": row["team_id"],
        "player": str(row.get("player_id") or "").removesuffix(".0"),
        "action": action_of(kind, told),
        "outcome": outcome_of(kind, str(row.get("result") or ""), told),
        **places,
    }


def _metres(row: Cells, column: str, name: str, number: int) -> float | None:
    text = str(row.get(column) or "").strip()
    if not text:
        return None
    try:
        share = float(text)
    except ValueError:
        share = float("nan")
    if not -_BEYOND <= share <= 1 + _BEYOND:
        hint = "Write the table with kloppy's own coordinates, from 0 to 1: load(…, coordinates='kloppy').to_df()."
        raise BadInput(name, f"{quoted(text)} is not from 0 to 1", where=f"row {number}, column {column}", hint=hint)
    return round(share * (LENGTH if column.endswith("x") else WIDTH), 2)

"""`seqgen predict FILE --value TABLE`: what events are worth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqgen.cli import console
from seqgen.core import tables

if TYPE_CHECKING:
    from seqgen.api import Model

_SHOWN = ("match", "period", "time", "team", "player", "action", "outcome")  # columns, where a sport has them


def write_values(
    model: Model, file: Path, table: Path, picture: Path | None, top: int, reporter: Any, json: bool
) -> None:
    """Write the table, draw the course of the match, print the events that are worth most; with json one object."""
    from seqgen.core.errors import UsageError
    from seqgen.core.files import write_bytes

    pieces = model.read(file)
    if picture is not None and len(pieces) > 1:
        raise UsageError(f"{file} holds {len(pieces)} matches; a picture is of one.", "Leave --picture out.")
    events = [row for piece in pieces for row in model.value(piece, picture=picture, reporter=reporter)]
    write_bytes(table, to_csv(events))
    if json:
        console.out_json({"run": str(model.run.path), "file": str(file), "table": str(table), "events": events})
        return
    shown = [c for c in _SHOWN if events and any(row.get(c) not in (None, "") for row in events)]
    best = sorted(events, key=lambda row: -row["value"])[:top]
    rows = [(row["event"], *(_text(row[c]) for c in shown), *(f"{row[c]:.3f}" for c in _numbers(row))) for row in best]
    if rows:
        numbers = [name.replace("_", " ") for name in _numbers(best[0])]
        right = [0, *range(len(shown) + 1, len(shown) + 1 + len(numbers))]
        console.table(rows, ("event", *shown, *numbers), right=right)
    console.out(f"{table}: {len(events):,} events, each with what it is worth")


def _numbers(row: dict[str, Any]) -> list[str]:
    """The columns that say what an event is worth: the last five."""
    return list(row)[-5:]


def _text(value: Any) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def to_csv(events: list[dict[str, Any]]) -> bytes:
    """Rows as a table whose columns are all that any of them has."""
    columns = list(dict.fromkeys(name for row in events for name in row))
    return tables.to_csv([columns, *([row.get(c, "") for c in columns] for row in events)])

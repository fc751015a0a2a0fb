"""A table's columns under a sport's names: which is which, what its values are called, what its places run over."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from seqgen.core.errors import BadInput, UsageError, named
from seqgen.core.files import read_bytes
from seqgen.domains.sports.sport import Column

Cells = Mapping[str, Any]  # a row: column -> value, or its text
Rows = Iterator[tuple[int, Cells]]  # by their numbers

_HINT = "Write it as action=event_type,time=seconds (ours=theirs), or as a .toml file with [columns], [values.COLUMN]."
_BYTES = 100_000
Scale = tuple[tuple[float, float], tuple[float, float]]


@dataclass(frozen=True)
class ColumnMap:
    """How a log that others wrote says what a sport's columns say; always ours -> theirs.

    columns: our column -> theirs, in lower case. values: our column -> their value -> ours; what is not named stays as
    it is. scales: our column -> (two numbers of theirs, what these are here). sport: which it is.

    As a TOML file, where `pass` is what the log calls "short pass" or "simple pass", and x runs from 0 to 120 there,
    from 0 to 105 here:

        sport = "soccer"
        [columns]
        action = "event_type"
        [values.action]
        pass = ["short pass", "simple pass"]
        [scales]
        x = [[0, 120], [0, 105]]
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    scales: Mapping[str, Scale] = field(default_factory=dict)
    sport: str = ""

    def __bool__(self) -> bool:
        return bool(self.columns or self.values or self.scales)

    @cached_property
    def _sources(self) -> dict[str, str]:
        """Our column -> the one whose value it says, of all that is changed."""
        return {ours: self.columns.get(ours, ours) for ours in (*self.columns, *self.values, *self.scales)}

    def applied(self, columns: list[str], rows: Iterable[tuple[int, Cells]], name: str) -> tuple[list[str], Rows]:
        """A table's columns and rows under our names. One with none of the map's columns, such as a log that seqgen
        wrote, stays as it is. Raises BadInput for a column that is missing."""
        renamed = {theirs for ours, theirs in self.columns.items() if theirs != ours}
        if not self or (renamed and not renamed & set(columns)):
            return columns, iter(rows)
        for ours, theirs in self._sources.items():
            if theirs not in columns:
                hint = f"The map of columns says {ours}={named(theirs)}; the table has {named(*columns[:40])}."
                raise BadInput(name, "is missing", where=f"row 1, column {named(theirs)}", hint=hint)
        known = _known_columns().keys() - renamed - self._sources.keys()
        kept = [column for column in columns if column in known]
        return [*kept, *self._sources], self._rows(rows, kept)

    def _rows(self, rows: Iterable[tuple[int, Cells]], kept: list[str]) -> Rows:
        for number, row in rows:
            said = {column: row[column] for column in kept}
            for ours, theirs in self._sources.items():
                value = row[theirs]
                if ours in self.values and value is not None:
                    text = " ".join(str(value).split())
                    value = self.values[ours].get(text, value)
                said[ours] = self._scaled(ours, value) if ours in self.scales else value
            yield number, said

    def _scaled(self, ours: str, value: Any) -> Any:
        """A number in the sport's unit; what is none is left for whoever checks the values."""
        try:
            amount = float(str(value).replace(",", ".", 1))
        except ValueError:
            return value
        (low, high), (start, stop) = self.scales[ours]
        return round(start + (amount - low) * (stop - start) / (high - low), 4)


def column_map(said: str | Mapping[str, Any] | ColumnMap | None) -> ColumnMap:
    """A map from what a user gives: pairs, TOML (text of more than one line), such a file's name, or what it holds.
    Raises UsageError, BadInput."""
    if isinstance(said, ColumnMap):
        return said
    if not said:
        return ColumnMap()
    if isinstance(said, Mapping):
        return _checked(said if _SECTIONS & said.keys() else {"columns": said})
    text = toml_text(said)
    if "\n" not in text:
        pairs = [pair.partition("=") for pair in text.split(",")]
        if not all(ours.strip() and theirs.strip() for ours, _, theirs in pairs):
            raise UsageError(f"{text[:60]!r} is no map of columns.", _HINT)
        return _checked({"columns": {ours.strip(): theirs.strip() for ours, _, theirs in pairs}})
    try:
        return _checked(tomllib.loads(text))
    except (ValueError, RecursionError) as error:  # also a number of thousands of digits
        raise UsageError(f"The map of columns is not TOML ({error}).", _HINT) from None


def toml_text(said: str) -> str:
    """What is recorded of a map: pairs as they are, of a file its text, so that it may go. Raises BadInput."""
    if not said.lower().endswith(".toml"):
        return said
    try:
        return read_bytes(Path(said), _BYTES).decode("utf-8-sig").replace("\r\n", "\n").rstrip("\n") + "\n"
    except UnicodeDecodeError:
        raise BadInput(said, "is not UTF-8 text") from None


_SECTIONS = {"columns", "values", "scales", "sport"}


def _checked(said: Mapping[str, Any]) -> ColumnMap:
    from seqgen.domains.sports.known import KNOWN, SPORTS, sport_name

    try:
        if said.keys() - _SECTIONS:
            hint = f"It may have {', '.join(sorted(_SECTIONS))}."
            raise UsageError(f"A map of columns has no {named(min(said.keys() - _SECTIONS))!r}.", hint)
        sport = sport_name(str(said.get("sport", "")))
        columns = {str(ours): str(theirs).strip().lower() for ours, theirs in said.get("columns", {}).items()}
        values = {column: _turned(column, names) for column, names in said.get("values", {}).items()}
        scales = {column: _scale(column, pairs) for column, pairs in said.get("scales", {}).items()}
    except (AttributeError, TypeError, ValueError) as error:
        raise UsageError(f"The map of columns cannot be read ({type(error).__name__}).", _HINT) from None
    if sport and sport not in SPORTS:
        raise UsageError(f"No sport {named(sport)!r}.", KNOWN)
    known = _known_columns(sport)
    for column in (*columns, *values, *scales):
        if column not in known:
            raise UsageError(f"No column {named(column)!r} is known.", f"Known: {', '.join(known)}.")
    for column in scales:
        if known[column].kind == "text":
            raise UsageError(f"The column {column} holds texts: it has no scale.")
    return ColumnMap(columns, values, scales, sport)


def _known_columns(sport: str = "") -> dict[str, Column]:
    """Those of a sport, or of all; and what a table may say besides."""
    from seqgen.domains.sports.known import SPORTS

    sports = [SPORTS[sport]] if sport else SPORTS.values()
    besides = {
        "sport": Column("text", "which it is"),
        "event_id": Column("text", "of events that are told apart by it"),
    }
    return {**besides, **{name: column for found in sports for name, column in found.columns.items()}}


def _turned(column: str, names: Mapping[str, Any]) -> dict[str, str]:
    """Their value -> ours."""
    found: dict[str, str] = {}
    for ours, theirs in names.items():
        for value in theirs if isinstance(theirs, list | tuple) else (theirs,):
            text = " ".join(str(value).split())
            if found.setdefault(text, str(ours)) != str(ours):
                raise UsageError(
                    f"In the map of {column}, {named(text)!r} is both {named(found[text])!r} and {named(ours)!r}."
                )
    return found


def _scale(column: str, pairs: Any) -> Scale:
    (low, high), (start, stop) = ([float(amount) for amount in pair] for pair in pairs)
    if low == high or not all(abs(amount) < 1e9 for amount in (low, high, start, stop)):
        raise UsageError(f"The scale of {column} runs from {low:g} to {high:g}.", "Give two different numbers.")
    return (low, high), (start, stop)

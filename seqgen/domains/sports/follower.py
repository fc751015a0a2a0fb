"""A log of one match that grows: what each event says as soon as it is there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

import numpy as np

from seqgen.core.errors import BadInput
from seqgen.core.tokenizer import Ids
from seqgen.core.vocabulary import Vocabulary
from seqgen.domains.sports.encoding import value_said
from seqgen.domains.sports.formats.columns import Rows, column_map
from seqgen.domains.sports.formats.known import TABLES
from seqgen.domains.sports.formats.records import rows_of_lines
from seqgen.domains.sports.formats.table import rows_of, sport_of
from seqgen.domains.sports.match import place_of, value_of
from seqgen.domains.sports.names import UNKNOWN
from seqgen.domains.sports.options import SportsOptions
from seqgen.domains.sports.sport import OTHER, SAME, Row, Slot, Sport
from seqgen.domains.sports.tokenizer import SportsTokenizer


def follow(
    lines: Iterable[bytes], tokenizer: SportsTokenizer, name: str, options: SportsOptions | None = None
) -> Iterator[Ids]:
    """int32 [n] ids of each event of a log of one match, as CSV or JSON lines (see `read_table`), the first with the
    header: those of `tokenizer.encode`, as far as what later rows say of the match is said by the first. What is kept
    does not grow.

    name: how errors call the log. options: what its columns are called. Raises BadInput with row and column, also for a
    row that goes back in order.
    """
    sport = tokenizer.sport
    known = column_map(options.columns if options else None)
    theirs, rows = _rows(iter(lines), name)
    columns, rows = known.applied(theirs, rows, name)
    kind = next((table.name for table in TABLES if columns is theirs and table.columns <= set(columns)), "")
    if kind:
        hint = "It wants the columns that `seqgen inspect` shows, or others under --columns; read whole, it needs none."
        raise BadInput(name, f"is a table that cannot be followed ({kind})", hint=hint)
    encoder, before = EventEncoder(sport, tokenizer.vocabulary, tokenizer.name_ids), None
    for number, texts_of in rows:
        if before is None:
            found = sport_of(columns, texts_of, name, sport.name).name
            if found != sport.name:
                raise BadInput(name, f"is {found}, not {sport.name}", where=f"row {number}, column sport")
        row = {c: value_of(about, texts_of.get(c), name, number, c) for c, about in sport.columns.items()}
        place = place_of(sport, row)
        if before is not None and row["match"] != before[0]:
            raise BadInput(name, "another match begins", where=f"row {number}", hint="Follow one match at a time.")
        if before is not None and place < before[1]:
            order = ", ".join(sport.order)
            raise BadInput(name, "goes back", where=f"row {number}", hint=f"Events must come in order of {order}.")
        ids = encoder.ids(row)
        yield ids if before is not None else np.concatenate([tokenizer.header(row), ids])
        before = row["match"], place


def _rows(lines: Iterator[bytes], name: str) -> tuple[list[str], Rows]:
    """As the first line shows: of JSON lines that one alone has to name all columns."""
    first = next(lines, b"")
    is_json = first.lstrip(b"\xef\xbb\xbf \t").startswith(b"{")
    every = chain([first], lines)
    return rows_of_lines(every, name, looked_at=1) if is_json else rows_of(every, name)


class EventEncoder:
    """Says one event after the other as `event_ids` says them all."""

    def __init__(
        self, sport: Sport, vocabulary: Vocabulary, names: Mapping[str, Mapping[str, int]] | None = None
    ) -> None:
        self._sport, self._complete, self._names = sport, sport.filler(), names or {}
        self._main = next(slot for slot in sport.slots if slot.kind == sport.main)
        self._ids = {slot.kind: {v: vocabulary.id(f"{slot.kind}_{v}") for v in slot.tokens()} for slot in sport.slots}
        self._numbers: dict[str, dict[str, int]] = {slot.kind: {} for slot in sport.slots if slot.numbered}
        self._named: dict[str, set[str]] = {kind: set() for kind in self._numbers}  # numbers whose name is said
        self._side = 0
        self._before: Row = {}

    def ids(self, row: Row) -> Ids:
        """int32 [n] of one more; the row is completed."""
        if row[self._main.column] not in self._main.values:
            row[self._main.column] = OTHER
        if self._sport.ahead is not None:
            self._sport.ahead([*([self._before.copy()] if self._before else []), row])
        self._complete(row)
        opens = not self._before
        begins = opens or any(row[slot.on] != self._before[slot.on] for slot in self._sport.levels[:1])
        if begins:
            for slot in self._sport.slots:
                if slot.numbered and slot.within == "period":
                    self._numbers[slot.kind].clear()
                    self._named[slot.kind].clear()
        ids = []
        for slot in self._sport.slots:
            if slot.on:
                opens = opens or row[slot.on] != self._before[slot.on]
                said = opens
            else:
                said = not slot.after or row[self._main.column] in slot.after
            if not said:
                continue
            self._appears(slot, row[slot.column])
            value = self._said(slot, row, begins)
            ids.append(self._ids[slot.kind][value])
            ids += self._name(slot, value, row[slot.column])
        self._before = row
        return np.array(ids, np.int32)

    def _said(self, slot: Slot, row: Row, begins: bool) -> str:
        value: Any = row[slot.column]
        if slot.grid:
            return slot.grid.cell(value, row[slot.across])
        if slot.relative:
            return SAME if begins or value == self._before[slot.column] else OTHER
        if slot.numbered:
            return str(self._numbers[slot.kind].get(value, slot.numbered - 1) + 1)
        return value_said(slot, value)

    def _appears(self, slot: Slot, name: str) -> None:
        """Number whoever is new: those beyond the last number share it."""
        known = self._numbers.get(slot.kind, {})
        if name not in known and len(known) < slot.numbered:
            known[name] = len(known)

    def _name(self, slot: Slot, value: str, name: str) -> list[int]:
        """The id that names whom a slot says for the first time, if it is to be named."""
        if slot.relative:
            slot = self._sport.slots[0]
            self._side = self._side if value == SAME else 3 - self._side
            value = str(self._side)
        elif slot is self._sport.slots[0] and slot.numbered:
            self._side = int(value)
        if slot.kind not in self._names or value in self._named[slot.kind]:
            return []
        self._named[slot.kind].add(value)
        known = self._names[slot.kind]
        return [known.get(name, known[UNKNOWN])]

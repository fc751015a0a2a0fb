"""What a sport declares: the columns of its logs, what each event says in ids, and what is counted along the way."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Protocol

from seqgen.domains.sports.memory import Memory

OTHER = "other"  # what an event says that its sport does not list
NONE = "none"  # how a token says an empty field
SAME = "same"  # how a token says that who acts is who acted

Row = dict[str, Any]


@dataclass(frozen=True)
class Column:
    """A column of a log. kind: of its values. required: a file without it, or an event without a value, is refused."""

    kind: Literal["text", "whole", "number"]
    about: str
    required: bool = False


# What every sport calls the same. A sport takes those that its logs have and adds its own.
CORE: dict[str, Column] = {
    "match": Column("text", "what tells one match of a file from another"),
    "date": Column("text", "the day it began, as YYYY-MM-DD; splits go by it"),
    "period": Column("whole", "half, quarter, set or innings, from 1", required=True),
    "time": Column("number", "seconds since the period began"),
    "team": Column("text", "who acts", required=True),
    "player": Column("text", "who of them"),
    "action": Column("text", "what is done"),
    "outcome": Column("text", "what comes of it"),
    "x": Column("number", "where it begins, in the sport's own unit, along the acting team's direction"),
    "y": Column("number", "where it begins, across"),
    "end_x": Column("number", "where it ends, along"),
    "end_y": Column("number", "where it ends, across"),
    "score": Column("whole", "points of the acting team before the event"),
    "opponent_score": Column("whole", "points of the others before the event"),
}


@dataclass(frozen=True)
class Label:
    """A column that is the same for a whole match and opens its ids, as far as it is known.

    kind: the type of its tokens. ordered: values are whole numbers, and one that was not learned is said by the nearest
    that was; others are unknown. most: so many of the most frequent values get an id.
    """

    kind: str
    column: str
    ordered: bool = False
    most: int = 32


@dataclass(frozen=True)
class Grid:
    """Cells of a field, court or table. x, y: the edges along and across, ascending; what lies beyond them is in the
    outermost cells. A cell is called by its numbers from 0, as in 3_2; what has no place is called none. mirrored: what
    happens on one side might as well have happened on the other, so that matches are also learned from the other way
    round across."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    mirrored: bool = False

    def tokens(self) -> tuple[str, ...]:
        """Every cell, and none."""
        return (*(f"{i}_{j}" for i in range(len(self.x) - 1) for j in range(len(self.y) - 1)), NONE)

    @property
    def size(self) -> int:
        """How many cells, with none."""
        return (len(self.x) - 1) * (len(self.y) - 1) + 1

    def along(self, x: float | None) -> int:
        """The first number of the cell, 0 where there is no place."""
        return 0 if x is None else bisect(self.x, x, 1, len(self.x) - 1) - 1

    def across(self, y: float | None) -> int:
        """The second number of the cell."""
        return 0 if y is None else bisect(self.y, y, 1, len(self.y) - 1) - 1

    def cell(self, x: float | None, y: float | None) -> str:
        """Where a place lies."""
        return NONE if x is None or y is None else f"{self.along(x)}_{self.across(y)}"

    def mirror(self, cell: str) -> str:
        """The cell on the other side."""
        if cell == NONE or not self.mirrored:
            return cell
        i, j = map(int, cell.split("_"))
        return f"{i}_{len(self.y) - 2 - j}"

    def place(self, cell: str) -> tuple[float | None, float | None]:
        """The middle of a cell."""
        if cell == NONE:
            return None, None
        i, j = map(int, cell.split("_"))
        return (self.x[i] + self.x[i + 1]) / 2, (self.y[j] + self.y[j + 1]) / 2


@dataclass(frozen=True)
class Slot:
    """One id of an event.

    kind: the type of its tokens. column: what it says. values: those that have an id; others are said as `other` where
    that is one of them, numbers by the nearest. numbered: instead, actors are numbered from 1 to this as they appear
    in the period or the match. on: said only where this column (the period, the over) goes on to a new value, which the
    id thereby marks, counting from `first`; such slots come first, the longer-lasting before the shorter, those on the
    same column one after the other. after: said only after these values of the main slot. grid: instead of values, the
    cells of the place whose number along is `column` and across `across`. relative: instead, whether the one of two
    sides acts that acted before (same) or the other; the slot that marks a period says which begins. weight: of its ids
    in the loss; those of less than 1 are not scored: they are said for others to be predicted from.
    """

    kind: str
    column: str
    values: tuple[str, ...] = ()
    numbered: int = 0
    within: Literal["period", "match"] = "period"
    on: str = ""
    first: int = 1
    after: tuple[str, ...] = ()
    across: str = ""
    grid: Grid | None = None
    relative: bool = False
    weight: float = 1.0

    def tokens(self) -> tuple[str, ...]:
        """Values as the tokens say them."""
        if self.grid:
            return self.grid.tokens()
        if self.relative:
            return (SAME, OTHER)
        return tuple(str(n) for n in range(1, self.numbered + 1)) if self.numbered else self.values


class Counters(Protocol):
    """What is counted in one match as its ids go by: score, balls, serves. sizes: name -> number of values."""

    sizes: ClassVar[dict[str, int]]

    def take(self, kind: str, value: str) -> None:
        """An id: its type, and the value after the underscore."""
        ...

    def row(self) -> list[int]:
        """What is known now, in the order of `sizes`."""
        ...


@dataclass(frozen=True)
class Sport:
    """One sport.

    columns: of an event. order: whole-numbered columns that events are sorted by. labels: the header. slots: the ids of
    an event. main: the slot whose id a prediction is asked for. filler: made anew for each match, completes its events
    one after the other, where files and ids leave out what follows from those before. ahead: completes them by what
    later ones say, before that. counters: made anew for each sequence. memory: features
    that follow from the ids in ways that many sports share; quicker than counters. backoff: features on which counting
    alone should condition, most telling first. result: of a match, perhaps not whole, what came of it by name: numbers,
    and texts that are known at its end. points: what an event gains the team that acts, and the others. clock: when
    each period begins, in seconds; none: the sport has no clock. names: of values of the main slot that are codes.
    """

    name: str
    columns: dict[str, Column]
    order: tuple[str, ...]
    labels: tuple[Label, ...]
    slots: tuple[Slot, ...]
    main: str
    filler: Callable[[], Callable[[Row], None]]
    counters: Callable[[], Counters] | None = None
    memory: tuple[Memory, ...] = ()
    backoff: tuple[str, ...] = ()
    result: Callable[[Any], dict[str, float | str]] | None = None
    clock: tuple[float, ...] = ()
    points: Callable[[Row], tuple[int, int]] | None = None
    ahead: Callable[[list[Row]], None] | None = None
    names: Mapping[str, str] = field(default_factory=dict)

    def fill(self, rows: list[Row]) -> None:
        """Complete all events of a match, in their order."""
        if self.ahead is not None:
            self.ahead(rows)
        complete = self.filler()
        for row in rows:
            complete(row)

    @property
    def levels(self) -> tuple[Slot, ...]:
        """The slots that mark a new period, over …"""
        return tuple(slot for slot in self.slots if slot.on)

    @property
    def match_columns(self) -> tuple[str, ...]:
        """The columns that are the same for a whole match."""
        return ("match", "date", *(label.column for label in self.labels if label.column not in ("match", "date")))

    @property
    def event_columns(self) -> tuple[str, ...]:
        """Those columns that are said of each event."""
        return tuple(name for name in self.columns if name not in self.match_columns)

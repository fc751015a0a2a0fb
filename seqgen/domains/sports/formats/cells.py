"""Tables that are not ours: what stands in their cells, by the columns' names, and their games."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from seqgen.core.errors import BadInput, quoted
from seqgen.domains.sports.formats.columns import Rows
from seqgen.domains.sports.match import Match, matches
from seqgen.domains.sports.sport import Row, Sport

Numbered = tuple[int, Row]  # an event, and the number of the row that says it

_EMPTY = ("", "na", "nan", "none", "null", "<na>", "nat")  # how other programs write that there is nothing
_MOST = 1e9


class Cells:
    """A row, its number and its file's name. Where several columns are named, the first that says something holds."""

    def __init__(self, row: Mapping[str, Any], number: int, name: str) -> None:
        self._row, self.number, self._name = row, number, name

    def text(self, *columns: str) -> str:
        """What it says, "" where it says nothing."""
        return self._said(columns)[1]

    def amount(self, *columns: str) -> float | None:
        """A number, or None. Raises BadInput with row and column."""
        column, text = self._said(columns)
        if not text:
            return None
        try:
            amount = float(text.replace(",", ".", 1))
        except ValueError:
            amount = float("nan")
        if not abs(amount) <= _MOST:
            raise self.wrong(f"{quoted(text)} is not a number", column)
        return amount

    def whole(self, *columns: str) -> int | None:
        """A whole number, or None. Raises BadInput with row and column."""
        amount = self.amount(*columns)
        if amount is not None and amount != int(amount):
            raise self.wrong(f"{amount} is not a whole number", *columns)
        return None if amount is None else int(amount)

    def flag(self, *columns: str) -> bool:
        """Whether it says yes."""
        return self.text(*columns).lower() in ("1", "1.0", "true")

    def clock(self, *columns: str) -> float | None:
        """Seconds of minutes:seconds, or of hours before them, or None. Raises BadInput with row and column."""
        column, text = self._said(columns)
        if not text:
            return None
        said = re.fullmatch(r"(?:(\d{1,2}):)?(\d{1,3}):(\d{1,2}(?:\.\d+)?)", text)
        if said is None:
            raise self.wrong(f"{quoted(text)} is not minutes and seconds, as in 11:40", column)
        return 3600.0 * int(said[1] or 0) + 60.0 * int(said[2]) + float(said[3])

    def wrong(self, what: str, *columns: str) -> BadInput:
        """An error that says where."""
        return BadInput(self._name, what, where=f"row {self.number}, column {self._said(columns)[0]}")

    def _said(self, columns: Sequence[str]) -> tuple[str, str]:
        for column in columns:
            value = self._row.get(column)
            text = value.strip() if isinstance(value, str) else "" if value is None else str(value)
            if text.lower() not in _EMPTY:
                return column, text
        return next((column for column in columns if column in self._row), columns[0]), ""


def needed(columns: Sequence[str], wanted: Sequence[Sequence[str]], name: str) -> None:
    """Raise BadInput unless of each group of names one is a column."""
    for names in wanted:
        if not set(names) & set(columns):
            raise BadInput(name, "is missing", where=f"row 1, column {names[0]}", hint=f"Needed: {_listed(wanted)}.")


def _listed(wanted: Sequence[Sequence[str]]) -> str:
    return ", ".join(" or ".join(names) for names in wanted)


def stretches(rows: Rows, named: Sequence[str], name: str) -> Iterator[tuple[str, list[tuple[int, Mapping[str, Any]]]]]:
    """Each match of numbered rows and its rows, which stand together. named: the columns that tell matches apart; the
    first that says something holds. Raises BadInput, also where there are none."""
    done: set[str] = set()
    for match, of_match in groupby(rows, lambda row: Cells(row[1], row[0], name).text(*named)):
        found = list(of_match)
        if match in done or not match:
            what = f"goes back to {quoted(match)}" if match else "holds no value"
            raise Cells(found[0][1], found[0][0], name).wrong(what, *named)
        done.add(match)
        yield match, found
    if not done:
        raise BadInput(name, "holds no events")


def games(
    sport: Sport,
    rows: Rows,
    named: Sequence[str],
    events: Callable[[str, list[Cells]], list[Numbered]],
    name: str,
) -> Iterator[Match]:
    """The matches of numbered rows, in which one stands after the other. named: the columns that tell them apart.
    events: those of a match, by its name there and its rows. Raises BadInput."""
    empty = True
    for match, of_match in stretches(rows, named, name):
        if found := events(match.removesuffix(".0"), [Cells(row, number, name) for number, row in of_match]):
            empty = False
            yield from matches(sport, found, name)
    if empty:
        raise BadInput(name, "holds no events")

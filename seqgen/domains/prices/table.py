"""A table of texts: rows of cells, and what its columns are called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from seqgen.core.errors import BadInput
from seqgen.domains.prices.cells import is_date, is_missing, is_number

_SEPARATORS = ",;\t|"


@dataclass(frozen=True)
class Table:
    """cells: column -> its cells as texts. first: the number of the first row, for errors; numbers: of each row."""

    titles: list[str]
    cells: dict[str, list[str]]
    first: int
    numbers: list[int] | None = None
    decimal: str = "."

    def row(self, i: int) -> int:
        """The number in the file of row i."""
        return self.numbers[i] if self.numbers is not None else self.first + i


def separator_of(lines: Sequence[str]) -> str:
    """What stands between the cells of these lines."""
    head = next((line for line in lines if line.strip()), "")
    found = max(_SEPARATORS, key=head.count)
    return found if found in head or " " not in head.strip() else " "


def titled(rows: list[list[str]], row_numbers: list[int], name: str, decimal: str) -> Table:
    """A table whose first row may say what its columns are; else they are counted from 1. Raises BadInput."""
    if [row[0].strip() for row in rows[:3]] == ["Price", "Ticker", "Date"]:
        rows, row_numbers = _of_tickers(rows), row_numbers[2:]
    has_titles = not all(is_number(c, decimal) or is_date(c) or is_missing(c) for c in rows[0])
    width = len(rows[0])
    for number, row in zip(row_numbers, rows, strict=True):
        while len(row) > width and not row[-1].strip():
            row.pop()
        if len(row) < width:
            row.extend([""] * (width - len(row)))
        if len(row) != width:
            raise BadInput(name, f"has {len(row)} values for {width} columns", where=f"row {number}")
    titles: list[str] = []
    for i, title in enumerate(rows[0] if has_titles else [""] * width, 1):
        known = " ".join(title.split()) or str(i)
        titles.append(known if known not in titles else f"{known} {i}")
    body = rows[1:] if has_titles else rows
    cells = {title: [row[i] for row in body] for i, title in enumerate(titles)}
    return Table(titles, cells, 0, row_numbers[1:] if has_titles else row_numbers, decimal)


def _of_tickers(rows: list[list[str]]) -> list[list[str]]:
    """A table as yfinance writes it, under the kinds of prices their tickers: the closing price of each."""
    kinds, tickers = rows[0], rows[1]
    chosen = "Adj Close" if "Adj Close" in kinds else "Close"
    kept = [i for i, kind in enumerate(kinds) if kind == chosen and i < min(map(len, rows))]
    return [["Date", *(tickers[i] for i in kept)], *([row[0], *(row[i] for i in kept)] for row in rows[3:])]

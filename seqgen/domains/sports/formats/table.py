"""Tables with a row an event: CSV, read from whatever a spreadsheet makes of it and written plain; and what the columns
and rows of any table say."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from seqgen.core.errors import BadInput, TooLarge, quoted
from seqgen.core.limits import LIMITS
from seqgen.core.tables import to_csv, unescaped
from seqgen.domains.sports.formats.columns import Cells, Rows
from seqgen.domains.sports.known import SPORTS, sport_name
from seqgen.domains.sports.match import Match, matches, which
from seqgen.domains.sports.sport import Sport

_SEPARATORS = ",;\t"


def read_table(columns: list[str], rows: Rows, name: str, sport: str = "", *, apart: bool = False) -> Iterator[Match]:
    """The matches of a table with one row an event, its columns those of a sport (`SPORTS[…].columns`). Other columns
    are passed over, but for `sport`, which may name the sport. apart: see `matches`. Raises BadInput with row and
    column."""
    first = next(rows, None)
    if first is None:
        raise BadInput(name, "holds no events")
    yield from matches(sport_of(columns, first[1], name, sport), chain([first], rows), name, apart=apart)


def sport_of(columns: list[str], row: Cells, name: str, sport: str = "") -> Sport:
    """Which sport a table is of by its first row, or else as given, or else by its columns. Raises BadInput."""
    return which(columns, sport_name(str(row.get("sport") or "")) or sport, name)


def read_rows(data: bytes, name: str) -> tuple[list[str], Rows]:
    """The columns of a CSV file, in lower case, and its rows by their number. Separated by comma, semicolon or tab;
    UTF-8, or Latin-1 where it is not that. Raises BadInput."""
    return _table(io.StringIO(_text(data, name), newline=""), name)


def rows_of(lines: Iterable[bytes], name: str) -> tuple[list[str], Rows]:
    """The same of lines, read as rows are asked for; each in UTF-8, or else Latin-1."""
    return _table((_text(line, name) for line in lines), name)


def _table(lines: Iterator[str], name: str) -> tuple[list[str], Rows]:
    head = next(lines, "")
    separator = max(_SEPARATORS, key=head.count)
    table = csv.reader(chain([head], lines), delimiter=separator)
    try:
        titles = next(table, [])
    except csv.Error as error:
        raise BadInput(name, f"is not CSV ({error})", where="row 1") from None
    if len(titles) > LIMITS.max_columns:
        raise TooLarge(name, "max_columns", LIMITS.max_columns, len(titles))
    columns = named(titles)
    return columns, _rows(columns, table, name)


def named(titles: Iterable[object]) -> list[str]:
    """Columns by their titles, in lower case; of titles that are there twice, the first names its column."""
    found: dict[str, None] = {}
    for n, title in enumerate(str(title).strip().lower() for title in titles):
        while title in found:
            title = f"{title} {n}"
        found[title] = None
    return list(found)


def _rows(columns: list[str], lines: Iterable[list[str]], name: str) -> Rows:
    number = 1
    try:
        for number, line in enumerate(lines, 2):
            if len(line) not in (0, len(columns)):
                raise BadInput(name, f"has {len(line)} values for {len(columns)} columns", where=f"row {number}")
            if line:
                if "'" in "".join(line):  # few rows have one
                    line = [unescaped(cell) for cell in line]
                yield number, dict(zip(columns, line, strict=True))
    except csv.Error as error:
        raise BadInput(name, f"is not CSV ({error})", where=f"row {number + 1}") from None


def whole(row: Mapping[str, str], column: str, name: str, number: int) -> int:
    """The whole number in a row. Raises BadInput."""
    text = row[column].strip()
    if not (text.isdecimal() and text.isascii() and len(text) < 7):
        reason = f"{quoted(text)} is not a whole number" if text else "holds no value"
        raise BadInput(name, reason, where=f"row {number}, column {column}")
    return int(text)


def texts(lines: Iterable[bytes], name: str) -> Iterator[str]:
    """Lines of a table, as `read_rows` reads them. Raises BadInput."""
    for line in lines:
        yield _text(line, name)


def _text(data: bytes, name: str) -> str:
    if b"\0" in data[:4096]:
        raise BadInput(name, "holds a zero byte: it is binary, not a table")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def to_table(found: Sequence[Match]) -> bytes:
    """Matches of one sport as CSV in UTF-8; the same matches, the same bytes."""
    sport = SPORTS[found[0].sport]
    rows = ({**match.about, **row} for match in found for row in match.rows())
    said = ([sport.name, *("" if row[c] is None else row[c] for c in sport.columns)] for row in rows)
    return to_csv(chain([["sport", *sport.columns]], said))

"""Tables as JSON: a record a line, or a list of records. What is nested gets names such as location.0 or type.name."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any

from seqgen.core.errors import BadInput, TooLarge
from seqgen.core.limits import LIMITS
from seqgen.domains.sports.formats.columns import Rows

_DEEP = 4  # levels of nesting that are told apart
_LONG = 16  # values of a nested list
_LOOKED_AT = 1000  # rows that say what columns there are
_NOTHING = ("None", "nan", "NaN", "<NA>", "NaT")  # what is held where there is no value


def is_lines(head: bytes) -> bool:
    """Whether the first line is a whole object and the second begins another; one line alone must be flat."""
    first, _, rest = head.partition(b"\n")
    if not first.startswith(b"{") or not first.rstrip().endswith(b"}"):
        return False
    rest = rest.lstrip()
    return rest.startswith(b"{") if rest else _is_flat(first)


def is_list(head: bytes) -> bool:
    """Whether it is a list whose first record is flat, as those of no provider are."""
    return head.startswith(b"[") and _is_flat(head[1:].lstrip())


def _is_flat(text: bytes) -> bool:
    try:
        record, _ = json.JSONDecoder().raw_decode(text.decode("utf-8", "ignore"))
    except (ValueError, RecursionError):  # also a number of thousands of digits
        return False
    return isinstance(record, dict) and bool(record) and not any(isinstance(v, dict | list) for v in record.values())


def read_lines(data: bytes, name: str) -> tuple[list[str], Rows]:
    """The columns and rows of a file with a JSON object a line; rows are numbered as its lines. Raises BadInput."""
    return rows_of_lines(data.split(b"\n"), name)


def rows_of_lines(lines: Iterable[bytes], name: str, looked_at: int = _LOOKED_AT) -> tuple[list[str], Rows]:
    """The same of lines, read as rows are asked for, but for the first, which say what columns there are."""
    said = ((number, line.removeprefix(b"\xef\xbb\xbf")) for number, line in enumerate(lines, 1) if line.strip())
    return _table(((number, _parsed(line, name, number)) for number, line in said), name, looked_at)


def read_list(data: bytes, name: str) -> tuple[list[str], Rows]:
    """The same of a list of records, which are numbered from 1. Raises BadInput."""
    records = _parsed(data.removeprefix(b"\xef\xbb\xbf"), name)
    return _table(((number, _object(record, name, number)) for number, record in enumerate(records, 1)), name)


def _parsed(text: bytes, name: str, number: int = 0) -> Any:
    where = f"row {number}" if number else ""
    try:
        try:
            found = json.loads(text.decode())
        except UnicodeDecodeError:
            found = json.loads(text.decode("latin-1"))
    except (json.JSONDecodeError, RecursionError, ValueError) as error:
        raise BadInput(name, f"is not JSON ({error})", where=where) from None
    return _object(found, name, number) if number else found


def _object(found: Any, name: str, number: int) -> Mapping[str, Any]:
    if not isinstance(found, dict):
        raise BadInput(name, "is no object of JSON", where=f"row {number}")
    return found


def _table(
    records: Iterator[tuple[int, Mapping[str, Any]]], name: str, looked_at: int = _LOOKED_AT
) -> tuple[list[str], Rows]:
    """Columns are those of the first rows: a record may leave out what it does not know."""
    rows = ((number, dict(_flat("", record))) for number, record in records)
    first = list(islice(rows, looked_at))
    columns = list(dict.fromkeys(column for _, row in first for column in row))
    if len(columns) > LIMITS.max_columns:  # every row has them all
        raise TooLarge(name, "max_columns", LIMITS.max_columns, len(columns))
    empty = dict.fromkeys(columns, "")
    return columns, ((number, empty | row) for number, row in chain(first, rows))


def _flat(prefix: str, value: Any, depth: int = 0) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and depth < _DEEP:
        for key, inner in value.items():
            title = str(key).strip().lower()
            yield from _flat(f"{prefix}.{title}" if prefix else title, inner, depth + 1)
    elif isinstance(value, list) and 0 < len(value) <= _LONG and depth < _DEEP:
        for i, inner in enumerate(value):
            yield from _flat(f"{prefix}.{i}", inner, depth + 1)
    else:
        yield prefix, text_of(value)


def text_of(value: Any) -> str:
    """A value as a table of texts has it: nothing where nothing is known, whole numbers without a point."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    try:
        text = str(value)
    except (RecursionError, ValueError):  # nested too deeply, or a number of thousands of digits
        return "…"
    return "" if text in _NOTHING else text

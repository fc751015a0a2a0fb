"""Tables as CSV of which a spreadsheet executes nothing, and their cells as they were."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from types import SimpleNamespace
from typing import TypeVar

_T = TypeVar("_T")

# With these a formula begins: OWASP, "CSV Injection"; the wide forms are taken for the others.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)


def escaped(value: _T) -> _T | str:
    """A cell as it is written: an apostrophe before what a spreadsheet would execute. Numbers stay numbers."""
    return f"'{value}" if isinstance(value, str) and _executes(value) else value


def unescaped(cell: str) -> str:
    """What `escaped` was given; an apostrophe before anything else is the cell's own."""
    return cell[1:] if cell.startswith("'") and _executes(cell) else cell


def to_csv(rows: Iterable[Sequence[object]]) -> bytes:
    """Rows, the first of them titles, in UTF-8, every cell escaped; the same rows, the same bytes. What no text can
    hold, such as odd bytes of a file's name, becomes a question mark."""
    lines: list[str] = []
    # What stands in the line's end is quoted inside a cell: a carriage return must be.
    writer = csv.writer(SimpleNamespace(write=lines.append), lineterminator="\r\n")
    writer.writerows([escaped(value) for value in row] for row in rows)
    return "".join(f"{line[:-2]}\n" for line in lines).encode("utf-8", "replace")


def _executes(text: str) -> bool:
    """Whether it begins a formula behind any apostrophes: counting them makes escaping one to one."""
    bare = text.lstrip("'")
    return bare.startswith(_FORMULA) and not _NUMBER.fullmatch(bare)

"""Logs of matches ↔ files: what a file holds is told from its first bytes, whatever its name."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from seqgen.core.errors import BadInput, UsageError
from seqgen.core.files import read_bytes, unzipped, write_bytes
from seqgen.core.limits import LIMITS
from seqgen.domains.sports.formats.columns import column_map
from seqgen.domains.sports.formats.kloppy_events import from_kloppy
from seqgen.domains.sports.formats.known import HEAD, format_of, from_frame, read_columns
from seqgen.domains.sports.formats.table import to_table
from seqgen.domains.sports.match import Match
from seqgen.domains.sports.options import SportsOptions

WRITTEN = (".csv",)


def read(source: Path | bytes, name: str = "", options: SportsOptions | None = None) -> Iterator[Match]:
    """The matches of a file in any of `FORMATS`, also compressed by gzip. options: say what a table is. Raises
    BadInput."""
    data = source if isinstance(source, bytes) else read_bytes(source, limit="max_table_bytes")
    name = name or ("<bytes>" if isinstance(source, bytes) else str(source))
    data = unzipped(data, name, limit="max_table_bytes")
    format = format_of(data)
    if format.read is not None:
        return format.read(data, name)
    if format.rows is None:
        raise BadInput(name, f"is read in parts only: {format.name}")
    said = options or SportsOptions()
    return read_columns(*format.rows(data, name), name, said.sport, column_map(said.columns))


def read_season(path: Path, options: SportsOptions | None = None) -> Iterator[Match]:
    """The same of a path; where the format can be read in parts, it may be of any size. Of a table of more than
    LIMITS.max_table_bytes the rows of a match must stand together. Raises BadInput."""
    opened: Any = gzip.open if path.suffix.lower() == ".gz" else open
    try:
        if not path.is_file():  # a pipe has no end
            raise BadInput(path, "is not a file" if path.exists() else "does not exist")
        with opened(path, "rb") as file:
            format = format_of(file.read(HEAD))
            if format.stream is not None:
                file.seek(0)
                yield from format.stream(file, str(path))
                return
            if format.lines is not None and file.seek(LIMITS.max_table_bytes) and file.read(1):
                file.seek(0)
                columns, rows = format.lines(file, str(path))
                said = options or SportsOptions()
                yield from read_columns(columns, rows, str(path), said.sport, column_map(said.columns), apart=True)
                return
    except (OSError, EOFError, zlib.error) as error:
        raise BadInput(path, f"cannot be read ({error})") from None
    yield from read(path, str(path), options)


def write(match: Match, path: Path) -> None:
    """Write a .csv file whole or not at all. Raises UsageError for another suffix."""
    path = Path(path)
    if path.suffix.lower() not in WRITTEN:
        raise UsageError(f"{path}: matches are written as {' or '.join(WRITTEN)}.")
    write_bytes(path, to_table([match]))


def to_match(piece: Any, options: SportsOptions | None = None) -> Match:
    """A Match, or the first of a path, the bytes of a file, a DataFrame or a kloppy EventDataset. options: say what a
    table is. Raises BadInput, or UsageError."""
    if isinstance(piece, Match):
        return piece
    if isinstance(piece, str | Path):
        return next(read(Path(piece), str(piece), options))
    if isinstance(piece, bytes | bytearray | memoryview):
        return next(read(bytes(piece), "<bytes>", options))
    library = type(piece).__module__.split(".")[0]
    if library == "pandas":
        return from_frame(piece, options.sport if options else "", options.columns if options else None)[0]
    if library == "kloppy":
        return from_kloppy(piece)
    raise UsageError(f"{type(piece).__name__} is no match.", "Give a path, the bytes of a file, or a DataFrame.")

"""Logs of matches ↔ files: what a file holds is told from its first bytes, whatever its name."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from seqgen.core.errors import BadInput, UsageError
from seqgen.core.files import GZIP, Gunzip, read_bytes, unzipped, write_bytes
from seqgen.core.limits import LIMITS
from seqgen.domains.sports.formats.columns import column_map
from seqgen.domains.sports.formats.kloppy_events import from_kloppy
from seqgen.domains.sports.formats.known import HEAD, format_of, from_frame, read_columns
from seqgen.domains.sports.formats.table import to_table
from seqgen.domains.sports.match import Match
from seqgen.domains.sports.options import SportsOptions

WRITTEN = (".csv",)
_AT_ONCE = 1 << 20  # bytes
_LONGEST = 10_000_000  # of a line


def read(source: Path | bytes, name: str = "", options: SportsOptions | None = None) -> Iterator[Match]:
    """The matches of a file in any of `FORMATS`, also compressed by gzip. options: say what a table is. Raises
    BadInput."""
    data = source if isinstance(source, bytes) else read_bytes(source, limit="max_table_bytes")
    name = name or ("<bytes>" if isinstance(source, bytes) else str(source))
    data = unzipped(data, name, limit="max_table_bytes")
    form = format_of(data)
    if form.read is not None:
        return form.read(data, name)
    if form.rows is None:
        raise BadInput(name, f"is read in parts only: {form.name}")
    said = options or SportsOptions()
    return read_columns(*form.rows(data, name), name, said.sport, column_map(said.columns))


def read_season(path: Path, options: SportsOptions | None = None) -> Iterator[Match]:
    """The same of a path; where the format can be read in parts, it may be of any size. Of a table of more than
    LIMITS.max_table_bytes the rows of a match must stand together. Raises BadInput."""
    try:
        if not path.is_file():  # a pipe has no end
            raise BadInput(path, "is not a file" if path.exists() else "does not exist")
        with _opened(path) as file:
            form = format_of(file.read(HEAD))
        if form.stream is not None:
            with _opened(path) as file:
                yield from form.stream(file, str(path))
            return
        if form.lines is not None and _is_large(path):
            with _opened(path) as file:
                columns, rows = form.lines(_lines(file, path), str(path))
                said = options or SportsOptions()
                yield from read_columns(columns, rows, str(path), said.sport, column_map(said.columns), apart=True)
            return
    except OSError as error:
        raise BadInput(path, f"cannot be read ({error.strerror or error})") from None
    yield from read(path, str(path), options)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """A file, unpacked as it is read where it is gzip."""
    with path.open("rb") as file:
        zipped = file.peek(len(GZIP)).startswith(GZIP)
        yield cast(BinaryIO, io.BufferedReader(Gunzip(file, str(path)), _AT_ONCE)) if zipped else file


def _is_large(path: Path) -> bool:
    """Whether it holds more than is held in memory."""
    left = LIMITS.max_table_bytes + 1
    with _opened(path) as file:
        while left > 0 and (part := file.read(min(left, _AT_ONCE))):
            left -= len(part)
    return left <= 0


def _lines(file: BinaryIO, path: Path) -> Iterator[bytes]:
    """The lines of a file. Raises BadInput for one without end."""
    while line := file.readline(_LONGEST + 1):
        if len(line) > _LONGEST:
            raise BadInput(path, f"holds a line of more than {_LONGEST:,} bytes")
        yield line


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

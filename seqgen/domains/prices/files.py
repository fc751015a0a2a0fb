"""Prices ↔ files: what a file holds is told from its first bytes, whatever its name."""

from __future__ import annotations

import csv
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from seqgen.core import tables
from seqgen.core.errors import BadInput, TooLarge, UsageError
from seqgen.core.files import read_bytes, unzipped, write_bytes
from seqgen.core.limits import LIMITS
from seqgen.domains.parquet import BATCH, FAILURES, open_parquet
from seqgen.domains.prices.columns import looks_like_prices, read_table
from seqgen.domains.prices.options import PricesOptions
from seqgen.domains.prices.series import Series
from seqgen.domains.prices.table import Table, separator_of, titled

WRITTEN = (".csv",)
_HEAD = 65_536


def read(source: Path | bytes, name: str = "", options: PricesOptions | None = None) -> Iterator[Series]:
    """The series of a table in CSV or Parquet, also compressed by gzip. Raises BadInput."""
    data = source if isinstance(source, bytes) else read_bytes(source, limit="max_table_bytes")
    name = name or ("<bytes>" if isinstance(source, bytes) else str(source))
    data = unzipped(data, name, limit="max_table_bytes")
    table = _parquet(data, name) if data.startswith(b"PAR1") else _csv(data, name)
    yield from read_table(table, name, options or PricesOptions())


def claims(head: bytes) -> bool:
    """Whether a file that begins so holds prices rather than anything else."""
    if head.startswith(b"\x1f\x8b"):
        try:
            head = zlib.decompressobj(31).decompress(head, _HEAD)
        except zlib.error:
            return False
    lines = _text(head).splitlines()
    lines = lines[:-1] if len(lines) > 2 and not head.endswith(b"\n") else lines  # the last may be cut off
    if "\0" in _text(head) or not lines:
        return False
    try:
        return looks_like_prices([row for row in csv.reader(lines[:50], delimiter=separator_of(lines)) if row])
    except csv.Error:
        return False


def write(series: Series, path: Path) -> None:
    """Write a .csv file whole or not at all. Raises UsageError for another suffix."""
    path = Path(path)
    if path.suffix.lower() not in WRITTEN:
        raise UsageError(f"{path}: prices are written as {' or '.join(WRITTEN)}.")
    write_bytes(path, to_csv(series))


def to_csv(series: Series) -> bytes:
    """A table with a row a price; the same series, the same bytes."""
    columns: dict[str, Sequence[Any]] = {}
    if series.dates is not None:
        daily = series.dates.astype("datetime64[D]")
        columns["date"] = np.datetime_as_string(daily if (daily == series.dates).all() else series.dates).tolist()
    if series.name:
        columns["symbol"] = [series.name] * len(series.prices)
    columns["close"] = series.prices.tolist()
    if series.volume is not None:
        columns["volume"] = series.volume.tolist()
    if series.recent:  # what ids say of the time before, so that they are read again as they are
        for title, size in (("recent", series.recent), ("usual", series.usual)):
            columns[title] = [size, *[""] * (len(series.prices) - 1)]
    return tables.to_csv([list(columns), *zip(*columns.values(), strict=True)])


def to_series(piece: Any) -> Series:
    """A Series, or the first of a path or of a file's bytes, or of a DataFrame; or prices as plain numbers, or a pandas
    Series. Raises BadInput, or UsageError."""
    if isinstance(piece, Series):
        return piece
    if isinstance(piece, str | Path):
        return next(read(Path(piece), str(piece)))
    if isinstance(piece, bytes | bytearray | memoryview):
        return next(read(bytes(piece), "<bytes>"))
    if type(piece).__module__.split(".")[0] == "pandas":
        return next(read_table(_frame(piece), "<table>", PricesOptions()))
    if isinstance(piece, np.ndarray | list | tuple):
        table = Table(["close"], {"close": [str(value) for value in np.ravel(piece).tolist()]}, 0)
        return next(read_table(table, "<prices>", PricesOptions()))
    raise UsageError(f"{type(piece).__name__} is no series of prices.", "Give a path, a DataFrame, or numbers.")


def _csv(data: bytes, name: str) -> Table:
    text = _text(data)
    if "\0" in text[:4096]:
        raise BadInput(name, "holds a zero byte: it is binary, not a table")
    lines = text.splitlines()
    separator = separator_of(lines)
    rows: list[list[str]] = []
    numbers: list[int] = []
    reader = csv.reader(lines, delimiter=separator)
    try:
        for row in reader:
            if len(row) > LIMITS.max_columns:
                raise TooLarge(name, "max_columns", LIMITS.max_columns, len(row))
            if any(cell.strip() for cell in row):
                rows.append([tables.unescaped(cell) for cell in row])
                numbers.append(reader.line_num)
    except csv.Error as error:
        raise BadInput(name, f"is not CSV ({error})", where=f"row {reader.line_num}") from None
    if len(rows) > LIMITS.max_events:
        raise TooLarge(name, "max_events", LIMITS.max_events, len(rows))
    if not rows:
        raise BadInput(name, "is empty")
    return titled(rows, numbers, name, decimal="," if separator == ";" else ".")


def _parquet(data: bytes, name: str) -> Table:
    file, failure = open_parquet(data, name)
    import pyarrow as pa

    try:
        batches, n_bytes = [], 0
        for batch in file.iter_batches(batch_size=BATCH, use_threads=False):
            n_bytes += batch.nbytes  # what says itself in few bytes may be large
            if n_bytes > LIMITS.max_table_bytes:
                raise TooLarge(name, "max_table_bytes", LIMITS.max_table_bytes)
            batches.append(batch)
        return _frame(pa.Table.from_batches(batches, file.schema_arrow).to_pandas(ignore_metadata=True))
    except (failure, *FAILURES) as error:
        raise BadInput(name, f"is not Parquet ({type(error).__name__})") from None


def _frame(frame: Any) -> Table:
    """A table of pandas, its index a column where that has a name or is of dates."""
    if hasattr(frame, "to_frame"):
        frame = frame.to_frame("close" if frame.name is None else str(frame.name))
    index = frame.index
    if index.name is not None or type(index).__name__ in ("DatetimeIndex", "PeriodIndex", "MultiIndex"):
        frame = frame.reset_index(names=None if index.nlevels > 1 else [str(index.name or "date")])
    titles = [str(title).strip() for title in frame.columns]
    cells = {title: _cells(frame.iloc[:, i]) for i, title in enumerate(titles)}
    return Table(titles, cells, 0)


def _cells(column: Any) -> list[str]:
    """As texts; times as those of the place."""
    if getattr(column.dtype, "tz", None) is not None:
        column = column.dt.tz_localize(None)
    missing = column.isna()
    return ["" if gone else str(value) for value, gone in zip(column.tolist(), missing.tolist(), strict=True)]


def _text(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):  # as spreadsheets export "Unicode"
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")

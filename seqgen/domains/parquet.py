"""Parquet is opened here for every domain that reads tables, by pyarrow: how large it is is known before it is read."""

from __future__ import annotations

import os
from typing import Any

from seqgen.core.errors import BadInput, MissingExtra, TooLarge
from seqgen.core.limits import LIMITS

# What pyarrow raises, besides its own ArrowException, which derives from none of them.
FAILURES = (ArithmeticError, LookupError, OSError, TypeError, ValueError)
BATCH = 2_000  # rows to read at once: what says itself in few bytes may be large


def open_parquet(data: bytes, name: str) -> tuple[Any, type[Exception]]:
    """(the ParquetFile, pyarrow's ArrowException, which reading it may raise). Raises BadInput, TooLarge or
    MissingExtra."""
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")  # others take much at once, whatever is read
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise MissingExtra("Reading Parquet", "pyarrow", "parquet") from None
    try:
        file = pq.ParquetFile(pa.BufferReader(data))
        about = file.metadata
        n_bytes = sum(about.row_group(i).total_byte_size for i in range(about.num_row_groups))
    except (pa.ArrowException, *FAILURES) as error:
        raise BadInput(name, f"is not Parquet ({type(error).__name__})") from None
    for limit, found in (
        ("max_events", about.num_rows), ("max_table_bytes", n_bytes), ("max_columns", about.num_columns),
    ):  # fmt: skip
        if found > getattr(LIMITS, limit):
            raise TooLarge(name, limit, getattr(LIMITS, limit), found)
    return file, pa.ArrowException

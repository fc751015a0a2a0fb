"""Tables as Parquet, by pyarrow: read in batches, each column made to texts only when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from seqgen.core.errors import BadInput
from seqgen.domains.parquet import BATCH, FAILURES, open_parquet
from seqgen.domains.sports.formats.columns import Rows
from seqgen.domains.sports.formats.records import text_of
from seqgen.domains.sports.formats.table import named


def is_parquet(head: bytes) -> bool:
    """Whether it begins as such a file does."""
    return head.startswith(b"PAR1")


def read_parquet(data: bytes, name: str) -> tuple[list[str], Rows]:
    """The columns and rows of a Parquet file; rows are numbered from 1. Raises BadInput, or MissingExtra."""
    file, failure = open_parquet(data, name)
    try:
        titles = named(file.schema_arrow.names)
    except (failure, *FAILURES) as error:
        raise BadInput(name, f"is not Parquet ({type(error).__name__})") from None
    return titles, _rows(file, titles, name, failure)


def _rows(file: Any, titles: list[str], name: str, failure: type[Exception]) -> Rows:
    number = 0
    try:
        for batch in file.iter_batches(batch_size=BATCH, use_threads=False):
            columns = _Columns(batch, titles, name, number)
            for i in range(batch.num_rows):
                number += 1
                yield number, _Row(columns, i)
    except (failure, OSError, ValueError) as error:
        raise BadInput(name, f"is not whole Parquet ({type(error).__name__})", where=f"after row {number}") from None


class _Columns:
    """The columns of a batch, as texts once they are asked for."""

    def __init__(self, batch: Any, titles: list[str], name: str, before: int) -> None:
        self._batch, self._name, self._before = batch, name, before
        self.places = {title: i for i, title in enumerate(titles)}
        self._texts: dict[str, list[str]] = {}

    def __getitem__(self, column: str) -> list[str]:
        if column not in self._texts:
            values = self._batch.column(self.places[column])
            try:
                self._texts[column] = [text_of(value) for value in values.to_pylist()]
            except (ArithmeticError, ImportError, LookupError, OSError, TypeError, ValueError) as error:
                # Texts that are not UTF-8, days beyond the calendar, zones of time that nobody knows.
                where = f"after row {self._before}, column {column}"
                raise BadInput(self._name, f"cannot be read ({type(error).__name__})", where=where) from None
        return self._texts[column]


class _Row(Mapping[str, str]):
    """One row of a batch."""

    __slots__ = ("_at", "_columns")

    def __init__(self, columns: _Columns, at: int) -> None:
        self._columns, self._at = columns, at

    def __getitem__(self, column: str) -> str:
        return self._columns[column][self._at]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns.places)

    def __len__(self) -> int:
        return len(self._columns.places)

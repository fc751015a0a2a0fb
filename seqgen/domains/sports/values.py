"""A column of a match: many values of which few are different."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, overload

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


class Values(Sequence[Any]):
    """A tuple of values, held as those that are different and which of them stands where: few bytes a value, and what
    follows from a value is worked out once.

    table: the different values, in the order in which they appear. codes: uint16 or uint32 [N], places in the table.
    """

    __slots__ = ("codes", "table")
    __hash__ = None  # type: ignore[assignment]  # as a list

    def __init__(self, values: Iterable[Any] = ()) -> None:
        values = list(values)
        self.table: tuple[Any, ...] = tuple(dict.fromkeys(values))
        places = {value: place for place, value in enumerate(self.table)}
        self.codes = np.fromiter(map(places.__getitem__, values), _width(len(places)), len(values))

    @classmethod
    def of_array(cls, values: npt.NDArray[Any], say: Callable[[Any], Any] = lambda value: value) -> Values:
        """Of an array of numbers or texts; no number is None. say: what a value of the array becomes."""
        found, first, codes = np.unique(values, return_index=True, return_inverse=True)
        order = np.argsort(first)
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order))
        table = [None if value != value else say(value) for value in found[order].tolist()]  # noqa: PLR0124  NaN
        if len(set(table)) < len(table):  # two are said alike
            return cls(table[code] for code in rank[codes].tolist())
        return cls.of_codes(rank[codes], table)

    @classmethod
    def of_codes(cls, codes: npt.NDArray[np.integer], table: Iterable[Any]) -> Values:
        """Of places in a table of different values, in the order in which they appear."""
        made = cls.__new__(cls)
        made.table = tuple(table)
        made.codes = codes.astype(_width(len(made.table)))
        return made

    def each(self, say: Callable[[Any], Any], dtype: npt.DTypeLike = np.int64) -> npt.NDArray[Any]:
        """[N]: what follows from each value."""
        return np.array([say(value) for value in self.table], dtype)[self.codes]

    def __len__(self) -> int:
        return len(self.codes)

    def __iter__(self) -> Iterator[Any]:
        return map(self.table.__getitem__, self.codes.tolist())

    @overload
    def __getitem__(self, at: int) -> Any: ...
    @overload
    def __getitem__(self, at: slice) -> Values: ...
    def __getitem__(self, at: int | slice) -> Any:
        if isinstance(at, slice):
            return Values(self.table[code] for code in self.codes[at].tolist())
        return self.table[self.codes[at]]

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Values):
            return self.table == other.table and np.array_equal(self.codes, other.codes)
        return tuple(self) == other if isinstance(other, tuple) else NotImplemented

    def __repr__(self) -> str:
        return repr(tuple(self))


class Columns(Mapping[str, Values]):
    """Columns of rows, each made when it is first asked for: what comes of a match is told by few of them."""

    def __init__(self, rows: Sequence[Mapping[str, Any]], names: Iterable[str]) -> None:
        self._rows, self._made = rows, dict[str, Values | None].fromkeys(names)

    def __getitem__(self, name: str) -> Values:
        found = self._made[name]
        if found is None:
            found = self._made[name] = Values([row[name] for row in self._rows])
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)


def _width(n: int) -> type[np.unsignedinteger[Any]]:
    return np.uint16 if n <= 1 << 16 else np.uint32

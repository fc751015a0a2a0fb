"""Pieces of corpora that are larger than memory: where each one is, until it is wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from seqgen.core.errors import SeqgenError
from seqgen.core.workers import Outcome

KEPT_BYTES = 48_000_000  # of files whose pieces are all held in memory; in it they take several times as much


@dataclass(frozen=True)
class Place:
    """The piece of that number in a file."""

    file: str
    number: int


def taken(places: Iterable[Any], read: Callable[[Sequence[str]], Iterator[Outcome]]) -> Iterator[Any | SeqgenError]:
    """Pieces, read again file after file where they are places; what is no place is a piece. An error in the place of
    each piece that can be read no more."""
    files = [(file, list(group)) for file, group in groupby(places, lambda p: p.file if isinstance(p, Place) else "")]
    outcomes = read([file for file, _ in files if file])
    for file, group in files:
        if not file:
            yield from group
            continue
        outcome = next(outcomes)
        yield from (outcome.error or outcome.value.pieces[place.number] for place in group)


@dataclass(frozen=True)
class Readable:
    """Pieces to be gone over as often as one likes: what `taken` finds, but for errors."""

    places: Sequence[Any]
    read: Callable[[Sequence[str]], Iterator[Outcome]]

    def __iter__(self) -> Iterator[Any]:
        return (piece for piece in taken(self.places, self.read) if not isinstance(piece, SeqgenError))

"""What a sport remembers of a match as its ids go by, declared: for whole matches and step by step, for a batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from seqgen.core.vocabulary import Vocabulary

Ints = npt.NDArray[np.int64]
Amount = Callable[[str, str], int]  # type and value of a token -> what it counts


class Memory(Protocol):
    """A feature of what went by."""

    @property
    def name(self) -> str:
        """Of the feature."""
        ...

    def bound(self, vocabulary: Vocabulary) -> Remembered:
        """The same for the ids of a vocabulary."""
        ...


class Remembered(Protocol):
    """A memory of given ids. size: how many values it has. moved: bool [V], by which ids its state is changed.

    Law: `of(ids)[t]` is `row` after `advance` of the first t ids from `start`; ids that do not move it may be left out.
    """

    size: int
    moved: npt.NDArray[np.bool_]

    def maps(self, table_AV: npt.NDArray[np.int32]) -> npt.NDArray[np.int32] | None:
        """int32 [A, size]: what each value becomes when ids become those of the table; None where none changes."""
        ...

    def of(self, ids_T: Ints) -> Ints:
        """int [T + 1]: what is known before each id and after the last."""
        ...

    def start(self, batch: int) -> Ints:
        """int [B, n]: the state before the first id."""
        ...

    def advance(self, state_Bn: Ints, ids_B: Ints) -> None:
        """Take one id each, in place."""
        ...

    def row(self, state_Bn: Ints) -> Ints:
        """int [B]: what is known now."""
        ...


@dataclass(frozen=True)
class Last:
    """What the last id of a type said, or the one `back` before it counting from 1; 0 as long as there is none.

    kind: the type. said: of each value the number from 1 that stands for it, 0 for one that is passed over; None
    numbers them as they are listed.
    """

    name: str
    kind: str
    back: int = 1
    said: Callable[[str], int] | None = None

    def bound(self, vocabulary: Vocabulary) -> Remembered:
        """See Memory."""
        ids = vocabulary.of_type(self.kind).tolist()
        values = np.zeros(len(vocabulary), np.int64)
        values[ids] = [self.said(vocabulary.values[i][1]) if self.said else number for number, i in enumerate(ids, 1)]
        return _Last(values, self.back)


class _Last:
    def __init__(self, values: Ints, back: int) -> None:
        self.values, self.back, self.size = values, back, int(values.max()) + 1
        self.moved = values > 0

    def maps(self, table_AV: npt.NDArray[np.int32]) -> npt.NDArray[np.int32] | None:
        found = np.tile(np.arange(self.size, dtype=np.int32), (len(table_AV), 1))
        for row, table in zip(found, table_AV, strict=True):
            row[self.values] = self.values[table]  # ids said alike become ids said alike
            row[0] = 0
        return found if (found != np.arange(self.size)).any() else None

    def of(self, ids_T: Ints) -> Ints:
        said = self.values[ids_T]
        listed = np.concatenate([np.zeros(self.back, np.int64), said[said > 0]])
        n = np.concatenate([[0], np.cumsum(said > 0)])
        found: Ints = listed[n]
        return found

    def start(self, batch: int) -> Ints:
        return np.zeros((batch, self.back), np.int64)

    def advance(self, state_Bn: Ints, ids_B: Ints) -> None:
        said = self.values[ids_B]
        at = np.flatnonzero(said)
        state_Bn[at, :-1] = state_Bn[at, 1:]
        state_Bn[at, -1] = said[at]

    def row(self, state_Bn: Ints) -> Ints:
        return state_Bn[:, 0]


@dataclass(frozen=True)
class Total:
    """What ids add up to since the last of some ids, in steps: the number of `edges` that the sum reaches.

    counts: of each token. since: types, or tokens, that begin anew (their own amount counts).
    """

    name: str
    counts: Amount
    edges: Sequence[int]
    since: Sequence[str] = ()

    def bound(self, vocabulary: Vocabulary) -> Remembered:
        """See Memory."""
        tokens = zip(vocabulary.values, vocabulary.tokens, strict=True)
        begins = np.array([kind in self.since or token in self.since for (kind, _), token in tokens], bool)
        return _Total(_amounts(vocabulary, self.counts), begins, np.asarray(self.edges, np.int64))


class _Total:
    def __init__(self, counts: Ints, begins: npt.NDArray[np.bool_], edges: Ints) -> None:
        self.counts, self.begins, self.edges, self.size = counts, begins, edges, len(edges) + 1
        self.moved = begins | (counts != 0)

    def maps(self, table_AV: npt.NDArray[np.int32]) -> npt.NDArray[np.int32] | None:
        return None  # sides of the field do not count

    def of(self, ids_T: Ints) -> Ints:
        sums = np.concatenate([[0], np.cumsum(self.counts[ids_T])])
        last = np.maximum.accumulate(np.concatenate([[0], np.where(self.begins[ids_T], np.arange(len(ids_T)), 0)]))
        found: Ints = np.searchsorted(self.edges, sums - sums[last], side="right")
        return found

    def start(self, batch: int) -> Ints:
        return np.zeros((batch, 1), np.int64)

    def advance(self, state_Bn: Ints, ids_B: Ints) -> None:
        state_Bn[:, 0] = np.where(self.begins[ids_B], 0, state_Bn[:, 0]) + self.counts[ids_B]

    def row(self, state_Bn: Ints) -> Ints:
        found: Ints = np.searchsorted(self.edges, state_Bn[:, 0], side="right")
        return found


@dataclass(frozen=True)
class Share:
    """What share of a whole a part has been so far, in steps: how many `edges`, in thousandths, it reaches, from 1; 0
    until the whole is `least`.

    part, whole: of each token.
    """

    name: str
    part: Amount
    whole: Amount
    edges: Sequence[int]
    least: int = 1

    def bound(self, vocabulary: Vocabulary) -> Remembered:
        """See Memory."""
        amounts = np.stack([_amounts(vocabulary, self.part), _amounts(vocabulary, self.whole)], axis=1)
        return _Share(amounts, np.asarray(self.edges, np.int64), max(1, self.least))


class _Share:
    def __init__(self, amounts_V2: Ints, edges: Ints, least: int) -> None:
        self.amounts, self.edges, self.least, self.size = amounts_V2, edges, least, len(edges) + 2
        self.moved = (amounts_V2 != 0).max(axis=1)

    def maps(self, table_AV: npt.NDArray[np.int32]) -> npt.NDArray[np.int32] | None:
        return None

    def of(self, ids_T: Ints) -> Ints:
        return self.row(np.concatenate([np.zeros((1, 2), np.int64), np.cumsum(self.amounts[ids_T], axis=0)]))

    def start(self, batch: int) -> Ints:
        return np.zeros((batch, 2), np.int64)

    def advance(self, state_Bn: Ints, ids_B: Ints) -> None:
        state_Bn += self.amounts[ids_B]

    def row(self, state_Bn: Ints) -> Ints:
        part, whole = state_Bn.T
        steps = 1 + np.searchsorted(self.edges, 1000 * part // np.maximum(whole, 1), side="right")
        return np.where(whole >= self.least, steps, 0)


@dataclass(frozen=True)
class Lead:
    """By how much whoever acts is ahead, from -most to most, counted from 0. The sides take turns.

    points: of each token, for those who act. turns: of each token, 1 where the others act from there on, 2 or 3 where
    the first or second side does, else 0.
    """

    name: str
    points: Amount
    turns: Amount
    most: int = 3

    def bound(self, vocabulary: Vocabulary) -> Remembered:
        """See Memory."""
        return _Lead(_amounts(vocabulary, self.points), _amounts(vocabulary, self.turns), self.most)


class _Lead:
    def __init__(self, points: Ints, turns: Ints, most: int) -> None:
        self.points, self.turns, self.most, self.size = points, turns, most, 2 * most + 1
        self.moved = (points != 0) | (turns != 0)

    def maps(self, table_AV: npt.NDArray[np.int32]) -> npt.NDArray[np.int32] | None:
        return None  # sides of the field do not count

    def of(self, ids_T: Ints) -> Ints:
        turns = self.turns[ids_T]
        swaps = np.concatenate([[0], np.cumsum(turns == 1)])
        at = np.maximum.accumulate(np.concatenate([[0], np.where(turns > 1, np.arange(1, len(ids_T) + 1), 0)]))
        begun = np.where(at > 0, turns[np.maximum(at, 1) - 1] if len(turns) else 0, 0)  # who began there
        side = (np.where(begun == 3, 1, 0) + swaps - swaps[at]) % 2
        points = self.points[ids_T] * (1 - 2 * side[1:])  # an id that turns counts for whom it turns to
        lead = np.concatenate([[0], np.cumsum(points)]) * (1 - 2 * side)
        found: Ints = self.most + np.clip(lead, -self.most, self.most)
        return found

    def start(self, batch: int) -> Ints:
        return np.zeros((batch, 2), np.int64)  # the side that acts, the lead of the first

    def advance(self, state_Bn: Ints, ids_B: Ints) -> None:
        turns = self.turns[ids_B]
        state_Bn[:, 0] = np.where(turns > 1, turns - 2, (state_Bn[:, 0] + turns) % 2)
        state_Bn[:, 1] += self.points[ids_B] * (1 - 2 * state_Bn[:, 0])

    def row(self, state_Bn: Ints) -> Ints:
        found: Ints = self.most + np.clip(state_Bn[:, 1] * (1 - 2 * state_Bn[:, 0]), -self.most, self.most)
        return found


def _amounts(vocabulary: Vocabulary, amount: Amount) -> Ints:
    return np.array([amount(kind, value) for kind, value in vocabulary.values], np.int64)

"""What is known in a match besides the last id: its labels, what the sport remembers, and what it counts."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from seqgen.core.context import Feature
from seqgen.core.vocabulary import Vocabulary
from seqgen.domains.sports.memory import Last, Memory, Remembered
from seqgen.domains.sports.sport import Counters, Sport

Ints = npt.NDArray[np.int32]


class SportsContext:
    """A feature for each label, its number from 1 (0 = unknown), those of the sport's memory, of who acts, and of its
    counters.

    mirrorings: int32 [A, V], what each id becomes under each augmentation. acting: who acts, by name.
    """

    def __init__(
        self,
        sport: Sport,
        vocabulary: Vocabulary,
        labels: Mapping[str, tuple[str, ...]],
        mirrorings: Ints,
        acting: Sequence[Memory] = (),
    ) -> None:
        self.said = vocabulary.values
        numbers = {kind: {value: i for i, value in enumerate(values, 1)} for kind, values in labels.items()}
        known = [Last(kind.lower(), kind, said=lambda value, n=n: n.get(value, 0)) for kind, n in numbers.items()]  # type: ignore[misc]  # n is bound here
        memory = (*known, *sport.memory, *acting)
        self.memory: list[Remembered] = [remembered.bound(vocabulary) for remembered in memory]
        moved = np.array([b.moved for b in self.memory], bool).reshape(len(memory), len(vocabulary))
        self.moved = [np.flatnonzero(column).tolist() for column in moved.T]  # of each id, which memories it changes
        self.counters = sport.counters
        self.features = (
            *(Feature(m.name, b.size, b.maps(mirrorings)) for m, b in zip(memory, self.memory, strict=True)),
            *(Feature(name, size) for name, size in (sport.counters().sizes if sport.counters else {}).items()),
        )

    def of(self, ids_T: npt.NDArray[np.integer]) -> Ints:
        """int32 [T + 1, F]."""
        ids = np.asarray(ids_T, np.int64)
        rows = np.empty((len(ids) + 1, len(self.features)), np.int32)
        for f, remembered in enumerate(self.memory):
            rows[:, f] = remembered.of(ids)
        if self.counters:
            counters = self.counters()
            counted = [counters.row()]
            for i in ids.tolist():
                counters.take(*self.said[i])
                counted.append(counters.row())
            rows[:, len(self.memory) :] = counted
        return rows

    def start(self, ids_BT: npt.NDArray[np.integer]) -> SportsCursor:
        """A cursor after these ids."""
        cursor = SportsCursor(self, len(ids_BT))
        for column in np.asarray(ids_BT).T:
            cursor.advance(column)
        return cursor


class SportsCursor:
    """The same, one id at a time, for a batch."""

    def __init__(self, context: SportsContext, batch: int) -> None:
        self._context = context
        self._states = [remembered.start(batch) for remembered in context.memory]
        self._known = np.empty((batch, len(self._states)), np.int32)  # what they say now
        for f, (remembered, state) in enumerate(zip(context.memory, self._states, strict=True)):
            self._known[:, f] = remembered.row(state)
        self._counters: list[Counters] = [context.counters() for _ in range(batch)] if context.counters else []
        self._batch = batch

    def fork(self, rows: npt.NDArray[np.integer]) -> SportsCursor:
        """Another, at these sequences."""
        other = copy.copy(self)
        other._batch, other._states = len(rows), [state[rows] for state in self._states]
        other._known = self._known[rows]
        other._counters = [copy.deepcopy(self._counters[i]) for i in rows.tolist()] if self._counters else []
        return other

    def row(self) -> Ints:
        """int32 [B, F]."""
        rows = np.empty((self._batch, len(self._context.features)), np.int32)
        rows[:, : len(self._states)] = self._known
        for row, counters in zip(rows, self._counters, strict=False):
            row[len(self._states) :] = counters.row()
        return rows

    def advance(self, ids_B: npt.NDArray[np.integer]) -> None:
        """Take one id each."""
        ids = np.asarray(ids_B, np.int64)
        said = set(ids.tolist())
        for f in set().union(*(self._context.moved[i] for i in said)):
            remembered, state = self._context.memory[f], self._states[f]
            remembered.advance(state, ids)
            self._known[:, f] = remembered.row(state)
        if self._counters:
            for counters, i in zip(self._counters, ids.tolist(), strict=True):
                counters.take(*self._context.said[i])

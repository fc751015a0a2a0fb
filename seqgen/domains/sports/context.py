"""What is known in a match besides the last id: its labels, and what the sport counts."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from seqgen.core.context import Feature
from seqgen.core.vocabulary import Vocabulary
from seqgen.domains.sports.sport import Counters, Sport

Ints = npt.NDArray[np.int32]


class SportsContext:
    """A feature for each label, its number from 1 (0 = unknown), and those of the sport's counters."""

    def __init__(self, sport: Sport, vocabulary: Vocabulary, labels: Mapping[str, tuple[str, ...]]) -> None:
        self.sport = sport
        self.said = vocabulary.values
        self.label = [  # of each id: (column of its feature, value), or None
            (list(labels).index(kind), labels[kind].index(value) + 1 if value in labels[kind] else 0)
            if kind in labels
            else None
            for kind, value in self.said
        ]
        self.n_labels = len(labels)
        sizes = sport.counters().sizes
        self.features = (
            *(Feature(kind.lower(), len(values) + 1) for kind, values in labels.items()),
            *(Feature(name, size) for name, size in sizes.items()),
        )

    def of(self, ids_T: npt.NDArray[np.integer]) -> Ints:
        """int32 [T + 1, F]."""
        state = _State(self)
        rows = [state.row()]
        for i in np.asarray(ids_T).tolist():
            state.take(i)
            rows.append(state.row())
        return np.array(rows, np.int32)

    def start(self, ids_BT: npt.NDArray[np.integer]) -> SportsCursor:
        """A cursor after these ids."""
        cursor = SportsCursor(self, len(ids_BT))
        for column in np.asarray(ids_BT).T:
            cursor.advance(column)
        return cursor


class _State:
    def __init__(self, context: SportsContext) -> None:
        self._context = context
        self._labels = [0] * context.n_labels
        self._counters: Counters = context.sport.counters()

    def take(self, i: int) -> None:
        label = self._context.label[i]
        if label is not None:
            self._labels[label[0]] = label[1]
        self._counters.take(*self._context.said[i])

    def copy(self) -> _State:
        other = copy.copy(self)
        other._labels, other._counters = self._labels.copy(), copy.deepcopy(self._counters)
        return other

    def row(self) -> list[int]:
        return self._labels + self._counters.row()


class SportsCursor:
    """The same, one id at a time, for a batch."""

    def __init__(self, context: SportsContext, batch: int) -> None:
        self._states = [_State(context) for _ in range(batch)]

    def fork(self, rows: npt.NDArray[np.integer]) -> SportsCursor:
        """Another, at these sequences."""
        other = copy.copy(self)
        other._states = [self._states[i].copy() for i in rows.tolist()]
        return other

    def row(self) -> Ints:
        """int32 [B, F]."""
        return np.array([state.row() for state in self._states], np.int32)

    def advance(self, ids_B: npt.NDArray[np.integer]) -> None:
        """Take one id each."""
        for state, i in zip(self._states, np.asarray(ids_B).tolist(), strict=True):
            state.take(i)

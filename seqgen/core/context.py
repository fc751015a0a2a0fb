"""What is known at a position besides the last id: beat, voice, the other voices' notes, score, minute …"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Feature:
    """One side input: a small integer in [0, size), embedded by the model.

    maps: int32 [A, size], the value that each value becomes under each augmentation; None when none changes it.
    classes: int32 [size, n], for a feature that says *against what* ids are to be seen, such as the voice's last
    note: the class of each of the first n ids seen from there (its interval), in [0, n_classes). The model then adds a
    score for the class to the score of the id, so that it learns intervals besides pitches.
    is_id: for a feature whose value is an id, such as the one that came when the same was heard before, or size - 1 for
    none: the model adds a score to that id. Features with classes, and these, are not embedded.
    """

    name: str
    size: int
    maps: Ints | None = None
    classes: Ints | None = None
    is_id: bool = False

    @property
    def n_classes(self) -> int:
        """How many scores the model gives for it."""
        return int(self.is_id) if self.classes is None else int(self.classes.max()) + 1

    @property
    def embedded(self) -> bool:
        """Whether the model learns a vector for each value."""
        return not self.n_classes


class Cursor(Protocol):
    """A context stepped one id at a time, for a batch."""

    def row(self) -> Ints:
        """int32 [B, F]: what is known when the next id is predicted."""
        ...

    def advance(self, ids_B: npt.NDArray[np.integer]) -> None:
        """Take one id each."""
        ...

    def fork(self, rows: npt.NDArray[np.integer]) -> Cursor:
        """Another cursor, at these sequences of the batch; some may be there several times, some not at all."""
        ...


class Context(Protocol):
    """Side inputs computed from the header and the ids so far, never from the future.

    Laws: `of(ids)[t]` equals `start(ids[None, :t]).row()[0]` for every t, and that of a fork; the context of an
    augmented piece is the context of the piece with each feature's map applied.
    """

    @property
    def features(self) -> tuple[Feature, ...]:
        """F of them."""
        ...

    def of(self, ids_T: npt.NDArray[np.integer]) -> Ints:
        """int32 [T + 1, F]: row t is what is known when id t is predicted."""
        ...

    def start(self, ids_BT: npt.NDArray[np.integer]) -> Cursor:
        """A cursor that stands after these ids."""
        ...


class NoContext:
    """For tokenizers whose ids say it all."""

    features: tuple[Feature, ...] = ()

    def of(self, ids_T: npt.NDArray[np.integer]) -> Ints:
        """int32 [T + 1, 0]."""
        return np.zeros((len(ids_T) + 1, 0), np.int32)

    def start(self, ids_BT: npt.NDArray[np.integer]) -> Cursor:
        """One whose rows are empty."""
        return _NoCursor(len(ids_BT))


class _NoCursor:
    def __init__(self, batch: int) -> None:
        self._row = np.zeros((batch, 0), np.int32)

    def row(self) -> Ints:
        return self._row

    def advance(self, ids_B: npt.NDArray[np.integer]) -> None:
        pass

    def fork(self, rows: npt.NDArray[np.integer]) -> _NoCursor:
        return _NoCursor(len(rows))

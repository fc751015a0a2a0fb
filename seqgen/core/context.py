"""What is known at a position besides the last id: beat, voice, the other voices' notes, score, minute …"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Feature:
    """One side input: a small integer in [0, size), embedded by the model."""

    name: str
    size: int


class Cursor(Protocol):
    """A context stepped one id at a time, for a batch."""

    def row(self) -> Ints:
        """int32 [B, F]: what is known when the next id is predicted."""
        ...

    def advance(self, ids_B: npt.NDArray[np.integer]) -> None:
        """Take one id each."""
        ...


class Context(Protocol):
    """Side inputs computed from the header and the ids so far, never from the future.

    Law: `of(ids)[t]` equals `start(ids[None, :t]).row()[0]` for every t.
    """

    features: tuple[Feature, ...]

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
        return np.zeros((len(ids_T) + 1, 0), np.int32)

    def start(self, ids_BT: npt.NDArray[np.integer]) -> Cursor:
        return _NoCursor(len(ids_BT))


class _NoCursor:
    def __init__(self, batch: int) -> None:
        self._row = np.zeros((batch, 0), np.int32)

    def row(self) -> Ints:
        return self._row

    def advance(self, ids_B: npt.NDArray[np.integer]) -> None:
        pass

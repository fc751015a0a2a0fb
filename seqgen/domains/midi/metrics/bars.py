"""Where the bars of a piece lie."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from seqgen.domains.midi.canonical import is_time_signature, last_at_each_tick
from seqgen.domains.midi.score import Score

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]


class Bars:
    """Bars from time signature to time signature; each begins one, before the first they are as long as its."""

    def __init__(self, score: Score) -> None:
        marks = last_at_each_tick(mark for mark in score.time_signatures if is_time_signature(mark))
        self._quarter = score.ticks_per_quarter
        numerators, denominators = (np.array([getattr(m, n) for m in marks]) for n in ("numerator", "denominator"))
        self._start = np.array([0 if i == 0 else mark.tick for i, mark in enumerate(marks)], np.float64)
        self._length = 4 * self._quarter * numerators / denominators  # ticks
        self._beats = numerators
        if len(marks) and marks[0].tick:
            self._start[0] -= -marks[0].tick % self._length[0]
        n = np.ceil(np.diff(self._start) / self._length[:-1] - 1e-9)
        self._first = np.concatenate(([0], np.cumsum(n))).astype(np.int64)[: len(marks)]

    def __bool__(self) -> bool:
        """Whether the piece says what its metre is."""
        return len(self._start) > 0

    def of(self, ticks: npt.NDArray[Any]) -> tuple[Longs, Floats, Floats]:
        """Of each tick the bar, the place in it and that bar's length, both in quarters."""
        ticks = np.asarray(ticks, np.float64)
        segment = np.searchsorted(self._start, ticks, "right").clip(min=1) - 1
        length = self._length[segment]
        number = np.floor((ticks - self._start[segment]) / length + 1e-9)
        place = np.maximum(0, ticks - self._start[segment] - number * length)
        return self._first[segment] + number.astype(np.int64), place / self._quarter, length / self._quarter

    def strong_beats(self, end: int) -> Floats:
        """Ticks of the first beat of every bar, and of its middle where it is of four, six, eight … beats."""
        stops = np.append(self._start[1:], end)
        found = []
        for start, stop, length, beats in zip(self._start, stops, self._length, self._beats, strict=True):
            step = length / 2 if beats >= 4 and beats % 2 == 0 else length
            found.append(np.arange(start, min(stop, end) - 1e-9, step))
        return np.concatenate(found)[np.concatenate(found) >= 0] if found else np.zeros(0)

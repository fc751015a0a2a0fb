"""Ticks as seconds: what the tempo marks of a score say, and whether its onsets know of a beat at all."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from seqgen.domains.midi.canonical import last_at_each_tick
from seqgen.domains.midi.score import Score

Floats = npt.NDArray[np.float64]

DEFAULT_TEMPO = 120.0  # quarters a minute, before any mark
_GRIDS = (1, 2, 3, 4, 6, 8, 12)  # steps a quarter that onsets may keep to
_MIN_ONSETS = 50
_COHERENCE = 0.3


class Clock:
    """Seconds from ticks by the tempo marks of a score."""

    def __init__(self, score: Score) -> None:
        marks = last_at_each_tick(score.tempos)
        tempos = np.array([DEFAULT_TEMPO, *(mark.quarters_per_minute for mark in marks)])
        self._ticks = np.array([0.0, *(mark.tick for mark in marks)])
        self._seconds_per_tick = 60 / np.maximum(tempos, 1e-9) / score.ticks_per_quarter
        lengths = np.diff(self._ticks) * self._seconds_per_tick[:-1]
        self._seconds = np.concatenate(([0.0], np.cumsum(lengths)))

    def seconds(self, ticks: npt.NDArray[Any]) -> Floats:
        """float64, as many as there are ticks."""
        segment = np.searchsorted(self._ticks, ticks, "right") - 1
        return np.asarray(self._seconds[segment] + (ticks - self._ticks[segment]) * self._seconds_per_tick[segment])


def coherence(score: Score) -> float:
    """How well onsets keep to a beat: 1 on a grid, near 0 where they fall anywhere between the beats.

    The length of the mean vector of the onsets' phases (Mardia's resultant length), on the grid that suits them best.
    """
    onset = np.unique(score.onset) / score.ticks_per_quarter
    if not len(onset):
        return 1.0
    return float(max(np.abs(np.exp(2j * np.pi * steps * onset).mean()) for steps in _GRIDS))


def is_performed(score: Score) -> bool:
    """Whether a piece is played freely: its onsets do not know of the beat that its file writes."""
    return len(np.unique(score.onset)) >= _MIN_ONSETS and coherence(score) < _COHERENCE

"""Transposition of REMI ids."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from seqgen.core.augmentation import Augmentation
from seqgen.core.vocabulary import Vocabulary
from seqgen.domains.midi.keys import KEYS, key_name, transpose_key
from seqgen.domains.midi.score import Score

_SHIFTS = (0, *(k for k in range(-6, 6) if k))


class RemiTranspositions(Augmentation):
    """Transpositions by -6 … +5 semitones; drums stay. Each program keeps within its range, or its own notes' if those
    lie outside of it already.
    """

    def __init__(self, vocabulary: Vocabulary, ranges: Sequence[tuple[int, int, int]]) -> None:
        v = vocabulary
        table = np.tile(np.arange(len(v), dtype=np.int32), (len(_SHIFTS), 1))
        pitches = v.of_type("Pitch")
        for row, k in zip(table, _SHIFTS, strict=True):
            moved = np.arange(128) + k
            row[pitches] = np.where((moved >= 0) & (moved < 128), pitches + k, -1)
            for key in KEYS:
                row[v.id(f"Key_{key_name(key)}")] = v.id(f"Key_{key_name(transpose_key(key, k))}")
        super().__init__([f"{k:+d} semitones" for k in _SHIFTS], table)
        self._pitch, self._program = pitches[0], v.of_type("Program")[0]
        self._low, self._high = np.full(128, 21), np.full(128, 108)
        for program, low, high in ranges:
            self._low[program], self._high[program] = low, high

    def admits(self, ids_T: npt.NDArray[np.integer]) -> npt.NDArray[np.bool_]:
        ids = np.asarray(ids_T, np.int64)
        at = np.flatnonzero((ids >= self._pitch) & (ids < self._pitch + 128))
        admitted = np.ones(len(self), bool)
        if not len(at):
            return admitted
        pitch = ids[at] - self._pitch
        said = np.flatnonzero((ids >= self._program) & (ids < self._program + 128))
        latest = np.searchsorted(said, at) - 1
        program = np.where(latest >= 0, ids[said[latest]] - self._program, 0) if len(said) else np.zeros_like(at)
        lowest, highest = np.full(128, 127), np.zeros(128, np.int64)
        np.minimum.at(lowest, program, pitch)
        np.maximum.at(highest, program, pitch)
        used = np.unique(program)
        low, high = np.minimum(self._low, lowest)[used], np.maximum(self._high, highest)[used]
        for row, k in enumerate(_SHIFTS):
            admitted[row] = bool((lowest[used] + k >= low).all() and (highest[used] + k <= high).all())
        return admitted


def ranges_of(scores: Sequence[Score]) -> tuple[tuple[int, int, int], ...]:
    """(program, lowest, highest pitch) of each program in these pieces, for the setting `ranges`."""
    lowest, highest = np.full(128, 127), np.full(128, -1)
    for score in scores:
        for i, track in enumerate(score.tracks):
            if not track.is_drum and len(pitch := score.pitch[score.track == i]):
                lowest[track.program] = min(lowest[track.program], pitch.min())
                highest[track.program] = max(highest[track.program], pitch.max())
    return tuple((p, int(lowest[p]), int(highest[p])) for p in np.flatnonzero(highest >= 0).tolist())

"""The voices tokenization in other keys."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from seqgen.core.augmentation import Augmentation
from seqgen.core.vocabulary import Vocabulary
from seqgen.domains.midi.keys import KEYS, key_name, transpose_key
from seqgen.domains.midi.voices.settings import VoicesSettings


class VoiceTranspositions(Augmentation):
    """Transpositions that keep each voice within the range it has in the training pieces. shifts: in semitones."""

    def __init__(self, settings: VoicesSettings, vocabulary: Vocabulary, n_header: int, shifts: Sequence[int]) -> None:
        v, low, high = vocabulary, settings.low, settings.high
        table = np.tile(np.arange(len(v), dtype=np.int32), (len(shifts), 1))
        for row, k in zip(table, shifts, strict=True):
            for pitch in range(low, high + 1):
                row[pitch - low] = pitch + k - low if low <= pitch + k <= high else -1
            if settings.header:
                for key in KEYS:
                    row[v.id(f"Key_{key_name(key)}")] = v.id(f"Key_{key_name(transpose_key(key, k))}")
        super().__init__([f"{k:+d} semitones" for k in shifts], table)
        self._settings, self._n_header, self._n_pitches = settings, n_header, high - low + 1

    def admits(self, ids_T: npt.NDArray[np.integer]) -> npt.NDArray[np.bool_]:
        admitted = super().admits(ids_T)
        s = self._settings
        body = ids_T[self._n_header :]
        body = body[: len(body) // s.n_voices * s.n_voices].reshape(-1, s.n_voices)
        for column, voice in enumerate(s.order):
            pitches = body[:, column][body[:, column] < self._n_pitches]
            if len(pitches):
                low, high = s.ranges[voice]
                moved = self.map[:, [pitches.min(), pitches.max()]] + s.low
                admitted &= (moved[:, 0] >= low) & (moved[:, 1] <= high)
        admitted[0] = True
        return admitted

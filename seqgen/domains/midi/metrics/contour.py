"""What of a piece stays the same in another key."""

from __future__ import annotations

import numpy as np

from seqgen.core.metrics import Contour
from seqgen.domains.midi.score import Score

_QUANTUM = 24  # of a quarter
_SPAN = 256


def contour(score: Score) -> Contour:
    """Notes by onset, drums last, then from low to high. From each to the next: how much later it begins, and how much
    higher it is than the last note that is no drum; of a drum, which one it is. Lengths, loudness and instruments are
    left out: who copies and changes those still copies. Places are in quarters.
    """
    drum = np.array([track.is_drum for track in score.tracks], bool)[score.track]
    onset = np.rint(score.onset * (_QUANTUM / score.ticks_per_quarter)).astype(np.int64)
    order = np.lexsort((score.pitch, drum, onset))
    onset, pitch, drum = onset[order], score.pitch[order].astype(np.int64), drum[order]
    said = np.maximum.accumulate(np.where(drum, -1, np.arange(len(pitch)))) if len(pitch) else onset
    last = np.concatenate(([-1], said[:-1]))[: len(pitch)]
    rise = np.where(last >= 0, pitch - pitch[np.maximum(last, 0)], 0)
    kind = np.where(drum, _SPAN + pitch, rise + _SPAN // 2)
    codes = np.diff(onset) * 2 * _SPAN + kind[1:]
    return Contour(codes, onset / _QUANTUM)

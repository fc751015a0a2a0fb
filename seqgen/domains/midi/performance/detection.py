"""Whether a piece is played freely or keeps to a beat."""

from __future__ import annotations

import numpy as np

from seqgen.domains.midi.score import Score

_GRIDS = (1, 2, 3, 4, 6, 8, 12)  # steps a quarter that onsets may keep to
_MIN_ONSETS = 50
_COHERENCE = 0.3


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

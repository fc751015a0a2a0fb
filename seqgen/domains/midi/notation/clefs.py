"""Which clef, and whether one staff is enough."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt

Longs = npt.NDArray[np.int64]
Clef = tuple[str, int, int]  # sign, line, octaves that it sounds higher

PERCUSSION: Clef = ("percussion", 2, 0)
TREBLE: Clef = ("G", 2, 0)
BASS: Clef = ("F", 4, 0)
_MIDDLE = {"G": 71, "F": 50}  # the pitch of the middle line
_OCTAVE_COST = 4.0  # in semitones a note: what reading an octave clef is worth
_MIDDLE_C = 60
_KEYBOARDS = (*range(8), *range(16, 22), 46)


def clef_of(pitch: Longs, name: str, program: int) -> Clef:
    """The clef with the fewest ledger lines; tenors and guitars read the treble an octave lower."""
    if not len(pitch):
        return TREBLE
    low = bool(re.search(r"\btenor\b", name, re.IGNORECASE) and program in (52, 53, 54, 91)) or 24 <= program <= 31

    def cost(clef: Clef) -> float:
        beyond = np.abs(pitch - (_MIDDLE[clef[0]] + 12 * clef[2])) - 9
        usual = clef[2] == 0 or (low and clef == ("G", 2, -1))
        lower = 1.5 * (clef[0] == "F")  # around middle C, the treble
        return float(np.maximum(beyond, 0).mean()) + lower + (0.0 if usual else _OCTAVE_COST)

    choices = [TREBLE, BASS, ("G", 2, -1), ("G", 2, 1), ("F", 4, -1)]
    return min(choices, key=lambda clef: cost(clef) - 4.0 * (low and clef == ("G", 2, -1)))


def needs_two_staves(pitch: Longs, begin: Longs, end: Longs, program: int) -> bool:
    """Whether an instrument of the keyboard plays in both hands."""
    if program not in _KEYBOARDS or len(pitch) < 2:
        return False
    high = float((pitch >= _MIDDLE_C).mean())
    together = bool((begin[1:] < np.maximum.accumulate(end)[:-1]).any())
    return together and 0.08 <= high <= 0.92 and int(pitch.min()) <= 52 and int(pitch.max()) >= 67


def right_hand(pitch: Longs) -> npt.NDArray[np.bool_]:
    """Which notes of such an instrument stand on the upper staff."""
    return pitch >= _MIDDLE_C

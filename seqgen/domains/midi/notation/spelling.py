"""Names for MIDI pitches: of each pitch class the name nearest, on the line of fifths, to the key and what sounds near.

The idea of a centre on the line of fifths is Longuet-Higgins' and Temperley's.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Longs = npt.NDArray[np.int64]
_STEPS = "FCGDAEB"
_SHARE = 0.55  # of the key in the centre; the rest is what sounds near
_AROUND = 12  # notes before and after


def spell(
    pitch: Longs, onset: Longs, voice: Longs, fifths: Longs, minor: npt.NDArray[np.bool_]
) -> list[tuple[str, int, int]]:
    """(step, alteration, octave) of each note, notes in order of time. fifths, minor: the key where each stands."""
    if not len(pitch):
        return []
    centre = fifths + 2.0 + 1.0 * minor  # the raised sixth and seventh of minor lie on the sharp side
    place = pitch * 7 % 12  # on the line of fifths from C = 0, up to multiples of 12
    near = _nearest(place, centre)
    total = np.concatenate([[0], np.cumsum(near)])
    low = np.maximum(np.arange(len(pitch)) - _AROUND, 0)
    high = np.minimum(np.arange(len(pitch)) + _AROUND + 1, len(pitch))
    local = (total[high] - total[low]) / (high - low)
    pull = _SHARE * centre + (1 - _SHARE) * np.clip(local, centre - 6, centre + 6)
    name = _nearest(place, pull + _leading(pitch, onset, voice))
    name = np.where(name > 15, name - 12, np.where(name < -11, name + 12, name))  # F## … Bbb
    alteration = (name + 1) // 7
    octave = (pitch - alteration) // 12 - 1
    letters = (name + 1) % 7
    return [(_STEPS[s], int(a), int(o)) for s, a, o in zip(letters, alteration, octave, strict=True)]


def _nearest(place: Longs, centre: npt.NDArray[np.float64]) -> Longs:
    return place + 12 * np.floor((centre - place) / 12 + 0.5).astype(np.int64)


def _leading(pitch: Longs, onset: Longs, voice: Longs) -> npt.NDArray[np.float64]:
    """How a voice's next note moves the centre: what rises by a semitone is sharp, what falls by one is flat."""
    order = np.lexsort((onset, voice))
    step = np.zeros(len(pitch))
    same = voice[order][1:] == voice[order][:-1]
    step[order[:-1]] = np.where(same, pitch[order][1:] - pitch[order][:-1], 0)
    return np.where(step == 1, 1.5, np.where(step == -1, -1.0, 0.0))

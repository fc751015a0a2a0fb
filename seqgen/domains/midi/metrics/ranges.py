"""Where the voices or instruments of some pieces lie."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from seqgen.domains.midi.score import Score, Track

Ranges = Mapping[tuple[int, str], tuple[int, int]]


def ranges_of(scores: Iterable[Score]) -> Ranges:
    """The lowest and the highest note of each program and name of a track, drums left out."""
    found: dict[tuple[int, str], tuple[int, int]] = {}
    for score in scores:
        for i, track in enumerate(score.tracks):
            pitch = score.pitch[score.track == i]
            if len(pitch) and not track.is_drum:
                low, high = found.get(_key(track), (127, 0))
                found[_key(track)] = min(low, int(pitch.min())), max(high, int(pitch.max()))
    return found


def outside(score: Score, ranges: Ranges) -> float:
    """The share of notes, drums left out, that lie outside the range of their track's like."""
    low = np.array([128 if t.is_drum else ranges.get(_key(t), (128, 0))[0] for t in score.tracks])
    high = np.array([0 if t.is_drum else ranges.get(_key(t), (128, 0))[1] for t in score.tracks])
    chosen = ~np.array([t.is_drum for t in score.tracks], bool)[score.track]
    pitch, track = score.pitch[chosen], score.track[chosen]
    return float(((pitch < low[track]) | (pitch > high[track])).mean()) if len(pitch) else np.nan


def _key(track: Track) -> tuple[int, str]:
    return track.program, track.name

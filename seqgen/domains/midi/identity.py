"""What a piece is, for reports and for telling pieces that are the same."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from seqgen.core.files import sha256
from seqgen.domains.midi.score import Score

_QUANTUM = 24  # of a quarter: finer differences of timing do not make another piece
_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_FLAT_NAMES = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")


def identity(score: Score) -> tuple[str, ...]:
    """Two hashes: of the notes as they are, and of the notes whatever the key they stand in and whenever they begin.
    Tracks, velocities and names are left out."""
    scale = _QUANTUM / score.ticks_per_quarter
    onset = np.rint((score.onset - (score.onset.min() if score.n_notes else 0)) * scale).astype(np.int64)
    duration = np.rint(score.duration * scale).astype(np.int64)
    pitch = score.pitch.astype(np.int64)
    order = np.lexsort((duration, pitch, onset))
    onset, duration, pitch = onset[order], duration[order], pitch[order]
    lowest = int(pitch.min()) if len(pitch) else 0
    return tuple(sha256(np.stack([onset, duration, heights]).tobytes())[:32] for heights in (pitch, pitch - lowest))


def describe(score: Score) -> Iterator[Mapping[str, Any]]:
    """One row a note, in order: quarter, duration in quarters, pitch, velocity, instrument; in keys with flats its name
    has flats."""
    ticks = [key.tick for key in score.key_signatures]
    for i in range(score.n_notes):
        track, pitch = score.tracks[score.track[i]], int(score.pitch[i])
        key = bisect_right(ticks, int(score.onset[i])) - 1
        names = _FLAT_NAMES if key >= 0 and score.key_signatures[key].fifths < 0 else _NAMES
        yield {
            "quarter": round(float(score.onset[i]) / score.ticks_per_quarter, 3),
            "quarters": round(float(score.duration[i]) / score.ticks_per_quarter, 3),
            "pitch": pitch,
            "note": f"drum {pitch}" if track.is_drum else f"{names[pitch % 12]}{pitch // 12 - 1}",
            "velocity": int(score.velocity[i]),
            "track": track.name or ("drums" if track.is_drum else f"program {track.program}"),
        }

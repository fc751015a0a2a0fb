"""How often what occurs in pieces: as Yang & Lerch 2020 ("On the evaluation of generative models in music") compare."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from seqgen.domains.midi.metrics.bars import Bars
from seqgen.domains.midi.metrics.pitch import tonic_of
from seqgen.domains.midi.score import Score

Longs = npt.NDArray[np.int64]

_CLASSES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_DEGREES = ("1", "b2", "2", "b3", "3", "4", "#4", "5", "b6", "6", "b7", "7")
_WIDEST = 12  # semitones told apart
_LONGEST = 4 * 12  # twelfths of a quarter told apart
_PER_QUARTER = 4


def _pitch_classes(score: Score, pitched: Score, bars: Bars) -> Longs:
    return (pitched.pitch % 12).astype(np.int64)


def _degrees(score: Score, pitched: Score, bars: Bars) -> Longs:
    """Semitones above the tonic."""
    return ((pitched.pitch - (tonic_of(pitched) or 0)) % 12).astype(np.int64)


def _intervals(score: Score, pitched: Score, bars: Bars) -> Longs:
    """Semitones from a track's note to its next, the highest of notes that begin together."""
    order = np.lexsort((-pitched.pitch, pitched.onset, pitched.track))
    track, onset, pitch = pitched.track[order], pitched.onset[order], pitched.pitch[order].astype(np.int64)
    top = np.ones(len(order), bool)
    top[1:] = (track[1:] != track[:-1]) | (onset[1:] != onset[:-1])
    track, pitch = track[top], pitch[top]
    steps: Longs = np.diff(pitch)[track[1:] == track[:-1]]
    return steps.clip(-_WIDEST, _WIDEST) + _WIDEST


def _lengths(score: Score, pitched: Score, bars: Bars) -> Longs:
    twelfths: Longs = np.rint(pitched.duration * (12 / score.ticks_per_quarter)).astype(np.int64)
    return twelfths.clip(1, _LONGEST) - 1


def _onsets(score: Score, pitched: Score, bars: Bars) -> Longs:
    """Sixteenths of the bar."""
    if not bars:
        return np.zeros(0, np.int64)
    return np.floor(bars.of(score.onset)[1] * _PER_QUARTER + 1e-6).astype(np.int64)


def _quarters(twelfths: int) -> str:
    return f"{twelfths / 12:.2f}".rstrip("0").rstrip(".")


_KINDS: dict[str, tuple[Callable[[Score, Score, Bars], Longs], Callable[[int], str]]] = {
    "pitch_class": (_pitch_classes, lambda i: _CLASSES[i]),
    "degree_of_the_key": (_degrees, lambda i: _DEGREES[i]),
    "melodic_interval": (_intervals, lambda i: f"{i - _WIDEST:+d}" if i != _WIDEST else "0"),
    "note_length": (_lengths, lambda i: _quarters(i + 1)),
    "place_in_the_bar": (_onsets, lambda i: _quarters(12 // _PER_QUARTER * i)),
}


def histograms(pieces: Sequence[tuple[Score, Score, Bars]]) -> dict[str, dict[str, float]]:
    """name -> label -> how many notes of these pieces, each given whole, without its drums, and with its bars."""
    found: dict[str, dict[str, float]] = {}
    for name, (of, label) in _KINDS.items():
        counts = np.bincount(np.concatenate([of(*piece) for piece in pieces] or [np.zeros(0, np.int64)]))
        found[name] = {label(i): int(counts[i]) for i in np.flatnonzero(counts).tolist()}
    return found

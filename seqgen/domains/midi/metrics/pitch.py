"""Pitches of a piece, those of drums left out: which there are, how they fit a scale, how many sound at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from seqgen.domains.midi.key_finding import find_keys
from seqgen.domains.midi.metrics.bars import Bars
from seqgen.domains.midi.score import Score

Longs = npt.NDArray[np.int64]

_MAJOR = np.isin(np.arange(12), (0, 2, 4, 5, 7, 9, 11)).astype(np.int64)
_SCALES = np.stack([np.roll(_MAJOR, tonic) for tonic in range(12)])  # natural minor scales have the same notes
_SHARP = (1, 6, 11)  # semitones


def pitch_class_entropy(score: Score) -> float:
    """Bits, of how often each pitch class is struck (Wu & Yang 2020, "The Jazz Transformer on the Front Line")."""
    share = np.bincount(score.pitch % 12, minlength=12) / max(1, score.n_notes)
    share = share[share > 0]
    return float(-(share * np.log2(share)).sum()) if len(share) else np.nan


def scale_consistency(score: Score) -> float:
    """The share of notes in the major or natural minor scale that holds most of them (Mogren 2016, "C-RNN-GAN")."""
    counts = np.bincount(score.pitch % 12, minlength=12)
    return float((_SCALES @ counts).max() / counts.sum()) if score.n_notes else np.nan


def polyphony(score: Score) -> float:
    """Different pitches that sound at once, on average while any does (as MusPy has it: Dong et al. 2020)."""
    stop = score.onset + score.duration
    some = _covered(score.onset, stop, np.zeros(score.n_notes, np.int64))
    return _covered(score.onset, stop, score.pitch) / some if some else np.nan


def pitch_range(score: Score) -> float:
    """Semitones from the lowest note to the highest (Yang & Lerch 2020)."""
    return float(np.ptp(score.pitch)) if score.n_notes else np.nan


def dissonance(score: Score, bars: Bars) -> float:
    """Of the intervals between different pitches that sound on strong beats, the share of minor seconds, major
    sevenths and tritones, octaves aside."""
    if not bars:
        return np.nan
    sharp, total = 0, 0
    stop = score.onset + score.duration
    for beat in bars.strong_beats(score.end_tick):
        pitches = np.unique(score.pitch[(score.onset <= beat) & (stop > beat)])
        between = np.abs(pitches[:, None] - pitches)[np.triu_indices(len(pitches), 1)] % 12
        sharp += int(np.isin(between, _SHARP).sum())
        total += len(between)
    return sharp / total if total else np.nan


def tonic_of(score: Score, *, heard: bool = False) -> int | None:
    """Pitch class of the tonic: of the key that the piece says, or else (heard: anyway) of the one that its notes
    suggest. None without notes."""
    if score.key_signatures and not heard:
        key = score.key_signatures[0]
        return (7 * key.fifths + 9 * key.minor) % 12
    if not score.n_notes:
        return None
    ticks = np.bincount(score.pitch % 12, weights=score.duration, minlength=12).astype(np.int64)
    return int(find_keys(ticks[None], score.pitch[:1] % 12)[0]) % 12


def _covered(start: npt.NDArray[np.integer], stop: npt.NDArray[np.integer], group: npt.NDArray[np.integer]) -> int:
    """Ticks that spans cover, added over groups; what spans of a group share counts once."""
    if not len(start):
        return 0
    order = np.lexsort((start, group))
    offset = group[order].astype(np.int64) * (int(stop.max()) + 1)  # all groups one behind the other on one line
    begin, end = offset + start[order], offset + stop[order]
    reach = np.concatenate(([0], np.maximum.accumulate(end)[:-1]))
    return int(np.maximum(0, end - np.maximum(begin, reach)).sum())

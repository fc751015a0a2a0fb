"""What is measured of music, whoever wrote it: standard measures of pitch and rhythm, of voices and of endings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from seqgen.core.metrics import Metrics
from seqgen.domains.midi.metrics.bars import Bars
from seqgen.domains.midi.metrics.histograms import histograms
from seqgen.domains.midi.metrics.pitch import (
    dissonance,
    pitch_class_entropy,
    pitch_range,
    polyphony,
    scale_consistency,
)
from seqgen.domains.midi.metrics.ranges import Ranges, outside, ranges_of
from seqgen.domains.midi.metrics.rhythm import (
    drum_consistency,
    drum_shares,
    empty_bars,
    groove_consistency,
    notes_per_quarter,
)
from seqgen.domains.midi.metrics.voices import VoiceGrid, crossings, endings, parallels
from seqgen.domains.midi.score import Score


def metrics(scores: Sequence[Score], training: Sequence[Score]) -> Metrics:
    """Of a set of pieces; training: those whose voices say what ranges are."""
    pieces = [(score, _pitched(score), Bars(score)) for score in scores]
    ranges = ranges_of(training)
    rows = [_of_piece(*piece, ranges) for piece in pieces]
    names = dict.fromkeys(name for row in rows for name in row)
    return Metrics(
        {name: np.array([row.get(name, np.nan) for row in rows], np.float64) for name in names}, histograms(pieces)
    )


def _pitched(score: Score) -> Score:
    return score.take(~np.array([track.is_drum for track in score.tracks], bool)[score.track])


def _of_piece(score: Score, pitched: Score, bars: Bars, ranges: Ranges) -> dict[str, float]:
    found = {
        "pitch_class_entropy": pitch_class_entropy(pitched),
        "scale_consistency": scale_consistency(pitched),
        "pitch_range": pitch_range(pitched),
        "polyphony": polyphony(pitched),
        "dissonance_on_strong_beats": dissonance(pitched, bars),
        "notes_out_of_range": outside(score, ranges),
        "notes_per_quarter": notes_per_quarter(score),
        "groove_consistency": groove_consistency(score, bars),
        "empty_bars": empty_bars(score, bars),
        "instruments": float(len({(t.program, t.is_drum) for t in score.tracks})),
    }
    grid = VoiceGrid.of(score)
    if grid is not None:
        found |= {**parallels(grid), "voices_crossed": crossings(grid), **endings(score, grid)}
    drums = drum_shares(score)
    if not np.isnan(drums["kicks"]):
        found |= {**drums, "drum_pattern_consistency": drum_consistency(score, bars)}
    return found

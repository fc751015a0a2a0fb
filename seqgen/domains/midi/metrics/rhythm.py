"""Notes in their bars. Pieces that do not say their metre have none of what bars are needed for."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from seqgen.domains.midi.metrics.bars import Bars
from seqgen.domains.midi.score import Score

_PER_QUARTER = 4  # places of a groove
_KICK, _SNARE, _HAT = (35, 36), (38, 40), (42, 44, 46)  # General MIDI


def notes_per_quarter(score: Score) -> float:
    """From the first note to the end of the last."""
    quarters = (score.end_tick - int(score.onset.min())) / score.ticks_per_quarter if score.n_notes else 0
    return score.n_notes / quarters if quarters else np.nan


def empty_bars(score: Score, bars: Bars) -> float:
    """The share of bars in which nothing sounds (Dong et al. 2018, "MuseGAN")."""
    if not bars or not score.n_notes:
        return np.nan
    first, last = bars.of(score.onset)[0], bars.of(score.onset + score.duration - 1)[0]
    begun = np.bincount(first, minlength=int(last.max()) + 2)
    ended = np.bincount(last + 1, minlength=len(begun))
    return float((np.cumsum(begun - ended)[:-1] == 0).mean())


def groove_consistency(score: Score, bars: Bars) -> float:
    """How much bars begin notes where their neighbours do: 1 - the share of sixteenths at which one does and the
    other does not, over all pairs of neighbours of equal length (Wu & Yang 2020, of neighbours as MusPy has it)."""
    found = _patterns(score, bars, np.zeros(score.n_notes, np.int64))
    if found is None:
        return np.nan
    patterns, steps, equal = found
    differ = (patterns[1:] != patterns[:-1]).sum(axis=(1, 2))[equal]
    return float(1 - differ.sum() / steps[1:][equal].sum()) if len(differ) else np.nan


def drum_consistency(score: Score, bars: Bars) -> float:
    """Of kicks, snares, hats and other strokes in two neighbouring bars, the share that stands in both, on average."""
    drums = score.take(_is_drum(score))
    kind = sum(np.isin(drums.pitch, kinds) * (i + 1) for i, kinds in enumerate((_KICK, _SNARE, _HAT)))
    found = _patterns(drums, bars, np.asarray(kind, np.int64))
    if found is None:
        return np.nan
    patterns, _, equal = found
    both = (patterns[1:] & patterns[:-1]).sum(axis=(1, 2))
    either = (patterns[1:] | patterns[:-1]).sum(axis=(1, 2))
    chosen = equal & (either > 0)
    return float((both[chosen] / either[chosen]).mean()) if chosen.any() else np.nan


def drum_shares(score: Score) -> dict[str, float]:
    """Of the strokes of drums: kicks, snares and hats."""
    strokes = score.pitch[_is_drum(score)]
    kinds = {"kicks": _KICK, "snares": _SNARE, "hats": _HAT}
    return {name: float(np.isin(strokes, k).mean()) if len(strokes) else np.nan for name, k in kinds.items()}


def _is_drum(score: Score) -> npt.NDArray[np.bool_]:
    return np.array([track.is_drum for track in score.tracks], bool)[score.track]


def _patterns(
    score: Score, bars: Bars, kind: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int64], npt.NDArray[np.bool_]] | None:
    """bool [bars, steps, kinds] where notes begin; [bars] steps of each; [bars - 1] whether the next is as long."""
    if not bars or not score.n_notes:
        return None
    bar, place, _ = bars.of(score.onset)
    bar = bar - bar.min()
    # A bar's length is told where it begins; one without notes is as long as the last before it that has some.
    at = np.arange(int(bar.min()), int(bar.max()) + 1)
    length = bars.of(score.onset)[2][np.searchsorted(bar, at, "right") - 1]
    steps = np.rint(length * _PER_QUARTER).astype(np.int64).clip(min=1)
    step = np.floor(place * _PER_QUARTER + 1e-6).astype(np.int64)
    patterns = np.zeros((len(at), max(int(steps.max()), int(step.max()) + 1), int(kind.max()) + 1), bool)
    patterns[bar, step, kind] = True
    return patterns, steps, steps[1:] == steps[:-1]

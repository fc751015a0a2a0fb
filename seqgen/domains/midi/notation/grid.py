"""Where notes stand on paper: each beat divided into 16ths, triplets or 32nds, whatever says best what is played."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from seqgen.domains.midi.notation.metre import metre
from seqgen.domains.midi.notation.sheet import UNITS, Bar
from seqgen.domains.midi.score import Score

Longs = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

# Steps that divide a beat, the plainest first: 16ths, eighth triplets, 16th triplets, 32nds, 32nd triplets. What each
# adds to the mean error where none fits, and the lengths of beats that it divides (none: all).
_STEPS = np.array([24, 32, 16, 12, 8])
_COST = (0.0, 2.0, 4.0, 5.0, 7.0)
_BEATS: tuple[tuple[int, ...], ...] = ((), (UNITS,), (48, UNITS), (), (24, 48, UNITS))
_EXACT = 1.25  # how far from the grid, in units, a note still counts as on it
_NEAR = 24.0  # a note that ends off the grid, within a 16th of where another begins, ends there


def quantise(score: Score, bars: Sequence[Bar]) -> tuple[Longs, Longs]:
    """Begin and end of every note in units; those on 32nds or on thirds of them stay where they are.

    Each beat of each track has one division: the plainest on which its notes are, else the one that moves their
    onsets least for how fine it is. No note gets lost: each lasts a step at least.
    """
    start, length = _beats(bars)
    scale = UNITS / score.ticks_per_quarter
    begin = score.onset.astype(np.float64) * scale
    end = begin + score.duration.astype(np.float64) * scale
    n = len(begin)
    played = np.concatenate([begin, end])
    beat = np.concatenate([np.searchsorted(start, begin + 1e-6, "right"), np.searchsorted(start, end - 1e-6)]) - 1
    beat = np.maximum(beat, 0)
    of_track = np.tile(score.track.astype(np.int64) * len(start), 2)
    groups, group = np.unique(of_track + beat, return_inverse=True)
    place = played - start[beat]
    choice = _choose(place, length[beat], group, np.arange(2 * n) < n, len(groups), max(scale / 2, _EXACT))
    step = _STEPS[choice[group]]
    moved = start[beat] + _snap(place, step, length[beat])
    exact = np.abs(moved - played) <= max(scale / 2, _EXACT)
    last = start[-1] + length[-1]
    a = np.where(moved[:n] < last, moved[:n], start[-1] + (length[-1] - 1) // step[:n] * step[:n])
    b = np.where(exact[n:], moved[n:], _where_others_begin(end, moved[n:], begin, a, score.track))
    # What would last no time lasts a step of the beat in which it begins.
    at = np.searchsorted(start, a, "right") - 1
    found = np.minimum(np.searchsorted(groups, of_track[:n] + at), len(groups) - 1)
    least = np.where(groups[found] == of_track[:n] + at, _STEPS[choice[found]], _STEPS[0])
    b = np.where(b > a, b, np.minimum(a + least, start[at] + length[at]))
    return a, np.minimum(b, last)


def _beats(bars: Sequence[Bar]) -> tuple[Longs, Longs]:
    """Start and length of what is divided: quarters, or the unit of the metre where that is shorter."""
    starts = []
    for bar in bars:
        size = metre(bar.signature).window
        first = np.arange(bar.start - bar.shift % size, bar.start + bar.length, size, dtype=np.int64)
        starts.append(np.maximum(first, bar.start))
    start = np.concatenate(starts)
    return start, np.diff(np.append(start, bars[-1].start + bars[-1].length))


def _snap(place: Floats, step: Longs, length: Longs) -> Longs:
    """The nearest multiple of the step, or the beat's end."""
    below = np.floor(place / step).astype(np.int64) * step
    above = np.minimum(below + step, length)
    return np.where(place - below < above - place, below, above)


def _choose(place: Floats, length: Longs, group: Longs, is_onset: Bools, n_groups: int, exact: float) -> Longs:
    """int64 [groups]: index of the step that divides each group's beat."""

    def count(weights: npt.NDArray[np.generic]) -> Floats:
        return np.bincount(group, weights=weights, minlength=n_groups).astype(np.float64)

    n_onsets = count(is_onset)
    cost = np.full((len(_STEPS), n_groups), np.inf)
    for i, step in enumerate(_STEPS):
        error = np.abs(place - _snap(place, step, length))
        allowed = np.isin(length, _BEATS[i]) if _BEATS[i] else np.ones(len(length), bool)
        off = count((error > exact) & is_onset), count(error > exact)
        # Lone off-beats are rarely meant as parts of a triplet.
        mean = count(error * is_onset) / np.maximum(n_onsets, 1) + _COST[i] + (2.0 * (n_onsets < 2) if i else 0.0)
        cost[i] = np.where(off[0] == 0, -1e6 + i, mean)
        cost[i] = np.where(off[1] == 0, -1e9 + i, cost[i])
        cost[i][count(~allowed) > 0] = np.inf
    return np.asarray(cost.argmin(axis=0), np.int64)


def _where_others_begin(
    end: Floats, snapped: Longs, begin: Floats, placed: Longs, track: npt.NDArray[np.int32]
) -> Longs:
    """Where notes end that do so off the grid: with the nearest beginning in their track, or on the grid."""
    order = np.lexsort((begin, track))
    far = float(end.max(initial=0.0)) + 4 * _NEAR
    keys = begin[order] + track[order] * far
    wanted = end + track * far
    right = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    left = np.maximum(right - 1, 0)
    nearest = np.where(np.abs(keys[left] - wanted) <= np.abs(keys[right] - wanted), left, right)
    return np.where(np.abs(keys[nearest] - wanted) <= _NEAR, placed[order][nearest], snapped)

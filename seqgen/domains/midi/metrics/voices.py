"""Several voices against each other, and how they end. Pieces whose tracks are no voices have nothing of it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from seqgen.domains.midi.metrics.pitch import tonic_of
from seqgen.domains.midi.score import Score

Longs = npt.NDArray[np.int64]

MOST = 8  # voices
_FIFTH, _LEADING = 7, 11  # semitones above the tonic


@dataclass(frozen=True)
class VoiceGrid:
    """Voices from high to low, between all times at which any note begins or ends.

    pitch: [voices, spans], -1 in silence. begins: bool [voices, spans], whether a note does. length: [spans] ticks.
    """

    pitch: Longs
    begins: npt.NDArray[np.bool_]
    length: Longs

    @classmethod
    def of(cls, score: Score) -> VoiceGrid | None:
        """None where the tracks with notes are not two to eight, or one of them is of drums or sounds two at once."""
        used = np.unique(score.track)
        if not 2 <= len(used) <= MOST or any(score.tracks[t].is_drum for t in used):
            return None
        notes = [
            score.take(score.track == t) for t in sorted(used, key=lambda t: -score.pitch[score.track == t].mean())
        ]
        if any((n.onset[1:] < (n.onset + n.duration)[:-1]).any() for n in notes):
            return None
        times = np.unique(np.concatenate([score.onset, score.onset + score.duration])).astype(np.int64)
        pitch, begins = (
            np.full((len(notes), len(times) - 1), -1, np.int64),
            np.zeros((len(notes), len(times) - 1), bool),
        )
        for v, n in enumerate(notes):
            at = np.searchsorted(n.onset, times[:-1], "right") - 1  # the latest note to begin
            sounds = (at >= 0) & ((n.onset + n.duration)[at] > times[:-1])
            pitch[v] = np.where(sounds, n.pitch[at], -1)
            begins[v] = sounds & (n.onset[at] == times[:-1])
        return cls(pitch, begins, np.diff(times))


def parallels(grid: VoiceGrid) -> dict[str, float]:
    """Parallel fifths and octaves, counted between every two voices.

    Both voices go on to another note at the same moment, in the same direction, and are a fifth (or an octave or
    unison), octaves aside, apart before and after, the same voice above. Repeated notes, rests between and contrary
    motion are none. A move: two voices going on to other notes at the same moment, whatever the direction.
    """
    fifths = octaves = moves = 0
    before, now = grid.pitch[:, :-1], grid.pitch[:, 1:]
    moved = grid.begins[:, 1:] & (before >= 0) & (before != now)
    for u, v in combinations(range(len(grid.pitch)), 2):
        both = moved[u] & moved[v]
        moves += int(both.sum())
        was, is_ = before[u] - before[v], now[u] - now[v]
        along = both & (np.sign(now[u] - before[u]) == np.sign(now[v] - before[v]))
        along &= (np.sign(was) == np.sign(is_)) | (np.abs(was) % 12 == 0)
        kept = along & (np.abs(was) % 12 == np.abs(is_) % 12)
        fifths += int((kept & (np.abs(was) % 12 == _FIFTH)).sum())
        octaves += int((kept & (np.abs(was) % 12 == 0)).sum())
    return {
        "parallel_fifths_per_piece": fifths,
        "parallel_octaves_per_piece": octaves,
        "parallel_fifths_per_100_moves": 100 * fifths / moves if moves else np.nan,
        "parallel_octaves_per_100_moves": 100 * octaves / moves if moves else np.nan,
    }


def crossings(grid: VoiceGrid) -> float:
    """The share of the time, while two voices or more sound, that one is above a higher voice."""
    sounding = (grid.pitch >= 0).sum(axis=0) > 1
    crossed = np.zeros(len(grid.length), bool)
    for u, v in combinations(range(len(grid.pitch)), 2):
        crossed |= (grid.pitch[u] >= 0) & (grid.pitch[v] >= 0) & (grid.pitch[u] < grid.pitch[v])
    total = int(grid.length[sounding].sum())
    return float(grid.length[crossed].sum() / total) if total else np.nan


def endings(score: Score, grid: VoiceGrid) -> dict[str, float]:
    """How the last chord stands in the key: the one that the piece says, or the one that its notes suggest, since old
    music writes modes under other signatures.

    with a triad: major or minor, perhaps without its fifth, in root position. on the tonic: its lowest note is. perfect
    cadence: to such a triad on the tonic the lowest voice comes from the fifth degree, and the highest voice ends on
    the tonic. leading tones resolved: of voices whose last note but one is the leading tone, the share that end on the
    tonic above it, or, in the inner voices, on the fifth below it.
    """
    last = grid.pitch[:, -1]
    root = int(last[last >= 0].min())
    triad = {int(p - root) % 12 for p in last if p >= 0} in ({0, 3}, {0, 4}, {0, 3, 7}, {0, 4, 7})
    on_tonic = root % 12 in (tonic_of(score), tonic_of(score, heard=True))
    lines = [pitch[begins] for pitch, begins in zip(grid.pitch, grid.begins, strict=True)]
    bass = (lines[-1] - root) % 12
    different = np.flatnonzero(bass[1:] != bass[:-1])
    falls = len(different) > 0 and bass[different[-1]] == _FIFTH and last[-1] == root
    return {
        "ends_with_a_triad": float(triad),
        "ends_on_the_tonic": float(on_tonic),
        "ends_with_a_perfect_cadence": float(triad and on_tonic and falls and (last[0] - root) % 12 == 0),
        "leading_tones_resolved": _resolved(lines, root) if on_tonic else np.nan,
    }


def _resolved(lines: list[Longs], tonic: int) -> float:
    found = []
    for v, line in enumerate(lines):
        if len(line) > 1 and (line[-2] - tonic) % 12 == _LEADING:
            inner = 0 < v < len(lines) - 1
            found.append(line[-1] - line[-2] == 1 or (inner and line[-1] - line[-2] == -4))
    return float(np.mean(found)) if found else np.nan

"""The sustain pedal: notes ring on until it comes up, or their key is struck again."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from seqgen.domains.midi.score import Score

_NEVER = np.iinfo(np.int32).max  # a pedal that is not released


def ring_until(score: Score) -> npt.NDArray[np.int64]:
    """int64 [N]: the tick until which each note sounds."""
    stop = score.onset.astype(np.int64) + score.duration
    for track in np.unique(score.pedals[:, 1]).tolist():
        at, _, down = score.pedals[score.pedals[:, 1] == track].T.astype(np.int64)
        up = np.append(np.where(down == 0, at, _NEVER), _NEVER)
        next_up = np.minimum.accumulate(up[::-1])[::-1]  # from each change on
        notes = np.flatnonzero(score.track == track)
        state = np.searchsorted(at, stop[notes], side="right") - 1  # the change in force where a key is let go
        held = notes[(state >= 0) & (down[state] == 1)]
        until = next_up[np.searchsorted(at, stop[held], side="right")]
        stop[held] = np.maximum(
            stop[held], np.minimum(until, _struck_again(score, notes)[np.searchsorted(notes, held)])
        )
    return stop


def _struck_again(score: Score, notes: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """int64 [n]: the tick at which the key of each of these notes is struck next."""
    order = np.lexsort((score.onset[notes], score.pitch[notes]))
    pitch, onset = score.pitch[notes][order], score.onset[notes][order].astype(np.int64)
    found = np.full(len(notes), _NEVER, np.int64)
    same = np.flatnonzero(pitch[1:] == pitch[:-1])
    found[order[same]] = onset[same + 1]
    return found

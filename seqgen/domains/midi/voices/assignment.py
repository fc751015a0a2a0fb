"""Which voice each note belongs to, and where notes lie on the grid."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from seqgen.core.errors import BadInput
from seqgen.domains.midi.score import Score

Ids = npt.NDArray[np.int32]


def drums(score: Score) -> npt.NDArray[np.bool_]:
    """bool [N]: the notes of drum tracks."""
    return np.array([t.is_drum for t in score.tracks], bool)[score.track]


def on_grid(score: Score, steps_per_quarter: int) -> tuple[Ids, Ids]:
    """(first step, step after the last) of each note, rounded to the grid; no note shorter than a step."""
    onset = np.rint(score.onset * (steps_per_quarter / score.ticks_per_quarter)).astype(np.int32)
    stop = np.rint((score.onset + score.duration) * (steps_per_quarter / score.ticks_per_quarter)).astype(np.int32)
    return onset, np.maximum(stop, onset + 1)


def assign_voices(score: Score, onset: Ids, stop: Ids, n_voices: int) -> Ids:
    """int32 [N]: each note's voice, 0 the highest. Tracks are voices when each is monophonic and there are few
    enough; otherwise notes are threaded into voices by pitch. Raises BadInput when more sound at once."""
    pitched = ~drums(score)
    used = np.unique(score.track[pitched])
    voice = np.zeros(len(onset), np.int32)
    if 0 < len(used) <= n_voices and all(monophonic(onset, stop, pitched & (score.track == t)) for t in used):
        by_height = sorted(used, key=lambda t: -float(score.pitch[score.track == t].mean()))
        if len(used) == n_voices and _plausible_order(score, used):
            by_height = list(used)
        for v, t in enumerate(by_height):
            voice[score.track == t] = v
        return voice
    busy_until = np.zeros(n_voices, np.int64)
    last_pitch = np.linspace(76, 48, n_voices) if n_voices > 1 else np.array([64.0])
    chosen = np.flatnonzero(pitched)
    chosen = chosen[np.lexsort((-score.pitch[chosen], onset[chosen]))]
    start = 0
    while start < len(chosen):
        now = onset[chosen[start]]
        stop_at = start
        while stop_at < len(chosen) and onset[chosen[stop_at]] == now:
            stop_at += 1
        group = chosen[start:stop_at]  # new notes, from high to low
        free = np.flatnonzero(busy_until <= now)
        if len(group) > len(free):
            raise BadInput(
                score.name or "piece",
                f"more than {n_voices} notes sound at once",
                where=f"quarter {now}",
                hint="Use --tokenizer remi for dense music.",
            )
        for v, i in zip(_nearest(score.pitch[group], last_pitch[free]), group, strict=True):
            w = free[v]
            voice[i], busy_until[w], last_pitch[w] = w, stop[i], score.pitch[i]
        start = stop_at
    return voice


def _nearest(pitches: npt.NDArray[Any], places: npt.NDArray[Any]) -> list[int]:
    """For pitches from high to low the places, in order, with the least total distance (dynamic programme)."""
    n, m = len(pitches), len(places)
    cost = np.full((n + 1, m + 1), np.inf)
    cost[0] = 0
    for i in range(1, n + 1):
        for j in range(i, m + 1):
            cost[i, j] = min(cost[i, j - 1], cost[i - 1, j - 1] + abs(float(pitches[i - 1]) - float(places[j - 1])))
    taken, j = [], m
    for i in range(n, 0, -1):
        while cost[i, j] == cost[i, j - 1]:
            j -= 1
        j -= 1
        taken.append(j)
    return taken[::-1]


def monophonic(onset: Ids, stop: Ids, chosen: npt.NDArray[np.bool_]) -> bool:
    """Whether no two of the chosen notes sound at once."""
    order = np.argsort(onset[chosen], kind="stable")
    return bool((onset[chosen][order][1:] >= stop[chosen][order][:-1]).all())


def _plausible_order(score: Score, used: npt.NDArray[Any]) -> bool:
    """Tracks written from high to low keep their order, even where voices cross."""
    means = [float(score.pitch[score.track == t].mean()) for t in used]
    return all(a > b for a, b in pairwise(means))

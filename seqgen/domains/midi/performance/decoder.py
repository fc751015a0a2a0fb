"""Performance ids to scores: total, on any ids."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from seqgen.core.limits import LIMITS
from seqgen.domains.midi.canonical import changes, int32_columns, sort_rows
from seqgen.domains.midi.clock import DEFAULT_TEMPO
from seqgen.domains.midi.keys import KEYS
from seqgen.domains.midi.performance.words import DRUMS, KIND, TICKS_PER_QUARTER, PerformanceWords
from seqgen.domains.midi.remi.grid import MAX_LAYERS, layers
from seqgen.domains.midi.score import KeySignature, Score, Tempo, Track

Longs = npt.NDArray[np.int64]


def latest(chosen: npt.NDArray[np.bool_], values: npt.NDArray[Any], otherwise: int = 0) -> npt.NDArray[Any]:
    """[T]: the value at the latest chosen place up to and with each; `otherwise` before the first."""
    at = np.maximum.accumulate(np.where(chosen, np.arange(len(chosen)), -1))
    return np.where(at >= 0, values[at], otherwise)


def latest_of_program(
    program: npt.NDArray[Any], chosen: npt.NDArray[np.bool_], values: npt.NDArray[Any], otherwise: int = 0
) -> npt.NDArray[Any]:
    """[T]: the same among the places where the program was the one that is present."""
    n, at = len(program), np.flatnonzero(chosen)
    if not len(at):
        return np.full(n, otherwise)
    program = program.astype(np.int64)
    at = at[np.argsort(program[at], kind="stable")]  # by program, then by time
    found = np.searchsorted(program[at] * n + at, program * n + np.arange(n), "right") - 1
    at = at[np.maximum(found, 0)]
    return np.where((found >= 0) & (program[at] == program), values[at], otherwise)


class PerformanceDecoder:
    """Decodes whole sequences at once: every note looks up the time, program and velocity said last before it."""

    def __init__(self, words: PerformanceWords) -> None:
        self._words = words

    def decode(self, ids: npt.NDArray[np.integer]) -> Score:
        """The piece that ids say, canonical, at 120 quarters a minute; what is incomplete or too late is left out.

        A program is one track; where equal pitches of it overlap, further tracks of the same program hold them. Its
        pedal is that of each.
        """
        words = self._words
        ids = np.asarray(ids, np.int64).reshape(-1)
        kind, value = words.kind[ids], words.value[ids]
        tick = np.cumsum(words.steps[ids]) * words.ticks_per_step
        program = latest(kind == KIND["Program"], value)
        ends = np.flatnonzero(kind == KIND["Duration"])
        ends = ends[ends >= 1]
        struck = kind[ends - 1]
        duration = words.durations[value[ends]] * words.ticks_per_step
        whole = (struck == KIND["Drum"]) | ((struck == KIND["Pitch"]) & (program[ends] != DRUMS))
        whole &= tick[ends] + duration <= LIMITS.max_ticks
        velocity = latest_of_program(program, kind == KIND["Velocity"], value, words.default_velocity)
        ends, struck, duration = ends[whole], struck[whole], duration[whole]
        notes = (
            np.where(struck == KIND["Drum"], DRUMS, program[ends]),
            value[ends - 1],
            tick[ends],
            duration,
            words.velocities[velocity[ends]],
        )
        pedal = np.flatnonzero((kind == KIND["Pedal"]) & (program != DRUMS) & (tick <= LIMITS.max_ticks))
        keys = value[kind == KIND["Key"]]
        marks: dict[str, Any] = {"tempos": (Tempo(0, DEFAULT_TEMPO),)} if len(ends) else {}
        if len(keys) and keys[-1] < len(KEYS):
            marks["key_signatures"] = (KeySignature(0, *KEYS[keys[-1]]),)
        return _score(notes, np.stack((tick[pedal], program[pedal], value[pedal])), marks)


def _score(notes: tuple[Longs, ...], pedals: Longs, marks: dict[str, Any]) -> Score:
    """Program, pitch, onset, duration and velocity of notes, and tick, program and state of pedals, in tracks that a
    file can hold."""
    program, pitch, onset, duration, velocity = notes
    layer = layers(program << 7 | pitch, onset, duration, velocity)
    if len(layer) and layer.max() >= MAX_LAYERS:
        kept = layer < MAX_LAYERS
        program, pitch, onset, duration, velocity, layer = (
            c[kept] for c in (program, pitch, onset, duration, velocity, layer)
        )
    code = program * MAX_LAYERS + layer
    used, track = np.unique(code, return_inverse=True)
    onset, track, pitch, duration, velocity = sort_rows((onset, track, pitch, duration, velocity))
    programs = (used // MAX_LAYERS).tolist()
    rows = [
        np.stack((at, np.full(len(at), i), state), axis=1)
        for i, number in enumerate(programs)
        for at, _, state in (pedals[:, pedals[1] == number],)
    ]
    return Score(
        TICKS_PER_QUARTER,
        **int32_columns(onset, duration, pitch, velocity, track),
        tracks=tuple(Track(0, True) if number == DRUMS else Track(number) for number in programs),
        pedals=changes(np.concatenate([np.zeros((0, 3), np.int64), *rows]), 0, 1),
        **marks,
    )

"""What is known in a performance besides the last id: what sounds, how long ago, what this instrument played."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from seqgen.core.augmentation import Augmentation
from seqgen.core.context import Feature
from seqgen.domains.midi.performance.decoder import latest, latest_of_program
from seqgen.domains.midi.performance.words import KIND, LENGTHS, PerformanceWords

Ints = npt.NDArray[np.int32]

MAX_REMAINING = 32  # seconds
MAX_CHORD, MAX_SOUNDING = 8, 12
_N_PITCHES = 128

# Columns of the features.
(SINCE, REMAINING, KEY, PROGRAM, PITCH, DRUM, DURATION, VELOCITY, PEDAL, CHORD, SOUNDING, LOWEST, HIGHEST) = range(13)
# Features that are simply the latest value of a type of id, 1 … n, and 0 before there was one (or it is unknown).
_LATEST = {KEY: "Key", PROGRAM: "Program", DRUM: "Drum", DURATION: "Duration"}
_OF_PROGRAM = {PITCH: "Pitch", VELOCITY: "Velocity", PEDAL: "Pedal"}  # the same of the present program


class PerformanceContext:
    """Context of the performance scheme.

    since: steps since the last note began, a second at most. remaining: seconds left by the Length header + 1 (at
    most 33), 0 when that is not given. key, program, drum, duration: the latest said. pitch, velocity, pedal: the
    latest of the present program. chord: notes that began at this time. sounding: pitches that do, of all programs;
    lowest, highest: of these.
    """

    def __init__(self, words: PerformanceWords, augmentations: Augmentation) -> None:
        self.words = words
        n, unknown = words.steps_per_second, {"Key", "Length", "Density"}
        sizes = {kind: len(words.vocabulary.of_type(kind)) + 1 - (kind in unknown) for kind in KIND}
        self.number: Ints = (words.value + 1).astype(np.int32)  # of an id within its type, from 1; 0 = Unknown
        for kind in unknown:
            self.number[words.vocabulary.id(f"{kind}_Unknown")] = 0
        self.seconds: Ints = np.zeros(len(words.kind), np.int32)  # of a Length
        self.seconds[words.first["Length"] : words.first["Length"] + len(LENGTHS)] = LENGTHS
        keys, pitches = (self._maps(kind, sizes[kind], augmentations) for kind in ("Key", "Pitch"))
        self.features = (
            Feature("since", n + 1),
            Feature("remaining", MAX_REMAINING + 2),
            Feature("key", sizes["Key"], keys),
            Feature("program", sizes["Program"]),
            Feature("pitch", sizes["Pitch"], pitches),
            Feature("drum", sizes["Drum"]),
            Feature("duration", sizes["Duration"]),
            Feature("velocity", sizes["Velocity"]),
            Feature("pedal", sizes["Pedal"]),
            Feature("chord", MAX_CHORD + 1),
            Feature("sounding", MAX_SOUNDING + 1),
            Feature("lowest", _N_PITCHES + 1, pitches),
            Feature("highest", _N_PITCHES + 1, pitches),
        )

    def _maps(self, kind: str, size: int, augmentations: Augmentation) -> Ints:
        """int32 [A, size]: what the latest value of a type becomes under each augmentation; 0, none yet, stays."""
        maps = np.tile(np.arange(size, dtype=np.int32), (len(augmentations), 1))
        for i in self.words.vocabulary.of_type(kind):
            moved = augmentations.map[:, i]
            maps[:, self.number[i]] = np.where(moved >= 0, self.number[moved], self.number[i])
        return maps

    def of(self, ids_T: npt.NDArray[np.integer]) -> Ints:
        """int32 [T + 1, F]: row t is what is known when id t is predicted."""
        ids = np.asarray(ids_T, np.int64)
        kind, number = self.words.kind[ids], self.number[ids]
        out = np.zeros((len(ids) + 1, len(self.features)), np.int32)
        rows = out[1:]
        for column, name in _LATEST.items():
            rows[:, column] = latest(kind == KIND[name], number)
        for column, name in _OF_PROGRAM.items():
            rows[:, column] = latest_of_program(rows[:, PROGRAM], kind == KIND[name], number)
        now = np.cumsum(self.words.steps[ids])
        ended = kind == KIND["Duration"]
        rows[:, SINCE] = np.minimum(now - latest(ended, now), self.words.steps_per_second)
        length = latest(kind == KIND["Length"], self.seconds[ids])
        rows[:, REMAINING] = _remaining(length, now // self.words.steps_per_second)
        n_notes = np.cumsum(ended)
        rows[:, CHORD] = np.minimum(n_notes - latest(kind == KIND["TimeShift"], n_notes), MAX_CHORD)
        self._sounding(ids, ended, now, rows)
        return out

    def _sounding(
        self, ids: npt.NDArray[np.int64], ended: npt.NDArray[np.bool_], now: npt.NDArray[np.int64], rows: Ints
    ) -> None:
        """Fill in what sounds, pitch by pitch from below."""
        at = np.flatnonzero(ended)
        at = at[at > 0]
        at = at[self.words.kind[ids[at - 1]] == KIND["Pitch"]]
        pitch = self.number[ids[at - 1]]
        until = now[at] + self.words.durations[self.words.value[ids[at]]]
        for p in np.unique(pitch):
            ends = np.zeros(len(ids), np.int64)
            ends[at[pitch == p]] = until[pitch == p]
            sounds = np.maximum.accumulate(ends) > now
            rows[sounds, SOUNDING] += 1
            rows[sounds, HIGHEST] = p
            rows[sounds & (rows[:, LOWEST] == 0), LOWEST] = p
        np.minimum(rows[:, SOUNDING], MAX_SOUNDING, out=rows[:, SOUNDING])

    def start(self, ids_BT: npt.NDArray[np.integer]) -> PerformanceCursor:
        """A cursor that stands after these ids."""
        return PerformanceCursor(self, np.asarray(ids_BT, np.int64))


class PerformanceCursor:
    """The same, one id at a time, for a batch."""

    _KEPT = ("_rows", "_until", "_now", "_noted", "_struck", "_length", "_chord", "_of_program")

    def __init__(self, context: PerformanceContext, ids_BT: npt.NDArray[np.int64]) -> None:
        self._context = context
        batch = len(ids_BT)
        self._rows = np.zeros((batch, len(context.features)), np.int32)
        self._until = np.zeros((batch, _N_PITCHES), np.int64)  # when each pitch ends
        self._now, self._noted, self._struck, self._length, self._chord = np.zeros((5, batch), np.int64)
        n_programs = context.features[PROGRAM].size
        self._of_program = np.zeros((batch, n_programs, len(_OF_PROGRAM)), np.int32)
        self._all = np.arange(batch)
        for ids_B in ids_BT.T:
            self.advance(ids_B)

    def row(self) -> Ints:
        """int32 [B, F]."""
        return self._rows.copy()

    def advance(self, ids_B: npt.NDArray[np.integer]) -> None:
        """Take one id each."""
        c, rows = self._context, self._rows
        ids = np.asarray(ids_B, np.int64)
        kind, number = c.words.kind[ids], c.number[ids]
        for column, name in _LATEST.items():
            rows[:, column] = np.where(kind == KIND[name], number, rows[:, column])
        program = rows[:, PROGRAM]
        for i, (column, name) in enumerate(_OF_PROGRAM.items()):
            said = np.where(kind == KIND[name], number, self._of_program[self._all, program, i])
            self._of_program[self._all, program, i] = rows[:, column] = said
        moved, ended = kind == KIND["TimeShift"], kind == KIND["Duration"]
        self._now = self._now + c.words.steps[ids]
        self._noted = np.where(ended, self._now, self._noted)
        self._length = np.where(kind == KIND["Length"], c.seconds[ids], self._length)
        self._chord = np.where(moved, 0, self._chord + ended)
        rows[:, SINCE] = np.minimum(self._now - self._noted, c.words.steps_per_second)
        rows[:, REMAINING] = _remaining(self._length, self._now // c.words.steps_per_second)
        rows[:, CHORD] = np.minimum(self._chord, MAX_CHORD)
        begun = np.flatnonzero(ended & (self._struck > 0))
        place = (begun, self._struck[begun] - 1)
        until = self._now[begun] + c.words.durations[c.words.value[ids[begun]]]
        self._until[place] = np.maximum(self._until[place], until)
        self._struck = np.where(kind == KIND["Pitch"], number, 0)
        sounds = self._until > self._now[:, None]
        n = sounds.sum(axis=1)
        rows[:, SOUNDING] = np.minimum(n, MAX_SOUNDING)
        rows[:, LOWEST] = np.where(n > 0, sounds.argmax(axis=1) + 1, 0)
        rows[:, HIGHEST] = np.where(n > 0, _N_PITCHES - sounds[:, ::-1].argmax(axis=1), 0)

    def fork(self, rows: npt.NDArray[np.integer]) -> PerformanceCursor:
        """Another, at these sequences."""
        other = PerformanceCursor(self._context, np.zeros((len(rows), 0), np.int64))
        for name in self._KEPT:
            setattr(other, name, getattr(self, name)[rows])
        return other


def _remaining(length: npt.NDArray[np.integer], seconds: npt.NDArray[np.integer]) -> npt.NDArray[np.integer]:
    return np.where(length > 0, np.clip(length - seconds, 0, MAX_REMAINING) + 1, 0)

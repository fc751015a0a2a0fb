"""What is known in a REMI sequence besides the last id: place in the bar, metre, what this instrument played, and what
came next in bars before."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from seqgen.core.augmentation import Augmentation
from seqgen.core.context import Feature
from seqgen.core.recall import Recaller, recall
from seqgen.core.repetition import ngrams
from seqgen.core.vocabulary import Vocabulary

Ints = npt.NDArray[np.int32]

MAX_REMAINING = 32  # bars

# Columns of the features.
PLACE, BEAT, REMAINING, METRE, KEY, PROGRAM, PITCH, DRUM, DURATION, VELOCITY, DENSITY = range(11)
MEMORIES = 11  # and on: two for each
# Features that are simply the latest value of a type of id, 1 … n, and 0 before there was one (or it is unknown).
_LATEST = {
    METRE: "TimeSignature", KEY: "Key", PROGRAM: "Program", DRUM: "Drum", DURATION: "Duration", VELOCITY: "Velocity",
    DENSITY: "Density",
}  # fmt: skip
_N_PITCHES = 128
_MEMORIES = ("last", "fourth", "phrase")  # see RemiContext
_PERIOD = 4  # bars
_PHRASE = 8  # ids
_RUNS = np.array([1, 2, 4, 8, 16, 32])  # bounds of classes of how often in a row a memory was right


class RemiContext:
    """Context of the REMI scheme.

    place: position in the bar + 1; 0 between a bar line and its first position. beat: the same within the quarter.
    remaining: bars left by the Length header + 1 (at most 33), 0 when that is not given. metre, key, program, drum,
    duration, velocity, density: the latest said. pitch: what the present program played last.

    Three memories of what came next when it was the same: `last` at the same place of a bar after the same note of the
    same program, `fourth` the same a number of bars ago that four divides, `phrase` after the same eight ids. Of each
    there are the id remembered and, as trust_…, its kind and how often in a row the memory was right.
    """

    def __init__(self, vocabulary: Vocabulary, positions_per_quarter: int, augmentations: Augmentation) -> None:
        v = vocabulary
        self._positions_per_quarter = positions_per_quarter
        n = len(v)
        self.number: Ints = np.zeros(n, np.int32)  # of an id within its type, from 1; 0 = Unknown
        for kind in set(v.types):
            known = [i for i in v.of_type(kind) if not v.tokens[i].endswith("_Unknown")]
            self.number[known] = np.arange(1, len(known) + 1)
        types = np.array(v.types)
        self.is_bar = types == "Bar"
        self.is_position = types == "Position"
        self.is_pitch = types == "Pitch"
        self.note: Ints = np.where(types == "Drum", _N_PITCHES, 0).astype(np.int32)  # + number: of all notes
        self.is_note = self.is_pitch | (types == "Drum")
        self.kind: Ints = np.unique(types, return_inverse=True)[1].astype(np.int32)
        self.is_length = types == "Length"
        self.latest = {column: types == kind for column, kind in _LATEST.items()}
        self.bars: Ints = np.array(
            [int(t[7:]) if t.startswith("Length_") and t != "Length_Unknown" else 0 for t in v.tokens], np.int32
        )
        size = {kind: int(self.number[types == kind].max()) + 1 for kind in set(v.types)}
        self.n_programs = size["Program"]
        self.features = (
            Feature("place", size["Position"]),
            Feature("beat", positions_per_quarter + 1),
            Feature("remaining", MAX_REMAINING + 2),
            Feature("metre", size["TimeSignature"]),
            Feature("key", size["Key"], self._maps(v, "Key", size["Key"], augmentations)),
            Feature("program", size["Program"]),
            Feature("pitch", _N_PITCHES + 1, self._maps(v, "Pitch", _N_PITCHES + 1, augmentations)),
            Feature("drum", _N_PITCHES + 1),
            Feature("duration", size["Duration"]),
            Feature("velocity", size["Velocity"]),
            Feature("density", size["Density"]),
            *self._declare_memories(v, augmentations),
        )

    def _declare_memories(self, vocabulary: Vocabulary, augmentations: Augmentation) -> list[Feature]:
        n = len(vocabulary)
        maps = np.tile(np.arange(n + 1, dtype=np.int32), (len(augmentations), 1))
        maps[:, :n] = np.where(augmentations.map >= 0, augmentations.map, maps[:, :n])
        size = (int(self.kind.max()) + 2) * (len(_RUNS) + 1)
        features = []
        for name in _MEMORIES:
            features += [Feature(name, n + 1, maps, is_id=True), Feature(f"trust_{name}", size)]
        return features

    def keys(self, rows: Ints, note: npt.NDArray[Any], last: npt.NDArray[Any], bars: npt.NDArray[Any]) -> list[Any]:
        """uint64 [N] of the first two memories: rows [N, F], the number of the latest note, the latest id (-1: none),
        the bars begun."""
        kind = np.where(last >= 0, self.kind[last] + 1, 0)
        key = rows[:, PLACE].astype(np.uint64)
        for value, size in ((rows[:, PROGRAM], self.n_programs), (note, 2 * _N_PITCHES + 1), (kind, 64)):
            key = key * np.uint64(size) + value.astype(np.uint64)
        return [key, key * np.uint64(_PERIOD) + (bars % _PERIOD).astype(np.uint64)]

    def told(self, recalled: Ints) -> Ints:
        """int32 [N, 2] of [N, 2] of a memory: the columns of its features."""
        found, run = recalled.T
        kind = np.where(found >= 0, self.kind[found] + 1, 0)
        trust = kind * (len(_RUNS) + 1) + np.digitize(run, _RUNS)
        return np.stack([np.where(found >= 0, found, len(self.kind)), trust], axis=1).astype(np.int32)

    def _maps(self, vocabulary: Vocabulary, kind: str, size: int, augmentations: Augmentation) -> Ints:
        """int32 [A, size]: what the latest value of a type becomes under each augmentation; 0, none yet, stays."""
        maps = np.tile(np.arange(size, dtype=np.int32), (len(augmentations), 1))
        for i in vocabulary.of_type(kind):
            moved = augmentations.map[:, i]
            maps[:, self.number[i]] = np.where(moved >= 0, self.number[moved], self.number[i])
        return maps

    def of(self, ids_T: npt.NDArray[np.integer]) -> Ints:
        """int32 [T + 1, F]: row t is what is known when id t is predicted."""
        ids = np.asarray(ids_T, np.int64)
        n = len(ids)
        out = np.zeros((n + 1, len(self.features)), np.int32)
        number = self.number[ids]
        for column, of_type in self.latest.items():
            out[1:, column] = _latest(of_type[ids], number)
        is_bar = self.is_bar[ids]
        place = _latest(is_bar | self.is_position[ids], np.where(is_bar, 0, number))
        out[1:, PLACE] = place
        out[1:, BEAT] = self._beat(place)
        length = _latest(self.is_length[ids], self.bars[ids])
        out[1:, REMAINING] = _remaining(length, np.cumsum(is_bar))
        # The latest pitch of the program that is present at t: pitches are ordered by (program, time), and t is
        # looked up among them.
        program = out[1:, PROGRAM].astype(np.int64)
        at = np.flatnonzero(self.is_pitch[ids])
        if len(at):
            order = np.argsort(program[at], kind="stable")
            keys = (program[at] * n + at)[order]
            found = np.searchsorted(keys, program * n + np.arange(n), "right") - 1
            same = (found >= 0) & (program[at[order]][found] == program)
            out[1:, PITCH] = np.where(same, number[at[order]][found], 0)
        note = np.zeros(n + 1, np.int64)
        note[1:] = _latest(self.is_note[ids], number + self.note[ids])
        padded = np.concatenate([np.full(_PHRASE, -1), ids])
        situations = self.keys(out, note, padded[_PHRASE - 1 :], np.append(0, np.cumsum(is_bar)))
        for m, memory_keys in enumerate([*situations, ngrams(padded, _PHRASE)]):
            out[:, MEMORIES + 2 * m : MEMORIES + 2 * m + 2] = self.told(recall(memory_keys, ids))
        return out

    def start(self, ids_BT: npt.NDArray[np.integer]) -> RemiCursor:
        """A cursor that stands after these ids."""
        return RemiCursor(self, np.asarray(ids_BT, np.int64))

    def _beat(self, place: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return np.where(place > 0, (place - 1) % self._positions_per_quarter + 1, 0)


class RemiCursor:
    """The same, one id at a time, for a batch."""

    def __init__(self, context: RemiContext, ids_BT: npt.NDArray[np.int64]) -> None:
        self._context = context
        batch = len(ids_BT)
        self._rows = np.zeros((batch, len(context.features)), np.int32)
        self._pitch = np.zeros((batch, context.n_programs), np.int32)  # each program's latest
        self._bars = np.zeros(batch, np.int32)
        self._length = np.zeros(batch, np.int32)
        self._note = np.zeros(batch, np.int32)
        self._phrase = np.full((batch, _PHRASE), -1, np.int64)
        self._all = np.arange(batch)
        self._memories = [Recaller(keys_B) for keys_B in self._keys()]
        self._tell()
        for ids_B in ids_BT.T:
            self.advance(ids_B)

    def row(self) -> Ints:
        """int32 [B, F]."""
        return self._rows.copy()

    def advance(self, ids_B: npt.NDArray[np.integer]) -> None:
        """Take one id each."""
        c, rows = self._context, self._rows
        ids = np.asarray(ids_B, np.int64)
        number = c.number[ids]
        for column, of_type in c.latest.items():
            rows[:, column] = np.where(of_type[ids], number, rows[:, column])
        is_bar = c.is_bar[ids]
        rows[:, PLACE] = np.where(is_bar, 0, np.where(c.is_position[ids], number, rows[:, PLACE]))
        rows[:, BEAT] = c._beat(rows[:, PLACE])
        self._bars += is_bar
        self._length = np.where(c.is_length[ids], c.bars[ids], self._length)
        rows[:, REMAINING] = _remaining(self._length, self._bars)
        program = rows[:, PROGRAM]
        self._pitch[self._all, program] = np.where(c.is_pitch[ids], number, self._pitch[self._all, program])
        rows[:, PITCH] = self._pitch[self._all, program]
        self._note = np.where(c.is_note[ids], number + c.note[ids], self._note)
        self._phrase = np.concatenate([self._phrase[:, 1:], ids[:, None]], axis=1)
        for memory, keys_B in zip(self._memories, self._keys(), strict=True):
            memory.advance(ids, keys_B)
        self._tell()

    def _keys(self) -> list[Any]:
        """uint64 [B] of each memory."""
        keys = self._context.keys(self._rows, self._note, self._phrase[:, -1], self._bars)
        return [*keys, ngrams(self._phrase.reshape(-1), _PHRASE)[::_PHRASE]]

    def _tell(self) -> None:
        for m, memory in enumerate(self._memories):
            self._rows[:, MEMORIES + 2 * m : MEMORIES + 2 * m + 2] = self._context.told(memory.row)

    def fork(self, rows: npt.NDArray[np.integer]) -> RemiCursor:
        """Another, at these sequences."""
        other = RemiCursor(self._context, np.zeros((len(rows), 0), np.int64))
        for name in ("_rows", "_pitch", "_bars", "_length", "_note", "_phrase"):
            setattr(other, name, getattr(self, name)[rows])
        other._memories = [memory.fork(rows) for memory in self._memories]
        return other


def _latest(chosen: npt.NDArray[np.bool_], values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """[T]: the value at the latest chosen place up to and with each; 0 before the first."""
    at = np.maximum.accumulate(np.where(chosen, np.arange(len(chosen)), -1))
    return np.where(at >= 0, values[at], 0)


def _remaining(length: npt.NDArray[Any], bars: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.where(length > 0, np.clip(length - bars, 0, MAX_REMAINING) + 1, 0)

"""The state of a voices sequence before each id: built for a whole sequence at once, or stepped for a batch.

Voices stand in the order in which they are written. A *value* is a pitch index, `rest` or `none` (nothing yet).
A voice *moves* in a step when it begins another note, repeats one, or falls silent.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from seqgen.core.repetition import Follower, follow
from seqgen.domains.midi.key_finding import UNKNOWN, find_keys

Ints = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

WINDOW = 32  # steps that the local key is heard over
HISTORY = 4  # steps of which it is remembered who moved


@dataclass(frozen=True)
class VoicesShape:
    """n_pitches, rest, hold (-1: no holds) are ids. low: MIDI pitch of id 0. shortest: ids of a repetition."""

    n_pitches: int
    n_voices: int
    low: int
    rest: int
    hold: int
    end: int

    @property
    def none(self) -> int:
        """The value that says that there is no pitch."""
        return self.n_pitches + 1

    @property
    def shortest(self) -> int:
        """Ids that a repetition has at least."""
        return max(16, 4 * self.n_voices)


@dataclass
class Rows:
    """n states. slot: [n] the voice that is next. step: [n] of the grid.

    [n, voices]: value, its latest value (of this step where it has been written, else of the step before); before,
    the value of the step before; written, in this step; moved, and moved in this step; held, steps that the value of
    the step before has lasted; last, the value before that one, and earlier, the one before; lasted, how long `last`
    was; bits, in which of the HISTORY steps before it moved.
    [n]: key and local, keys heard so far and lately; again_value, again_moved, again_length: what followed, and for
    how many ids, when the present was heard before (value -1: it was not).
    """

    slot: Ints
    step: Ints
    value: Ints
    before: Ints
    written: Bools
    moved: Bools
    held: Ints
    last: Ints
    earlier: Ints
    lasted: Ints
    bits: Ints
    key: Ints
    local: Ints
    again_value: Ints
    again_moved: Bools
    again_length: Ints


def resolve(grid_SV: Ints, shape: VoicesShape) -> tuple[Ints, Bools]:
    """[steps, voices] ids -> (value of each, whether it moved there)."""
    if not len(grid_SV):
        return grid_SV, grid_SV.astype(bool)
    steps = np.arange(len(grid_SV))[:, None]
    value = grid_SV
    if shape.hold >= 0:
        said = np.maximum.accumulate(np.where(grid_SV != shape.hold, steps, 0), axis=0)
        value = np.take_along_axis(grid_SV, said, axis=0)
        value = np.where(value == shape.hold, shape.rest, value)  # a Hold of nothing is silence
    previous = np.concatenate([np.full((1, grid_SV.shape[1]), shape.none), value[:-1]])
    moved = value != previous
    if shape.hold >= 0:
        moved |= (grid_SV != shape.hold) & (value != shape.rest)
    return value.astype(np.int32), moved


def whole_rows(ids: Ints, n_rows: int, shape: VoicesShape) -> Rows:
    """The states before each of n_rows body ids (at most one more than there are)."""
    V = shape.n_voices
    n_steps = -(-n_rows // V)
    padded = np.full(n_steps * V, shape.rest, np.int32)
    taken = ids[: n_steps * V]
    padded[: len(taken)] = np.where(taken == shape.end, shape.rest, taken)
    value, moved = resolve(padded.reshape(n_steps, V), shape)
    before = np.concatenate([np.full((1, V), shape.none, np.int32), value])[:n_steps]
    held, last, earlier, lasted = _histories(value, moved, shape)
    shifted = np.concatenate([np.zeros((HISTORY, V), bool), moved])
    bits = sum(shifted[HISTORY - 1 - k : HISTORY - 1 - k + n_steps].astype(np.int32) << k for k in range(HISTORY))
    heard = np.zeros((n_steps + 1, 12), np.int64)
    step, voice = np.nonzero(value < shape.n_pitches)
    pitch_class = (value[step, voice] + shape.low) % 12
    np.add.at(heard, (step + 1, pitch_class), 1)
    heard = heard.cumsum(axis=0)
    first = np.full(n_steps, pitch_class[0] if len(pitch_class) else 0)
    so_far = heard[:n_steps]
    lately = so_far - heard[np.maximum(np.arange(n_steps) - WINDOW, 0)]
    codes = (value * 2 + moved).reshape(-1)
    again = follow(codes[:n_rows], shape.shortest, V)[:n_rows]
    found = again[:, 0] >= 0
    place = np.where(found, again[:, 0], 0)

    slot = np.tile(np.arange(V, dtype=np.int32), n_steps)[:n_rows]
    at = np.repeat(np.arange(n_steps, dtype=np.int32), V)[:n_rows]
    written = np.tile(np.tri(V, k=-1, dtype=bool), (n_steps, 1))[:n_rows]
    key, local = find_keys(so_far, first), find_keys(lately, first)
    return Rows(
        slot,
        at,
        np.where(written, value[at], before[at]),
        before[at],
        written,
        written & moved[at],
        held[at],
        last[at],
        earlier[at],
        lasted[at],
        np.asarray(bits, np.int32)[at],
        key[at],
        local[at],
        np.where(found, value.reshape(-1)[place], -1).astype(np.int32),
        found & moved.reshape(-1)[place],
        again[:, 1],
    )


def _histories(value: Ints, moved: Bools, shape: VoicesShape) -> tuple[Ints, Ints, Ints, Ints]:
    """(held, last, earlier, lasted) [steps, voices] as `Rows` has them."""
    n_steps, n_voices = value.shape
    held, lasted = np.zeros((2, n_steps, n_voices), np.int32)
    last, earlier = np.full((2, n_steps, n_voices), shape.none, np.int32)
    steps = np.arange(n_steps)
    for v in range(n_voices):
        begun = np.flatnonzero(moved[:, v])
        k = np.searchsorted(begun, steps, side="left") - 1  # the latest beginning before each step
        start = np.concatenate([begun, [0]])
        sound = np.concatenate([value[begun, v], [shape.none]])
        held[:, v] = np.where(k >= 0, steps - start[k], 0)
        last[:, v] = np.where(k >= 1, sound[np.maximum(k - 1, 0)], shape.none)
        earlier[:, v] = np.where(k >= 2, sound[np.maximum(k - 2, 0)], shape.none)
        lasted[:, v] = np.where(k >= 1, start[k] - start[np.maximum(k - 1, 0)], 0)
    return held, last, earlier, lasted


class RowStepper:
    """The same for a batch, one body id at a time."""

    def __init__(self, batch: int, shape: VoicesShape) -> None:
        self.shape = shape
        B, V = batch, shape.n_voices

        def full(value: int) -> Ints:
            return np.full((B, V), value, np.int32)

        self.rows = Rows(
            np.zeros(B, np.int32),
            np.zeros(B, np.int32),
            full(shape.none),
            full(shape.none),
            full(0).astype(bool),
            full(0).astype(bool),
            full(0),
            full(shape.none),
            full(shape.none),
            full(0),
            full(0),
            np.full(B, UNKNOWN, np.int32),
            np.full(B, UNKNOWN, np.int32),
            np.full(B, -1, np.int32),
            np.zeros(B, bool),
            np.zeros(B, np.int32),
        )
        self._heard = np.zeros((B, 12), np.int64)
        self._lately = np.zeros((WINDOW, B, 12), np.int64)
        self._first = np.full(B, -1, np.int64)
        self._followers = [Follower(shape.shortest, V) for _ in range(B)]
        self._codes: list[list[int]] = [[] for _ in range(B)]

    def advance(self, ids_B: npt.NDArray[np.integer]) -> None:
        """Take one body id each."""
        r, shape = self.rows, self.shape
        slot = int(r.slot[0])
        ids = np.where(ids_B == shape.end, shape.rest, ids_B).astype(np.int32)
        old = r.before[:, slot]
        value, moved = ids, ids != old
        if shape.hold >= 0:
            holds = ids == shape.hold
            value = np.where(holds, np.where(old == shape.none, shape.rest, old), ids)
            moved = (value != old) | (~holds & (value != shape.rest))
        r.value[:, slot], r.moved[:, slot], r.written[:, slot] = value, moved, True
        r.slot = np.full(len(ids), (slot + 1) % shape.n_voices, np.int32)
        self._follow(value * 2 + moved)
        if slot + 1 == shape.n_voices:
            self._end_step()

    def fork(self, chosen: npt.NDArray[np.integer]) -> RowStepper:
        """Another, at these sequences of the batch."""
        other = copy.copy(self)
        other.rows = Rows(*(getattr(self.rows, field.name)[chosen] for field in fields(Rows)))
        other._heard, other._lately = self._heard[chosen], self._lately[:, chosen]
        other._first = self._first[chosen]
        other._followers = [self._followers[i].fork() for i in chosen.tolist()]
        other._codes = [self._codes[i].copy() for i in chosen.tolist()]
        return other

    def _follow(self, codes: Ints) -> None:
        r = self.rows
        for b, code in enumerate(codes.tolist()):
            follower, history = self._followers[b], self._codes[b]
            history.append(code)
            follower.take(code)
            found = follower.place >= 0
            r.again_value[b] = history[follower.place] // 2 if found else -1
            r.again_moved[b] = bool(history[follower.place] % 2) if found else False
            r.again_length[b] = follower.length

    def _end_step(self) -> None:
        r, shape = self.rows, self.shape
        moved = r.moved.copy()
        begins_first = moved & (r.before == shape.none)
        again = moved & ~begins_first
        r.earlier = np.where(again, r.last, r.earlier)
        r.last = np.where(again, r.before, r.last)
        r.lasted = np.where(again, r.held, r.lasted).astype(np.int32)
        r.held = np.where(moved, 1, r.held + 1).astype(np.int32)
        r.bits = ((r.bits << 1) | moved) & (1 << HISTORY) - 1
        r.before = r.value.copy()
        r.written[:], r.moved[:] = False, False
        b, v = np.nonzero(r.value < shape.n_pitches)
        pitch_class = (r.value[b, v] + shape.low) % 12
        heard = np.zeros_like(self._heard)
        np.add.at(heard, (b, pitch_class), 1)
        for row in np.flatnonzero(self._first < 0):
            if (b == row).any():
                self._first[row] = pitch_class[b == row][0]
        self._heard += heard
        step = int(r.step[0])
        self._lately[step % WINDOW] = heard
        r.step = r.step + 1
        first = np.maximum(self._first, 0)
        r.key, r.local = find_keys(self._heard, first), find_keys(self._lately.sum(axis=0), first)

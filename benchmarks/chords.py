"""Chords on a grid as ids: each frame's pitches from high to low, then `Step`. What jsb.py --grid quarter scores.

Holding and repeating a note are not told apart, as in the files of this benchmark; so this is no tokenizer for users.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from seqgen.core.augmentation import Augmentation
from seqgen.core.context import Cursor, Feature
from seqgen.core.grammar import build_grammar
from seqgen.core.repetition import follow
from seqgen.core.tokenizer import Ids, Length, Tokenizer
from seqgen.core.vocabulary import Vocabulary
from seqgen.domains.midi.key_finding import collection, find_keys

Ints = npt.NDArray[np.int32]
LOW, HIGH = 37, 102  # the file's pitches are 43 … 96; room for transposition
N = HIGH - LOW + 1
STEP, NONE = N, N + 1
WIDEST = 4  # pitches of a frame that the context sees
LEAP, SPAN = 12, 30  # semitones told apart, within a voice and between voices
SHORTEST = 12  # ids of a repetition
WINDOW = 8  # frames that the local key is heard over


class Chords(Tokenizer[Any]):
    """Lists of MIDI pitches ↔ ids. falling: the grammar allows only lower pitches than the last; a training that
    transposes does without, since a grammar's states must be the same in every key."""

    domain, name = "chorales", "chords"
    backoff = ("own", "last", "slot")

    def __init__(self, shifts: Sequence[int] = (0,), *, falling: bool = True) -> None:
        self.vocabulary = Vocabulary([*(f"Pitch_{p}" for p in range(LOW, HIGH + 1)), "Step"])
        self.unknown_of = np.full(len(self.vocabulary), -1, np.int32)
        pitches = range(N)
        self.grammar = build_grammar(
            {i: [i] for i in range(N + 1)},
            N,
            lambda lowest: {**{p: p if falling else 0 for p in pitches if p < lowest or not falling}, STEP: N},
            lambda lowest: lowest == N,
        )
        table = np.stack([np.arange(N + 1) + k for k in shifts])
        table[(table < 0) | (table >= N)] = -1
        table[:, STEP] = STEP
        self.augmentations = Augmentation([f"{k:+d} semitones" for k in shifts], table)
        self.context = ChordsContext(shifts)

    def encode(self, piece: Sequence[Sequence[int]]) -> Ids:
        frames = [[*sorted({p - LOW for p in frame}, reverse=True), STEP] for frame in piece]
        return np.concatenate(frames).astype(np.int32)

    def decode(self, ids: npt.NDArray[np.integer], reference: Any = None) -> list[list[int]]:
        ends = np.flatnonzero(np.asarray(ids) == STEP)
        return [[int(i) + LOW for i in frame if i != STEP] for frame in np.split(ids, ends + 1)[:-1]]

    def template(self, prompt: Any = None, length: tuple[int, str] | None = None, **given: str) -> Ids:
        return np.zeros(0, np.int32) if prompt is None else self.encode(prompt)

    def length(self, amount: int, unit: str, ids: Ids) -> Length:
        return Length(np.arange(N + 1) == STEP, amount)

    def config(self) -> Mapping[str, Any]:
        return {}


class ChordsContext:
    """What is known when a frame's next id is chosen: the frame before and the one before that, what is written of
    this one, the beat, the key heard so far and lately, and what followed when the same was heard before."""

    def __init__(self, shifts: Sequence[int]) -> None:
        values = np.arange(NONE + 1)
        moved = np.stack([np.where(values < N, np.clip(values + k, 0, N - 1), values) for k in shifts]).astype(np.int32)
        tonic = np.arange(13)
        turned = np.stack([np.where(tonic > 11, 12, (tonic + k) % 12) for k in shifts]).astype(np.int32)
        numbers = np.tile(np.arange(len(shifts))[:, None], (1, len(shifts))).astype(np.int32)
        seen = _interval(values[:, None], np.arange(N)[None], SPAN)
        seen = np.concatenate([seen, np.full((len(values), 1), 2 * SPAN + 2)], axis=1).astype(np.int32)
        degrees = np.where(tonic[:, None] > 11, 12, (np.arange(N) + LOW - tonic[:, None]) % 12)
        degrees = np.concatenate([degrees, np.full((13, 1), 13)], axis=1).astype(np.int32)
        slots = WIDEST + 1
        names = ("own", "last", "under", "again", "first", *(f"before{j}" for j in range(WIDEST)))
        features = [Feature(name, NONE + 1, moved, seen) for name in names]
        features += [
            Feature("collection", 13, turned, degrees),
            Feature("shift", len(shifts), numbers),  # the file is in C; what is transposed is told so
            Feature("slot", slots),
            Feature("place", slots * 4),
            Feature("phrase", slots * 16),
            Feature("chord", slots * 2**11),
            Feature("written", slots * 2**11),
            Feature("mode", slots * 3),
            Feature("local", slots * 25),
            Feature("agreement", slots * 5 * (2 * LEAP + 3)),
            Feature("width", slots * slots * slots),
            Feature("passed", slots * slots),
            Feature("under_last", slots * (2 * SPAN + 2)),
            Feature("under_own", slots * (2 * LEAP + 2)),
        ]
        for j in range(WIDEST):
            features += [
                Feature(f"class{j}", slots * 13),
                Feature(f"old_class{j}", slots * 13),
                Feature(f"motion{j}", slots * (2 * LEAP + 3)),
                Feature(f"old_motion{j}", slots * (2 * LEAP + 2)),
                Feature(f"distance{j}", slots * (2 * SPAN + 2)),
                Feature(f"span{j}", slots * (2 * SPAN + 2)),
            ]
        self.features = tuple(features)

    def start(self, ids_BT: npt.NDArray[np.integer]) -> Cursor:
        raise NotImplementedError("This benchmark only scores.")

    def of(self, ids_T: npt.NDArray[np.integer]) -> Ints:
        """int32 [T + 1, F]."""
        ids = np.asarray(ids_T, np.int32)
        n = len(ids) + 1
        frame = np.concatenate([[0], np.cumsum(ids == STEP)])
        begin = np.concatenate([[0], np.flatnonzero(ids == STEP) + 1])[frame]
        count = np.arange(n) - begin
        slot = np.minimum(count, WIDEST)
        chords = np.full((frame[-1] + 3, WIDEST), NONE, np.int32)  # two silent ones first
        heard = np.zeros((frame[-1] + 2, 12), np.int64)
        for at in np.flatnonzero(ids < N):
            if count[at] < WIDEST:
                chords[frame[at] + 2, count[at]] = ids[at]
            heard[frame[at] + 1, (ids[at] + LOW) % 12] += 1
        older, before = chords[frame], chords[frame + 1]
        now = np.where(np.arange(WIDEST) < slot[:, None], chords[frame + 2], NONE)
        at = np.arange(n)
        last = np.where(count > 0, np.concatenate([[NONE], ids]), NONE)
        own = np.where(slot < WIDEST, before[at, np.minimum(slot, WIDEST - 1)], NONE)
        lower = (before < N) & (before < np.where(last < N, last, N)[:, None])
        under = np.where(lower, before, -1).max(axis=1)
        under = np.where(under < 0, NONE, under)
        again = follow(ids, SHORTEST)
        repeated = np.where(again[:, 0] >= 0, np.concatenate([ids, [NONE]])[again[:, 0]], NONE)
        heard = heard.cumsum(axis=0)
        lately = heard[frame] - heard[np.maximum(frame - WINDOW, 0)]
        first = np.full(n, ids[0] + LOW if len(ids) and ids[0] < N else 0) % 12
        key, local = find_keys(heard[frame], first), find_keys(lately, first)
        tonic = collection(key)
        local_place = np.where((local < 0) | (tonic > 11), 24, (collection(local) - tonic) % 12 + 12 * (local // 12))
        agreement = np.digitize(again[:, 1], [1, 16, 32, 64])
        followed = np.where(repeated == STEP, 2 * LEAP + 2, _interval(own, repeated, LEAP))
        widths = (before < N).sum(axis=1) * (WIDEST + 1) + (older < N).sum(axis=1)
        columns = [own, last, under, np.where(repeated == STEP, NONE, repeated), now[:, 0], *before.T]
        columns += [tonic, 0 * at, slot]
        s = WIDEST + 1
        for size, values in (
            (4, frame % 4),
            (16, frame % 16),
            (2**11, _chord(before)),
            (2**11, _chord(now)),
            (3, np.where(key < 0, 2, key // 12)),
            (25, local_place),
            (5 * (2 * LEAP + 3), agreement * (2 * LEAP + 3) + followed),
            (s * s, widths),
            (s, lower.sum(axis=1)),
            (2 * SPAN + 2, _interval(last, under, SPAN)),
            (2 * LEAP + 2, _interval(own, under, LEAP)),
        ):
            columns.append(slot * size + values)
        for j in range(WIDEST):
            k = np.where(slot > j, j, np.minimum(j + 1, WIDEST - 1))
            moves = np.where(now[:, j] < N, _interval(before[:, j], now[:, j], LEAP), 2 * LEAP + 2)
            columns += [
                slot * 13 + _degree(now[:, j], tonic),
                slot * 13 + _degree(before[:, j], tonic),
                slot * (2 * LEAP + 3) + moves,
                slot * (2 * LEAP + 2) + _interval(older[:, j], before[:, j], LEAP),
                slot * (2 * SPAN + 2) + _interval(own, now[:, j], SPAN),
                slot * (2 * SPAN + 2) + _interval(own, before[at, k], SPAN),
            ]
        return np.stack(columns, axis=1).astype(np.int32)


def _interval(start: npt.NDArray[Any], stop: npt.NDArray[Any], limit: int) -> npt.NDArray[Any]:
    """Semitones from one pitch to another, clipped, from 0; 2 * limit + 1 where one is none."""
    return np.where((start >= N) | (stop >= N), 2 * limit + 1, np.clip(stop - start, -limit, limit) + limit)


def _degree(pitches: npt.NDArray[Any], tonic: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.where((pitches >= N) | (tonic > 11), 12, (pitches + LOW - tonic) % 12)


def _chord(pitches: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The pitch classes as seen from the lowest note, 11 bits."""
    sounding = pitches < N
    lowest = np.where(sounding, pitches, N).min(axis=1)
    bits = np.where(sounding, 1 << (pitches - lowest[:, None]) % 12, 0)
    chord: npt.NDArray[Any] = np.bitwise_or.reduce(bits, axis=1) >> 1
    return chord

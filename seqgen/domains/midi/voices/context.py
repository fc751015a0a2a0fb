"""What a voice knows when its next id is chosen: the beat, its own notes, the other voices' notes, the key, and what
followed when the same was heard before.

Nearly all features are relative — intervals, pitch classes within the key — so that what is learned in one key holds
in all. Most are told apart by voice, since the embedding of a feature is all that the model's output sees of it.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seqgen.core.context import Feature
from seqgen.core.vocabulary import Vocabulary
from seqgen.domains.midi.key_finding import collection
from seqgen.domains.midi.keys import KEYS, key_name
from seqgen.domains.midi.voices.state import HISTORY, Rows, RowStepper, VoicesShape, whole_rows

Ints = npt.NDArray[np.int32]

MAX_HELD = 16  # steps
MAX_REMAINING = 32  # quarters
LEAP = 12  # semitones told apart in melodic intervals
SPAN = 30  # and in intervals between voices
_LENGTHS = np.array([1, 2, 3, 4, 5, 7, 9, 13, 17])  # steps: bounds of classes of duration
_AGREEMENTS = np.array([1, 32, 48, 64, 96, 160])  # ids
_NO_PITCH_CLASS = 12


@dataclass
class _Header:
    """Per row. signature: 0 unknown. key: 0 … 11 major by tonic, 12 … 23 minor, -1 unknown. bar: steps.
    lead: steps of the first bar before the piece begins, -1 unknown. steps: length of the piece, -1 unknown.
    density: 0 unknown."""

    signature: Ints
    key: Ints
    bar: Ints
    lead: Ints
    steps: Ints
    density: Ints


class VoicesContext:
    """Context of the voices tokenization; see the module. shifts: semitones of each augmentation."""

    def __init__(
        self,
        shape: VoicesShape,
        vocabulary: Vocabulary,
        *,
        n_header: int,
        steps_per_quarter: int,
        bar_steps: Mapping[str, int],
        shifts: Sequence[int],
    ) -> None:
        self.shape, self.n_header, self.steps_per_quarter = shape, n_header, steps_per_quarter
        v = vocabulary
        self._signature_of = _numbered(v, "TimeSignature")
        self._density_of = _numbered(v, "Density")
        self._bar_of = np.array([bar_steps.get(t, 4 * steps_per_quarter) for t in v.tokens], np.int32)
        self._pickup_of = np.array([_value(t, "Pickup") for t in v.tokens], np.int32)
        self._bars_of = np.array([_value(t, "Length") for t in v.tokens], np.int32)
        tonics = {f"Key_{key_name(key)}": (7 * key[0] + 9 * key[1]) % 12 + 12 * key[1] for key in KEYS}
        self._key_of = np.array([tonics.get(t, -1) for t in v.tokens], np.int32)
        # Without a header the metre is taken to be four-four from the first beat.
        self._max_bar = max(bar_steps.values()) if n_header else 4 * steps_per_quarter
        self.features = tuple(self._declare(v, shifts))
        # What counting should look at first: the voice's own note, who moves, for how long it has lasted, and how far
        # the other voices are.
        others = ("above1", "above0") if shape.n_voices > 2 else ("above0",) * (shape.n_voices > 1)
        self.backoff = ("own", "held", "pattern", *others)

    def of(self, ids_T: npt.NDArray[np.integer]) -> Ints:
        """int32 [T + 1, F]."""
        ids = np.asarray(ids_T, np.int32)
        n = len(ids) + 1
        header = self._header(ids[None, : self.n_header])
        n_body = n - self.n_header
        parts = [self._header_rows(min(n, self.n_header))] if self.n_header else []
        if n_body > 0:
            parts.append(self._features(whole_rows(ids[self.n_header :], n_body, self.shape), header))
        return np.concatenate(parts)

    def start(self, ids_BT: npt.NDArray[np.integer]) -> VoicesCursor:
        """A cursor after these ids."""
        return VoicesCursor(self, np.asarray(ids_BT, np.int32))

    # --- features

    def _declare(self, vocabulary: Vocabulary, shifts: Sequence[int]) -> list[Feature]:
        shape, V, n = self.shape, self.shape.n_voices, self.shape.n_pitches
        phases = self.steps_per_quarter + 1
        features = [
            Feature("own", shape.none + 1, _shifted(shape.none + 1, n, shifts), self._intervals()),
            Feature("collection", 13, _collection_maps(shifts), self._pitch_classes()),
            Feature("place", V * (self._max_bar + 1) + self.n_header),
            Feature("held", V * phases * (MAX_HELD + 1)),
            Feature("pattern", V * phases * 2 ** (V - 1)),
            Feature("moves", V * phases * 2**HISTORY),
            Feature("all_moves", V * phases * 2**HISTORY),
            Feature("interval", V * (2 * LEAP + 2)),
            Feature("interval_before", V * (2 * LEAP + 2)),
            Feature("lasted", V * 10),
            Feature("chord", 2**11 + 1),
            Feature("sounding", V * (2**11 + 1)),
            Feature("mode", 3),
            Feature("local", 25),
            Feature("again", 7 * (2 * LEAP + 3)),
        ]
        features += [Feature(f"class{j}", V * 2 * 13) for j in range(V)]
        for k in range(V - 1):
            features += [
                Feature(f"against{k}", shape.none + 1, _shifted(shape.none + 1, n, shifts), self._intervals()),
                Feature(f"parallel{k}", 3 * n + 1, _shifted(3 * n + 1, 3 * n, shifts), self._same()),
                Feature(f"above{k}", V * 2 * (2 * SPAN + 2)),
                Feature(f"step{k}", V * (2 * LEAP + 3)),
                Feature(f"held{k}", V * 10),
                Feature(f"interval{k}", V * (2 * LEAP + 2)),
            ]
        if self.n_header:
            features += [
                Feature("signature", int(self._signature_of.max()) + 1),
                Feature("given_key", 3),
                Feature("remaining", MAX_REMAINING + 2),
                Feature("density", V * phases * (int(self._density_of.max()) + 1)),
            ]
        return features

    def _features(self, r: Rows, h: _Header) -> Ints:
        """int32 [n, F] in the order of `_declare`."""
        shape, V = self.shape, self.shape.n_voices
        at, phases = np.arange(len(r.slot)), self.steps_per_quarter + 1
        known = h.lead >= 0
        place = np.where(known, (r.step + h.lead) % h.bar, self._max_bar)
        phase = np.where(known, (r.step + h.lead) % self.steps_per_quarter, self.steps_per_quarter)
        beat = r.slot * phases + phase
        key = np.where(h.key >= 0, h.key, r.key)
        tonic = collection(key)
        own = r.before[at, r.slot]
        local = collection(r.local)
        all_bits = np.bitwise_or.reduce(r.bits, axis=1)
        again = np.where((r.again_value >= 0) & ~r.again_moved, 2 * LEAP + 2, self._interval(own, r.again_value, LEAP))
        columns: list[npt.NDArray[np.integer]] = [
            own,
            tonic,
            r.slot * (self._max_bar + 1) + place,
            beat * (MAX_HELD + 1) + np.minimum(r.held[at, r.slot], MAX_HELD),
            beat * 2 ** (V - 1) + self._moved_bits(r),
            beat * 2**HISTORY + r.bits[at, r.slot],
            beat * 2**HISTORY + all_bits,
            r.slot * (2 * LEAP + 2) + self._interval(r.last[at, r.slot], own, LEAP),
            r.slot * (2 * LEAP + 2) + self._interval(r.earlier[at, r.slot], own, LEAP),
            r.slot * 10 + np.digitize(r.lasted[at, r.slot], _LENGTHS),
            self._chord(r.before),
            r.slot * (2**11 + 1) + self._chord(np.where(r.written, r.value, shape.none)),
            np.where(key < 0, 2, key // 12),
            np.where(r.local < 0, 24, np.where(tonic > 11, 24, (local - tonic) % 12 + 12 * (r.local // 12))),
            np.digitize(r.again_length, _AGREEMENTS) * (2 * LEAP + 3) + again,
        ]
        for j in range(V):
            pitch_class = np.where(
                (r.value[:, j] >= shape.n_pitches) | (tonic > 11),
                _NO_PITCH_CLASS,
                (r.value[:, j] + shape.low - tonic) % 12,
            )
            columns.append((r.slot * 2 + r.moved[:, j]) * 13 + pitch_class)
        for k in range(V - 1):
            other = np.where(r.slot <= k, k + 1, k)  # the voices but the one that is next
            columns += [r.value[at, other], self._parallel(own, r, at, other)]
            column = (r.slot * 2 + r.moved[at, other]) * (2 * SPAN + 2)
            columns.append(column + self._interval(own, r.value[at, other], SPAN))
            made = self._interval(r.before[at, other], r.value[at, other], LEAP)
            columns.append(r.slot * (2 * LEAP + 3) + np.where(r.written[at, other], made, 2 * LEAP + 2))
            columns.append(r.slot * 10 + np.digitize(r.held[at, other], _LENGTHS))
            before = self._interval(r.last[at, other], r.before[at, other], LEAP)
            columns.append(r.slot * (2 * LEAP + 2) + before)
        if self.n_header:
            quarters = np.clip(-(-(h.steps - r.step) // self.steps_per_quarter), 0, MAX_REMAINING)
            columns += [
                np.broadcast_to(h.signature, at.shape),
                np.broadcast_to(np.where(h.key < 0, 0, 1 + h.key // 12), at.shape),
                np.where(h.steps < 0, MAX_REMAINING + 1, quarters),
                beat * (int(self._density_of.max()) + 1) + h.density,
            ]
        out = np.empty((len(at), len(columns)), np.int32)
        for i, values in enumerate(columns):
            out[:, i] = values
        return out

    def _interval(self, start: Ints, stop: Ints, limit: int) -> npt.NDArray[np.integer]:
        """Semitones from one value to another, clipped, from 0; 2 * limit + 1 where one is no pitch."""
        bad = (start >= self.shape.n_pitches) | (stop >= self.shape.n_pitches) | (stop < 0)
        return np.where(bad, 2 * limit + 1, np.clip(stop - start, -limit, limit) + limit)

    def _moved_bits(self, r: Rows) -> npt.NDArray[np.integer]:
        """Which of the voices written in this step moved; the last voice is never among them."""
        bits: npt.NDArray[np.integer] = r.moved[:, :-1] @ (1 << np.arange(self.shape.n_voices - 1))
        return bits

    def _chord(self, values: Ints) -> npt.NDArray[np.integer]:
        """The pitch classes of a step as seen from the lowest note; 2^11 when all are silent."""
        sounding = values < self.shape.n_pitches
        lowest = np.where(sounding, values, self.shape.n_pitches + 1).min(axis=1)
        bits = np.where(sounding, 1 << (values - lowest[:, None]) % 12, 0)
        chord = np.bitwise_or.reduce(bits, axis=1) >> 1
        return np.where(sounding.any(axis=1), chord, 2**11)

    def _parallel(
        self, own: Ints, r: Rows, at: npt.NDArray[np.integer], other: npt.NDArray[np.integer]
    ) -> npt.NDArray[np.integer]:
        """n + the pitch that would follow another voice's step in parallel fifths, octaves or unisons, else 3n. It may
        lie outside the range of pitches, 0 to n."""
        n, before, now = self.shape.n_pitches, r.before[at, other], r.value[at, other]
        moves = (own < n) & (before < n) & (now < n) & (now != before)
        return np.where(moves & np.isin(np.abs(own - before) % 12, (0, 7)), n + now + own - before, 3 * n)

    # --- ids seen from features; those of the header are not seen

    @property
    def _body(self) -> Ints:
        shape = self.shape
        return np.arange(1 + max(shape.rest, shape.hold, shape.end), dtype=np.int32)[None]

    def _intervals(self) -> Ints:
        """[own, ids]: the interval from a voice's note; other ids have classes of their own."""
        shape = self.shape
        own = np.arange(shape.none + 1)[:, None]
        table = self._interval(np.minimum(own, shape.none), np.minimum(self._body, shape.n_pitches), SPAN)
        return self._others(table, 2 * SPAN + 2)

    def _pitch_classes(self) -> Ints:
        """[collection, ids]: the pitch class as seen from the key."""
        tonic = np.arange(13)[:, None]
        table = np.where(tonic > 11, 12, (self._body + self.shape.low - tonic) % 12)
        return self._others(table, 13)

    def _same(self) -> Ints:
        """[n + pitch, ids]: 1 for the very pitch."""
        n = self.shape.n_pitches
        same: Ints = (np.arange(3 * n + 1)[:, None] == n + self._body) & (self._body < n)
        return same.astype(np.int32)

    def _others(self, table: npt.NDArray[np.integer], first: int) -> Ints:
        table = table.copy()
        table[:, self.shape.n_pitches :] = first + 2
        table[:, self.shape.rest] = first
        if self.shape.hold >= 0:
            table[:, self.shape.hold] = first + 1
        return table.astype(np.int32)

    # --- header

    def _header(self, ids_BH: Ints) -> _Header:
        """From the header ids; all unknown while they are not all there."""
        batch, n = ids_BH.shape
        if n < self.n_header or not n:
            zero = np.zeros(batch, np.int32)
            return _Header(zero, zero - 1, zero + 4 * self.steps_per_quarter, zero, zero - 1, zero)
        bar = self._bar_of[ids_BH[:, 0]]
        pickup, bars = self._pickup_of[ids_BH[:, 1]], self._bars_of[ids_BH[:, 3]]
        lead = np.where(pickup < 0, -1, -pickup % bar).astype(np.int32)
        steps = np.where(bars < 0, -1, bars * bar).astype(np.int32)
        density = self._density_of[ids_BH[:, 4]]
        return _Header(self._signature_of[ids_BH[:, 0]], self._key_of[ids_BH[:, 2]], bar, lead, steps, density)

    def _header_rows(self, n: int) -> Ints:
        rows = np.zeros((n, len(self.features)), np.int32)
        for i, feature in enumerate(self.features):
            if feature.classes is not None:
                rows[:, i] = feature.size - 1  # nothing yet
        rows[:, 2] = self.shape.n_voices * (self._max_bar + 1) + np.arange(n)
        return rows


class VoicesCursor:
    """The same, one id at a time, for a batch."""

    def __init__(self, context: VoicesContext, ids_BT: Ints) -> None:
        self._context = context
        self._header_ids = np.zeros((len(ids_BT), 0), np.int32)
        self._header = context._header(self._header_ids)
        self._stepper = RowStepper(len(ids_BT), context.shape)
        for column in ids_BT.T:
            self.advance(column)

    def row(self) -> Ints:
        """int32 [B, F]."""
        batch, n = self._header_ids.shape
        if n < self._context.n_header:
            return np.repeat(self._context._header_rows(n + 1)[-1:], batch, axis=0)
        return self._context._features(self._stepper.rows, self._header)

    def advance(self, ids_B: npt.NDArray[np.integer]) -> None:
        """Take one id each."""
        if self._header_ids.shape[1] < self._context.n_header:
            column = np.asarray(ids_B, np.int32)[:, None]
            self._header_ids = np.concatenate([self._header_ids, column], axis=1)
            self._header = self._context._header(self._header_ids)
        else:
            self._stepper.advance(np.asarray(ids_B))

    def fork(self, rows: npt.NDArray[np.integer]) -> VoicesCursor:
        """Another, at these sequences."""
        other = copy.copy(self)
        other._header_ids = self._header_ids[rows]
        other._header = self._context._header(other._header_ids)
        other._stepper = self._stepper.fork(rows)
        return other


def _shifted(size: int, n: int, shifts: Sequence[int]) -> Ints:
    """[A, size]: pitches below n move by the semitones of each augmentation, other values stay."""
    values = np.arange(size)
    return np.stack([np.where(values < n, np.clip(values + k, 0, n - 1), values) for k in shifts]).astype(np.int32)


def _collection_maps(shifts: Sequence[int]) -> Ints:
    tonic = np.arange(13)
    return np.stack([np.where(tonic > 11, 12, (tonic + k) % 12) for k in shifts]).astype(np.int32)


def _numbered(vocabulary: Vocabulary, kind: str) -> Ints:
    """[V]: 1, 2, … for the ids of a type, 0 for its Unknown and for all others."""
    numbers = np.zeros(len(vocabulary), np.int32)
    known = [i for i in vocabulary.of_type(kind) if not vocabulary.tokens[i].endswith("_Unknown")]
    numbers[known] = np.arange(1, len(known) + 1)
    return numbers


def _value(token: str, kind: str) -> int:
    """The number in `Kind_7`; -1 for another type or Unknown."""
    name, _, text = token.partition("_")
    return int(text) if name == kind and text != "Unknown" else -1

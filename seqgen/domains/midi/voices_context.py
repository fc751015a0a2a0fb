"""What a voice knows when its next id is chosen: the beat, its own note, the other voices' notes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seqgen.core.context import Feature
from seqgen.core.vocabulary import Vocabulary

Ints = npt.NDArray[np.int32]

MAX_HELD = 16  # steps
MAX_REMAINING = 32  # quarters


@dataclass
class _Header:
    """The header as small integers, per row; 0 where it was not given."""

    signature: Ints
    key: Ints
    bar: Ints  # steps
    lead: Ints  # steps of the first bar before the piece begins; -1 unknown
    steps: Ints  # total length in steps; -1 unknown


@dataclass
class _Rows:
    """The state before each of n ids; voices stand in the order in which they are written.

    slot: [n] which voice is next; n_voices + i at header position i. step: [n].
    notes: [n, voices] each voice's latest value (pitch index, rest, or none at the beginning).
    held: [n, voices] steps since that value began. now: [n, voices] whether it was chosen in this very step.
    """

    header: _Header
    slot: Ints
    step: Ints
    notes: Ints
    held: Ints
    now: npt.NDArray[np.bool_]


class VoicesContext:
    """Context of the voices tokenization. All features are functions of `_Rows`; `of` builds the rows of a whole
    sequence at once, the cursor one by one."""

    def __init__(
        self, *, n_pitches: int, n_voices: int, rest: int, hold: int, end: int, n_header: int,
        vocabulary: Vocabulary, steps_per_quarter: int, bar_steps: Mapping[str, int],
    ) -> None:
        self.n_pitches, self.n_voices = n_pitches, n_voices
        self.rest, self.hold, self.end = rest, hold, end
        self.n_header = n_header
        self.steps_per_quarter = steps_per_quarter
        self.none = n_pitches + 1
        n_values = n_pitches + 2
        v = vocabulary
        tokens = v.tokens
        self._signature_of = _numbered(v, "TimeSignature")
        self._key_of = _numbered(v, "Key")
        self._bar_of = np.array([bar_steps.get(t, 4 * steps_per_quarter) for t in tokens], np.int32)
        self._pickup_of = np.array([_value(t, "Pickup") for t in tokens], np.int32)
        self._bars_of = np.array([_value(t, "Length") for t in tokens], np.int32)
        self._max_bar = max(bar_steps.values())
        features = [Feature("voice", n_voices + n_header), Feature("place", self._max_bar + 1)]
        if n_header:
            features += [
                Feature("signature", int(self._signature_of.max()) + 1),
                Feature("key", int(self._key_of.max()) + 1),
                Feature("remaining", MAX_REMAINING + 2),
            ]
        features += [Feature("own", n_values), Feature("held", MAX_HELD + 1)]
        features += [Feature(f"note{i}", 2 * n_values) for i in range(n_voices)]
        self.features = tuple(features)
        self.backoff = ("voice", "own", "note0", "place", "held")

    def of(self, ids_T: npt.NDArray[np.integer]) -> Ints:
        """int32 [T + 1, F]."""
        ids = np.asarray(ids_T, np.int32)
        n, n_header, n_voices = len(ids) + 1, self.n_header, self.n_voices
        header = self._header(ids[None, :n_header])
        n_body = max(0, n - n_header)  # rows that predict a body id
        body = ids[n_header:]
        n_steps = -(-n_body // n_voices)
        padded = np.full(n_steps * n_voices, self.rest, np.int32)
        padded[: len(body)] = np.where(body == self.end, self.rest, body)[: len(padded)]
        grid = padded.reshape(n_steps, n_voices)
        value, held = self._resolve(grid)
        none = np.full((1, n_voices), self.none, np.int32)
        before = np.concatenate([none, value])[:-1]
        held_before = np.concatenate([np.zeros((1, n_voices), np.int32), held + 1])[:-1]
        slot = np.tile(np.arange(n_voices, dtype=np.int32), n_steps)
        now = np.tile(np.tri(n_voices, k=-1, dtype=bool), (n_steps, 1))
        step = np.repeat(np.arange(n_steps, dtype=np.int32), n_voices)
        rows = _Rows(
            header, slot, step, np.where(now, value[step], before[step]),
            np.where(now, held[step], held_before[step]), now,
        )
        body_rows = self._features(rows)[:n_body]
        if not n_header:
            return body_rows
        return np.concatenate([self._header_rows(min(n, n_header)), body_rows])

    def start(self, ids_BT: npt.NDArray[np.integer]) -> VoicesCursor:
        """A cursor after these ids."""
        return VoicesCursor(self, np.asarray(ids_BT, np.int32))

    def _resolve(self, grid: Ints) -> tuple[Ints, Ints]:
        """[steps, voices] ids -> (value of each slot with holds resolved, steps since that value began)."""
        steps = np.arange(len(grid), dtype=np.int32)[:, None]
        if self.hold >= 0:
            begins = grid != self.hold
        else:
            begins = np.ones(grid.shape, bool)
            begins[1:] = grid[1:] != grid[:-1]
        begun = np.maximum.accumulate(np.where(begins, steps, 0), axis=0) if len(grid) else grid
        value = np.take_along_axis(grid, begun, axis=0) if len(grid) else grid
        # A Hold with nothing to hold is not legal; treat it as silence.
        value = np.where(value == self.hold, self.rest, value) if self.hold >= 0 else value
        return value.astype(np.int32), (steps - begun).astype(np.int32)

    def _header(self, ids_BH: Ints) -> _Header:
        """From the header ids, as far as they are there."""
        batch, n = ids_BH.shape
        unknown = np.full(batch, -1, np.int32)
        if n < self.n_header or not n:
            zero = np.zeros(batch, np.int32)
            return _Header(zero, zero, zero + 4 * self.steps_per_quarter, zero, unknown)
        bar = self._bar_of[ids_BH[:, 0]]
        pickup, bars = self._pickup_of[ids_BH[:, 1]], self._bars_of[ids_BH[:, 3]]
        lead = np.where(pickup < 0, -1, -pickup % bar).astype(np.int32)
        steps = np.where(bars < 0, -1, bars * bar).astype(np.int32)
        return _Header(self._signature_of[ids_BH[:, 0]], self._key_of[ids_BH[:, 2]], bar, lead, steps)

    def _header_rows(self, n: int) -> Ints:
        rows = np.zeros((n, len(self.features)), np.int32)
        rows[:, 0] = self.n_voices + np.arange(n)
        return rows

    def _features(self, r: _Rows) -> Ints:
        n, n_values = len(r.slot), self.n_pitches + 2
        h = r.header
        out = np.zeros((n, len(self.features)), np.int32)
        at = np.arange(n)
        place = np.where(h.lead < 0, self._max_bar, (r.step + h.lead) % h.bar)
        columns: list[Ints | npt.NDArray[np.integer]] = [r.slot, place]
        if self.n_header:
            quarters = np.clip(-(-(h.steps - r.step) // self.steps_per_quarter), 0, MAX_REMAINING)
            columns += [h.signature, h.key, np.where(h.steps < 0, MAX_REMAINING + 1, quarters)]
        columns += [r.notes[at, r.slot], np.minimum(r.held[at, r.slot], MAX_HELD)]
        columns += list((r.notes + n_values * r.now).T)
        for i, column in enumerate(columns):
            out[:, i] = column
        return out


class VoicesCursor:
    """The same, one id at a time, for a batch."""

    def __init__(self, context: VoicesContext, ids_BT: Ints) -> None:
        self._context = context
        batch = len(ids_BT)
        self._header = np.zeros((batch, 0), np.int32)
        self._batch = batch
        self._n = 0  # ids taken
        shape = (batch, context.n_voices)
        self._rows = _Rows(
            context._header(self._header), np.zeros(batch, np.int32), np.zeros(batch, np.int32),
            np.full(shape, context.none, np.int32), np.zeros(shape, np.int32), np.zeros(shape, bool),
        )
        for column in ids_BT.T:
            self.advance(column)

    def row(self) -> Ints:
        """int32 [B, F]."""
        c = self._context
        if self._n < c.n_header:
            return np.repeat(c._header_rows(self._n + 1)[-1:], self._batch, axis=0)
        return c._features(self._rows)

    def advance(self, ids_B: npt.NDArray[np.integer]) -> None:
        """Take one id each."""
        c, r = self._context, self._rows
        ids = np.asarray(ids_B, np.int32)
        self._n += 1
        if self._n <= c.n_header:
            self._header = np.concatenate([self._header, ids[:, None]], axis=1)
            r.header = c._header(self._header)
            return
        slot = (self._n - c.n_header - 1) % c.n_voices
        old = r.notes[:, slot]
        ids = np.where(ids == c.end, c.rest, ids)
        if c.hold >= 0:
            holds = ids == c.hold
            value = np.where(holds, np.where(old == c.none, c.rest, old), ids)
        else:
            holds, value = ids == old, ids
        r.held[:, slot] = np.where(holds & (old != c.none), r.held[:, slot], 0)
        r.notes[:, slot] = value
        r.now[:, slot] = True
        if slot + 1 == c.n_voices:
            r.now[:] = False
            r.held += 1
            r.step += 1
        r.slot = np.full(self._batch, (slot + 1) % c.n_voices, np.int32)


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

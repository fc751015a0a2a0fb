"""Voices: up to eight monophonic voices on a grid, one id per voice and step.

A sequence is a header (time signature, pickup, key, length), then for every step of the grid one id per voice
in a fixed order — `Pitch_60` starts a note, `Hold` keeps it, `Rest` is silence — and `End`.
After Hadjeres et al. 2017 (DeepBach's hold symbol) and Peracha 2019 (TonicNet's interleaved voices).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from seqgen.core.augmentation import Augmentation
from seqgen.core.errors import BadInput, TooLarge, UsageError
from seqgen.core.grammar import Grammar, build_grammar
from seqgen.core.limits import LIMITS
from seqgen.core.tokenizer import Length
from seqgen.core.vocabulary import Vocabulary
from seqgen.domains.midi.canonical import canonical
from seqgen.domains.midi.keys import KEYS, Key, key_name, parse_key, transpose_key
from seqgen.domains.midi.options import check_grid
from seqgen.domains.midi.score import KeySignature, Score, Tempo, TimeSignature, Track, make_score
from seqgen.domains.midi.voices_context import VoicesContext
from seqgen.domains.midi.voices_state import VoicesShape

Ids = npt.NDArray[np.int32]

_NUMERATORS = {4: (1, 2, 3, 4, 5, 6, 7, 9, 12), 2: (1, 2, 3, 4), 8: (2, 3, 4, 5, 6, 7, 9, 12), 16: (6, 12)}
TIME_SIGNATURES = tuple(f"{n}/{denominator}" for denominator, numerators in _NUMERATORS.items() for n in numerators)
MAX_BARS = 128
VELOCITY = 80
TICKS = 480


@dataclass(frozen=True)
class VoicesSettings:
    """What defines a voices tokenization; JSON-ready.

    n_voices: 1 … 8. steps_per_quarter: the grid. low, high: the lowest and highest MIDI pitch.
    order: in which voices are written within a step, 0 the highest. programs, names: of the voices' tracks.
    holds: tell holding from repeating. header, end: whether sequences carry them.
    """

    n_voices: int = 4
    steps_per_quarter: int = 4
    low: int = 21
    high: int = 108
    order: tuple[int, ...] = ()
    programs: tuple[int, ...] = ()
    names: tuple[str, ...] = ()
    quarters_per_minute: float = 90.0
    holds: bool = True
    header: bool = True
    end: bool = True
    ranges: tuple[tuple[int, int], ...] = field(default=())

    def __post_init__(self) -> None:
        for name in ("holds", "header", "end"):
            if not isinstance(getattr(self, name), bool):
                raise UsageError(f"{name} is {getattr(self, name)!r}; it must be true or false.")
        for name in ("n_voices", "low", "high"):
            if not isinstance(getattr(self, name), int):
                raise UsageError(f"{name} is {getattr(self, name)!r}; it must be a whole number.")
        n = self.n_voices
        if not 1 <= n <= 8:
            raise UsageError(f"{n} voices: from 1 to 8 can be learned.", "Use --tokenizer remi for more.")
        check_grid(self.steps_per_quarter)
        tempo = self.quarters_per_minute
        if not isinstance(tempo, int | float) or not 1 <= tempo <= 1000:
            raise UsageError(f"{tempo!r} quarters a minute is no tempo.")
        if not 0 <= self.low < self.high <= 127:
            raise UsageError(f"Pitches {self.low} to {self.high} are not a range within 0 to 127.")
        # Bass right after soprano: the outer voices frame the harmony, the inner ones fill it.
        default_order = (0, *range(n - 1, 0, -1))
        object.__setattr__(self, "order", tuple(self.order) or default_order)
        if sorted(self.order) != list(range(n)):
            raise UsageError(f"The order {self.order} does not name each of {n} voices once.")
        object.__setattr__(self, "programs", tuple(self.programs) or (0,) * n)
        object.__setattr__(self, "names", tuple(self.names) or tuple(f"Voice {i + 1}" for i in range(n)))
        whole = (self.low, self.high)
        object.__setattr__(self, "ranges", tuple((int(a), int(b)) for a, b in self.ranges) or (whole,) * n)
        if not len(self.programs) == len(self.names) == len(self.ranges) == n:
            raise UsageError(f"Programs, names and ranges must be given for each of {n} voices.")
        if not all(isinstance(p, int) and 0 <= p <= 127 for p in self.programs):
            raise UsageError(f"The programs {self.programs} are not all whole numbers from 0 to 127.")
        if not all(isinstance(name, str) for name in self.names):
            raise UsageError(f"The names {self.names} are not all texts.")


class Voices:
    """The voices tokenization: settings -> vocabulary, grammar, context, augmentations; scores ↔ ids."""

    name = "voices"
    units = ("bars", "tokens")
    # What an n-gram should look at first: own voice and note, notes already placed, the beat.
    backoff: tuple[str, ...]

    def __init__(self, **settings: Any) -> None:
        self.settings = VoicesSettings(**settings)
        s = self.settings
        self.n_pitches = s.high - s.low + 1
        tokens = [f"Pitch_{p}" for p in range(s.low, s.high + 1)] + ["Rest"]
        tokens += ["Hold"] * s.holds + ["End"] * s.end
        if s.header:
            tokens += [f"TimeSignature_{t}" for t in TIME_SIGNATURES] + ["TimeSignature_Unknown"]
            tokens += [f"Pickup_{i}" for i in range(self._max_bar_steps)] + ["Pickup_Unknown"]
            tokens += [f"Key_{key_name(key)}" for key in KEYS] + ["Key_Unknown"]
            tokens += [f"Length_{n}" for n in range(1, MAX_BARS + 1)] + ["Length_Unknown"]
        self.header_types = ("TimeSignature", "Pickup", "Key", "Length") if s.header else ()
        self.n_header = len(self.header_types)
        self.vocabulary = Vocabulary(tokens, unscored_types=self.header_types)
        v = self.vocabulary
        self.rest = v.id("Rest")
        self.hold = v.id("Hold") if s.holds else -1
        self.end = v.id("End") if s.end else -1
        self.unknown_of: Ids = np.full(len(v), -1, np.int32)
        for kind in self.header_types:
            self.unknown_of[v.of_type(kind)] = v.id(f"{kind}_Unknown")
        self.grammar = self._grammar()
        self.shifts = (0, *(k for k in range(-6, 7) if k))
        self.context = VoicesContext(
            VoicesShape(self.n_pitches, s.n_voices, s.low, self.rest, self.hold, self.end),
            v,
            n_header=self.n_header,
            steps_per_quarter=s.steps_per_quarter,
            bar_steps={f"TimeSignature_{t}": self._bar_steps(t) for t in TIME_SIGNATURES},
            shifts=self.shifts,
        )
        self.backoff = self.context.backoff
        self.augmentations = self._transpositions()

    def config(self) -> Mapping[str, Any]:
        return asdict(self.settings)

    # --- scores to ids

    def encode(self, score: Score) -> Ids:
        """int32 [T]. Raises BadInput when the piece has more voices at once, or pitches out of range."""
        s = self.settings
        grid = self._grid(score)
        header: list[str] = []
        n_steps = grid.shape[1]
        if s.header:
            mark, key = _metre(score), _key(score)
            signature = f"{mark.numerator}/{mark.denominator}" if mark else None
            bar = self._bar_steps(signature or "4/4")
            origin = round(mark.tick * s.steps_per_quarter / score.ticks_per_quarter) if mark else 0
            silent = int((grid != self.rest).any(axis=0).argmax())
            pickup = (origin - silent) % bar
            grid = grid[:, silent:]
            n_steps = grid.shape[1]
            n_bars = min(MAX_BARS, max(1, round(n_steps / bar)))
            header = [
                f"TimeSignature_{signature or 'Unknown'}",
                f"Pickup_{pickup}",
                f"Key_{key_name(key) if key else 'Unknown'}",
                f"Length_{n_bars}",
            ]
        body = grid[list(s.order)].T.reshape(-1)
        return np.concatenate([self.vocabulary.ids(header), body, [self.end] * s.end]).astype(np.int32)

    def _grid(self, score: Score) -> Ids:
        """int32 [voices, steps] ids on the grid; after the last note nothing."""
        s = self.settings
        onset, stop = on_grid(score, s.steps_per_quarter)
        if not len(onset):
            raise BadInput(score.name or "piece", "holds no notes")
        keep = ~drums(score)
        voice = assign_voices(score, onset, stop, s.n_voices)
        outside = keep & ((score.pitch < s.low) | (score.pitch > s.high))
        if outside.any():
            worst = int(score.pitch[outside][0])
            raise BadInput(score.name or "piece", f"pitch {worst} is outside {s.low} to {s.high}")
        n_steps = int(stop.max())
        if n_steps * s.n_voices > LIMITS.max_tokens:
            raise TooLarge(score.name or "piece", "max_tokens", LIMITS.max_tokens, n_steps * s.n_voices)
        grid = np.full((s.n_voices, n_steps), self.rest, np.int32)
        for i in np.flatnonzero(keep):
            v, a, b = voice[i], onset[i], stop[i]
            token = int(score.pitch[i]) - s.low
            grid[v, a:b] = self.hold if s.holds else token
            grid[v, a] = token
        return grid

    # --- ids to scores

    def decode(self, ids: npt.NDArray[np.integer]) -> Score:
        """The piece, four-four and from the first beat where the header does not say; total on any ids."""
        s = self.settings
        ids = np.asarray(ids, np.int64)
        types = np.array(self.vocabulary.types)[ids] if len(ids) else np.array([], str)
        given = {
            kind: self.vocabulary.tokens[i].split("_", 1)[1]
            for kind, i in zip(types, ids, strict=True)
            if kind in self.header_types
        }
        body = ids[(ids < self.n_pitches) | (ids == self.rest) | (ids == self.hold)]
        n_steps = len(body) // s.n_voices
        grid = np.empty((s.n_voices, n_steps), np.int64)
        grid[list(s.order)] = body[: n_steps * s.n_voices].reshape(n_steps, s.n_voices).T
        signature = given.get("TimeSignature", "Unknown")
        bar = self._bar_steps("4/4" if signature == "Unknown" else signature)
        pickup = given.get("Pickup", "Unknown")
        lead = -int(pickup) % bar if pickup != "Unknown" else 0
        voice, onset, stop = self._notes(grid)
        ticks = TICKS // s.steps_per_quarter
        marks: dict[str, Any] = {"tempos": (Tempo(0, s.quarters_per_minute),)}
        if signature != "Unknown":
            marks["time_signatures"] = (TimeSignature(0, *map(int, signature.split("/"))),)
        key = given.get("Key", "Unknown")
        if key != "Unknown":
            marks["key_signatures"] = (KeySignature(0, *parse_key(key)),)
        used = np.unique(voice)
        score = make_score(
            TICKS,
            (onset + lead) * ticks,
            (stop - onset) * ticks,
            grid[voice, onset] + s.low,
            np.full(len(onset), VELOCITY),
            np.searchsorted(used, voice),
            [Track(s.programs[v], False, s.names[v]) for v in used],
            **marks,
        )
        return canonical(score)  # as a file can hold it

    def _notes(self, grid: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], ...]:
        """(voice, first step, step after the last) of each note of a grid [voices, steps]."""
        n_voices, n_steps = grid.shape
        sounding = grid < self.n_pitches
        if self.settings.holds:
            begins = sounding
        else:
            before = np.concatenate([np.full((n_voices, 1), -1), grid[:, :-1]], axis=1)
            begins = sounding & (grid != before)
        # A Hold after a rest is not legal, but decoding is total: it is silence.
        boundary = begins | (grid == self.rest)
        ends = np.full((n_voices, n_steps + 1), n_steps)
        for step in range(n_steps - 1, -1, -1):
            ends[:, step] = np.where(boundary[:, step], step, ends[:, step + 1])
        voice, onset = np.nonzero(begins)
        return voice, onset, ends[voice, onset + 1]

    def losses(self, score: Score) -> Mapping[str, float]:
        """What the grid and the header leave out or change: name -> how many; nothing that is zero."""
        onset, stop = on_grid(score, self.settings.steps_per_quarter)
        step = score.ticks_per_quarter / self.settings.steps_per_quarter
        shift = np.abs(onset * step - score.onset) / score.ticks_per_quarter
        counts = {
            "onsets_moved": float((shift > 1e-9).sum()),
            "largest_shift_in_quarters": round(float(shift.max(initial=0)), 4),
            "durations_changed": float((np.abs((stop - onset) * step - score.duration) > 1e-6).sum()),
            "drum_notes_dropped": float(drums(score).sum()),
            "velocities_set_to_80": float((score.velocity != VELOCITY).sum()),
            "tempo_marks_dropped": float(len(score.tempos)),
            "time_signature_changes_dropped": float(max(0, len(score.time_signatures) - 1)),
            "key_changes_dropped": float(max(0, len(score.key_signatures) - 1)),
        }
        return {name: n for name, n in counts.items() if n}

    # --- what a sample begins with

    def template(self, prompt: Score | None = None, length: tuple[int, str] | None = None, **given: str) -> Ids:
        """int32 [T]: header ids (-1 = free), then the prompt's steps."""
        values = dict.fromkeys(self.header_types, -1)
        body = np.zeros(0, np.int32)
        if prompt is not None:
            ids = self.encode(prompt)
            values.update(zip(self.header_types, ids[: self.n_header].tolist(), strict=True))
            values["Length"] = -1
            body = ids[self.n_header : len(ids) - self.settings.end]
        if length is not None and length[1] == "bars" and self.n_header:
            bar = self._bar_steps_of(ids[0] if prompt is not None else -1)
            given = {"bars": str(length[0] + round(len(body) / self.settings.n_voices / bar)), **given}
        for name, text in given.items():
            kind = {"key": "Key", "time_signature": "TimeSignature", "pickup": "Pickup", "bars": "Length"}.get(name)
            if kind is None or kind not in self.header_types:
                raise UsageError(f"This tokenizer takes no {name!r}.", "It takes key, time_signature, pickup and bars.")
            if kind == "Key" and text.lower() != "unknown":
                text = key_name(parse_key(text))
            elif kind == "Length" and text.isdigit():
                text = str(min(MAX_BARS, max(1, int(text))))
            values[kind] = self.vocabulary.id(f"{kind}_{text}" if text.lower() != "unknown" else f"{kind}_Unknown")
        return np.concatenate([np.array(list(values.values()), np.int32), body]).astype(np.int32)

    def length(self, amount: int, unit: str, ids: npt.NDArray[np.integer]) -> Length:
        """So many bars (of the header's time signature) or tokens."""
        counted = np.zeros(len(self.vocabulary), bool)
        counted[: self.rest + 1 + self.settings.holds] = True
        if unit == "tokens":
            return Length(counted, amount)
        if unit != "bars":
            raise UsageError(f"A length in {unit!r} is not known here.", "Use bars or tokens, like 16bars.")
        bar = self._bar_steps_of(int(ids[0]) if self.n_header else -1)
        return Length(counted, amount * bar * self.settings.n_voices)

    # --- tables

    @property
    def _max_bar_steps(self) -> int:
        return max(self._bar_steps(t) for t in TIME_SIGNATURES)

    def _bar_steps_of(self, time_signature_id: int) -> int:
        """Steps of a bar; of four-four when the id is unknown or not there."""
        token = self.vocabulary.tokens[time_signature_id] if time_signature_id >= 0 else "Unknown"
        return self._bar_steps("4/4" if token.endswith("Unknown") else token.split("_", 1)[1])

    def _bar_steps(self, signature: str) -> int:
        numerator, denominator = map(int, signature.split("/"))
        return max(1, int(Fraction(4 * numerator, denominator) * self.settings.steps_per_quarter))

    def _grammar(self) -> Grammar:
        s, v = self.settings, self.vocabulary
        kinds = ("Pitch", "Rest", "Hold", "End", *self.header_types)
        classes: dict[Hashable, Iterable[int]] = {k: v.of_type(k) for k in kinds if len(v.of_type(k))}
        body: Hashable = ("voice", 0, 0, False)  # next voice, bit set of sounding voices, has begun

        def follow(state: Any) -> Mapping[Hashable, Hashable]:
            if state[0] == "header":
                i = state[1]
                return {self.header_types[i]: ("header", i + 1) if i + 1 < self.n_header else body}
            if state[0] == "end":
                return {}
            _, voice, sounding, begun = state
            after, started = (voice + 1) % s.n_voices, begun or voice == s.n_voices - 1
            on, off = sounding | 1 << voice, sounding & ~(1 << voice)
            moves: dict[Hashable, Hashable] = {"Rest": ("voice", after, off if s.holds else 0, started)}
            moves["Pitch"] = ("voice", after, on if s.holds else 0, started)
            if s.holds and sounding >> voice & 1:
                moves["Hold"] = ("voice", after, on, started)
            if s.end and voice == 0 and begun:
                moves["End"] = ("end",)
            return moves

        def final(state: Any) -> bool:
            return state[0] == "end" or (state[0] == "voice" and state[1] == 0 and bool(state[3]))

        return build_grammar(classes, ("header", 0) if self.n_header else body, follow, final)

    def _transpositions(self) -> Augmentation:
        v, low, high = self.vocabulary, self.settings.low, self.settings.high
        table = np.tile(np.arange(len(v), dtype=np.int32), (len(self.shifts), 1))
        for row, k in zip(table, self.shifts, strict=True):
            for pitch in range(low, high + 1):
                row[pitch - low] = pitch + k - low if low <= pitch + k <= high else -1
            if self.settings.header:
                for key in KEYS:
                    row[v.id(f"Key_{key_name(key)}")] = v.id(f"Key_{key_name(transpose_key(key, k))}")
        return _VoiceTranspositions(self, [f"{k:+d} semitones" for k in self.shifts], table)


class _VoiceTranspositions(Augmentation):
    """Transpositions that keep each voice within the range it has in the training pieces."""

    def __init__(self, scheme: Voices, names: Sequence[str], table: npt.ArrayLike) -> None:
        super().__init__(names, table)
        self._scheme = scheme

    def admits(self, ids_T: npt.NDArray[np.integer]) -> npt.NDArray[np.bool_]:
        admitted = super().admits(ids_T)
        s = self._scheme.settings
        body = ids_T[self._scheme.n_header :]
        body = body[: len(body) // s.n_voices * s.n_voices].reshape(-1, s.n_voices)
        for column, voice in enumerate(s.order):
            pitches = body[:, column][body[:, column] < self._scheme.n_pitches]
            if len(pitches):
                low, high = s.ranges[voice]
                moved = self.map[:, [pitches.min(), pitches.max()]] + s.low
                admitted &= (moved[:, 0] >= low) & (moved[:, 1] <= high)
        admitted[0] = True
        return admitted


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
    if 0 < len(used) <= n_voices and all(_monophonic(onset, stop, pitched & (score.track == t)) for t in used):
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


def _monophonic(onset: Ids, stop: Ids, chosen: npt.NDArray[np.bool_]) -> bool:
    order = np.argsort(onset[chosen], kind="stable")
    return bool((onset[chosen][order][1:] >= stop[chosen][order][:-1]).all())


def _plausible_order(score: Score, used: npt.NDArray[Any]) -> bool:
    """Tracks written from high to low keep their order, even where voices cross."""
    means = [float(score.pitch[score.track == t].mean()) for t in used]
    return all(a > b for a, b in pairwise(means))


def _metre(score: Score) -> TimeSignature | None:
    """The time signature that lasts longest, if it can be said. Bars are counted from it: a shorter one before it is
    how many files write a pickup."""
    marks = score.time_signatures
    ends = [*(mark.tick for mark in marks[1:]), max(score.end_tick, marks[-1].tick if marks else 0)]
    spans = [end - mark.tick for mark, end in zip(marks, ends, strict=False)]
    if not spans:
        return None
    mark = marks[spans.index(max(spans))]
    return mark if f"{mark.numerator}/{mark.denominator}" in TIME_SIGNATURES else None


def _key(score: Score) -> Key | None:
    return (score.key_signatures[0].fifths, score.key_signatures[0].minor) if score.key_signatures else None

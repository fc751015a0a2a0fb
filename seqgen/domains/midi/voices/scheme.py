"""Voices: up to eight monophonic voices on a grid, one id per voice and step.

A sequence is a header (time signature, pickup, key, length, density, tempo), then for every step of the grid one id
per voice in a fixed order — `Pitch_60` starts a note, `Hold` keeps it, `Rest` is silence — and `End`.
After Hadjeres et al. 2017 (DeepBach's hold symbol) and Peracha 2019 (TonicNet's interleaved voices).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import asdict
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from seqgen.core.augmentation import Augmentation
from seqgen.core.controls import UNKNOWN, Control, asked, header_ids
from seqgen.core.errors import BadInput, TooLarge, UsageError
from seqgen.core.grammar import Grammar, build_grammar
from seqgen.core.limits import LIMITS
from seqgen.core.narrowing import Once
from seqgen.core.tokenizer import Length
from seqgen.core.vocabulary import Vocabulary
from seqgen.domains.midi.canonical import canonical, microseconds_of, tempo_of
from seqgen.domains.midi.header import (
    density_control,
    density_token,
    density_tokens,
    key_control,
    key_tokens,
    length_control,
    nearest_tempo,
    one_of,
    tempo_control,
    tempo_token,
    tempo_tokens,
    time_signature_control,
)
from seqgen.domains.midi.keys import Key, key_name, parse_key
from seqgen.domains.midi.score import KeySignature, Score, Tempo, TimeSignature, Track, make_score
from seqgen.domains.midi.voices.assignment import assign_voices, drums, on_grid
from seqgen.domains.midi.voices.context import VoicesContext
from seqgen.domains.midi.voices.settings import VoicesSettings
from seqgen.domains.midi.voices.state import VoicesShape
from seqgen.domains.midi.voices.transposition import VoiceTranspositions

Ids = npt.NDArray[np.int32]

_NUMERATORS = {4: (1, 2, 3, 4, 5, 6, 7, 9, 12), 2: (1, 2, 3, 4), 8: (2, 3, 4, 5, 6, 7, 9, 12), 16: (6, 12)}
TIME_SIGNATURES = tuple(f"{n}/{denominator}" for denominator, numerators in _NUMERATORS.items() for n in numerators)
MAX_BARS = 128
VELOCITY = 80
TICKS = 480


class Voices:
    """The voices tokenization: settings -> vocabulary, grammar, context, augmentations; scores ↔ ids."""

    name = "voices"
    candidates = 8  # a piece that stops where none would end sounds cut off
    units = ("bars", "tokens")
    once: tuple[Once, ...] = ()
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
            tokens += [f"Key_{value}" for value in key_tokens()]
            tokens += [f"Length_{n}" for n in range(1, MAX_BARS + 1)] + ["Length_Unknown"]
            tokens += [f"Density_{value}" for value in density_tokens()]
            tokens += [f"Tempo_{value}" for value in tempo_tokens()]
        self.controls = self._controls() if s.header else ()
        self.header_types = tuple(control.kind for control in self.controls)
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
        self.augmentations: Augmentation = VoiceTranspositions(s, v, self.n_header, self.shifts)

    def config(self) -> Mapping[str, Any]:
        """As JSON has it."""
        return asdict(self.settings)

    # --- scores to ids

    def encode(self, score: Score) -> Ids:
        """int32 [T]. Raises BadInput when the piece has more voices at once, or pitches out of range."""
        grid = self.grid(score)
        header, silent = self.header(score, grid)
        return self.joined(header, grid[:, silent:])

    def joined(self, header: npt.ArrayLike, grid: Ids) -> Ids:
        """int32 [T]: a header and int32 [voices, steps], to the end."""
        body = grid[list(self.settings.order)].T.reshape(-1)
        return np.concatenate([header, body, [self.end] * self.settings.end]).astype(np.int32)

    def header(self, score: Score, grid: Ids) -> tuple[Ids, int]:
        """The header's ids, and the steps of silence before the piece, which are left out; none without a header."""
        s = self.settings
        if not s.header:
            return np.zeros(0, np.int32), 0
        mark, key = _metre(score), _key(score)
        signature = f"{mark.numerator}/{mark.denominator}" if mark else None
        bar = self._bar_steps(signature or "4/4")
        origin = round(mark.tick * s.steps_per_quarter / score.ticks_per_quarter) if mark else 0
        silent = int((grid != self.rest).any(axis=0).argmax())
        n_steps = grid.shape[1] - silent
        tokens = [
            f"TimeSignature_{signature or 'Unknown'}",
            f"Pickup_{(origin - silent) % bar}",
            f"Key_{key_name(key) if key else 'Unknown'}",
            self.vocabulary.tokens[self.announced(n_steps, bar)],
            f"Density_{density_token(score.n_notes, n_steps / s.steps_per_quarter)}",
            f"Tempo_{tempo_token(score)}",
        ]
        return np.asarray(self.vocabulary.ids(tokens), np.int32), silent

    def grid(self, score: Score) -> Ids:
        """int32 [voices, steps] ids on the grid; after the last note nothing."""
        voice = assign_voices(score, *on_grid(score, self.settings.steps_per_quarter), self.settings.n_voices)
        return self.laid_out(score, voice)

    def laid_out(self, score: Score, voice: Ids) -> Ids:
        """The same of notes whose voices are known. Raises BadInput, TooLarge."""
        s = self.settings
        onset, stop = on_grid(score, s.steps_per_quarter)
        if not len(onset):
            raise BadInput(score.name or "piece", "holds no notes")
        keep = ~drums(score)
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
        marks: dict[str, Any] = {"tempos": (Tempo(0, self._tempo(given.get("Tempo", UNKNOWN))),)}
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
            "mean_shift_in_quarters": round(float(shift.mean()), 4) if len(shift) else 0.0,
            "largest_shift_in_quarters": round(float(shift.max(initial=0)), 4),
            "durations_changed": float((np.abs((stop - onset) * step - score.duration) > 1e-6).sum()),
            "drum_notes_dropped": float(drums(score).sum()),
            "velocities_set_to_80": float((score.velocity != VELOCITY).sum()),
            "tempo_changes_dropped": float(max(0, len(score.tempos) - 1)),
            "tempos_changed": float(
                any(f"{self._tempo(tempo_token(score)):g}" != f"{t.quarters_per_minute:g}" for t in score.tempos[:1])
            ),
            "time_signature_changes_dropped": float(max(0, len(score.time_signatures) - 1)),
            "key_changes_dropped": float(max(0, len(score.key_signatures) - 1)),
            "pedal_changes_dropped": float(len(score.pedals)),
            "pitch_bends_dropped": float(len(score.bends)),
        }
        return {name: n for name, n in counts.items() if n}

    def _tempo(self, said: str) -> float:
        """What a Tempo id is decoded to: the tempo of the training pieces where none is said or theirs would be."""
        own = tempo_of(microseconds_of(self.settings.quarters_per_minute))
        return own if said in (UNKNOWN, nearest_tempo(own)) else float(said)

    # --- what a sample begins with

    def _controls(self) -> tuple[Control, ...]:
        """What may be asked for, in the order of the header."""
        pickups = [str(i) for i in range(self._max_bar_steps)]
        about = "Steps of the grid before the first bar line."
        return (
            time_signature_control(TIME_SIGNATURES),
            Control("pickup", about, "4", one_of("pickup", pickups), "Pickup"),
            key_control(),
            length_control("bars", range(1, MAX_BARS + 1)),
            density_control(*self.settings.densities),
            tempo_control(),
        )

    def template(self, prompt: Score | None = None, length: tuple[int, str] | None = None, **given: Any) -> Ids:
        """int32 [T]: header ids (-1 = free), then the prompt's steps."""
        values, said = dict.fromkeys(self.header_types, -1), asked(self.controls, given)
        if self.n_header and not self.settings.tempos:
            values["Tempo"] = self.vocabulary.id(f"Tempo_{UNKNOWN}")  # of which nothing was learned
        body = np.zeros(0, np.int32)
        if prompt is not None:
            ids = self.encode(prompt)
            values.update(zip(self.header_types, ids[: self.n_header].tolist(), strict=True))
            values |= {"Length": -1} if self.n_header else {}
            body = ids[self.n_header : len(ids) - self.settings.end]
        values |= header_ids(self.controls, self.vocabulary, said)
        if length is not None and length[1] == "bars" and "bars" not in said and self.n_header:
            bar = self._bar_steps_of(values["TimeSignature"])
            n_bars = length[0] + round(len(body) / self.settings.n_voices / bar)
            values["Length"] = self.vocabulary.id(f"Length_{min(n_bars, MAX_BARS)}")
        return np.concatenate([np.array(list(values.values()), np.int32), body]).astype(np.int32)

    def length(self, amount: int, unit: str, ids: npt.NDArray[np.integer]) -> Length:
        """So many bars (of the header's time signature) or tokens. Raises UsageError."""
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

    def announced(self, n_steps: int, bar: int) -> int:
        """The Length id of so many steps."""
        return self.vocabulary.id(f"Length_{min(MAX_BARS, max(1, round(n_steps / bar)))}")

    def metre(self, header: Sequence[int]) -> tuple[int, int]:
        """Steps of a bar, and before the first bar line."""
        if not self.n_header:
            return self._bar_steps("4/4"), 0
        pickup = self.vocabulary.tokens[header[1]].split("_", 1)[1]
        return self._bar_steps_of(int(header[0])), 0 if pickup == "Unknown" else int(pickup)

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

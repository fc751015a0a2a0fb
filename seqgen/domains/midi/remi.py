"""REMI: any number of instruments in one stream of bars, positions and notes.

After Huang & Yang 2020 ("Pop Music Transformer"), with programs, drums, tempos and time signatures. Ours differs in
this: a Program is said only when it changes, drums have pitches of their own, time signatures are said when they
change, and a header opens the sequence (Key, Length in bars, Density), each with an Unknown value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from seqgen.core.augmentation import Augmentation
from seqgen.core.errors import BadInput, TooLarge, UsageError
from seqgen.core.limits import LIMITS
from seqgen.core.tokenizer import Length
from seqgen.core.vocabulary import Vocabulary
from seqgen.domains.midi.canonical import microseconds_of, sort_rows, tempo_of
from seqgen.domains.midi.keys import KEYS, key_name, parse_key, transpose_key
from seqgen.domains.midi.remi_context import RemiContext
from seqgen.domains.midi.remi_grammar import remi_grammar
from seqgen.domains.midi.remi_grid import (
    MAX_LAYERS,
    Bars,
    Metre,
    durations,
    layers,
    lengths,
    nearest,
    tempos,
    to_grid,
)
from seqgen.domains.midi.score import KeySignature, Score, Tempo, TimeSignature, Track

Ids = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]

HEADER = ("Key", "Length", "Density")
_TICKS = 480  # a quarter in decoded scores
_DENSITIES = (0.5, 1, 2, 3, 4, 6, 8, 12)  # notes a quarter; class i + 1 begins where i ends
_SHIFTS = (0, *(k for k in range(-6, 6) if k))
_TEMPO, _DRUMS, _FIRST_PROGRAM = 0, 1, 2  # how events at one position are ordered: tempo, drums, programs
_KINDS = (*HEADER, "Bar", "TimeSignature", "Position", "Tempo", "Program", "Pitch", "Drum", "Velocity", "Duration", "End")


@dataclass(frozen=True)
class RemiSettings:
    """What defines a REMI tokenization; JSON-ready.

    positions_per_quarter: the grid; 12 holds sixteenths and triplets. n_velocities: loudness steps. max_duration:
    quarters a note may last. ranges: (program, lowest, highest pitch) that transposition keeps to; programs not named
    keep within the piano's 21-108.
    """

    positions_per_quarter: int = 12
    n_velocities: int = 32
    max_duration: int = 32
    ranges: tuple[tuple[int, int, int], ...] = ()

    def __post_init__(self) -> None:
        if self.positions_per_quarter not in (4, 6, 8, 12, 16, 24):
            raise UsageError(f"{self.positions_per_quarter} positions a quarter: choose 4, 6, 8, 12, 16 or 24.")
        if not 1 <= self.n_velocities <= 127:
            raise UsageError(f"{self.n_velocities} velocities: choose 1 to 127.")
        if not 4 <= self.max_duration <= 64:
            raise UsageError(f"Notes of at most {self.max_duration} quarters: choose 4 to 64.")
        try:
            ranges = tuple(sorted((int(program), int(low), int(high)) for program, low, high in self.ranges))
        except (TypeError, ValueError):
            raise UsageError("Ranges are triples of program, lowest and highest pitch.") from None
        if not all(0 <= program < 128 and 0 <= low <= high < 128 for program, low, high in ranges):
            raise UsageError("A range is a program and two pitches, each 0 to 127, the lower pitch first.")
        object.__setattr__(self, "ranges", ranges)


class Remi:
    """The REMI tokenization: settings -> vocabulary, grammar, context, augmentations; scores ↔ ids."""

    name = "remi"
    units = ("bars", "tokens")
    backoff = ("place", "pitch", "program", "duration", "metre")

    def __init__(self, **settings: Any) -> None:
        try:
            self.settings = s = RemiSettings(**settings)
        except TypeError as error:
            raise UsageError(f"These are no settings of a REMI tokenization ({error}).") from None
        self.metre = Metre(s.positions_per_quarter)
        self._durations = durations(s.positions_per_quarter, s.max_duration)
        self._velocities = np.unique((np.arange(1, s.n_velocities + 1) * 128 // s.n_velocities).clip(1, 127))
        self._tempos, self._lengths = np.array(tempos()), lengths()
        values: dict[str, Sequence[object]] = {
            "Key": [key_name(key) for key in KEYS] + ["Unknown"],
            "Length": [*self._lengths, "Unknown"],
            "Density": [*range(1, len(_DENSITIES) + 2), "Unknown"],
            "Bar": [""],
            "TimeSignature": [f"{n}/{d}" for n, d in self.metre.signatures],
            "Position": range(self.metre.max_length),
            "Tempo": self._tempos.tolist(),
            "Program": range(128),
            "Pitch": range(128),
            "Drum": range(128),
            "Velocity": self._velocities.tolist(),
            "Duration": [_in_quarters(d, s.positions_per_quarter) for d in self._durations.tolist()],
            "End": [""],
        }
        tokens = [f"{kind}_{value}".rstrip("_") for kind in _KINDS for value in values[kind]]
        self.vocabulary = v = Vocabulary(tokens, unscored_types=HEADER)
        self._first = {kind: int(v.of_type(kind)[0]) for kind in _KINDS}
        self._kind = np.array([_KINDS.index(kind) for kind in v.types], np.int8)
        self._value = np.arange(len(v)) - np.array([self._first[kind] for kind in v.types])
        self.unknown_of: Ids = np.full(len(v), -1, np.int32)
        for kind in HEADER:
            self.unknown_of[v.of_type(kind)] = v.id(f"{kind}_Unknown")
        # Tables from what notes hold (MIDI velocity, positions) to the index of the nearest value there is.
        self._velocity_index = nearest(self._velocities, 128)
        self._duration_index = nearest(self._durations, int(self._durations[-1]) + 1)
        self.grammar = remi_grammar(v, HEADER, self.metre)
        self.context = RemiContext(v, s.positions_per_quarter)
        self.augmentations: Augmentation = RemiTranspositions(self)

    @property
    def ticks_per_quarter(self) -> int:
        """Of decoded scores: whole positions, as near to 480 as can be."""
        return _TICKS // self.settings.positions_per_quarter * self.settings.positions_per_quarter

    def config(self) -> Mapping[str, Any]:
        """The settings, JSON-ready."""
        return asdict(self.settings)

    # --- scores to ids

    def encode(self, score: Score) -> Ids:
        """int32 [T]: header, bars with their events in order of position (tempo, drums, programs; low pitches first).

        Raises BadInput for a piece without notes, TooLarge over max_bars or max_tokens."""
        name = score.name or "piece"
        if not score.n_notes:
            raise BadInput(name, "holds no notes")
        onset, code, pitch, duration, velocity = self._notes(score)
        last = int(onset.max())
        bars = self.metre.bars(score.time_signatures, score.ticks_per_quarter, last)
        n_bars = int(bars.of(np.array([last]))[0][0]) + 1
        if n_bars > LIMITS.max_bars:
            raise TooLarge(name, "max_bars", LIMITS.max_bars, n_bars)
        said = [(at, index) for at, index in self._tempo_steps(score) if at <= last]
        if said:
            at, index = np.array(said, np.int64).T
            none = np.zeros(len(at), np.int64)
            onset, code, pitch = (np.concatenate(c) for c in ((onset, at), (code, none + _TEMPO), (pitch, index)))
            duration, velocity = np.concatenate((duration, none)), np.concatenate((velocity, none))
        rows = sort_rows((onset, code, pitch, duration, velocity))
        header = [*self._key(score), *self._size(n_bars, score.n_notes, last)]
        ids = self._lay_out(header, bars, rows, bool(said))
        if len(ids) > LIMITS.max_tokens:
            raise TooLarge(name, "max_tokens", LIMITS.max_tokens, len(ids))
        return ids

    def _notes(self, score: Score) -> tuple[Longs, ...]:
        """Position, code of the program, pitch, indices of duration and velocity of each note; int64 [N] each."""
        per_quarter = self.settings.positions_per_quarter
        onset = to_grid(score.onset, score.ticks_per_quarter, per_quarter)
        duration = to_grid(score.duration, score.ticks_per_quarter, per_quarter)
        codes = np.array([_DRUMS if t.is_drum else t.program + _FIRST_PROGRAM for t in score.tracks], np.int64)
        duration = self._duration_index[np.minimum(duration, len(self._duration_index) - 1)]
        return onset, codes[score.track], score.pitch.astype(np.int64), duration, self._velocity_index[score.velocity]

    def _tempo_steps(self, score: Score) -> list[tuple[int, int]]:
        """(position, index of the nearest tempo), changes only."""
        scale = self.settings.positions_per_quarter / score.ticks_per_quarter
        latest = {int(t.tick * scale + 0.5): t.quarters_per_minute for t in score.tempos}
        steps: list[tuple[int, int]] = []
        for at, tempo in sorted(latest.items()):
            index = int(np.abs(self._tempos - tempo).argmin())
            if not steps or steps[-1][1] != index:
                steps.append((at, index))
        return steps

    def _key(self, score: Score) -> list[int]:
        """The Key id: of the key in force where the first note begins."""
        key = [k for k in score.key_signatures if k.tick <= max(int(score.onset.min()), 0)][-1:]
        return [self.vocabulary.id(f"Key_{key_name((key[0].fifths, key[0].minor))}" if key else "Key_Unknown")]

    def _size(self, n_bars: int, n_notes: int, last: int) -> list[int]:
        """The ids of Length and Density."""
        longer = int(np.searchsorted(self._lengths, n_bars))
        per_quarter = n_notes * self.settings.positions_per_quarter / (last + 1)
        density = int(np.searchsorted(_DENSITIES, per_quarter))
        return [self._first["Length"] + min(longer, len(self._lengths) - 1), self._first["Density"] + density]

    def _lay_out(self, header: list[int], bars: Bars, rows: tuple[Longs, ...], has_tempos: bool) -> Ids:
        """Sorted events as ids: each event's size is known, so all are written at once, where they end."""
        first = self._first
        onset, code, pitch, duration, velocity = rows
        bar, place = bars.of(onset)
        moves = np.empty(len(onset), bool)
        moves[0] = True
        np.not_equal(onset[1:], onset[:-1], out=moves[1:])
        new_bars = np.diff(bar, prepend=-1)
        pitched = np.flatnonzero(code >= _FIRST_PROGRAM)
        switches = np.zeros(len(onset), bool)
        switches[pitched] = np.diff(code[pitched], prepend=-1) != 0
        own = np.where(code == _TEMPO, 1, 3)  # ids of the event itself
        end = np.cumsum(new_bars + moves + switches + own) + len(header)
        out = np.full(int(end[-1]) + 1, first["Bar"], np.int32)
        out[: len(header)] = header
        out[-1] = first["End"]
        before = end - own - 1
        out[before[switches]] = code[switches] + (first["Program"] - _FIRST_PROGRAM)
        out[(before - switches)[moves]] = place[moves] + first["Position"]
        if has_tempos:
            tempo = code == _TEMPO
            out[end[tempo] - 1] = pitch[tempo] + first["Tempo"]
            note = ~tempo
            end, code, pitch, duration, velocity = (c[note] for c in (end, code, pitch, duration, velocity))
        out[end - 1] = duration + first["Duration"]
        out[end - 2] = velocity + first["Velocity"]
        out[end - 3] = pitch + np.where(code == _DRUMS, first["Drum"], first["Pitch"])
        stated = np.flatnonzero(bars.stated)
        if len(stated):
            bar_ids = np.flatnonzero(out == first["Bar"])
            at = bar_ids[bars.first_bar[stated]] + 1
            out = np.insert(out, at, (bars.signature[stated] + first["TimeSignature"]).astype(np.int32))
        return out

    # --- ids to scores

    def decode(self, ids: npt.NDArray[np.integer]) -> Score:
        """The piece that ids say, canonical, 480 ticks a quarter; what is incomplete or out of place is left out.

        A program is one track; where equal pitches of it overlap, further tracks of the same program hold them."""
        ids = np.asarray(ids, np.int64).reshape(-1)
        kind, value = self._kind[ids], self._value[ids]
        bar = np.cumsum(kind == _K["Bar"]) - 1
        bar_start, bar_length, signatures = self._bar_lines(kind, value, bar)
        places = np.flatnonzero(kind == _K["Position"])
        places = places[(bar[places] >= 0) & (value[places] < bar_length[bar[places]])]

        def onset_at(events: Longs) -> tuple[Longs, npt.NDArray[np.bool_]]:
            """Where events stand, and which of them follow a position of their own bar."""
            if not len(places):
                return events, np.zeros(len(events), bool)
            found = np.searchsorted(places, events) - 1
            place = places[found]
            return bar_start[bar[place]] + value[place], (found >= 0) & (bar[place] == bar[events])

        ends = np.flatnonzero(kind == _K["Duration"])
        ends = ends[ends >= 2]
        struck = kind[ends - 2]
        ends = ends[(kind[ends - 1] == _K["Velocity"]) & ((struck == _K["Pitch"]) | (struck == _K["Drum"]))]
        onset, stands = onset_at(ends)
        ends, onset = ends[stands], onset[stands]
        programs = np.flatnonzero(kind == _K["Program"])
        latest = np.searchsorted(programs, ends) - 1
        program = np.where(latest >= 0, value[programs[latest]], 0) if len(programs) else np.zeros_like(ends)
        program = np.where(kind[ends - 2] == _K["Drum"], 128, program)  # drums stand after all programs
        notes = (program, value[ends - 2], onset, self._durations[value[ends]], self._velocities[value[ends - 1]])
        marks: dict[str, Any] = {}
        if len(ends):
            last = int(onset.max())
            tempo_ids = np.flatnonzero(kind == _K["Tempo"])
            at, stands = onset_at(tempo_ids)
            marks["tempos"] = self._tempo_marks(at[stands], value[tempo_ids[stands]], last)
            marks["time_signatures"] = self._signature_marks(bar_start, signatures, last)
        keys = value[kind == _K["Key"]]
        if len(keys) and keys[-1] < len(KEYS):
            marks["key_signatures"] = (KeySignature(0, *KEYS[keys[-1]]),)
        return self._score(*notes, marks)

    def _bar_lines(self, kind: npt.NDArray[np.int8], value: Longs, bar: Longs) -> tuple[Longs, Longs, Longs]:
        """First position and length of each bar; (bar, signature) int64 [n, 2] of each time signature said."""
        n_bars = int(bar[-1]) + 1 if len(bar) else 0
        said = np.flatnonzero(kind == _K["TimeSignature"])
        said = said[(said > 0) & (kind[said - 1] == _K["Bar"])]
        starts = np.concatenate(([0], bar[said]))
        signature = np.concatenate(([self.metre.common], value[said]))
        length = np.repeat(self.metre.length[signature], np.diff(np.append(starts, n_bars)))
        start = np.cumsum(length) - length
        return start, length, np.stack((bar[said], value[said]), axis=1)

    def _tempo_marks(self, at: Longs, index: Longs, last: int) -> tuple[Tempo, ...]:
        latest = dict(zip(at[at <= last].tolist(), index[at <= last].tolist(), strict=True))
        marks: list[Tempo] = []
        for place in sorted(latest):
            tempo = tempo_of(microseconds_of(float(self._tempos[latest[place]])))
            if not marks or marks[-1].quarters_per_minute != tempo:
                marks.append(Tempo(place * self._ticks, tempo))
        return tuple(marks)

    def _signature_marks(self, bar_start: Longs, said: Longs, last: int) -> tuple[TimeSignature, ...]:
        marks: list[TimeSignature] = []
        for bar, index in said.tolist():
            mark = TimeSignature(int(bar_start[bar]) * self._ticks, *self.metre.signatures[index])
            if bar_start[bar] <= last and (
                not marks or (mark.numerator, mark.denominator) != (marks[-1].numerator, marks[-1].denominator)
            ):
                marks.append(mark)
        return tuple(marks)

    @property
    def _ticks(self) -> int:
        """Of one position."""
        return _TICKS // self.settings.positions_per_quarter

    def _score(
        self, program: Longs, pitch: Longs, onset: Longs, duration: Longs, velocity: Longs, marks: dict[str, Any]
    ) -> Score:
        voice, onset, duration, velocity, layer = layers(program << 7 | pitch, onset, duration, velocity)
        if len(layer) and layer.max() >= MAX_LAYERS:
            kept = layer < MAX_LAYERS
            voice, onset, duration, velocity, layer = (c[kept] for c in (voice, onset, duration, velocity, layer))
        code = (voice >> 7) * MAX_LAYERS + layer
        used = np.flatnonzero(np.bincount(code, minlength=1))
        number = np.zeros(129 * MAX_LAYERS, np.int64)
        number[used] = np.arange(len(used))
        rows = sort_rows((onset, number[code], voice & 127, duration, velocity))
        onset, track, pitch, duration, velocity = (column.astype(np.int32) for column in rows)
        tracks = tuple(
            Track(0, True) if program == 128 else Track(program) for program in (used // MAX_LAYERS).tolist()
        )
        return Score(
            self.ticks_per_quarter, onset * np.int32(self._ticks), duration * np.int32(self._ticks), pitch, velocity,
            track, tracks if len(onset) else (), **marks,
        )  # fmt: skip

    # --- what quantisation does

    def quantise(self, score: Score) -> Score:
        """The piece as this scheme can say it: `decode(encode(s))`, which is s itself when s is on the grid."""
        return self.decode(self.encode(score))

    def losses(self, score: Score) -> dict[str, float]:
        """What `quantise` changes: counts by name (and the largest shift of an onset in quarters); zeros left out."""
        onset, _, _, duration, velocity = self._notes(score)
        kept = self.quantise(score)
        ticks = score.ticks_per_quarter / self.settings.positions_per_quarter
        shift = np.abs(onset * ticks - score.onset) / score.ticks_per_quarter
        tempos_kept = {t.quarters_per_minute for t in kept.tempos}
        last = int(score.onset.max())
        counts = {
            "notes_dropped": score.n_notes - kept.n_notes,
            "onsets_moved": int((shift > 1e-9).sum()),
            "largest_shift_in_quarters": round(float(shift.max()), 4),
            "durations_changed": int((np.abs(self._durations[duration] * ticks - score.duration) > 1e-6).sum()),
            "velocities_changed": int((self._velocities[velocity] != score.velocity).sum()),
            "tempos_changed": sum(t.quarters_per_minute not in tempos_kept for t in score.tempos),
            "time_signatures_changed": sum(
                not any(self._same_mark(mark, k, score) for k in kept.time_signatures) for mark in score.time_signatures
            ),
            "key_changes_dropped": max(len(score.key_signatures) - len(kept.key_signatures), 0),
            "marks_after_the_last_note": sum(t.tick > last for t in (*score.tempos, *score.time_signatures)),
            "tracks_merged": max(len(score.tracks) - len(kept.tracks), 0),
            "track_names_dropped": sum(bool(track.name) for track in score.tracks),
        }
        return {name: count for name, count in counts.items() if count}

    def _same_mark(self, mark: TimeSignature, kept: TimeSignature, score: Score) -> bool:
        same = (mark.numerator, mark.denominator) == (kept.numerator, kept.denominator)
        return same and mark.tick * self.ticks_per_quarter == kept.tick * score.ticks_per_quarter

    # --- what a sample begins with

    def template(self, prompt: Score | None = None, **given: str) -> Ids:
        """int32 [T]: header ids (-1 = free), then the prompt up to its last note.

        given: key ("G major"), bars (a number), density (1 sparse … 9 dense); "unknown" blanks one. Raises UsageError.
        """
        values = dict.fromkeys(HEADER, -1)
        body = np.zeros(0, np.int32)
        if prompt is not None:
            ids = self.encode(prompt)
            values["Key"] = int(ids[HEADER.index("Key")])
            values["Density"] = int(ids[HEADER.index("Density")])
            body = ids[len(HEADER) : -1]
        names = {"key": "Key", "bars": "Length", "density": "Density"}
        for name, text in given.items():
            kind = names.get(name)
            if kind is None:
                raise UsageError(f"This tokenizer takes no {name!r}.", f"It takes {', '.join(names)}.")
            value = str(text).strip()
            if value.lower() == "unknown":
                value = "Unknown"
            elif kind == "Key":
                value = key_name(parse_key(value))
            elif kind == "Length" and value.isdigit() and int(value) > 0:
                value = str(self._lengths[min(int(np.searchsorted(self._lengths, int(value))), len(self._lengths) - 1)])
            values[kind] = self.vocabulary.id(f"{kind}_{value}")
        return np.concatenate((np.array(list(values.values()), np.int32), body)).astype(np.int32)

    def length(self, amount: int, unit: str, template: npt.NDArray[np.integer]) -> Length:
        """So many bars, or tokens after the header, in all: those of the template count. Raises UsageError."""
        if unit == "bars":
            counted = self._kind == _K["Bar"]
        elif unit == "tokens":
            counted = self.vocabulary.scored & (self._kind != _K["End"])
        else:
            raise UsageError(f"A length in {unit!r} is not known here.", "Use bars or tokens, like 16bars.")
        return Length(counted, amount)


class RemiTranspositions(Augmentation):
    """Transpositions by -6 … +5 semitones; drums stay. Each program keeps within its range, or its own notes' if those
    lie outside of it already."""

    def __init__(self, scheme: Remi) -> None:
        v = scheme.vocabulary
        table = np.tile(np.arange(len(v), dtype=np.int32), (len(_SHIFTS), 1))
        pitches = v.of_type("Pitch")
        for row, k in zip(table, _SHIFTS, strict=True):
            moved = np.arange(128) + k
            row[pitches] = np.where((moved >= 0) & (moved < 128), pitches + k, -1)
            for key in KEYS:
                row[v.id(f"Key_{key_name(key)}")] = v.id(f"Key_{key_name(transpose_key(key, k))}")
        super().__init__([f"{k:+d} semitones" for k in _SHIFTS], table)
        self._pitch, self._program = pitches[0], v.of_type("Program")[0]
        self._low, self._high = np.full(128, 21), np.full(128, 108)
        for program, low, high in scheme.settings.ranges:
            self._low[program], self._high[program] = low, high

    def admits(self, ids_T: npt.NDArray[np.integer]) -> npt.NDArray[np.bool_]:
        ids = np.asarray(ids_T, np.int64)
        at = np.flatnonzero((ids >= self._pitch) & (ids < self._pitch + 128))
        admitted = np.ones(len(self), bool)
        if not len(at):
            return admitted
        pitch = ids[at] - self._pitch
        said = np.flatnonzero((ids >= self._program) & (ids < self._program + 128))
        latest = np.searchsorted(said, at) - 1
        program = np.where(latest >= 0, ids[said[latest]] - self._program, 0) if len(said) else np.zeros_like(at)
        lowest, highest = np.full(128, 127), np.zeros(128, np.int64)
        np.minimum.at(lowest, program, pitch)
        np.maximum.at(highest, program, pitch)
        used = np.unique(program)
        low, high = np.minimum(self._low, lowest)[used], np.maximum(self._high, highest)[used]
        for row, k in enumerate(_SHIFTS):
            admitted[row] = bool((lowest[used] + k >= low).all() and (highest[used] + k <= high).all())
        return admitted


def ranges_of(scores: Sequence[Score]) -> tuple[tuple[int, int, int], ...]:
    """(program, lowest, highest pitch) of each program in these pieces, for the setting `ranges`."""
    lowest, highest = np.full(128, 127), np.full(128, -1)
    for score in scores:
        for i, track in enumerate(score.tracks):
            if not track.is_drum and len(pitch := score.pitch[score.track == i]):
                lowest[track.program] = min(lowest[track.program], pitch.min())
                highest[track.program] = max(highest[track.program], pitch.max())
    return tuple((p, int(lowest[p]), int(highest[p])) for p in np.flatnonzero(highest >= 0).tolist())


def _in_quarters(positions: int, per_quarter: int) -> str:
    """`1.06`: one quarter and six positions."""
    return f"{positions // per_quarter}.{positions % per_quarter:02d}"


_K = {kind: i for i, kind in enumerate(_KINDS)}

"""Performances in one stream of time shifts, velocities, notes with their durations, and pedals.

After Oore et al. 2018 ("This time with feeling"), who write note-on and note-off. A note here says its duration when it
begins (the field calls that TSD, or structured MIDI): so every legal sequence is whole notes, none is left sounding.
Program and Velocity are said when they change, a velocity within its program; tempo marks only turn ticks into seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from seqgen.core.augmentation import Augmentation
from seqgen.core.errors import BadInput, TooLarge, UsageError
from seqgen.core.limits import LIMITS
from seqgen.core.tokenizer import Length
from seqgen.domains.midi.canonical import changes, sort_rows
from seqgen.domains.midi.clock import Clock
from seqgen.domains.midi.keys import key_name, parse_key
from seqgen.domains.midi.performance.context import PerformanceContext
from seqgen.domains.midi.performance.decoder import PerformanceDecoder
from seqgen.domains.midi.performance.grammar import performance_grammar
from seqgen.domains.midi.performance.words import (
    DENSITIES,
    DRUMS,
    HEADER,
    KIND,
    LENGTHS,
    PerformanceSettings,
    PerformanceWords,
)
from seqgen.domains.midi.remi.transposition import RemiTranspositions
from seqgen.domains.midi.score import Score

Ids = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]

_PEDAL, _NOTE = 0, 1  # how events of a program at one time are ordered
_BAR_SECONDS = 2  # a bar of decoded scores: four quarters at 120


class Performance:
    """The performance tokenization: settings -> vocabulary, grammar, context, augmentations; scores ↔ ids."""

    name = "performance"
    units = ("seconds", "bars", "tokens")
    backoff = ("since", "pitch", "program", "chord", "duration")

    def __init__(self, **settings: Any) -> None:
        try:
            self.settings = s = PerformanceSettings(**settings)
        except TypeError as error:
            raise UsageError(f"These are no settings of a performance tokenization ({error}).") from None
        self.words = words = PerformanceWords(s)
        self.vocabulary = v = words.vocabulary
        self.unknown_of: Ids = np.full(len(v), -1, np.int32)
        for kind in HEADER:
            self.unknown_of[v.of_type(kind)] = v.id(f"{kind}_Unknown")
        self.grammar = performance_grammar(words)
        self.augmentations: Augmentation = RemiTranspositions(v, s.ranges)
        self.context = PerformanceContext(words, self.augmentations)
        self._decoder = PerformanceDecoder(words)

    def config(self) -> Mapping[str, Any]:
        """The settings, JSON-ready."""
        return asdict(self.settings)

    # --- scores to ids

    def encode(self, score: Score) -> Ids:
        """int32 [T]: header, then events in order of time, program (drums last), pedal before notes, pitch.

        Raises BadInput for a piece without notes, TooLarge over max_tokens.
        """
        name = score.name or "piece"
        if not score.n_notes:
            raise BadInput(name, "holds no notes")
        notes, pedals = self._notes(score), self._pedals(score)
        step = np.concatenate((notes[0], pedals[:, 0]))
        seconds = int(step.max()) // self.words.steps_per_second
        if seconds + len(step) > LIMITS.max_tokens:  # before anything so long is laid out
            raise TooLarge(name, "max_tokens", LIMITS.max_tokens, seconds + len(step))
        none = np.zeros(len(pedals), np.int64)
        program, pitch = np.concatenate((notes[1], pedals[:, 1])), np.concatenate((notes[2], pedals[:, 2]))
        order = np.repeat((_NOTE, _PEDAL), (score.n_notes, len(pedals)))
        duration, velocity = np.concatenate((notes[3], none)), np.concatenate((notes[4], none))
        ids = self._lay_out(
            self._header(score, int(notes[0].max())), sort_rows((step, program, order, pitch, duration, velocity))
        )
        if len(ids) > LIMITS.max_tokens:
            raise TooLarge(name, "max_tokens", LIMITS.max_tokens, len(ids))
        return ids

    def _notes(self, score: Score) -> tuple[Longs, ...]:
        """Step, program, pitch, indices of duration and velocity of each note; int64 [N] each."""
        clock, per_second = Clock(score), self.words.steps_per_second
        begin, end = clock.seconds(score.onset), clock.seconds(score.onset.astype(np.int64) + score.duration)
        longest = len(self.words.duration_index) - 1
        duration = np.minimum(_rounded((end - begin) * per_second), longest)
        programs = np.array([DRUMS if t.is_drum else t.program for t in score.tracks], np.int64)
        return (
            _rounded(begin * per_second),
            programs[score.track],
            score.pitch.astype(np.int64),
            self.words.duration_index[duration],
            self.words.velocity_index[score.velocity],
        )

    def _pedals(self, score: Score) -> Longs:
        """int64 [P, 3] step, program, 1 pressed or 0 released: of programs that play, changes only.

        The tracks of a program have one pedal: it is pressed while any of theirs is.
        """
        rows = score.pedals
        if not len(rows):
            return np.zeros((0, 3), np.int64)
        plays = np.bincount(score.track, minlength=len(score.tracks)) > 0
        plays &= np.array([not track.is_drum for track in score.tracks])
        rows = rows[plays[rows[:, 1]]]
        program = np.array([track.program for track in score.tracks], np.int64)[rows[:, 1]]
        step = _rounded(Clock(score).seconds(rows[:, 0]) * self.words.steps_per_second)
        order = np.argsort(program, kind="stable")  # rows are in order of time already
        step, program, pressed = step[order], program[order], rows[order, 2]
        down = np.cumsum(2 * pressed - 1)
        first = np.concatenate(([True], program[1:] != program[:-1]))[: len(program)]
        before = np.where(first, down - (2 * pressed - 1), 0)
        down = down - before[np.maximum.accumulate(np.where(first, np.arange(len(first)), 0))] if len(down) else down
        return changes(np.stack((step, program, down > 0), axis=1), 0, 1).astype(np.int64)

    def _header(self, score: Score, last: int) -> list[int]:
        """The ids of Key (in force where the first note begins), Length and Density."""
        key = [k for k in score.key_signatures if k.tick <= max(int(score.onset.min()), 0)][-1:]
        seconds = last // self.words.steps_per_second + 1
        density = int(np.searchsorted(DENSITIES, score.n_notes * self.words.steps_per_second / (last + 1)))
        return [
            self.vocabulary.id(f"Key_{key_name((key[0].fifths, key[0].minor))}" if key else "Key_Unknown"),
            self.words.first["Length"] + _length_class(seconds),
            self.words.first["Density"] + density,
        ]

    def _lay_out(self, header: list[int], rows: tuple[Longs, ...]) -> Ids:
        """Sorted events as ids: each event's size is known, so all are written at once, where they end."""
        first, second = self.words.first, self.words.steps_per_second
        step, program, order, pitch, duration, velocity = rows
        whole, part = np.divmod(np.diff(step, prepend=0), second)
        switches = np.ones(len(step), bool)
        switches[1:] = program[1:] != program[:-1]
        is_note = order == _NOTE
        notes = np.flatnonzero(is_note)
        of_program = notes[np.argsort(program[notes], kind="stable")]
        louder = np.zeros(len(step), bool)  # or softer than the note of its program before
        louder[of_program[0]] = True
        a, b = of_program[:-1], of_program[1:]
        louder[b] = (program[a] != program[b]) | (velocity[a] != velocity[b])
        own = 1 + is_note
        end = np.cumsum(whole + (part > 0) + switches + louder + own) + len(header)
        out = np.full(int(end[-1]) + 1, first["TimeShift"] + second - 1, np.int32)
        out[: len(header)] = header
        out[-1] = first["End"]
        at = end - own
        out[at] = pitch + first["Pitch"]
        drums = is_note & (program == DRUMS)
        out[at[drums]] = pitch[drums] + first["Drum"]
        out[at[~is_note]] = pitch[~is_note] + first["Pedal"]
        out[end[is_note] - 1] = duration[is_note] + first["Duration"]
        out[at[louder] - 1] = velocity[louder] + first["Velocity"]
        at = at - louder
        out[at[switches] - 1] = program[switches] + first["Program"]
        moved = part > 0
        out[(at - switches)[moved] - 1] = part[moved] - 1 + first["TimeShift"]
        return out

    # --- ids to scores

    def decode(self, ids: npt.NDArray[np.integer]) -> Score:
        """The piece that ids say, canonical, at 120 quarters a minute; what is incomplete or too late is left out."""
        return self._decoder.decode(ids)

    # --- what quantisation does

    def losses(self, score: Score) -> dict[str, float]:
        """What `decode(encode(s))` changes: counts by name (and how far onsets move, in ms); zeros left out."""
        step, _, _, duration, velocity = self._notes(score)
        kept = self.decode(self.encode(score))
        clock, per_second = Clock(score), self.words.steps_per_second
        begin, end = clock.seconds(score.onset), clock.seconds(score.onset.astype(np.int64) + score.duration)
        shift = np.abs(step / per_second - begin) * 1000
        length = np.abs(self.words.durations[duration] / per_second - (end - begin))
        counts = {
            "notes_dropped": score.n_notes - kept.n_notes,
            "onsets_moved": int((shift > 1e-3).sum()),
            "mean_shift_in_ms": round(float(shift.mean()), 2),
            "largest_shift_in_ms": round(float(shift.max()), 2),
            "durations_changed": int((length > 1e-6).sum()),
            "velocities_changed": int((self.words.velocities[velocity] != score.velocity).sum()),
            "tempo_marks_dropped": len(score.tempos),
            "time_signatures_dropped": len(score.time_signatures),
            "key_changes_dropped": max(len(score.key_signatures) - len(kept.key_signatures), 0),
            "pedal_changes_dropped": max(len(score.pedals) - len(self._pedals(score)), 0),
            "pitch_bends_dropped": len(score.bends),
            "tracks_merged": max(len(score.tracks) - len(kept.tracks), 0),
            "track_names_dropped": sum(bool(track.name) for track in score.tracks),
        }
        return {name: count for name, count in counts.items() if count}

    # --- what a sample begins with

    def template(self, prompt: Score | None = None, length: tuple[int, str] | None = None, **given: str) -> Ids:
        """int32 [T]: header ids (-1 = free), then the prompt up to its last event.

        given: key ("G major"), seconds (a number), density (1 sparse … 9 dense); "unknown" blanks one. Raises
        UsageError.
        """
        values = dict.fromkeys(HEADER, -1)
        body = np.zeros(0, np.int32)
        if prompt is not None:
            ids = self.encode(prompt)
            values["Key"], values["Density"] = int(ids[HEADER.index("Key")]), int(ids[HEADER.index("Density")])
            body = ids[len(HEADER) : -1]
        if length is not None and length[1] in ("seconds", "bars"):
            asked = length[0] * (_BAR_SECONDS if length[1] == "bars" else 1)
            said = int(self.words.steps[body].sum()) // self.words.steps_per_second
            given = {"seconds": str(asked + said), **given}
        names = {"key": "Key", "seconds": "Length", "density": "Density"}
        for name, text in given.items():
            kind = names.get(name)
            if kind is None:
                raise UsageError(f"This tokenizer takes no {name!r}.", f"It takes {', '.join(names)}.")
            value = str(text).strip()
            if value.lower() == "unknown":
                value = "Unknown"
            elif kind == "Key":
                value = key_name(parse_key(value))
            elif kind == "Length" and value.isdecimal() and int(value) > 0:
                value = str(LENGTHS[_length_class(int(value))])
            values[kind] = self.vocabulary.id(f"{kind}_{value}")
        return np.concatenate((np.array(list(values.values()), np.int32), body)).astype(np.int32)

    def length(self, amount: int, unit: str, ids: npt.NDArray[np.integer]) -> Length:
        """So many seconds, bars of two seconds (as decoded files show them) or tokens more. Raises UsageError."""
        if unit == "tokens":
            return Length(self.vocabulary.scored & (self.words.kind != KIND["End"]), amount)
        if unit not in ("seconds", "bars"):
            raise UsageError(f"A length in {unit!r} is not known here.", "Use seconds, bars or tokens, like 30seconds.")
        seconds = amount * (_BAR_SECONDS if unit == "bars" else 1)
        return Length(self.words.steps, seconds * self.words.steps_per_second)


def _rounded(values: npt.NDArray[np.float64]) -> Longs:
    """The nearest whole numbers; a hair below a half is a half, as sums of seconds are not exact."""
    return np.asarray(values + (0.5 + 1e-6)).astype(np.int64)


def _length_class(seconds: int) -> int:
    return min(int(np.searchsorted(LENGTHS, seconds)), len(LENGTHS) - 1)

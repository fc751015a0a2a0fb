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
from seqgen.core.controls import Control, asked, header_ids
from seqgen.core.errors import BadInput, TooLarge, UsageError
from seqgen.core.limits import LIMITS
from seqgen.core.narrowing import Barred, Once
from seqgen.core.tokenizer import Length
from seqgen.domains.midi.asking import CONTROLS
from seqgen.domains.midi.clock import Clock
from seqgen.domains.midi.header import density_control, density_token, key_control, length_control
from seqgen.domains.midi.instruments import read_instruments
from seqgen.domains.midi.keys import key_name
from seqgen.domains.midi.performance.context import PerformanceContext
from seqgen.domains.midi.performance.decoder import PerformanceDecoder
from seqgen.domains.midi.performance.events import NOTE, events, lay_out, note_events, pedals_lost
from seqgen.domains.midi.performance.grammar import performance_grammar
from seqgen.domains.midi.performance.words import (
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

_QUARTERS_PER_SECOND = 2  # of decoded scores
_SECONDS = {"seconds": 1, "bars": 2}  # a bar of decoded scores is four quarters at 120


class Performance:
    """The performance tokenization: settings -> vocabulary, grammar, context, augmentations; scores ↔ ids."""

    name = "performance"
    candidates = 1
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
        self.controls = self._controls()
        self.once = (
            Once(v.are("Drum", "Program"), v.are("TimeShift")),
            Once(v.are("Pitch", "Pedal"), v.are("TimeShift", "Program")),
        )

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
        rows = events(score, self.words)
        step, _, order, *_ = rows
        n_ids = int(step[-1]) // self.words.steps_per_second + len(step)
        if n_ids > LIMITS.max_tokens:  # before anything so long is laid out
            raise TooLarge(name, "max_tokens", LIMITS.max_tokens, n_ids)
        ids = lay_out(self._header(score, int(step[order == NOTE][-1])), rows, self.words)
        if len(ids) > LIMITS.max_tokens:
            raise TooLarge(name, "max_tokens", LIMITS.max_tokens, len(ids))
        return ids

    def _header(self, score: Score, last: int) -> list[int]:
        """The ids of Key (in force where the first note begins), Length and Density."""
        key = [k for k in score.key_signatures if k.tick <= max(int(score.onset.min()), 0)][-1:]
        seconds = last // self.words.steps_per_second + 1
        density = density_token(score.n_notes, (last + 1) * _QUARTERS_PER_SECOND / self.words.steps_per_second)
        return [
            self.vocabulary.id(f"Key_{key_name((key[0].fifths, key[0].minor))}" if key else "Key_Unknown"),
            self.words.first["Length"] + _length_class(seconds),
            self.vocabulary.id(f"Density_{density}"),
        ]

    # --- ids to scores

    def decode(self, ids: npt.NDArray[np.integer]) -> Score:
        """The piece that ids say, canonical, at 120 quarters a minute; what is incomplete or too late is left out."""
        return self._decoder.decode(ids)

    # --- what quantisation does

    def losses(self, score: Score) -> dict[str, float]:
        """What `decode(encode(s))` changes: counts by name (and how far onsets move, in ms); zeros left out."""
        step, _, _, duration, velocity = note_events(score, self.words)
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
            "tempo_marks_as_seconds": len(score.tempos),
            "time_signatures_dropped": len(score.time_signatures),
            "key_changes_dropped": max(len(score.key_signatures) - len(kept.key_signatures), 0),
            "pedal_changes_dropped": pedals_lost(score, self.words),
            "pitch_bends_dropped": len(score.bends),
            "tracks_merged": max(len(score.tracks) - len(kept.tracks), 0),
            "track_names_dropped": sum(bool(track.name) for track in score.tracks),
        }
        return {name: count for name, count in counts.items() if count}

    # --- what a sample begins with

    def _controls(self) -> tuple[Control, ...]:
        """What may be asked for; those of the header in its order. A quarter here is half a second."""

        def instruments(text: str) -> str:
            read_instruments(text)
            return text

        return (
            key_control(),
            length_control("seconds", LENGTHS),
            density_control(),
            Control("instruments", CONTROLS["instruments"], "piano,bass,drums", instruments),
        )

    def template(self, prompt: Score | None = None, length: tuple[int, str] | None = None, **given: Any) -> Ids:
        """int32 [T]: header ids (-1 = free), then the prompt up to its last event."""
        values, said = dict.fromkeys(HEADER, -1), asked(self.controls, given)
        body = np.zeros(0, np.int32)
        if prompt is not None:
            ids = self.encode(prompt)
            values.update(zip(HEADER, ids[: len(HEADER)].tolist(), strict=True))
            values["Length"] = -1
            body = ids[len(HEADER) : -1]
        if length is not None and length[1] in _SECONDS:
            seconds = length[0] * _SECONDS[length[1]] + int(self.words.steps[body].sum()) // self.words.steps_per_second
            said = {**asked(self.controls, {"seconds": seconds}), **said}
        values |= header_ids(self.controls, self.vocabulary, said)
        return np.concatenate((np.array(list(values.values()), np.int32), body)).astype(np.int32)

    def barred(self, prompt: Score | None = None, **given: Any) -> tuple[Barred, ...]:
        """Programs but those of the instruments asked for, and whatever is played before one of these is said."""
        said, kind = asked(self.controls, given), self.words.kind
        if "instruments" not in said:
            return ()
        programs, drums = read_instruments(said["instruments"])
        opening = np.zeros(len(kind), bool)
        opening[[self.words.first["Program"] + program for program in (*programs, *[DRUMS] * drums)]] = True
        played = np.isin(kind, [KIND[name] for name in ("Velocity", "Pitch", "Drum", "Pedal")])
        return (Barred((kind == KIND["Program"]) & ~opening, played, opening),)

    def length(self, amount: int, unit: str, ids: npt.NDArray[np.integer]) -> Length:
        """So many seconds, bars of two seconds (as decoded files show them) or tokens more. Raises UsageError."""
        if unit == "tokens":
            return Length(self.vocabulary.scored & (self.words.kind != KIND["End"]), amount)
        if unit not in _SECONDS:
            raise UsageError(f"A length in {unit!r} is not known here.", "Use seconds, bars or tokens, like 30seconds.")
        return Length(self.words.steps, amount * _SECONDS[unit] * self.words.steps_per_second)


def _length_class(seconds: int) -> int:
    return min(int(np.searchsorted(LENGTHS, seconds)), len(LENGTHS) - 1)

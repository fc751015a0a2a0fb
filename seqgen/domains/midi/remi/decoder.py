"""REMI ids to scores: total, on any ids."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from seqgen.domains.midi.canonical import int32_columns, microseconds_of, sort_rows, tempo_of
from seqgen.domains.midi.keys import KEYS
from seqgen.domains.midi.remi.grid import MAX_LAYERS, layers
from seqgen.domains.midi.remi.words import KIND, RemiWords
from seqgen.domains.midi.score import KeySignature, Score, Tempo, TimeSignature, Track

Longs = npt.NDArray[np.int64]

_DRUM_PROGRAM = 128  # drums stand after all programs


class RemiDecoder:
    """Decodes whole sequences at once: every event looks up the position, bar and program said last before it."""

    def __init__(self, words: RemiWords) -> None:
        self._words = words

    def decode(self, ids: npt.NDArray[np.integer]) -> Score:
        """The piece that ids say, canonical, 480 ticks a quarter; what is incomplete or out of place is left out.

        A program is one track; where equal pitches of it overlap, further tracks of the same program hold them.
        """
        ids = np.asarray(ids, np.int64).reshape(-1)
        kind = self._words.kind[ids]
        lines = np.flatnonzero((kind == KIND["Bar"]) | (kind == KIND["Position"]))  # what says where an event stands
        bar = np.cumsum(kind[lines] == KIND["Bar"]) - 1
        n_bars = int(bar[-1]) + 1 if len(bar) else 0
        bar_start, bar_length, signatures = self._bar_lines(ids, kind, lines, bar, n_bars)
        place = np.where(kind[lines] == KIND["Position"], ids[lines] - self._words.first["Position"], -1)
        if n_bars:
            place[(bar < 0) | (place >= bar_length[bar])] = -1
            position = bar_start[bar] + place

        def onset_at(events: Longs) -> tuple[Longs, npt.NDArray[np.bool_]]:
            """Where events stand, and which of them follow a position of their own bar."""
            if not n_bars:
                return events, np.zeros(len(events), bool)
            found = np.searchsorted(lines, events) - 1
            return position[found], (place[found] >= 0) & (found >= 0)

        ends = np.flatnonzero(kind == KIND["Duration"])
        ends = ends[ends >= 2]
        struck = kind[ends - 2]
        whole = (kind[ends - 1] == KIND["Velocity"]) & ((struck == KIND["Pitch"]) | (struck == KIND["Drum"]))
        onset, stands = onset_at(ends)
        whole &= stands
        if not whole.all():
            ends, onset, struck = ends[whole], onset[whole], struck[whole]
        programs = np.flatnonzero(kind == KIND["Program"])
        said = np.concatenate(([0], ids[programs] - self._words.first["Program"]))  # the piano before any
        program = said[np.searchsorted(programs, ends)]
        program[struck == KIND["Drum"]] = _DRUM_PROGRAM
        notes = (
            program,
            self._words.value[ids[ends - 2]],
            onset,
            self._words.durations[self._words.value[ids[ends]]],
            self._words.velocities[self._words.value[ids[ends - 1]]],
        )
        marks: dict[str, Any] = {}
        if len(ends):
            last = int(onset.max())
            tempo_ids = np.flatnonzero(kind == KIND["Tempo"])
            at, stands = onset_at(tempo_ids)
            marks["tempos"] = self._tempo_marks(at[stands], self._words.value[ids[tempo_ids[stands]]], last)
            marks["time_signatures"] = self._signature_marks(bar_start, signatures, last)
        keys = self._words.value[ids[kind == KIND["Key"]]]
        if len(keys) and keys[-1] < len(KEYS):
            marks["key_signatures"] = (KeySignature(0, *KEYS[keys[-1]]),)
        return self._score(notes, marks)

    def _bar_lines(
        self, ids: npt.NDArray[np.integer], kind: npt.NDArray[np.int8], lines: Longs, bar: Longs, n_bars: int
    ) -> tuple[Longs, Longs, Longs]:
        """First position and length of each bar; (bar, signature) int64 [n, 2] of each time signature said."""
        said = np.flatnonzero(kind == KIND["TimeSignature"])
        said = said[(said > 0) & (kind[said - 1] == KIND["Bar"])]
        of_bar = bar[np.searchsorted(lines, said) - 1] if len(said) else said
        signature = self._words.value[ids[said]]
        every = np.concatenate(([self._words.metre.common], signature))
        length = np.repeat(self._words.metre.length[every], np.diff(np.concatenate(([0], of_bar, [n_bars]))))
        return np.cumsum(length) - length, length, np.stack((of_bar, signature), axis=1)

    def _tempo_marks(self, at: Longs, index: Longs, last: int) -> tuple[Tempo, ...]:
        latest = dict(zip(at[at <= last].tolist(), index[at <= last].tolist(), strict=True))
        marks: list[Tempo] = []
        for place in sorted(latest):
            tempo = tempo_of(microseconds_of(float(self._words.tempos[latest[place]])))
            if not marks or marks[-1].quarters_per_minute != tempo:
                marks.append(Tempo(place * self._words.ticks_per_position, tempo))
        return tuple(marks)

    def _signature_marks(self, bar_start: Longs, said: Longs, last: int) -> tuple[TimeSignature, ...]:
        marks: list[TimeSignature] = []
        for bar, index in said.tolist():
            mark = TimeSignature(
                int(bar_start[bar]) * self._words.ticks_per_position, *self._words.metre.signatures[index]
            )
            if bar_start[bar] <= last and (
                not marks or (mark.numerator, mark.denominator) != (marks[-1].numerator, marks[-1].denominator)
            ):
                marks.append(mark)
        return tuple(marks)

    def _score(self, notes: tuple[Longs, ...], marks: dict[str, Any]) -> Score:
        """Program, pitch, onset, duration (positions) and velocity of notes, in tracks that a file can hold."""
        program, pitch, onset, duration, velocity = notes
        layer = layers(program << 7 | pitch, onset, duration, velocity)
        if len(layer) and layer.max() >= MAX_LAYERS:
            kept = layer < MAX_LAYERS
            program, pitch, onset, duration, velocity, layer = (
                c[kept] for c in (program, pitch, onset, duration, velocity, layer)
            )
        code = program * MAX_LAYERS + layer
        used = np.flatnonzero(np.bincount(code, minlength=1))
        number = np.zeros((_DRUM_PROGRAM + 1) * MAX_LAYERS, np.int64)
        number[used] = np.arange(len(used))
        onset, track, pitch, duration, velocity = sort_rows((onset, number[code], pitch, duration, velocity))
        columns = int32_columns(
            onset * self._words.ticks_per_position, duration * self._words.ticks_per_position, pitch, velocity, track
        )
        tracks = tuple(
            Track(0, True) if program == _DRUM_PROGRAM else Track(program) for program in (used // MAX_LAYERS).tolist()
        )
        marks |= columns | {"tracks": tracks if len(onset) else ()}
        return Score(self._words.ticks_per_quarter, **marks)

"""REMI: any number of instruments in one stream of bars, positions and notes.

After Huang & Yang 2020 ("Pop Music Transformer"), with programs, drums, tempos and time signatures. Ours differs in
this: a Program is said only when it changes, drums have pitches of their own, time signatures are said when they
change, and a header opens the sequence (Key, Length in bars, Density), each with an Unknown value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
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
from seqgen.domains.midi.canonical import sort_rows
from seqgen.domains.midi.header import (
    density_control,
    density_token,
    key_control,
    length_control,
    tempo_control,
    time_signature_control,
)
from seqgen.domains.midi.instruments import read_instruments
from seqgen.domains.midi.keys import key_name
from seqgen.domains.midi.remi.context import RemiContext
from seqgen.domains.midi.remi.decoder import RemiDecoder
from seqgen.domains.midi.remi.grammar import remi_grammar
from seqgen.domains.midi.remi.grid import Bars, to_grid
from seqgen.domains.midi.remi.transposition import RemiTranspositions, ranges_of
from seqgen.domains.midi.remi.words import HEADER, KIND, RemiSettings, RemiWords
from seqgen.domains.midi.score import Score, Tempo, TimeSignature

__all__ = ["Remi", "RemiSettings", "ranges_of"]

Ids = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]

_TEMPO, _DRUMS, _FIRST_PROGRAM = 0, 1, 2  # how events at one position are ordered: tempo, drums, programs


class Remi:
    """The REMI tokenization: settings -> vocabulary, grammar, context, augmentations; scores ↔ ids."""

    name = "remi"
    candidates = 1
    units = ("bars", "tokens")
    # What was heard before says most: of 58 pieces, counted on these, 2.10 nats an id; on place and pitch 3.35.
    backoff = ("phrase", "last", "trust_last", "fourth")

    def __init__(self, **settings: Any) -> None:
        try:
            self.settings = s = RemiSettings(**settings)
        except TypeError as error:
            raise UsageError(f"These are no settings of a REMI tokenization ({error}).") from None
        self.words = words = RemiWords(s)
        self.vocabulary = v = words.vocabulary
        self.unknown_of: Ids = np.full(len(v), -1, np.int32)
        for kind in HEADER:
            self.unknown_of[v.of_type(kind)] = v.id(f"{kind}_Unknown")
        self.grammar = remi_grammar(v, HEADER, words.metre)
        self.augmentations: Augmentation = RemiTranspositions(v, s.ranges)
        self.context = RemiContext(v, s.positions_per_quarter, self.augmentations)
        self._decoder = RemiDecoder(words)
        self.controls = self._controls()
        self.once = (
            Once(v.are("Drum", "Program"), v.are("Bar", "Position")),
            Once(v.are("Pitch"), v.are("Bar", "Position", "Program")),
        )

    def config(self) -> Mapping[str, Any]:
        """The settings, JSON-ready."""
        return asdict(self.settings)

    # --- scores to ids

    def encode(self, score: Score) -> Ids:
        """int32 [T]: header, bars with their events in order of position (tempo, drums, programs; low pitches first).

        Raises BadInput for a piece without notes, TooLarge over max_bars or max_tokens.
        """
        name = score.name or "piece"
        if not score.n_notes:
            raise BadInput(name, "holds no notes")
        onset, code, pitch, duration, velocity = self._notes(score)
        last = int(onset.max())
        bars = self.words.metre.bars(score.time_signatures, score.ticks_per_quarter, last)
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
        duration = self.words.duration_index[np.minimum(duration, len(self.words.duration_index) - 1)]
        return (
            onset,
            codes[score.track],
            score.pitch.astype(np.int64),
            duration,
            self.words.velocity_index[score.velocity],
        )

    def _tempo_steps(self, score: Score) -> list[tuple[int, int]]:
        """(position, index of the nearest tempo), changes only."""
        scale = self.settings.positions_per_quarter / score.ticks_per_quarter
        latest = {int(t.tick * scale + 0.5): t.quarters_per_minute for t in score.tempos}
        steps: list[tuple[int, int]] = []
        for at, tempo in sorted(latest.items()):
            index = int(np.abs(self.words.tempos - tempo).argmin())
            if not steps or steps[-1][1] != index:
                steps.append((at, index))
        return steps

    def _key(self, score: Score) -> list[int]:
        """The Key id: of the key in force where the first note begins."""
        key = [k for k in score.key_signatures if k.tick <= max(int(score.onset.min()), 0)][-1:]
        return [self.vocabulary.id(f"Key_{key_name((key[0].fifths, key[0].minor))}" if key else "Key_Unknown")]

    def _size(self, n_bars: int, n_notes: int, last: int) -> list[int]:
        """The ids of Length and Density."""
        longer = int(np.searchsorted(self.words.lengths, n_bars))
        density = density_token(n_notes, (last + 1) / self.settings.positions_per_quarter)
        return [
            self.words.first["Length"] + min(longer, len(self.words.lengths) - 1),
            self.vocabulary.id(f"Density_{density}"),
        ]

    def _lay_out(self, header: list[int], bars: Bars, rows: tuple[Longs, ...], has_tempos: bool) -> Ids:
        """Sorted events as ids: each event's size is known, so all are written at once, where they end."""
        first = self.words.first
        onset, code, pitch, duration, velocity = rows
        moves = np.ones(len(onset), bool)
        np.not_equal(onset[1:], onset[:-1], out=moves[1:])
        moving = np.flatnonzero(moves)  # events that need a Position, and bar lines before it
        bar, place = bars.of(onset[moving])
        size = np.zeros(len(onset), np.int64)
        size[moving] = np.diff(bar, prepend=-1) + 1
        pitched = np.flatnonzero(code >= _FIRST_PROGRAM)
        program = code[pitched]
        switches = np.zeros(len(onset), bool)
        switches[pitched[:1]] = True
        switches[pitched[1:]] = program[1:] != program[:-1]
        own = np.where(code == _TEMPO, 1, 3) if has_tempos else np.int64(3)  # ids of the event itself
        size += switches
        size += own
        end = np.cumsum(size) + len(header)
        out = np.full(int(end[-1]) + 1, first["Bar"], np.int32)
        out[: len(header)] = header
        out[-1] = first["End"]
        before = end - own - 1
        out[before[switches]] = code[switches] + (first["Program"] - _FIRST_PROGRAM)
        out[before[moving] - switches[moving]] = place + first["Position"]
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

        A program is one track; where equal pitches of it overlap, further tracks of the same program hold them.
        """
        return self._decoder.decode(ids)

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
            "mean_shift_in_quarters": round(float(shift.mean()), 4),
            "largest_shift_in_quarters": round(float(shift.max()), 4),
            "durations_changed": int((np.abs(self.words.durations[duration] * ticks - score.duration) > 1e-6).sum()),
            "velocities_changed": int((self.words.velocities[velocity] != score.velocity).sum()),
            "tempos_changed": sum(t.quarters_per_minute not in tempos_kept for t in score.tempos),
            "time_signatures_changed": sum(
                not any(self._same_mark(mark, k, score) for k in kept.time_signatures) for mark in score.time_signatures
            ),
            "key_changes_dropped": max(len(score.key_signatures) - len(kept.key_signatures), 0),
            "marks_after_the_last_note": sum(t.tick > last for t in score.tempos)
            + sum(t.tick > last for t in score.time_signatures),
            "pedal_changes_dropped": len(score.pedals),
            "pitch_bends_dropped": len(score.bends),
            "tracks_merged": max(len(score.tracks) - len(kept.tracks), 0),
            "track_names_dropped": sum(bool(track.name) for track in score.tracks),
        }
        return {name: count for name, count in counts.items() if count}

    def _same_mark(self, mark: TimeSignature, kept: TimeSignature, score: Score) -> bool:
        same = (mark.numerator, mark.denominator) == (kept.numerator, kept.denominator)
        return same and mark.tick * self.words.ticks_per_quarter == kept.tick * score.ticks_per_quarter

    # --- what a sample begins with

    def _controls(self) -> tuple[Control, ...]:
        """What may be asked for; those of the header in its order. The others are said by the events themselves."""
        signatures = [f"{n}/{d}" for n, d in self.words.metre.signatures]

        def instruments(text: str) -> str:
            read_instruments(text)
            return text

        return (
            key_control(),
            length_control("bars", self.words.lengths),
            density_control(),
            time_signature_control(signatures, ""),
            tempo_control(""),
            Control("instruments", CONTROLS["instruments"], "piano,bass,drums", instruments),
        )

    def template(self, prompt: Score | None = None, length: tuple[int, str] | None = None, **given: Any) -> Ids:
        """int32 [T]: header ids (-1 = free), then the prompt up to its last note, or the first bar line and its time
        signature where those are asked for. A tempo and a time signature asked for become those of the prompt."""
        values, said = dict.fromkeys(HEADER, -1), asked(self.controls, given)
        body = np.zeros(0, np.int32)
        if prompt is not None:
            ids = self.encode(_remarked(prompt, said))
            values.update(zip(HEADER, ids[: len(HEADER)].tolist(), strict=True))
            values["Length"] = -1
            body = ids[len(HEADER) : -1]
        elif "time_signature" in said:
            body = self.vocabulary.ids(["Bar", f"TimeSignature_{said['time_signature']}"])
        elif "tempo" in said:
            body = self.vocabulary.ids(["Bar"])
        if length is not None and length[1] == "bars":
            n_bars = length[0] + int(self._bars_begun(body))
            said = {**asked(self.controls, {"bars": n_bars}), **said}
        values |= header_ids(self.controls, self.vocabulary, said)
        return np.concatenate((np.array(list(values.values()), np.int32), body)).astype(np.int32)

    def barred(self, prompt: Score | None = None, **given: Any) -> tuple[Barred, ...]:
        """Programs, notes and drums but those of the instruments asked for; without a prompt whatever comes before the
        tempo asked for."""
        said, words, n = asked(self.controls, given), self.words, len(self.vocabulary)
        found = []
        if "instruments" in said:
            programs, drums = read_instruments(said["instruments"])
            opening = np.zeros(n, bool)
            opening[[words.first["Program"] + program for program in programs]] = True
            never = (words.kind == KIND["Program"]) & ~opening
            never |= (words.kind == KIND["Pitch"]) & (not programs)
            never |= (words.kind == KIND["Drum"]) & (not drums)
            found.append(Barred(never, words.kind == KIND["Pitch"], opening))
        if "tempo" in said and prompt is None:
            opening = np.zeros(n, bool)
            opening[self.vocabulary.id(f"Tempo_{said['tempo']}")] = True
            waiting = words.kind != KIND["TimeSignature"]
            waiting[words.first["Position"]] = False
            found.append(Barred(np.zeros(n, bool), waiting, opening))
        return tuple(found)

    def _bars_begun(self, ids: npt.NDArray[np.integer]) -> int:
        """Bar lines up to the last note: bars in which nothing stands yet are still to come."""
        ends = np.flatnonzero(self.words.kind[ids] == KIND["Duration"])
        return int((self.words.kind[ids[: ends[-1]]] == KIND["Bar"]).sum()) if len(ends) else 0

    def length(self, amount: int, unit: str, ids: npt.NDArray[np.integer]) -> Length:
        """So many bars or tokens more; a bar in which nothing stands yet is one of them. Raises UsageError."""
        if unit == "bars":
            counted = self.words.kind == KIND["Bar"]
            amount -= int(counted[ids].sum()) - self._bars_begun(ids)
        elif unit == "tokens":
            counted = self.vocabulary.scored & (self.words.kind != KIND["End"])
        else:
            raise UsageError(f"A length in {unit!r} is not known here.", "Use bars or tokens, like 16bars.")
        return Length(counted, amount)


def _remarked(score: Score, said: Mapping[str, str]) -> Score:
    """A piece with the tempo and the time signature asked for instead of its own."""
    if "tempo" in said:
        score = replace(score, tempos=(Tempo(0, float(said["tempo"])),))
    if "time_signature" in said:
        numerator, denominator = map(int, said["time_signature"].split("/"))
        score = replace(score, time_signatures=(TimeSignature(0, numerator, denominator),))
    return score

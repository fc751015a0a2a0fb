"""Scores as sheets: what a copyist decides before anything is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from seqgen.core.errors import TooLarge, UsageError
from seqgen.core.limits import LIMITS
from seqgen.domains.midi.canonical import canonical, last_at_each_tick
from seqgen.domains.midi.notation.bars import lay_bars, to_units, without_lead, without_tail
from seqgen.domains.midi.notation.clefs import PERCUSSION, clef_of, needs_two_staves, right_hand
from seqgen.domains.midi.notation.grid import quantise
from seqgen.domains.midi.notation.percussion import place, program_name
from seqgen.domains.midi.notation.sheet import Bar, Head, Part, Sheet, Staff, Symbol
from seqgen.domains.midi.notation.spelling import spell
from seqgen.domains.midi.notation.symbols import Heads, symbols_of
from seqgen.domains.midi.notation.voices import Chord, Note, drum_voices, voices_of
from seqgen.domains.midi.score import Score

Longs = npt.NDArray[np.int64]
_SLIGHT = 0.04  # changes of tempo below it are played, not printed


def notate(score: Score) -> Sheet:
    """A piece as notation.

    Kept: every note with its pitch, begin and end where these lie on 32nds or thirds of 32nds (each beat of a track
    has one of the two divisions), tracks, names, programs, velocities, tempos, time signatures, keys.
    Quantised: what lies off that grid, to a 16th or what suits the beat better; marks within bars to 32nds; keys to
    bar lines. Changed: how long drums last; silence of half a bar or more before the first note makes a pickup, and
    silence that completes it is left out of the last bar; a key that is not stated is the likeliest. Not written:
    pedals and bends.
    Raises UsageError for a piece without notes, TooLarge.
    """
    tempos = last_at_each_tick(score.tempos)
    score = replace(canonical(score), tempos=tuple(tempos))  # slower ones than a MIDI file can say are welcome here
    if not score.n_notes:
        raise UsageError("A piece without notes cannot be written as notation.")
    bars = lay_bars(score)
    if len(bars) * len(score.tracks) > LIMITS.max_measures:
        found = len(bars) * len(score.tracks)
        raise TooLarge(score.name or "<score>", "max_measures", LIMITS.max_measures, found)
    begin, end = quantise(score, bars)
    bars, lead = without_lead(bars, np.concatenate([begin, end]))
    begin, end = begin - lead, end - lead
    bars = without_tail(bars, int(end.max()))
    names = _names(score, begin, bars)
    parts = [
        _part(score, track, np.flatnonzero(score.track == track), begin, end, bars, names)
        for track in range(len(score.tracks))
    ]
    return Sheet(score.name, bars, parts, _tempos(score, bars, lead))


def _names(score: Score, begin: Longs, bars: Sequence[Bar]) -> dict[int, tuple[str, int, int]]:
    """How the notes of pitched tracks are spelled, by index."""
    drums = np.array([track.is_drum for track in score.tracks])[score.track]
    order = np.lexsort((score.pitch, begin))
    order = order[~drums[order]]
    bar = np.searchsorted([b.start for b in bars], begin[order], "right") - 1
    key = np.array([b.key for b in bars], np.int64)[bar].reshape(-1, 2)
    spelled = spell(
        score.pitch[order].astype(np.int64), begin[order], score.track[order].astype(np.int64), key[:, 0], key[:, 1] > 0
    )
    return dict(zip(order.tolist(), spelled, strict=True))


def _part(
    score: Score,
    track: int,
    chosen: Longs,
    begin: Longs,
    end: Longs,
    bars: list[Bar],
    names: dict[int, tuple[str, int, int]],
) -> Part:
    about = score.tracks[track]
    pitch, a, b = score.pitch[chosen].astype(np.int64), begin[chosen], end[chosen]
    velocity = score.velocity

    def notes(mask: npt.NDArray[np.bool_]) -> list[Note]:
        columns = (values[mask].tolist() for values in (a, b, pitch, chosen))
        return [Note(*row) for row in zip(*columns, strict=True)]

    def head(note: Note, held: bool, holds: bool) -> Head:
        step, alter, octave = names[note.index]
        return Head(step, alter, octave, note.pitch, int(velocity[note.index]), held, holds)

    def stroke(note: Note, held: bool, holds: bool) -> Head | None:
        step, octave, _ = place(note.pitch)  # a rest follows rather than a tie
        return None if held else Head(step, 0, octave, note.pitch, int(velocity[note.index]), False, False)

    everything = np.ones(len(pitch), bool)
    if about.is_drum:
        staff = Staff(PERCUSSION, _by_bar(drum_voices(notes(everything), bars), bars, stroke))
        return Part(about.name or "Drums", 0, True, [staff])
    hands = [everything]
    if needs_two_staves(pitch, a, b, about.program):
        right = right_hand(pitch)
        hands = [right, ~right]
    staves = [
        Staff(clef_of(pitch[hand], about.name, about.program), _by_bar(voices_of(notes(hand)), bars, head))
        for hand in hands
    ]
    return Part(about.name or program_name(about.program), about.program, False, staves)


def _by_bar(voices: list[list[Chord]], bars: list[Bar], heads: Heads) -> list[list[list[Symbol]]]:
    """[bar][voice]: the symbols of each bar; of the second voice and those below nothing where they pause."""
    out = []
    at = [0] * len(voices)
    for bar in bars:
        stop = bar.start + bar.length
        here = []
        for v, chords in enumerate(voices):
            first = last = at[v]
            while last < len(chords) and chords[last].begin < stop:
                last += 1
            at[v] = last - 1 if last > first and chords[last - 1].end > stop else last
            sounds = v == 0 or last > first
            here.append(symbols_of(chords[first:last], bar, heads, hidden=v > 0) if sounds else [])
        out.append(here)
    return out


def _tempos(score: Score, bars: list[Bar], lead: int) -> list[tuple[int, int, float, bool]]:
    """Tempo marks by bar; of those that hardly change anything, or that change within bars, none is printed."""
    starts = np.array([bar.start for bar in bars])
    out: list[tuple[int, int, float, bool]] = []
    shown = 0.0
    for mark in score.tempos:
        at = max(to_units(mark.tick, score.ticks_per_quarter) - lead, 0)
        if at >= bars[-1].start + bars[-1].length:
            break
        bar = int(np.searchsorted(starts, at, "right")) - 1
        tempo = mark.quarters_per_minute
        printed = not out or (at == bars[bar].start and abs(tempo - shown) > _SLIGHT * shown)
        out.append((bar, at - bars[bar].start, tempo, printed))
        shown = tempo if printed else shown
    return out

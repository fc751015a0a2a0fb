"""Notes of a staff as voices: lines of chords, none of which overlaps the next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from seqgen.domains.midi.notation.metre import metre
from seqgen.domains.midi.notation.percussion import is_foot
from seqgen.domains.midi.notation.sheet import Bar

MAX_VOICES = 4  # of a staff; what sounds beyond shares the last, tied note by note


@dataclass(slots=True)
class Note:
    """begin, end: in units. index: in the score."""

    begin: int
    end: int
    pitch: int
    index: int


@dataclass(slots=True)
class Chord:
    """What sounds together from one place to another; notes that began earlier or end later are tied."""

    begin: int
    end: int
    notes: list[Note]


@dataclass(slots=True)
class _Line:
    chords: list[Chord] = field(default_factory=list)
    crowded: bool = False  # its chords overlap

    def height(self) -> float:
        pitches = [note.pitch for chord in self.chords for note in chord.notes]
        return sum(pitches) / len(pitches)


def voices_of(notes: Iterable[Note]) -> list[list[Chord]]:
    """Voices of a staff, the higher first wherever all of them pause."""
    together: dict[tuple[int, int], list[Note]] = defaultdict(list)
    for note in notes:
        together[note.begin, note.end].append(note)
    chords = [Chord(begin, end, sorted(held, key=lambda n: n.pitch)) for (begin, end), held in together.items()]
    chords.sort(key=lambda chord: (chord.begin, -chord.notes[-1].pitch, -chord.end))
    voices: list[list[Chord]] = [[]]
    lines: list[_Line] = []
    sounding = 0
    for chord in chords:
        if chord.begin >= sounding:
            _close(lines, voices)
            lines = []
        sounding = max(sounding, chord.end)
        _place(chord, lines)
    _close(lines, voices)
    return voices


def _place(chord: Chord, lines: list[_Line]) -> None:
    free = [line for line in lines if line.chords[-1].end <= chord.begin and not line.crowded]
    if free:
        top = chord.notes[-1].pitch
        line = min(free, key=lambda line: abs(line.chords[-1].notes[-1].pitch - top))
    elif len(lines) < MAX_VOICES:
        lines.append(line := _Line())
    else:
        line = lines[-1]
        line.crowded = True
    line.chords.append(chord)


def _close(lines: list[_Line], voices: list[list[Chord]]) -> None:
    """Give the lines of a stretch between common pauses to the voices, from high to low."""
    for i, line in enumerate(sorted(lines, key=_Line.height, reverse=True)):
        if i == len(voices):
            voices.append([])
        voices[i] += _chopped(line.chords) if line.crowded else line.chords


def _chopped(chords: list[Chord]) -> list[Chord]:
    """Overlapping chords as ones that follow one another."""
    notes = sorted((note for chord in chords for note in chord.notes), key=lambda note: note.begin)
    places = sorted({place for note in notes for place in (note.begin, note.end)})
    out, sounding, i = [], list[Note](), 0
    for begin, end in pairwise(places):
        while i < len(notes) and notes[i].begin == begin:
            sounding.append(notes[i])
            i += 1
        sounding = [note for note in sounding if note.end > begin]
        if sounding:
            out.append(Chord(begin, end, sorted(sounding, key=lambda n: n.pitch)))
    return out


def drum_voices(notes: Iterable[Note], bars: list[Bar]) -> list[list[Chord]]:
    """Hands and feet. How long a drum is held says nothing: each stroke is written up to the next of its voice or the
    end of its beat."""
    voices: list[list[Chord]] = [[], []]
    struck: tuple[dict[int, list[Note]], dict[int, list[Note]]] = ({}, {})
    for note in notes:
        struck[is_foot(note.pitch)].setdefault(note.begin, []).append(note)
    beats = [bar.start + at - bar.shift for bar in bars for at in metre(bar.signature).beats if at >= bar.shift]
    beats = [*sorted({*beats, *(bar.start for bar in bars)}), bars[-1].start + bars[-1].length]
    for voice, at in zip(voices, struck, strict=True):
        onsets, k = sorted(at), 0
        for begin, following in zip(onsets, [*onsets[1:], beats[-1]], strict=False):
            while beats[k] <= begin:
                k += 1
            end = min(following, beats[k])
            held = [Note(begin, end, n.pitch, n.index) for n in sorted(at[begin], key=lambda n: n.pitch)]
            voice.append(Chord(begin, end, held))
    return voices

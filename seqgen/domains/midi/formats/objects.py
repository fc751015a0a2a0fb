"""Scores ↔ the objects of pretty_midi and music21."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from seqgen.core.errors import BadInput, MissingExtra, TooLarge, fault
from seqgen.core.limits import LIMITS
from seqgen.domains.midi.canonical import canonical, clean_name
from seqgen.domains.midi.formats.serial import to_bytes
from seqgen.domains.midi.score import KeySignature, Score, Tempo, TimeSignature, Track, make_score

if TYPE_CHECKING:
    import pretty_midi

_PRETTY_MIDI_TICKS = 10_000_000  # its own limit; it keeps a time for every tick
_MUSIC21_TICKS = 480  # a quarter: holds triplets, quintuplets and 128ths
_DEFAULT_VELOCITY = 64
_MINOR_MODES = ("minor", "aeolian")
# Fifths of the major key on each pitch class from C, and of the minor key, in the spelling with fewer accidentals.
_MAJOR_FIFTHS = (0, -5, 2, -3, 4, -1, 6, 1, -4, 3, -2, 5)
_MINOR_FIFTHS = (-3, 4, -1, 6, 1, -4, 3, -2, 5, 0, -5, 2)


def to_pretty_midi(score: Score) -> pretty_midi.PrettyMIDI:
    """The piece as a PrettyMIDI object. Raises TooLarge beyond the 10 million ticks that pretty_midi takes,
    MissingExtra."""
    try:
        import pretty_midi
    except ImportError:
        raise MissingExtra("A PrettyMIDI object", "pretty_midi") from None
    score = canonical(score)
    if score.end_tick >= _PRETTY_MIDI_TICKS:
        raise TooLarge(score.name or "<score>", "ticks that pretty_midi takes", _PRETTY_MIDI_TICKS, score.end_tick)
    return pretty_midi.PrettyMIDI(io.BytesIO(to_bytes(score)))


def from_pretty_midi(midi: pretty_midi.PrettyMIDI) -> Score:
    """A PrettyMIDI object as a Score on its own resolution. Raises BadInput when it holds no notes, TooLarge."""
    resolution = int(midi.resolution)
    changes, tempos = (np.asarray(values, float) for values in midi.get_tempo_changes())
    if not len(changes):
        changes, tempos = np.zeros(1), np.full(1, 120.0)
    rates = tempos * resolution / 60  # ticks a second from each change on
    ticks = np.concatenate(([0.0], np.cumsum(np.diff(changes) * rates[:-1])))

    def to_ticks(seconds: Iterable[float]) -> np.ndarray[Any, np.dtype[np.float64]]:
        seconds = np.asarray(list(seconds), float)
        segment = np.clip(np.searchsorted(changes, seconds, "right") - 1, 0, None)
        return np.asarray(np.rint(ticks[segment] + (seconds - changes[segment]) * rates[segment]))

    def rows(said: Iterable[tuple[float, int, int]]) -> np.ndarray[Any, np.dtype[np.int64]]:
        table = np.array(list(said), float).reshape(-1, 3)
        table[:, 0] = to_ticks(table[:, 0])
        possible = np.isfinite(table).all(axis=1) & (table[:, 0] <= LIMITS.max_ticks)
        return np.asarray(table[possible], np.int64)

    instruments = [instrument for instrument in midi.instruments if instrument.notes]
    notes = [(note, i) for i, instrument in enumerate(instruments) for note in instrument.notes]
    if not notes:
        raise BadInput("<PrettyMIDI object>", "holds no notes")
    begin, end = to_ticks(note.start for note, _ in notes), to_ticks(note.end for note, _ in notes)
    if not (np.isfinite(end).all() and np.isfinite(begin).all() and end.max() <= LIMITS.max_ticks):
        raise TooLarge("<PrettyMIDI object>", "max_ticks", LIMITS.max_ticks)
    signatures = midi.time_signature_changes
    keys = midi.key_signature_changes
    score = make_score(
        resolution,
        begin,
        end - begin,
        [int(note.pitch) for note, _ in notes],
        [int(note.velocity) for note, _ in notes],
        [i for _, i in notes],
        [Track(int(i.program), bool(i.is_drum), str(i.name)) for i in instruments],
        pedals=rows(
            (control.time, i, control.value >= 64)
            for i, instrument in enumerate(instruments)
            for control in instrument.control_changes
            if control.number == 64  # the sustain pedal
        ),
        bends=rows((b.time, i, b.pitch) for i, instrument in enumerate(instruments) for b in instrument.pitch_bends),
        tempos=tuple(Tempo(round(float(tick)), float(tempo)) for tick, tempo in zip(ticks, tempos, strict=True)),
        time_signatures=tuple(
            TimeSignature(int(tick), int(s.numerator), int(s.denominator))
            for s, tick in zip(signatures, to_ticks(s.time for s in signatures), strict=True)
        ),
        key_signatures=tuple(
            KeySignature(int(tick), (_MAJOR_FIFTHS + _MINOR_FIFTHS)[k.key_number], k.key_number >= 12)
            for k, tick in zip(keys, to_ticks(k.time for k in keys), strict=True)
            if 0 <= k.key_number < 24
        ),
    )
    return canonical(score)


def from_music21(stream: Any, path: str = "<music21 stream>", name: str = "") -> Score:
    """A music21 stream as a Score, a track for each part, sounding pitches, 480 ticks a quarter.

    Tied notes become one; grace notes and chord symbols, which take no time, are left out, and repeats are not played
    out. An incomplete first bar becomes a bar of its own, so that the later bar lines stand where they stand in the
    stream. path: how errors call it. name: of the piece, where the stream has no title. Raises BadInput when the stream
    holds no notes, TooLarge.
    """
    try:
        return _from_music21(stream, path, name)
    except BadInput:
        raise
    except Exception as error:  # noqa: BLE001  # music21 raises exceptions of many kinds, at any attribute
        raise BadInput(path, f"cannot be read ({fault(error)})") from None


def _from_music21(stream: Any, path: str, name: str) -> Score:
    parts = list(stream.parts) if getattr(stream, "hasPartLikeStreams", lambda: False)() else [stream]
    if len(parts) > LIMITS.max_tracks:
        raise TooLarge(path, "max_tracks", LIMITS.max_tracks, len(parts))
    if any(instrument.transposition for part in parts for instrument in part.getInstruments(recurse=True)):
        parts = [part.toSoundingPitch() for part in parts]
    flat_parts = [part.flatten() for part in parts]
    rows = [
        (onset, duration, pitch, velocity, track)
        for track, flat in enumerate(flat_parts)
        for onset, duration, pitch, velocity in _joined(flat)
    ]
    if not rows:
        raise BadInput(path, "holds no notes")
    if len(rows) > LIMITS.max_notes:
        raise TooLarge(path, "max_notes", LIMITS.max_notes, len(rows))
    if max(row[0] + row[1] for row in rows) * _MUSIC21_TICKS > LIMITS.max_ticks:
        raise TooLarge(path, "max_ticks", LIMITS.max_ticks)
    begin = [_tick(row[0]) for row in rows]
    everything = stream.flatten()
    metadata = getattr(stream, "metadata", None)
    score = make_score(
        _MUSIC21_TICKS,
        begin,
        [_tick(row[0] + row[1]) - start for row, start in zip(rows, begin, strict=True)],
        [row[2] for row in rows],
        [row[3] for row in rows],
        [row[4] for row in rows],
        tracks=[_track(part, flat) for part, flat in zip(parts, flat_parts, strict=True)],
        tempos=tuple(
            Tempo(_tick(mark.offset), float(tempo))
            for mark in everything.getElementsByClass("MetronomeMark")
            if (tempo := mark.getQuarterBPM()) and tempo > 0
        ),
        time_signatures=tuple(_time_signatures(parts[0], flat_parts[0])),
        key_signatures=tuple(
            KeySignature(_tick(k.offset), int(k.sharps), getattr(k, "mode", "major") in _MINOR_MODES)
            for k in flat_parts[0].getElementsByClass("KeySignature")
            if k.sharps is not None
        ),
        name=clean_name(str(getattr(metadata, "title", None) or getattr(metadata, "movementName", None) or "")) or name,
    )
    score = canonical(score)
    if not score.n_notes:
        raise BadInput(path, "holds no note that MIDI has")
    return score


def _joined(flat: Any) -> Iterator[tuple[Fraction, Fraction, int, int]]:
    """Onset and duration in quarters, pitch, velocity of each sounding note of a part; ties joined."""
    tied: dict[tuple[int, Fraction], list[Any]] = {}  # pitch, where it ends so far -> note that goes on there
    for element in flat.notes:
        if "Harmony" in element.classes:  # chord symbols say what others play
            continue
        onset, length = Fraction(element.offset), Fraction(element.quarterLength)
        if length <= 0:
            continue
        for note in getattr(element, "notes", (element,)):
            pitch = int(note.pitch.midi) if hasattr(note, "pitch") else _percussion_pitch(note)
            tie = note.tie.type if note.tie else ""
            held = tied.pop((pitch, onset), None) if tie in ("stop", "continue") else None
            if held:
                held[1] += length
            else:
                velocity = note.volume.velocity or element.volume.velocity or _DEFAULT_VELOCITY
                held = [onset, length, pitch, int(velocity)]
            end = (pitch, held[0] + held[1])
            if tie in ("start", "continue") and end not in tied:
                tied[end] = held
            else:
                yield held[0], held[1], held[2], held[3]
    for held in tied.values():
        yield held[0], held[1], held[2], held[3]


def _percussion_pitch(note: Any) -> int:
    stored = getattr(note, "storedInstrument", None)
    return int(getattr(stored, "percMapPitch", None) or 38)  # an acoustic snare when it is not said what is struck


def _track(part: Any, flat: Any) -> Track:
    instrument = part.getInstrument(returnDefault=True)
    drums = instrument.midiChannel == 9 or "UnpitchedPercussion" in instrument.classes
    drums = drums or any(not hasattr(note, "pitches") or "Unpitched" in note.classes for note in flat.notes)
    # What music21 calls a part without a name, and where it leaves a name that Humdrum gives.
    name = str(part.partName or instrument.partName or "").removeprefix("MusicXML Part")
    said = (m.tandem for m in flat.getElementsByClass("MiscTandem") if m.tandem.startswith('"'))
    name = name or next(said, "").strip('" ')
    return Track(0 if drums else int(instrument.midiProgram or 0), bool(drums), name)


def _time_signatures(part: Any, flat: Any) -> Iterator[TimeSignature]:
    """Those of a part; an incomplete first bar gets one of its own length when one exists."""
    said = flat.getElementsByClass("TimeSignature")
    marks = [TimeSignature(_tick(t.offset), t.numerator, t.denominator) for t in said]
    if marks and marks[0].tick == 0:
        bar = Fraction(4 * marks[0].numerator, marks[0].denominator)
        measures = list(part.getElementsByClass("Measure"))[:2]
        begins = Fraction(measures[1].offset) if len(measures) == 2 else bar
        if 0 < begins < bar:
            for denominator in (4, 8, 16, 32):
                numerator = begins * denominator / 4
                if numerator.denominator == 1:
                    yield TimeSignature(0, int(numerator), denominator)
                    marks[0] = TimeSignature(_tick(begins), marks[0].numerator, marks[0].denominator)
                    break
    yield from marks


def _tick(quarters: float | Fraction) -> int:
    return round(Fraction(quarters) * _MUSIC21_TICKS)

"""Scores as notation: what is written is what is read, every bar is full, and files are sound."""

from __future__ import annotations

import re
import sys
import zipfile
from collections import Counter
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqgen.core.errors import MissingExtra, TooLarge, UsageError
from seqgen.core.limits import Limits
from seqgen.domains.midi.canonical import canonical
from seqgen.domains.midi.notation import engraving
from seqgen.domains.midi.notation.abc import to_abc
from seqgen.domains.midi.notation.musicxml import to_musicxml, to_mxl
from seqgen.domains.midi.notation.notate import notate
from seqgen.domains.midi.notation.sheet import UNITS, Sheet
from seqgen.domains.midi.notation.spelling import spell
from seqgen.domains.midi.score import KeySignature, Score, Tempo, TimeSignature, Track, make_score

TICKS = 480
Notes = list[tuple[Fraction, int, Fraction]]  # onset and duration in quarters


def notes_of(score: Score) -> Notes:
    columns = zip(score.onset.tolist(), score.pitch.tolist(), score.duration.tolist(), strict=True)
    return sorted(
        (Fraction(o, score.ticks_per_quarter), p, Fraction(d, score.ticks_per_quarter)) for o, p, d in columns
    )


def notes_on(sheet: Sheet) -> Notes:
    """The notes of a sheet, ties joined; says on the way that every bar is full of values that can be written."""
    out: Notes = []
    for part in sheet.parts:
        for staff in part.staves:
            held: dict[tuple[int, int], list[int]] = {}  # (where it goes on, pitch) -> where such notes began
            for bar, voices in zip(sheet.bars, staff.bars, strict=True):
                for voice in voices:
                    at = 0
                    for symbol in voice:
                        assert symbol.start == at
                        at += symbol.length
                        written = symbol.value * (3 if symbol.dots else 2) // 2
                        assert symbol.whole or written * (2 if symbol.tuplet else 3) == 3 * symbol.length
                        for head in symbol.heads:
                            begin, end = bar.start + symbol.start, bar.start + at
                            begins = held[begin, head.pitch].pop(0) if head.held else begin
                            if head.holds:
                                held.setdefault((end, head.pitch), []).append(begins)
                            else:
                                out.append((Fraction(begins, UNITS), head.pitch, Fraction(end - begins, UNITS)))
                    assert at in (0, bar.length)
            assert not any(held.values())
    return sorted(out)


def read_back(text: bytes, kind: str) -> tuple[object, Notes]:
    """What music21 makes of a file."""
    from music21.converter import Converter

    converter = Converter()
    converter.parseData(text.decode(), format=kind)
    out: Notes = []
    for part in converter.stream.parts:
        held: dict[int, list[Fraction]] = {}
        for element in sorted(part.recurse().notes, key=lambda n: n.getOffsetInHierarchy(part)):
            onset, length = Fraction(element.getOffsetInHierarchy(part)), Fraction(element.quarterLength)
            for note in getattr(element, "notes", (element,)):
                tie = note.tie.type if note.tie else ""
                pitch = note.pitch.midi
                begun = held.pop(pitch, [onset]) if tie in ("stop", "continue") else [onset]
                if tie in ("start", "continue"):
                    held[pitch] = begun
                else:
                    out.append((begun[0], pitch, onset + length - begun[0]))
        assert not held
    return converter.stream, sorted(out)


@st.composite
def on_grid(draw: st.DrawFn) -> Score:
    """Beats divided by 8 or 12 in any metre; equal pitches of a track never overlap."""
    signature = draw(
        st.sampled_from([(4, 4), (3, 4), (2, 2), (5, 4), (6, 8), (7, 8), (12, 8), (3, 8), (11, 8), (5, 16)])
    )
    beat = TICKS if signature[1] <= 4 else TICKS * 4 // signature[1]
    by_three = signature[1] <= 8
    n_tracks = draw(st.integers(1, 3))
    notes = []
    for track in range(n_tracks):
        for k in range(draw(st.integers(1, 10))):
            parts = draw(st.sampled_from((8, 12) if beat == TICKS else (4, 6) if by_three else (2,)))
            for _ in range(draw(st.integers(0, 5))):
                begin = draw(st.integers(0, parts - 1))
                end = draw(st.integers(begin + 1, parts))
                more = draw(st.sampled_from([0, 0, 0, 1, 3, 9])) if end == parts else 0
                notes.append((k * beat + begin * beat // parts, (end - begin) * beat // parts + more * beat,
                              draw(st.integers(30, 90)), 70, track))  # fmt: skip
    score = make_score(
        TICKS, *zip(*(notes or [(0, TICKS, 60, 70, 0)]), strict=True),
        tracks=[Track(draw(st.sampled_from([0, 40])), False, f"T{t}") for t in range(n_tracks)],
        time_signatures=(TimeSignature(0, *signature),),
        key_signatures=(KeySignature(0, draw(st.integers(-7, 7)), draw(st.booleans())),),
    )  # fmt: skip
    until: dict[tuple[int, int], int] = {}
    kept = []
    for i, (o, d, p, t) in enumerate(zip(score.onset, score.duration, score.pitch, score.track, strict=True)):
        if until.get((t, p), -1) <= o:
            until[t, p] = int(o + d)
            kept.append(i)
    return canonical(score.take(np.array(kept)))


@given(on_grid())
@settings(max_examples=25)
def test_notes_on_the_grid_are_written_as_they_are(score: Score) -> None:
    sheet = notate(score)
    lead = Fraction(sheet.bars[0].shift, UNITS)
    assert notes_on(sheet) == [(onset - lead, pitch, duration) for onset, pitch, duration in notes_of(score)]


@given(on_grid())
@settings(max_examples=3)
def test_another_program_reads_the_same_notes(score: Score) -> None:
    expected = notes_on(notate(score))
    assert read_back(to_musicxml(score), "musicxml")[1] == expected


@st.composite
def played(draw: st.DrawFn) -> Score:
    """Anything at all."""
    n = draw(st.integers(1, 30))
    tick, length = st.integers(0, 4000), st.integers(1, 2000)
    notes = [
        (draw(tick), draw(length), draw(st.integers(0, 127)), draw(st.integers(1, 127)), draw(st.integers(0, 2)))
        for _ in range(n)
    ]
    signature = st.builds(TimeSignature, tick, st.integers(1, 13), st.sampled_from([1, 2, 4, 8, 16, 32, 64, 128]))
    return make_score(
        draw(st.sampled_from([24, 96, 100, 220, 480, 960, 32767])), *zip(*notes, strict=True),
        tracks=[Track(0), Track(0, True), Track(33)],
        tempos=tuple(draw(st.lists(st.builds(Tempo, tick, st.floats(0.5, 1e4)), max_size=4))),
        time_signatures=tuple(draw(st.lists(signature, max_size=3))),
        key_signatures=tuple(draw(st.lists(st.builds(KeySignature, tick, st.integers(-7, 7)), max_size=2))),
    )  # fmt: skip


@given(played())
@settings(max_examples=20)
def test_whatever_is_played_is_written_note_for_note(score: Score) -> None:
    whole = canonical(score)
    try:
        sheet = notate(score)
    except TooLarge:
        return
    assert Counter(p for _, p, _ in notes_on(sheet)) == Counter(whole.pitch.tolist())
    ElementTree.fromstring(to_musicxml(score))  # noqa: S314  # ours
    assert to_abc(score).startswith(b"X:1\nT:")


@pytest.mark.parametrize("number", [0, 5, 7])
def test_chorales_are_read_back_by_music21(number: int, chorales: list[Score]) -> None:
    score = chorales[number]
    lead = Fraction(notate(score).bars[0].shift, UNITS)
    assert (lead == 3) == (number == 5)
    expected = sorted((onset - lead, pitch, duration) for onset, pitch, duration in notes_of(score))
    for kind, text in (("musicxml", to_musicxml(score)), ("abc", to_abc(score))):
        stream, found = read_back(text, kind)
        assert found == expected
        parts = list(stream.parts)  # type: ignore[attr-defined]  # a score
        assert len(parts) == 4
        assert [len(p.getElementsByClass("Measure")) for p in parts] == [6 + (number == 5)] * 4
        first = parts[0].flatten()
        assert first.getElementsByClass("TimeSignature")[0].ratioString == ("3/4" if number == 7 else "4/4")
        assert first.getElementsByClass("KeySignature")[0].sharps == score.key_signatures[0].fifths
    assert [p.partName for p in read_back(to_musicxml(score), "musicxml")[0].parts][::3] == ["Soprano", "Bass"]  # type: ignore[attr-defined]  # a score


def test_drums_stand_where_drummers_look_for_them() -> None:
    score = make_score(
        TICKS, [0, 0, 240, 480, 480], [10] * 5, [36, 42, 42, 38, 42], [80] * 5, [0] * 5, [Track(0, True)]
    )
    text = to_musicxml(score).decode()
    assert "<display-step>F</display-step><display-octave>4" in text
    assert text.count("<notehead>x</notehead>") == 3
    assert "<midi-channel>10</midi-channel>" in text
    assert "<midi-unpitched>43</midi-unpitched>" in text  # counted from 1
    assert re.findall(r'<instrument id="P1-I(\d+)"/>', text) == ["42", "42", "38", "42", "36"]  # hands, then feet
    assert [(o, p) for o, p, _ in notes_on(notate(score))] == [(o, p) for o, p, _ in notes_of(score)]


def test_pianos_have_two_staves_and_others_the_clef_they_need() -> None:
    chords = [(beat * TICKS, TICKS, pitch, 80, 0) for beat in range(4) for pitch in (40, 47, 64, 72)]
    low = [(0, 4 * TICKS, 36, 80, 1)]
    sheet = notate(make_score(TICKS, *zip(*(chords + low), strict=True),
                              tracks=[Track(0), Track(42)]))  # fmt: skip
    assert [[staff.clef[0] for staff in part.staves] for part in sheet.parts] == [["G", "F"], ["F"]]
    assert [part.name for part in sheet.parts] == ["Piano", "Cello"]


def test_accidentals_are_spelled_by_the_key() -> None:
    def names(pitches: list[int], fifths: int, minor: bool) -> list[str]:
        n = len(pitches)
        pitch, time, zero = np.array(pitches), np.arange(n) * UNITS, np.zeros(n, np.int64)
        marks = {-2: "bb", -1: "b", 0: "", 1: "#", 2: "##"}
        found = spell(pitch, time, zero, zero + fifths, np.full(n, minor))
        return [step + marks[alter] + str(octave) for step, alter, octave in found]

    assert names([57, 59, 60, 62, 64, 66, 68, 69], 0, True) == ["A3", "B3", "C4", "D4", "E4", "F#4", "G#4", "A4"]
    assert names([68, 70, 71, 73, 75, 78, 79, 80], 5, True)[-2:] == ["F##5", "G#5"]
    assert names([58, 60, 62, 63, 65, 59, 60], -2, False) == ["Bb3", "C4", "D4", "Eb4", "F4", "B3", "C4"]
    assert names([60, 59, 71, 72], -6, False) == ["C4", "Cb4", "Cb5", "C5"]


def test_a_triplet_a_syncopation_and_a_long_note() -> None:
    third = TICKS // 3
    notes = [
        (0, third, 60),
        (third, third, 62),
        (2 * third, third, 64),
        (480, 240, 65),
        (720, 480, 67),
        (1200, 5000, 69),
    ]
    score = make_score(TICKS, *zip(*notes, strict=True), [80] * 6, [0] * 6)
    first, second = notate(score).parts[0].staves[0].bars[:2]
    assert [s.tuplet for s in first[0]] == ["start", "inside", "stop", "", "", "", ""]
    assert [s.value for s in first[0]] == [48, 48, 48, 48, 48, 48, 96]  # the middle of the bar is seen
    assert [s.beams for s in first[0][:3]] == [("begin",), ("continue",), ("end",)]
    assert [(s.value, s.heads[0].held, s.heads[0].holds) for s in second[0]] == [(384, True, True)]


def test_metres_may_change_and_begin_with_a_pickup() -> None:
    onset = [k * TICKS for k in range(12)]
    marks = (TimeSignature(0, 1, 4), TimeSignature(480, 4, 4), TimeSignature(480 * 7, 7, 8))
    score = make_score(TICKS, onset, [TICKS] * 12, [60] * 12, [80] * 12, [0] * 12, time_signatures=marks)
    bars = notate(score).bars
    assert [bar.length for bar in bars] == [96, 384, 192, 336, 336]
    assert [bar.number for bar in bars] == ["", "1", "", "2", "3"]
    assert bars[0].signature == (4, 4)
    assert read_back(to_musicxml(score), "musicxml")[1] == notes_of(score)


def test_a_pickup_and_the_last_bar_make_one() -> None:
    score = make_score(TICKS, [1440, 1920, 3840], [480, 1920, 1440], [60] * 3, [80] * 3, [0] * 3)
    assert [(bar.length, bar.number) for bar in notate(score).bars] == [(96, ""), (384, "1"), (288, "2")]


def test_a_voice_may_be_silent_in_the_pickup() -> None:
    notes = [(0, 480, 60, 80, 0), (480, 1920, 62, 80, 0), (960, 1440, 50, 80, 1)]
    marks = (TimeSignature(0, 1, 4), TimeSignature(480, 4, 4))
    score = make_score(TICKS, *zip(*notes, strict=True), [Track(40), Track(42)], time_signatures=marks)
    for kind, text in (("musicxml", to_musicxml(score)), ("abc", to_abc(score))):
        assert read_back(text, kind)[1] == notes_of(score)


def test_tempo_names_and_titles_are_kept(tmp_path: Path) -> None:
    score = make_score(
        TICKS, [0], [TICKS], [60], [80], [0], [Track(0, False, 'A & "B" <c>')],
        tempos=(Tempo(0, 0.5), Tempo(240, 90.0)), name="Tom & Jerry\x00",
    )  # fmt: skip
    text = to_musicxml(score).decode()
    assert "<work-title>Tom &amp; Jerry</work-title>" in text
    assert '<sound tempo="90"><offset>48</offset></sound>' in text
    assert "<per-minute>0.5</per-minute>" in text
    assert zipfile.ZipFile(BytesIO(to_mxl(score))).read("score.musicxml").decode() == text
    score.write(tmp_path / "tune.musicxml")
    assert (tmp_path / "tune.musicxml").read_text("utf-8") == text
    assert "T:Tom & Jerry" in to_abc(score).decode()


def test_engraved_files_are_sound_and_always_the_same(chorales: list[Score], tmp_path: Path) -> None:
    pytest.importorskip("verovio")
    for suffix in (".svg", ".pdf"):
        for again in ("a", "b"):
            chorales[5].write(tmp_path / f"{again}{suffix}")
        assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()
    svg = (tmp_path / "a.svg").read_text("utf-8")
    root = ElementTree.fromstring(svg)  # noqa: S314  # ours
    assert sum(e.get("class", "").split()[:1] == ["note"] for e in root.iter()) == chorales[5].n_notes
    assert engraving.MUSIC not in svg  # the font is nowhere needed
    pdf = (tmp_path / "a.pdf").read_bytes()
    assert pdf.startswith(b"%PDF-1.4") and pdf.endswith(b"%%EOF\n")
    start = int(re.findall(rb"startxref\n(\d+)", pdf)[0])
    places = [int(line.split()[0]) for line in pdf[start:].split(b"\n")[3:] if line.endswith(b" n ")]
    assert all(pdf[at:].startswith(b"%d 0 obj" % (i + 1)) for i, at in enumerate(places))


def test_what_cannot_be_written_says_so(chorales: list[Score], monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="without notes"):
        to_musicxml(make_score(TICKS, [], [], [], [], []))
    few = make_score(TICKS, [0, 10**8], [1, 1], [60, 60], [80, 80], [0, 0])
    with pytest.raises(TooLarge, match="bars"):
        to_musicxml(few)
    with monkeypatch.context() as patch:
        patch.setattr(engraving, "LIMITS", Limits(max_engraved_notes=3))
        with pytest.raises(TooLarge, match="engraved notes"):
            engraving.to_svg(chorales[0])
    monkeypatch.setitem(sys.modules, "verovio", None)
    with pytest.raises(MissingExtra, match="verovio"):
        engraving.to_svg(chorales[0])

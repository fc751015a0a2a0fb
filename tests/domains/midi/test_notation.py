"""Notation → scores: what a file says is read, what is hostile is refused, quickly and in one way."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqgen.core.domain import domain_of, get_domain
from seqgen.core.errors import BadInput, TooLarge
from seqgen.corpus.build import read_bounded
from seqgen.domains.midi.canonical import canonical
from seqgen.domains.midi.files import read
from seqgen.domains.midi.formats import archive as archives
from seqgen.domains.midi.formats.known import READERS
from seqgen.domains.midi.formats.patience import at_most
from seqgen.domains.midi.score import KeySignature, Score, TimeSignature, Track
from seqgen.domains.midi.tokenizer import MidiTokenizer

ASSETS = Path(__file__).parents[2] / "assets"
BROKEN = sorted(p for p in (ASSETS / "broken").iterdir() if p.suffix != ".mid")
_spec = importlib.util.spec_from_file_location("make_broken", ASSETS / "make_broken.py")
assert _spec and _spec.loader
make = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(make)

ABC = b"""%abc
M:3/4
X:1
T:A pickup
L:1/4
Q:1/4=90
K:Amin
E|A-A B|[CEG]2 {g}c|:d e f:|1 g3|2 a3|]

Words that are no music.

X:2
T:Two voices
M:6/8
L:1/8
K:D
V:1
A2c def|(3abc d3 e|
V:2
A,3 D3|F3 G3|
"""

KERN = b"""**kern\t**kern
*I"Cello\t*I"Violin
*k[f#]\t*k[f#]
*e:\t*e:
*M4/4\t*M4/4
*MM100\t*MM100
=1\t=1
4G\t4g
*\t*^
4D\t4b\t8g
.\t.\t8a
4E\t[4b\t4g
4G\t4b]\t4g
*\t*v\t*v
=2\t=2
1G 1d\t2.cc
.\tqdd
.\t4b
==\t==
*-\t*-
"""

MUSICXML = b"""<?xml version="1.0"?>
<score-partwise version="4.0"><movement-title>Small</movement-title><part-list>
<score-part id="P1"><part-name>Clarinet</part-name>
<score-instrument id="I1"><instrument-name>Clarinet</instrument-name></score-instrument>
<midi-instrument id="I1"><midi-channel>1</midi-channel><midi-program>72</midi-program></midi-instrument></score-part>
<score-part id="P2"><part-name>Drums</part-name>
<score-instrument id="D1"><instrument-name>Bass Drum</instrument-name></score-instrument>
<score-instrument id="D2"><instrument-name>Hi-Hat</instrument-name></score-instrument>
<midi-instrument id="D1"><midi-channel>10</midi-channel><midi-unpitched>37</midi-unpitched></midi-instrument>
<midi-instrument id="D2"><midi-channel>10</midi-channel><midi-unpitched>43</midi-unpitched></midi-instrument>
</score-part></part-list>
<part id="P1"><measure number="0" implicit="yes"><attributes><divisions>2</divisions>
<key><fifths>1</fifths><mode>minor</mode></key><time><beats>4</beats><beat-type>4</beat-type></time>
<transpose><diatonic>-1</diatonic><chromatic>-2</chromatic></transpose></attributes>
<direction><direction-type><words>Allegro</words></direction-type><sound tempo="120"/></direction>
<note><pitch><step>C</step><octave>5</octave></pitch><duration>2</duration></note></measure>
<measure number="1"><note><grace/><pitch><step>D</step><octave>5</octave></pitch></note>
<note><pitch><step>E</step><octave>5</octave></pitch><duration>4</duration><tie type="start"/></note>
<note><chord/><pitch><step>G</step><octave>5</octave></pitch><duration>4</duration></note>
<note><pitch><step>E</step><octave>5</octave></pitch><duration>4</duration><tie type="stop"/></note>
<backup><duration>8</duration></backup>
<note><pitch><step>C</step><octave>4</octave></pitch><duration>8</duration><voice>2</voice></note>
<barline location="right"><repeat direction="backward"/></barline></measure></part>
<part id="P2"><measure number="0"><attributes><divisions>2</divisions></attributes>
<note><rest/><duration>2</duration></note></measure><measure number="1">
<note><unpitched><display-step>E</display-step><display-octave>4</display-octave></unpitched><duration>4</duration>
<instrument id="D1"/></note>
<note><unpitched><display-step>G</display-step><display-octave>5</display-octave></unpitched><duration>4</duration>
<instrument id="D2"/></note></measure></part></score-partwise>
"""


def notes(score: Score) -> list[tuple[float, float, int, int]]:
    """Onset and duration in quarters, pitch, track."""
    quarters = score.ticks_per_quarter
    columns = (score.onset / quarters, score.duration / quarters, score.pitch, score.track)
    return [tuple(row) for row in zip(*(c.tolist() for c in columns), strict=True)]


def test_musicxml() -> None:
    (score,) = read(MUSICXML, "x.musicxml")
    assert notes(score) == [
        (0, 1, 70, 0), (1, 4, 58, 0), (1, 4, 74, 0), (1, 2, 77, 0), (1, 2, 36, 1), (3, 2, 42, 1),
    ]  # fmt: skip
    assert score.tracks == (Track(71, False, "Clarinet"), Track(0, True, "Drums")) and score.name == "Small"
    assert score.time_signatures == (TimeSignature(0, 1, 4), TimeSignature(480, 4, 4))
    assert score.key_signatures == (KeySignature(0, -1, True),)
    assert [t.quarters_per_minute for t in score.tempos] == [120]


def test_of_a_chord_only_the_tied_notes_are_held_on() -> None:
    second = b'<note><pitch><step>E</step><octave>5</octave></pitch><duration>4</duration><tie type="stop"/></note>'
    other = b"<note><chord/><pitch><step>G</step><octave>5</octave></pitch><duration>4</duration></note>"
    (score,) = read(MUSICXML.replace(second, second + b"\n" + other), "x.musicxml")
    assert [n for n in notes(score) if n[2] in (74, 77)] == [(1, 4, 74, 0), (1, 2, 77, 0), (3, 2, 77, 0)]


def test_abc_holds_tunes() -> None:
    first, second = read(ABC, "x.abc")
    assert (first.name, second.name) == ("A pickup", "Two voices")
    # Played as written: the grace note is left out, no repeat is played, both endings follow one another.
    assert [n[2] for n in notes(first)] == [64, 69, 71, 60, 64, 67, 72, 74, 76, 77, 79, 81]
    assert notes(first)[1][:2] == (1, 2) and first.time_signatures == (TimeSignature(0, 1, 4), TimeSignature(480, 3, 4))
    assert first.key_signatures == (KeySignature(0, 0, True),)
    assert round(first.tempos[0].quarters_per_minute) == 90
    assert len(second.tracks) == 2 and second.key_signatures == (KeySignature(0, 2, False),)
    assert second.pitch[second.track == 0].tolist() == [69, 73, 74, 76, 78, 81, 83, 73, 74, 76]


def test_kern_with_a_split_spine() -> None:
    (score,) = read(KERN, "x.krn")
    violin = [n[:3] for n in notes(score) if score.tracks[n[3]].name == "Violin"]
    assert violin == [
        (0, 1, 67), (1, 0.5, 67), (1, 1, 71), (1.5, 0.5, 69), (2, 1, 67), (2, 2, 71), (3, 1, 67), (4, 3, 72),
        (7, 1, 71),
    ]  # fmt: skip
    assert [n[:3] for n in notes(score) if n[:3] not in violin] == [
        (0, 1, 55), (1, 1, 50), (2, 1, 52), (3, 1, 55), (4, 4, 55), (4, 4, 62),
    ]  # fmt: skip
    assert {t.name for t in score.tracks} == {"Cello", "Violin"}
    assert score.key_signatures == (KeySignature(0, 1, True),)


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.name)
def test_broken_files(path: Path) -> None:
    began = time.process_time()
    try:
        (score,) = read(path, path.name)
    except BadInput as error:
        assert path.name.startswith("refused") and error.path.startswith(path.name) and error.reason
    else:
        assert path.name.startswith("played") and score.n_notes == 1 and canonical(score) == score
    assert time.process_time() - began < 3


def test_assets_are_what_their_script_writes() -> None:
    assert {p.name: p.read_bytes() for p in BROKEN} == make.notation()


def test_archives_have_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadInput, match="1,201 files"):
        list(read(make.archive({f"{i}": b"" for i in range(1200)}), "x.mxl"))
    bomb = make.archive({"score.musicxml": make.musicxml(" " * 5_000_000)})
    assert len(bomb) < 10_000
    monkeypatch.setattr(archives, "LIMITS", type("Small", (), {"max_score_bytes": 1_000_000}))
    with pytest.raises(TooLarge, match="1,000,000 score bytes"):
        list(read(bomb, "x.mxl"))


def test_one_bad_tune_costs_no_other() -> None:
    with pytest.raises(BadInput) as caught:
        list(read(b"X:1\nM:bad\nK:C\nC\n\nX:2\nM:worse\nK:C\nC\n", "x.abc"))
    assert caught.value.where == "line 1"


def test_a_folder_scan_picks_up_what_is_read() -> None:
    rare = {".kar", ".rmi", ".smf"}  # of MIDI, seldom met: read when a file is named
    assert set(get_domain("midi").suffixes) == set(READERS) - rare
    assert set(get_domain("midi").slow) == set(READERS) - rare - {".mid", ".midi"}


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="has no timers")
def test_slow_reading_ends() -> None:
    before = signal.getsignal(signal.SIGVTALRM)
    with pytest.raises(BadInput, match=r"x: took over 0\.05 s"), at_most(0.05, "x"):  # noqa: PT012  # for ever
        while True:
            with contextlib.suppress(Exception):  # as libraries do
                sum(range(1000))
    assert signal.getsignal(signal.SIGVTALRM) is before
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0, 0)


def test_xml_belongs_to_whom_its_content_says(tmp_path: Path) -> None:
    score, match = tmp_path / "a.xml", tmp_path / "b.xml"
    score.write_bytes(MUSICXML)
    match.write_text("<SoccerFeed/>")
    assert domain_of(score).name == "midi" and domain_of(match).name == "sports"


def test_workers_read_notation(tmp_path: Path) -> None:
    path = tmp_path / "x.abc"
    path.write_bytes(ABC)
    assert [piece.name for piece in read_bounded(path, get_domain("midi"))] == ["A pickup", "Two voices"]
    assert MidiTokenizer().encode(path).dtype == np.int32


def test_the_command_line_reads_notation(cli: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "x.krn").write_bytes(KERN)
    result = cli("inspect", tmp_path / "x.krn", "--json")
    assert result.code == 0 and len(json.loads(result.out)["events"]) == 15


def _mutations(n: int) -> list[tuple[bytes, str]]:
    rng = np.random.default_rng(0)
    found = []
    for i in range(n):
        data, suffix = ((ABC, ".abc"), (KERN, ".krn"), (MUSICXML, ".musicxml"))[i % 3]
        out = bytearray(data)
        for _ in range(rng.integers(1, 6)):
            at, size = int(rng.integers(0, len(out))), int(rng.integers(1, 12))
            part = bytes(out[int(rng.integers(0, len(out))) :][:size])
            noise = [b"9" * size, b"-1", b"/0", b"", part, part * 30, bytes(rng.integers(32, 127, size).tolist())]
            out[at : at + int(rng.integers(0, size + 1))] = noise[int(rng.integers(0, len(noise)))]
        found.append((bytes(out), f"{i}{suffix}"))
    return found


@pytest.mark.parametrize("n", [12, pytest.param(500, marks=pytest.mark.slow)])
def test_mutations_are_read_or_refused(n: int) -> None:
    for data, name in _mutations(n):
        began = time.process_time()
        try:
            pieces = list(read(data, name))
        except BadInput as error:
            assert error.path == name
        else:
            assert pieces and all(canonical(piece) == piece and piece.n_notes for piece in pieces)
        assert time.process_time() - began < 8, name  # two seconds and some, on a machine that does nothing else


@pytest.mark.slow
def test_music21s_own_chorales() -> None:
    import music21

    folder = Path(music21.__file__).parent / "corpus" / "bach"
    for path in sorted(folder.glob("*.mxl"))[:20]:
        (score,) = read(path)
        converter = music21.converter.Converter()
        converter.parseFileNoPickle(str(path))
        parts = [part.stripTies().flatten().notes for part in converter.stream.parts]
        assert score.n_notes == sum(len(n.pitches) for part in parts for n in part if n.quarterLength)

"""MIDI files ↔ scores: nothing is lost, nothing broken gets through, nothing takes long."""

from __future__ import annotations

import importlib.util
import os
import struct
import time
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqgen.core.errors import BadInput, MissingExtra, TooLarge, UsageError
from seqgen.core.workers import run_bounded
from seqgen.domains.midi.canonical import canonical
from seqgen.domains.midi.files import read, to_score, write
from seqgen.domains.midi.formats.midi import from_symusic, to_symusic
from seqgen.domains.midi.formats.objects import from_pretty_midi, to_pretty_midi
from seqgen.domains.midi.formats.serial import to_bytes
from seqgen.domains.midi.score import Ints, KeySignature, Score, Tempo, TimeSignature, Track, make_score

ASSETS = Path(__file__).parents[2] / "assets"
DATA = Path(os.environ.get("SEQGEN_DATA", Path(__file__).parents[3].parent / "shared" / "data"))
needs_data = pytest.mark.skipif(not (DATA / "midi" / "real").is_dir(), reason="SEQGEN_DATA holds no midi/real")


def _assets() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_broken", ASSETS / "make_broken.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@st.composite
def scores(draw: st.DrawFn) -> Score:
    """Any score, canonical or not."""
    tracks = draw(
        st.lists(st.builds(Track, st.integers(0, 127), st.booleans(), st.text(max_size=8)), min_size=1, max_size=20)
    )
    note = st.tuples(
        st.integers(0, 2000) | st.integers(0, 3_000_000), st.integers(0, 500),
        st.integers(0, 127) | st.integers(60, 62),
        st.integers(0, 127), st.integers(0, len(tracks) - 1),
    )  # fmt: skip
    notes = draw(st.lists(note, min_size=1, max_size=40))
    tick = st.integers(0, 3000)
    changes = st.tuples(tick, st.integers(0, len(tracks) - 1), st.integers(-9000, 9000) | st.integers(0, 1))
    return make_score(
        draw(st.integers(1, 32767)),
        *zip(*notes, strict=True),
        tracks=tracks,
        tempos=tuple(draw(st.lists(st.builds(Tempo, tick, st.floats(1, 1e5)), max_size=4))),
        time_signatures=tuple(
            draw(
                st.lists(
                    st.builds(TimeSignature, tick, st.integers(0, 300), st.sampled_from([1, 3, 4, 8, 128])), max_size=4
                )
            )
        ),
        key_signatures=tuple(
            draw(st.lists(st.builds(KeySignature, tick, st.integers(-8, 8), st.booleans()), max_size=4))
        ),
        pedals=_rows(draw(st.lists(changes, max_size=8))),
        bends=_rows(draw(st.lists(changes, max_size=8))),
    )


def _rows(rows: list[tuple[int, int, int]]) -> Ints:
    return np.array(rows, np.int32).reshape(-1, 3)


@given(scores())
@settings(max_examples=60, deadline=None)
def test_a_file_gives_back_what_was_written(score: Score) -> None:
    whole = canonical(score)
    assert whole.n_notes == score.n_notes
    assert canonical(whole) == whole
    assert list(read(to_bytes(whole))) == [whole]
    assert to_bytes(whole) == to_bytes(whole)
    assert from_symusic(to_symusic(whole)) == whole
    if score.n_notes:  # what is not canonical is written as if it were, overlaps and all
        assert [s.n_notes for s in read(to_bytes(score))] == [score.n_notes]


@given(st.binary(max_size=80) | st.integers(0, 1000).map(lambda n: n.to_bytes(4, "big")), st.integers(0, 90))
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_read_or_refused(noise: bytes, at: int) -> None:
    whole = to_bytes(make_score(96, [0, 96], [96, 96], [60, 62], [80, 80], [0, 0]))
    for data in (noise, whole[:at] + noise + whole[at:], whole[:at] + noise + whole[at + len(noise) :], whole[:at]):
        try:
            pieces = list(read(data))
        except BadInput:
            continue
        assert all(canonical(piece) == piece and piece.n_notes for piece in pieces)


@pytest.mark.parametrize("path", sorted((ASSETS / "broken").glob("*.mid")), ids=lambda path: path.stem)
def test_broken_files(path: Path) -> None:
    expected = path.stem.split("_")[0]
    try:
        (score,) = read(path, path.name)
    except BadInput as error:
        assert expected == "refused" and error.path == path.name and error.reason
    else:
        assert expected == "played" and score.n_notes == 1 and score.name == path.stem


def test_assets_are_what_their_script_writes() -> None:
    files = _assets().files()
    assert {p.stem: p.read_bytes() for p in (ASSETS / "broken").glob("*.mid")} == files


def test_a_refusal_says_where() -> None:
    with pytest.raises(BadInput) as caught:
        list(read(ASSETS / "broken" / "refused_data_before_status.mid", "x.mid"))
    assert caught.value.where == "track 1, byte 22" and "x.mid: track 1, byte 22: 0x3c" in caught.value.message


def test_a_delta_time_of_400_kilobytes() -> None:
    make = _assets()
    began = time.perf_counter()
    with pytest.raises(BadInput, match="more than four bytes"):
        list(read(make.header() + make.track(b"\xff" * 400_000 + b"\x00" + make.NOTE)))
    assert time.perf_counter() - began < 1


def test_many_tiny_chunks() -> None:
    with pytest.raises(TooLarge):
        list(read(_assets().header() + struct.pack(">4sI", b"MTrk", 0) * 100_000))


def test_format_2_holds_a_piece_in_each_track() -> None:
    make = _assets()
    pieces = list(read(make.header(3, kind=2) + make.track(make.NOTE) + make.track(b"") + make.track(make.NOTE * 2)))
    assert [piece.n_notes for piece in pieces] == [1, 2]


def test_repeated_notes_that_touch() -> None:
    score = make_score(480, [0, 480, 960], [480, 480, 1], [60, 60, 60], [80, 70, 60], [0, 0, 0])
    assert next(read(to_bytes(score))) == score


def test_overlapping_equal_pitches_end_in_the_order_they_began() -> None:
    nested = make_score(480, [0, 10], [100, 20], [60, 60], [80, 70], [0, 0])
    whole = canonical(nested)
    assert whole.onset.tolist() == [0, 10] and whole.duration.tolist() == [30, 90]
    assert next(read(to_bytes(nested))) == whole


def test_forty_tracks_keep_their_programs() -> None:
    tracks = [Track(i, name=f"part {i}") for i in range(39)] + [Track(0, True, "drums")]
    score = make_score(480, range(40), [480] * 40, [60] * 40, [80] * 40, range(40), tracks)
    assert next(read(to_bytes(score))) == score


def test_pedals_and_bends_say_changes_only() -> None:
    score = canonical(
        make_score(
            480, [0, 0], [480, 480], [60, 62], [80, 80], [0, 2], [Track(0), Track(1), Track(2)],
            pedals=_rows([(9, 2, 1), (0, 0, 0), (5, 0, 1), (7, 0, 1), (9, 0, 0), (9, 1, 1), (-1, 0, 1), (2000, 0, 5)]),
            bends=_rows([(5, 0, 9000), (5, 0, -5), (6, 0, -5), (7, 0, 0), (7, 7, 100)]),
        )
    )  # fmt: skip
    assert score.pedals.tolist() == [[5, 0, 1], [9, 0, 0], [9, 1, 1], [2000, 0, 1]]
    assert score.bends.tolist() == [[5, 0, -5], [7, 0, 0]]
    assert next(read(to_bytes(score))) == score
    assert score != canonical(make_score(480, [0, 0], [480, 480], [60, 62], [80, 80], [0, 1], score.tracks))


def test_a_damaged_file_keeps_its_pedals_and_bends() -> None:
    score = make_score(
        480, [0], [480], [60], [80], [0], pedals=_rows([(5, 0, 1), (90, 0, 0)]), bends=_rows([(7, 0, 99)])
    )
    assert next(read(to_bytes(score)[:-4])) == score


def test_write_is_atomic_and_says_what_it_writes(tmp_path: Path) -> None:
    score = make_score(480, [0], [480], [60], [80], [0])
    write(score, tmp_path / "a.mid")
    score.write(tmp_path / "b.midi")
    assert (tmp_path / "a.mid").read_bytes() == (tmp_path / "b.midi").read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.mid", "b.midi"]
    assert to_score(tmp_path / "a.mid") == to_score(str(tmp_path / "b.midi")) == score
    with pytest.raises(UsageError, match=r"\.mid"):
        write(score, tmp_path / "a.ogg")
    with pytest.raises(UsageError):
        to_score(5)
    with pytest.raises(UsageError):
        to_bytes(make_score(0, [0], [1], [60], [80], [0]))


def test_pretty_midi_both_ways() -> None:
    pytest.importorskip("pretty_midi")
    score = canonical(
        make_score(
            220, [0, 220, 440, 440], [220, 110, 440, 440], [60, 62, 64, 36], [80, 70, 60, 100], [0, 0, 0, 1],
            [Track(40, name="violin"), Track(0, True, "kit")], tempos=(Tempo(0, 120.0), Tempo(330, 90.0)),
            time_signatures=(TimeSignature(0, 3, 4), TimeSignature(660, 6, 8)),
            key_signatures=(KeySignature(0, 2), KeySignature(660, -3, True)),
            pedals=_rows([(110, 0, 1), (440, 0, 0)]), bends=_rows([(220, 0, -8192), (230, 0, 8191), (500, 1, 5)]),
        )
    )  # fmt: skip
    assert len(score.pedals) == 2 and len(score.bends) == 3
    assert from_pretty_midi(to_pretty_midi(score)) == score
    assert to_score(to_pretty_midi(score)) == score
    bomb = make_score(1, [50_000_000], [1], [60], [80], [0])
    with pytest.raises(TooLarge):
        to_pretty_midi(bomb)


def test_music21_pickup_ties_and_marks() -> None:
    music21 = pytest.importorskip("music21")
    stream = music21.stream.Score()
    voice = music21.stream.Part(id="soprano")
    voice.partName = "Soprano"
    first = music21.stream.Measure(number=0)
    first.append([music21.meter.TimeSignature("3/4"), music21.key.Key("d"), music21.tempo.MetronomeMark(number=90)])
    first.append(music21.note.Note("A4", quarterLength=1))
    second = music21.stream.Measure(number=1)
    held = music21.note.Note("D5", quarterLength=1)
    held.tie = music21.tie.Tie("start")
    second.append([music21.chord.Chord(["D4", "F4"], quarterLength=2), held])
    third = music21.stream.Measure(number=2)
    ends = music21.note.Note("D5", quarterLength=2)
    ends.tie = music21.tie.Tie("stop")
    third.append([ends, music21.harmony.ChordSymbol("Dm"), music21.note.Note("C5", quarterLength=1 / 3)])
    voice.append([first, second, third])
    stream.insert(0, voice)
    score = to_score(stream)
    assert score.pitch.tolist() == [69, 62, 65, 74, 72]
    assert score.onset.tolist() == [0, 480, 480, 1440, 2880]
    assert score.duration.tolist() == [480, 960, 960, 1440, 160]
    assert score.time_signatures == (TimeSignature(0, 1, 4), TimeSignature(480, 3, 4))
    assert score.key_signatures == (KeySignature(0, -1, True),)
    assert score.tempos[0].quarters_per_minute == pytest.approx(90, rel=1e-4)
    assert score.tracks == (Track(0, False, "Soprano"),)
    with pytest.raises(BadInput, match="holds no notes"):
        to_score(music21.stream.Score())


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pretty_midi", None)
    with pytest.raises(MissingExtra, match="pretty_midi"):
        to_pretty_midi(make_score(480, [0], [480], [60], [80], [0]))


def _n_notes(path: Path) -> int:
    return sum(score.n_notes for score in read(path))


@needs_data
def test_real_files_are_all_read_or_refused_within_bounds() -> None:
    import symusic

    lost = []
    for path in sorted((DATA / "midi" / "real").glob("*.mid")):
        try:
            expected = symusic.Score(path).note_num()
        except RuntimeError:
            expected = 0
        began = time.perf_counter()
        try:
            pieces = list(read(path))
        except BadInput as error:
            assert error.reason and expected == 0, (path.name, error.message)
            continue
        assert time.perf_counter() - began < 2
        for piece in pieces:
            assert canonical(piece) == piece and list(read(to_bytes(piece))) == [piece], path.name
        if sum(piece.n_notes for piece in pieces) < expected:
            lost.append(path.name)
    assert not lost


@needs_data
def test_the_largest_real_file_in_a_worker() -> None:
    path = max((DATA / "midi" / "real").glob("*.mid"), key=lambda p: p.stat().st_size)
    assert run_bounded(_n_notes, path) == _n_notes(path) > 1000


def test_np_arrays_are_int32() -> None:
    score = next(read(to_bytes(make_score(480, [0], [480], [60], [80], [0]))))
    for name in ("onset", "duration", "pitch", "velocity", "track"):
        assert getattr(score, name).dtype == np.int32

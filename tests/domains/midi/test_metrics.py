"""Scores made by hand whose values are known, and laws."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqgen.core.metrics import overlap, shares
from seqgen.domains.midi.keys import transpose_key
from seqgen.domains.midi.metrics import metrics
from seqgen.domains.midi.metrics.bars import Bars
from seqgen.domains.midi.metrics.contour import contour
from seqgen.domains.midi.score import KeySignature, Score, TimeSignature, Track, make_score

FOUR = (TimeSignature(0, 4, 4),)
C_MAJOR = (KeySignature(0, 0),)


def sung(*voices: str, key: tuple[KeySignature, ...] = C_MAJOR, metre: tuple[TimeSignature, ...] = FOUR) -> Score:
    """Voices from high to low as MIDI pitches of a quarter each; 0 is a rest, "-" holds on."""
    notes: list[list[int]] = []
    for track, line in enumerate(voices):
        for at, word in enumerate(line.split()):
            if word == "-":
                notes[-1][1] += 12
            elif word != "0":
                notes.append([12 * at, 12, int(word), track])
    onset, duration, pitch, track = zip(*notes, strict=True)
    tracks = [Track(52, False, f"Voice {i}") for i in range(len(voices))]
    return make_score(
        12, onset, duration, pitch, [80] * len(notes), track, tracks, time_signatures=metre, key_signatures=key
    )


def values(score: Score, training: Score | None = None) -> dict[str, Any]:
    return {name: v[0] for name, v in metrics([score], [training or score]).values.items()}


@pytest.mark.parametrize(
    ("upper", "lower", "fifths", "octaves", "moves"),
    [
        ("67 69 71", "60 62 64", 2, 0, 2),  # fifths, twice
        ("79 81", "60 62", 1, 0, 1),  # a twelfth is one too
        ("72 74", "60 62", 0, 1, 1),
        ("60 62", "60 62", 0, 1, 1),  # unisons
        ("72 62", "60 62", 0, 0, 1),  # an octave to a unison by contrary motion
        ("67 69", "60 50", 0, 0, 1),  # to a twelfth by contrary motion
        ("67 67", "60 60", 0, 0, 0),  # repeated
        ("67 0 69", "60 0 62", 0, 0, 0),  # a rest between
        ("67 - 69", "60 62 62", 0, 0, 0),  # one after the other
        ("67 68", "60 62", 0, 0, 1),  # a fifth to a tritone
        ("65 67", "60 62", 0, 0, 1),  # fourths
    ],
)
def test_parallels(upper: str, lower: str, fifths: int, octaves: int, moves: int) -> None:
    found = values(sung(upper, lower))
    assert (found["parallel_fifths_per_piece"], found["parallel_octaves_per_piece"]) == (fifths, octaves)
    rate = found["parallel_fifths_per_100_moves"]
    assert rate == pytest.approx(100 * fifths / moves) if moves else np.isnan(rate)


def test_a_perfect_cadence() -> None:
    found = values(sung("72 71 72", "64 67 67", "55 62 64", "48 43 48"))
    assert all(
        found[name] == 1
        for name in (
            "ends_with_a_triad",
            "ends_on_the_tonic",
            "ends_with_a_perfect_cadence",
            "leading_tones_resolved",
        )
    )
    # The leading tone of an inner voice may fall to the fifth; the highest voice may not.
    assert values(sung("72 74 72", "67 71 67", "64 65 64", "48 43 48"))["leading_tones_resolved"] == 1
    assert values(sung("72 71 67", "64 67 64", "55 65 60", "48 43 48"))["leading_tones_resolved"] == 0


@pytest.mark.parametrize(
    ("voices", "triad", "tonic", "perfect"),
    [
        (("72 72 71", "64 65 67", "60 57 62", "48 53 43"), 1, 0, 0),  # half a cadence
        (("72 69 72", "64 65 67", "55 60 64", "48 53 48"), 1, 1, 0),  # plagal
        (("72 71 72", "64 67 69", "55 62 64", "48 43 45"), 1, 0, 0),  # deceptive
        (("72 71 72", "64 67 67", "55 62 60", "48 43 40"), 0, 0, 0),  # a sixth chord
        (("72 71 72", "64 67 65", "55 62 55", "48 43 48"), 0, 1, 0),  # a suspended fourth
        (("67 71 76", "64 67 72", "55 62 67", "48 43 48"), 1, 1, 0),  # imperfect: the third on top
    ],
)
def test_other_endings(voices: tuple[str, ...], triad: int, tonic: int, perfect: int) -> None:
    found = values(sung(*voices))
    assert (found["ends_with_a_triad"], found["ends_on_the_tonic"]) == (triad, tonic)
    assert found["ends_with_a_perfect_cadence"] == perfect


def test_crossings_dissonance_polyphony_ranges() -> None:
    score = sung("67 67 67 67", "60 60 69 60", "48 48 48 0")
    found = values(score, sung("67", "60 60", "48"))
    assert found["voices_crossed"] == 0.25
    assert found["polyphony"] == pytest.approx(11 / 4)
    assert found["notes_out_of_range"] == pytest.approx(1 / 11)
    # Strong beats are the first and third: C3 C4 G4 and C3 G4 A4, no minor second or tritone among them.
    assert found["dissonance_on_strong_beats"] == 0
    # B and C an octave and a semitone apart, and F against B: a third of three intervals, and another.
    assert values(sung("72 71", "71 65", "64 60"))["dissonance_on_strong_beats"] == pytest.approx(1 / 3)


def test_rhythm() -> None:
    # Onsets on 1 2 3 4, then 1 3: two of sixteen sixteenths differ; then a bar of nothing, and one of one note.
    found = values(sung("60 60 60 60 60 - 60 - 0 0 0 0 60 - - -", "48 - - - 48 - - - 0 0 0 0 48 - - -"))
    assert found["empty_bars"] == 0.25
    assert found["groove_consistency"] == pytest.approx(1 - (2 + 2 + 1) / 48)
    assert found["notes_per_quarter"] == pytest.approx(10 / 16)


def test_pitch() -> None:
    found = values(sung("60 62 64 65 67 69 71 72 61", "36 - - - - - - - -"))
    assert found["scale_consistency"] == pytest.approx(0.9)
    assert found["pitch_range"] == 36
    assert values(sung("60 62 60 62", "48 50 48 50"))["pitch_class_entropy"] == pytest.approx(1)


def test_drums() -> None:
    strokes = [(0, 36), (2, 38), (4, 36), (6, 38), (0, 42), (2, 42), (4, 42), (6, 46)]  # quarters of two bars of 2/2
    onset, pitch = zip(*strokes, strict=True)
    score = make_score(
        1, onset, [1] * 8, pitch, [80] * 8, [0] * 8, [Track(0, True)], time_signatures=(TimeSignature(0, 2, 2),)
    )
    found = values(score)
    assert (found["kicks"], found["snares"], found["hats"]) == (0.25, 0.25, 0.5)
    assert found["drum_pattern_consistency"] == 1
    assert np.isnan(found["scale_consistency"]) and "parallel_fifths_per_piece" not in found


def test_what_a_piece_has_not_is_none_rather_than_nonsense() -> None:
    empty = Score(480, *(np.zeros(0, np.int32) for _ in range(5)))
    found = values(empty)
    assert all(np.isnan(v) for name, v in found.items() if name != "instruments")
    without_metre = values(sung("60 62", "48 50", metre=()))
    assert np.isnan(without_metre["groove_consistency"]) and np.isnan(without_metre["empty_bars"])
    chords = make_score(1, [0, 0], [1, 1], [60, 67], [80, 80], [0, 0])
    assert "parallel_fifths_per_piece" not in values(chords)
    assert metrics([], []).values == {} and not any(metrics([], []).histograms.values())


def test_bars_from_one_time_signature_to_the_next() -> None:
    score = replace(sung("60 62", "48 50"), time_signatures=(TimeSignature(0, 1, 4), TimeSignature(12, 3, 4)))
    bars = Bars(score)
    number, place, length = bars.of(np.array([0, 11, 12, 47, 48]))
    assert number.tolist() == [0, 0, 1, 1, 2]
    assert place.tolist() == pytest.approx([0, 11 / 12, 0, 35 / 12, 0]) and length.tolist() == [1, 1, 3, 3, 3]
    assert bars.strong_beats(84).tolist() == [0, 12, 48]
    late = Bars(replace(score, time_signatures=(TimeSignature(12, 3, 4),)))
    assert late.of(np.array([0, 12]))[0].tolist() == [0, 1] and late.of(np.array([0]))[1].tolist() == [2]


lines = st.lists(st.lists(st.integers(40, 80), min_size=3, max_size=12), min_size=2, max_size=4)


@given(lines, st.integers(-6, 6))
def test_nothing_but_pitch_classes_changes_with_the_key(voices: list[list[int]], k: int) -> None:
    score = sung(*(" ".join(map(str, line)) for line in voices))
    moved = replace(score, pitch=score.pitch + k, key_signatures=(KeySignature(0, *transpose_key((0, False), k)),))
    before, after = values(score), values(moved)
    assert before.keys() == after.keys()
    for name, value in before.items():
        assert after[name] == pytest.approx(value, nan_ok=True), name
    one, other = metrics([score], [score]).histograms, metrics([moved], [moved]).histograms
    assert all(one[name] == other[name] for name in one if name != "pitch_class")
    assert {name: sum(h.values()) for name, h in one.items()} == {name: sum(h.values()) for name, h in other.items()}
    for histogram in one.values():
        assert sum(shares(histogram).values()) == pytest.approx(1) and overlap(histogram, histogram) == pytest.approx(1)
    assert contour(score).codes.tolist() == contour(moved).codes.tolist()


def test_a_contour_says_drums_as_they_are() -> None:
    tracks = [Track(0), Track(0, True)]
    score = make_score(4, [0, 0, 2, 4, 4], [1] * 5, [60, 36, 38, 64, 36], [80] * 5, [0, 1, 1, 0, 1], tracks)
    moved = replace(
        score, pitch=score.pitch + np.array([5, 0, 0, 5, 0], np.int32)[np.argsort(score.onset, kind="stable")]
    )
    assert contour(score).codes.tolist() == contour(moved).codes.tolist()
    assert contour(score).places.tolist() == [0, 0, 0.5, 1, 1]
    other = replace(score, pitch=np.where(score.pitch == 38, 40, score.pitch).astype(np.int32))
    assert contour(other).codes.tolist() != contour(score).codes.tolist()

"""The performance tokenization: seconds, pedals, velocities; and when a corpus gets it."""

from __future__ import annotations

import inspect
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqgen.core.errors import BadInput, TooLarge, UsageError
from seqgen.domains.midi.canonical import canonical
from seqgen.domains.midi.clock import Clock
from seqgen.domains.midi.keeping import compared, told
from seqgen.domains.midi.options import MidiOptions
from seqgen.domains.midi.performance.detection import coherence, is_performed
from seqgen.domains.midi.performance.scheme import Performance
from seqgen.domains.midi.remi.scheme import Remi
from seqgen.domains.midi.score import Score, Tempo, TimeSignature, Track, make_score
from seqgen.domains.midi.tokenizer import MidiTokenizer
from seqgen.domains.midi.voices.scheme import Voices

SCHEME = Performance()


def tokens(score: Score) -> list[str]:
    """Without the header."""
    return [SCHEME.vocabulary.tokens[i] for i in SCHEME.encode(score)][3:]


def rows(*changes: tuple[int, int, int]) -> np.ndarray[tuple[int, int], np.dtype[np.int32]]:
    return np.array(changes, np.int32).reshape(-1, 3)


def played(seed: int, n: int = 300, jitter: float = 0.0, seconds: float = 0.37) -> Score:
    """Notes at random multiples of a beat that the file's own tempo of 120 does not know."""
    rng = np.random.default_rng(seed)
    onset = np.cumsum(rng.choice([0.25, 0.5, 1], n)) * seconds + rng.normal(0, jitter, n) + 1
    return make_score(480, onset * 960, [200] * n, rng.integers(40, 80, n), rng.integers(30, 90, n), [0] * n)


def test_time_is_in_seconds_by_the_tempo_map() -> None:
    piece = make_score(
        480, [0, 480, 960, 2400], [240, 480, 480, 24], [60, 62, 64, 65], [64] * 4, [0] * 4,
        tempos=(Tempo(480, 60.0), Tempo(960, 240.0)),
    )  # fmt: skip
    assert Clock(piece).seconds(piece.onset).tolist() == [0, 0.5, 1.5, 2.25]
    assert tokens(piece) == [
        "Program_0", "Velocity_64", "Pitch_60", "Duration_0.25", "TimeShift_0.50", "Pitch_62", "Duration_1.00",
        "TimeShift_1.00", "Pitch_64", "Duration_0.25", "TimeShift_0.75", "Pitch_65", "Duration_0.01", "End",
    ]  # fmt: skip
    again = SCHEME.decode(SCHEME.encode(piece))
    assert again.onset.tolist() == [0, 500, 1500, 2250] and again.ticks_per_quarter == 500
    assert again.tempos == (Tempo(0, 120.0),) and SCHEME.decode(SCHEME.encode(again)) == again


def test_a_velocity_holds_for_its_program() -> None:
    piece = make_score(
        500, [0, 0, 500, 500, 1000], [100] * 5, [60, 36, 62, 38, 64], [100, 40, 100, 40, 60], [0, 1, 0, 1, 0],
        [Track(4), Track(0, True)],
    )  # fmt: skip
    assert tokens(piece) == [
        "Program_4", "Velocity_100", "Pitch_60", "Duration_0.10", "Program_Drums", "Velocity_40", "Drum_36",
        "Duration_0.10", "TimeShift_0.50", "Program_4", "Pitch_62", "Duration_0.10", "Program_Drums", "Drum_38",
        "Duration_0.10", "TimeShift_0.50", "Program_4", "Velocity_60", "Pitch_64", "Duration_0.10", "End",
    ]  # fmt: skip
    assert SCHEME.decode(SCHEME.encode(piece)).velocity.tolist() == [100, 40, 100, 40, 60]


def test_a_long_silence_is_whole_seconds_then_the_rest() -> None:
    piece = make_score(500, [2500, 5500], [100, 100], [60, 60], [64, 64], [0, 0])
    said = [token for token in tokens(piece) if token.startswith("TimeShift")]
    assert said == ["TimeShift_1.00"] * 2 + ["TimeShift_0.50"] + ["TimeShift_1.00"] * 3
    assert SCHEME.decode(SCHEME.encode(piece)).onset.tolist() == [2500, 5500]


def test_tracks_of_a_program_have_one_pedal() -> None:
    piece = make_score(
        500, [0, 0, 0, 0], [900] * 4, [60, 62, 64, 36], [64] * 4, [0, 1, 2, 3],
        [Track(0, name="left"), Track(0, name="right"), Track(40), Track(0, True)],
        pedals=rows((100, 0, 1), (200, 1, 1), (300, 0, 0), (350, 2, 1), (400, 1, 0), (500, 3, 1)),
    )  # fmt: skip
    again = SCHEME.decode(SCHEME.encode(piece))
    assert [track.program for track in again.tracks] == [0, 40, 0]
    assert again.pedals.tolist() == [[100, 0, 1], [350, 1, 1], [400, 0, 0]]
    assert SCHEME.losses(piece) == {
        "pedal_changes_dropped": 3, "tracks_merged": 1, "track_names_dropped": 2,
    }  # fmt: skip


def test_equal_notes_that_overlap_share_the_pedal() -> None:
    piece = make_score(
        500, [0, 100], [500, 900], [60, 60], [64, 64], [0, 1], [Track(0), Track(0)], pedals=rows((50, 0, 1))
    )
    again = SCHEME.decode(SCHEME.encode(piece))
    assert again.n_notes == 2 and again.pedals.tolist() == [[50, 0, 1], [50, 1, 1]]
    assert SCHEME.decode(SCHEME.encode(again)) == again


@given(st.lists(st.tuples(st.integers(0, 9000), st.integers(1, 9000), st.integers(20, 30)), min_size=1, max_size=30),
       st.lists(st.tuples(st.integers(0, 9000), st.integers(0, 2), st.integers(0, 1)), max_size=12),
       st.floats(20, 400), st.integers(1, 1000))  # fmt: skip
@settings(max_examples=40, deadline=None)
def test_no_note_is_lost_and_none_moves_more_than_half_a_step(
    notes: list[tuple[int, int, int]], pedals: list[tuple[int, int, int]], tempo: float, ticks_per_quarter: int
) -> None:
    onset, duration, pitch = zip(*notes, strict=True)
    piece = canonical(
        make_score(
            ticks_per_quarter, onset, duration, pitch, [64] * len(notes), np.arange(len(notes)) % 3,
            [Track(0), Track(0), Track(5)], tempos=(Tempo(0, tempo),), pedals=rows(*pedals),
        )
    )  # fmt: skip
    ids = SCHEME.encode(piece)
    again = SCHEME.decode(ids)
    assert not len(SCHEME.grammar.violations(ids))
    assert again.n_notes == piece.n_notes and canonical(again) == again
    begin = np.sort(Clock(piece).seconds(piece.onset))
    assert np.abs(np.sort(again.onset) / 1000 - begin).max() <= 0.00501
    assert SCHEME.decode(SCHEME.encode(again)) == again


def test_silence_without_end_is_refused_before_it_is_written() -> None:
    with pytest.raises(TooLarge, match="over the limit of 20,000,000 tokens"):
        SCHEME.encode(make_score(1, [0, 90_000_000], [1, 1], [60, 60], [64, 64], [0, 0], tempos=(Tempo(0, 4.0),)))
    with pytest.raises(BadInput, match="no notes"):
        SCHEME.encode(make_score(480, [], [], [], [], []))


def test_losses_are_named() -> None:
    piece = make_score(
        480, [5, 480], [480, 480], [60, 62], [64, 65], [0, 0], [Track(0, name="piano")], tempos=(Tempo(0, 90.0),),
        time_signatures=(TimeSignature(0, 3, 4),), bends=rows((0, 0, 5), (9, 0, 0)),
    )  # fmt: skip
    assert SCHEME.losses(piece) == {
        "onsets_moved": 2, "mean_shift_in_ms": 3.19, "largest_shift_in_ms": 3.33, "durations_changed": 2,
        "velocities_changed": 1, "tempo_marks_as_seconds": 1, "time_signatures_dropped": 1, "pitch_bends_dropped": 2,
        "track_names_dropped": 1,
    }  # fmt: skip


def test_what_samples_begin_with() -> None:
    piece = make_score(500, [0, 4000], [500, 500], [60, 62], [64, 64], [0, 0])
    v = SCHEME.vocabulary
    assert v.tokens[SCHEME.template(piece, (3, "bars"))[1]] == "Length_10"  # four seconds and three times two
    assert v.tokens[SCHEME.template(None, (90, "seconds"))[1]] == "Length_90"
    assert SCHEME.length(3, "seconds", SCHEME.template()).amount == 300
    with pytest.raises(UsageError, match="tempo"):
        SCHEME.template(tempo=90)
    (barred,) = SCHEME.barred(instruments="drums")
    assert [v.tokens[i] for i in np.flatnonzero(barred.opening)] == ["Program_Drums"]


@pytest.mark.parametrize("seed", range(4))
def test_onsets_that_know_no_beat_are_a_performance(seed: int) -> None:
    free = played(seed)
    assert coherence(free) < 0.25 and is_performed(free)
    clicked = played(seed, jitter=0.025, seconds=0.5)  # by people, to the file's beat
    assert coherence(clicked) > 0.35 and not is_performed(clicked)
    assert coherence(played(seed, seconds=0.5 / 3)) > 0.99


def test_auto_takes_it_for_a_corpus_that_is_played_freely() -> None:
    free, on_grid = [played(i) for i in range(3)], [played(i, seconds=0.5) for i in range(2)]
    assert MidiTokenizer.fit([*free, *on_grid]).name == "performance"
    assert MidiTokenizer.fit([*free[:1], *on_grid]).name != "performance"
    assert MidiTokenizer.fit(on_grid, MidiOptions(tokenizer="performance")).name == "performance"
    assert MidiTokenizer.fit(free, MidiOptions(tokenizer="remi")).name == "remi"
    assert not is_performed(played(0, n=20)), "too few notes to tell"


def test_what_is_kept_is_told_in_words() -> None:
    free = replace(played(1), pedals=rows((100, 0, 1), (960, 0, 0)))
    told = {row[""]: row for row in compared(free)}
    assert told["pedal changes"] == {
        "": "pedal changes", "in the file": "2", "voices": "2 dropped", "remi": "2 dropped", "performance": "kept",
    }  # fmt: skip
    assert "quarters on average" in told["onsets"]["remi"] and "ms on average" in told["onsets"]["performance"]
    assert "pitch bends" not in told and told["notes"]["performance"] == "kept"
    remi = MidiTokenizer("remi")
    assert "pedal changes: 2 dropped (--tokenizer performance keeps them)" in remi.problems(free)
    assert not any("pedal" in line for line in MidiTokenizer("performance").problems(free))


def test_every_loss_has_words() -> None:
    names = {"voices": Voices, "remi": Remi, "performance": Performance}
    for scheme in names.values():
        said = set(re.findall(r'^ +"([a-z_0-9]+)": ', inspect.getsource(scheme.losses), re.MULTILINE))
        assert said and all(told({name: 1}) for name in said)

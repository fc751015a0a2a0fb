"""Messages of a keyboard → phrases, and a model's answers → messages."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from mido import Message

from seqgen.core.errors import BadInput
from seqgen.domains.midi import live
from seqgen.domains.midi.score import KeySignature, Score, Tempo, Track, make_score
from seqgen.domains.midi.tokenizer import MidiTokenizer

FOUR = MidiTokenizer("voices", n_voices=4, ranges=((60, 81), (53, 74), (48, 69), (36, 64)))


def played(listener: live.Listener, *notes: tuple[float, float, int]) -> None:
    """Onset, end, pitch, in seconds; a note-on of velocity 0 ends a note."""
    events = [(on, 1, Message("note_on", note=p, velocity=70)) for on, _, p in notes]
    events += [(off, 0, Message("note_on", note=p, velocity=0)) for _, off, p in notes]
    for seconds, _, message in sorted(events, key=lambda event: event[:2]):
        assert listener.take(seconds, message)


def melody(*pitches: int, quarters: float = 1) -> Score:
    long = round(480 * quarters)
    onset = [i * long for i in range(len(pitches))]
    return make_score(480, onset, [long] * len(onset), pitches, [80] * len(onset), [0] * len(onset))


def test_a_phrase_ends_with_silence() -> None:
    listener = live.Listener(pause=1.0)
    assert not listener.over(100)
    listener.take(9, Message("pitchwheel", pitch=3))
    assert not listener.over(100)
    played(listener, (10, 10.5, 60), (10.5, 11, 62))
    assert not listener.pausing(11.2) and listener.pausing(11.3)
    assert not listener.over(11.9) and listener.over(12)
    assert listener.phrase(120).n_notes == 2
    listener.clear()
    assert not listener.over(100) and not listener.pausing(100)


def test_a_key_that_is_held_goes_on_unless_it_hangs() -> None:
    listener = live.Listener(pause=0.5)
    listener.take(1, Message("note_on", note=60, velocity=9))
    assert not listener.over(8) and listener.over(10)
    (length,) = listener.phrase(60).duration
    assert length == 480


def test_the_pedal_holds_notes() -> None:
    listener = live.Listener()
    listener.take(0, Message("control_change", control=64, value=127))
    played(listener, (0, 0.2, 60), (0.5, 0.6, 64), (1, 1.1, 60))
    listener.take(2, Message("control_change", control=64, value=0))
    score = listener.phrase(120)
    assert score.onset.tolist() == [0, 480, 960] and score.pitch.tolist() == [60, 64, 60]
    assert (score.onset + score.duration).tolist() == [960, 1920, 1920]


def test_what_is_played_unevenly_lies_on_the_beat() -> None:
    listener = live.Listener()
    # A chord struck a little apart, legato that overlaps, a last note let go early.
    played(listener, (5, 5.6, 60), (5.02, 5.6, 64), (5.5, 5.95, 67))
    score = listener.phrase(120)
    assert score.onset.tolist() == [0, 0, 480] and (score.onset + score.duration).tolist() == [480, 480, 960]
    assert score.tempos == (Tempo(0, 120.0),)


@pytest.mark.parametrize("tempo", [66.0, 84.0, 100.0, 120.0, 138.0])
def test_tempo_is_estimated(tempo: float) -> None:
    rng = np.random.default_rng(1)
    places = np.array([0, 1, 1.5, 2, 3, 3.5, 3.75, 4, 5, 5.5, 6, 7])
    onset = places * 60 / tempo + rng.normal(0, 0.008, len(places)) + 3
    found = live.estimate_tempo(np.sort(onset))
    assert min(abs(found / tempo - share) for share in (1, 2)) < 0.04  # eighths at 66 are quarters at 132
    assert live.estimate_tempo(onset[:2]) == live.DEFAULT_TEMPO


@pytest.mark.parametrize(
    ("pitches", "fifths", "minor"), [((67, 71, 74, 72, 69, 66, 67), 1, False), ((69, 71, 72, 76, 74, 68, 69), 0, True)]
)
def test_the_key_is_found(pitches: tuple[int, ...], fifths: int, minor: bool) -> None:
    listener = live.Listener()
    played(listener, *((i / 2, i / 2 + 0.5, p) for i, p in enumerate(pitches)))
    assert listener.phrase(120).key_signatures == (KeySignature(0, fifths, minor),)


@pytest.mark.parametrize(("octaves", "shift"), [(-2, 12), (0, 0), (1, -12), (2, -24)])
def test_a_melody_is_the_soprano_of_a_choir_in_any_octave(octaves: int, shift: int) -> None:
    phrase = melody(*(p + 12 * octaves for p in (72, 74, 76, 72)))
    call = live.call(FOUR, phrase, (2, "bars"))
    assert call.shift == shift and call.begin == 4 * 480
    body = call.template[FOUR.scheme.n_header :].reshape(-1, 4)
    assert len(body) == 16 and (body[:, 0] >= 0).all() and (body[:, 1:] == -1).all()


def test_tokenizers_without_a_header_take_phrases() -> None:
    bare = MidiTokenizer("voices", n_voices=4, header=False, end=False, holds=False)
    assert len(live.call(bare, melody(72, 74), (2, "bars")).template) == 2 * 4 * 4


def test_chords_keep_their_rests() -> None:
    chord = make_score(480, [0, 0], [1920, 1920], [48, 52], [80, 80], [0, 0])
    call = live.call(FOUR, chord, (2, "bars"))
    assert (call.template[FOUR.scheme.n_header :] >= 0).all()


def test_too_many_notes_at_once_are_refused() -> None:
    cluster = make_score(480, [0] * 6, [480] * 6, range(60, 66), [80] * 6, [0] * 6)
    with pytest.raises(BadInput, match="more than 4 notes sound at once"):
        live.call(FOUR, cluster, (2, "bars"))


def test_an_answer_is_what_comes_after_the_phrase() -> None:
    call = live.Call(np.zeros(0, np.int32), 1920, 12)
    piece = make_score(480, [0, 1440, 1950, 2430], [480] * 4, [72, 74, 76, 77], [80] * 4, [0] * 4)
    answer = call.answer(piece)
    assert answer is not None
    assert answer.onset.tolist() == [0, 480] and answer.pitch.tolist() == [64, 65]
    held = call.answer(make_score(480, [1900, 2880], [500, 480], [72, 74], [80] * 2, [0] * 2))
    assert held is not None and held.onset.tolist() == [0, 960] and held.duration.tolist() == [480, 480]
    assert call.answer(melody(60)) is None


def test_remi_takes_phrases() -> None:
    tokenizer = MidiTokenizer("remi")
    call = live.call(tokenizer, melody(60, 62, 64, 65), (1, "bars"))
    assert call.begin == tokenizer.decode(tokenizer.encode(melody(60, 62, 64, 65))).end_tick


def said(answer: Score) -> list[tuple[Any, ...]]:
    return [
        (round(seconds, 3), m.type, m.channel, getattr(m, "note", None) or getattr(m, "program", None))
        for seconds, m in live.timed(answer)
    ]


def test_an_answer_is_timed_by_its_tempo() -> None:
    score = make_score(480, [0, 480], [480, 480], [60, 60], [80, 80], [0, 0], tempos=(Tempo(0, 120),))
    assert said(score) == [
        (0, "note_on", 0, 60), (0.5, "note_off", 0, 60), (0.5, "note_on", 0, 60), (1, "note_off", 0, 60),
    ]  # fmt: skip


def test_of_a_part_of_an_answer_is_said_what_the_rest_cannot_change() -> None:
    score = make_score(480, [0, 0, 480, 960], [480, 960, 480, 480], [60, 64, 62, 65], [80] * 4, [0] * 4)
    whole = list(live.timed(score))
    part = list(live.timed(score.take(np.arange(3)), whole=False))
    assert part == whole[: len(part)] and [m.note for _, m in part] == [60, 64]


def test_instruments_have_channels_and_voices_that_meet_sound_once() -> None:
    tracks = [Track(52), Track(52), Track(33), Track(0, True)]
    score = make_score(480, [0, 0, 240, 0], [480, 960, 240, 480], [60, 60, 36, 38], [80] * 4, range(4), tracks)
    assert said(score) == [
        (0, "note_on", 9, 38), (0, "note_on", 0, 60), (0.3, "program_change", 1, 33), (0.3, "note_on", 1, 36),
        (0.6, "note_off", 1, 36), (0.6, "note_off", 9, 38), (1.2, "note_off", 0, 60),
    ]  # fmt: skip

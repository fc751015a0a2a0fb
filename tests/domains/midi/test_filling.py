"""Voices that are given, bars that are made new: what is given stays."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqgen.core.errors import BadInput, UsageError
from seqgen.core.tokenizer import Gap
from seqgen.domains.midi.score import Score, Tempo, Track, make_score
from seqgen.domains.midi.tokenizer import MidiTokenizer
from seqgen.domains.midi.voices.scheme import Voices

NAMES = ("Soprano", "Alto", "Tenor", "Bass")
TOKENIZER = MidiTokenizer("voices", names=NAMES)
FREE = -1


def voice(score: Score, name: str) -> list[tuple[int, int, int]]:
    """Onset, duration and pitch of each note of a track, counted from the piece's first note."""
    (track,) = [i for i, t in enumerate(score.tracks) if t.name == name]
    chosen = score.track == track
    begin = int(score.onset.min())
    return list(
        zip(
            (score.onset[chosen] - begin).tolist(),
            score.duration[chosen].tolist(),
            score.pitch[chosen].tolist(),
            strict=True,
        )
    )


def only(score: Score, name: str, renamed: str = "") -> Score:
    """The tune of one voice, alone."""
    (track,) = [i for i, t in enumerate(score.tracks) if t.name == name]
    tune = score.take(score.track == track)
    return replace(tune, track=np.zeros(tune.n_notes, np.int32), tracks=(Track(0, False, renamed),))


def cut(score: Score, n_bars: int) -> Score:
    """Its first bars, of four quarters."""
    return score.take(score.onset < n_bars * 4 * score.ticks_per_quarter)


def grid(ids: Any) -> Any:
    """[voices, steps]."""
    scheme = TOKENIZER.scheme
    assert isinstance(scheme, Voices)
    body = np.asarray(ids)[scheme.n_header : len(ids) - 1].reshape(-1, 4).T
    return body[np.argsort(scheme.settings.order)]


@given(number=st.integers(0, 11), chosen=st.sets(st.sampled_from(NAMES), min_size=1, max_size=3))
def test_given_voices_stand_in_the_template_and_all_else_is_free(number: int, chosen: set[str]) -> None:
    from tests.conftest import make_chorale

    score = make_chorale(number)
    whole, template = TOKENIZER.encode(score), TOKENIZER.outline(fixed=dict.fromkeys(chosen, score))
    assert len(template) == len(whole) and template[-1] == whole[-1]
    for v, name in enumerate(NAMES):
        assert (grid(template)[v] == (grid(whole)[v] if name in chosen else FREE)).all()
    header = [TOKENIZER.vocabulary.tokens[i] for i in template[:4]]
    assert header == [TOKENIZER.vocabulary.tokens[i] for i in whole[:4]]


@pytest.mark.parametrize("name", ["Soprano", "bass", "3"])
def test_a_tune_is_taken_whatever_its_track_is_called(chorales: list[Score], name: str) -> None:
    voice_name = {"3": "Tenor"}.get(name, name.title())
    template = TOKENIZER.outline(fixed={name: only(chorales[0], voice_name, "Melody")})
    whole = TOKENIZER.encode(chorales[0])
    v = NAMES.index(voice_name)
    assert (grid(template)[v] == grid(whole)[v]).all() and (np.delete(grid(template), v, 0) == FREE).all()


def test_the_key_and_other_values_may_be_given_or_left_to_the_model(chorales: list[Score]) -> None:
    tune = replace(only(chorales[0], "Soprano"), key_signatures=(), tempos=())
    kinds, vocabulary = TOKENIZER.vocabulary.types, TOKENIZER.vocabulary
    scheme: Any = TOKENIZER.scheme
    free = dict(zip(scheme.header_types, TOKENIZER.outline(fixed={"soprano": tune}).tolist(), strict=False))
    assert free["Key"] == free["Density"] == FREE and kinds[free["Length"]] == "Length"
    asked = TOKENIZER.outline(fixed={"soprano": tune}, key="D minor")
    assert vocabulary.tokens[asked[scheme.header_types.index("Key")]] == "Key_Dm"


@given(number=st.sampled_from([0, 3, 5]), first=st.integers(1, 6), n=st.integers(1, 6))
def test_only_the_bars_named_are_free(number: int, first: int, n: int) -> None:
    from tests.conftest import make_chorale

    last = min(6, first + n - 1)
    score = make_chorale(number)
    whole, template = TOKENIZER.encode(score), TOKENIZER.outline(score, renew=(first, last))
    bar, pickup = (12, 0) if number == 3 else (16, 4 if number == 5 else 0)
    expected = np.zeros_like(grid(whole), bool)
    expected[:, pickup + (first - 1) * bar : pickup + last * bar] = True
    assert ((grid(template) == FREE) == expected).all()
    assert (grid(template)[~expected] == grid(whole)[~expected]).all()


def test_what_is_held_over_the_end_of_new_bars_begins_there() -> None:
    long = make_score(4, [0, 0, 12], [32, 12, 20], [72, 60, 62], [80] * 3, [0, 1, 1], [Track(), Track()])
    tokenizer = MidiTokenizer("voices", n_voices=2)
    scheme: Any = tokenizer.scheme
    template = tokenizer.outline(long, renew=(1, 1))
    body = template[scheme.n_header : -1].reshape(-1, 2).T
    assert (body[:, :16] == FREE).all()
    assert [tokenizer.vocabulary.tokens[i] for i in body[:, 16]] == ["Pitch_72", "Pitch_62"]
    # A voice that is given goes on holding, as nothing of it changes.
    fixed = tokenizer.outline(long, {"1": long.take(long.track == 0)}, (1, 1))
    assert (fixed[scheme.n_header : -1].reshape(-1, 2)[:, 0] == tokenizer.encode(long)[scheme.n_header : -1 : 2]).all()


def test_what_cannot_be_given_is_refused(chorales: list[Score]) -> None:
    score = chorales[0]
    for wrong, why in (
        ({"fixed": {"violin": score}}, "no voice 'violin'"),
        ({"fixed": {"5": score}}, "no voice '5'"),
        ({"fixed": {"soprano": score, "1": score}}, "twice"),
        ({"fixed": dict.fromkeys(NAMES, score)}, "nothing is left"),
        ({"piece": score}, "Which bars"),
        ({"piece": score, "renew": (5, 7)}, "Bars 5 to 7 are not in the piece"),
        ({"piece": score, "renew": (0, 1)}, "Bars 0 to 1"),
        ({"fixed": {"alto": score}, "mood": "sad"}, "mood"),
    ):
        with pytest.raises(UsageError, match=why):
            TOKENIZER.outline(**wrong)
    with pytest.raises(BadInput, match="more than one note sounds at once"):
        TOKENIZER.outline(fixed={"alto": replace(score, track=np.zeros(score.n_notes, np.int32))})
    with pytest.raises(BadInput, match="no track is called Alto"):
        TOKENIZER.outline(fixed={"alto": score.take(score.track != 1)})
    remi = MidiTokenizer("remi")
    for options, why in (
        ({"fixed": {"soprano": score}}, "tokenizer remi"),
        ({"piece": score, "renew": (2, 9)}, "Bars 2 to 9"),
        ({"piece": score, "renew": (2, 3), "key": "G"}, "own key"),
    ):
        with pytest.raises(UsageError, match=why):
            remi.outline(**options)


def test_a_given_voice_comes_back_untouched(model: Any, chorales: list[Score]) -> None:
    score = cut(chorales[5], 2)
    tune = only(score, "Soprano", "Melody")
    drawn = model.sample(2, fixed={"soprano": tune}, candidates=2, seed=1)
    for one in drawn:
        assert not len(model.tokenizer.grammar.violations(one.ids))
        assert voice(one.piece, "Soprano") == voice(score, "Soprano")
        assert one.piece.key_signatures == tune.key_signatures
        assert one.piece.time_signatures == tune.time_signatures
    assert not np.array_equal(drawn[0].ids, drawn[1].ids)


@pytest.mark.slow
def test_bars_beside_new_ones_come_back_untouched(model: Any, chorales: list[Score]) -> None:
    score = cut(chorales[1], 4)
    one, again = (model.sample(1, prompt=score, infill="2-3", candidates=2, seed=1)[0] for _ in range(2))
    whole = model.tokenizer.encode(score)
    assert np.array_equal(one.ids, again.ids) and len(one.ids) == len(whole)
    changed = (grid(one.ids) != grid(whole)).any(axis=0)
    assert changed.any() and changed[16:48].sum() == changed.sum()


def test_what_does_not_go_together_is_refused(model: Any, chorales: list[Score]) -> None:
    tune = chorales[0]
    for wrong in (
        {"length": "4bars", "fixed": {"alto": tune}},
        {"beam": 2, "fixed": {"alto": tune}},
        {"prompt": tune, "fixed": {"alto": tune}},
        {"infill": "2-3"},
        {"prompt": tune, "infill": "two"},
        {"candidates": 0},
        {"fixed": {"alto": tune}, "candidates": 0},
        {"fixed": {"alto": tune}, "repetition_penalty": 1.2},
    ):
        with pytest.raises(UsageError):
            model.sample(1, **wrong)


def band() -> Score:
    """Six bars of 4/4 for piano, bass and drums, the bass beginning in bar 4, where the tempo changes."""
    rng = np.random.default_rng(0)
    notes = [(480 * q, 480, int(rng.integers(60, 72)), 80, 0) for q in range(24)]
    notes += [(480 * q, 960, 40, 80, 1) for q in range(12, 24, 2)] + [(480 * q, 240, 36, 80, 2) for q in range(24)]
    onset, duration, pitch, velocity, track = zip(*notes, strict=True)
    tracks = [Track(0), Track(33), Track(0, True)]
    tempos = (Tempo(0, 100.0), Tempo(12 * 480, 80.0))
    return make_score(480, onset, duration, pitch, velocity, track, tracks, tempos=tempos)


def sounding(score: Score, start: int, stop: int) -> set[tuple[int, ...]]:
    """Onset in positions, program, drums, pitch, duration and velocity of what begins from quarter to quarter."""
    ticks = score.ticks_per_quarter
    programs = [(t.program, int(t.is_drum)) for t in score.tracks]
    rows = zip(score.onset * 4 // ticks, score.duration * 4 // ticks, score.pitch, score.velocity, score.track,
               strict=True)  # fmt: skip
    return {(int(a), int(d), int(p), int(v), *programs[t]) for a, d, p, v, t in rows if 4 * start <= a < 4 * stop}


SLOW = pytest.mark.slow


@pytest.mark.parametrize("bars", [(4, 5), *(pytest.param(b, marks=SLOW) for b in ((1, 1), (2, 4), (6, 6)))])
def test_what_surrounds_new_bars_of_remi_sounds_as_before(bars: tuple[int, int]) -> None:
    from seqgen.sampling.sampler import Request, draw
    from seqgen.training.config import TrainConfig
    from seqgen.training.loop import new_model

    tokenizer = MidiTokenizer("remi", positions_per_quarter=4)
    network = new_model(tokenizer, TrainConfig(width=8, n_layers=1)).eval()
    score = tokenizer.decode(tokenizer.encode(band()))
    gap = tokenizer.outline(score, renew=bars)
    assert isinstance(gap, Gap)
    for drawn in draw(network, tokenizer, Request(gap.before, gap.length, barred=gap.barred), count=2, seed=1):
        ids = gap.whole(drawn.ids[len(gap.before) :])
        assert not len(tokenizer.grammar.violations(ids))
        assert (ids == tokenizer.vocabulary.id("Bar")).sum() == 6
        again = tokenizer.decode(ids)
        start, stop = 4 * (bars[0] - 1), 4 * bars[1]
        for part in ((0, start), (stop, 24)):
            assert sounding(again, *part) == sounding(score, *part)
        if stop < 24:
            assert again.tempos[-1].quarters_per_minute == score.tempos[-1].quarters_per_minute

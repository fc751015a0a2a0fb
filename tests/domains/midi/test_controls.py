"""What is asked of new music is what comes: key, bars, density, tempo, time signature, instruments."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqgen.core.errors import UsageError
from seqgen.domains.midi.files import write
from seqgen.domains.midi.header import DENSITIES, TEMPOS, density_control, density_token, tempo_control
from seqgen.domains.midi.instruments import FAMILIES, read_instruments
from seqgen.domains.midi.score import KeySignature, Score, Tempo, TimeSignature, Track, make_score
from seqgen.domains.midi.tokenizer import MidiTokenizer
from seqgen.model import SequenceModel
from seqgen.sampling.filters import Filters
from seqgen.sampling.sampler import Request, draw
from seqgen.training.config import TrainConfig
from seqgen.training.loop import new_model


@pytest.fixture(scope="module")
def remi() -> tuple[MidiTokenizer, SequenceModel]:
    tokenizer = MidiTokenizer("remi", positions_per_quarter=4)
    model = new_model(tokenizer, TrainConfig(width=16, n_layers=1)).eval()
    model.bias.data[tokenizer.vocabulary.id("Bar")] += 7  # or bars would last long
    return tokenizer, model


def drawn(
    remi: tuple[MidiTokenizer, SequenceModel],
    length: tuple[int, str] = (12, "tokens"),
    prompt: Any = None,
    count: int = 3,
    **given: Any,
) -> list[Score]:
    tokenizer, model = remi
    template = tokenizer.template(prompt, length, **given)
    request = Request(template, length, barred=tokenizer.barred(prompt, **given), max_tokens=80)
    pieces = draw(model, tokenizer, request, count=count, seed=5)
    assert not any(len(tokenizer.grammar.violations(one.ids)) for one in pieces)
    return [tokenizer.decode(one.ids) for one in pieces]


def band() -> Score:
    return make_score(
        480, [0, 0, 480, 960], [480] * 4, [60, 36, 62, 64], [80] * 4, [0, 1, 0, 0],
        [Track(48), Track(0, True)], tempos=(Tempo(0, 120.0),), time_signatures=(TimeSignature(0, 4, 4),),
    )  # fmt: skip


@pytest.mark.parametrize("prompt", [None, band()])
def test_the_first_tempo_and_time_signature_are_those_asked_for(remi: Any, prompt: Score | None) -> None:
    for score in drawn(remi, prompt=prompt, tempo=97, time_signature="3/4"):
        assert score.tempos[0].tick == 0 and score.tempos[0].quarters_per_minute == pytest.approx(96, abs=1e-3)
        assert score.time_signatures[0] == TimeSignature(0, 3, 4)
    for score in drawn(remi, prompt=prompt, tempo="60"):
        assert score.tempos[0].tick == 0 and score.tempos[0].quarters_per_minute == 60
    assert all(s.time_signatures[0] == TimeSignature(0, 7, 8) for s in drawn(remi, prompt=prompt, time_signature="7/8"))


@pytest.mark.parametrize("given", [{}, {"time_signature": "3/4"}, {"tempo": 60}, {"instruments": "drums"}])
def test_bars_are_as_many_as_asked_for(remi: Any, given: dict[str, Any]) -> None:
    (tokenizer, model), n_bars = remi, 2
    for prompt, more in ((None, 0), (band(), 1)):
        template = tokenizer.template(prompt, (n_bars, "bars"), **given)
        assert tokenizer.vocabulary.tokens[template[1]] == f"Length_{n_bars + more}"
        request = Request(template, (n_bars, "bars"), barred=tokenizer.barred(prompt, **given))
        for one in draw(model, tokenizer, request, count=2, seed=1):
            assert tokenizer.vocabulary.readable(one.ids).count("Bar") == n_bars + more


def test_the_last_bar_ends_where_another_would_begin(remi: Any) -> None:
    tokenizer, model = remi  # which finds a bar line likely, and an end so unlikely that it is left out
    given = {"instruments": "drums"}
    request = Request(tokenizer.template(**given), (1, "bars"), barred=tokenizer.barred(**given))
    few = draw(model, tokenizer, request, count=4, seed=1, filters=Filters(min_p=0.3))
    assert all(len(one.ids) < 100 and tokenizer.vocabulary.tokens[one.ids[-1]] == "End" for one in few)


@pytest.mark.parametrize("asked", ["drums", "Bass, drums", "violin"])
@pytest.mark.parametrize("prompt", [None, band()])
def test_only_the_instruments_asked_for_play(remi: Any, asked: str, prompt: Score | None) -> None:
    programs, has_drums = read_instruments(asked)
    for score in drawn(remi, (20, "tokens"), prompt, count=5, instruments=asked):
        new = score.take(score.onset > 1000 if prompt is not None else score.onset >= 0)
        used = {(score.tracks[i].program, score.tracks[i].is_drum) for i in np.unique(new.track)}
        assert {is_drum for _, is_drum in used} <= {not programs, has_drums} or has_drums
        assert {program for program, is_drum in used if not is_drum} <= programs
        assert new.n_notes or prompt is not None


@pytest.mark.parametrize("most", [1, 2, 7, 60])
def test_a_sample_that_must_end_soon_ends_within_what_is_asked(remi: Any, most: int) -> None:
    tokenizer, model = remi
    given = {"instruments": "drums", "tempo": 100}
    request = Request(tokenizer.template(**given), None, most, barred=tokenizer.barred(**given))
    for one in draw(model, tokenizer, request, count=4, seed=0):
        assert not len(tokenizer.grammar.violations(one.ids))
        score = tokenizer.decode(one.ids)
        assert score.n_notes and all(track.is_drum for track in score.tracks)
        assert score.tempos[0].quarters_per_minute == 100


def test_what_cannot_be_asked_for_is_refused(remi: Any) -> None:
    tokenizer, _ = remi
    for wrong in (
        {"instruments": "kazoo"}, {"instruments": ""}, {"instruments": "128"}, {"tempo": 5}, {"tempo": "fast"},
        {"tempo": "nan"}, {"density": -1}, {"density": "inf"}, {"time_signature": "5/7"}, {"time_signature": "waltz"},
        {"bars": 0}, {"bars": 1.5}, {"bars": "²"}, {"key": "H major"}, {"pickup": 1},
    ):  # fmt: skip
        with pytest.raises(UsageError):
            tokenizer.template(**wrong)
        with pytest.raises(UsageError):
            tokenizer.barred(**wrong)


def test_instruments_are_families_programs_and_drums() -> None:
    assert read_instruments("piano") == (frozenset(range(8)), False)
    assert read_instruments("drums") == (frozenset(), True)
    assert read_instruments(" Guitars, synth-lead ,33") == (frozenset([*range(24, 32), *range(80, 88), 33]), False)
    every, _ = read_instruments(",".join(FAMILIES))
    assert every == frozenset(range(128))


def test_classes_are_the_nearest_and_the_same_for_pieces_and_for_those_who_ask() -> None:
    read = density_control().read
    assert [read(str(d)) for d in DENSITIES] == [f"{d:g}" for d in DENSITIES] and read("4.3") == "4.5"
    assert [density_token(n, 2.0) for n in (8, 9)] == ["4", "4.5"] and density_token(10**6, 1.0) == "24"
    assert [tempo_control().read(str(t)) for t in TEMPOS] == [str(t) for t in TEMPOS]


def test_voices_say_density_and_tempo_of_a_piece(chorales: list[Score]) -> None:
    tokenizer = MidiTokenizer.fit(chorales)
    tokens = tokenizer.vocabulary.readable(tokenizer.encode(chorales[0]))
    assert tokens[4:6] == ["Density_4", "Tempo_100"]
    # All pieces are of one tempo, so that there is nothing to choose.
    assert tokenizer.vocabulary.readable(tokenizer.template()[5:]) == ["Tempo_Unknown"]
    assert tokenizer.vocabulary.readable(tokenizer.template(tempo=60)[5:]) == ["Tempo_60"]
    # Sparser or denser than all pieces is as sparse or dense as any.
    low, high = (float(tokenizer.vocabulary.tokens[tokenizer.template(density=d)[4]].split("_")[1]) for d in (0.1, 99))
    assert 2 < low <= 4 <= high < 8
    ids = tokenizer.encode(chorales[0])
    ids[5] = tokenizer.vocabulary.id("Tempo_60")
    assert tokenizer.decode(ids).tempos == (Tempo(0, 60.0),)
    ids[5] = tokenizer.vocabulary.id("Tempo_Unknown")
    assert tokenizer.decode(ids).tempos[0].quarters_per_minute == pytest.approx(100, abs=1e-3)


def test_a_model_takes_numbers_and_texts(model: Any) -> None:
    (score,) = (s.piece for s in model.sample(key="G major", bars=2, density=4, tempo=96, time_signature="3/4", seed=1))
    assert score.key_signatures == (KeySignature(0, 1, False),) and score.tempos == (Tempo(0, 96.0),)
    assert score.time_signatures == (TimeSignature(0, 3, 4),)
    (some,) = model.sample(bars="2", seed=1)
    (same,) = model.sample(length="2bars", seed=1)
    assert np.array_equal(some.ids, same.ids)
    with pytest.raises(UsageError, match="besides"):
        model.sample(length="2bars", bars=2)
    with pytest.raises(UsageError, match="takes no 'instruments'"):
        model.sample(instruments="drums")


@pytest.mark.slow
def test_a_hundred_samples_of_drums_open_everywhere(remi: Any, tmp_path: Path) -> None:
    import mido
    import music21
    import pretty_midi
    import symusic

    scores = drawn(remi, (60, "tokens"), count=100, instruments="drums")
    assert len(scores) == 100
    for i, score in enumerate(scores):
        path = tmp_path / f"{i}.mid"
        write(score, path)
        notes = [note for part in pretty_midi.PrettyMIDI(str(path)).instruments for note in part.notes if part.is_drum]
        assert len(notes) == score.n_notes > 0
        read = symusic.Score(str(path))
        assert all(track.is_drum for track in read.tracks) and sum(len(t.notes) for t in read.tracks) == score.n_notes
        struck = [m for m in mido.MidiFile(file=io.BytesIO(path.read_bytes())) if m.type == "note_on" and m.velocity]
        assert len(struck) == score.n_notes and {m.channel for m in struck} == {9}
        stream = music21.converter.parseData(path.read_bytes(), format="midi")
        assert len(list(stream.recurse().notes)) > 0

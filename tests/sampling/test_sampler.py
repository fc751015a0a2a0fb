"""Samples: legal, repeatable, as long as asked for, and drawn from what the model says."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

from seqgen.core.errors import UsageError
from seqgen.domains.midi.score import Score
from seqgen.domains.midi.tokenizer import MidiTokenizer
from seqgen.domains.text.options import LEVELS, TextOptions
from seqgen.domains.text.tokenizer import TextTokenizer
from seqgen.sampling.filters import Filters
from seqgen.sampling.sampler import Request, draw, draw_one
from seqgen.training.config import TrainConfig
from seqgen.training.loop import new_model
from seqgen.training.validation import piece_log_probabilities

Ids = npt.NDArray[np.int32]


@pytest.fixture(scope="module")
def remi() -> tuple[Any, Any]:
    tokenizer = MidiTokenizer("remi", positions_per_quarter=4, n_velocities=4)
    return new_model(tokenizer, TrainConfig(width=16, n_layers=1)).eval(), tokenizer


def sample(*arguments: Any, **asked: Any) -> list[Ids]:
    """Only the ids of what is drawn."""
    return [drawn.ids for drawn in draw(*arguments, **asked)]


def pieces(model: Any, length: tuple[int, str] | None = (1, "bars"), **given: Any) -> list[Ids]:
    tokenizer = model.tokenizer
    template = tokenizer.template(given.pop("prompt", None), length, **given.pop("header", {}))
    request = Request(template, length, **({"max_tokens": given.pop("max_tokens")} if "max_tokens" in given else {}))
    return sample(model.network, tokenizer, request, **given)


def same(some: list[Ids], others: list[Ids]) -> bool:
    return len(some) == len(others) and all(np.array_equal(a, b) for a, b in zip(some, others, strict=True))


def test_the_same_call_gives_the_same_ids(model: Any) -> None:
    first = pieces(model, count=3, seed=7)
    torch.manual_seed(99)
    assert same(first, pieces(model, count=3, seed=7))
    assert not same(first, pieces(model, count=3, seed=8))
    assert not same(first[:1], first[1:2])


def test_the_global_random_numbers_and_threads_stay_as_they_were(model: Any) -> None:
    state, threads = torch.random.get_rng_state(), torch.get_num_threads()
    pieces(model, seed=1)
    assert torch.equal(state, torch.random.get_rng_state()) and torch.get_num_threads() == threads


@pytest.mark.parametrize(("signature", "bar"), [("4/4", 16), ("3/4", 12), ("6/8", 12), ("1/4", 4)])
@pytest.mark.parametrize("n_bars", [1, 3])
def test_a_length_in_bars_gives_exactly_so_many(model: Any, signature: str, bar: int, n_bars: int) -> None:
    for ids in pieces(model, (n_bars, "bars"), count=3, seed=n_bars, header={"time_signature": signature}):
        assert not len(model.tokenizer.grammar.violations(ids))
        assert len(ids) == 6 + n_bars * bar * 4 + 1
        assert model.tokenizer.vocabulary.tokens[ids[3]] == f"Length_{n_bars}"


def test_a_length_in_bars_follows_the_time_signature_that_each_piece_chooses(model: Any) -> None:
    v = model.tokenizer.vocabulary
    for ids in pieces(model, (2, "bars"), count=6, seed=0):
        numerator, denominator = map(int, v.tokens[ids[0]].split("_")[1].split("/"))
        assert len(ids) - 7 == 2 * 4 * (16 * numerator // denominator)


def test_so_much_is_added_to_a_prompt(model: Any, chorales: list[Score]) -> None:
    prompt = chorales[0]
    n_prompt = len(model.tokenizer.encode(prompt)) - 7
    for ids in pieces(model, (2, "bars"), prompt=prompt, count=2, seed=0):
        assert len(ids) - 7 == n_prompt + 2 * 16 * 4
        assert model.tokenizer.decode(ids).key_signatures == prompt.key_signatures


@pytest.mark.parametrize("amount", [1, 4, 30])
def test_a_length_in_tokens_ends_at_the_next_whole_step(model: Any, amount: int) -> None:
    for ids in pieces(model, (amount, "tokens"), count=2, seed=0):
        assert not len(model.tokenizer.grammar.violations(ids))
        assert len(ids) - 7 == -(-amount // 4) * 4


@pytest.mark.parametrize("end", [True, False])
@pytest.mark.parametrize("level", LEVELS)
def test_a_text_ends_with_the_id_that_makes_it_long_enough(level: Any, end: bool) -> None:
    text = "the cat sat, Zoë sät, 日本日本 the cat sät.\n" * 4
    tokenizer = TextTokenizer.fit([text], TextOptions(level=level, size=30, end=end))
    network = new_model(tokenizer, TrainConfig(width=8, n_layers=1)).eval()
    prompt = tokenizer.template("日本")
    for ids in sample(network, tokenizer, Request(prompt, (25, "characters")), count=6, seed=3):
        assert not len(tokenizer.grammar.violations(ids)) and np.array_equal(ids[: len(prompt)], prompt)
        assert not end or ids[-1] == tokenizer.end
        said = ids[len(prompt) : len(ids) - end]
        assert len(tokenizer.decode(said)) >= 25
        *_, last = np.flatnonzero(tokenizer.grammar.final(tokenizer.grammar.states(said[:-1])))
        assert len(tokenizer.decode(said[:last])) < 25


def test_remi_has_as_many_bars_as_asked_for(remi: tuple[Any, Any]) -> None:
    network, tokenizer = remi
    bar = tokenizer.vocabulary.id("Bar")
    for n in (1, 2):
        request = Request(tokenizer.template(length=(n, "bars")), (n, "bars"))
        for ids in sample(network, tokenizer, request, count=2, seed=n):
            assert not len(tokenizer.grammar.violations(ids)) and (ids == bar).sum() == n


@pytest.mark.parametrize("most", [1, 5, 17, 50])
def test_what_grows_too_long_is_closed_legally(model: Any, remi: tuple[Any, Any], most: int) -> None:
    for network, tokenizer in ((model.network, model.tokenizer), remi):
        for length in (None, (100, "bars")):
            request = Request(tokenizer.template(), length, max_tokens=most)
            for ids in sample(network, tokenizer, request, count=3, seed=2):
                assert not len(tokenizer.grammar.violations(ids))
                assert len(ids) <= most + int(tokenizer.grammar.distance.max()) + 1


def test_temperature_0_takes_the_likeliest_every_time(model: Any) -> None:
    (ids,) = pieces(model, (2, "bars"), seed=0, filters=Filters(temperature=0))
    (again,) = pieces(model, (2, "bars"), seed=1, filters=Filters(temperature=0))
    assert np.array_equal(ids, again)
    t, network = model.tokenizer, model.network
    never = t.unknown_of == np.arange(len(t.vocabulary))
    previous = np.concatenate([[network.begin], ids[:-1]]).astype(np.int64)
    with torch.inference_mode():
        context = torch.from_numpy(t.context.of(ids)[:-1].astype(np.int64))
        logits, _ = network(torch.from_numpy(previous)[None], context[None])
    states = t.grammar.states(ids)
    allowed = t.grammar.masks[states[:-1]] & ~never
    allowed[:-1, t.vocabulary.id("End")] = False  # not before the length asked for
    best = np.where(allowed, logits[0].numpy(), -np.inf)
    free = np.flatnonzero(np.append(t.template(length=(2, "bars")), [-1] * len(ids))[: len(ids)] < 0)[:-1]
    taken = best[free, ids[free]]
    assert taken == pytest.approx(best[free].max(axis=1), abs=1e-4)


def test_ids_are_drawn_as_often_as_the_model_says(model: Any) -> None:
    drawn = pieces(model, None, count=400, seed=5, max_tokens=1)
    t = model.tokenizer
    n = len(t.vocabulary)
    with torch.inference_mode():
        row = torch.from_numpy(t.context.of(np.zeros(0, np.int32)).astype(np.int64))
        logits, _ = model.network(torch.tensor([[model.network.begin]]), row[None])
    allowed = t.grammar.masks[0] & (t.unknown_of != np.arange(n))
    p = logits[0, 0].masked_fill(~torch.from_numpy(allowed), -torch.inf).softmax(-1).numpy()
    often = np.bincount([ids[0] for ids in drawn], minlength=n) / len(drawn)
    assert np.abs(often - p).sum() / 2 < 0.15


def test_progress_is_reported(model: Any) -> None:
    seen: list[int] = []
    pieces(model, (2, "bars"), count=2, seed=0, report=seen.append, header={"time_signature": "4/4"})
    assert seen and seen == sorted(seen)


def test_what_cannot_be_is_refused(model: Any) -> None:
    with pytest.raises(UsageError, match="at least one"):
        pieces(model, count=0)
    with pytest.raises(UsageError, match="tokens at most"):
        pieces(model, max_tokens=10**9)
    hold = model.tokenizer.vocabulary.id("Hold")
    with pytest.raises(UsageError, match="Hold may not stand at place 1"):
        sample(model.network, model.tokenizer, Request(np.array([hold], np.int32)))


@pytest.mark.parametrize("count", [1, 20])
def test_log_probabilities_are_those_of_the_model(model: Any, count: int) -> None:
    t = model.tokenizer
    request = Request(t.template(key="G major"), (1, "bars"))
    for drawn in draw(model.network, t, request, count=count, seed=4, log_probabilities=True):
        assert len(drawn.log_probabilities) == len(drawn.ids)
        (expected,) = piece_log_probabilities(model.network, t, [drawn.ids])
        assert drawn.log_probabilities == pytest.approx(expected, abs=1e-3)


def test_a_sequence_ends_where_it_is_told_to(model: Any) -> None:
    t = model.tokenizer
    request = Request(t.template(), (8, "bars"), until=lambda ids: len(ids) >= 30)
    for ids in sample(model.network, t, request, count=2, seed=0):
        assert 30 <= len(ids) < 34 and not len(t.grammar.violations(ids))  # at the next whole step
    n = len(request.template)
    assert (
        list(draw_one(model.network, t, request, seed=0)) == sample(model.network, t, request, seed=0)[0][n:].tolist()
    )


def test_a_few_sequences_and_many_are_the_same_pieces(model: Any) -> None:
    """In numpy or in torch, alone or in a batch; only rounding tells them apart."""
    t = model.tokenizer
    request = Request(t.template(key="C major", time_signature="4/4", pickup="0"), (2, "bars"))
    many = sample(model.network, t, request, count=12, seed=9)
    few = sample(model.network, t, request, count=2, seed=9)
    assert all(np.array_equal(a, b) for a, b in zip(many[:2], few, strict=True))


def test_banned_ids_are_not_drawn(model: Any) -> None:
    request = Request(model.tokenizer.template(), (4, "bars"))
    plain = np.concatenate(sample(model.network, model.tokenizer, request, count=4, seed=1))
    pitches = plain[plain < model.tokenizer.vocabulary.id("Rest")]
    often = int(np.bincount(pitches).argmax())
    filters = Filters(banned=(often,))
    assert not any(
        (ids == often).any() for ids in sample(model.network, model.tokenizer, request, seed=1, filters=filters)
    )


@pytest.mark.parametrize(("tokenization", "length"), [("remi", (2, "bars")), ("performance", (1, "seconds"))])
def test_a_model_carried_off_by_one_note_still_comes_to_the_end(
    tokenization: Any, length: tuple[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenizer = MidiTokenizer(tokenization)
    v = tokenizer.vocabulary
    loves = np.select([v.are("Drum"), v.are("Pitch"), v.are("Program")], [3, 2, 1], 0).astype(np.float32)
    loves[v.of_type("Drum")[3:]] = loves[v.of_type("Pitch")[3:]] = loves[v.of_type("Program")[3:]] = -5
    loves[v.are("Velocity")] -= 4  # in a performance it may be left out
    loves[v.of_type("TimeShift")[-1:]] = 0.5
    monkeypatch.setattr("seqgen.sampling.sampler.new_stepper", lambda model, n: lambda ids, row: np.tile(loves, (n, 1)))
    request = Request(tokenizer.template(None, length), length, max_tokens=2000)
    (drawn,) = draw(SimpleNamespace(begin=0), tokenizer, request, filters=Filters(top_k=1))  # type: ignore[arg-type]  # of a reader only this much is asked
    assert not len(tokenizer.grammar.violations(drawn.ids)) and len(drawn.ids) < 2000
    score = tokenizer.decode(drawn.ids)
    played = list(zip(score.onset.tolist(), score.track.tolist(), score.pitch.tolist(), strict=True))
    assert played and len(set(played)) == len(played)


def carried_off(tokenizer: Any, token: str, monkeypatch: pytest.MonkeyPatch, **asked: Any) -> Ids:
    """What a model draws that says one id wherever it may."""
    loves = np.where(np.arange(len(tokenizer.vocabulary)) == tokenizer.vocabulary.id(token), 9, 0).astype(np.float32)
    monkeypatch.setattr("seqgen.sampling.sampler.new_stepper", lambda model, n: lambda ids, row: np.tile(loves, (n, 1)))
    request = Request(tokenizer.template(), (20, "tokens"), max_tokens=200, barred=tokenizer.barred())
    (drawn,) = draw(SimpleNamespace(begin=0), tokenizer, request, **asked)  # type: ignore[arg-type]  # of a reader only this much is asked
    return drawn.ids


def test_a_model_that_loves_bars_still_comes_to_the_end_of_its_length(monkeypatch: pytest.MonkeyPatch) -> None:
    """A piece may not end in an empty bar: it takes the shortest way out of it."""
    tokenizer = MidiTokenizer("remi")
    ids = carried_off(tokenizer, "Bar", monkeypatch, filters=Filters(top_k=1))
    assert not len(tokenizer.grammar.violations(ids)) and 20 <= len(ids) < 35


@pytest.mark.parametrize("level", ["characters", "bytes"])
def test_no_text_is_drawn_with_a_zero_byte_which_no_reader_takes(level: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer = TextTokenizer(level, **({"characters": "abc"} if level == "characters" else {}))
    ids = carried_off(tokenizer, "Byte_00", monkeypatch)
    assert len(ids) >= 20 and "\0" not in tokenizer.decode(ids)
    assert tokenizer.decode(tokenizer.encode("a\0b")) == "a\0b"  # a prompt may

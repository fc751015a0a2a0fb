"""What may come next: against all that may come, one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from seqgen.model import SequenceModel
from seqgen.sampling.prediction import next_event, next_probabilities, thinned
from seqgen.sampling.reader import Reader
from seqgen.sampling.rollout import roll_out
from seqgen.tokenizers import SportsTokenizer

PROMPT = (
    "Overs_20 Side_1 Bowler_1 Batter_1 Outcome_4 Batter_1 Outcome_1 "
    "Batter_2 Outcome_wicket Runs_0 How_caught Extra_none"
)


@pytest.fixture(scope="module")
def tokenizer() -> SportsTokenizer:
    return SportsTokenizer("cricket", {"Overs": ["20"]})


@pytest.fixture(scope="module")
def model(tokenizer: SportsTokenizer) -> SequenceModel:
    torch.manual_seed(0)
    model = SequenceModel(len(tokenizer.vocabulary), tokenizer.context.features, 12, 1)
    with torch.no_grad():
        model.bias.normal_(std=1.5)
        model.bias[tokenizer.vocabulary.id("End")] = 1.0  # so that matches end
    return model.eval()


@pytest.fixture
def reader(tokenizer: SportsTokenizer, model: SequenceModel) -> Reader:
    return Reader(model, tokenizer).read(tokenizer.vocabulary.ids(PROMPT.split()))


def one_by_one(reader: Reader, tokenizer: SportsTokenizer, p: float, found: np.ndarray, to: str) -> None:
    odds = p * reader.probabilities()[0]
    found += odds
    for i in np.flatnonzero(odds > 1e-7):
        after = reader.fork(np.array([0]))
        after.take(np.array([i]))
        if not tokenizer.grammar.final(after.states)[0] and tokenizer.vocabulary.types[i] != to:
            one_by_one(after, tokenizer, odds[i], found, to)


def test_a_reader_says_what_the_model_says(reader: Reader, tokenizer: SportsTokenizer, model: SequenceModel) -> None:
    ids = tokenizer.vocabulary.ids(PROMPT.split()).astype(np.int64)
    previous = np.concatenate([[model.begin], ids])
    with torch.inference_mode():
        logits, _ = model(torch.from_numpy(previous)[None], torch.from_numpy(tokenizer.context.of(ids))[None].long())
    allowed = tokenizer.grammar.masks[tokenizer.grammar.states(ids)[-1]]
    for temperature in (1.0, 0.5):
        temperatures = np.full(tokenizer.grammar.n_states, temperature, np.float32)
        expected = np.where(allowed, np.exp(logits[0, -1].numpy() / temperature), 0)
        said = Reader(model, tokenizer, temperatures).read(ids).probabilities()[0]
        assert np.allclose(said, expected / expected.sum(), atol=1e-5)


def test_the_next_event_is_the_sum_of_all_it_may_be(reader: Reader, tokenizer: SportsTokenizer) -> None:
    found = np.zeros(len(tokenizer.vocabulary))
    one_by_one(reader, tokenizer, 1.0, found, "Outcome")
    exact = next_event(reader, tokenizer, to="Outcome")
    assert np.allclose(exact, found, atol=1e-4)
    types = np.array(tokenizer.vocabulary.types)
    for kind in ("Batter", "Outcome"):
        assert exact[types == kind].sum() + exact[types == "End"].sum() == pytest.approx(1, abs=1e-5)
    whole = next_event(reader, tokenizer)
    assert np.allclose(whole[types == "Outcome"], exact[types == "Outcome"], atol=1e-6)
    how = whole[types == "How"].sum()
    assert how == pytest.approx(whole[tokenizer.vocabulary.id("Outcome_wicket")], abs=1e-3)
    batters = [i for i in np.flatnonzero(types == "Batter") if exact[i] > 1e-6]
    apart = [next_event(reader, tokenizer, to="Outcome", given=int(i)) for i in batters]
    assert np.allclose(sum(apart)[types == "Outcome"], exact[types == "Outcome"], atol=1e-5)
    assert apart[0][types == "Batter"].sum() == pytest.approx(exact[batters[0]], abs=1e-6)
    few = next_event(reader, tokenizer, most=24)
    assert 0.5 * np.abs(few - whole)[types == "Outcome"].sum() < 0.05
    looked_through = next_probabilities(reader, tokenizer)
    assert looked_through[types == "Batter"].sum() == 0 and looked_through.sum() == pytest.approx(1, abs=1e-5)


@given(st.lists(st.floats(1e-9, 1), min_size=1, max_size=60), st.integers(1, 30))
def test_thinning_keeps_the_sum_and_the_heavy(weights: list[float], most: int) -> None:
    given_weights = np.array(weights)
    chosen, new = thinned(given_weights, most)
    assert len(chosen) == len(new) == min(most, len(weights))
    assert new.sum() == pytest.approx(given_weights.sum())
    assert (new >= given_weights[chosen] * (1 - 1e-9)).all() and (given_weights[chosen] > 0).all()
    assert len(np.unique(chosen)) == len(chosen)


def test_paths_are_legal_the_same_by_seed_and_as_probable_as_said(reader: Reader, tokenizer: SportsTokenizer) -> None:
    before = reader.probabilities().copy()
    drawn = roll_out(reader, tokenizer, count=1500, events=2, seed=5)
    assert np.array_equal(drawn.ids, roll_out(reader, tokenizer, count=1500, events=2, seed=5).ids)
    assert np.array_equal(reader.probabilities(), before), "it stays where it was"
    prompt = tokenizer.vocabulary.ids(PROMPT.split())
    actions = drawn.of_type(tokenizer, "Outcome", 3)
    for n in range(0, len(drawn), 50):
        ids = np.concatenate([prompt, drawn.path(n)])
        assert not len(tokenizer.grammar.violations(ids))
        said = [i for i in drawn.path(n) if tokenizer.vocabulary.types[i] == "Outcome"]
        assert said == actions[n][actions[n] >= 0].tolist() and (len(said) == 2 or drawn.ended[n])
    exact = next_event(reader, tokenizer)[tokenizer.vocabulary.of_type("Outcome")]
    share = np.array([(actions[:, 0] == i).mean() for i in tokenizer.vocabulary.of_type("Outcome")])
    assert 0.5 * np.abs(share - exact).sum() < 0.06
    assert drawn.ended.mean() == pytest.approx((actions[:, 1] < 0).mean(), abs=1e-9)


def test_paths_are_the_same_however_many_threads_draw_them(reader: Reader, tokenizer: SportsTokenizer) -> None:
    alone, together = (roll_out(reader, tokenizer, count=1500, events=3, seed=5, threads=n) for n in (1, 3))
    assert len(alone) == 1500 and np.array_equal(alone.ids, together.ids)
    assert np.array_equal(alone.ended, together.ended)
    assert not np.array_equal(alone.ids[:500, :3], alone.ids[500:1000, :3]), "each batch has its own chance"
    assert not np.array_equal(alone.ids, roll_out(reader, tokenizer, count=1500, events=3, seed=6).ids)


def test_paths_to_the_end_end_or_stop_where_they_are_too_long(reader: Reader, tokenizer: SportsTokenizer) -> None:
    drawn = roll_out(reader, tokenizer, count=40, max_tokens=30, seed=1)
    assert drawn.ids.shape[1] <= 30 and 0 < drawn.ended.sum() < 40
    end = tokenizer.vocabulary.id("End")
    for n in range(40):
        path = drawn.path(n)
        assert (path[-1] == end) == drawn.ended[n] and (drawn.ended[n] or len(path) == 30)


def test_a_copy_of_counters_is_its_own(tokenizer: SportsTokenizer) -> None:
    from copy import deepcopy

    counters: Any = tokenizer.sport.counters()
    for token in PROMPT.split():
        counters.take(*token.split("_"))
    before, other = counters.row(), deepcopy(counters)
    for token in ["Batter_3", "Outcome_6", "Bowler_2", "Batter_2", "Outcome_0", "Side_2"]:
        other.take(*token.split("_"))
    assert counters.row() == before != other.row()

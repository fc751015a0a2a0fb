"""Interpolated counts: they add up to one, agree with the formula written plainly, and know more than nothing."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from seqgen.corpus.build import Prepared
from seqgen.domains.midi.tokenizer import MidiTokenizer
from seqgen.evaluation.baselines import NGram, baseline_nats

Codes = npt.NDArray[np.int64]


@pytest.fixture(scope="module")
def small() -> tuple[Any, Codes, Codes]:
    """(tokenizer, rows, ids): a small vocabulary and random legal ids under three conditions."""
    tokenizer = MidiTokenizer("voices", n_voices=2, low=60, high=63, header=False)
    rng, grammar = np.random.default_rng(0), tokenizer.grammar
    state, ids, states = grammar.start(1), [], []
    for _ in range(300):
        allowed = np.flatnonzero(grammar.mask(state)[0] & (np.arange(len(tokenizer.vocabulary)) != 6))
        states.append(int(state[0]))
        ids.append(int(rng.choice(allowed[:3])))
        state = grammar.advance(state, np.array(ids[-1:]))
    before = [[-1, *ids[:-1]], [-1, -1, *ids[:-2]]]
    rows = np.stack([states, *(np.array(b) % len(tokenizer.vocabulary) for b in before)], axis=1).astype(np.int64)
    return tokenizer, rows, np.array(ids, np.int64)


def plain(rows: Codes, ids: Codes, row: Codes, i: int, n_allowed: int) -> float:
    """Witten and Bell's formula from counts of tuples."""
    p = 1 / n_allowed
    for k in range(1, len(row) + 1):
        followers: dict[int, int] = defaultdict(int)
        for seen, following in zip(rows, ids, strict=True):
            if tuple(seen[:k]) == tuple(row[:k]):
                followers[int(following)] += 1
        if followers:
            kinds, count = len(followers), followers.get(i, 0)
            p = (count + kinds * p) / (sum(followers.values()) + kinds)
    return p


@pytest.mark.parametrize("n", [1, 2, 3])
def test_probabilities_of_the_allowed_ids_add_up_to_one(small: tuple[Any, Codes, Codes], n: int) -> None:
    tokenizer, rows, ids = small
    ngram = NGram(tokenizer, n).fit(rows[:, :n], ids)
    unseen = rows[::17].copy()
    unseen[:, 1:] = 99
    for row in np.concatenate([rows[:40], unseen]):
        allowed = np.flatnonzero(tokenizer.grammar.masks[row[0]])
        many = np.repeat(row[None, :n], len(allowed), axis=0)
        p = ngram.probabilities(many, allowed.astype(np.int64), np.full(len(allowed), len(allowed)))
        assert p.sum() == pytest.approx(1)
        assert (p > 0).all()


@pytest.mark.parametrize("n", [1, 2, 3])
def test_probabilities_are_those_of_the_formula(small: tuple[Any, Codes, Codes], n: int) -> None:
    tokenizer, rows, ids = small
    ngram = NGram(tokenizer, n).fit(rows[:, :n], ids)
    n_allowed = tokenizer.grammar.masks.sum(axis=1)[rows[:, 0]]
    found = ngram.probabilities(rows[:25, :n], ids[:25], n_allowed[:25])
    for t in range(25):
        assert found[t] == pytest.approx(plain(rows[:, :n], ids, rows[t, :n], int(ids[t]), int(n_allowed[t])))


def test_baselines_know_more_than_nothing(prepared: Prepared) -> None:
    tokenizer, store = prepared.tokenizer, prepared.store
    held_out = {"valid": store.of_split("valid"), "test": store.of_split("test")}
    found = baseline_nats(tokenizer, store.of_split("train"), held_out)
    assert list(found) == ["unigram", "bigram", "trigram", "context n-gram"]
    for split, pieces in held_out.items():
        uniform = [
            np.log(tokenizer.grammar.masks.sum(axis=1)[tokenizer.grammar.states(p)[:-1]])[
                tokenizer.vocabulary.scored[p]
            ]
            for p in pieces
        ]
        even = float(np.concatenate(uniform).mean())
        for name in found:
            assert 0 < found[name][split] < 0.8 * even
        assert found["context n-gram"][split] < found["unigram"][split]


def test_a_split_without_pieces_costs_nothing(prepared: Prepared) -> None:
    found = baseline_nats(prepared.tokenizer, prepared.store.of_split("train"), {"test": []})
    assert all(values["test"] == 0 for values in found.values())


def test_contexts_are_trusted_as_far_as_they_deserve(small: tuple[Any, Codes, Codes]) -> None:
    """Of conditions that tell nothing, counting alone believes what chance put together; tuned it does not."""
    tokenizer, rows, ids = small
    rng = np.random.default_rng(1)
    noise = np.stack([rows[:, 0], rng.integers(100, size=len(ids)), rng.integers(100, size=len(ids))], axis=1)
    n_allowed = tokenizer.grammar.masks.sum(axis=1)[rows[:, 0]]
    train, tune, test = slice(0, 150), slice(150, 220), slice(220, None)
    ngram = NGram(tokenizer, 3).fit(noise[train], ids[train])

    def nats() -> float:
        return float(-np.log(ngram.probabilities(noise[test], ids[test], n_allowed[test])).mean())

    before = nats()
    ngram.tune(noise[tune], ids[tune], n_allowed[tune])
    assert nats() < before and ngram.strengths[1] > 1
    alone = NGram(tokenizer, 1).fit(noise[train, :1], ids[train])
    found = -np.log(alone.probabilities(noise[test, :1], ids[test], n_allowed[test])).mean()
    assert nats() == pytest.approx(found, abs=0.1)


def test_weights_count(small: tuple[Any, Codes, Codes]) -> None:
    tokenizer, rows, ids = small
    n_allowed = tokenizer.grammar.masks.sum(axis=1)[rows[:, 0]]
    twice = NGram(tokenizer, 3).fit(np.tile(rows, (2, 1)), np.tile(ids, 2), np.full(2 * len(ids), 0.5))
    once = NGram(tokenizer, 3).fit(rows, ids)
    assert np.allclose(twice.probabilities(rows, ids, n_allowed), once.probabilities(rows, ids, n_allowed))

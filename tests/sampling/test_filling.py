"""Gaps: filled with regard to what is given behind them, as probable as they are."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from seqgen.core.errors import UsageError
from seqgen.core.grammar import Grammar
from seqgen.core.vocabulary import Vocabulary
from seqgen.sampling.filling import draw_candidates, fill
from seqgen.sampling.filters import Filters

Floats = npt.NDArray[np.float64]
N_IDS = 4
FREE = -1


class Chain:
    """A Markov chain as a predictor."""

    def __init__(self, table: Floats, last: npt.NDArray[np.integer]) -> None:
        self._table, self._last = table, last

    @property
    def states(self) -> npt.NDArray[np.int32]:
        return np.zeros(len(self._last), np.int32)

    def probabilities(self) -> npt.NDArray[np.float32]:
        return self._table[self._last].astype(np.float32)

    def take(self, ids_B: npt.NDArray[np.integer]) -> None:
        self._last = ids_B

    def fork(self, rows: npt.NDArray[np.integer]) -> Chain:
        return Chain(self._table, self._last[rows])


@pytest.fixture(scope="module")
def chain() -> tuple[Chain, Any, Floats]:
    """A chain that mostly stays near where it is; the last row is its beginning."""
    rng = np.random.default_rng(3)
    table = rng.dirichlet(np.full(N_IDS, 0.5), N_IDS + 1) * 0.9 + 0.1 / N_IDS
    vocabulary = Vocabulary([f"State_{i}" for i in range(N_IDS)])
    grammar = Grammar(np.zeros(N_IDS, np.int32), [[0]], [True])
    tokenizer = SimpleNamespace(grammar=grammar, vocabulary=vocabulary, unknown_of=np.full(N_IDS, -1, np.int32))
    return Chain(table, np.full(1, N_IDS)), tokenizer, table


def marginals(table: Floats, template: npt.NDArray[np.integer]) -> tuple[Floats, Floats]:
    """[T, V] how probable each id is at each place, given the others before it, and given all: forward and backward
    sums."""
    may = np.where(template[:, None] < 0, 1.0, np.arange(N_IDS) == template[:, None])
    ahead = [table[N_IDS] * may[0]]
    for t in range(1, len(template)):
        ahead.append(ahead[-1] @ table[:N_IDS] * may[t])
    back = [np.ones(N_IDS)]
    for t in range(len(template) - 1, 0, -1):
        back.append(table[:N_IDS] @ (back[-1] * may[t]))
    forward, both = np.array(ahead), np.array(ahead) * np.array(back[::-1])
    return forward / forward.sum(axis=1, keepdims=True), both / both.sum(axis=1, keepdims=True)


TEMPLATE = np.array([FREE, 2, FREE, FREE, 0, FREE, 3, 3, FREE, FREE, FREE, 1, FREE], np.int32)


def test_candidates_are_as_probable_as_exact_sums_say(chain: tuple[Chain, Any, Floats]) -> None:
    predictor, tokenizer, table = chain
    forward, exact = marginals(table, TEMPLATE)
    assert np.abs(forward - exact).sum(axis=1).max() / 2 > 0.15  # what follows matters here
    cloud = draw_candidates(predictor, tokenizer, TEMPLATE, 100_000, np.random.default_rng(0))
    weights = np.exp(cloud.log_weights - cloud.log_weights.max())
    for t in range(len(TEMPLATE)):
        found = np.bincount(cloud.ids[:, t], weights, N_IDS) / weights.sum()
        assert np.abs(found - exact[t]).sum() / 2 < 0.015


def test_log_probabilities_are_those_of_the_chain(chain: tuple[Chain, Any, Floats]) -> None:
    predictor, tokenizer, table = chain
    (found,) = fill(predictor, tokenizer, TEMPLATE, candidates=8, log_probabilities=True)
    before = np.concatenate([[N_IDS], found.ids[:-1]])
    assert found.log_probabilities == pytest.approx(np.log(table[before, found.ids]), abs=1e-4)


def test_the_likeliest_is_found_and_passes_only_make_it_likelier(chain: tuple[Chain, Any, Floats]) -> None:
    predictor, tokenizer, table = chain

    def total(**asked: Any) -> float:
        (found,) = fill(predictor, tokenizer, TEMPLATE, log_probabilities=True, **asked)
        assert (found.ids[TEMPLATE >= 0] == TEMPLATE[TEMPLATE >= 0]).all()
        return float(found.log_probabilities.sum())

    best = viterbi(table, TEMPLATE)
    assert total(candidates=2000) == pytest.approx(best, abs=1e-3)
    for seed in range(4):
        path = [total(candidates=2, passes=n, seed=seed) for n in (0, 1, 2)]
        assert path == sorted(path) and path[-1] <= best + 1e-3


def viterbi(table: Floats, template: npt.NDArray[np.integer]) -> float:
    """The log-probability of the likeliest filling."""
    may = np.where((template[:, None] < 0) | (np.arange(N_IDS) == template[:, None]), 0, -np.inf)
    best = np.log(table[N_IDS]) + may[0]
    for t in range(1, len(template)):
        best = (best[:, None] + np.log(table[:N_IDS])).max(axis=0) + may[t]
    return float(best.max())


def test_number_i_depends_on_the_seed_and_i(chain: tuple[Chain, Any, Floats]) -> None:
    predictor, tokenizer, _ = chain
    free = np.full(30, FREE, np.int32)

    def ids(**asked: Any) -> list[list[int]]:
        found = fill(predictor, tokenizer, free, candidates=2, passes=0, filters=Filters(temperature=0.9), **asked)
        return [one.ids.tolist() for one in found]

    assert ids(count=3, seed=1)[:2] == ids(count=2, seed=1)
    assert ids(seed=1) != ids(seed=2)


def test_what_cannot_be_is_refused(model: Any) -> None:
    from seqgen.sampling.reader import Reader

    t = model.tokenizer
    hold = t.vocabulary.id("Hold")
    template = np.array([FREE, hold], np.int32)
    with pytest.raises(UsageError, match="Hold may not stand at place 2"):
        fill(Reader(model.network, t), t, template)
    for wrong in ({"candidates": 0}, {"candidates": 10**6}, {"count": 0}):
        with pytest.raises(UsageError):
            fill(Reader(model.network, t), t, template, **wrong)  # type: ignore[arg-type]  # of many types


def test_nothing_is_drawn_after_which_a_given_id_may_not_stand(chain: tuple[Chain, Any, Floats]) -> None:
    _, tokenizer, _ = chain
    # After id 0 nothing follows, and 3 follows only 2: to the chain, which knows of no grammar, all are alike.
    follows = np.array([[-1, 1, 2, -1], [3, 1, 2, -1], [3, 1, 2, 1], [-1, -1, -1, -1]])
    grammar = Grammar(np.arange(N_IDS), follows, np.ones(4, bool))

    class Legal(Chain):
        at = np.zeros(1, np.int32)

        @property
        def states(self) -> npt.NDArray[np.int32]:
            return self.at

        def take(self, ids_B: npt.NDArray[np.integer]) -> None:
            super().take(ids_B)
            self.at = grammar.advance(self.at, ids_B)

        def fork(self, rows: npt.NDArray[np.integer]) -> Legal:
            other = Legal(self._table, self._last[rows])
            other.at = self.at[rows]
            return other

    legal = SimpleNamespace(**{**vars(tokenizer), "grammar": grammar})
    template = np.array([1, FREE, FREE, 3, FREE, 1, FREE], np.int32)
    predictor = Legal(np.full((N_IDS + 1, N_IDS), 1 / N_IDS), np.full(1, N_IDS))
    cloud = draw_candidates(predictor, legal, template, 200, np.random.default_rng(0))
    assert not any(len(grammar.violations(row)) for row in cloud.ids)
    assert (cloud.ids[:, 2] == 2).all() and set(cloud.ids[:, 4]) == {1, 2} and set(cloud.ids[:, 6]) == {0, 1, 2}

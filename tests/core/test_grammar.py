"""An automaton small enough to be checked by hand: `( a* )` once or more."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqgen.core import grammar as grammar_module
from seqgen.core.grammar import Grammar, build_grammar

OPEN, A, B, CLOSE, NEVER = range(5)


def follow(state: Hashable) -> Mapping[Hashable, Hashable]:
    if state == "inside":
        return {"letter": "inside", "close": "outside"}
    return {"open": "inside"}


@pytest.fixture(scope="module")
def grammar() -> Grammar:
    classes = {"open": [OPEN], "letter": [A, B], "close": [CLOSE], "never": [NEVER]}
    return build_grammar(classes, "start", follow, lambda state: state == "outside")


def legal(text: str) -> bool:
    import re

    return re.fullmatch(r"(\([ab]*\))+", text) is not None


def test_rules_become_rows_in_the_order_in_which_they_are_reached() -> None:
    classes = {"close": [3], "open": [0], "letter": iter([1, 2]), "never": [4]}
    built = build_grammar(classes, "start", follow, lambda state: state == "outside")
    assert built.class_of.tolist() == [1, 2, 2, 0, 3] and built.class_of.dtype == np.int32
    assert built.transitions.tolist() == [[-1, 1, -1, -1], [2, -1, 1, -1], [-1, 1, -1, -1]]
    assert built.transitions.dtype == np.int32
    assert built.final_states.tolist() == [False, False, True] and built.final_states.dtype == bool
    assert Grammar([0], [[0]], [1]).final_states.dtype == bool
    loop = build_grammar({"any": [0, 1]}, "only", lambda state: {"any": "only"}, lambda state: True)
    assert loop.transitions.tolist() == [[0]] and loop.final_states.tolist() == [True]


def test_masks_are_what_the_rules_allow(grammar: Grammar) -> None:
    assert grammar.n_states == 3 and grammar.masks.shape == (3, 5)
    assert grammar.mask(grammar.start(2)).tolist() == [[True, False, False, False, False]] * 2
    inside = grammar.advance(grammar.start(1), np.array([OPEN]))
    assert grammar.mask(inside).tolist() == [[False, True, True, True, False]]
    with pytest.raises(ValueError, match="read-only"):
        grammar.masks[0, 0] = False


def test_a_batch_advances_each_for_itself(grammar: Grammar) -> None:
    state = grammar.advance(grammar.start(3), np.array([OPEN, OPEN, A]))
    state = grammar.advance(state, np.array([B, CLOSE, OPEN]))
    assert grammar.final(state).tolist() == [False, True, False]
    assert grammar.mask(state)[:, OPEN].tolist() == [False, True, False]


@pytest.mark.parametrize("length", range(6))
def test_only_the_language_is_free_of_violations(grammar: Grammar, length: int) -> None:
    for ids in product(range(4), repeat=length):
        text = "".join("(ab)"[i] for i in ids)
        assert (not len(grammar.violations(np.array(ids, np.int32)))) == legal(text), text


def test_violations_are_places_and_the_end(grammar: Grammar) -> None:
    assert grammar.violations(np.array([OPEN, A, OPEN, CLOSE, CLOSE])).tolist() == [2, 4]
    assert grammar.violations(np.array([OPEN, A])).tolist() == [2]
    assert grammar.violations(np.array([NEVER])).tolist() == [0, 1]
    assert grammar.violations(np.zeros(0, np.int32)).tolist() == [0]


@given(st.lists(st.integers(0, 4), max_size=20))
def test_states_of_a_whole_are_those_of_its_steps(grammar: Grammar, ids: list[int]) -> None:
    states = grammar.states(np.array(ids, np.int32))
    state = grammar.start(1)
    for t, i in enumerate(ids):
        assert states[t] == state[0]
        state = grammar.advance(state, np.array([i]))
    assert states[-1] == state[0]
    for cut in range(len(ids) + 1):
        assert grammar.states(np.array(ids[cut:], np.int32), int(states[cut])).tolist() == states[cut:].tolist()


@given(st.lists(st.sampled_from([0, 0, 0, 1, 2, 3]), max_size=40))
def test_states_are_found_block_by_block(ids: list[int]) -> None:
    """Blocks that stay in the first state are passed over."""
    mostly_first = Grammar([0, 1, 2, 3], [[0, 1, -1, 2], [-1, 1, 0, -1], [-1] * 4], [True, False, True])
    whole = mostly_first.states(np.array(ids, np.int32))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grammar_module, "_BLOCK", 3)
        assert (mostly_first.states(np.array(ids, np.int32)) == whole).all()
        for cut in range(len(ids) + 1):
            assert (mostly_first.states(np.array(ids[cut:], np.int32), int(whole[cut])) == whole[cut:]).all()
    state = mostly_first.start(1)
    for t, i in enumerate(ids):
        state = mostly_first.advance(state, np.array([i]))
        assert whole[t + 1] == state[0]


def test_closing_leads_to_an_end_by_the_shortest_way(grammar: Grammar) -> None:
    assert grammar.distance.tolist() == [2, 1, 0]
    assert grammar.closing(np.array([1])).tolist() == [[False, False, False, True, False]]
    assert not grammar.closing(np.array([2])).any()


@given(st.lists(st.integers(0, 4), max_size=20))
def test_what_is_closed_from_anywhere_ends_where_it_may(grammar: Grammar, ids: list[int]) -> None:
    state = grammar.states(np.array(ids, np.int32))[-1:]
    for left in range(int(grammar.distance[state[0]]), 0, -1):
        assert grammar.distance[state[0]] == left
        state = grammar.advance(state, np.flatnonzero(grammar.closing(state)[0])[:1])
    assert grammar.final(state)[0]


def test_the_first_state_is_one_like_the_others() -> None:
    """It may be come back to, and may be where a sequence stops."""
    ring = build_grammar(
        {"out": [0], "back": [1]},
        "home",
        lambda s: {"out": "away"} if s == "home" else {"back": "home"},
        lambda s: s == "home",
    )
    assert ring.masks.tolist() == [[True, False], [False, True]]
    assert ring.violations(np.array([0, 1, 0, 1])).tolist() == [] and ring.violations(np.array([0, 0])).tolist() == [
        1,
        2,
    ]
    assert ring.violations(np.array([0])).dtype == np.int32
    assert ring.closing(np.array([1, 0])).tolist() == [[False, True], [False, False]]
    assert ring.open_to(np.array([0, -1, 0])).tolist() == [[True, False], [False, True], [True, False], [True, True]]


def test_a_state_without_a_way_to_the_end_is_infinitely_far() -> None:
    trap = Grammar([0, 1], [[1, 2], [1, -1], [-1, -1]], [False, False, True])
    assert trap.distance[0] == 1 and trap.distance[1] > 10**6


@given(st.lists(st.integers(-1, 3), max_size=5))
def test_a_template_is_open_to_states_from_which_some_ids_fill_it(grammar: Grammar, template: list[int]) -> None:
    choices = [range(4) if i < 0 else [i] for i in template]
    for state in range(grammar.n_states):
        ways = (grammar.states(np.array(ids, np.int32), state) for ids in product(*choices))
        legal_ways = [
            all(grammar.masks[s, i] for s, i in zip(way[:-1], ids, strict=True))
            for way, ids in zip(ways, product(*choices), strict=True)
        ]
        assert grammar.open_to(np.array(template, np.int32))[0, state] == any(legal_ways)

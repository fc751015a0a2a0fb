"""A grammar without barred ids: nothing more than before is legal, and every way leads to an end."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from seqgen.core.grammar import Grammar
from seqgen.core.narrowing import Barred, narrowed

N_IDS = 6
Bools = npt.NDArray[np.bool_]


@st.composite
def grammars(draw: st.DrawFn) -> Grammar:
    n_states, n_classes = draw(st.integers(1, 5)), draw(st.integers(1, 4))
    row = st.lists(st.integers(-1, n_states - 1), min_size=n_classes, max_size=n_classes)
    transitions = draw(st.lists(row, min_size=n_states, max_size=n_states))
    class_of = draw(st.lists(st.integers(0, n_classes - 1), min_size=N_IDS, max_size=N_IDS))
    return Grammar(class_of, transitions, draw(st.lists(st.booleans(), min_size=n_states, max_size=n_states)))


@st.composite
def barrings(draw: st.DrawFn) -> Barred:
    return Barred(*np.array(draw(st.lists(st.booleans(), min_size=3 * N_IDS, max_size=3 * N_IDS))).reshape(3, N_IDS))


def reference(ids: list[int], barred: list[Barred]) -> bool:
    """Whether none of the ids is barred where it stands."""
    for one in barred:
        opened = False
        for i in ids:
            if one.never[i] or (one.waiting[i] and not opened and not one.opening[i]):
                return False
            opened |= bool(one.opening[i])
    return True


@settings(max_examples=50)
@given(grammars(), st.lists(barrings(), min_size=1, max_size=2), st.integers(0, 2**32 - 1))
def test_what_is_drawn_is_legal_not_barred_and_can_always_end(
    grammar: Grammar, barred: list[Barred], seed: int
) -> None:
    rules, rng = narrowed(grammar, barred), np.random.default_rng(seed)
    begin = int(rng.integers(grammar.n_states))  # as behind a template
    assert (rules.transitions >= -1).all()
    state, plain, ids = np.array([begin], np.int32), begin, []
    for _ in range(8):
        choices = np.flatnonzero(rules.mask(state)[0])
        # The same, found by trying: what is legal, not barred, and leads to an end.
        for i in range(N_IDS):
            after = grammar.transitions[plain, grammar.class_of[i]]
            possible = after >= 0 and reference([*ids, i], barred)
            assert possible or i not in choices
            if possible and grammar.final_states[after]:
                assert i in choices
        if not len(choices):
            # Only the beginning may be without a way to an end, which is for the sampler to refuse.
            assert not ids or rules.final(state)[0]
            break
        ids.append(int(rng.choice(choices)))
        state = rules.advance(state, np.array(ids[-1:]))
        plain = int(grammar.transitions[plain, grammar.class_of[ids[-1]]])
        assert bool(rules.final(state)[0]) == bool(grammar.final_states[plain])
        assert rules.distance[state[0]] < 2**30, "from here nothing leads to an end"


def test_nothing_barred_changes_nothing() -> None:
    grammar = Grammar([0, 1, 1], [[1, -1], [0, 1]], [False, True])
    none = np.zeros(3, bool)
    rules = narrowed(grammar, [Barred(none, none, none)])
    assert (rules.masks[:2] == grammar.masks).all() and (rules.masks[2:] == grammar.masks).all()

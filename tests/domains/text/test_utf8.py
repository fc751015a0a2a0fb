"""The automaton agrees with Python's own decoder on what is UTF-8."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqgen.domains.text.utf8 import N_STATES, POSSIBLE_BYTES, utf8_grammar, ways

BYTES = [bytes([b]) for b in range(256)]
GRAMMAR = utf8_grammar(BYTES, end=True)
END = 256
# First bytes of each length, at the borders of what may follow, with continuation bytes at theirs.
BORDERS = [0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE]
BORDERS += [0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF]


def is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def is_legal(data: bytes) -> bool:
    return not len(GRAMMAR.violations(np.frombuffer(data, np.uint8)))


@pytest.mark.parametrize(("n", "of"), [(1, range(256)), (2, range(256)), (3, BORDERS), (4, BORDERS[3:])])
def test_all_short_strings_and_longer_ones_at_the_borders(n: int, of: Sequence[int]) -> None:
    strings = list(map(bytes, product(of, repeat=n)))
    whole = (ways(strings)[:, 0] == 0).tolist()
    assert [data for data, is_whole in zip(strings, whole, strict=True) if is_whole != is_utf8(data)] == []


@given(st.one_of(st.binary(max_size=12), st.lists(st.sampled_from(BORDERS), max_size=12).map(bytes)))
def test_random_bytes(data: bytes) -> None:
    assert is_legal(data) == is_utf8(data)


@given(st.binary(max_size=8))
def test_a_prefix_is_allowed_exactly_when_something_completes_it(data: bytes) -> None:
    """`incomplete` by Python's decoder: an error at the very end, that more bytes might mend."""
    try:
        data.decode()
        completable = True
    except UnicodeDecodeError as error:
        completable = "unexpected end of data" in error.reason
    assert (ways([data])[0, 0] >= 0) == completable if data else True


@given(st.text())
def test_every_text_is_legal_whatever_it_is_cut_into(text: str) -> None:
    data = text.encode()
    assert is_legal(data)
    for size in (2, 3, 5):
        parts = [data[i : i + size] for i in range(0, len(data), size)]
        if parts:
            grammar = utf8_grammar(parts, end=False)
            assert not len(grammar.violations(np.arange(len(parts))))


def test_a_text_may_end_after_any_character_and_says_nothing_after_its_end() -> None:
    assert not len(GRAMMAR.violations(np.array([0x41, END])))
    assert GRAMMAR.violations(np.array([0xC3, END])).tolist() == [1, 2]
    assert GRAMMAR.violations(np.array([END, 0x41])).tolist() == [1]
    assert GRAMMAR.n_states == N_STATES + 1
    assert utf8_grammar(BYTES, end=False).n_states == N_STATES
    assert utf8_grammar([b"a", "ä".encode()], end=False).n_states == 1


def test_the_possible_bytes_are_those_of_some_text() -> None:
    assert set(POSSIBLE_BYTES) == set(range(256)) - {0xC0, 0xC1, *range(0xF5, 0x100)}
    allowed = GRAMMAR.masks.any(axis=0)
    assert set(np.flatnonzero(allowed[:END])) == set(POSSIBLE_BYTES)

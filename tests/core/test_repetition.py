"""The follower against the definition, written down plainly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqgen.core.repetition import Follower, follow, ngrams


def plain(codes: list[int], shortest: int, period: int) -> list[tuple[int, int]]:
    """(place, length) before each code and after the last, by comparing everything with everything."""
    place, length, out = -1, 0, [(-1, 0)]
    for n in range(1, len(codes) + 1):
        if place >= 0 and codes[place] == codes[n - 1]:
            place, length = place + 1, length + 1
        else:
            earlier = [
                m for m in range(shortest, n)
                if (n - m) % period == 0 and codes[m - shortest : m] == codes[n - shortest : n]
            ] if n >= shortest else []  # fmt: skip
            place, length = (earlier[-1], shortest) if earlier else (-1, 0)
        out.append((place, length))
    return out


@given(st.lists(st.integers(0, 2), max_size=80), st.integers(1, 5), st.integers(1, 4))
def test_it_follows_the_latest_earlier_place(codes: list[int], shortest: int, period: int) -> None:
    found = follow(np.array(codes, np.int64), shortest, period)
    assert found.dtype == np.int32 and found.tolist() == [list(p) for p in plain(codes, shortest, period)]


@given(st.lists(st.integers(0, 300), min_size=6, max_size=20, unique=True), st.integers(2, 5))
def test_a_repeated_phrase_is_followed_to_its_end(phrase: list[int], shortest: int) -> None:
    found = follow(np.array(phrase * 3, np.int64), shortest)
    # In the third time every next code is the one that the place points at.
    codes = phrase * 3
    for t in range(2 * len(phrase), 3 * len(phrase)):
        place = found[t, 0]
        assert place >= 0 and codes[place] == codes[t]


@given(
    st.lists(st.integers(0, 2) | st.just(2**20), max_size=60), st.integers(1, 4), st.integers(1, 3), st.integers(0, 60)
)
def test_a_follower_says_the_same_step_by_step(codes: list[int], shortest: int, period: int, fork: int) -> None:
    follower, found = Follower(shortest, period), []
    for t, code in enumerate([*codes, 0]):
        found.append((follower.place, follower.length))
        if follower.place >= 0:
            assert follower.following == codes[follower.place]
        if t == fork:  # whatever the first goes on with, the fork goes on by itself
            first, follower = follower, follower.fork()
            for _ in range(5):
                first.take(1)
        follower.take(code)
    assert found == plain(codes, shortest, period)


def test_what_is_followed_begins_anywhere_in_the_latest_place() -> None:
    follower = Follower(shortest=2)
    for code in (1, 2, 3, 1, 2, 4, 1, 2):
        follower.take(code)
    assert (follower.place, follower.length, follower.following) == (5, 2, 4)


@pytest.mark.parametrize("code", [0, 1, 2**20])
def test_one_code_for_ever_agrees_for_ever(code: int) -> None:
    follower = Follower(shortest=3)
    for _ in range(50):
        follower.take(code)
    assert follower.place == 49 and follower.length == 49


@given(st.lists(st.integers(0, 1), max_size=24), st.integers(1, 12))
def test_stretches_have_one_hash_exactly_when_they_are_equal(ids: list[int], n: int) -> None:
    found = ngrams(np.array(ids, np.int32), n)
    stretches = [tuple(ids[i : i + n]) for i in range(len(ids) - n + 1)]
    assert found.dtype == np.uint64 and len(found) == len(stretches)
    assert len(set(found.tolist())) == len(set(stretches)) == len(set(zip(found.tolist(), stretches, strict=True)))


@pytest.mark.parametrize("n", [1, 2, 3, 7, 8, 11])
def test_each_place_of_a_stretch_counts(n: int) -> None:
    found = {int(ngrams(np.eye(n + 1, n, -1, np.int32)[row], n)[0]) for row in range(n + 1)}  # one 1 somewhere, or none
    assert len(found) == n + 1


def test_there_are_no_stretches_of_nothing() -> None:
    found = ngrams(np.arange(3), 0)
    assert found.shape == (0,) and found.dtype == np.uint64

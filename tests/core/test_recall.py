"""What is recalled is what followed the last time, and stepping tells the same."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqgen.core.recall import Recaller, recall

pairs = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), max_size=60)


@given(pairs, st.integers(0, 4))
def test_recalled_is_what_followed_the_last_time(both: list[tuple[int, int]], end: int) -> None:
    keys = np.array([key for key, _ in both] + [end], np.uint64)
    ids = np.array([i for _, i in both], np.int32)
    found = recall(keys, ids)
    assert found.dtype == np.int32
    run = 0
    for t in range(len(keys)):
        earlier = [int(ids[s]) for s in range(t) if keys[s] == keys[t]]
        assert found[t].tolist() == [earlier[-1] if earlier else -1, run]
        if t < len(ids):
            run = run + 1 if earlier and earlier[-1] == ids[t] else 0


@given(pairs, st.integers(0, 4), st.integers(0, 59))
def test_stepping_and_forking_tell_the_same(both: list[tuple[int, int]], end: int, at: int) -> None:
    keys = np.array([key for key, _ in both] + [end], np.uint64)
    ids = np.array([i for _, i in both], np.int32)
    expected = recall(keys, ids)
    recaller = Recaller(np.repeat(keys[:1], 2))
    for t, i in enumerate(ids):
        assert (recaller.row == expected[t]).all()
        if t == at:  # whatever the first goes on with, the fork goes on by itself
            forked = recaller.fork(np.array([1, 0, 1]))
            recaller.advance(np.array([99, 98]), np.array([7, 7], np.uint64))
            recaller = forked
        batch = len(recaller.row)
        recaller.advance(np.repeat(i, batch), np.repeat(keys[t + 1], batch))
    assert (recaller.row == expected[-1]).all() and recaller.row.dtype == np.int32


def test_a_batch_keeps_its_size() -> None:
    recaller = Recaller(np.zeros(2, np.uint64))
    assert recaller.row.tolist() == [[-1, 0]] * 2 and recaller.row.dtype == np.int32
    with pytest.raises(ValueError, match="shorter"):
        recaller.advance(np.array([1]), np.zeros(2, np.uint64))

"""What is measured of pieces."""

from __future__ import annotations

from math import inf, isnan, nan

import numpy as np
import pytest

from seqgen.core.metrics import mean, overlap, shares


def test_the_overlap_is_of_shapes_not_of_counts() -> None:
    one = {"a": 1.0, "b": 3.0}
    assert overlap(one, one) == overlap(one, {"a": 10, "b": 30}) == pytest.approx(1)
    assert overlap(one, {"a": 6, "b": 2}) == overlap({"a": 6, "b": 2}, one) == pytest.approx(0.5)
    assert overlap(one, {"b": 2, "c": 2}) == pytest.approx(0.5)
    assert overlap(one, {"c": 7}) == 0
    for empty in ({}, {"a": 0.0}):
        assert isnan(overlap(one, empty)) and isnan(overlap(empty, one))


def test_shares_add_up_to_one() -> None:
    assert shares({"a": 1, "b": 3}) == {"a": 0.25, "b": 0.75}
    assert shares({}) == shares({"a": 0}) == {}


def test_the_mean_is_of_what_is_known() -> None:
    assert mean([1.0, nan, 4.0]) == 2.5 and mean([1.0, inf]) == 1
    assert mean(np.array([2**24, 1], np.float32)) == 2**23 + 0.5  # in single precision the sum is 2^24
    assert mean([nan]) is None and mean([]) is None

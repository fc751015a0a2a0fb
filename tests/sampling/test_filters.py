"""Filters against their definitions, row by row."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from seqgen.core.errors import UsageError
from seqgen.sampling.filters import Filters, ban, drawn, min_p, repetition_penalty, temperature, top_k, top_p

logit = st.floats(-30, 30, width=32) | st.just(float("-inf"))
rows = st.lists(logit, min_size=1, max_size=12).filter(lambda row: max(row) > float("-inf"))


def kept(filtered: Tensor, row: list[float]) -> set[int]:
    """Which ids are left; what is left is as it was."""
    values = filtered[0].tolist()
    left = {i for i, value in enumerate(values) if value != float("-inf")}
    assert all(values[i] == row[i] for i in left)
    return left


def odds(row: list[float]) -> Any:
    p = np.exp(np.array(row, np.float64) - max(row))
    return p / p.sum()


@given(rows, st.integers(1, 15))
def test_top_k_keeps_the_k_likeliest(row: list[float], k: int) -> None:
    left = kept(top_k(torch.tensor([row]), k), row)
    possible = [value for value in row if value != float("-inf")]
    assert sorted(row[i] for i in left) == sorted(possible)[-k:]


@given(rows, st.floats(0.01, 0.999))
def test_top_p_keeps_the_smallest_set_that_reaches_p(row: list[float], p: float) -> None:
    left = kept(top_p(torch.tensor([row]), p), row)
    probability = odds(row)
    inside = sorted(probability[list(left)])
    assert left and sum(inside) >= p - 1e-5
    assert sum(inside[1:]) < p + 1e-5  # without its least likely it does not reach p
    assert all(probability[i] <= inside[0] + 1e-12 for i in set(range(len(row))) - left)


@given(rows, st.floats(0, 1))
def test_min_p_keeps_what_is_not_much_less_likely_than_the_best(row: list[float], share: float) -> None:
    left = kept(min_p(torch.tensor([row]), share), row)
    probability = odds(row)
    best = probability.max()
    for i, p in enumerate(probability):
        if abs(p - share * best) > 1e-6:
            assert (i in left) == (p > share * best and p > 0)
    assert row.index(max(row)) in left


@given(rows, st.floats(0.01, 100))
def test_temperature_sharpens_and_flattens(row: list[float], value: float) -> None:
    found = temperature(torch.tensor([row], dtype=torch.float64), value).softmax(-1)[0].numpy()
    assert found == pytest.approx(odds([x / value for x in row]), abs=1e-9)


@given(rows)
def test_temperature_0_keeps_the_likeliest(row: list[float]) -> None:
    (left,) = kept(temperature(torch.tensor([row]), 0), row)
    assert row[left] == max(row)


settings_of_filters = st.builds(
    Filters,
    temperature=st.floats(0, 100),
    top_k=st.none() | st.integers(1, 20),
    top_p=st.none() | st.floats(0, 1, exclude_min=True),
    min_p=st.none() | st.floats(0, 1),
)


@given(rows, settings_of_filters)
def test_something_is_always_left_and_nothing_forbidden(row: list[float], filters: Filters) -> None:
    filtered = filters(torch.tensor([row]))
    p = filtered.softmax(dim=-1)[0]
    assert torch.isfinite(p).all() and p.sum() == pytest.approx(1, abs=1e-4)
    assert all(p[i] == 0 for i, value in enumerate(row) if value == float("-inf"))
    assert p[np.flatnonzero(np.array(row) == max(row))].max() > 0


@given(st.lists(rows.filter(lambda row: len(row) >= 4), min_size=2, max_size=4), settings_of_filters)
def test_rows_of_a_batch_do_not_touch_each_other(many: list[list[float]], filters: Filters) -> None:
    same = [row[:4] for row in many if max(row[:4]) > float("-inf")]
    if not same:
        return
    together = filters(torch.tensor(same))
    for i, row in enumerate(same):
        assert torch.equal(together[i], filters(torch.tensor([row]))[0])


def test_ids_are_the_last_dimension_whatever_stands_before() -> None:
    logits = torch.randn(3, 2, 6, generator=torch.Generator().manual_seed(1))
    for keep in (
        lambda x: top_k(x, 2),
        lambda x: top_p(x, 0.6),
        lambda x: min_p(x, 0.4),
        lambda x: temperature(x, 0.7),
    ):
        assert torch.equal(keep(logits), torch.stack([keep(rows) for rows in logits]))
        assert torch.equal(keep(logits[0]), torch.stack([keep(row) for row in logits[0]]))


def test_no_filter_changes_nothing() -> None:
    logits = torch.randn(2, 5, generator=torch.Generator().manual_seed(0))
    assert Filters()(logits) is logits
    assert Filters(top_p=1.0, min_p=0.0, repetition_penalty=2)(logits) is logits
    assert torch.equal(Filters(top_k=5)(logits), logits)


@pytest.mark.parametrize(
    ("wrong", "message", "hint"),
    [
        ({"temperature": -1}, "A temperature of -1 makes no sense.", "Choose 0 to 2; 1 is as learned."),
        ({"temperature": float("nan")}, "A temperature of nan makes no sense.", "Choose 0 to 2; 1 is as learned."),
        ({"temperature": 101}, "A temperature of 101 makes no sense.", "Choose 0 to 2; 1 is as learned."),
        ({"temperature": (1, -1)}, "A temperature of -1 makes no sense.", "Choose 0 to 2; 1 is as learned."),
        ({"repetition_penalty": 0}, "A repetition penalty of 0 makes no sense.", "Choose 1 to 2."),
        ({"repetition_penalty": 101}, "A repetition penalty of 101 makes no sense.", "Choose 1 to 2."),
        ({"top_k": 0}, "top-k is 0; it must be at least 1.", ""),
        ({"top_p": 0.0}, "top-p is 0.0; it must lie in (0, 1].", ""),
        ({"top_p": 1.1}, "top-p is 1.1; it must lie in (0, 1].", ""),
        ({"top_p": float("nan")}, "top-p is nan; it must lie in (0, 1].", ""),
        ({"min_p": -0.1}, "min-p is -0.1; it must lie in [0, 1].", ""),
        ({"min_p": 2}, "min-p is 2; it must lie in [0, 1].", ""),
    ],
)
def test_values_out_of_range_are_refused(wrong: dict[str, Any], message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        Filters(**wrong)
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_values_at_their_bounds_are_taken() -> None:
    Filters(temperature=(0, 100), top_k=1, top_p=1, min_p=0, repetition_penalty=100)
    Filters(min_p=1, repetition_penalty=0.001, top_p=1e-9)


def test_filters_apply_in_their_order() -> None:
    """Each leaves something for the next to do."""
    logits = torch.tensor([[3.0, 2.5, 2.0, 1.0, 0.5, 0.0, -4.0]])
    seen = torch.tensor([[False, True, False, False, False, True, False]])
    filters = Filters(temperature=(2.0, 0.5), top_k=5, top_p=0.9, min_p=0.15, repetition_penalty=1.5, banned=(2,))
    assert filters.needs_seen and Filters(repetition_penalty=0.5).needs_seen and not Filters().needs_seen
    found = ban(logits, torch.tensor([2]))
    found = temperature(repetition_penalty(found, seen, 1.5), 1.25)
    steps = [found]
    for keep, value in ((top_k, 5), (top_p, 0.9), (min_p, 0.15)):
        steps.append(keep(steps[-1], value))  # type: ignore[arg-type]  # on purpose
    assert [int(torch.isfinite(step).sum()) for step in steps] == [6, 5, 4, 3]
    assert torch.equal(filters(logits, 0.5, seen), steps[-1])
    # What is not said does nothing.
    assert not torch.equal(filters(logits, 0.5), filters(logits, 0.5, seen))
    assert torch.equal(Filters(temperature=(2.0, 0.5))(logits), temperature(logits, 2.0))
    only = Filters(repetition_penalty=1.5)
    assert torch.equal(only(logits, seen=seen), repetition_penalty(logits, seen, 1.5))
    assert torch.equal(only(logits), logits)


def test_extremes_leave_numbers() -> None:
    for logits, value in ((torch.tensor([[1.0, 0.0, -1.0]]), 1e-40), (torch.tensor([[3e38, 0.0, -3e38]]), 1e-3)):
        assert temperature(logits, value).softmax(-1).tolist() == [[1, 0, 0]]
    assert temperature(torch.tensor([[5.0, 4.0]]), 2).tolist() == [[0, -0.5]], "seen from the likeliest"
    tied = torch.tensor([[1.0, 1.0, 0.0]])
    assert min_p(tied, 1.0).tolist() == [[1, 1, float("-inf")]]
    assert int(torch.isfinite(top_p(torch.zeros(2, 4), 0.5)).sum()) == 4, "half of four equal ones, in two rows"
    assert drawn(np.ones((1, 2)), np.zeros(1)).dtype == np.int64


@given(rows, st.sets(st.integers(0, 11)))
def test_banned_ids_are_out_unless_nothing_is_left(row: list[float], banned: set[int]) -> None:
    ids = torch.tensor(sorted(i for i in banned if i < len(row)), dtype=torch.long)
    possible = {i for i, value in enumerate(row) if value != float("-inf")}
    assert kept(ban(torch.tensor([row]), ids), row) == ((possible - banned) or possible)


def test_a_row_of_which_all_is_banned_is_kept_and_the_others_are_not() -> None:
    out = float("-inf")
    banned = ban(torch.tensor([[1.0, out, 2.0], [1.0, 3.0, out]]), torch.tensor([0, 2]))
    assert banned.tolist() == [[1.0, out, 2.0], [out, 3.0, out]]


def test_the_repetition_penalty_makes_what_was_said_less_likely() -> None:
    logits = torch.tensor([[2.0, -1.0, 0.5, 3.0, 0.5]])
    seen = torch.tensor([[True, True, False, False, True]])
    assert repetition_penalty(logits, seen, 2.0).tolist() == [[1.0, -2.0, 0.5, 3.0, 0.25]]
    assert repetition_penalty(logits, seen, 1.0).tolist() == logits.tolist()


def test_a_pair_of_temperatures_is_moved_between() -> None:
    logits = torch.tensor([[0.0, -1.0, -2.0]])
    moving = Filters(temperature=(2.0, 0.5))
    for done, value in ((0.0, 2.0), (0.5, 1.25), (1.0, 0.5), (3.0, 0.5)):
        assert torch.allclose(moving(logits, done), temperature(logits, value))


def test_ids_are_drawn_as_often_as_they_weigh() -> None:
    weights = np.tile(np.array([0.0, 3.0, 1.0, 0.0, 4.0, 0.0], np.float32), (8000, 1))
    ids = drawn(weights, np.random.default_rng(0).random(8000))
    assert np.bincount(ids, minlength=6) / 8000 == pytest.approx([0, 0.375, 0.125, 0, 0.5, 0], abs=0.02)


def test_what_weighs_nothing_is_not_drawn_at_either_end() -> None:
    weights = np.array([[0.0, 1.0, 2.0, 0.0]] * 3 + [[0.0] * 4], np.float32)
    assert drawn(weights, np.array([0.0, 1.0, np.nextafter(1.0, 0.0), 0.5])).tolist()[:3] == [1, 2, 2]
    last = np.array([[0.5, 0.0, 0.0, 0.0], [0.5, 0.25, 0.0, 0.0], [0.0, 0.0, 0.0, 0.5]], np.float32)
    assert drawn(last, np.ones(3)).tolist() == [0, 1, 3]


def test_what_weighs_little_is_drawn_beside_what_weighs_much() -> None:
    weights = np.array([[2.0**24, 1.0]], np.float32)  # in single precision the sum is no more than the first
    assert drawn(weights, np.array([1 - 2.0**-26])).tolist() == [1]

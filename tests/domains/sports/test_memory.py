"""What is remembered, at once and step by step."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqgen.core.vocabulary import Vocabulary
from seqgen.domains.sports.memory import Last, Lead, Memory, Share, Total
from seqgen.domains.sports.values import Values

VOCABULARY = Vocabulary(
    ["Start_1", "Start_2", "Team_same", "Team_other", "Gap_0", "Gap_7", "Goal", "Place_0_0", "Place_0_1"]
)
MEMORIES: tuple[Memory, ...] = (
    Last("place", "Place"),
    Last("place3", "Place", 3),
    Last("gap", "Gap", said=int),  # 0 is passed over
    Total("clock", lambda kind, value: int(value) if kind == "Gap" else 0, (1, 7, 14, 30), ("Start", "Gap_0")),
    Total("goals", lambda kind, value: int(kind == "Goal"), (1, 2)),
    Share("share", lambda kind, value: int(kind == "Goal"), lambda kind, value: int(kind != "Gap"), (200, 500), 3),
    Lead(
        "lead",
        lambda kind, value: int(kind == "Goal"),
        lambda kind, value: 1 + int(value) if kind == "Start" else int(value == "other"),
        most=2,
    ),
)


@pytest.mark.parametrize("memory", MEMORIES, ids=lambda memory: memory.name)
@given(batch=st.lists(st.lists(st.integers(0, len(VOCABULARY) - 1), min_size=12, max_size=12), min_size=1, max_size=3))
@settings(max_examples=40, deadline=None)
def test_steps_say_what_the_whole_says(memory: Memory, batch: list[list[int]]) -> None:
    ids_BT = np.array(batch)
    bound = memory.bound(VOCABULARY)
    whole = np.stack([bound.of(ids) for ids in ids_BT])
    state = bound.start(len(ids_BT))
    for t in range(ids_BT.shape[1] + 1):
        assert bound.row(state).tolist() == whole[:, t].tolist()
        if t < ids_BT.shape[1]:
            bound.advance(state, ids_BT[:, t])
    assert whole.min() >= 0 and whole.max() < bound.size


def test_who_is_ahead_is_seen_by_those_who_act() -> None:
    said = ["Start_2", "Team_same", "Goal", "Team_other", "Goal", "Goal", "Start_2", "Team_other"]
    lead = MEMORIES[-1].bound(VOCABULARY).of(VOCABULARY.ids(said).astype(np.int64)) - 2
    assert lead.tolist() == [0, 0, 0, 1, -1, 0, 1, -1, 1]


@given(st.lists(st.one_of(st.none(), st.text(max_size=2), st.integers(0, 3), st.floats(0.5, 1)), max_size=30))
def test_a_column_is_its_values(values: list[object]) -> None:
    column = Values(values)
    assert list(column) == values and len(column) == len(values) and column == tuple(values)
    assert column == Values(tuple(values)) and column[2:5] == tuple(values[2:5])


def test_a_column_of_an_array_is_that_of_its_values() -> None:
    assert Values.of_array(np.array([3.5, np.nan, 1.0, 3.5])) == (3.5, None, 1.0, 3.5)
    assert Values.of_array(np.array([2, 1, 2, 0]), lambda n: "b" if n else "a") == ("b", "b", "b", "a")
    assert Values.of_array(np.array([2, 1, 2])) == Values((2, 1, 2))

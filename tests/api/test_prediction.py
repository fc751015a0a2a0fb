"""What comes of paths, in numbers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqgen.api.fan import Fan, band
from seqgen.api.prediction import results, steps_of
from seqgen.core.errors import UsageError
from seqgen.core.tokenizer import Tokenizer
from seqgen.sampling.rollout import Paths


class _Ids(SimpleNamespace):
    """A tokenizer whose pieces are ids."""

    decode = staticmethod(lambda ids, piece: ids)
    continuation = Tokenizer.continuation


def test_shares_are_of_all_paths_and_what_has_not_ended_is_open() -> None:
    """Ids 0 and 1 are goals of two sides; the side ahead would win."""

    def result(ids: Any) -> dict[str, float | str]:
        goals = np.bincount(ids, minlength=2)[:2]
        return {"goals": float(goals.sum()), "winner": "AB"[int(goals.argmax())]}

    model: Any = SimpleNamespace(domain=SimpleNamespace(result=result), tokenizer=_Ids())
    ids = np.array([[0, 0], [1, 1], [1, 1], [0, -1]], np.int32)
    found = results(model, None, np.array([0], np.int32), Paths(ids, np.array([True, True, False, False])))
    assert found["ended"] == 0.5
    assert found["winner"] == {"A": 0.25, "B": 0.25, "open": 0.5}
    assert found["goals"] == {"now": 1.0, "mean": 2.75, "low": 2.0, "median": 3.0, "high": 3.0, "grows": 1.0}
    whole = results(model, None, np.array([0], np.int32), Paths(ids[:2], np.array([True, True])))
    assert whole["winner"] == {"A": 0.5, "B": 0.5}


@pytest.mark.parametrize("horizon", ["0", "-1", "soon", "1001", "²", ""])
def test_horizons_that_are_none(horizon: str) -> None:
    with pytest.raises(UsageError):
        steps_of(horizon)
    assert steps_of(" END ") is None and steps_of(7) == 7


@given(st.lists(st.lists(st.integers(0, 1), max_size=40), min_size=1, max_size=8), st.lists(st.integers(0, 1)))
def test_a_fan_is_what_has_come_by_its_moments(paths: list[list[int]], prompt: list[int]) -> None:
    """Id 1 is a goal, every id an event; pieces are lists of ids."""
    model: Any = SimpleNamespace(
        domain=SimpleNamespace(result=lambda ids: {"goals": float(sum(ids))}, until=lambda ids, n: ids[: int(n)]),
        tokenizer=SimpleNamespace(main="Event", vocabulary=SimpleNamespace(of_type=lambda kind: np.array([0, 1]))),
    )
    ids = np.full((len(paths), max(1, *map(len, paths))), -1, np.int32)
    for row, path in zip(ids, paths, strict=True):
        row[: len(path)] = path
    fan = Fan(model, np.array(prompt), Paths(ids, np.ones(len(paths), bool)), {"goals": float(sum(prompt))}, True)
    for n, path in enumerate(paths):
        fan.see(n, prompt + path, {"goals": float(sum(prompt + path))})
    for found in fan.of("goals").get("fan", ()):
        goals = [sum(prompt) + sum(path[: found["ahead"]]) for path in paths]
        assert [found["low"], found["median"], found["high"]] == band(goals)
        assert found["low"] <= found["median"] <= found["high"]
    assert Fan(model, np.array(prompt), Paths(ids, np.ones(len(paths), bool)), {}, False).of("goals") == {}

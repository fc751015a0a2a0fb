"""What comes of paths, in numbers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

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

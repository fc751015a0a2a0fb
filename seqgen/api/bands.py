"""Where a number will lie: of paths, quantiles at every step ahead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from seqgen.core.course import Course
from seqgen.core.tokenizer import Ids
from seqgen.sampling.rollout import Paths

if TYPE_CHECKING:
    from seqgen.api.model import Model

# By name, as rows have them: in percent.
QUANTILES: Mapping[str, float] = {
    "q2.5": 0.025, "q5": 0.05, "q10": 0.1, "q25": 0.25, "q50": 0.5, "q75": 0.75, "q90": 0.9, "q95": 0.95,
    "q97.5": 0.975,
}  # fmt: skip


def bands(model: Model, piece: Any, prompt: Ids, drawn: Paths, steps: int) -> dict[str, Any]:
    """{name, now, steps: [{ahead, time, mean, q2.5, …}]} of the number that the domain's `course` follows."""
    course = model.domain.course
    assert course is not None  # noqa: S101  # asked only of domains that have one
    known, values, times = course(piece, 1), *_of_paths(course, model, piece, prompt, drawn, steps)
    rows = []
    for ahead, column in enumerate(values.T, 1):
        row: dict[str, Any] = {"ahead": ahead}
        if times:
            row["time"] = Counter(times[ahead - 1]).most_common(1)[0][0]  # paths may pass over different days
        row["mean"] = float(column.mean())
        row |= dict(zip(QUANTILES, np.quantile(column, list(QUANTILES.values())).tolist(), strict=True))
        rows.append({name: _rounded(value) for name, value in row.items()})
    return {
        "name": known.name,
        "title": known.title,
        "now": float(known.values[-1]),
        "time": known.times[-1] if known.times else "",
        "steps": rows,
    }


def _of_paths(
    course: Callable[[Any, int], Course], model: Model, piece: Any, prompt: Ids, drawn: Paths, steps: int
) -> tuple[npt.NDArray[np.float64], list[list[str]]]:
    """[N, H] the number after each step of each path; of each step when it is on the paths."""
    continued = model.tokenizer.continuation(prompt, piece)
    found = [course(continued(drawn.path(n)), steps) for n in range(len(drawn))]
    times = [list(at) for at in zip(*(one.times for one in found), strict=True)]
    return np.array([one.values for one in found]), times


def _rounded(value: Any) -> Any:
    return float(f"{value:.8g}") if isinstance(value, float) else value

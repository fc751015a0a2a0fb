"""What a domain measures of pieces, whoever made them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Metrics:
    """Of a set of pieces.

    values: name -> float64 [P], of each piece; nan where a piece has no such thing.
    histograms: name -> label -> how many, over all the pieces.
    """

    values: Mapping[str, npt.NDArray[np.float64]]
    histograms: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Contour:
    """What stays of a piece however it is re-written, such as in another key.

    codes: int64 [N - 1], what is between each of its N events and the next. places: float64 [N], where events stand.
    """

    codes: npt.NDArray[np.int64]
    places: npt.NDArray[np.float64]


def overlap(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """The area that two histograms share, each of area 1: from 0 to 1 (nan where one is empty)."""
    totals = sum(one.values()), sum(other.values())
    if not all(totals):
        return math.nan
    return float(sum(min(one[k] / totals[0], other[k] / totals[1]) for k in one.keys() & other.keys()))


def shares(histogram: Mapping[str, float]) -> dict[str, float]:
    """The same with an area of 1."""
    total = sum(histogram.values())
    return {label: n / total for label, n in histogram.items()} if total else {}


def mean(values: Sequence[float] | npt.NDArray[np.float64]) -> float | None:
    """Of what is not nan; None where all is."""
    known = np.asarray(values, np.float64)
    known = known[np.isfinite(known)]
    return float(known.mean()) if len(known) else None

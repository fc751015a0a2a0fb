"""Volumes in classes against their running mean, which follows from the classes themselves."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from seqgen.core.errors import UsageError
from seqgen.domains.prices.series import Floats

KEEPS = 0.9  # of the mean, a day
_CLASSES = 8
_MARGIN = 0.05


class Volumes:
    """edges: increasing bounds of classes of a day's volume as a share of the mean; values: what stands for each.

    Class 0 is of a day whose volume is not known; k of one in the k-th class."""

    def __init__(self, edges: Sequence[float], values: Sequence[float]) -> None:
        self.edges, self.values = tuple(edges), tuple(values)
        bounds = (0.0, *self.edges, 1e6)
        if len(self.values) != len(self.edges) + 1 or not all(
            low < value < high for low, value, high in zip(bounds, self.values, bounds[1:], strict=False)
        ):
            raise UsageError("The classes of volume are damaged.")
        self.n = len(self.values) + 1

    def classes(self, volume: Floats) -> list[int]:
        """Of each day but the first, whose volume is the mean to begin with, its class."""
        found, mean = [], float(volume[0])
        for value in volume[1:].tolist():
            k = 0 if value <= 0 else 1 if mean <= 0 else bisect_right(self.edges, value / mean) + 1
            found.append(k)
            mean = value if mean <= 0 else self.after(mean, k)
        return found

    def volume(self, mean: float, k: int) -> float:
        """What a class says, to twelve digits."""
        return float(f"{mean * self.values[k - 1]:.12g}") if k else 0.0

    def after(self, mean: float, k: int) -> float:
        """The mean after a day of that class."""
        return KEEPS * mean + (1 - KEEPS) * self.volume(mean, k) if k else mean

    def config(self) -> Mapping[str, Any]:
        """As JSON has it."""
        return {"edges": list(self.edges), "values": list(self.values)}


def learn_volumes(known: Iterable[Floats]) -> Volumes:
    """Classes of like mass of volumes as shares of their mean."""
    shares = []
    for volume in known:
        values = volume[volume > 0].tolist()
        mean = values[0] if values else 1.0
        for value in values[1:]:
            shares.append(value / mean)
            mean = KEEPS * mean + (1 - KEEPS) * min(value, 10 * mean)
    ordered = np.sort(shares or [1.0])
    edges = np.unique(np.quantile(ordered, np.linspace(0, 1, _CLASSES + 1)[1:-1]).clip(1e-3, 1e3))
    bounds = np.array([0.0, *edges, 2 * edges[-1]])
    place = np.searchsorted(edges, ordered, side="right")
    means = np.bincount(place, ordered, len(edges) + 1) / np.maximum(np.bincount(place, minlength=len(edges) + 1), 1)
    room = _MARGIN * np.diff(bounds)
    return Volumes(edges.tolist(), means.clip(bounds[:-1] + room, bounds[1:] - room).tolist())

"""Returns in bins of their size against a running size, which follows from the bins themselves.

What a return is measured by follows from the ids before it alone, as in adaptive differential coding of speech (Jayant
1973), here with the exponential mean of squares of RiskMetrics. So ids are free of any scale, and whoever reads them
knows it as well as who wrote them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from seqgen.core.errors import UsageError

Floats = npt.NDArray[np.float64]

USUAL = 0.998  # decay of the size in the long run
CLIP = 25.0  # squares beyond it count as it: one crash is not the measure of what follows
WIDEST = 20.0  # lately to the long run, and the other way round
_TAIL = (0.98, 0.99, 0.996, 0.999)  # of sizes: beyond them bins of their own, as few returns make most of the risk
_FEWEST = 12  # returns in a bin
_MARGIN = 0.05  # of a bin: what stands for it is not nearer to its bounds, so that it is read as it was written


class Bins:
    """Bins of returns measured by the running size, symmetric about none at all.

    edges: increasing, positive: bounds of the bins of sizes. values: what stands for each of them, one more than edges.
    A bin is a number: 0 for no move, k for the k-th smallest rise, -k for such a fall. decay: of the running size.
    """

    def __init__(self, edges: Sequence[float], values: Sequence[float], decay: float) -> None:
        self.edges, self.values, self.decay = tuple(edges), tuple(values), float(decay)
        bounds = (0.0, *self.edges, float("inf"))
        fits = len(self.values) == len(self.edges) + 1 <= 1024 and all(
            low < value < high for low, value, high in zip(bounds, self.values, bounds[1:], strict=False)
        )
        if not fits or not 0 < self.decay < 1 or not self.values[-1] < 1e3:
            raise UsageError("The bins of returns are damaged.")
        self.n = len(self.values)
        self.sizes = np.array([0.0, *self.values, *[-v for v in reversed(self.values)]])  # by bin, -1 the last
        squares = np.minimum(self.sizes**2, CLIP)
        still = self.sizes == 0
        # What a return of each bin makes of the running square, and adds to that of the long run; none tells nothing.
        self.factor = np.where(still, 1.0, self.decay + (1 - self.decay) * squares)
        self.keeps = np.where(still, 1.0, USUAL)
        self.adds = (1 - USUAL) * squares

    def bin_of(self, measured: float) -> int:
        """The bin of a return by its measure."""
        if not measured:
            return 0
        k = bisect_right(self.edges, abs(measured)) + 1
        return k if measured > 0 else -k

    def config(self) -> Mapping[str, Any]:
        """As JSON has it."""
        return {"edges": list(self.edges), "values": list(self.values), "decay": self.decay}


def after(bins: Bins, recent: float, usual: float, k: int) -> tuple[float, float]:
    """The two squares after a return in bin k."""
    following = usual * float(bins.keeps[k]) + recent * float(bins.adds[k])
    return min(max(recent * float(bins.factor[k]), following / WIDEST**2), following * WIDEST**2), following


def afters(bins: Bins, recent: Floats, usual: Floats, k: npt.NDArray[np.integer]) -> tuple[Floats, Floats]:
    """The same of many."""
    following = usual * bins.keeps[k] + recent * bins.adds[k]
    low, high = following / WIDEST**2, following * WIDEST**2
    return np.minimum(np.maximum(recent * bins.factor[k], low), high), following


@dataclass(frozen=True)
class Measured:
    """Of returns one after the other [T]: what each is measured by, [T + 1] with that of the next; the bins."""

    moves: Floats
    sizes: Floats
    kinds: npt.NDArray[np.int64]

    @property
    def multiples(self) -> Floats:
        """[T]: returns as multiples of their sizes."""
        return self.moves / self.sizes[:-1]


def measure(bins: Bins, moves: Floats, recent: float, usual: float) -> Measured:
    """recent, usual: sizes before the first return."""
    sizes, kinds = np.zeros(len(moves) + 1), np.zeros(len(moves), np.int64)
    recent, usual = recent**2, usual**2
    for t, move in enumerate(moves.tolist()):
        sizes[t] = size = recent**0.5
        kinds[t] = k = bins.bin_of(move / size)
        recent, usual = after(bins, recent, usual, k)
    sizes[-1] = recent**0.5
    return Measured(moves, sizes, kinds)


def learn_bins(series: Iterable[tuple[Floats, float, float]], n: int, decay: float) -> Bins:
    """Bins for returns, each given with the sizes before its first. n: how many, falls and rises together.

    How returns are measured depends on the bins, so these are learned twice: first from what fine bins say.
    """
    known = list(series)
    fine = np.geomspace(1e-3, 40, 400)
    bins = Bins(fine[:-1].tolist(), (fine * 0.99).tolist(), decay)
    for _ in range(2):
        sizes = np.concatenate([np.abs(measure(bins, *one).multiples) for one in known] or [np.zeros(0)])
        bins = _bins_of(np.sort(sizes[sizes > 0]), n, decay)
    return bins


def _bins_of(sizes: Floats, n: int, decay: float) -> Bins:
    half = max(1, min(n // 2, len(sizes) // _FEWEST))
    tail = [share for share in _TAIL if half >= 16 and len(sizes) * (1 - share) >= 2 * _FEWEST]
    shares = [*np.linspace(0, tail[0] if tail else 1, half - len(tail) + 1)[1 : None if tail else -1], *tail[1:]]
    edges = np.unique(np.quantile(sizes, shares)) if len(sizes) and shares else np.ones(1)
    edges = edges[edges > 0]
    bounds = np.array([0.0, *edges, 2 * edges[-1]])
    place = np.searchsorted(edges, sizes, side="right")
    counts = np.bincount(place, minlength=len(edges) + 1)
    means = np.bincount(place, sizes, minlength=len(edges) + 1) / np.maximum(counts, 1)
    # Means keep what returns add up to, in their bins; of the last, however far it reaches, within twice its bound.
    room = _MARGIN * np.diff(bounds)
    means = np.where(counts > 0, means, bounds[:-1] + 10 * room)
    return Bins(edges.tolist(), np.clip(means, bounds[:-1] + room, bounds[1:] - room).tolist(), decay)

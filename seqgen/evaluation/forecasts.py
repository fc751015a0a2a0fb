"""How good forecasts of numbers are: quantiles against what came.

Shapes: W windows (a series from an origin on), H steps ahead, Q quantiles.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

DECILES: Floats = np.arange(1, 10) / 10


def quantile_losses(quantiles_WHQ: Floats, came_WH: Floats, levels: Floats) -> Floats:
    """[W] of each window twice the pinball loss, summed over its steps, mean over the quantiles."""
    error = came_WH[..., None] - quantiles_WHQ
    losses: Floats = 2 * np.maximum(levels * error, (levels - 1) * error)
    return np.asarray(losses.mean(axis=-1).sum(axis=-1))


def weighted_quantile_loss(quantiles_WHQ: Floats, came_WH: Floats, levels: Floats) -> float:
    """WQL: losses of all windows as a share of what came, as GluonTS and Chronos count it."""
    return float(quantile_losses(quantiles_WHQ, came_WH, levels).sum() / np.abs(came_WH).sum())


def scaled_errors(medians_WH: Floats, came_WH: Floats, scales_W: Floats) -> Floats:
    """[W] of each window the mean absolute error over its scale; their mean is MASE."""
    return np.asarray(np.abs(medians_WH - came_WH).mean(axis=-1) / scales_W)


def naive_scale(values: Floats, season: int = 1) -> float:
    """The scale of MASE: the mean absolute error, before an origin, of what was `season` steps before."""
    return float(np.abs(values[season:] - values[:-season]).mean())


def coverage(low_WH: Floats, high_WH: Floats, came_WH: Floats) -> float:
    """The share of what came that lies within a band."""
    return float(((low_WH <= came_WH) & (came_WH <= high_WH)).mean())


def bootstrap_interval(
    mine: Floats, other: Floats, weights: Floats | None = None, *, share: float = 0.95, n: int = 4000, seed: int = 0
) -> tuple[float, float]:
    """Where the difference of two ratios of sums, mine less the other's, lies when origins [O] are drawn anew."""
    weights = np.ones(len(mine)) if weights is None else weights
    rows = np.random.default_rng(seed).integers(0, len(mine), (n, len(mine)))
    drawn = (mine - other)[rows].sum(axis=1) / weights[rows].sum(axis=1)
    low, high = np.quantile(drawn, [(1 - share) / 2, (1 + share) / 2])
    return float(low), float(high)

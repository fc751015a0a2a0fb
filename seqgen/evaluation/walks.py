"""What a forecast of prices has to beat: the last price, drift, last season, autoregression, random walks.

Each gives quantiles of the price at every step ahead. None of them learns from other series.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from seqgen.evaluation.autoregression import fit_autoregression

Floats = npt.NDArray[np.float64]
Baseline = Callable[[Floats, int, Floats], Floats]  # prices, how many steps ahead, levels of Q quantiles -> [H, Q]

RECENT = 2000  # days whose returns a random walk draws from
N_PATHS = 2000
SEASON = 5  # days of a week
DECAY = 0.97  # of the running size of returns


def last_value(prices: Floats, horizon: int, levels: Floats) -> Floats:
    """The last price, as uncertain as the days before it had it."""
    steps = np.arange(1, horizon + 1)
    return _normal(np.full(horizon, prices[-1]), np.diff(prices).std() * np.sqrt(steps), levels)


def drift(prices: Floats, horizon: int, levels: Floats) -> Floats:
    """On along the line from the first price to the last."""
    n, steps = len(prices) - 1, np.arange(1, horizon + 1)
    slope = (prices[-1] - prices[0]) / n
    spread = (np.diff(prices) - slope).std() * np.sqrt(steps * (1 + steps / n))
    return _normal(prices[-1] + slope * steps, spread, levels)


def seasonal(prices: Floats, horizon: int, levels: Floats) -> Floats:
    """As a week before."""
    steps = np.arange(horizon)
    spread = (prices[SEASON:] - prices[:-SEASON]).std() * np.sqrt(steps // SEASON + 1)
    return _normal(prices[len(prices) - SEASON + steps % SEASON], spread, levels)


def autoregressive_levels(prices: Floats, horizon: int, levels: Floats) -> Floats:
    """An autoregression of prices."""
    model = fit_autoregression(prices)
    return _normal(model.expect(prices, horizon), model.deviations(horizon), levels)


def autoregressive_returns(prices: Floats, horizon: int, levels: Floats) -> Floats:
    """An autoregression of logarithmic returns."""
    returns = np.diff(np.log(prices))
    model = fit_autoregression(returns)
    means = np.log(prices[-1]) + model.expect(returns, horizon).cumsum()
    return np.exp(_normal(means, model.deviations(horizon, summed=True), levels))


def random_walk(prices: Floats, horizon: int, levels: Floats, *, centred: bool = False) -> Floats:
    """Returns drawn from those of the last days; centred: without their mean."""
    returns = np.diff(np.log(prices[-RECENT - 1 :]))
    if centred:
        returns = returns - returns.mean()
    drawn = returns[np.random.default_rng(0).integers(0, len(returns), (N_PATHS, horizon))]
    return _of_paths(prices[-1] * np.exp(drawn.cumsum(axis=1)), levels)


def centred_walk(prices: Floats, horizon: int, levels: Floats) -> Floats:
    """A random walk without drift."""
    return random_walk(prices, horizon, levels, centred=True)


def scaled_walk(prices: Floats, horizon: int, levels: Floats) -> Floats:
    """A random walk whose steps are as large as they have been lately: returns over their running size are drawn, and
    carry that on (filtered historical simulation, Barone-Adesi et al. 1999)."""
    returns = np.diff(np.log(prices))
    sizes = running_sizes(returns)
    measured = (returns / sizes[:-1])[-RECENT:]
    measured = np.concatenate([measured, -measured])
    rng = np.random.default_rng(0)
    size, total, path = np.full(N_PATHS, sizes[-1]), np.zeros(N_PATHS), []
    for _ in range(horizon):
        move = size * measured[rng.integers(0, len(measured), N_PATHS)]
        total = total + move
        path.append(total)
        size = _next_size(size, move)
    return _of_paths(prices[-1] * np.exp(np.stack(path, axis=1)), levels)


def running_sizes(returns: Floats) -> Floats:
    """[N + 1]: by what is known before each return, how large it will be, and after the last."""
    some = returns[:50]
    sizes = np.empty(len(returns) + 1)
    sizes[0] = max(float(some.std()), 1e-12)
    for t, move in enumerate(returns.tolist()):
        sizes[t + 1] = _next_size(sizes[t], move)
    return sizes


def _next_size(size: Floats, move: Floats | float) -> Floats:
    squares: Floats = DECAY * size**2 + (1 - DECAY) * np.minimum(np.square(move), 25 * size**2)
    return np.sqrt(squares)


def _normal(means: Floats, deviations: Floats, levels: Floats) -> Floats:
    return means[:, None] + deviations[:, None] * normal_quantiles(levels)


def normal_quantiles(levels: Floats) -> Floats:
    """Of the standard normal distribution."""
    from statistics import NormalDist

    return np.array([NormalDist().inv_cdf(float(level)) for level in levels])


def _of_paths(paths: Floats, levels: Floats) -> Floats:
    return np.quantile(paths, levels, axis=0).T


BASELINES: Mapping[str, Baseline] = {
    "last value": last_value,
    "drift": drift,
    "seasonal naive": seasonal,
    "AR on levels": autoregressive_levels,
    "AR on returns": autoregressive_returns,
    "random walk": random_walk,
    "random walk without drift": centred_walk,
    "scaled random walk": scaled_walk,
}

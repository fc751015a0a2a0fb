"""Autoregressive models by ordinary least squares: what statistics expects of a series, and how surely.

x_t = c + a_1 x_(t-1) + … + a_p x_(t-p) + e_t, the order p by Akaike's criterion on the same observations for all
orders.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Autoregression:
    """constant, coefficients [p] (of the last value first), sigma: the standard deviation of what it does not say."""

    constant: float
    coefficients: Floats
    sigma: float

    @property
    def order(self) -> int:
        """How many values before are looked at."""
        return len(self.coefficients)

    def expect(self, values: Floats, horizon: int) -> Floats:
        """[H] the mean of each of the next values after these."""
        known = list(values[len(values) - self.order :])
        for _ in range(horizon):
            known.append(self.constant + float(self.coefficients @ known[-1 : -self.order - 1 : -1] if known else 0.0))
        return np.array(known[len(known) - horizon :])

    def responses(self, horizon: int) -> Floats:
        """[H] what one unit of noise does to the values after it, the first 1 (psi weights)."""
        found = [1.0]
        for h in range(1, horizon):
            found.append(float(self.coefficients[:h] @ found[-1 : -self.order - 1 : -1]))
        return np.array(found)

    def deviations(self, horizon: int, *, summed: bool = False) -> Floats:
        """[H] the standard deviation of each of the next values, or of the sum of all until it."""
        responses = self.responses(horizon)
        if not summed:
            return np.asarray(self.sigma * np.sqrt((responses**2).cumsum()))
        return np.asarray(self.sigma * np.sqrt((responses.cumsum() ** 2).cumsum()))

    def one_step(self, values: Floats) -> Floats:
        """[N] the mean of each value from those before it; NaN for the first p."""
        found = np.full(len(values), np.nan)
        if len(values) > self.order:
            found[self.order :] = self.constant + _lags(values, self.order) @ self.coefficients
        return found


def fit_order(values: Floats, order: int) -> Autoregression:
    """Of that order, on all values."""
    given = np.column_stack([np.ones(len(values) - order), _lags(values, order)])
    told, *_ = np.linalg.lstsq(given, values[order:], rcond=None)
    rest = values[order:] - given @ told
    return Autoregression(float(told[0]), np.asarray(told[1:], np.float64), float(np.sqrt((rest**2).mean())))


def fit_autoregression(values: Floats, most: int = 20) -> Autoregression:
    """Of the order up to `most` that Akaike's criterion prefers."""
    most = min(most, max(0, (len(values) - 2) // 3))
    # One factorisation serves all orders: what remains of the values once each further lag is taken out of them.
    n, told = len(values) - most, np.column_stack([np.ones(len(values) - most), _lags(values, most), values[most:]])
    left: Floats = np.square(np.asarray(np.linalg.qr(told, mode="r"))[:, -1])
    squares = np.flip(np.flip(left).cumsum())
    variances = squares[1 : most + 2] / n
    scores = n * np.log(np.maximum(variances, 1e-300)) + 2 * np.arange(1, most + 2)
    return fit_order(values, int(np.argmin(scores)))


def _lags(values: Floats, order: int) -> Floats:
    """[N - p, p]: before each value the last ones, the latest first."""
    if not order:
        return np.zeros((len(values), 0))
    return np.lib.stride_tricks.sliding_window_view(values[:-1], order)[:, ::-1]

"""Autoregression, beside statsmodels where that is installed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from seqgen.evaluation.autoregression import fit_autoregression, fit_order

EXPECTED = [0.4528763, 1.20364941, -0.4998872, 0.54406928]
AHEAD, SPREAD = [2.08966033, 1.70901584, 1.46533776], [0.54406928, 0.85138966, 0.99568455]
ORDER = 5


def simulated(n: int = 600, seed: int = 0) -> Any:
    rng = np.random.default_rng(seed)
    values = [0.0, 0.0]
    for noise in rng.standard_normal(n):
        values.append(0.3 + 0.5 * values[-1] - 0.3 * values[-2] + noise)
    return np.array(values)


@pytest.fixture(scope="module")
def ar_model() -> Any:
    return pytest.importorskip("statsmodels.tsa.ar_model")  # it takes seconds


@pytest.mark.slow
@pytest.mark.parametrize("order", [0, 1, 2, 7])
def test_coefficients_and_forecasts_are_those_of_statsmodels(order: int, ar_model: Any) -> None:
    values = simulated()
    mine, theirs = fit_order(values, order), ar_model.AutoReg(values, order).fit()
    assert np.allclose([mine.constant, *mine.coefficients], theirs.params)
    assert mine.sigma**2 == pytest.approx(theirs.sigma2)
    ahead = theirs.get_prediction(len(values), len(values) + 11)
    assert np.allclose(mine.expect(values, 12), ahead.predicted_mean)
    assert np.allclose(mine.deviations(12), ahead.se_mean)
    assert np.allclose(mine.one_step(values)[order:], theirs.fittedvalues)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_the_order_is_that_of_statsmodels(seed: int, ar_model: Any) -> None:
    values = simulated(300, seed)
    chosen = ar_model.ar_select_order(values, 12, ic="aic").ar_lags or []
    assert fit_autoregression(values, 12).order == len(chosen)


def test_what_statsmodels_says_of_a_short_series() -> None:
    """AutoReg(values, 2).fit() and ar_select_order(values, 6, ic="aic") of statsmodels 0.15."""
    values = np.sin(np.arange(30.0)) + 0.1 * np.arange(30) + 0.3 * np.cos(7 * np.arange(30.0) ** 2)
    model = fit_order(values, 2)
    assert [model.constant, *model.coefficients, model.sigma] == pytest.approx(EXPECTED)
    assert model.expect(values, 3) == pytest.approx(AHEAD) and model.deviations(3) == pytest.approx(SPREAD)
    assert fit_autoregression(values, 6).order == ORDER


def test_the_spread_of_sums_is_that_of_paths() -> None:
    values = simulated()
    model = fit_order(values, 2)
    rng = np.random.default_rng(0)
    paths = np.repeat(values[None, -2:], 20_000, axis=0)
    for _ in range(10):
        noise = model.sigma * rng.standard_normal(len(paths))
        paths = np.column_stack([paths, model.constant + paths[:, :-3:-1] @ model.coefficients + noise])
    sums = paths[:, 2:].cumsum(axis=1)
    assert np.allclose(sums.mean(axis=0), model.expect(values, 10).cumsum(), atol=0.1)
    assert np.allclose(sums.std(axis=0), model.deviations(10, summed=True), rtol=0.03)


def test_few_values_are_enough() -> None:
    for n in (2, 3, 8):
        assert len(fit_autoregression(np.arange(float(n))).expect(np.arange(float(n)), 3)) == 3

"""Scores of forecasts, and the forecasts that have to be beaten."""

from __future__ import annotations

import numpy as np
import pytest

from seqgen.evaluation.forecasts import (
    DECILES,
    bootstrap_interval,
    coverage,
    naive_scale,
    scaled_errors,
    weighted_quantile_loss,
)
from seqgen.evaluation.walks import BASELINES, normal_quantiles, running_sizes


def test_the_true_quantiles_lose_least() -> None:
    rng = np.random.default_rng(0)
    came = 10 + rng.standard_normal((400, 5))

    def loss(spread: float, shift: float = 0.0) -> float:
        quantiles = np.broadcast_to(10 + shift + spread * normal_quantiles(DECILES), (400, 5, 9))
        return weighted_quantile_loss(quantiles, came, DECILES)

    assert loss(1) < min(loss(0.5), loss(2), loss(1, 0.5), loss(1, -0.5))
    # Of a normal distribution known exactly: the mean over deciles of twice its expected pinball loss is about .57.
    assert 10 * loss(1) == pytest.approx(0.6, abs=0.05)
    assert coverage(came - 1, came + 1, came) == 1 and coverage(came + 1, came + 2, came) == 0


def test_a_certain_forecast_loses_what_it_is_off() -> None:
    quantiles = np.full((1, 2, 9), 8.0)
    assert weighted_quantile_loss(quantiles, np.full((1, 2), 10.0), DECILES) == pytest.approx(0.2)
    assert scaled_errors(np.array([[8.0, 8.0]]), np.array([[10.0, 9.0]]), np.array([0.5])).tolist() == [3.0]
    assert naive_scale(np.array([1.0, 2.0, 4.0])) == 1.5 and naive_scale(np.arange(9.0), 3) == 3


def test_an_interval_tells_a_difference_from_chance() -> None:
    rng = np.random.default_rng(1)
    noise = rng.random(60)
    low, high = bootstrap_interval(noise, noise + 0.1 + 0.01 * rng.standard_normal(60))
    assert low < -0.1 < high < 0
    low, high = bootstrap_interval(noise, rng.random(60))
    assert low < 0 < high


@pytest.mark.parametrize("name", BASELINES)
def test_baselines_widen_and_hold_what_comes(name: str) -> None:
    rng = np.random.default_rng(2)
    prices = 5 * np.exp(0.01 * rng.standard_normal((24, 430)).cumsum(axis=1))
    levels = np.array([0.1, 0.5, 0.9])
    found = np.array([BASELINES[name](path[:400], 30, levels) for path in prices])
    assert found.shape == (24, 30, 3) and (np.diff(found, axis=2) > 0).all()
    assert (found[:, 29, 2] - found[:, 29, 0]).mean() > (found[:, 0, 2] - found[:, 0, 0]).mean()
    assert 0.55 < coverage(found[..., 0], found[..., 2], prices[:, 400:]) < 0.95


def test_running_sizes_follow() -> None:
    rng = np.random.default_rng(3)
    returns = np.concatenate([0.01 * rng.standard_normal(300), 0.04 * rng.standard_normal(300)])
    sizes = running_sizes(returns)
    assert len(sizes) == 601 and sizes[300] == pytest.approx(0.01, rel=0.3) and sizes[-1] > 0.025

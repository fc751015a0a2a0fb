from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqgen.training.config import TrainConfig
from seqgen.training.schedule import evaluation_steps, learning_rate, mean_decay

configs = st.builds(
    TrainConfig, steps=st.integers(1, 5000), warm_up=st.integers(1, 200), n_evaluations=st.integers(1, 40),
    ema_share=st.floats(0, 1),
)  # fmt: skip


@given(configs, st.integers(0, 5000))
def test_the_rate_stays_between_nothing_and_its_peak(config: TrainConfig, step: int) -> None:
    assert 0 < learning_rate(step, config) <= config.learning_rate


def test_the_rate_rises_then_falls_to_its_last_share() -> None:
    config = TrainConfig(steps=1000, warm_up=50, final_rate=0.1)
    rates = [learning_rate(step, config) for step in range(1001)]
    assert rates[:50] == sorted(rates[:50]) and rates[49:] == sorted(rates[49:], reverse=True)
    assert rates[49] == config.learning_rate and rates[-1] == pytest.approx(0.1 * config.learning_rate)


def test_a_short_training_warms_up_for_a_fifth_of_it() -> None:
    assert learning_rate(3, TrainConfig(steps=20, warm_up=50)) == TrainConfig().learning_rate


@given(configs)
def test_the_running_mean_reaches_further_as_it_goes(config: TrainConfig) -> None:
    decays = [mean_decay(step, config) for step in range(0, config.steps, max(1, config.steps // 50))]
    assert decays == sorted(decays) and decays[0] > 0 and decays[-1] < 1


@given(configs)
def test_evaluations_are_within_the_training_and_one_is_at_its_end(config: TrainConfig) -> None:
    steps = evaluation_steps(config)
    assert config.steps in steps and min(steps) >= 1 and max(steps) == config.steps
    assert len(steps) <= 2 * config.n_evaluations

"""How the learning rate and the running mean of weights move over a training."""

from __future__ import annotations

import math

from seqgen.training.config import TrainConfig


def learning_rate(step: int, config: TrainConfig) -> float:
    """Linear warm-up, then a cosine to `final_rate` of the peak (Loshchilov & Hutter 2017)."""
    warm_up = min(config.warm_up, max(1, config.steps // 5))
    if step < warm_up:
        return config.learning_rate * (step + 1) / warm_up
    done = (step - warm_up) / max(1, config.steps - warm_up)
    cosine = 0.5 * (1 + math.cos(math.pi * min(1.0, done)))
    return config.learning_rate * (config.final_rate + (1 - config.final_rate) * cosine)


def mean_decay(step: int, config: TrainConfig) -> float:
    """Decay of the exponential moving average of weights; short at first, so that early weights are forgotten."""
    longest = 1 - 1 / max(2.0, config.ema_share * config.steps)
    return min(longest, (1 + step) / (10 + step))


def evaluation_steps(config: TrainConfig) -> set[int]:
    """The steps after which validation runs: evenly spread, the last one always."""
    every = max(1, config.steps // config.n_evaluations)
    return {*range(every, config.steps, every), config.steps}

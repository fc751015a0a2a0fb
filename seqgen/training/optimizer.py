"""AdamW over flat weights, moved part by part by the replica threads, with a running mean of the weights beside them.

Loshchilov & Hutter 2019. Of the context table, which has many rows of which a batch reads few, a step moves only those
that were read ("lazy" Adam), without momentum: what a row had to learn pages ago is no guide to it now. On
Shakespeare's text this learns as much as moving every row at every step, and is a sixth faster.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor
from torch.optim.adamw import adamw  # the class would import a second's worth of compiler at its first use

from seqgen.training.config import TrainConfig
from seqgen.training.replicas import Replicas
from seqgen.training.schedule import learning_rate, mean_decay

_REST = 8  # steps after which the mean of weights follows, and the table's weights decay


class Optimizer:
    """Moves a model's replicas by their gradients.

    mean: float32 [N], the exponential moving average of the weights. averaged: the step up to which it reaches.
    """

    def __init__(self, replicas: Replicas, config: TrainConfig) -> None:
        self._replicas, self._config = replicas, config
        weights = replicas.weights
        # Moments; rows of the table have no first.
        self.first, self.second = torch.zeros_like(weights[: replicas.n_dense]), torch.zeros_like(weights)
        self.mean, self.averaged = weights.clone(), 0

    def norm(self) -> Tensor:
        """Of the whole gradient: a scalar."""
        r = self._replicas
        parts = [r.gradient[part] for part in r.slices(r.n_dense)]
        if r.table_gradient is not None:
            parts += [r.table_gradient[part].reshape(-1) for part in r.slices(len(r.table_gradient))]
        return torch.stack(r.each(lambda part: torch.dot(part, part), parts)).sum().sqrt()

    def move(self, step: int, norm: Tensor, bad: Tensor) -> None:
        """By the gradients of a step, clipped; where `bad` (a scalar, 1 or 0) nothing moves."""
        c, r = self._config, self._replicas
        rate, excess = learning_rate(step, c), (norm / c.clip).clamp(min=1.0)

        def adam(
            weights: Tensor, gradient: Tensor, first: Tensor, second: Tensor, beta1: float, decay: float = 0.0
        ) -> None:
            taken = torch.full((), float(step), device=weights.device)
            adamw(
                [weights], [gradient], [first], [second], [], [taken],
                fused=True, grad_scale=excess, found_inf=bad, lr=rate, weight_decay=decay,
                beta1=beta1, beta2=c.beta2, eps=1e-8, amsgrad=False, maximize=False,
            )  # fmt: skip

        def move_dense(part: slice) -> None:
            decay = c.weight_decay if part.start < r.n_decayed else 0.0
            adam(r.weights[part], r.gradient[part], self.first[part], self.second[part], c.beta1, decay)

        def move_rows(part: slice) -> None:
            assert r.rows is not None and r.read is not None and r.table_gradient is not None  # noqa: S101  for mypy
            chosen, weights, gradient = r.rows[part], r.read[part], r.table_gradient[part]
            squares = r.table_of(self.second)
            second = squares.index_select(0, chosen)
            adam(weights, gradient, gradient, second, 0.0)  # without momentum the gradient is its own first moment
            r.table_of(r.weights).index_copy_(0, chosen, weights)
            squares.index_copy_(0, chosen, second)

        r.each(move_dense, [*r.slices(r.n_decayed), *r.slices(r.n_dense, r.n_decayed)])
        if r.rows is not None:
            r.each(move_rows, r.slices(len(r.rows)))
        if (step + 1) % _REST == 0:
            shrink = 1 - c.weight_decay * sum(learning_rate(s, c) for s in range(step + 1 - _REST, step + 1))
            r.each(lambda part: r.weights[part].mul_(shrink), r.slices(len(r.weights), r.n_dense))
            self.average(step + 1)

    def average(self, step: int) -> None:
        """Let the mean follow up to this step."""
        decay = math.prod(mean_decay(s, self._config) for s in range(self.averaged, step))
        self.averaged = step
        self._replicas.each(
            lambda part: self.mean[part].lerp_(self._replicas.weights[part], 1 - decay),
            self._replicas.slices(len(self.mean)),
        )

    def tensors(self) -> dict[str, Tensor]:
        """What a checkpoint keeps besides the mean."""
        return {"weights": self._replicas.weights, "first_moment": self.first, "second_moment": self.second}

    def restore(self, tensors: Mapping[str, Tensor], averaged: int) -> None:
        """Raises KeyError or RuntimeError for tensors of another model."""
        for name, tensor in self.tensors().items():
            tensor.copy_(tensors[name])
        self.averaged = averaged

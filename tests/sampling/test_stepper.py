"""Steps in numpy and in torch give the numbers of the training's forward pass."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from seqgen.core.context import Feature
from seqgen.model import SequenceModel
from seqgen.sampling.stepper import NumpyStepper, TorchStepper

V, T = 11, 40
FEATURES = [
    Feature("beat", 5),
    Feature("own", 3, classes=np.random.default_rng(0).integers(0, 4, (3, V - 2)).astype(np.int32)),
    Feature("voice", 4),
]


SIZES = [(0, 1, "lstm"), (0, 3, "lstm"), (1, 2, "lstm"), (3, 2, "lstm"), (0, 3, "gru"), (3, 2, "gru"), (3, 2, "rnn")]


@pytest.fixture(params=SIZES, ids=str)
def model(request: pytest.FixtureRequest) -> SequenceModel:
    n_features, n_layers, cell = request.param
    torch.manual_seed(0)
    model = SequenceModel(V, FEATURES[:n_features], 24, n_layers, cell)
    with torch.no_grad():
        for p in model.parameters():  # far from their start, so that every part counts
            p.add_(0.3 * torch.randn_like(p))
    return model.eval()


def whole(model: SequenceModel, batch: int) -> tuple[Any, Any, torch.Tensor]:
    rng = np.random.default_rng(1)
    n_features = len(model.embedded) + len(model.seen_from)
    previous = rng.integers(0, V + 1, (batch, T))
    context = np.zeros((batch, T, n_features), np.int64)
    for i, feature in enumerate(FEATURES[:n_features]):
        context[..., i] = rng.integers(0, feature.size, (batch, T))
    with torch.inference_mode():
        logits, _ = model(torch.from_numpy(previous), torch.from_numpy(context))
    return previous, context, logits


@pytest.mark.parametrize("batch", [1, 3, 40])
def test_steps_are_the_forward_pass(model: SequenceModel, batch: int) -> None:
    previous, context, logits = whole(model, batch)
    for stepper in (NumpyStepper(model, batch), TorchStepper(model, batch)):
        for t in range(T):
            assert np.allclose(stepper(previous[:, t], context[:, t]), logits[:, t], atol=1e-4), t


def test_two_steppers_of_one_model_do_not_disturb_each_other(model: SequenceModel) -> None:
    previous, context, logits = whole(model, 1)
    a, b = NumpyStepper(model, 1), NumpyStepper(model, 1)
    for t in range(T):
        first = a(previous[:, t], context[:, t])
        if t % 2 == 0:
            b(previous[:, t], context[:, t])
        assert np.allclose(first, logits[:, t], atol=1e-4)


@pytest.mark.parametrize("kind", [NumpyStepper, TorchStepper])
def test_sequences_are_gone_on_with_in_any_order_and_number(model: SequenceModel, kind: Any) -> None:
    previous, context, logits = whole(model, 4)
    rows, half = np.array([2, 0, 2, 2]), T // 2
    stepper = kind(model, 4)
    for t in range(half):
        stepper(previous[:, t], context[:, t])
    stepper.select(rows)
    for t in range(half, T):
        assert np.allclose(stepper(previous[rows, t], context[rows, t]), logits[rows, t], atol=1e-4), t


@pytest.mark.parametrize("kind", [NumpyStepper, TorchStepper])
def test_a_fork_goes_on_by_itself(model: SequenceModel, kind: Any) -> None:
    previous, context, logits = whole(model, 2)
    rows, half = np.array([1, 0, 1]), T // 2
    stepper = kind(model, 2)
    for t in range(half):
        stepper(previous[:, t], context[:, t])
    fork = stepper.fork(rows)
    for t in range(half, T):
        assert np.allclose(fork(previous[rows, t], context[rows, t]), logits[rows, t], atol=1e-4), t
        assert np.allclose(stepper(previous[:, t], context[:, t]), logits[:, t], atol=1e-4), t

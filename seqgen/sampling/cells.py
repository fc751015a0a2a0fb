"""One step of a recurrent layer in numpy, for sequences side by side in columns.

Shapes: B sequences, H width. weights: [G * H, 2 * H], each gate's of the input and then of the hidden state, and
biases [G * H, 1], in the order of the cell's gates.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from seqgen.cells import GRU, LSTM, RNN

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.integer]


class LayerStep:
    """Holds a layer's state. `_hidden` and `_input` are parts of `_both`, so that one product serves both."""

    def __init__(self, weights: tuple[Floats, ...], batch: int) -> None:
        H = self._n = weights[0].shape[1] // 2
        self._weights = weights
        self._both = np.zeros((2 * H, batch), np.float32)
        self._input, self._hidden = self._both[:H], self._both[H:]
        self._states = [self._hidden]

    @classmethod
    def of(cls, w: dict[str, Any], k: int, batch: int) -> LayerStep:
        """Layer k of a model's weights."""
        input_HH, hidden_HH, *biases = (
            w[f"layers.{k}.{name}_l0"] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        return cls(cls._arranged(np.concatenate((input_HH, hidden_HH), axis=1), *(b[:, None] for b in biases)), batch)

    @staticmethod
    def _arranged(weights: Floats, bias_input: Floats, bias_hidden: Floats) -> tuple[Floats, ...]:
        """As the step takes them."""
        return weights, bias_input + bias_hidden

    def __call__(self, x: Floats) -> Floats:
        """The hidden state [H, B] after one step more; it is overwritten by the next."""
        raise NotImplementedError

    def select(self, rows: Ints) -> None:
        """Keep these rows of the batch, in this order."""
        for state in self._states:
            state[:] = state[:, rows]

    def fork(self, rows: Ints) -> LayerStep:
        """Another that goes on from these rows by itself."""
        other = type(self)(self._weights, len(rows))
        for mine, its in zip(self._states, other._states, strict=True):
            its[:] = mine[:, rows]
        return other


class _LSTMStep(LayerStep):
    def __init__(self, weights: tuple[Floats, ...], batch: int) -> None:
        super().__init__(weights, batch)
        H = self._n
        self._cell = np.zeros((H, batch), np.float32)
        self._states.append(self._cell)
        self._gates = np.empty((4 * H, batch), np.float32)
        self._in, self._forget, self._new, self._out = (self._gates[k * H : (k + 1) * H] for k in range(4))
        self._doors = self._gates[: 2 * H]

    @staticmethod
    def _arranged(weights: Floats, bias_input: Floats, bias_hidden: Floats) -> tuple[Floats, ...]:
        # sigmoid(x) = (tanh(x / 2) + 1) / 2: with the halves in the weights one tanh serves all four gates.
        half = np.repeat(np.array([0.5, 0.5, 1.0, 0.5], np.float32), len(weights) // 4)[:, None]
        return half * weights, half * (bias_input + bias_hidden)

    def __call__(self, x: Floats) -> Floats:
        weights, bias = self._weights
        self._input[:] = x
        np.matmul(weights, self._both, out=self._gates)
        self._gates += bias
        np.tanh(self._gates, out=self._gates)
        self._doors += 1
        self._doors *= 0.5
        self._cell *= self._forget
        self._in *= self._new
        self._cell += self._in
        np.tanh(self._cell, out=self._hidden)
        self._out += 1
        self._out *= 0.5
        self._hidden *= self._out
        return self._hidden


class _GRUStep(LayerStep):
    def __init__(self, weights: tuple[Floats, ...], batch: int) -> None:
        super().__init__(weights, batch)
        H = self._n
        self._doors = np.empty((2 * H, batch), np.float32)
        self._reset, self._update = self._doors[:H], self._doors[H:]
        self._new, self._old = np.empty((2, H, batch), np.float32)

    @staticmethod
    def _arranged(weights: Floats, bias_input: Floats, bias_hidden: Floats) -> tuple[Floats, ...]:
        H = weights.shape[1] // 2
        doors, new = weights[: 2 * H], weights[2 * H :]
        return (
            0.5 * doors,  # as those of the LSTM
            0.5 * (bias_input + bias_hidden)[: 2 * H],
            np.ascontiguousarray(new[:, :H]),
            bias_input[2 * H :],
            np.ascontiguousarray(new[:, H:]),
            bias_hidden[2 * H :],
        )

    def __call__(self, x: Floats) -> Floats:
        doors, doors_bias, new, new_bias, old, old_bias = self._weights
        self._input[:] = x
        np.matmul(doors, self._both, out=self._doors)
        self._doors += doors_bias
        np.tanh(self._doors, out=self._doors)
        self._doors += 1
        self._doors *= 0.5
        np.matmul(old, self._hidden, out=self._old)
        self._old += old_bias
        self._old *= self._reset
        np.matmul(new, self._input, out=self._new)
        self._new += new_bias
        self._new += self._old
        np.tanh(self._new, out=self._new)
        self._hidden -= self._new
        self._hidden *= self._update
        self._hidden += self._new
        return self._hidden


class _RNNStep(LayerStep):
    def __init__(self, weights: tuple[Floats, ...], batch: int) -> None:
        super().__init__(weights, batch)
        self._new = np.empty((self._n, batch), np.float32)

    def __call__(self, x: Floats) -> Floats:
        weights, bias = self._weights
        self._input[:] = x
        np.matmul(weights, self._both, out=self._new)
        self._new += bias
        np.tanh(self._new, out=self._hidden)
        return self._hidden


STEPS: dict[str, type[LayerStep]] = {LSTM.name: _LSTMStep, GRU.name: _GRUStep, RNN.name: _RNNStep}

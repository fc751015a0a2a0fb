"""One more id at a time: the model's step, in the arithmetic that suits the number of sequences.

A step is all overhead and memory: for one sequence `nn.LSTM` takes 1.2 ms for two layers of 256 with oneDNN and
0.23 ms without, numpy's matrix-vector products 0.06 ms. For a few sequences, one after the other in numpy is still the
fastest; then matrix products win, and from a few dozen on oneDNN's.

Shapes: B sequences, V ids, F context features, H width.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch

from seqgen.model import SequenceModel

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.integer]

_NUMPY_UP_TO = 8  # sequences
_ONEDNN_FROM = 32


class Stepper(Protocol):
    """Holds the model's state for a batch of sequences."""

    def __call__(self, previous_B: Ints, context_BF: Ints) -> Floats:
        """Logits [B, V] of the next id, after one id more."""
        ...

    def select(self, rows: Ints) -> None:
        """Go on from these sequences of the batch; some may be there several times, some not at all."""
        ...


def new_stepper(model: SequenceModel, batch: int) -> Stepper:
    """A stepper at the beginning of `batch` sequences."""
    if batch <= _NUMPY_UP_TO and model.bias.device.type == "cpu":
        return NumpyStepper(model, batch)
    return TorchStepper(model, batch)


class TorchStepper:
    """The model's own forward pass over one position."""

    def __init__(self, model: SequenceModel, batch: int) -> None:
        self._model, self._state = model.eval(), model.start(batch)
        self._device = model.bias.device
        self._many = batch >= _ONEDNN_FROM

    @torch.inference_mode()
    def __call__(self, previous_B: Ints, context_BF: Ints) -> Floats:
        previous = torch.from_numpy(previous_B.astype(np.int64))[:, None].to(self._device)
        context = torch.from_numpy(context_BF.astype(np.int64))[:, None].to(self._device)
        with _onednn(self._many):
            logits, self._state = self._model(previous, context, self._state)
        last: Floats = logits[:, 0].float().cpu().numpy()
        return last

    def select(self, rows: Ints) -> None:
        self._state = [(hidden[:, rows], cell[:, rows]) for hidden, cell in self._state]


@contextlib.contextmanager
def _onednn(enabled: bool) -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of GPUs when the flag is merely set
        with torch.backends.mkldnn.flags(enabled=enabled and torch.backends.mkldnn.is_available()):  # type: ignore[no-untyped-call]
            yield


class NumpyStepper:
    """The same numbers in numpy, one sequence after the other."""

    def __init__(self, model: SequenceModel, batch: int) -> None:
        H = model.width
        w = {name: np.array(p.detach().float(), np.float32) for name, p in model.named_parameters()}
        self._embedding = w["embedding.weight"]
        # sigmoid(x) = (tanh(x / 2) + 1) / 2: with the halves in the weights one tanh serves all four gates.
        half = np.repeat(np.array([0.5, 0.5, 1.0, 0.5], np.float32), H)[:, None]  # input, forget, cell, output
        self._recurrent: list[Any] = []
        self._inputs: list[Any] = []
        biases: list[Any] = []
        for i in range(len(model.layers)):
            layer = f"layers.{i}."
            self._inputs.append(half * w[layer + "weight_ih_l0"])
            self._recurrent.append(half * w[layer + "weight_hh_l0"])
            biases.append(half[:, 0] * (w[layer + "bias_ih_l0"] + w[layer + "bias_hh_l0"]))
        self._biases = biases
        self._first = self._embedding @ self._inputs[0].T + biases[0]  # [V + 1, 4H]: what each id is to the first layer
        self._stacked = [
            np.concatenate((a, b), axis=1) for a, b in zip(self._inputs[1:], self._recurrent[1:], strict=True)
        ]
        self._head, self._bias = self._embedding[: model.n_ids], w["bias"]
        self._context = _Beside(model, w) if len(model.embedded) or model.class_heads else None
        self._width = H
        self._hidden = [[np.zeros(H, np.float32) for _ in model.layers] for _ in range(batch)]
        self._cell = [[np.zeros(H, np.float32) for _ in model.layers] for _ in range(batch)]

    def __call__(self, previous_B: Ints, context_BF: Ints) -> Floats:
        rows = [self._logits(b, int(i), row) for b, (i, row) in enumerate(zip(previous_B, context_BF, strict=True))]
        return np.stack(rows)

    def select(self, rows: Ints) -> None:
        self._hidden = [list(self._hidden[r]) for r in rows]
        self._cell = [[cell.copy() for cell in self._cell[r]] for r in rows]  # they are moved on in place

    def _logits(self, b: int, previous: int, row: Ints) -> Floats:
        hidden = self._hidden[b]
        gates = self._recurrent[0] @ hidden[0]
        gates += self._first[previous]
        beside = self._context.embed(row) if self._context else None
        if beside is not None:
            gates += self._inputs[0] @ beside[: self._width]
        x = hidden[0] = self._cell_step(gates, self._cell[b][0])
        for k, stacked in enumerate(self._stacked, 1):
            gates = stacked @ np.concatenate((x, hidden[k]))
            gates += self._biases[k]
            hidden[k] = self._cell_step(gates, self._cell[b][k])
            x = x + hidden[k]
        if self._context is not None and beside is not None:
            x = self._context.join(x, beside[self._width :])
        logits = self._head @ x
        logits += self._bias
        if self._context is not None:
            self._context.add_classes(logits, x, row)
        return logits

    def _cell_step(self, gates: Floats, cell: Floats) -> Floats:
        """The hidden state of a layer after its gates, halved as above; `cell` is moved on in place."""
        H = self._width
        np.tanh(gates, out=gates)
        gates[: 2 * H] += 1
        gates[: 2 * H] *= 0.5
        cell *= gates[H : 2 * H]
        cell += gates[:H] * gates[2 * H : 3 * H]
        hidden = gates[3 * H :]
        hidden += 1
        hidden *= 0.5
        hidden *= np.tanh(cell)
        return hidden


class _Beside:
    """What the context adds to a step, as SequenceModel.forward has it."""

    def __init__(self, model: SequenceModel, w: dict[str, Any]) -> None:
        self._w = w
        self._columns, self._offsets = model.embedded.cpu().numpy(), model.offsets.cpu().numpy()
        self._classes = [(i, model.get_buffer(f"classes{i}").cpu().numpy()) for i in model.seen_from]

    def embed(self, row: Ints) -> Floats | None:
        if not len(self._columns):
            return None
        total: Floats = self._w["context.weight"][row[self._columns] + self._offsets].sum(axis=0)
        return total

    def join(self, x: Floats, beside: Floats) -> Floats:
        w = self._w
        y = np.maximum(w["join.weight"] @ np.concatenate((beside, x)) + w["join.bias"], 0)
        y += np.maximum(w["deepen.weight"] @ y + w["deepen.bias"], 0)
        out: Floats = x + w["leave.weight"] @ y + w["leave.bias"]
        return out

    def add_classes(self, logits: Floats, x: Floats, row: Ints) -> None:
        for k, (column, classes) in enumerate(self._classes):
            scores = self._w[f"class_heads.{k}.weight"] @ x + self._w[f"class_heads.{k}.bias"]
            seen = classes[row[column]]
            logits[: len(seen)] += scores[seen]

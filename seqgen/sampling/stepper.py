"""One more id at a time: the model's step, in the arithmetic that suits the machine.

On a CPU a step is overhead and memory. numpy, with the sequences side by side in columns, brings its matrix products to
the machine's float32 peak, and its tanh is many times as fast as torch's: `nn.LSTM` takes 2 to 12 times as long.

Shapes: B sequences, V ids, F context features, H width.
"""

from __future__ import annotations

import copy
from typing import Any, Protocol

import numpy as np
import torch
from torch.nn import functional

from seqgen.cells import selected
from seqgen.model import SequenceModel
from seqgen.sampling.cells import STEPS, Floats, Ints


class Stepper(Protocol):
    """Holds the model's state for a batch of sequences."""

    def __call__(self, previous_B: Ints, context_BF: Ints) -> Floats:
        """Logits [B, V] of the next id, after one id more."""
        ...

    def select(self, rows: Ints) -> None:
        """Go on from these sequences of the batch; some may be there several times, some not at all."""
        ...

    def fork(self, rows: Ints) -> Stepper:
        """Another stepper, at these sequences, as many as there are; this one stays where it is."""
        ...


def new_stepper(model: SequenceModel, batch: int) -> Stepper:
    """A stepper at the beginning of `batch` sequences."""
    return (NumpyStepper if model.bias.device.type == "cpu" else TorchStepper)(model, batch)


class TorchStepper:
    """The model's own forward pass over one position."""

    def __init__(self, model: SequenceModel, batch: int) -> None:
        self._model, self._state = model.eval(), model.start(batch)
        self._device = model.bias.device

    @torch.inference_mode()
    def __call__(self, previous_B: Ints, context_BF: Ints) -> Floats:
        previous = torch.from_numpy(previous_B.astype(np.int64))[:, None].to(self._device)
        context = torch.from_numpy(context_BF.astype(np.int64))[:, None].to(self._device)
        logits, self._state = self._model(previous, context, self._state)
        last: Floats = logits[:, 0].float().cpu().numpy()
        return last

    def select(self, rows: Ints) -> None:
        self._state = selected(self._state, rows)

    def fork(self, rows: Ints) -> TorchStepper:
        other = copy.copy(self)
        other.select(rows)
        return other


class NumpyStepper:
    """The same numbers in numpy: columns are sequences."""

    def __init__(self, model: SequenceModel, batch: int) -> None:
        self._width = model.width
        w = {name: np.array(p.detach().float(), np.float32) for name, p in model.named_parameters()}
        self._embedding, self._bias = w["embedding.weight"], w["bias"][:, None]
        self._head = self._embedding[: model.n_ids]
        step = STEPS[model.cell.name]
        self._layers = [step.of(w, k, batch) for k in range(len(model.layers))]
        self._context = _Beside(model, w) if len(model.embedded) or model.class_heads else None

    def __call__(self, previous_B: Ints, context_BF: Ints) -> Floats:
        x = self._embedding[previous_B].T
        beside = None if self._context is None else self._context.embed(context_BF)
        if beside is not None:
            x = x + beside[: self._width]
        for k, layer in enumerate(self._layers):
            hidden = layer(x)
            x = x + hidden if k else hidden
        if self._context is not None and beside is not None:
            x = self._context.join(x, beside[self._width :])
        logits = np.ascontiguousarray((self._head @ x + self._bias).T)
        if self._context is not None:
            self._context.add_classes(logits, x, context_BF)
        return logits

    def select(self, rows: Ints) -> None:
        for layer in self._layers:
            layer.select(rows)

    def fork(self, rows: Ints) -> NumpyStepper:
        other = copy.copy(self)
        other._layers = [layer.fork(rows) for layer in self._layers]
        return other


class _Beside:
    """What the context adds to a step, as SequenceModel.forward has it."""

    def __init__(self, model: SequenceModel, w: dict[str, Any]) -> None:
        self._w = {name: values[:, None] if values.ndim == 1 else values for name, values in w.items()}
        self._columns, self._offsets = model.embedded.cpu().numpy(), model.offsets.cpu().numpy()
        self._table = torch.from_numpy(w["context.weight"]) if len(self._columns) else torch.zeros(0)
        tables = [(i, getattr(model, f"classes{i}")) for i in model.seen_from]
        self._classes = [(i, None if table is None else table.cpu().numpy()) for i, table in tables]

    def embed(self, rows_BF: Ints) -> Floats | None:
        """[H + C, B]."""
        if not len(self._columns):
            return None
        rows = torch.from_numpy(rows_BF[:, self._columns] + self._offsets)
        # Seven times as fast as numpy's gather and sum, which holds all rows at once.
        total: Floats = functional.embedding_bag(rows, self._table, mode="sum").numpy()
        return total.T

    def join(self, x: Floats, beside: Floats) -> Floats:
        w = self._w
        y = self._relu("join", np.concatenate((beside, x)))
        y += self._relu("deepen", y)
        out: Floats = x + w["leave.weight"] @ y
        out += w["leave.bias"]
        return out

    def _relu(self, name: str, x: Floats) -> Floats:
        y: Floats = self._w[f"{name}.weight"] @ x
        y += self._w[f"{name}.bias"]
        return np.maximum(y, 0, out=y)

    def add_classes(self, logits_BV: Floats, x: Floats, rows_BF: Ints) -> None:
        for k, (column, classes) in enumerate(self._classes):
            scores = self._w[f"class_heads.{k}.weight"] @ x + self._w[f"class_heads.{k}.bias"]
            values = rows_BF[:, column]
            if classes is None:
                told = np.flatnonzero(values < logits_BV.shape[1])
                logits_BV[told, values[told]] += scores[0, told]
            else:
                seen = classes[values]
                logits_BV[:, : seen.shape[1]] += np.take_along_axis(scores.T, seen, axis=1)

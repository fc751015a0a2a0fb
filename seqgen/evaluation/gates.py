"""What the gates of a layer do while a piece is read, computed again from the weights, step by step.

Shapes: T positions, H width.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from seqgen.cells import CELLS
from seqgen.core.tokenizer import Ids, Tokenizer
from seqgen.corpus.batches import whole
from seqgen.model import SequenceModel, masked_log_probabilities

Floats = npt.NDArray[np.float32]
Activations = dict[str, Floats]  # [T, H] each

OPEN, CLOSED = 0.9, 0.1  # a gate above is open, below closed (Karpathy et al. 2015)
# Of each cell: what of it lies between 0 and 1, what is shown behind that, what the units are ordered by.
DOORS = {"lstm": ("forget", "input", "output"), "gru": ("update", "reset"), "rnn": ()}
STATES = {"lstm": "cell state", "gru": "hidden state", "rnn": "hidden state"}


def _sigmoid(x: Any) -> Any:
    return 0.5 * (1 + np.tanh(0.5 * x))


def _lstm(read: Floats, said: Any, state: Activations) -> Activations:
    i, f, g, o = np.split(read + said(state["hidden state"]), 4)
    i, f, g, o = _sigmoid(i), _sigmoid(f), np.tanh(g), _sigmoid(o)
    cell = f * state["cell state"] + i * g
    return {"forget": f, "input": i, "output": o, "candidate": g, "cell state": cell, "hidden state": o * np.tanh(cell)}


def _gru(read: Floats, said: Any, state: Activations) -> Activations:
    (r, z, n), (before_r, before_z, before_n) = np.split(read, 3), np.split(said(state["hidden state"]), 3)
    r, z = _sigmoid(r + before_r), _sigmoid(z + before_z)
    n = np.tanh(n + r * before_n)
    return {"update": z, "reset": r, "candidate": n, "hidden state": (1 - z) * n + z * state["hidden state"]}


def _rnn(read: Floats, said: Any, state: Activations) -> Activations:
    return {"hidden state": np.tanh(read + said(state["hidden state"]))}


_STEPS = {"lstm": _lstm, "gru": _gru, "rnn": _rnn}


def activations(cell: str, layer: torch.nn.Module, x_TH: Floats) -> Activations:
    """Of every gate and state of a layer at each position, from a fresh state on. x: what the layer reads."""
    input_GH, hidden_GH, input_bias, hidden_bias = (
        layer.get_parameter(f"{name}_l0").detach().float().cpu().numpy()
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    )
    read_TG = x_TH @ input_GH.T + input_bias
    zeros = np.zeros(hidden_GH.shape[1], np.float32)
    state: Activations = {"hidden state": zeros, "cell state": zeros}
    steps = []
    for read in read_TG:
        state = _STEPS[cell](read, lambda hidden: hidden_GH @ hidden + hidden_bias, state)
        steps.append(state)
    return {name: np.stack([step[name] for step in steps]) for name in steps[0]}


@torch.inference_mode()
def gates_over(model: SequenceModel, tokenizer: Tokenizer[Any], piece: Ids) -> tuple[list[Activations], Floats]:
    """(of each layer its activations over a piece, float32 [T] the nats of its ids)."""
    batch, device = whole(piece, tokenizer), model.bias.device
    read: list[Tensor] = []
    hooks = [layer.register_forward_pre_hook(lambda _, given: read.append(given[0][0])) for layer in model.layers]
    try:
        logits, _ = model(torch.from_numpy(batch.previous).to(device), torch.from_numpy(batch.context).to(device))
    finally:
        for hook in hooks:
            hook.remove()
    masks = torch.from_numpy(tokenizer.grammar.masks[batch.states]).to(device)
    log_p = masked_log_probabilities(logits, masks).gather(-1, torch.from_numpy(batch.ids).to(device)[..., None])
    found = [
        activations(model.cell.name, layer, x.float().cpu().numpy())
        for layer, x in zip(model.layers, read, strict=True)
    ]
    return found, -log_p[0, :, 0].cpu().numpy()


def by_memory(cell: str, found: Activations) -> npt.NDArray[np.intp]:
    """The units, those that keep longest first: by the mean of the gate that keeps, or, where there is none, by how
    much the state of each is that of the position before."""
    keeps = CELLS[cell].keeps
    if keeps is not None:
        return np.argsort(-found[keeps].mean(axis=0), kind="stable")
    x = found[STATES[cell]] - found[STATES[cell]].mean(axis=0)
    alike = (x[1:] * x[:-1]).sum(axis=0) / np.maximum((x * x).sum(axis=0), 1e-12)
    return np.argsort(-alike, kind="stable")


def saturation(cell: str, found: Activations) -> dict[str, dict[str, float]]:
    """Of each gate: its mean, and the shares of units and positions where it is open and closed."""
    return {
        gate: {
            "mean": round(float(found[gate].mean()), 4),
            "open": round(float((found[gate] > OPEN).mean()), 4),
            "closed": round(float((found[gate] < CLOSED).mean()), 4),
        }
        for gate in DOORS[cell]
    }

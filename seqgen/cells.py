"""The kinds of recurrent layers that a model may be made of.

LSTM after Hochreiter & Schmidhuber 1997 with the forget gate of Gers et al. 2000, GRU after Cho et al. 2014, RNN after
Elman 1990. Their weights lie gate by gate, in the order of `gates`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from torch import Tensor, nn
from torch.func import functional_call

LayerState = tuple[Tensor, ...]  # each [1, B, H], as the cell's `states` names them


@dataclass(frozen=True)
class Cell:
    """gates: what rows of its matrices compute. keeps: the one that starts open, so that what was once seen is still
    known after some steps; None: the cell has no such gate. states: what goes from step to step."""

    name: str
    layer: type[nn.LSTM | nn.GRU | nn.RNN]
    gates: tuple[str, ...]
    keeps: str | None
    states: tuple[str, ...] = ("hidden",)

    def new_layer(self, width: int) -> nn.RNNBase:
        """A layer as wide as its inputs."""
        return self.layer(width, width, batch_first=True)

    def initialise(self, layer: nn.Module) -> None:
        """Orthogonal recurrent matrices, each gate by itself; the gate that keeps starts open."""
        for name, weight in layer.named_parameters():
            if name.startswith("weight_hh"):
                for gate in weight.data.chunk(len(self.gates)):
                    nn.init.orthogonal_(gate)
            elif name.startswith("weight_ih"):
                nn.init.xavier_uniform_(weight)
            else:
                nn.init.zeros_(weight)
        if self.keeps is not None:
            bias = layer.get_parameter("bias_ih_l0").data
            bias.chunk(len(self.gates))[self.gates.index(self.keeps)].fill_(1.0)

    def run(
        self, layer: nn.Module, x_BTH: Tensor, state: LayerState | None, weight_hh: Tensor | None = None
    ) -> tuple[Tensor, LayerState]:
        """What a layer says at each position, and its state after the last. weight_hh: instead of its own."""
        single = len(self.states) == 1  # torch then has the tensor itself for the tuple of one
        given = state[0] if single and state is not None else state
        if weight_hh is None:
            y_BTH, after = layer(x_BTH, given)
        else:
            y_BTH, after = functional_call(layer, {"weight_hh_l0": weight_hh}, (x_BTH, given))
        return y_BTH, (after,) if single else after

    def start(self, like: Tensor, batch: int, width: int) -> LayerState:
        """The state before the first id."""
        return (like.new_zeros(1, batch, width),) * len(self.states)


LSTM = Cell("lstm", nn.LSTM, ("input", "forget", "cell", "output"), "forget", ("hidden", "cell"))
GRU = Cell("gru", nn.GRU, ("reset", "update", "new"), "update")
RNN = Cell("rnn", nn.RNN, ("new",), None)
CELLS = {cell.name: cell for cell in (LSTM, GRU, RNN)}


def detached(state: list[LayerState]) -> list[LayerState]:
    """Cut off from how it came about."""
    return [tuple(part.detach() for part in layer) for layer in state]


def selected(state: list[LayerState], rows: npt.NDArray[np.integer]) -> list[LayerState]:
    """Of these sequences of the batch."""
    return [tuple(part[:, rows] for part in layer) for layer in state]

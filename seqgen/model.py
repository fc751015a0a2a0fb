"""The one model: embedded ids and context, a stacked LSTM, a head tied to the embedding. It knows sizes, not meanings.

Shapes: B sequences, T positions, F context features, V ids, L layers, H width.

After Press & Wolf 2017 (tied embeddings), Gal & Ghahramani 2016 (variational dropout),
Merity et al. 2018 (weight-drop), Jozefowicz et al. 2015 (forget bias).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F

State = list[tuple[Tensor, Tensor]]  # per layer (hidden_1BH, cell_1BH)


@dataclass(frozen=True)
class ModelSizes:
    """What fixes the shapes of all weights."""

    n_ids: int
    feature_sizes: tuple[int, ...] = ()
    width: int = 256
    n_layers: int = 2

    def __post_init__(self) -> None:
        object.__setattr__(self, "feature_sizes", tuple(self.feature_sizes))


@dataclass(frozen=True)
class Dropout:
    """Shares of what is dropped in training, one mask per sequence for all its positions.

    embedding: whole ids of the vocabulary. inputs: of the first layer. layers: of each layer's output.
    context: of the context at the output. weights: of the recurrent matrices (weight-drop).
    """

    embedding: float = 0.0
    inputs: float = 0.0
    layers: float = 0.0
    context: float = 0.0
    weights: float = 0.0


class SequenceModel(nn.Module):
    """Probabilities of the next id, given the ids and context so far.

    `forward` reads at each position the *previous* id (`begin`, which is V, before the first) and the context row
    of the position to be predicted.
    """

    def __init__(self, sizes: ModelSizes) -> None:
        super().__init__()
        self.sizes = sizes
        H, V = sizes.width, sizes.n_ids
        self.begin = V
        self.embedding = nn.Embedding(V + 1, H)
        # One table for all features, each row both what enters the first layer and what joins the head.
        self.context = nn.Embedding(max(1, sum(sizes.feature_sizes)), 2 * H)
        offsets = torch.tensor([0, *sizes.feature_sizes]).cumsum(0)[:-1]
        self.register_buffer("offsets", offsets, persistent=False)
        self.layers = nn.ModuleList(nn.LSTM(H, H, batch_first=True) for _ in range(sizes.n_layers))
        self.bias = nn.Parameter(torch.zeros(V))
        self._initialise()

    def _initialise(self) -> None:
        H = self.sizes.width
        nn.init.normal_(self.embedding.weight, std=H**-0.5)
        nn.init.normal_(self.context.weight, std=(H * max(1, len(self.sizes.feature_sizes))) ** -0.5)
        for layer in self.layers:
            for name, weight in layer.named_parameters():
                if name.startswith("weight_hh"):
                    for gate in weight.data.chunk(4):
                        nn.init.orthogonal_(gate)
                elif name.startswith("weight_ih"):
                    nn.init.xavier_uniform_(weight)
                else:
                    nn.init.zeros_(weight)
            layer.bias_ih_l0.data[H : 2 * H] = 1.0  # forget gates start open

    def forward(
        self,
        previous_BT: Tensor,
        context_BTF: Tensor,
        state: State | None = None,
        *,
        dropout: Dropout | None = None,
        generator: torch.Generator | None = None,
    ) -> tuple[Tensor, State]:
        """logits_BTV and the state after the last position. `dropout` (training only) draws from `generator`."""
        drop = _Masks(dropout, generator, previous_BT)
        H = self.sizes.width
        table = drop.rows(self.embedding.weight)
        x_BTH = F.embedding(previous_BT, table)
        joined = None
        if self.sizes.feature_sizes:
            B, T, n_features = context_BTF.shape
            bags = (context_BTF + self.offsets).view(B * T, n_features)
            both = F.embedding_bag(bags, self.context.weight, mode="sum").view(B, T, 2 * H)
            entering, joined = both.split(H, dim=-1)
            x_BTH = x_BTH + entering
        x_BTH = drop.sequence(x_BTH, "inputs")
        following: State = []
        for i, layer in enumerate(self.layers):
            before = None if state is None else state[i]
            y_BTH, after = drop.recurrent(layer, x_BTH, before)
            following.append(after)
            y_BTH = drop.sequence(y_BTH, "layers")
            x_BTH = y_BTH if i == 0 else x_BTH + y_BTH
        if joined is not None:
            x_BTH = x_BTH + drop.sequence(joined, "context")
        logits_BTV = F.linear(x_BTH, self.embedding.weight[: self.sizes.n_ids], self.bias)
        return logits_BTV, following

    def start(self, batch: int) -> State:
        """The state before the first id."""
        weight = self.bias
        zeros = weight.new_zeros(1, batch, self.sizes.width)
        return [(zeros, zeros) for _ in self.layers]

    @property
    def n_parameters(self) -> int:
        return sum(p.numel() for p in self.parameters())


class _Masks:
    """Dropout masks, drawn from a given generator, so that they are a function of (seed, step)."""

    def __init__(self, dropout: Dropout | None, generator: torch.Generator | None, like: Tensor) -> None:
        self._dropout = dropout
        self._generator = generator
        self._device = like.device

    def _keep(self, shape: tuple[int, ...], p: float) -> Tensor:
        keep = torch.empty(shape, device=self._device)
        return keep.bernoulli_(1 - p, generator=self._generator).div_(1 - p)

    def rows(self, table: Tensor) -> Tensor:
        if self._dropout is None or not self._dropout.embedding:
            return table
        return table * self._keep((len(table), 1), self._dropout.embedding)

    def sequence(self, x_BTH: Tensor, where: str) -> Tensor:
        p: float = getattr(self._dropout, where) if self._dropout else 0.0
        return x_BTH * self._keep((x_BTH.shape[0], 1, x_BTH.shape[2]), p) if p else x_BTH

    def recurrent(
        self, layer: nn.Module, x_BTH: Tensor, state: tuple[Tensor, Tensor] | None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        if self._dropout is None or not self._dropout.weights:
            output: tuple[Tensor, tuple[Tensor, Tensor]] = layer(x_BTH, state)
            return output
        weight = layer.get_parameter("weight_hh_l0")
        dropped = weight * self._keep(tuple(weight.shape), self._dropout.weights)
        output = functional_call(layer, {"weight_hh_l0": dropped}, (x_BTH, state))
        return output


def masked_log_probabilities(logits: Tensor, allowed: Tensor) -> Tensor:
    """log p over the last dimension, renormalised over the ids that the grammar allows (bool, same shape)."""
    return logits.float().masked_fill(~allowed, float("-inf")).log_softmax(dim=-1)

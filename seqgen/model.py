"""The one model: embedded ids and context, stacked recurrent layers, a head tied to the embedding. It knows sizes, not
meanings.

Shapes: B sequences, T positions, F context features, V ids, H width, C context width.

After Press & Wolf 2017 (tied embeddings), Gal & Ghahramani 2016 (variational dropout),
Merity et al. 2018 (weight-drop), Jozefowicz et al. 2015 (forget bias).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  the field's own name

from seqgen.cells import CELLS, LSTM, Cell, LayerState
from seqgen.core.context import Feature

State = list[LayerState]  # per layer


@dataclass(frozen=True)
class Dropout:
    """Shares of what is dropped in training, one mask per sequence for all its positions.

    embedding: whole ids of the vocabulary. features: whole context features. inputs: of the first layer.
    layers: of each layer's output. perceptron: within the one above the layers. weights: of the recurrent matrices
    (weight-drop).
    """

    embedding: float = 0.0
    features: float = 0.0
    inputs: float = 0.0
    layers: float = 0.0
    perceptron: float = 0.0
    weights: float = 0.0


class SequenceModel(nn.Module):
    """Scores of the next id, given the ids and context so far.

    `forward` reads at each position the *previous* id (`begin`, which is V, before the first) and the context row of
    the position to be predicted. The context enters below the first layer, and again above the last, where a
    perceptron of two layers joins it with what the layers say. Features with classes add a score for each id's class,
    those that are an id a score for that id.
    """

    offsets: Tensor
    embedded: Tensor

    def __init__(
        self, n_ids: int, features: Sequence[Feature], width: int, n_layers: int, cell: str = LSTM.name
    ) -> None:
        super().__init__()
        self.cell = CELLS[cell]
        H, C, M, V = width, 2 * width // 3, 4 * width // 3, n_ids
        self.width, self.n_ids, self.begin = H, V, V
        self.embedding = nn.Embedding(V + 1, H)
        self.layers = nn.ModuleList(self.cell.new_layer(H) for _ in range(n_layers))
        self.bias = nn.Parameter(torch.zeros(V))

        embedded = [i for i, f in enumerate(features) if f.embedded]
        sizes = [features[i].size for i in embedded]
        self.register_buffer("embedded", torch.tensor(embedded, dtype=torch.long), persistent=False)
        self.register_buffer("offsets", torch.tensor([0, *sizes]).cumsum(0)[:-1], persistent=False)
        if embedded:  # one table: each row is what enters the first layer and what joins the last
            self.context = nn.Embedding(sum(sizes), H + C)
            self.join = nn.Linear(C + H, M)
            self.deepen = nn.Linear(M, M)
            self.leave = nn.Linear(M, H)
        self.seen_from = [i for i, f in enumerate(features) if not f.embedded]
        self.class_heads = nn.ModuleList(nn.Linear(H, features[i].n_classes) for i in self.seen_from)
        for i in self.seen_from:
            classes = features[i].classes  # None: the feature's value is itself the id that is scored
            seen = None if classes is None else torch.as_tensor(classes).long()
            self.register_buffer(f"classes{i}", seen, persistent=False)
        self._initialise()

    def _initialise(self) -> None:
        H = self.width
        nn.init.normal_(self.embedding.weight, std=0.1)
        if len(self.embedded):
            nn.init.normal_(self.context.weight[:, :H], std=0.1 * (8 / max(8, len(self.embedded))) ** 0.5)
            nn.init.normal_(self.context.weight[:, H:], std=0.1)
        for head in self.class_heads:
            nn.init.normal_(head.get_parameter("weight"), std=0.05)
        for layer in self.layers:
            self.cell.initialise(layer)

    def forward(
        self,
        previous_BT: Tensor,
        context_BTF: Tensor,
        state: State | None = None,
        *,
        dropout: Dropout | None = None,
        generator: torch.Generator | None = None,
        rows: tuple[Tensor, Tensor] | None = None,
        asked: Tensor | None = None,
    ) -> tuple[Tensor, State]:
        """logits_BTV and the state after the last position. `dropout` (training only) draws from `generator`.

        rows: some rows of the context table, and int64 [B, T, F] which of them each embedded feature names: gradients
        are then of these alone. asked: int64 [N], positions b * T + t: the logits are then [N, V], of these alone.
        """
        drop = _Masks(dropout or Dropout(), generator, previous_BT)
        x_BTH, beside_BTC, following = self._read(previous_BT, context_BTF, state, drop, rows)
        sequence = None  # of each position, where some are asked
        if asked is not None:
            sequence = asked // x_BTH.shape[1]
            x_BTH, context_BTF = (values.flatten(0, 1)[asked] for values in (x_BTH, context_BTF))
            beside_BTC = None if beside_BTC is None else beside_BTC.flatten(0, 1)[asked]
        x_BTH = self._join(x_BTH, beside_BTC, drop, sequence)
        logits_BTV = F.linear(x_BTH, self.embedding.weight[: self.n_ids], self.bias)
        for i, head in zip(self.seen_from, self.class_heads, strict=True):
            classes, value_BT = getattr(self, f"classes{i}"), context_BTF[..., i]
            if classes is None:
                none_BT1 = (value_BT == self.n_ids)[..., None]
                score_BT1 = head(x_BTH).masked_fill(none_BT1, 0).to(logits_BTV.dtype)
                logits_BTV = logits_BTV.scatter_add(-1, value_BT[..., None].masked_fill(none_BT1, 0), score_BT1)
            else:
                classes_BTn = classes[value_BT]
                logits_BTV[..., : classes_BTn.shape[-1]] += head(x_BTH).gather(-1, classes_BTn)
        return logits_BTV, following

    def known(self, previous_BT: Tensor, context_BTF: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """[B, T, n_known] what the model knows at each position: what the layers say, the context, and what the scores
        of ids are read off; and the state, as `forward` has it."""
        drop = _Masks(Dropout(), None, previous_BT)
        x_BTH, beside_BTC, following = self._read(previous_BT, context_BTF, state, drop, None)
        if beside_BTC is None:
            return x_BTH, following
        return torch.cat([x_BTH, beside_BTC, self._join(x_BTH, beside_BTC, drop)], dim=-1), following

    @property
    def n_known(self) -> int:
        """Numbers that enter the first layer: what is known at a position."""
        return self.width + (self.context.weight.shape[1] if len(self.embedded) else 0)

    def _read(
        self,
        previous_BT: Tensor,
        context_BTF: Tensor,
        state: State | None,
        drop: _Masks,
        rows: tuple[Tensor, Tensor] | None,
    ) -> tuple[Tensor, Tensor | None, State]:
        """What the layers say, the context beside it, and the state."""
        x_BTH = F.embedding(previous_BT, drop.rows(self.embedding.weight))
        beside_BTC = None
        if len(self.embedded):
            below_BTH, beside_BTC = self._embed(context_BTF, drop, rows)
            x_BTH = x_BTH + below_BTH
        x_BTH = drop.sequence(x_BTH, drop.shares.inputs)
        following: State = []
        for i, layer in enumerate(self.layers):
            y_BTH, after = drop.recurrent(self.cell, layer, x_BTH, None if state is None else state[i])
            following.append(after)
            x_BTH = drop.sequence(y_BTH if i == 0 else x_BTH + y_BTH, drop.shares.layers)
        return x_BTH, beside_BTC, following

    def _join(self, x_BTH: Tensor, beside_BTC: Tensor | None, drop: _Masks, sequence_N: Tensor | None = None) -> Tensor:
        """What the scores of ids are read off. sequence: which one each position is of, where some are asked."""
        if beside_BTC is None:
            return x_BTH
        p = drop.shares.perceptron
        y_BTM = F.relu(self.join(torch.cat([beside_BTC, x_BTH], dim=-1)))
        y_BTM = y_BTM + F.relu(self.deepen(drop.sequence(y_BTM, p, sequence_N)))
        joined_BTH: Tensor = x_BTH + self.leave(drop.sequence(y_BTM, p, sequence_N))
        return joined_BTH

    def _embed(self, context_BTF: Tensor, drop: _Masks, rows: tuple[Tensor, Tensor] | None) -> tuple[Tensor, Tensor]:
        table, bags_BTF = rows or (self.context.weight, context_BTF[..., self.embedded] + self.offsets)
        B, T, n = bags_BTF.shape
        weights_BTF = drop.features(B, T, n)
        weights = None if weights_BTF is None else weights_BTF.view(B * T, n)
        both = F.embedding_bag(bags_BTF.reshape(B * T, n), table, mode="sum", per_sample_weights=weights)
        both_BTE = both.view(B, T, -1)
        return both_BTE[..., : self.width], both_BTE[..., self.width :]

    def start(self, batch: int) -> State:
        """The state before the first id."""
        return [self.cell.start(self.bias, batch, self.width) for _ in self.layers]

    @property
    def n_parameters(self) -> int:
        """How many numbers are learned."""
        return sum(p.numel() for p in self.parameters())


class _Masks:
    """Dropout masks, drawn from a given generator, so that they are a function of (seed, step)."""

    def __init__(self, shares: Dropout, generator: torch.Generator | None, like: Tensor) -> None:
        self.shares = shares
        self._generator = generator
        self._device, self._n = like.device, len(like)

    def _keep(self, shape: tuple[int, ...], p: float) -> Tensor:
        keep = torch.empty(shape, device=self._device)
        return keep.bernoulli_(1 - p, generator=self._generator).div_(1 - p)

    def rows(self, table: Tensor) -> Tensor:
        p = self.shares.embedding
        return table * self._keep((len(table), 1), p) if p else table

    def features(self, B: int, T: int, n: int) -> Tensor | None:
        p = self.shares.features
        return self._keep((B, 1, n), p).expand(B, T, n).contiguous() if p else None

    def sequence(self, x_BTH: Tensor, p: float, sequence_N: Tensor | None = None) -> Tensor:
        """sequence: which one each position is of, where x is [N, H]."""
        if not p:
            return x_BTH
        keep_BH = self._keep((self._n, x_BTH.shape[-1]), p)
        return x_BTH * (keep_BH[:, None] if sequence_N is None else keep_BH[sequence_N])

    def recurrent(
        self, cell: Cell, layer: nn.Module, x_BTH: Tensor, state: LayerState | None
    ) -> tuple[Tensor, LayerState]:
        p = self.shares.weights
        if not p:
            return cell.run(layer, x_BTH, state)
        weight = layer.get_parameter("weight_hh_l0")
        return cell.run(layer, x_BTH, state, weight * self._keep(tuple(weight.shape), p))


def masked_log_probabilities(logits: Tensor, allowed: Tensor) -> Tensor:
    """log p over the last dimension, renormalised over the ids that the grammar allows (bool, same shape)."""
    return logits.float().masked_fill(~allowed, float("-inf")).log_softmax(dim=-1)

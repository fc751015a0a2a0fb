"""Dynamic evaluation: a model that goes on learning from what it has just been scored on (Krause et al. 2018).

It adapts to the text at hand and is reported apart from the plain number: the weights that predict an id have seen
all ids before it, and none after.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from seqgen.cells import detached
from seqgen.core.tokenizer import Tokenizer
from seqgen.corpus.batches import Batch, whole
from seqgen.model import SequenceModel, State, masked_log_probabilities

Ids = npt.NDArray[np.int32]


@dataclass(frozen=True)
class DynamicSettings:
    """segment: ids scored before each update. rate: of the updates. decay: how fast weights return to the trained
    ones. statistics: training segments over which squared gradients are averaged."""

    segment: int = 32
    rate: float = 2e-4
    decay: float = 1e-3
    statistics: int = 200


def dynamic_log_probabilities(
    model: SequenceModel,
    tokenizer: Tokenizer[Any],
    pieces: Sequence[Ids],
    train: Sequence[Ids],
    settings: DynamicSettings | None = None,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> list[npt.NDArray[np.float32]]:
    """float32 [T] for each piece: ln p(id | before); the model passed stays as it is.

    Weights carry over from piece to piece, the layers' state does not. Updates are the RMS rule of the paper: gradients
    are divided by the root of their mean square on training segments, and each weight returns to the trained one the
    faster the larger that root is.
    """
    s = settings or DynamicSettings()
    adapting = copy.deepcopy(model).eval().requires_grad_(True)
    masks = torch.from_numpy(tokenizer.grammar.masks.copy()).to(model.bias.device)
    trained = [p.detach().clone() for p in adapting.parameters()]
    root = _root_mean_squares(adapting, tokenizer, train, masks, s)
    middle = sum(float(r.sum()) for r in root) / max(1, sum(int((r > 0).sum()) for r in root))
    returning = [(s.decay * r / middle).clamp(max=1.0) for r in root]
    epsilon = middle  # what hardly ever moved in training moves no faster than the rest
    done, total = 0, sum(map(len, pieces))
    found = []
    for piece in pieces:
        batch, state, values = whole(piece, tokenizer), adapting.start(1), np.zeros(len(piece), np.float32)
        for start in range(0, len(piece), s.segment):
            part = slice(start, start + s.segment)
            log_p, state = _score(adapting, batch, part, state, masks)
            values[part] = log_p.detach().cpu().numpy()
            _gradients(adapting, log_p)
            with torch.no_grad():
                for p, first, r, back in zip(adapting.parameters(), trained, root, returning, strict=True):
                    if p.grad is not None:
                        p.sub_(s.rate * p.grad / (r + epsilon)).add_(back * (first - p))
            done += len(values[part])
            report(done, total)
        found.append(values)
    return found


def _root_mean_squares(
    model: SequenceModel, tokenizer: Tokenizer[Any], train: Sequence[Ids], masks: Tensor, s: DynamicSettings
) -> list[Tensor]:
    """Of the gradients on segments spread over the training pieces."""
    lengths = np.array([len(piece) for piece in train])
    total = [torch.zeros_like(p) for p in model.parameters()]
    places = np.linspace(0, lengths.sum() - 1, s.statistics, endpoint=False).astype(np.int64)
    batches: dict[int, Batch] = {}
    for place in places:
        i = int(np.searchsorted(np.cumsum(lengths), place, side="right"))
        at = int(place - lengths[:i].sum())
        batch = batches.setdefault(i, whole(train[i], tokenizer))
        begin = max(0, at - 4 * s.segment)  # read first, so that the state is one of the middle of a piece
        with torch.no_grad():
            _, state = _score(model, batch, slice(begin, at), model.start(1), masks)
        log_p, _ = _score(model, batch, slice(at, at + s.segment), state, masks)
        _gradients(model, log_p)
        for sum_of_squares, p in zip(total, model.parameters(), strict=True):
            if p.grad is not None:
                sum_of_squares += p.grad**2
    return [(t / s.statistics).sqrt() for t in total]


def _score(model: SequenceModel, batch: Batch, part: slice, state: State, masks: Tensor) -> tuple[Tensor, State]:
    """ln p of the ids of a part of a piece, and the state after it, cut off from what went before."""
    if part.start == part.stop:
        return model.bias.new_zeros(0), state
    device = model.bias.device
    previous, context, states, ids = (
        torch.from_numpy(np.ascontiguousarray(values[:, part])).to(device)
        for values in (batch.previous, batch.context, batch.states, batch.ids)
    )
    logits, after = model(previous, context, detached(state))
    log_p = masked_log_probabilities(logits, masks[states])
    return log_p.gather(-1, ids[..., None])[0, :, 0], after


def _gradients(model: SequenceModel, log_p: Tensor) -> None:
    """Of the mean nats; those of before are dropped."""
    model.zero_grad(set_to_none=True)
    if log_p.requires_grad:
        (-log_p.mean()).backward()  # type: ignore[no-untyped-call]  # torch states no types here

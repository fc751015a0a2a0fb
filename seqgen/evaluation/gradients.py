"""How far back a model's layers reach: the gradient of an id's nats with respect to what was read long before it.

Where gradients vanish with distance (Hochreiter 1991, Bengio et al. 1994) training cannot tell a layer to remember;
gates are there to keep them alive.

Shapes: N places, T positions, H width, K distances.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from seqgen.core.errors import CorpusError
from seqgen.core.tokenizer import Ids, Tokenizer
from seqgen.corpus.batches import Batch, padded, whole
from seqgen.model import SequenceModel, masked_log_probabilities

WARM_UP = 64  # ids read before the farthest distance, so that the state is one of the middle of a piece
_AT_ONCE = 8192  # positions
_FEWEST = 64  # places that are worth a mean; with fewer, shorter distances are looked at


@dataclass(frozen=True)
class Places:
    """Where to look back from: ids at position `at` [N] of piece `of` [N], `distance` positions back, after `warm_up`
    ids before those."""

    of: npt.NDArray[np.intp]
    at: npt.NDArray[np.intp]
    distance: int
    warm_up: int

    def __len__(self) -> int:
        return len(self.at)


def choose_places(
    pieces: Sequence[Ids], scored: npt.NDArray[np.bool_], distance: int, count: int, seed: int = 0
) -> Places:
    """Scored ids at random that have enough ids before them. Where pieces are short there is no warm-up, and where they
    are shorter still one looks less far back. Raises CorpusError where there is nothing to look back at."""
    spots = [np.flatnonzero(scored[piece]) for piece in pieces]
    of, at = np.repeat(np.arange(len(pieces)), [len(spot) for spot in spots]), np.concatenate([[], *spots]).astype(int)
    distance, warm_up = min(distance, int(at.max(initial=0))), WARM_UP
    while (at >= distance + warm_up).sum() < _FEWEST and distance > 1:
        distance, warm_up = distance if warm_up else max(1, distance * 3 // 4), 0
    far = np.flatnonzero(at >= max(1, distance) + warm_up)
    if not len(far):
        raise CorpusError("These pieces are too short to look back in.", "Give longer ones with --file.")
    chosen = np.sort(np.random.default_rng(seed).permutation(far)[:count])
    return Places(of[chosen], at[chosen], distance, warm_up)


def gradient_norms(
    model: SequenceModel,
    tokenizer: Tokenizer[Any],
    pieces: Sequence[Ids],
    places: Places,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> npt.NDArray[np.float64]:
    """float64 [N, distance + 1]: at place n, the norm of d(−ln p(id)) / d(what the first layer read k positions before
    that id was predicted), for k from 0."""
    wholes = {int(i): whole(pieces[i], tokenizer) for i in np.unique(places.of)}
    found, at_once = [], max(1, _AT_ONCE // (places.distance + 1))
    for start in range(0, len(places), at_once):
        some = slice(start, start + at_once)
        parts = [slice(at - places.distance - places.warm_up, at + 1) for at in places.at[some].tolist()]
        batch = padded([wholes[i] for i in places.of[some].tolist()], parts)
        found.append(_norms(model, tokenizer, batch, places.warm_up))
        report(min(start + at_once, len(places)), len(places))
    return np.concatenate(found)


def _norms(model: SequenceModel, tokenizer: Tokenizer[Any], batch: Batch, warm_up: int) -> npt.NDArray[np.float64]:
    """[B, K]: of the gradient of the nats of each sequence's last id with respect to what was read, backwards."""
    device = model.bias.device
    previous, context, ids = (torch.from_numpy(v).to(device) for v in (batch.previous, batch.context, batch.ids))
    masks = torch.from_numpy(tokenizer.grammar.masks[batch.states[:, -1]]).to(device)
    state, read = None, list[Tensor]()
    if warm_up:
        with torch.no_grad():
            _, state = model.known(previous[:, :warm_up], context[:, :warm_up])

    def keep(layer: torch.nn.Module, given: tuple[Any, ...]) -> tuple[Any, ...]:
        read.append(given[0].detach().requires_grad_())
        return (read[0], *given[1:])

    hook = model.layers[0].register_forward_pre_hook(keep)
    B, T = len(ids), ids.shape[1] - warm_up
    try:
        last = torch.arange(1, B + 1, device=device) * T - 1
        logits_BV, _ = model(previous[:, warm_up:], context[:, warm_up:], state, asked=last)
    finally:
        hook.remove()
    log_p_BV = masked_log_probabilities(logits_BV, masks)
    nats = -log_p_BV.gather(-1, ids[:, -1:]).sum()  # no sequence reads another
    (gradient_BTH,) = torch.autograd.grad(nats, read)
    norms: npt.NDArray[np.float64] = gradient_BTH.double().norm(dim=-1).cpu().numpy()
    return norms[:, ::-1]


def relative(norms_NK: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """[K]: the mean over places, as a share of the one at distance 0."""
    mean = norms_NK.mean(axis=0)
    return np.asarray(mean / max(mean[0], 1e-300))


def reach(relative_K: npt.NDArray[np.float64], share: float = 0.01) -> int | None:
    """The distance from which on gradients stay below that share; None where they do not within those looked at."""
    above = np.flatnonzero(~(relative_K < share))
    return None if len(above) and above[-1] == len(relative_K) - 1 else int(above[-1]) + 1

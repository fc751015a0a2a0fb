"""Nats of whole pieces under the masked distribution: what validation, evaluation and scoring share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from seqgen.core.tokenizer import Tokenizer
from seqgen.corpus.batches import padded
from seqgen.model import SequenceModel, masked_log_probabilities

Ids = npt.NDArray[np.int32]
CHUNK = 512  # positions scored at once; the state is carried on
BATCH_TOKENS = 32_768


def piece_log_probabilities(
    model: SequenceModel,
    tokenizer: Tokenizer[Any],
    pieces: Sequence[Ids],
    see: Callable[[int, npt.NDArray[np.float32], slice], None] | None = None,
) -> list[npt.NDArray[np.float32]]:
    """float32 [T] for each piece: ln p(id | before) of every id, under the grammar's mask, from a fresh state.

    see(i, log_probabilities_TV, positions) is shown the whole distribution of piece i, part by part.
    """
    found: list[npt.NDArray[np.float32]] = [np.zeros(0, np.float32)] * len(pieces)
    masks = torch.from_numpy(tokenizer.grammar.masks.copy())
    for group in _groups(pieces):
        batch = padded([pieces[i] for i in group], tokenizer)
        parts = []
        state = model.start(len(group))
        for start in range(0, batch.ids.shape[1], CHUNK):
            part = slice(start, start + CHUNK)
            log_p, state = _chunk(model, masks, batch, part, state)
            ids = torch.from_numpy(batch.ids[:, part])
            parts.append(log_p.gather(-1, ids[..., None].to(log_p.device))[..., 0].cpu().numpy())
            if see is not None:
                for row, i in enumerate(group):
                    n = min(len(pieces[i]) - start, ids.shape[1])
                    if n > 0:
                        see(i, log_p[row, :n].cpu().numpy(), slice(start, start + n))
        rows = np.concatenate(parts, axis=1)
        for row, i in enumerate(group):
            found[i] = rows[row, : len(pieces[i])]
    return found


@torch.inference_mode()
def _chunk(model: SequenceModel, masks: Any, batch: Any, part: slice, state: Any) -> tuple[torch.Tensor, Any]:
    device = model.bias.device
    previous, context, states = (
        torch.from_numpy(np.ascontiguousarray(values[:, part])).to(device)
        for values in (batch.previous, batch.context, batch.states)
    )
    logits, state = model(previous, context, state)
    return masked_log_probabilities(logits, masks.to(device)[states]), state


def nats_per_id(model: SequenceModel, tokenizer: Tokenizer[Any], pieces: Sequence[Ids]) -> float:
    """Mean nats of the scored ids of these pieces."""
    log_p = piece_log_probabilities(model, tokenizer, pieces)
    return mean_nats(log_p, pieces, tokenizer)


def mean_nats(log_p: Iterable[npt.NDArray[np.floating]], pieces: Sequence[Ids], tokenizer: Tokenizer[Any]) -> float:
    """From log-probabilities of every id to mean nats of the scored ones."""
    total, count = 0.0, 0
    for values, ids in zip(log_p, pieces, strict=True):
        scored = tokenizer.vocabulary.scored[ids]
        total -= float(values[scored].sum(dtype=np.float64))
        count += int(scored.sum())
    return total / max(1, count)


def _groups(pieces: Sequence[Ids]) -> Iterator[list[int]]:
    """Pieces of like length together, at most BATCH_TOKENS with padding."""
    order = sorted(range(len(pieces)), key=lambda i: len(pieces[i]))
    group: list[int] = []
    for i in order:
        if group and (len(group) + 1) * len(pieces[i]) > BATCH_TOKENS:
            yield group
            group = []
        group.append(i)
    if group:
        yield group

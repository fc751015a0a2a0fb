"""What may come after a piece."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from seqgen.core.tokenizer import Ids, Tokenizer
from seqgen.model import SequenceModel, masked_log_probabilities

_RARE = 1e-3  # ways less likely are not followed


@torch.inference_mode()
def next_probabilities(model: SequenceModel, tokenizer: Tokenizer[Any], template: Ids) -> npt.NDArray[np.float32]:
    """float32 [V]: the probability of each id after a template, under the grammar's mask; free ids of the template
    are taken to be unknown. Ids that a prediction looks through (`tokenizer.passed`) have none: each leads on to what
    comes behind it, so that an action's probability is that whoever acts."""
    passed = np.array([kind in tokenizer.passed for kind in tokenizer.vocabulary.types])
    found = np.zeros(len(passed), np.float32)
    ways = [(1.0, _without_gaps(tokenizer, template))]
    while ways:
        p = _following(model, tokenizer, [ids for _, ids in ways]) * np.array([[p] for p, _ in ways], np.float32)
        found += np.where(passed, 0, p).sum(axis=0)
        ways = [(float(p[w, i]), np.append(ways[w][1], i)) for w, i in np.argwhere(passed & (p > _RARE))]
    total: npt.NDArray[np.float32] = found / found.sum()
    return total


def _following(model: SequenceModel, tokenizer: Tokenizer[Any], sequences: list[Ids]) -> npt.NDArray[np.float32]:
    """float32 [n, V] after sequences of one length."""
    ids_NT = np.stack(sequences).astype(np.int64)
    previous = np.concatenate([np.full((len(ids_NT), 1), model.begin), ids_NT], axis=1)
    context = np.stack([tokenizer.context.of(ids) for ids in ids_NT]).astype(np.int64)
    states = np.array([tokenizer.grammar.states(ids)[-1] for ids in ids_NT])
    device = model.bias.device
    logits, _ = model(torch.from_numpy(previous).to(device), torch.from_numpy(context).to(device))
    allowed = torch.from_numpy(tokenizer.grammar.masks[states])
    p: npt.NDArray[np.float32] = masked_log_probabilities(logits[:, -1].cpu(), allowed).exp().numpy()
    return p


def _without_gaps(tokenizer: Tokenizer[Any], template: Ids) -> Ids:
    """A template whose free header values are said to be unknown."""
    ids, state = template.copy(), tokenizer.grammar.start(1)
    for t in range(len(ids)):
        if ids[t] < 0:
            ids[t] = tokenizer.unknown_of[np.flatnonzero(tokenizer.grammar.mask(state)[0])[0]]
        state = tokenizer.grammar.advance(state, ids[t : t + 1])
    return ids

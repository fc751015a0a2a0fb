"""What may come after a piece."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from seqgen.core.tokenizer import Ids, Tokenizer
from seqgen.model import SequenceModel, masked_log_probabilities


@torch.inference_mode()
def next_probabilities(model: SequenceModel, tokenizer: Tokenizer[Any], template: Ids) -> npt.NDArray[np.float32]:
    """float32 [V]: the probability of each id after a template, under the grammar's mask; free ids of the template
    are taken to be unknown."""
    ids = _without_gaps(tokenizer, template)
    previous = np.concatenate([[model.begin], ids]).astype(np.int64)
    context = tokenizer.context.of(ids).astype(np.int64)
    device = model.bias.device
    logits, _ = model(torch.from_numpy(previous)[None].to(device), torch.from_numpy(context)[None].to(device))
    allowed = torch.from_numpy(tokenizer.grammar.masks[tokenizer.grammar.states(ids)[-1]].copy())
    found: npt.NDArray[np.float32] = masked_log_probabilities(logits[0, -1].cpu(), allowed).exp().numpy()
    return found


def _without_gaps(tokenizer: Tokenizer[Any], template: Ids) -> Ids:
    """A template whose free header values are said to be unknown."""
    ids, state = template.copy(), tokenizer.grammar.start(1)
    for t in range(len(ids)):
        if ids[t] < 0:
            ids[t] = tokenizer.unknown_of[np.flatnonzero(tokenizer.grammar.mask(state)[0])[0]]
        state = tokenizer.grammar.advance(state, ids[t : t + 1])
    return ids

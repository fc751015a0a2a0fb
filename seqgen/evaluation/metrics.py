"""Numbers of a model on held-out pieces: scored ids only, under the grammar's mask."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from seqgen.core.tokenizer import Tokenizer
from seqgen.model import SequenceModel
from seqgen.training.validation import piece_log_probabilities

Ids = npt.NDArray[np.int32]


def evaluate_pieces(
    model: SequenceModel,
    tokenizer: Tokenizer[Any],
    pieces: Sequence[Ids],
    report: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, Any]:
    """tokens, nats_per_token, bits_per_token, perplexity, accuracy, violations, and nats and share by token type."""
    vocabulary = tokenizer.vocabulary
    right, total_tokens, seen = 0, sum(map(len, pieces)), 0

    def see(i: int, log_p_TV: npt.NDArray[np.float32], part: slice) -> None:
        nonlocal right, seen
        ids = pieces[i][part]
        right += int(((log_p_TV.argmax(axis=1) == ids) & vocabulary.scored[ids]).sum())
        seen += len(ids)
        report(seen, total_tokens)

    found = piece_log_probabilities(model, tokenizer, pieces, see)
    ids = np.concatenate(pieces) if pieces else np.zeros(0, np.int32)
    log_p = np.concatenate(found).astype(np.float64) if found else np.zeros(0)
    scored = vocabulary.scored[ids]
    n = int(scored.sum())
    nats = -float(log_p[scored].mean()) if n else 0.0
    types = np.array(vocabulary.types)[ids]
    by_type = {
        kind: {
            "tokens": int((types == kind).sum()),
            "nats_per_token": round(-float(log_p[types == kind].mean()), 4),
        }
        for kind in dict.fromkeys(types[scored].tolist())
    }
    return {
        "pieces": len(pieces),
        "tokens": n,
        "nats_per_token": round(nats, 4),
        "bits_per_token": round(nats / math.log(2), 4),
        "perplexity": round(math.exp(nats), 3),
        "accuracy": round(right / max(1, n), 4),
        "by_type": by_type,
        "violations": sum(len(tokenizer.grammar.violations(piece)) for piece in pieces),
    }


def in_units(nats: float, sizes: Mapping[str, float]) -> dict[str, float]:
    """nats_per_note, bits_per_note … of what is so many notes … long."""
    found: dict[str, float] = {}
    for unit, n in sizes.items():
        per = nats / n if n else 0.0
        found |= {f"nats_per_{unit}": per, f"bits_per_{unit}": per / math.log(2)}
    return found


def total_sizes(tokenizer: Tokenizer[Any], pieces: Sequence[Ids]) -> dict[str, float]:
    """`Tokenizer.sizes` of all these pieces together."""
    total: Counter[str] = Counter()
    for ids in pieces:
        total.update(tokenizer.sizes(ids))
    return {unit: int(n) if n == int(n) else float(n) for unit, n in total.items()}


def in_plural(sizes: Mapping[str, float]) -> dict[str, float]:
    """notes, sixteenths …: as they are called in what is reported."""
    return {f"{unit}s": n for unit, n in sizes.items()}

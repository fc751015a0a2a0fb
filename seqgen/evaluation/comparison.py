"""A model's numbers on some pieces, beside those of baselines that know its training pieces."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from seqgen.core.tokenizer import Tokenizer
from seqgen.evaluation.baselines import baseline_nats
from seqgen.evaluation.copying import copying
from seqgen.evaluation.dynamic import dynamic_log_probabilities
from seqgen.evaluation.ensemble import ensemble_log_probabilities
from seqgen.evaluation.metrics import evaluate_pieces, in_plural, in_units, total_sizes
from seqgen.model import SequenceModel
from seqgen.training.validation import mean_nats

Ids = npt.NDArray[np.int32]
Report = Callable[[str, int, int], None]


def compare(
    model: SequenceModel,
    tokenizer: Tokenizer[Any],
    train: Sequence[Ids],
    pieces: Sequence[Ids],
    samples: Sequence[Ids] = (),
    *,
    dynamic: bool = False,
    ensemble: bool = False,
    report: Report = lambda what, done, total: None,
) -> dict[str, Any]:
    """Everything of `evaluate_pieces`; the units that the tokenizer counts in, such as notes, with nats and bits by
    each; baselines: name -> nats and bits by the token and by those; copying, where there are samples: how much of the
    pieces, and of the samples, stands in the training pieces; dynamic, ensemble: nats and bits of dynamic evaluation,
    and of the mean over augmentations, if asked for.

    report(what, done, total) says how it goes.
    """
    numbers = evaluate_pieces(model, tokenizer, pieces, lambda done, total: report("scoring", done, total))
    sizes = total_sizes(tokenizer, pieces)

    def nats(per_token: float) -> dict[str, float]:
        found = {"nats_per_token": per_token, "bits_per_token": per_token / math.log(2)}
        return {k: round(v, 4) for k, v in (found | in_units(per_token * numbers["tokens"], sizes)).items()}

    report("counting n-grams", 0, 1)
    baselines = baseline_nats(tokenizer, train, {"pieces": pieces})
    report("counting n-grams", 1, 1)
    found: dict[str, Any] = {
        **numbers,
        **in_plural(sizes),
        **in_units(numbers["nats_per_token"] * numbers["tokens"], sizes),
        "baselines": {name: nats(values["pieces"]) for name, values in baselines.items()},
    }
    if samples:
        report("looking for copies", 0, 1)
        found["copying"] = {"held_out": copying(train, pieces), "samples": copying(train, samples)}
        report("looking for copies", 1, 1)
    if dynamic:
        log_p = dynamic_log_probabilities(
            model, tokenizer, pieces, train, report=lambda done, total: report("adapting", done, total)
        )
        found["dynamic"] = nats(mean_nats(log_p, pieces, tokenizer))
    if ensemble:
        together = ensemble_log_probabilities(
            model, tokenizer, pieces, report=lambda done, total: report("re-writing", done, total)
        )
        found["ensemble"] = nats(mean_nats(together, pieces, tokenizer))
    return found

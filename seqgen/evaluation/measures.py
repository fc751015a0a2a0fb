"""What a domain measures of pieces: training pieces, held-out ones and samples side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from seqgen.core.domain import Domain
from seqgen.core.metrics import Metrics, mean, overlap, shares
from seqgen.core.tokenizer import Tokenizer
from seqgen.evaluation.copying import contour_copying

Ids = npt.NDArray[np.int32]
_MEASURED = 2_000_000  # ids of training pieces
SETS = ("train", "held_out", "samples")


def measure(
    domain: Domain,
    tokenizer: Tokenizer[Any],
    train: Sequence[Ids],
    pieces: Sequence[Ids],
    samples: Sequence[Ids],
    copied: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """metrics and histograms of the three, and copying, which is `copied` and that of contours, as the domain has
    such; of a large corpus some training pieces stand for all.

    Metrics are means over pieces; *_distance: of that mean from the training pieces', in their standard deviations.
    Of histograms it is said how much of them overlaps the training pieces'.
    """
    found: dict[str, Any] = {}
    if domain.metrics is None and domain.contour is None:
        return found
    whole = {
        name: [tokenizer.decode(ids) for ids in _ended(tokenizer, of)]
        for name, of in zip(SETS, (_some(train), pieces, samples), strict=True)
    }
    if domain.metrics is not None:
        measured = {name: domain.metrics(of, whole["train"]) for name, of in whole.items()}
        found["metrics"] = _side_by_side(measured)
        found["histograms"] = _histograms(measured)
    if domain.contour is not None:
        contours = {name: [domain.contour(piece) for piece in of] for name, of in whole.items()}
        found["copying"] = {
            name: {**copied[name], "contour": contour_copying(contours["train"], contours[name], domain.contour_units)}
            for name in SETS[1:]
        }
    return found


def _some(pieces: Sequence[Ids]) -> Sequence[Ids]:
    """Pieces of about _MEASURED ids in all, evenly chosen."""
    return pieces[:: max(1, -(-sum(map(len, pieces)) // _MEASURED))]


def _ended(tokenizer: Tokenizer[Any], pieces: Sequence[Ids]) -> Sequence[Ids]:
    """Those that are not cut off before their end, where any is whole: how a piece ends is measured too."""
    grammar = tokenizer.grammar
    whole = [ids for ids in pieces if not grammar.masks[grammar.states(ids)[-1]].any()]
    return whole or pieces


def _side_by_side(measured: Mapping[str, Metrics]) -> dict[str, dict[str, float | None]]:
    found = {}
    for name in dict.fromkeys(name for of in measured.values() for name in of.values):
        values = {s: of.values.get(name, np.zeros(0)) for s, of in measured.items()}
        means = {s: mean(v) for s, v in values.items()}
        centre, spread = means["train"], float(np.nanstd(values["train"])) if means["train"] is not None else 0.0
        row = {s: _rounded(m) for s, m in means.items()}
        for s in SETS[1:]:
            m = means[s]
            known = m is not None and centre is not None and spread > 0
            row[f"{s}_distance"] = _rounded((m - centre) / spread) if known else None  # type: ignore[operator]  # known: neither is None
        found[name] = row
    return found


def _histograms(measured: Mapping[str, Metrics]) -> dict[str, dict[str, Any]]:
    """name -> the share of each label in the three, and the overlap of two of them with that of the training pieces."""
    found = {}
    for name, train in measured["train"].histograms.items():
        row: dict[str, Any] = {
            s: {label: round(share, 6) for label, share in shares(of.histograms[name]).items()}
            for s, of in measured.items()
        }
        row["overlap"] = {s: _rounded(overlap(train, measured[s].histograms[name])) for s in SETS[1:]}
        found[name] = row
    return found


def _rounded(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else round(value, 4)

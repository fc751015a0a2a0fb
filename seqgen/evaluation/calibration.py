"""Whether probabilities mean what they say."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
Bools = npt.NDArray[np.bool_]

_SIMULATIONS = 200


def calibration_error(confidence_N: Floats, right_N: Bools, n_bins: int = 15) -> float:
    """Expected calibration error (Naeini et al. 2015) over bins of equal mass: the mean distance between how probable
    the top choice was said to be and how often it was right."""
    order = np.argsort(confidence_N, kind="stable")
    gap = np.asarray(confidence_N, np.float64)[order] - np.asarray(right_N, np.float64)[order]
    return _binned(gap, n_bins) if len(gap) else 0.0


def calibration_excess(confidence_N: Floats, right_N: Bools, n_bins: int = 15, seed: int = 0) -> dict[str, float]:
    """ece; ece_by_chance: what perfectly calibrated probabilities of the same values show, the mean of 200 simulations;
    ece_excess: their difference, not below 0."""
    rng = np.random.default_rng(seed)
    confidence = np.sort(np.asarray(confidence_N, np.float64))
    chance = [
        _binned(confidence - (rng.random(len(confidence)) < confidence), n_bins)
        for _ in range(_SIMULATIONS if len(confidence) else 0)
    ]
    ece, by_chance = calibration_error(confidence_N, right_N, n_bins), float(np.mean(chance)) if chance else 0.0
    return {"ece": ece, "ece_by_chance": by_chance, "ece_excess": max(0.0, ece - by_chance)}


def _binned(gap_N: npt.NDArray[np.float64], n_bins: int) -> float:
    """Mean over bins of the distance from zero of each bin's mean, weighted by its size."""
    parts = np.array_split(gap_N, min(n_bins, len(gap_N)))
    return float(np.sum([np.abs(part.sum()) for part in parts]) / len(gap_N))

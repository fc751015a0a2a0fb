"""How far probabilities are from what they say."""

from __future__ import annotations

import numpy as np

from seqgen.evaluation.calibration import calibration_error, calibration_excess


def test_the_error_is_the_distance_in_each_bin() -> None:
    confidence = np.repeat([0.25, 0.75], 8)
    right = np.array([True, False, False, False] * 2 + [True] * 8)
    assert calibration_error(confidence, right, 2) == 0.125  # 0 in the first, .25 in the second
    assert calibration_error(np.zeros(0), np.zeros(0, bool)) == 0.0


def test_calibrated_probabilities_have_no_excess_and_others_do() -> None:
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0.2, 0.9, 20_000)
    right = rng.random(len(confidence)) < confidence
    good, bad = calibration_excess(confidence, right), calibration_excess(confidence * 0.9, right)
    assert good["ece_excess"] < 0.003 and 0.04 < bad["ece_excess"] < 0.07
    assert 0.003 < good["ece_by_chance"] < 0.01

"""A reliability diagram shows what the numbers say."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqgen.evaluation import picture
from seqgen.evaluation.calibration import reliability
from seqgen.evaluation.picture import draw_reliability, wilson


def test_bins_say_what_was_said_what_came_and_how_many() -> None:
    confidence = np.array([0.05, 0.06, 0.07, 0.08, 0.51, 0.52, 1.0])
    right = np.array([1, 0, 0, 0, 1, 0, 1], bool)
    assert reliability(confidence, right, 10) == [
        {"said": 0.065, "came": 0.25, "n": 4},
        {"said": 0.515, "came": 0.5, "n": 2},
        {"said": 1.0, "came": 1.0, "n": 1},
    ]
    assert reliability(np.zeros(0), np.zeros(0, bool)) == []


def test_the_interval_is_wilsons() -> None:
    """Newcombe (1998): of 263, 81 came: 0.2553 to 0.3662."""
    middle, half = wilson(81 / 263, 263)
    assert (round(middle - half, 4), round(middle + half, 4)) == (0.2553, 0.3662)
    middle, half = wilson(np.array([0.0, 1.0]), np.array([20.0, 20.0]))
    assert middle[0] - half[0] == pytest.approx(0) and middle[1] + half[1] == pytest.approx(1)


def numbers() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    confidence = np.append(rng.uniform(0.2, 0.9, 2997), [0.97, 0.98, 0.99])
    right = rng.random(3000) < confidence
    bins, before = reliability(confidence, right), reliability(confidence * 0.8, right)
    field = {"tokens": 3000, "ece": 0.01, "ece_by_chance": 0.009, "ece_excess": 0.001, "reliability": bins}
    field["uncalibrated"] = {"nats": 1.0, "ece_excess": 0.1, "reliability": before}
    return {"run": "runs/one", "split": "test", "main": "Outcome", "fields": {"Outcome": field}}


def drawn(found: dict[str, Any], path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    kept = []
    monkeypatch.setattr(picture, "write_picture", lambda figure, path: kept.append(figure))
    draw_reliability(found, path)
    return kept[0]


def test_the_diagram_draws_both_curves_and_the_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = numbers()
    figure = drawn(found, tmp_path / "out.png", monkeypatch)
    upper, lower = figure.axes
    before, after = (container.lines[0].get_xydata().tolist() for container in upper.containers)
    field = found["fields"]["Outcome"]
    assert after == [[b["said"], b["came"]] for b in field["reliability"][:-1]]  # the last holds three
    assert before == [[b["said"], b["came"]] for b in field["uncalibrated"]["reliability"][:-1]]
    assert [bar.get_height() for bar in lower.patches] == [b["n"] for b in field["reliability"]]
    assert all(
        bar.get_x() <= b["said"] <= bar.get_x() + 0.05
        for bar, b in zip(lower.patches, field["reliability"], strict=True)
    )
    texts = " ".join(text.get_text() for text in (*figure.texts, *upper.get_legend().get_texts()))
    assert all(word in texts for word in ("Outcome", "3,000 events of test", "0.0100", "0.1000", "0.0010", "run one"))


def test_without_temperatures_there_is_one_curve(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = copy.deepcopy(numbers())
    field = found["fields"]["Outcome"]
    field["reliability"] = field["uncalibrated"]["reliability"]
    assert len(drawn(found, tmp_path / "out.png", monkeypatch).axes[0].containers) == 1


def test_the_file_is_written(tmp_path: Path) -> None:
    draw_reliability(numbers(), tmp_path / "out.svg")
    assert b"</svg>" in (tmp_path / "out.svg").read_bytes()

"""A change of the arithmetic, the batches, the context or a tokenizer shows here first; see tests/golden."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parents[1] / "golden"
_spec = importlib.util.spec_from_file_location("make_losses", GOLDEN / "make_losses.py")
assert _spec is not None and _spec.loader is not None
make_losses = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(make_losses)

FAST = ("midi", "midi-gru", "midi-rnn")


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=() if n in FAST else pytest.mark.slow) for n in make_losses.CASES]
)
def test_the_first_losses_are_the_golden_ones(
    name: str, forked_workers: None, same_arithmetic: Callable[[str], bool]
) -> None:
    said = json.loads((GOLDEN / "losses.json").read_text())
    assert said["config"] == make_losses.CONFIG.to_dict() and len(said[name]["losses"]) == make_losses.N == 20
    within = 1e-6 if same_arithmetic(said["arithmetic"]) else 1e-4
    found = make_losses.first_losses(*make_losses.CASES[name])
    assert found["losses"] == pytest.approx(said[name]["losses"], rel=0, abs=within)
    assert found["valid"] == pytest.approx(said[name]["valid"], rel=0, abs=within)

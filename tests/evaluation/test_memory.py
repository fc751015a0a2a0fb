"""What cells remember: the copying task of benchmarks/copying.py, small."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

PATH = Path(__file__).parents[2] / "benchmarks" / "copying.py"


@pytest.fixture(scope="module")
def copying() -> Any:
    spec = importlib.util.spec_from_file_location("copying_benchmark", PATH)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_a_sequence_shows_waits_and_says_again(copying: Any) -> None:
    tokenizer = copying.Copying(kinds=4, n=3)
    (ids,) = tokenizer.draw(1, 7, np.random.default_rng(0))
    assert len(ids) == 3 + 7 + 1 + 3 and not len(tokenizer.grammar.violations(ids))
    assert [t.split("_")[1] for t in tokenizer.vocabulary.tokens[:4]] == ["0", "1", "2", "3"]
    assert (ids[:3] - 4).tolist() == ids[-3:].tolist() and tokenizer.vocabulary.scored[ids].sum() == 3
    assert np.array_equal(tokenizer.encode(tokenizer.decode(ids)), ids)
    batches = copying.Fresh(tokenizer, 5, 1, 20, seed=3)
    assert np.array_equal(batches(4).ids, batches(4).ids) and batches(4).weights.sum() == 15


@pytest.mark.slow
def test_the_lstm_remembers_what_the_rnn_forgets(copying: Any) -> None:
    tokenizer = copying.Copying(kinds=4, n=2)
    accuracy = {}
    for cell in ("lstm", "rnn"):
        config = copying.config_of(cell, steps=300, width=64, batch_size=32, learning_rate=5e-3, replicas=2)
        model, _ = copying.trained(tokenizer, config, 1, 120)
        accuracy[cell] = [copying.recalled(model, tokenizer, lag, 256)[0] for lag in (10, 120)]
    assert min(accuracy["lstm"]) > 0.95, accuracy
    near, far = accuracy["rnn"]
    assert far < near - 0.1 and far < 0.85, accuracy

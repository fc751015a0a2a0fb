"""Trainings that are killed at 20 random steps and go on end in the bits, and the losses, of one that was not."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import seqgen
from seqgen.core.sealed import write_sealed
from seqgen.training.checkpoint import latest_good

ASSETS = Path(__file__).parents[1] / "assets"
Fork = Callable[..., Any]
pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="fork")]


@dataclass(frozen=True)
class Case:
    """A training of 200 steps; n: how often it is killed."""

    domain: str
    replicas: int
    cell: str = "lstm"
    n: int = 20


CASES = {
    "pieces-one-core": Case("midi", 1),
    "pieces-two-cores": Case("midi", 2),
    "stream-one-core": Case("text", 1),
    "stream-two-cores": Case("text", 2),
    "gru": Case("midi", 2, "gru", 4),
    "gru-stream": Case("text", 1, "gru", 4),
    "rnn": Case("midi", 1, "rnn", 4),
    "rnn-stream": Case("text", 2, "rnn", 4),
    "matches": Case("sports", 1, n=4),
    "prices": Case("prices", 1, n=4),
    "images": Case("images", 2, n=4),
}


def end_of(run: Path) -> dict[str, Any]:
    """All that a training ends with, but for the time that it took."""
    last, problems = latest_good(run / "checkpoints")
    assert not problems
    state = json.loads((last.path / "state.json").read_text())
    del state["seconds"], state["tokens_per_second"]
    files = {name: (last.path / f"{name}.safetensors").read_bytes() for name in ("model", "optimizer")}
    return {**files, "state": state, "metrics": (run / "metrics.csv").read_text()}


@pytest.mark.parametrize("name", CASES)
def test_a_training_that_was_killed_ends_in_the_same_bits(
    fork: Fork, quick_trials: None, forked_workers: None, tmp_path: Path, name: str
) -> None:
    case = CASES[name]
    corpus = ASSETS / "corpora" / case.domain
    whole = tmp_path / "whole"
    seqgen.train(
        case.domain, corpus, out=whole, steps=200, preset="tiny", width=12, n_layers=2, crop=16, batch_size=4,
        cell=case.cell, replicas=case.replicas, precision="float32", embedding_dropout=0.1, weight_dropout=0.1,
        n_evaluations=10, patience=10**6, save_seconds=1e9,
    )  # fmt: skip
    expected = end_of(whole)
    assert len(expected["state"]["history"]) == 10 and expected["state"]["step"] == 200
    rng = np.random.default_rng(len(name))
    for k in sorted(rng.choice(np.arange(1, 200), case.n, replace=False).tolist()):
        run = tmp_path / f"killed-at-{k}"
        run.mkdir()
        for record in ("config.json", "tokenizer.json", "corpus.json"):
            shutil.copy(whole / record, run / record)
        if k % 2:  # saved again and again, or only where an evaluation is the best so far
            config = json.loads((run / "config.json").read_text())
            config["training"]["save_seconds"] = 0.05
            write_sealed(run / "config.json", config)
        log = tmp_path / f"log-{k}"
        killed = fork(
            "train", case.domain, corpus, "--resume", "--out", run,
            fault={"last": 2 * k, "around": "step", "log": str(log)},
        )  # fmt: skip
        assert killed.end() == -signal.SIGKILL, killed.err
        again = fork("train", case.domain, corpus, "--resume", "--out", run)
        assert again.end() == 0, again.err
        assert end_of(run) == expected, k
        shutil.rmtree(run)

"""One training at a time on a run, and as many readers as like: they see whole checkpoints alone."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import seqgen
from seqgen.core.errors import RunError
from seqgen.training.checkpoint import checkpoints, latest_good
from seqgen.training.run import Run

Start = Callable[..., Any]
pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="signals")]


def test_readers_see_whole_checkpoints_while_a_training_goes_on(
    fork: Start, corpus: Path, begun: Callable[..., Path], tmp_path: Path
) -> None:
    """A training that saves after each step, of which it keeps three at most."""
    run = begun(tmp_path / "run", steps=10**6, n_evaluations=10_000, save_seconds=0.0)
    training = fork("train", "midi", corpus, "--resume", "--out", run)
    training.wait_for("step 100/")
    seen, best = set[int](), 0
    for i in range(1000):
        if i % 2:
            model = seqgen.load(run)
            assert not model.problems and model.checkpoint.step >= best
            assert all(p.isfinite().all() for p in model.network.parameters())
            best = model.checkpoint.step
        else:
            found, problems = latest_good(run / "checkpoints")
            assert not problems and found.step >= max(seen, default=0)
            seen.add(found.step)
        if i % 100 == 0:
            reading = fork("sample", run, "--length", "1bar", "--count", 1, "--out", tmp_path / f"samples{i}")
            assert reading.end() == 0 and "damaged" not in reading.err, reading.err
    assert training.process.poll() is None, training.err
    assert len(seen) > 100, "the training hardly moved"
    training.interrupt()
    assert training.end() == 0


def test_a_training_cannot_begin_where_another_goes_on(
    fork: Start, corpus: Path, begun: Callable[..., Path], tmp_path: Path
) -> None:
    run = begun(tmp_path / "run", steps=10**6)
    first = fork("train", "midi", corpus, "--resume", "--out", run)
    first.wait_for("1000000 steps")
    others = [fork("train", "midi", corpus, "--resume", "--out", run) for _ in range(8)]
    for other in others:
        assert other.end() == 5 and f"({first.process.pid} on this machine)" in other.err
    assert first.process.poll() is None
    first.kill()
    assert (run / ".lock").exists()
    with Run(run).lock():
        pass
    assert not (run / ".lock").exists()


def test_of_many_that_begin_at_once_after_a_kill_one_trains(
    fork: Start, corpus: Path, begun: Callable[..., Path], tmp_path: Path
) -> None:
    run = begun(tmp_path / "run", steps=60, n_evaluations=2)
    for _ in range(5):
        first = fork("train", "midi", corpus, "--resume", "--out", run)
        first.wait_for("60 steps")
        first.kill()
    codes = [c.end() for c in [fork("train", "midi", corpus, "--resume", "--out", run) for _ in range(6)]]
    assert 0 in codes and set(codes) <= {0, 5}
    (last, *_) = checkpoints(run / "checkpoints")
    assert last.step == 60 and not (run / ".lock").exists()


def test_the_lock_of_another_machine_says_what_to_do(begun: Callable[..., Path], tmp_path: Path) -> None:
    run = begun(tmp_path / "run")
    (run / ".lock").write_text("elsewhere 17 12345")
    with pytest.raises(RunError, match="17 on elsewhere") as caught, Run(run).lock():
        pass
    assert f"delete {run / '.lock'}" in caught.value.hint

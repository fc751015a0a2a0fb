"""Ctrl-C, SIGTERM, a terminal that closes: a training is saved and gone at once, all else is gone without a trace."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqgen.core.workers import cores
from seqgen.training.checkpoint import checkpoints, latest_good
from seqgen.training.run import Run

Cli = Callable[..., Any]
Start = Callable[..., Any]
pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals")


def limit() -> float:
    """Two seconds and a step, within which it must be gone; more where others want the same cores."""
    return 2.0 * max(1.0, os.getloadavg()[0] / cores())


@pytest.fixture
def training(fork: Start, corpus: Path, begun: Callable[..., Path]) -> Callable[..., Any]:
    """A training that would last for hours, at its beginning or after some steps."""

    def start(run: Path, said: str = "step 100/") -> Any:
        begun(run, steps=10**6, n_evaluations=10_000)
        started = fork("train", "midi", corpus, "--resume", "--out", run)
        started.wait_for(said)
        return started

    return start


def left_whole(run: Path) -> int:
    """The step of the latest checkpoint of a run that can be trained, and holds nothing half done."""
    assert not [p for p in run.rglob(".*") if p.suffix in (".tmp", ".old")] and not (run / ".lock").exists()
    with Run(run).lock():
        pass
    if not checkpoints(run / "checkpoints"):
        return -1
    found, problems = latest_good(run / "checkpoints")
    assert not problems
    return found.step


@pytest.mark.slow
def test_ctrl_c_saves_and_says_how_to_go_on_while_a_second_process_is_refused(
    start: Start, cli: Cli, corpus: Path, begun: Callable[..., Path], tmp_path: Path
) -> None:
    run = begun(tmp_path / "mine", steps=10**6)
    first = start("train", "midi", corpus, "--resume", "--out", run)
    first.wait_for("1000000 steps")
    for second in (("--resume",), ("--steps", 2, "--preset", "tiny")):
        refused = cli("train", "midi", corpus, *second, "--out", run)
        assert refused.code == 5 and "being trained by another process" in refused.err and refused.out == ""
        assert f"({first.process.pid} on this machine)" in refused.err
    assert first.process.poll() is None
    first.interrupt()
    assert first.end() == 0, first.err
    assert "stopping" in first.err and "Traceback" not in first.err
    assert f"saved at step {left_whole(run)}." in first.out
    assert cli("sample", run, "--length", "1bar", "--out", "d").code == 0
    program, *arguments = shlex.split(first.out.split("Go on with:\n")[1])
    assert program == "seqgen" and arguments == ["train", "midi", str(corpus), "--resume", "--out", str(run)]


@pytest.mark.slow
def test_a_training_is_saved_and_gone_at_once(training: Start, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for i in range(50):
        run, number = tmp_path / f"run{i}", (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)[i % 3]
        working = training(run)
        time.sleep(rng.uniform(0, 1.0))
        begin = time.monotonic()
        working.interrupt(number)
        code, seconds = working.end(), time.monotonic() - begin
        assert code == 0 and seconds < limit() and "Traceback" not in working.err, working.err
        assert f"saved at step {left_whole(run)}." in working.out


@pytest.mark.slow
def test_a_training_that_just_begins_is_gone_too(training: Start, tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    for i in range(15):
        run, number = tmp_path / f"run{i}", (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)[i % 3]
        working = training(run, "going on with")
        time.sleep(rng.uniform(0, 0.1))
        working.interrupt(number)
        code, step = working.end(), left_whole(run)
        assert code in (0, 128 + number) and "Traceback" not in working.err, working.err
        assert (f"saved at step {step}." in working.out) if code == 0 else working.err.endswith("stopped\n")


@pytest.mark.slow
def test_a_second_signal_leaves_at_once_and_the_run_whole(training: Start, tmp_path: Path) -> None:
    rng, codes = np.random.default_rng(1), []
    for i in range(20):
        run, number = tmp_path / f"run{i}", (signal.SIGTERM, signal.SIGINT)[i % 2]
        working = training(run)
        time.sleep(rng.uniform(0.2, 0.6))
        begin = time.monotonic()
        working.interrupt(number)
        time.sleep(rng.uniform(0, 0.02))
        working.interrupt(number)
        codes.append(working.end())
        assert time.monotonic() - begin < limit() and "Traceback" not in working.err, working.err
        # 0: it had saved and was gone; -number: it was on its way out.
        assert codes[-1] in (0, 128 + number, -number)
        left_whole(run)
    assert any(code > 128 for code in codes)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("command", ["sample", "evaluate", "build"])
def test_other_commands_end_with_one_line(
    fork: Start, run: Path, corpus: Path, tmp_path: Path, command: str, number: int
) -> None:
    rng, codes = np.random.default_rng(2), []
    arguments = {
        "sample": ("sample", run, "--count", 400, "--length", "16bars", "--out", tmp_path / "out"),
        "evaluate": ("evaluate", run, "--corpus", corpus, "--samples", 400),
        "build": ("train", "midi", corpus, "--steps", 1, "--preset", "tiny", "--out", tmp_path / "new"),
    }[command]
    for i in range(10):
        cache = tmp_path / f"cache{i}"
        working = fork(*arguments, environment={"SEQGEN_CACHE": str(cache)} if command == "build" else None)
        time.sleep(rng.uniform(0.3, 0.8))
        working.interrupt(number)
        codes.append(working.end())
        assert "Traceback" not in working.err and "Exception" not in working.err, working.err
        if codes[-1] == 128 + number:
            assert working.err.splitlines()[-1] == "stopped"
        for folder in (tmp_path / "out", cache):
            assert not [p for p in folder.rglob(".*") if p.suffix == ".tmp"]
    assert codes.count(128 + number) > 5, codes


@pytest.mark.slow
def test_a_reader_that_goes_away_is_no_error(run: Path) -> None:
    """As `| head` does."""
    program = [sys.executable, "-m", "seqgen", "domains"]
    process = subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    assert process.wait(60) == 128 + signal.SIGPIPE and process.stderr.read() == b""
    process.stderr.close()

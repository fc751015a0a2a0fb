"""kill -9 at any time: the latest checkpoint loads, at most one save is lost, the next start clears what is left."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import seqgen
from seqgen.corpus import build
from seqgen.domains.midi.files import read
from seqgen.training.checkpoint import checkpoints, latest_good

Fork = Callable[..., Any]
Begun = Callable[..., Path]
pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="signals")]

STEPS = 300
# A save: write, sync and rename metrics.csv, then the files of a checkpoint, and the removal of an older one.
POINTS_OF_A_SAVE = 40


def leftovers(folder: Path) -> set[str]:
    return {p.name for p in folder.rglob(".*") if p.suffix in (".tmp", ".old")} if folder.exists() else set()


def step_of(run: Path) -> int:
    """Of the latest checkpoint, which must be whole: nothing may be wrong with any."""
    if not checkpoints(run / "checkpoints"):
        return 0
    found, problems = latest_good(run / "checkpoints")
    assert not problems
    assert all(p.isfinite().all() for p in seqgen.load(run).network.parameters())
    return found.step


def last(said: str, log: list[str]) -> int:
    return max((int(line.split()[1]) for line in log if line.startswith(f"{said} ")), default=0)


def same_end(run: Path, small: Path) -> None:
    """The bits of a run that was never killed, and nothing else."""
    one, other = (latest_good(r / "checkpoints")[0] for r in (run, small))
    assert one.step == other.step == STEPS
    for name in ("model.safetensors", "optimizer.safetensors"):
        assert (one.path / name).read_bytes() == (other.path / name).read_bytes()
    assert (run / "metrics.csv").read_bytes() == (small / "metrics.csv").read_bytes()
    assert leftovers(run) == set() and not (run / ".lock").exists()


def killed_trainings(
    fork: Fork,
    corpus: Path,
    small: Path,
    begun: Begun,
    folder: Path,
    n: int,
    fault: Callable[[], dict[str, Any] | None],
    wait: Any,
) -> Iterator[list[str]]:
    """n kills of trainings that go on again and again, each run to its end with all checks; yields what each said."""
    run = begun(folder / "run", save_seconds=0.0)
    before, step = set[str](), 0
    for number in range(n):
        log = folder / f"log{number}"
        log.touch()
        chosen = fault()
        training = fork("train", "midi", corpus, "--resume", "--out", run, fault={**chosen, "log": str(log)})
        if chosen["last"] == 0:
            wait(training)
            training.process.kill()
        code = training.end()
        said = log.read_text().splitlines()
        assert code == -9 or (code == 0 and chosen["last"] == 0), training.err
        found = step_of(run)
        assert found >= max(step, last("saved", said)), "more than one save was lost"
        assert found <= max(step, last("saving", said))
        assert not before & leftovers(run) or not said, "leftovers of an earlier kill are still there"
        before, step = leftovers(run), found
        yield said
        if step > STEPS - 10 or code == 0 or number == n - 1:
            assert fork("train", "midi", corpus, "--resume", "--out", run).end() == 0
            same_end(run, small)
            begun(run, save_seconds=0.0)
            before, step = set(), 0


def test_kills_inside_a_save(fork: Fork, corpus: Path, small: Path, begun: Begun, tmp_path: Path) -> None:
    rng, points = np.random.default_rng(0), Counter[str]()

    def fault() -> dict[str, Any]:
        return {"last": int(rng.integers(1, 4 * POINTS_OF_A_SAVE)), "around": "save"}

    for said in killed_trainings(fork, corpus, small, begun, tmp_path, 160, fault, None):
        points[said[-1]] += 1
    assert sum(n for name, n in points.items() if name.startswith("killed ")) == 160
    kinds = {"tensors", "write", "fsync", "rename", "replace", "mkdir", "rmtree"}
    assert {name.split()[-1] for name in points} == kinds, "not every kind of point was hit"
    assert {name.split()[1] for name in points} == {"before", "within", "after"}


def test_kills_at_random_moments(fork: Fork, corpus: Path, small: Path, begun: Begun, tmp_path: Path) -> None:
    rng, n, ended = np.random.default_rng(1), 140, 0

    def wait(training: Any) -> None:
        if rng.random() < 0.7:  # else while it reads and prepares
            training.wait_for("going on with")
        time.sleep(rng.uniform(0, 0.4))

    for said in killed_trainings(fork, corpus, small, begun, tmp_path, n, lambda: {"last": 0, "around": "save"}, wait):
        ended += bool(said)
    assert ended > n / 2, "few of the kills hit the training"


def test_kills_while_a_corpus_is_built(fork: Fork, corpus: Path, tmp_path: Path) -> None:
    rng, cache, left = np.random.default_rng(2), tmp_path / "cache", 0
    made = {"SEQGEN_CACHE": str(cache)}
    for number in range(40):
        fault = {"last": int(rng.integers(1, 50)), "around": "build", "log": str(tmp_path / f"log{number}")}
        training = ("train", "midi", corpus, "--steps", 1, "--preset", "tiny", "--out", f"r{number}")
        assert fork(*training, fault=fault, environment=made).end() in (0, -9)  # 0: it was built before
        left += bool(leftovers(cache))
        for folder in cache.iterdir() if cache.exists() else ():
            found = build._load(folder)
            assert found is None or len(found.store) == 12
        if number % 4 == 3:
            finished = fork(*training[:-1], f"w{number}", environment=made)
            assert finished.end() == 0, finished.err
            assert leftovers(cache) == set()
            shutil.rmtree(cache)
    assert left > 10


def test_kills_while_samples_are_written(fork: Fork, small: Path, tmp_path: Path) -> None:
    rng, out, left, n_killed = np.random.default_rng(3), tmp_path / "out", 0, 0
    for number in range(40):
        fault = {"last": int(rng.integers(1, 30)), "around": "main", "log": str(tmp_path / f"log{number}")}
        sampling = ("sample", small, "--length", "1bar", "--seed", number, "--out", out)
        code = fork(*sampling, fault=fault).end()
        assert code in (0, -9)
        n_killed += code == -9
        left += bool(leftovers(out))
        for file in out.glob("*.mid"):
            assert next(read(file, "")).n_notes
        if number % 4 == 3:
            assert fork(*sampling).end() == 0
            assert leftovers(out) == set()
    assert n_killed > 20 and left > 10


def test_the_points_are_as_many_as_said(fork: Fork, corpus: Path, begun: Begun, tmp_path: Path) -> None:
    """Or kills would gather in the first of saves."""
    run, log = begun(tmp_path / "run", save_seconds=0.0), tmp_path / "log"
    fork(
        "train",
        "midi",
        corpus,
        "--resume",
        "--out",
        run,
        fault={"last": 10 * POINTS_OF_A_SAVE, "around": "save", "log": str(log)},
    ).end()
    assert 5 <= len(re.findall("saved", log.read_text())) <= 15

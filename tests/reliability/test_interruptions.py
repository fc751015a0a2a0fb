"""Ctrl-C, kills, two at once and full disks: no run is lost, and none says more than it knows."""

from __future__ import annotations

import errno
import json
import os
import shlex
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import SafetensorError

import seqgen
from seqgen.core.errors import RunError, SeqgenError
from seqgen.corpus.build import Prepared
from seqgen.training import checkpoint
from seqgen.training.checkpoint import checkpoints, latest_good, save_checkpoint
from seqgen.training.loop import Trainer
from seqgen.training.run import Run

Cli = Callable[..., Any]
Start = Callable[..., Any]
SMALL = {"preset": "tiny", "width": 32, "crop": 64}

posix = pytest.mark.skipif(os.name == "nt", reason="signals")


def content(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def without_times(checkpoint: Path) -> dict[str, Any]:
    """Weights, optimiser and state of a checkpoint, but for how long it took and means that begin anew on resuming."""
    state = json.loads((checkpoint / "state.json").read_text())
    del state["seconds"], state["tokens_per_second"]
    for row in state["history"]:
        del row["train_nats"]
    return {"state": state, **{f: (checkpoint / f"{f}.safetensors").read_bytes() for f in ("model", "optimizer")}}


def records(run: Path, target: Path) -> Path:
    """A run that knows its choices and its corpus, and has not begun."""
    target.mkdir()
    for name in ("config.json", "tokenizer.json", "corpus.json"):
        shutil.copy(run / name, target / name)
    return target


def longer(run: Path, steps: int, **changes: Any) -> None:
    """Let a run have more to do."""
    config = json.loads((run / "config.json").read_text())
    config["training"] |= {"steps": steps, **changes}
    (run / "config.json").write_text(json.dumps(config))


@posix
def test_ctrl_c_saves_and_says_how_to_go_on_while_a_second_process_is_refused(
    start: Start, cli: Cli, run: Path, corpus: Path, tmp_path: Path
) -> None:
    mine = records(run, tmp_path / "mine")
    longer(mine, 1_000_000)
    first = start("train", "midi", corpus, "--resume", "--out", mine)
    first.wait_for("going on with")
    for second in (("--resume",), ("--steps", 2, "--preset", "tiny")):
        refused = cli("train", "midi", corpus, *second, "--out", mine)
        assert refused.code == 5 and "being trained by another process" in refused.err and refused.out == ""
    assert first.process.poll() is None
    first.interrupt()
    assert first.end() == 0, first.err
    assert "stopping" in first.err and "Traceback" not in first.err and not (mine / ".lock").exists()
    (last,) = checkpoints(mine / "checkpoints")
    assert f"saved at step {last.step}." in first.out
    assert cli("sample", mine, "--length", "1bar", "--out", "d").code == 0
    program, *arguments = shlex.split(first.out.split("Go on with:\n")[1])
    assert program == "seqgen" and arguments == ["train", "midi", str(corpus), "--resume", "--out", str(mine)]


@posix
@pytest.mark.slow
def test_a_training_killed_at_any_moment_ends_in_the_same_bits(
    start: Start, cli: Cli, corpus: Path, quick_trials: None, tmp_path: Path
) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    seqgen.train("midi", corpus, steps=240, out=whole, n_evaluations=12, save_seconds=0.02, **SMALL)
    records(whole, killed)
    rng, steps = np.random.default_rng(0), []
    for n in range(40):
        if n >= 8 and len(set(steps)) >= 4:  # on a busy machine most kills come before the first step
            break
        training = start("train", "midi", corpus, "--resume", "--out", killed)
        if rng.random() < 0.8:  # else while it reads and prepares
            training.wait_for("going on with")
        time.sleep(rng.uniform(0, 1.5))
        training.kill()
        result = cli("sample", killed, "--length", "1bar", "--out", "d")
        steps.append(max((c.step for c in checkpoints(killed / "checkpoints")), default=0))
        assert result.code == (0 if steps[-1] else 5), result.err
        assert steps[-1] or "no checkpoint" in result.err
    assert steps == sorted(steps) and len(set(steps)) >= 4, "the kills did not hit the training"
    assert start("train", "midi", corpus, "--resume", "--out", killed).end() == 0
    one, other = (latest_good(r / "checkpoints")[0].path for r in (whole, killed))
    assert one.name == other.name == "step-0000240" and without_times(one) == without_times(other)
    assert not list(killed.rglob("*.tmp")) and not list(killed.rglob("*.old")) and not (killed / ".lock").exists()


# --- full disks


@pytest.fixture
def trainer(run: Path, prepared: Prepared, tmp_path: Path) -> Iterator[tuple[Run, Trainer]]:
    """A copy of the tiny run, one step beyond its last checkpoint."""
    mine = Run(Path(shutil.copytree(run, tmp_path / "mine")))
    training, valid = prepared.store.of_split("train"), prepared.store.of_split("valid")
    trainer = Trainer(mine.config(), prepared.tokenizer, training, valid)
    mine.resume(trainer)
    trainer.train_step(trainer.batch(trainer.step))
    yield mine, trainer
    trainer.close()


@contextmanager
def disk_full(after: int) -> Iterator[None]:
    """From the nth file opened for writing on there is no room: half of what is written arrives."""
    opened, n_opened = Path.open, 0

    def full(self: Path, mode: str = "r", *arguments: Any, **named: Any) -> Any:
        nonlocal n_opened
        file = opened(self, mode, *arguments, **named)
        n_opened += "w" in mode
        if "w" not in mode or n_opened <= after:
            return file
        with file:
            file.write(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self))

    saved = checkpoint.save_file

    def full_for_tensors(tensors: Any, path: Path) -> None:  # which a library writes, and words the error its own way
        try:
            with path.open("wb"):
                saved(tensors, path)
        except OSError as error:
            raise SafetensorError(f"I/O error: {error.strerror} (os error {error.errno})") from None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "open", full)
        patch.setattr(checkpoint, "save_file", full_for_tensors)
        yield


@pytest.mark.parametrize("after", range(5))  # metrics, model, optimiser, state, manifest
def test_a_full_disk_costs_the_checkpoint_that_did_not_fit(
    trainer: tuple[Run, Trainer], after: int, tmp_path: Path
) -> None:
    mine, training = trainer
    before = content(mine.path)
    with disk_full(after), pytest.raises(SeqgenError) as caught:
        mine.save(training)
    assert "No space left" in caught.value.message and "bytes are free" in caught.value.message
    assert "--out" in caught.value.hint
    after_it = content(mine.path)
    assert {**after_it, "metrics.csv": b""} == {**before, "metrics.csv": b""}  # that one alone was complete
    assert latest_good(mine.path / "checkpoints")[0].step == 24
    mine.save(training)  # once there is room
    assert latest_good(mine.path / "checkpoints")[0].step == 25
    assert not list(mine.path.rglob(".*.tmp"))


@pytest.mark.parametrize(
    ("where", "call"),
    [(os, "fsync"), (Path, "rename")],
)
def test_a_disk_that_fails_late_is_noticed_too(trainer: tuple[Run, Trainer], where: Any, call: str) -> None:
    mine, training = trainer
    folder = mine.path / "checkpoints"
    before = content(folder)

    def full(*arguments: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(where, call, full)
        with pytest.raises(SeqgenError, match="No space left"):
            save_checkpoint(folder, 25, training.model_tensors(), training.optimizer_tensors(), training.state())
    assert content(folder) == before


@pytest.mark.skipif(sys.platform == "win32", reason="limits on files")
def test_the_command_line_says_that_the_disk_is_full(cli: Cli, run: Path, corpus: Path, tmp_path: Path) -> None:
    """The system itself refuses here: no file may grow over 20 kB."""
    import resource

    mine = Path(shutil.copytree(run, tmp_path / "mine"))
    longer(mine, 26)
    before = content(mine / "checkpoints")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        result = cli("train", "midi", corpus, "--resume", "--out", mine)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert result.code == 1 and "error: " in result.err and "hint: " in result.err and "Traceback" not in result.err
    assert content(mine / "checkpoints") == before and not (mine / ".lock").exists()
    assert cli("sample", mine, "--length", "1bar", "--out", "d").code == 0
    assert cli("train", "midi", corpus, "--resume", "--out", mine).code == 0
    assert latest_good(mine / "checkpoints")[0].step == 26


def test_a_full_disk_leaves_no_half_sample(run: Path, corpus: Path, tmp_path: Path) -> None:
    (sample,) = seqgen.load(run).sample(length="1bar", seed=0)
    with disk_full(0), pytest.raises(SeqgenError, match="No space left"):
        sample.piece.write(tmp_path / "one.mid")
    assert list(tmp_path.iterdir()) == []


def test_a_lock_is_released_when_a_training_fails(run: Path, corpus: Path, tmp_path: Path) -> None:
    mine = Path(shutil.copytree(run, tmp_path / "mine"))
    longer(mine, 26)
    with disk_full(0), pytest.raises(SeqgenError):
        seqgen.train("midi", corpus, out=mine, resume=True)
    with Run(mine).lock(), pytest.raises(RunError):
        seqgen.train("midi", corpus, out=mine, resume=True)

"""A disk that is full, whenever it becomes so: the checkpoints that are there stay, and the message says what is
needed and where."""

from __future__ import annotations

import errno
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import SafetensorError

import seqgen
from reliability.wrapped import WrappedFile
from seqgen.core.errors import RunError, SeqgenError
from seqgen.core.sealed import write_sealed
from seqgen.corpus.build import Prepared
from seqgen.training import checkpoint
from seqgen.training.checkpoint import latest_good, save_checkpoint
from seqgen.training.loop import Trainer
from seqgen.training.run import Run

Cli = Callable[..., Any]


def content(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def longer(run: Path, steps: int) -> None:
    """Let a run have more to do."""
    config = Run(run)._record("config.json", ("format", "domain", "torch", "training"))
    config["training"]["steps"] = steps
    write_sealed(run / "config.json", config)


@pytest.fixture
def trainer(run: Path, prepared: Prepared, tmp_path: Path) -> Iterator[tuple[Run, Trainer]]:
    """A copy of the tiny run, one step beyond its last checkpoint."""
    mine = Run(Path(shutil.copytree(run, tmp_path / "mine")))
    yield from one_step_on(mine, prepared)


def one_step_on(run: Run, prepared: Prepared) -> Iterator[tuple[Run, Trainer]]:
    training, valid = prepared.store.of_split("train"), prepared.store.of_split("valid")
    trainer = Trainer(run.config(), prepared.tokenizer, training, valid)
    run.resume(trainer)
    trainer.train_step(trainer.batch(trainer.step))
    yield run, trainer
    trainer.close()


class _Disk:
    """Takes so many bytes more, and counts them."""

    def __init__(self, room: float) -> None:
        self.room, self.taken = room, 0

    def take(self, file: Any, data: bytes) -> int:
        """Write what there is room for. Raises OSError where that is not all."""
        part = data[: int(max(0, min(len(data), self.room - self.taken)))]
        file.write(part)
        file.flush()
        self.taken += len(part)
        if len(part) < len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(file.name))
        return len(data)


class _File(WrappedFile):
    def __init__(self, file: Any, disk: _Disk) -> None:
        super().__init__(file)
        self._disk = disk

    def write(self, data: Any) -> int:
        return self._disk.take(self._file, bytes(data))


@contextmanager
def disk_with(room: float) -> Iterator[_Disk]:
    """There is room for so many bytes more."""
    disk, opened, saved = _Disk(room), Path.open, checkpoint.save_file

    def open_(self: Path, mode: str = "r", *arguments: Any, **named: Any) -> Any:
        file = opened(self, mode, *arguments, **named)
        return _File(file, disk) if set("wa+") & set(mode) else file

    def save_file(tensors: Any, path: Path) -> None:  # which a library writes, and words the error its own way
        saved(tensors, path)
        data = path.read_bytes()
        try:
            with path.open("wb") as file:
                file.write(data)
        except OSError as error:
            raise SafetensorError(f"I/O error: {error.strerror} (os error {error.errno})") from None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "open", open_)
        patch.setattr(checkpoint, "save_file", save_file)
        yield disk


def says_what_is_needed(error: SeqgenError, disk: Path) -> None:
    """How many bytes a checkpoint takes, how many are free, on which disk."""
    assert "No space left" in error.message and "--out" in error.hint
    said = re.search(
        r"\(([\d,]+) bytes\) could not be written: .*; ([\d,]+) bytes are free on the disk (.+)\.$", error.message
    )
    assert said, error.message
    assert Path(said[3]).is_mount() and disk.resolve().is_relative_to(said[3])


def refused_at(room: float, training: tuple[Run, Trainer]) -> None:
    """A save that finds so little room leaves all as it was, and says so."""
    run, trainer = training
    before = content(run.path)
    with disk_with(room), pytest.raises(SeqgenError) as caught:
        run.save(trainer)
    says_what_is_needed(caught.value, run.path)
    after = content(run.path)
    assert {**after, "metrics.csv": b""} == {**before, "metrics.csv": b""}  # that one alone may have been complete
    assert latest_good(run.path / "checkpoints")[0].step == 24


def bytes_of_a_save(training: tuple[Run, Trainer]) -> int:
    run, trainer = training
    with disk_with(float("inf")) as disk:
        run.save(trainer)
    shutil.rmtree(run.path / "checkpoints" / "step-0000025")
    return disk.taken


@pytest.mark.parametrize("share", [0.1, 0.9999])
def test_a_full_disk_costs_the_checkpoint_that_did_not_fit(trainer: tuple[Run, Trainer], share: float) -> None:
    refused_at(int(share * bytes_of_a_save(trainer)), trainer)
    mine, training = trainer
    mine.save(training)  # once there is room
    assert latest_good(mine.path / "checkpoints")[0].step == 25
    assert not list(mine.path.rglob(".*.tmp"))


@pytest.mark.slow
def test_a_disk_may_fill_at_any_byte(trainer: tuple[Run, Trainer]) -> None:
    total = bytes_of_a_save(trainer)
    for room in np.linspace(0, total - 1, 50).astype(int).tolist():
        refused_at(room, trainer)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux" or not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root")
def test_a_device_that_is_full(run: Path, prepared: Prepared, cli: Cli, corpus: Path, tmp_path: Path) -> None:
    """A small file system of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    n_bytes = 3 * sum(map(len, content(run).values()))
    mount = ["mount", "-t", "tmpfs", "-o", f"size={n_bytes}", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no file system may be mounted here")
    try:
        mine = Run(Path(shutil.copytree(run, place / "mine")))
        filler = place / "filler"
        filler.write_bytes(bytes(shutil.disk_usage(place).free - 100_000))
        for training in one_step_on(mine, prepared):
            before = content(mine.path / "checkpoints")
            with pytest.raises(SeqgenError) as caught:
                mine.save(training[1])
            says_what_is_needed(caught.value, mine.path)
            assert str(place.resolve()) in caught.value.message
            assert content(mine.path / "checkpoints") == before
        longer(mine.path, 26)
        result = cli("train", "midi", corpus, "--resume", "--out", mine.path)
        assert result.code == 1 and "No space left" in result.err and "Traceback" not in result.err
        assert content(mine.path / "checkpoints") == before and not (mine.path / ".lock").exists()
        filler.write_bytes(bytes(shutil.disk_usage(place).free + filler.stat().st_size))  # not a byte is left
        result = cli("train", "midi", corpus, "--resume", "--out", mine.path)
        assert result.code == 1 and "No space left" in result.err and "Traceback" not in result.err
        filler.unlink()
        assert cli("train", "midi", corpus, "--resume", "--out", mine.path).code == 0
        assert latest_good(mine.path / "checkpoints")[0].step == 26
    finally:
        subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize(("where", "call"), [(os, "fsync"), (Path, "rename")])
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


def test_a_full_disk_leaves_no_half_sample(run: Path, tmp_path: Path) -> None:
    (sample,) = seqgen.load(run).sample(length="1bar", seed=0)
    with disk_with(10), pytest.raises(SeqgenError, match="No space left"):
        sample.piece.write(tmp_path / "one.mid")
    assert list(tmp_path.iterdir()) == []


def test_a_lock_is_released_when_a_training_fails(run: Path, corpus: Path, tmp_path: Path) -> None:
    mine = Path(shutil.copytree(run, tmp_path / "mine"))
    longer(mine, 26)
    for room in (0, 100):  # not even for the lock; for no more than that
        with disk_with(room), pytest.raises(SeqgenError, match="No space left"):
            seqgen.train("midi", corpus, out=mine, resume=True)
        assert not (mine / ".lock").exists()
    with Run(mine).lock(), pytest.raises(RunError):
        seqgen.train("midi", corpus, out=mine, resume=True)

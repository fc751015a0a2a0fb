from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from seqgen.core.errors import RunError
from seqgen.core.sealed import write_sealed
from seqgen.corpus.build import Prepared
from seqgen.training.config import TrainConfig
from seqgen.training.loop import Trainer
from seqgen.training.run import Run, find_run, list_runs, new_run_path


@pytest.fixture
def copy(run: Path, tmp_path: Path) -> Run:
    """A copy of the tiny run that a test may break."""
    return Run(Path(shutil.copytree(run, tmp_path / "copy")))


def test_a_run_holds_what_people_and_programs_read(run: Path) -> None:
    names = {p.name for p in run.iterdir()}
    assert names >= {"config.json", "tokenizer.json", "corpus.json", "metrics.csv", "MODEL_CARD.md", "checkpoints"}
    assert ".lock" not in names
    assert Run(run).domain == "midi" and Run(run).config().steps == 24
    lines = (run / "metrics.csv").read_text().splitlines()
    assert lines[0] == "step,train_nats,valid_nats" and len(lines) == 4
    assert "# tiny" in (run / "MODEL_CARD.md").read_text()


def test_a_run_may_be_moved(copy: Run) -> None:
    model, checkpoint, problems = copy.model()
    assert problems == [] and checkpoint.step == 24 and not model.training


def test_a_trained_run_is_not_overwritten(copy: Run, prepared: Prepared) -> None:
    with pytest.raises(RunError, match="already holds a run"):
        copy.create(prepared.tokenizer, TrainConfig(), prepared.about)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "corpus.json"])
@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b"{}", b'{"format": 99}', b"\xff"])
def test_a_damaged_record_is_an_error_with_a_hint(copy: Run, name: str, content: bytes | None) -> None:
    if content is None:
        (copy.path / name).unlink()
    else:
        (copy.path / name).write_bytes(content)
    if name == "corpus.json":
        if content in (b"{}", b'{"format": 99}'):
            return
        with pytest.raises(RunError):
            copy.corpus()
    else:
        with pytest.raises(RunError) as caught:
            copy.model()
        assert caught.value.message


def test_a_run_of_before_there_were_cells_gives_the_same_logits(copy: Run) -> None:
    saved = json.loads((copy.path / "config.json").read_text())
    ids = torch.arange(20)[None]
    context = torch.zeros(1, 20, len(copy.tokenizer().context.features), dtype=torch.long)
    with torch.inference_mode():
        logits, _ = copy.model()[0](ids, context)
        del saved["training"]["cell"]
        write_sealed(copy.path / "config.json", saved)
        assert torch.equal(copy.model()[0](ids, context)[0], logits)


@pytest.mark.parametrize("size", [{"width": 8192}, {"width": 16}, {"n_layers": 64}, {"cell": "gru"}])
def test_a_configuration_of_another_size_is_refused_before_it_takes_memory(
    copy: Run, prepared: Prepared, size: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = json.loads((copy.path / "config.json").read_text())
    write_sealed(copy.path / "config.json", {**saved, "training": {**saved["training"], **size}})
    monkeypatch.setattr("seqgen.training.run.new_model", lambda *_: pytest.fail("a model is made"))
    with pytest.raises(RunError, match="does not fit"):
        copy.model()
    with pytest.raises(RunError, match="does not fit") as caught:
        copy.check(prepared.tokenizer)
    assert "config.json" in caught.value.hint


def test_a_trainer_of_another_size_is_not_resumed(copy: Run, prepared: Prepared) -> None:
    config, train = replace(copy.config(), width=1), prepared.store.of_split("train")
    trainer = Trainer(config, prepared.tokenizer, train, [])
    with pytest.raises(RunError, match="does not fit"):
        copy.resume(trainer)
    trainer.close()


def test_a_run_fits_its_own_checkpoint_and_any_without_one(copy: Run, prepared: Prepared) -> None:
    copy.check(prepared.tokenizer)
    shutil.rmtree(copy.path / "checkpoints")
    copy.check(prepared.tokenizer)


def test_one_training_at_a_time(tmp_path: Path) -> None:
    run = Run(tmp_path)
    with run.lock():
        with pytest.raises(RunError, match="being trained"), run.lock():
            pass
        assert (tmp_path / ".lock").exists()  # the refused one leaves it alone
    assert not (tmp_path / ".lock").exists()
    with run.lock():
        pass


def test_a_lock_goes_with_an_exception(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="x"), Run(tmp_path).lock():
        raise ValueError("x")
    assert not (tmp_path / ".lock").exists()


@pytest.mark.skipif(os.name == "nt", reason="signal 0")
def test_the_lock_of_a_process_that_is_gone_is_taken_over(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    for stale in (f"{socket.gethostname()} {gone.pid}", ""):
        (tmp_path / ".lock").write_text(stale)
        with Run(tmp_path).lock():
            assert str(os.getpid()) in (tmp_path / ".lock").read_text()


def test_the_lock_of_another_machine_stays(tmp_path: Path) -> None:
    (tmp_path / ".lock").write_text("elsewhere 1")
    with pytest.raises(RunError, match="being trained"), Run(tmp_path).lock():
        pass


def test_runs_are_found_by_path_name_or_age(run: Path, tmp_path: Path) -> None:
    for i, name in enumerate(("old", "new")):
        shutil.copytree(run, tmp_path / name)
        os.utime(tmp_path / name / "config.json", (i, i))
    (tmp_path / "other").mkdir()
    assert [r.name for r in list_runs(tmp_path)] == ["new", "old"]
    assert find_run(None, tmp_path).name == "new"
    assert find_run("old", tmp_path).path == tmp_path / "old"
    assert find_run(tmp_path / "old").path == tmp_path / "old"
    for name in ("x" * 300, "a\0b"):  # which no file can have
        with pytest.raises(RunError, match="There is no run"):
            find_run(name, tmp_path)
    with pytest.raises(RunError, match="no run 'x'"):
        find_run("x", tmp_path)
    with pytest.raises(RunError, match="no run in"):
        find_run(None, tmp_path / "none")


def test_a_new_runs_path_is_free(tmp_path: Path) -> None:
    first = new_run_path("bach", tmp_path)
    first.mkdir()
    second = new_run_path("bach", tmp_path)
    assert first.name.startswith("bach-2") and second != first and not second.exists()


def test_what_a_killed_training_left_half_written_is_cleared(tmp_path: Path) -> None:
    (tmp_path / ".metrics.csv.99999999-7.0123abcd.tmp").write_text("step")
    with Run(tmp_path).lock():
        assert [file.name for file in tmp_path.iterdir()] == [".lock"]

"""A checkpoint is whole or refused; a refused one is fallen back from."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from seqgen.core.errors import RunError
from seqgen.training.checkpoint import Checkpoint, best_good, checkpoints, latest_good, save_checkpoint

FILES = ("model.safetensors", "optimizer.safetensors", "state.json", "MANIFEST.json")


def put(folder: Path, step: int, best: int) -> Checkpoint:
    model = {"weight": torch.full((3, 2), float(step))}
    return save_checkpoint(folder, step, model, {"weights": torch.ones(6) * step}, {"step": step, "best_step": best})


def steps(folder: Path) -> list[int]:
    return [c.step for c in checkpoints(folder)]


def test_a_checkpoint_comes_back(tmp_path: Path) -> None:
    put(tmp_path, 7, 7)
    found, problems = latest_good(tmp_path)
    model, optimizer, state = found.everything()
    assert problems == [] and found.path.name == "step-0000007"
    assert model["weight"].tolist() == [[7.0, 7.0]] * 3 and optimizer["weights"].sum() == 42
    assert state == found.state() == {"step": 7, "best_step": 7}
    assert sorted(p.name for p in found.path.iterdir()) == sorted(FILES)


def test_the_best_the_latest_and_the_one_before_are_kept(tmp_path: Path) -> None:
    for step, best in ((10, 10), (20, 20), (30, 20), (40, 20), (50, 20), (60, 20)):
        put(tmp_path, step, best)
    assert steps(tmp_path) == [60, 50, 20]
    assert best_good(tmp_path)[0].step == 20 and latest_good(tmp_path)[0].step == 60


def test_saving_again_at_the_same_step_replaces_it(tmp_path: Path) -> None:
    put(tmp_path, 5, 5)
    put(tmp_path, 5, 5)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["step-0000005"]
    latest_good(tmp_path)


def test_drafts_of_a_killed_save_are_cleared(tmp_path: Path) -> None:
    (tmp_path / ".step-0000003.99999999-7.0123abcd.tmp").mkdir()
    assert steps(tmp_path) == []
    put(tmp_path, 4, 4)
    assert [p.name for p in tmp_path.iterdir()] == ["step-0000004"]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "gone"])
def test_a_damaged_file_is_fallen_back_from(tmp_path: Path, name: str, damage: str) -> None:
    good, bad = put(tmp_path / "c", 10, 10), put(tmp_path / "c", 20, 20)
    file = bad.path / name
    whole = file.read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(20 if damage in ("flip", "cut") else 1):
        at = int(rng.integers(len(whole) - 2))  # JSON does without its last line end
        if damage == "flip":
            file.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << int(rng.integers(8))]) + whole[at + 1 :])
        elif damage == "gone":
            file.unlink()
        else:
            file.write_bytes(whole[:at] if damage == "cut" else b"")
        with pytest.raises(RunError):
            bad.everything()
        found, problems = latest_good(tmp_path / "c")
        assert found == good and len(problems) == 1 and "step-0000020" in problems[0].message
        # Nobody who samples reads the optimiser, nor cares for its line of the manifest.
        if name != "optimizer.safetensors" and (name, damage) != ("MANIFEST.json", "flip"):
            found, problems = best_good(tmp_path / "c")
            assert found == good and problems


@pytest.mark.parametrize("name", FILES)
def test_damage_everywhere_is_an_error(tmp_path: Path, name: str) -> None:
    for step in (10, 20):
        file = put(tmp_path / "c", step, 20).path / name
        file.write_bytes(file.read_bytes()[:-2])
    with pytest.raises(RunError, match="step-0000020") as caught:
        latest_good(tmp_path / "c")
    assert "train it again" in caught.value.hint


def test_a_manifest_for_other_files_is_refused(tmp_path: Path) -> None:
    one, two = put(tmp_path / "a", 1, 1), put(tmp_path / "b", 2, 2)
    shutil.copy(two.path / "MANIFEST.json", one.path / "MANIFEST.json")
    with pytest.raises(RunError, match="checksum"):
        one.model()
    (one.path / "MANIFEST.json").write_text("[]")
    with pytest.raises(RunError, match="it is no record"):
        one.model()


def test_no_checkpoint_is_an_error(tmp_path: Path) -> None:
    for find in (latest_good, best_good):
        with pytest.raises(RunError, match="no checkpoint"):
            find(tmp_path / "none")
    for name in ("step-x", "step-", "other", "step-²"):
        (tmp_path / name).mkdir()
    assert checkpoints(tmp_path) == []

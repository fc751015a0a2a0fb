"""Checkpoints: safetensors and JSON in a folder that appears whole or not at all, with a sha256 of every file."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load, save_file
from torch import Tensor

from seqgen.core.drafts import draft_beside, remove_drafts
from seqgen.core.errors import BadInput, RunError
from seqgen.core.files import publish_folder, sha256, sha256_file, to_json
from seqgen.core.sealed import read_sealed, sealed

_LOOKS = 100  # at a folder of checkpoints that another process changes

MODEL, OPTIMIZER, STATE, MANIFEST = "model.safetensors", "optimizer.safetensors", "state.json", "MANIFEST.json"


@dataclass(frozen=True)
class Checkpoint:
    """One folder `step-0001200`."""

    path: Path

    @property
    def step(self) -> int:
        """The step after which it was written."""
        return int(self.path.name.removeprefix("step-"))

    def read(self, *names: str) -> dict[str, bytes]:
        """The named files, checked. Raises RunError naming the file that is missing, cut or altered."""
        manifest = self._manifest()
        found = {}
        for name in names:
            file = self.path / name
            try:
                data = file.read_bytes()
            except OSError as error:
                raise RunError(f"{file} cannot be read ({error.strerror or error}).") from None
            if sha256(data) != manifest.get(name):
                raise RunError(f"{file} is damaged: its checksum differs from the one in {MANIFEST}.")
            found[name] = data
        return found

    def model(self) -> dict[str, Tensor]:
        """The weights to use."""
        return _tensors(self.path / MODEL, self.read(MODEL)[MODEL])

    def everything(self) -> tuple[dict[str, Tensor], dict[str, Tensor], dict[str, Any]]:
        """(model, optimiser, state): what a resumed training needs."""
        files = self.read(MODEL, OPTIMIZER, STATE)
        state = json.loads(files[STATE])
        return _tensors(self.path / MODEL, files[MODEL]), _tensors(self.path / OPTIMIZER, files[OPTIMIZER]), state

    def state(self) -> dict[str, Any]:
        """Step, best result, history."""
        state: dict[str, Any] = json.loads(self.read(STATE)[STATE])
        return state

    def _manifest(self) -> dict[str, str]:
        try:
            return read_sealed(self.path / MANIFEST, (MODEL, OPTIMIZER, STATE))
        except BadInput as error:
            raise RunError(f"The checkpoint is damaged: {error.message}.") from None


def _write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Straight from where they lie: as bytes they would take their memory twice more. Raises OSError."""
    try:
        save_file(dict(tensors), path)
    except SafetensorError as error:
        if number := re.search(r"\(os error (\d+)\)", str(error)):
            raise OSError(int(number[1]), os.strerror(int(number[1])), str(path)) from None
        raise


def _tensors(path: Path, data: bytes) -> dict[str, Tensor]:
    try:
        tensors: dict[str, Tensor] = load(data)
        return tensors
    except SafetensorError as error:
        raise RunError(f"{path} is damaged ({error}).") from None


def checkpoints(folder: Path) -> list[Checkpoint]:
    """All checkpoints in a folder, the latest first."""
    if not folder.is_dir():
        return []
    found = [Checkpoint(p) for p in folder.iterdir() if re.fullmatch(r"step-[0-9]+", p.name)]
    return sorted(found, key=lambda c: -c.step)


def save_checkpoint(
    folder: Path, step: int, model: Mapping[str, Tensor], optimizer: Mapping[str, Tensor], state: Mapping[str, Any]
) -> Checkpoint:
    """Write `folder/step-…` whole or not at all, then drop all others but the best and the one before."""
    remove_drafts(folder)
    target, said = folder / f"step-{step:07d}", to_json(dict(state))
    n_bytes = len(said) + sum(t.nbytes for tensors in (model, optimizer) for t in tensors.values())
    with publish_folder(target, n_bytes) as draft:
        _write_tensors(draft / MODEL, model)
        _write_tensors(draft / OPTIMIZER, optimizer)
        (draft / STATE).write_bytes(said)
        manifest = {name: sha256_file(draft / name) for name in (MODEL, OPTIMIZER, STATE)}
        (draft / MANIFEST).write_bytes(to_json(sealed(manifest)))
    kept = {step, int(state.get("best_step", step))}
    older = [c for c in checkpoints(folder) if c.step not in kept]
    for checkpoint in older[1:]:
        gone = draft_beside(checkpoint.path)  # at once for those who read, however long it takes
        with contextlib.suppress(OSError):
            checkpoint.path.rename(gone)
            shutil.rmtree(gone, ignore_errors=True)
    return Checkpoint(target)


def latest_good(folder: Path) -> tuple[Checkpoint, list[RunError]]:
    """The latest checkpoint that is whole, and what was wrong with later ones. Raises RunError if there is none."""
    checkpoint, _, problems = _search(folder, lambda found, read: _first(found, Checkpoint.everything, read))
    return checkpoint, problems


def latest_state(folder: Path) -> dict[str, Any]:
    """Step, best result and history of the latest checkpoint that has them whole. Raises RunError."""
    state: dict[str, Any] = _search(folder, lambda found, read: _first(found, Checkpoint.state, read))[1]
    return state


def best_good(folder: Path) -> tuple[Checkpoint, list[RunError]]:
    """The checkpoint with the lowest validation nats that is whole, as `latest_good`."""
    checkpoint, _, problems = best_weights(folder)
    return checkpoint, problems


def best_weights(folder: Path) -> tuple[Checkpoint, dict[str, Tensor], list[RunError]]:
    """That of `best_good`, its weights, and what was wrong with others. Raises RunError."""

    def best(found: list[Checkpoint], read: _Read) -> tuple[Checkpoint, Any] | None:
        latest = _first(found, Checkpoint.state, read)
        if latest is None:
            return None
        step = int(latest[1].get("best_step", latest[0].step))
        return _first(sorted(found, key=lambda c: (c.step != step, -c.step)), Checkpoint.model, read)

    return _search(folder, best)


class _Gone(Exception):
    """A checkpoint is no longer there: a training in another process goes on."""


_Read = Callable[[Checkpoint, Callable[[Checkpoint], Any]], Any]


def _first(found: list[Checkpoint], part: Callable[[Checkpoint], Any], read: _Read) -> tuple[Checkpoint, Any] | None:
    """The first checkpoint of which that part is whole, and the part."""
    return next(((c, value) for c in found if (value := read(c, part)) is not None), None)


def _search(
    folder: Path, choose: Callable[[list[Checkpoint], _Read], tuple[Checkpoint, Any] | None]
) -> tuple[Checkpoint, Any, list[RunError]]:
    """What is chosen among the checkpoints of a folder; when one goes meanwhile, among those that are there then."""
    for _ in range(_LOOKS):
        problems: list[RunError] = []

        def read(checkpoint: Checkpoint, part: Callable[[Checkpoint], Any]) -> Any:
            try:
                return part(checkpoint)
            except RunError as error:
                if not checkpoint.path.is_dir():
                    raise _Gone from None
                problems.append(error)  # noqa: B023  of this look
                return None

        try:
            chosen = choose(checkpoints(folder), read)
        except _Gone:
            continue
        if chosen is not None:
            return (*chosen, problems)
        break
    raise _none_left(folder, problems)


def _none_left(folder: Path, problems: list[RunError]) -> RunError:
    if problems:
        return RunError(problems[0].message, "No whole checkpoint is left in this run; train it again.")
    return RunError(
        f"There is no checkpoint in {folder}.", "Train the run first, or choose another with `seqgen runs`."
    )

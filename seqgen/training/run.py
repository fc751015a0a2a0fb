"""A run directory: everything about one training, human-readable and movable."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from seqgen.cells import CELLS
from seqgen.core.domain import load_tokenizer, save_tokenizer
from seqgen.core.drafts import remove_drafts
from seqgen.core.errors import BadInput, Diverged, RunError
from seqgen.core.files import make_folder, safe_join, write_bytes
from seqgen.core.locks import Held, locked
from seqgen.core.sealed import read_sealed, write_sealed
from seqgen.core.tables import to_csv
from seqgen.core.tokenizer import Tokenizer
from seqgen.corpus.build import RECORDED
from seqgen.model import SequenceModel
from seqgen.training.checkpoint import Checkpoint, best_weights, checkpoints, latest_good, save_checkpoint
from seqgen.training.config import TrainConfig
from seqgen.training.loop import Trainer, new_model

FORMAT = 1
_CONFIG = ("format", "domain", "torch", "training")  # fields of config.json


@dataclass(frozen=True)
class Run:
    """One run on disk."""

    path: Path

    @property
    def name(self) -> str:
        """The name of its folder."""
        return self.path.name

    def require_untrained(self) -> None:
        """Raises RunError when a trained run stands there."""
        if checkpoints(self.path / "checkpoints"):
            raise RunError(f"{self.path} already holds a run.", "Use --resume to go on with it, or another --out.")

    def create(self, tokenizer: Tokenizer[Any], config: TrainConfig, corpus: Mapping[str, Any]) -> None:
        """Write what does not change during training. Raises RunError when a trained run stands there."""
        self.require_untrained()
        make_folder(self.path)
        save_tokenizer(tokenizer, self.path / "tokenizer.json")
        write_sealed(self.path / "corpus.json", corpus)
        write_sealed(
            self.path / "config.json",
            {"format": FORMAT, "domain": tokenizer.domain, "torch": torch.__version__, "training": config.to_dict()},
        )

    def _record(self, name: str, fields: Collection[str]) -> dict[str, Any]:
        try:
            return read_sealed(self.path / name, fields)
        except BadInput as error:
            hint = error.hint or "Train it again."
            raise RunError(f"The run is incomplete, or damaged: {error.message}.", hint) from None

    @property
    def domain(self) -> str:
        """The name of its domain. Raises RunError."""
        return str(self._record("config.json", _CONFIG).get("domain"))

    def folder(self, name: str) -> Path:
        """A folder in the run that files are written to. Raises RunError where a link leads out of the run: whoever
        made it does not choose what is written over here."""
        try:
            return self.path / safe_join(self.path, name).relative_to(self.path.resolve())
        except BadInput:
            raise RunError(f"{self.path / name} is a link out of the run.", "Put a folder in its place.") from None

    def config(self) -> TrainConfig:
        """The training's configuration. Raises RunError."""
        saved = self._record("config.json", _CONFIG)
        if saved.get("format") != FORMAT:
            raise RunError(f"{self.path} was written by another version of seqgen.", "Train it again.")
        return TrainConfig.from_dict(saved.get("training", {}))

    def corpus(self) -> dict[str, Any]:
        """What it was trained on: origin, files, hashes, split, skipped files."""
        return self._record("corpus.json", RECORDED)

    def moved_corpus(self, path: str | os.PathLike[str]) -> None:
        """Remember where the corpus lies now."""
        about = self.corpus()
        if about.get("path") != os.fspath(path):
            write_sealed(self.path / "corpus.json", {**about, "path": os.fspath(path)})

    def tokenizer(self) -> Tokenizer[Any]:
        """The tokenizer that its ids are of. Raises RunError."""
        return load_tokenizer(self.path / "tokenizer.json")

    def model(self, device: str = "cpu") -> tuple[SequenceModel, Checkpoint, list[RunError]]:
        """The best whole checkpoint's model, which checkpoint that is, and what was wrong with others."""
        config, tokenizer = self.config(), self.tokenizer()
        checkpoint, weights, problems = best_weights(self.path / "checkpoints")
        if not _fits(weights, tokenizer, config):
            raise _unfit(checkpoint)
        model = new_model(tokenizer, TrainConfig(**{**config.to_dict(), "device": "cpu"}))
        try:
            model.load_state_dict(weights)
        except RuntimeError:
            raise _unfit(checkpoint) from None
        return model.to(device).eval(), checkpoint, problems

    def check(self, tokenizer: Tokenizer[Any]) -> None:
        """Raises RunError when the latest whole checkpoint, if there is any, is of another size than the configuration
        says: ask before a trainer of that size is made."""
        if checkpoints(self.path / "checkpoints"):
            checkpoint, _ = latest_good(self.path / "checkpoints")
            if not _fits(checkpoint.model(), tokenizer, self.config()):
                raise _unfit(checkpoint)

    def save(self, trainer: Trainer) -> Checkpoint:
        """Write a checkpoint and metrics.csv. Raises Diverged rather than write what is no finite number."""
        trainer.check_finite()
        columns = ("step", "train_nats", "valid_nats")
        rows = [[said.get(c) for c in columns] for said in trainer.history]
        write_bytes(self.path / "metrics.csv", to_csv([columns, *rows]))
        return save_checkpoint(
            self.folder("checkpoints"),
            trainer.step,
            trainer.model_tensors(),
            trainer.optimizer_tensors(),
            trainer.state(),
        )

    def resume(self, trainer: Trainer) -> list[RunError]:
        """Put a trainer where the latest whole checkpoint stands; returns what was wrong with later ones."""
        checkpoint, problems = latest_good(self.path / "checkpoints")
        try:
            trainer.restore(*checkpoint.everything())
        except (RuntimeError, KeyError):
            raise _unfit(checkpoint) from None
        return problems

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """One training at a time. A lock left by a process that is gone is taken over. Raises RunError."""
        make_folder(self.path)
        try:
            with locked(self.path / ".lock"):
                for folder in (self.path, self.folder("checkpoints")):
                    remove_drafts(folder)  # of a process that was killed
                yield
        except Held as held:
            raise RunError(f"{self.path} is being trained by another process ({held}).", held.hint) from None

    def after(self, error: Diverged) -> Diverged:
        """The error, saying what is left and what to try: to go on would come to the same."""
        rate = self.config().learning_rate
        try:
            last, _ = latest_good(self.path / "checkpoints")
        except RunError:
            said, begin = "No checkpoint was saved.", ""
        else:
            said, begin = f"The last good checkpoint is {last.path}, of step {last.step:,}.", f" --from {self.path}"
        hint = (
            f"Train anew with a smaller rate, or another --seed: seqgen train …{begin} --learning-rate {rate / 3:.1g}"
        )
        return Diverged(f"{error.message} {said}", hint)


def _fits(weights: Mapping[str, Tensor], tokenizer: Tokenizer[Any], config: TrainConfig) -> bool:
    """Whether the sizes that a configuration may say at will are those of the weights."""
    table, layers = (
        weights.get("embedding.weight"),
        [w for name, w in weights.items() if name.endswith(".weight_hh_l0")],
    )
    return (
        table is not None
        and table.shape == (len(tokenizer.vocabulary) + 1, config.width)
        and len(layers) == config.n_layers
        and all(len(w) == len(CELLS[config.cell].gates) * config.width for w in layers)
    )


def _unfit(checkpoint: Checkpoint) -> RunError:
    return RunError(
        f"{checkpoint.path} does not fit the run's tokenizer and configuration.",
        "Bring config.json and tokenizer.json back, or train the run again.",
    )


def new_run_path(corpus: str, folder: Path) -> Path:
    """`runs/bach-20261123-0219`, with a number behind it when that is taken."""
    stem = f"{corpus}-{time.strftime('%Y%m%d-%H%M')}"
    path, n = folder / stem, 1
    while path.exists():
        n += 1
        path = folder / f"{stem}-{n}"
    return path


def find_run(given: str | os.PathLike[str] | None, folder: Path = Path("runs")) -> Run:
    """The run of that path or name, or the newest one. Raises RunError."""
    if given is not None:
        with contextlib.suppress(OSError, ValueError):  # a name that no file has
            for path in (Path(given), folder / given):
                if (path / "config.json").is_file():
                    return Run(path)
        raise RunError(f"There is no run {os.fspath(given)!r}.", "`seqgen runs` lists the runs here.")
    runs = list_runs(folder)
    if not runs:
        raise RunError(f"There is no run in {folder.resolve()}.", "Train one first: seqgen train midi corpora/bach")
    return runs[0]


def list_runs(folder: Path = Path("runs")) -> list[Run]:
    """Every run in a folder, the newest first."""
    if not folder.is_dir():
        return []
    found = [p for p in folder.iterdir() if (p / "config.json").is_file()]
    return [Run(p) for p in sorted(found, key=lambda p: -(p / "config.json").stat().st_mtime)]

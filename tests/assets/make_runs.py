"""Writes tests/assets/corpora, tiny corpora of our own making, and tests/assets/runs/VERSION, a run of each by this
version, zipped. Run it once when a version is released, and commit what is new: later versions must load, sample and
resume it.

A corpus that is there already stays as it is: the runs of older versions were trained on it.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch

import seqgen
from seqgen.domains.images.files import write as write_image
from seqgen.domains.images.image import Image
from seqgen.domains.midi.files import write as write_score
from seqgen.domains.sports.files import write as write_match
from seqgen.domains.sports.tokenizer import SportsTokenizer
from seqgen.training import loop
from seqgen.training.loop import new_model

ASSETS = Path(__file__).parent
# As small as a run can be; the settings that the machine would choose are given.
SMALL = {
    "steps": 6, "preset": "tiny", "width": 4, "n_layers": 2, "crop": 32, "batch_size": 4, "n_evaluations": 2,
    "device": "cpu", "replicas": 1, "precision": "float32", "save_seconds": 1e9,
}  # fmt: skip
N_LOGITS = 16
WORDS = "the sea wind goes over hill and deep water where a bird sings low; no one hears it but me"


def other(path: str) -> ModuleType:
    """A module of the tests."""
    spec = importlib.util.spec_from_file_location(Path(path).stem, ASSETS.parent / path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def midi(folder: Path) -> None:
    make = other("conftest.py").make_chorale
    for number in range(12):
        write_score(make(number), folder / f"chorale{number:02d}.mid")


def text(folder: Path) -> None:
    rng = np.random.default_rng(0)
    lines = [" ".join(rng.choice(WORDS.split(), int(rng.integers(4, 9)))).capitalize() + "." for _ in range(150)]
    (folder / "sea.txt").write_text("\n".join(lines) + "\n", newline="\n")


def sports(folder: Path) -> None:
    laws = other("contract/test_domain_laws.py")
    tokenizer = SportsTokenizer("badminton", {"One": ["Ann"], "Two": ["Ann", "Zoe"], "Length": ["5", "9"]})
    for number in range(12):
        write_match(tokenizer.decode(laws.walk(tokenizer, number, 200)), folder / f"match{number:02d}.csv")


def prices(folder: Path) -> None:
    rng = np.random.default_rng(0)
    days = np.arange("2001-01-01", "2003-01-01", dtype="datetime64[D]")
    moves = 0.01 * rng.standard_t(4, (3, len(days))).cumsum(axis=1)
    rows = [f"{day},{','.join(f'{100 * np.exp(x):.4f}' for x in row)}" for day, row in zip(days, moves.T, strict=True)]
    (folder / "prices.csv").write_text("date,A,B,C\n" + "\n".join(rows) + "\n", newline="\n")


def images(folder: Path) -> None:
    rng = np.random.default_rng(0)
    for number in range(24):
        pixels = np.zeros((8, 8), np.uint8)
        place = int(rng.integers(1, 7))
        pixels[(slice(None), place) if number % 2 else (place, slice(None))] = 255
        pixels[rng.random((8, 8)) < 0.1] = 255
        target = folder / ("upright" if number % 2 else "level") / f"{number:02d}.png"
        target.parent.mkdir(exist_ok=True)
        write_image(Image(pixels), target)


CORPORA: dict[str, Callable[[Path], None]] = {
    "midi": midi, "text": text, "sports": sports, "prices": prices, "images": images,
}  # fmt: skip


def logits(run: Path) -> list[list[float]]:
    """What the run's model says at each of a few fixed ids: the first of its logits there."""
    model = seqgen.load(run)
    ids = torch.arange(12)[None] % len(model.tokenizer.vocabulary)
    context = torch.zeros(1, 12, len(model.tokenizer.context.features), dtype=torch.long)
    torch.set_num_threads(1)
    with torch.inference_mode():
        found, _ = model.network(ids, context)
    return [[float(x) for x in row[:N_LOGITS]] for row in found[0]]


def without_table(tokenizer: Any, config: Any) -> Any:
    """A fresh model whose context table, most rows of which no id reads, is zero: it takes no room when zipped."""
    model = new_model(tokenizer, config)
    if "context.weight" in dict(model.named_parameters()):
        torch.nn.init.zeros_(model.context.weight)
    return model


def packed(run: Path, target: Path) -> None:
    """The same files give the same archive."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_LZMA) as archive:
        for file in sorted(p for p in run.rglob("*") if p.is_file()):
            archive.writestr(zipfile.ZipInfo(file.relative_to(run).as_posix()), file.read_bytes(), zipfile.ZIP_LZMA)


def main() -> None:
    runs = ASSETS / "runs" / seqgen.__version__
    runs.mkdir(parents=True, exist_ok=True)
    loop.new_model = without_table
    os.chdir(ASSETS)  # a run remembers where its corpus lay
    for domain, make in CORPORA.items():
        corpus = Path("corpora") / domain
        if not corpus.exists():
            corpus.mkdir(parents=True)
            make(corpus)
        with tempfile.TemporaryDirectory() as place:
            run = seqgen.train(domain, corpus, out=Path(place) / domain, **SMALL).run.path
            for older in sorted((run / "checkpoints").iterdir())[:-1]:
                shutil.rmtree(older)
            says = {"arithmetic": other("conftest.py").arithmetic(), "logits": logits(run)}
            (run / "logits.json").write_text(json.dumps(says) + "\n")
            packed(run, runs / f"{domain}.zip")


if __name__ == "__main__":
    main()

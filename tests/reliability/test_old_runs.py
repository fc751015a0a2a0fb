"""A run of each released version loads, says what it said, samples and goes on; see tests/assets/make_runs.py."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import seqgen
from seqgen.core.sealed import write_sealed
from seqgen.training.checkpoint import latest_good

ASSETS = Path(__file__).parents[1] / "assets"
RUNS = sorted((ASSETS / "runs").glob("*/*.zip"))


@pytest.fixture(params=RUNS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The run, unpacked."""
    with zipfile.ZipFile(request.param) as archive:
        archive.extractall(tmp_path / request.param.stem)
    return tmp_path / str(request.param.stem)


def test_each_domain_has_an_old_run() -> None:
    assert {path.stem for path in RUNS} == {"images", "midi", "prices", "sports", "text"}


@pytest.mark.slow
def test_an_old_run_says_what_it_said_and_samples(old: Path, same_arithmetic: Callable[[str], bool]) -> None:
    torch.set_num_threads(1)
    model, said = seqgen.load(old), json.loads((old / "logits.json").read_text())
    assert not model.problems
    expected = np.array(said["logits"], np.float32)
    ids = torch.arange(len(expected))[None] % len(model.tokenizer.vocabulary)
    context = torch.zeros(1, len(expected), len(model.tokenizer.context.features), dtype=torch.long)
    with torch.inference_mode():
        logits = model.network(ids, context)[0][0, :, : expected.shape[1]].numpy()
    if same_arithmetic(said["arithmetic"]):
        assert np.array_equal(logits, expected)
    np.testing.assert_allclose(logits, expected, atol=1e-5, rtol=0)
    (sample,) = model.sample(seed=0, length="1image" if old.name == "images" else f"1{model.domain.units[0]}")
    assert not len(model.tokenizer.grammar.violations(sample.ids))


@pytest.mark.slow
def test_an_old_run_goes_on(old: Path, tmp_path: Path) -> None:
    corpus = Path(shutil.copytree(ASSETS / "corpora" / old.name, tmp_path / "corpus"))
    config: dict[str, Any] = json.loads((old / "config.json").read_text())
    config["training"]["steps"] += 2
    write_sealed(old / "config.json", config)
    before, _ = latest_good(old / "checkpoints")
    seqgen.train(old.name, corpus, out=old, resume=True)
    after, problems = latest_good(old / "checkpoints")
    assert not problems and after.step == before.step + 2 == config["training"]["steps"]
    assert len(after.state()["history"]) > len(before.state()["history"])

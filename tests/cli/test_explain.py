"""`seqgen explain`: pictures and numbers of how layers remember."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seqgen.core.sealed import write_sealed

Cli = Callable[..., Any]


@pytest.fixture(scope="module")
def gru_run(run: Path, corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    import seqgen

    out = tmp_path_factory.mktemp("explain") / run.name  # of the same name
    seqgen.train("midi", corpus, steps=2, width=24, n_layers=1, cell="gru", out=out)
    return out


def test_runs_are_compared_in_one_picture(
    cli: Cli, run: Path, gru_run: Path, narrow_pictures: None, tmp_path: Path
) -> None:
    result = cli("explain", run, gru_run, "--distance", "30", "--out", tmp_path / "new", "--json")
    assert result.code == 0, result.err
    found = json.loads(result.out)
    first, second = found["runs"]
    assert (first["cell"], second["cell"]) == ("lstm", "gru") and first["name"] != second["name"]
    for one in (first, second):
        assert one["distances"] == list(range(31)) and len(one["trained"]) == len(one["fresh"]) == 31
        assert one["trained"][0] == one["fresh"][0] == 1 and all(share >= 0 for share in one["trained"])
    assert set(first["layers"][0]) == {"forget", "input", "output"}
    assert set(second["layers"][0]) == {"update", "reset"}
    names = sorted(p.name for p in (tmp_path / "new").iterdir())
    assert len(names) == 1 + len(first["layers"]) + len(second["layers"]) and "gradients.png" in names
    assert all(Path(picture).read_bytes().startswith(b"\x89PNG") for picture in found["pictures"])


@pytest.mark.slow
def test_a_file_may_stand_for_the_held_out_pieces(cli: Cli, gru_run: Path, corpus: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(gru_run, tmp_path / "moved"))
    about = json.loads((run / "corpus.json").read_text())
    write_sealed(run / "corpus.json", {**about, "path": "gone"})
    refused = cli("explain", run)
    assert refused.code == 4 and "--corpus" in refused.err
    result = cli("explain", run, "--file", corpus / "chorale03.mid", "--distance", "10")
    assert result.code == 0, result.err
    assert "below 1 % from" in result.out and "update" in result.out
    assert sorted(p.name for p in (run / "explain").iterdir()) == ["gates-moved-1.png", "gradients.png"]


@pytest.mark.parametrize("wrong", [("--distance", "0"), ("--distance", "99999"), ("--file", "none.mid")])
def test_what_cannot_be_looked_at_is_refused(cli: Cli, gru_run: Path, wrong: tuple[str, ...]) -> None:
    result = cli("explain", gru_run, *wrong)
    assert result.code in (2, 3) and result.out == "" and result.err.startswith("error: ")

"""Corpora of prices from what is installed."""

from __future__ import annotations

import gzip
import importlib.util
from pathlib import Path
from types import SimpleNamespace

import pytest

from seqgen.core.errors import CorpusError, MissingExtra
from seqgen.domains.prices.files import read
from seqgen.domains.prices.recipes import wti

TABLE = b"Date,DCOILWTICO\n1/2/1986,25.56\n1/3/1986,.\n1/6/1986,26.53\n"


def installed(folder: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None) -> None:
    """A package arch that carries this file."""
    (folder / "data" / "wti").mkdir(parents=True)
    if content is not None:
        (folder / "data" / "wti" / "wti.csv.gz").write_bytes(content)
    spec = SimpleNamespace(origin=str(folder / "__init__.py"))
    monkeypatch.setattr("seqgen.domains.prices.recipes.find_spec", lambda name: spec if name == "arch" else None)


def test_oil_prices_are_written_as_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(tmp_path / "arch", monkeypatch, gzip.compress(TABLE))
    told: list[tuple[int, int]] = []
    assert wti(tmp_path / "corpus", lambda done, total: told.append((done, total))) == 1 and told == [(1, 1)]
    (oil,) = read(tmp_path / "corpus" / "wti.csv")
    assert oil.name == "WTI" and oil.prices.tolist() == [25.56, 26.53]
    assert oil.dates is not None and str(oil.dates[1])[:10] == "1986-01-06"


@pytest.mark.parametrize(
    "content",
    [None, b"", gzip.compress(b"a,b\n1,2\n", mtime=0), gzip.compress(TABLE, mtime=0)[:20]],
    ids=["missing", "empty", "another table", "cut off"],
)
def test_another_file_than_expected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None) -> None:
    installed(tmp_path / "arch", monkeypatch, content)
    with pytest.raises(CorpusError):
        wti(tmp_path, lambda done, total: None)
    monkeypatch.setattr("seqgen.domains.prices.recipes.find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match="arch"):
        wti(tmp_path, lambda done, total: None)


@pytest.mark.skipif(importlib.util.find_spec("arch") is None, reason="arch is not installed")
def test_the_installed_package_has_the_file(tmp_path: Path) -> None:
    assert wti(tmp_path, lambda done, total: None) == 1
    (oil,) = read(tmp_path / "wti.csv")
    assert len(oil.prices) > 8000 and not oil.left_out

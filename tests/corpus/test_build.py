"""From a folder to a prepared corpus: split, skipped files, cache."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqgen.core.domain import get_domain
from seqgen.core.errors import BadInput, CorpusError, SeqgenError
from seqgen.corpus.build import Prepared, cache_folder, prepare, read_bounded
from seqgen.corpus.folder import open_corpus
from seqgen.corpus.split import split_pieces
from seqgen.corpus.store import SPLITS
from seqgen.domains.midi.files import write
from seqgen.domains.midi.options import MidiOptions
from seqgen.domains.midi.score import Score

DOMAIN = get_domain("midi")
pytestmark = pytest.mark.usefixtures("forked_workers")


def build(folder: Path, *, strict: bool = False, **options: Any) -> Prepared:
    return prepare(open_corpus(folder), DOMAIN, MidiOptions(**options), strict=strict)


def splits(prepared: Prepared) -> dict[str, str]:
    return {entry["file"]: entry["split"] for entry in prepared.about["files"]}


@pytest.fixture
def folder(corpus: Path, tmp_path: Path) -> Path:
    """A copy of the tiny corpus that a test may change."""
    return Path(shutil.copytree(corpus, tmp_path / "copy"))


def test_every_file_is_somewhere_and_every_split_holds_some(prepared: Prepared, corpus: Path) -> None:
    assert set(splits(prepared)) == {p.name for p in corpus.iterdir()}
    assert prepared.about["skipped"] == [] and prepared.tokenizer.name == "voices"
    counts = prepared.about["counts"]
    assert [counts[name]["pieces"] for name in SPLITS] == [10, 1, 1]
    assert sum(c["tokens"] for c in counts.values()) == sum(f["tokens"] for f in prepared.about["files"])
    for entry in prepared.about["files"]:
        assert len(entry["sha256"]) == 64


def test_the_second_time_it_comes_from_the_cache(folder: Path) -> None:
    first, second = build(folder), build(folder)
    assert not first.cached and second.cached
    assert first.about == second.about
    assert first.tokenizer.config() == second.tokenizer.config()
    assert all((first.store.piece(i) == second.store.piece(i)).all() for i in range(len(first.store)))


def test_whatever_changes_is_prepared_again(folder: Path) -> None:
    build(folder)
    os.utime(folder / "chorale00.mid", ns=(1, 1))
    assert not build(folder).cached
    assert not build(folder, steps_per_quarter=2).cached
    (folder / "chorale00.mid").unlink()
    assert not build(folder).cached


@pytest.mark.parametrize("name", ["tokens.safetensors", "tokenizer.json", "corpus.json"])
def test_a_damaged_cache_is_built_again(folder: Path, name: str) -> None:
    build(folder)
    for kept in cache_folder().glob("copy-*"):
        data = (kept / name).read_bytes()
        (kept / name).write_bytes(data[: len(data) // 2])
    again = build(folder)
    assert not again.cached and len(again.store) == 12
    assert build(folder).cached


def test_the_split_depends_on_content_alone(folder: Path, prepared: Prepared, tmp_path: Path) -> None:
    for i, path in enumerate(sorted(folder.iterdir(), reverse=True)):
        path.rename(folder / f"{i:02d}-{path.name}")
    renamed = {name[3:]: split for name, split in splits(build(folder)).items()}
    assert renamed == splits(prepared)


def test_equal_pieces_in_any_key_land_in_one_split(folder: Path, chorales: list[Score]) -> None:
    for score in chorales:
        for k in (2, -3):
            write(replace(score, pitch=score.pitch + k), folder / f"{score.name}-{k}.mid")
    found = splits(build(folder))
    assert len(found) == 36
    for score in chorales:
        assert len({split for name, split in found.items() if name.startswith(score.name)}) == 1


def test_a_broken_file_is_left_out_and_named(folder: Path) -> None:
    (folder / "broken.mid").write_bytes(b"MThd nothing more")
    (folder / "empty.mid").write_bytes(b"")
    prepared = build(folder)
    assert len(prepared.store) == 12
    skipped = {entry["file"]: entry["reason"] for entry in prepared.about["skipped"]}
    assert set(skipped) == {"broken.mid", "empty.mid"} and all(skipped.values())
    with pytest.raises(BadInput, match=r"broken\.mid"):
        build(folder, strict=True)


def test_a_piece_that_the_tokenizer_cannot_say_is_left_out_and_named(folder: Path, chorales: list[Score]) -> None:
    dense = replace(chorales[0], onset=chorales[0].onset * 0, tracks=chorales[0].tracks)
    write(dense, folder / "dense.mid")
    prepared = build(folder, tokenizer="voices")
    assert [entry["file"] for entry in prepared.about["skipped"]] == ["dense.mid"]
    assert "notes sound at once" in prepared.about["skipped"][0]["reason"]


def test_nothing_to_learn_from_is_said(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="does not exist"):
        build(tmp_path / "missing")
    with pytest.raises(CorpusError, match="holds no files"):
        build(tmp_path)
    (tmp_path / "a.mid").write_bytes(b"no")
    with pytest.raises(CorpusError, match=r"1 files were refused.*a\.mid"):
        build(tmp_path)


def test_files_are_found_at_any_depth_and_hidden_ones_are_not(folder: Path) -> None:
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / ".hidden").mkdir()
    shutil.move(folder / "chorale00.mid", folder / "deep" / "er" / "UPPER.MID")
    shutil.move(folder / "chorale01.mid", folder / ".hidden" / "a.mid")
    (folder / "notes.txt").write_text("no music")
    found = [p.relative_to(folder).as_posix() for p in open_corpus(folder).files(DOMAIN.suffixes)]
    assert len(found) == 11 and "deep/er/UPPER.MID" in found


@pytest.mark.parametrize(
    ("pattern", "n"), [("copy/*.mid", 11), ("co?y/**/*", 13), ("copy/chorale0[0-3].mid", 3), ("*/deep/*", 1)]
)
def test_what_matches_a_pattern_is_a_corpus(
    folder: Path, pattern: str, n: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "deep").mkdir()
    shutil.move(folder / "chorale00.mid", folder / "deep" / "a.MID")
    (folder / ".hidden.mid").write_text("")
    (folder / "notes.txt").write_text("tried, for it is named")
    monkeypatch.chdir(folder.parent)
    found = open_corpus(Path(pattern))
    assert len(found.files(DOMAIN.suffixes)) == n and "*" not in found.name
    assert found.files(()) == sorted(found.files(()))
    absolute = open_corpus(folder.parent / pattern)
    assert [p.resolve() for p in found.files(())] == absolute.files(()) and absolute.name == found.name


def test_a_pattern_is_prepared_like_a_folder_of_these_files(folder: Path) -> None:
    about = build(folder / "chorale0*.mid").about
    assert {entry["file"] for entry in about["files"]} == {f"chorale0{i}.mid" for i in range(10)}
    assert about["name"] == "copy" and about["path"] == str(folder / "chorale0*.mid")
    with pytest.raises(CorpusError, match="No file matches"):
        build(folder / "*.midi")
    (folder / "[1].mid").write_bytes((folder / "chorale00.mid").read_bytes())
    assert build(folder / "[1].mid").about["name"] == "[1]", "a name is a name first"


@pytest.mark.parametrize(
    ("toml", "reason"),
    [
        ("domain = [", "is not TOML"),
        ("domain = 3", "must be texts"),
        ("split = {train = 1}", "must give numbers"),
        ("split = 3", "must give numbers"),
        ("split = {train = 0.5, valid = 0.1, test = 0.1}", "add up to 1"),
        ("split = {train = 0, valid = 0.5, test = 0.5}", "must be positive"),
        ('domain = "midi"\nrecipe = "os.system"', "no recipe"),
    ],
)
def test_a_bad_corpus_toml_is_refused(tmp_path: Path, toml: str, reason: str) -> None:
    (tmp_path / "corpus.toml").write_text(toml)
    with pytest.raises(CorpusError, match=reason):
        build(tmp_path)


def test_a_corpus_toml_says_what_it_is_and_how_it_is_split(folder: Path) -> None:
    (folder / "corpus.toml").write_text(
        'domain = "midi"\ntitle = "Tiny"\nlicence = "none"\nsplit = {train = 0.5, valid = 0.25, test = 0.25}\n'
    )
    about = build(folder).about
    assert about["title"] == "Tiny" and about["licence"] == "none"
    assert [about["counts"][name]["pieces"] for name in SPLITS] == [6, 3, 3]


def test_one_file_is_a_corpus_without_held_out_pieces(corpus: Path) -> None:
    counts = build(corpus / "chorale00.mid").about["counts"]
    assert [counts[name]["pieces"] for name in SPLITS] == [1, 0, 0]


def test_one_file_is_read_apart(corpus: Path, tmp_path: Path) -> None:
    (piece,) = read_bounded(corpus / "chorale00.mid", DOMAIN)
    assert piece.n_notes
    (tmp_path / "a.txt").write_text("hello")
    with pytest.raises(BadInput, match="is no file of midi"):
        read_bounded(tmp_path / "a.txt", DOMAIN)
    with pytest.raises(SeqgenError, match="does not exist"):
        read_bounded(tmp_path / "a.mid", DOMAIN)


identities = st.lists(st.lists(st.sampled_from("abcdefghijkl"), min_size=1, max_size=2).map(tuple), max_size=30)


@given(identities, st.sampled_from([(0.8, 0.1, 0.1), (0.5, 0.25, 0.25), (1.0, 0.0, 0.0), (0.34, 0.33, 0.33)]))
def test_pieces_that_share_an_identity_stay_together(
    pieces: list[tuple[str, ...]], shares: tuple[float, float, float]
) -> None:
    split = split_pieces(pieces, shares)
    assert len(split) == len(pieces)
    for i, mine in enumerate(pieces):
        for j, yours in enumerate(pieces):
            assert split[i] == split[j] or not set(mine) & set(yours)
    if pieces:
        assert "train" in split
    # Order says nothing.
    turned = split_pieces(pieces[::-1], shares)
    assert turned[::-1] == split

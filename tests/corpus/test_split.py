"""Long texts are cut by position; many are split by piece."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqgen.core.domain import get_domain
from seqgen.core.errors import BadInput, CorpusError
from seqgen.corpus.build import FEW_PIECES, Prepared, prepare, read_bounded
from seqgen.corpus.folder import open_corpus
from seqgen.corpus.split import (
    cut_pieces,
    cut_pieces_at_moments,
    repetitions,
    said_again,
    said_by,
    split_by_names,
    split_pieces,
)
from seqgen.corpus.store import SPLITS, Split
from seqgen.domains.text.options import LEVELS

DOMAIN = get_domain("text")


def text(number: int, n_lines: int = 40) -> str:
    return "".join(f"Line {line} of text {number}, é {'x' * ((line * number) % 7)}\n" for line in range(n_lines))


def build(path: Path, **options: Any) -> Prepared:
    return prepare(open_corpus(path), DOMAIN, DOMAIN.options(**options))


def parts(prepared: Prepared) -> list[tuple[str, str, str]]:
    """(file, split, text) of each stored part."""
    store = prepared.store
    return [
        (store.names[i], SPLITS[store.split[i]], prepared.tokenizer.decode(store.piece(i))) for i in range(len(store))
    ]


def cut(piece: str, start: float, stop: float) -> str | None:
    assert DOMAIN.cut is not None
    return DOMAIN.cut(piece, start, stop)


def cut_list(piece: list[int], start: int, stop: int | None) -> list[int] | None:
    return [m for m in piece if start <= m and (stop is None or m < stop)] or None


moments = st.lists(st.integers(-50, 50), min_size=1, max_size=60, unique=True).map(sorted)


shares = st.sampled_from([(0.8, 0.1, 0.1), (0.9, 0.1, 0.0), (1.0, 0.0, 0.0), (0.5, 0.0, 0.5), (0.7, 0.2, 0.1)])


@given(st.lists(st.text(min_size=1), max_size=4), shares)
def test_parts_are_the_piece_and_as_long_as_their_shares(pieces: list[str], wanted: tuple[float, float, float]) -> None:
    found = cut_pieces(pieces, wanted, cut)
    for i, piece in enumerate(pieces):
        mine = [(split, part) for j, split, part in found if j == i]
        assert "".join(part for _, part in mine) == piece
        assert [split for split, _ in mine] == sorted((split for split, _ in mine), key=SPLITS.index)
        for split, part in mine:
            share = wanted[SPLITS.index(split)]
            assert part and share > 0 and abs(len(part) - share * len(piece)) <= 1


def test_dated_pieces_are_held_out_from_the_end() -> None:
    identities = [(str(i),) for i in range(10)]
    dates = [f"20{(7 * i) % 10:02d}-01-01" for i in range(10)]
    split = split_pieces(identities, (0.8, 0.1, 0.1), dates)
    assert [s for _, s in sorted(zip(dates, split, strict=True))] == ["train"] * 8 + ["valid", "test"]
    # One without a date, and all go by their content.
    assert split_pieces(identities, (0.8, 0.1, 0.1), [*dates[:9], ""]) == split_pieces(identities, (0.8, 0.1, 0.1))


def test_files_that_name_their_split_keep_it() -> None:
    def split(*names: str) -> Any:
        found = split_by_names(names, [(str(i),) for i in range(len(names))], (0.8, 0.1, 0.1))
        return None if found is None else "".join(s[0] + s[1] for s in found)

    assert split("train/a", "valid/b", "test/c", "train/d") == "trvatetr"
    assert split("train.txt", "dev.txt", "test.txt") == "trvate"
    assert split("a/train", "b/other", "c/test") is None and split("train", "train", "train") is None
    assert split("train-1", "test-1") is None  # nothing is left to choose by
    mnist = split(*["train-images-idx3-ubyte"] * 90, *["t10k-images-idx3-ubyte"] * 20)
    assert mnist[180:] == "te" * 20 and mnist.count("va") == 10 and mnist.count("tr") == 80
    assert [said_by(n) for n in ("train/test.png", "testament.txt", "the test.txt")] == ["train", None, "test"]


def test_a_held_out_part_that_no_name_says_shares_nothing_with_the_training_part() -> None:
    same = [(str(i // 3),) for i in range(60)]
    found = split_by_names(["train"] * 60 + ["test"] * 3, [*same, ("a",), ("b",), ("c",)], (0.8, 0.1, 0.1))
    assert found is not None and {found[i] for i in range(60)} == {"train", "valid"}
    assert all(len(set(found[i : i + 3])) == 1 for i in range(0, 60, 3))


def test_repetitions_point_at_the_first() -> None:
    assert repetitions([("a", "b"), ("c",), ("d", "b"), ("c",)]) == [0, 1, 0, 1]


def test_one_long_text_is_cut_by_position(tmp_path: Path) -> None:
    path = tmp_path / "long.py"
    path.write_text(text(1, 100))
    prepared = build(path)
    found = parts(prepared)
    assert [(name, split) for name, split, _ in found] == [("long.py", split) for split in SPLITS]
    assert "".join(part for _, _, part in found) == text(1, 100)
    assert len(found[0][2]) == int(len(text(1, 100)) * 0.8)
    files = prepared.about["files"]
    assert len({f["sha256"] for f in files}) == 1 and [f["split"] for f in files] == list(SPLITS)


@pytest.mark.parametrize("level", LEVELS)
def test_a_file_read_in_small_blocks_makes_the_same_corpus(
    tmp_path: Path, level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "long.txt"
    path.write_text(text(1, 60) + text(3, 60))
    whole = build(path, level=level)
    for small in ("characters.BLOCK", "files._CHUNK"):
        monkeypatch.setattr(f"seqgen.domains.text.{small}", 7)
    monkeypatch.setenv("SEQGEN_CACHE", str(tmp_path / "another"))
    parts = build(path, level=level)
    assert not parts.cached and parts.about == whole.about and parts.tokenizer.config() == whole.tokenizer.config()
    assert parts.store.ids.tolist() == whole.store.ids.tolist()
    train = whole.store.of_split("train")
    assert train[0].tolist() == whole.tokenizer.encode(path.read_text()[: int(0.8 * len(path.read_text()))]).tolist()


def test_what_changes_while_it_is_read_is_not_prepared(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_text(text(1))

    def change(what: str, done: int, total: int) -> None:
        if what == "reading files":
            path.write_text(text(2))

    with pytest.raises(CorpusError, match="changed while it was read"):
        prepare(open_corpus(path), DOMAIN, DOMAIN.options(), change)


def test_the_shares_of_a_corpus_toml_are_kept(tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text(text(1))
    (tmp_path / "corpus.toml").write_text("split = {train = 0.9, valid = 0.1, test = 0.0}")
    found = parts(build(tmp_path))
    assert [split for _, split, _ in found] == ["train", "valid"]
    assert len(found[0][2]) == int(len(text(1)) * 0.9)


def test_the_tokenizer_knows_the_training_part_only(tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("abc " * 200 + "d€ " * 50)
    prepared = build(tmp_path / "long.txt")
    assert prepared.tokenizer.config()["characters"] == " abc"
    refused = build(tmp_path / "long.txt", fallback=False)
    assert [split for _, split, _ in parts(refused)] == ["train"]
    assert "is not among the characters" in refused.about["skipped"][0]["reason"]


def test_a_few_texts_are_each_cut_and_many_are_split_by_piece(tmp_path: Path) -> None:
    for number in range(FEW_PIECES - 1):
        (tmp_path / f"{number}.txt").write_text(text(number))
    found = parts(build(tmp_path))
    assert len(found) == 3 * (FEW_PIECES - 1) and {name for name, _, _ in found} == {f"{n}.txt" for n in range(9)}
    (tmp_path / "9.txt").write_text(text(9))
    found = parts(build(tmp_path))
    assert len(found) == FEW_PIECES and {split for _, split, _ in found} == set(SPLITS)
    assert {part for _, _, part in found} == {text(n) for n in range(FEW_PIECES)}


def test_what_is_said_twice_is_learned_once(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(text(1))
    (tmp_path / "b.txt").write_text(text(2))
    (tmp_path / "c.txt").write_bytes(text(1).upper().replace("\n", "\r\n").encode())
    prepared = build(tmp_path)
    assert {name for name, _, _ in parts(prepared)} == {"a.txt", "b.txt"}
    assert prepared.about["skipped"] == [{"file": "c.txt", "reason": "says the same as a.txt"}]


def test_refused_texts_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(text(1))
    (tmp_path / "b.txt").write_bytes("naïve".encode("latin-1"))
    (tmp_path / "c.txt").write_bytes(b"")
    skipped = {entry["file"]: entry["reason"] for entry in build(tmp_path).about["skipped"]}
    assert skipped == {"b.txt": "is not UTF-8 text", "c.txt": "holds no text"}
    (tmp_path / "a.txt").unlink()
    with pytest.raises(CorpusError, match="2 files were refused"):
        build(tmp_path)


def test_a_text_of_any_name_is_read_when_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(text(1))
    assert read_bounded(tmp_path / "program.py", DOMAIN) == [text(1)]
    with pytest.raises(CorpusError, match="holds no files"):
        build(tmp_path)
    with pytest.raises(BadInput, match="does not exist"):
        read_bounded(tmp_path / "missing", DOMAIN)


@given(st.lists(moments, min_size=1, max_size=6), shares)
def test_a_moment_is_in_one_split_and_none_is_lost(pieces: list[list[int]], chosen: tuple[float, float, float]) -> None:
    """Pieces are lists of their moments, of any lengths."""
    found = cut_pieces_at_moments(pieces, chosen, np.array, cut_list)
    for i, piece in enumerate(pieces):
        assert [m for j, _, part in found if j == i for m in part] == piece
    of = {name: {m for _, split, part in found if split == name for m in part} for name in SPLITS}
    assert not (of["train"] & of["valid"] or of["valid"] & of["test"])
    assert not of["valid"] or max(of["train"], default=-99) < min(of["valid"])
    assert not of["test"] or max(of["train"] | of["valid"], default=-99) < min(of["test"])
    for name, share in zip(SPLITS, chosen, strict=True):
        n = sum(len(part) for _, split, part in found if split == name)
        same = max(sum(m in piece for piece in pieces) for m in {m for piece in pieces for m in piece})
        assert abs(n - share * sum(map(len, pieces))) <= 2 * same and (share or not n)


def test_what_is_held_out_is_not_learned_from() -> None:
    split: list[Split] = ["train", "train", "valid", "valid", "test", "train"]
    identities = [("a", "A"), ("b",), ("c", "A"), ("d",), ("d", "D"), ("b",)]
    assert said_again(split, identities) == {0, 3}

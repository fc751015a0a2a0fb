from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqgen.core.errors import BadInput, CorpusError
from seqgen.corpus.store import SPLITS, TokenStore, load_store, write_store

pieces_of_ids = st.lists(st.lists(st.integers(0, 70_000), max_size=12), max_size=8)


def make(pieces: list[list[int]], path: Path, n_ids: int = 2**17) -> TokenStore:
    """A store of these pieces, written in parts of three ids."""
    with write_store(path, n_ids, "fingerprint") as store:
        for i, piece in enumerate(pieces):
            parts = (np.array(piece[at : at + 3], np.int32) for at in range(0, len(piece), 3))
            assert store.add(parts, SPLITS[i % 3], f"{i}.mid") == len(piece)
    return load_store(path)


@given(pieces_of_ids)
def test_a_store_comes_back_from_its_file(tmp_path_factory: pytest.TempPathFactory, pieces: list[list[int]]) -> None:
    store = make(pieces, tmp_path_factory.getbasetemp() / "store.safetensors")
    assert len(store) == len(pieces) and store.fingerprint == "fingerprint" and not store.mapped
    assert store.names == tuple(f"{i}.mid" for i in range(len(pieces)))
    assert [store.piece(i).tolist() for i in range(len(store))] == pieces
    assert all(store.piece(i).dtype == np.int32 for i in range(len(store)))
    for s, name in enumerate(SPLITS):
        assert [p.tolist() for p in store.of_split(name)] == pieces[s::3]


def test_many_ids_are_mapped_and_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seqgen.corpus.store.MAPPED_FROM", 10)
    for n_ids, dtype in ((2**16, np.uint16), (2**16 + 1, np.int32)):
        store = make([[1, 2, 3, n_ids - 1], [4], [5, 6]], tmp_path / "store", n_ids)
        assert store.mapped and store.ids.dtype == dtype and not store.ids.flags.owndata
        assert [p.tolist() for p in store.of_split("train")] == [[1, 2, 3, n_ids - 1]]
        assert not make([[1]], tmp_path / "small", n_ids).mapped


def test_a_piece_that_fails_in_its_midst_leaves_nothing(tmp_path: Path) -> None:
    def parts() -> Iterator[Any]:
        yield np.array([7, 8], np.int32)
        raise BadInput("x", "is broken")

    path = tmp_path / "store"
    with write_store(path, 10, "fingerprint") as store:
        store.add([np.array([1, 2], np.int32)], "train", "a")
        with pytest.raises(BadInput):
            store.add(parts(), "train", "b")
        store.add([np.array([3], np.int32)], "valid", "c")
    again = load_store(path)
    assert again.ids.tolist() == [1, 2, 3] and again.names == ("a", "c")
    with pytest.raises(BadInput), write_store(tmp_path / "other", 10, "") as store:
        store.add(parts(), "train", "b")
    assert list(tmp_path.iterdir()) == [path]


def test_of_too_much_a_part_is_taken_from_everywhere(tmp_path: Path) -> None:
    few = make([[1] * 60, [], [], [2] * 40], tmp_path / "few").of_split("train", 20)
    assert [p.tolist() for p in few] == [[1] * 10, [2] * 10]
    pieces = [[i] * 4 for i in range(300)]
    store = make(pieces, tmp_path / "many")
    assert [p.tolist() for p in store.of_split("train", 80)] == pieces[::3][::5]
    assert len(store.of_split("train", 400)) == 100
    assert [p.tolist() for p in store.of_split("train", 399)] == [p for p in pieces[::3] if p[0] < 297]  # all whole


def test_counts_are_of_pieces_and_tokens(tmp_path: Path) -> None:
    assert make([[1, 2, 3], [4], [5, 6], []], tmp_path / "store").counts() == {
        "train": {"pieces": 2, "tokens": 3}, "valid": {"pieces": 1, "tokens": 1}, "test": {"pieces": 1, "tokens": 2}
    }  # fmt: skip


def test_every_flipped_bit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "store"
    expected = make([[1, 2, 3], [4], [5, 6]], path)
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    for at in range(len(whole)):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << int(rng.integers(8))
        path.write_bytes(damaged)
        try:
            store = load_store(path)
        except CorpusError as error:
            assert error.hint
        else:  # in what is there for people to read
            assert store.names == expected.names
            assert store.fingerprint == expected.fingerprint and (store.ids == expected.ids).all()


def test_every_truncation_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "store"
    make([[1, 2, 3], [4], [5, 6]], path)
    whole = path.read_bytes()
    for n in range(len(whole)):
        path.write_bytes(whole[:n])
        with pytest.raises(CorpusError):
            load_store(path)


def test_what_is_no_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no prepared corpus"):
        load_store(tmp_path / "missing")
    with pytest.raises(CorpusError, match="damaged"):
        load_store(tmp_path)

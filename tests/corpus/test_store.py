from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqgen.core.errors import CorpusError
from seqgen.corpus.store import SPLITS, TokenStore, load_store

pieces_of_ids = st.lists(st.lists(st.integers(0, 70_000), max_size=12), max_size=8)


def make(pieces: list[list[int]]) -> TokenStore:
    split = [SPLITS[i % 3] for i in range(len(pieces))]
    names = [f"{i}.mid" for i in range(len(pieces))]
    return TokenStore.of([np.array(p, np.int32) for p in pieces], split, "fingerprint", names)


@given(pieces_of_ids)
def test_a_store_comes_back_from_its_file(tmp_path_factory: pytest.TempPathFactory, pieces: list[list[int]]) -> None:
    path = tmp_path_factory.getbasetemp() / "store.safetensors"
    store = make(pieces)
    store.save(path)
    again = load_store(path)
    assert len(again) == len(pieces) and again.fingerprint == "fingerprint" and again.names == store.names
    assert [again.piece(i).tolist() for i in range(len(again))] == pieces
    assert all(again.piece(i).dtype == np.int32 for i in range(len(again)))
    assert again.counts() == store.counts()
    for s, name in enumerate(SPLITS):
        assert [p.tolist() for p in again.of_split(name)] == pieces[s::3]


def test_counts_are_of_pieces_and_tokens() -> None:
    assert make([[1, 2, 3], [4], [5, 6], []]).counts() == {
        "train": {"pieces": 2, "tokens": 3}, "valid": {"pieces": 1, "tokens": 1}, "test": {"pieces": 1, "tokens": 2}
    }  # fmt: skip


def test_every_flipped_bit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "store"
    make([[1, 2, 3], [4], [5, 6]]).save(path)
    whole = path.read_bytes()
    expected = load_store(path)
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
    make([[1, 2, 3], [4], [5, 6]]).save(path)
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

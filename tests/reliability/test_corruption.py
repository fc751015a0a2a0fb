"""3,000 flipped bits and early ends, over every file that a model comes from: each is refused or fallen back from."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import seqgen
from seqgen.core.errors import CorpusError, RunError
from seqgen.corpus import build
from seqgen.corpus.build import Prepared
from seqgen.corpus.store import SPLITS, load_store, write_store
from seqgen.training.checkpoint import best_good, latest_good
from seqgen.training.run import Run

N = {
    "model.safetensors": 500, "optimizer.safetensors": 400, "state.json": 400, "MANIFEST.json": 400,
    "tokenizer.json": 300, "config.json": 300, "corpus.json": 200,
}  # fmt: skip
N_STORE, N_CACHE = 400, 100  # of the token store; of each record beside it
assert sum(N.values()) + N_STORE + N_CACHE == 3000


def damaged(file: Path, n: int, seed: int) -> Iterator[str]:
    """n times the file with one bit flipped, or cut, and the whole one back at the end."""
    whole, rng = file.read_bytes(), np.random.default_rng(seed)
    try:
        for i in range(n):
            at, bit = int(rng.integers(len(whole))), int(rng.integers(8))
            if i == 0:
                at = len(whole) - 1  # the last byte alone
            cut = i % 4 == 0
            file.write_bytes(whole[:at] if cut else whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :])
            yield f"{file.name} {'cut at' if cut else f'bit {bit} of'} {at}"
    finally:
        file.write_bytes(whole)


@pytest.fixture
def mine(run: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(run, tmp_path / "mine"))


def check_checkpoint(mine: Path, name: str, n: int) -> None:
    """In the latest one, which is the best as well: what is damaged is not used, and that is said."""
    folder = mine / "checkpoints"
    latest, _ = latest_good(folder)
    for what in damaged(latest.path / name, n, 1):
        found, problems = latest_good(folder)
        assert found.path != latest.path and len(problems) == 1 and latest.path.name in problems[0].message, what
        if name != "optimizer.safetensors":  # which nobody who samples reads
            found, problems = best_good(folder)
            assert (found.path != latest.path or name == "state.json") and problems, what


def check_record(mine: Path, name: str, n: int) -> None:
    read: dict[str, Callable[[], object]] = {"corpus.json": Run(mine).corpus, "config.json": Run(mine).config}
    for what in damaged(mine / name, n, 2):
        with pytest.raises(RunError):
            read.get(name, Run(mine).tokenizer)()
        if name != "corpus.json":  # which nobody who samples reads
            with pytest.raises(RunError) as caught:
                seqgen.load(mine)
            assert name in caught.value.message, what


@pytest.mark.slow
@pytest.mark.parametrize("name", N)
def test_all_damage_is_noticed(mine: Path, name: str) -> None:
    check = check_record if (mine / name).exists() else check_checkpoint
    check(mine, name, N[name])


@pytest.mark.slow
def test_all_damage_of_a_token_store_is_noticed(prepared: Prepared, tmp_path: Path) -> None:
    path, store = tmp_path / "tokens.safetensors", prepared.store
    with write_store(path, 2**16, store.fingerprint) as writer:
        for i, name in enumerate(store.names):
            writer.add([store.piece(i)], SPLITS[store.split[i]], name)
    for what in damaged(path, N_STORE, 3):
        with pytest.raises(CorpusError) as caught:
            load_store(path)
        assert caught.value.hint, what


@pytest.mark.slow
def test_a_prepared_corpus_that_is_damaged_is_made_again(
    corpus: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from seqgen.core.domain import get_domain
    from seqgen.corpus.folder import open_corpus

    monkeypatch.setenv("SEQGEN_CACHE", str(tmp_path / "cache"))
    domain = get_domain("midi")
    build.prepare(open_corpus(corpus), domain, domain.options())
    (folder,) = (tmp_path / "cache").iterdir()
    for name in ("tokenizer.json", "corpus.json"):
        for what in damaged(folder / name, N_CACHE // 2, 4):
            assert build._load(folder) is None, what
    assert build._load(folder) is not None


def test_what_was_changed_on_purpose_is_taken(mine: Path) -> None:
    """As the hint says: without the line that seals it."""
    file = mine / "config.json"
    text = file.read_text().replace('"steps": 24', '"steps": 30')
    file.write_text(text)
    with pytest.raises(RunError, match="checksum") as caught:
        Run(mine).config()
    assert '"sha256"' in caught.value.hint
    lines = text.splitlines()
    (sealed,) = [i for i, line in enumerate(lines) if '"sha256"' in line]
    lines[sealed - 1] = lines[sealed - 1].rstrip(",")
    del lines[sealed]
    file.write_text("\n".join(lines))
    assert Run(mine).config().steps == 30

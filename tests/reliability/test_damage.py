"""What seqgen wrote goes wrong in every way: what is read is refused or as it was, and nothing crashes or hangs."""

from __future__ import annotations

import functools
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import seqgen
from reliability.mutation import mutated, mutated_json
from seqgen.core.domain import get_domain
from seqgen.core.errors import CorpusError, Diverged, RunError
from seqgen.core.files import to_json
from seqgen.core.sealed import SEAL
from seqgen.corpus import build
from seqgen.corpus.build import Prepared
from seqgen.corpus.folder import open_corpus
from seqgen.corpus.store import SPLITS, load_store, write_store
from seqgen.training.checkpoint import latest_good
from seqgen.training.config import TrainConfig
from seqgen.training.loop import Trainer
from seqgen.training.run import Run

pytestmark = pytest.mark.slow


def damaged(file: Path, rng: np.random.Generator, n: int) -> Iterator[bytes]:
    """Put n damaged versions in a file's place, one after the other, and the whole one back at the end."""
    whole = file.read_bytes()
    for i in range(n):
        if file.suffix == ".json" and i % 2:
            data = json.dumps(mutated_json(json.loads(whole), rng)).encode()
        else:
            data = mutated(whole, rng)
        file.write_bytes(data)
        yield data
    file.write_bytes(whole)


@pytest.fixture
def mine(run: Path, tmp_path: Path) -> Path:
    """The tiny run; its records are not sealed, so that what reads them meets what is wrong in them."""
    mine = Path(shutil.copytree(run, tmp_path / "mine"))
    for name in ("config.json", "tokenizer.json", "corpus.json"):
        said = json.loads((mine / name).read_text())
        (mine / name).write_bytes(to_json({field: value for field, value in said.items() if field != SEAL}))
    return mine


def weights(model: Any) -> list[bytes]:
    return [p.detach().numpy().tobytes() for p in model.network.parameters()]


@pytest.mark.parametrize("name", ["model.safetensors", "optimizer.safetensors", "state.json", "MANIFEST.json"])
def test_a_mutated_checkpoint_is_passed_over_or_equal(mine: Path, name: str) -> None:
    folder = mine / "checkpoints"
    good, (before, *_) = latest_good(folder)[0], sorted(folder.iterdir(), reverse=True)[1:]
    model, optimizer, state = good.everything()
    fallen_back = 0
    for _ in damaged(good.path / name, np.random.default_rng(1), 300):
        found, problems = latest_good(folder)
        if found.path == before:
            fallen_back += 1
            assert len(problems) == 1 and "step-0000024" in problems[0].message
            continue
        again = found.everything()
        assert found == good and again[2] == state
        for tensors, others in zip(again[:2], (model, optimizer), strict=True):
            assert tensors.keys() == others.keys() and all(tensors[k].equal(others[k]) for k in tensors)
    assert fallen_back > 250


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json"])
def test_a_mutated_record_is_refused_or_harmless(mine: Path, model: Any, name: str) -> None:
    expected, loaded, n = weights(model), 0, 400
    for data in damaged(mine / name, np.random.default_rng(2), n):
        try:
            again = seqgen.load(mine)
        except RunError as error:
            assert error.message
            continue
        loaded += 1
        assert weights(again) == expected, data
        assert again.tokenizer.vocabulary.tokens == model.tokenizer.vocabulary.tokens
        if loaded % 8 == 0:
            (sample,) = again.sample(length="1bar", seed=0)
            assert not len(again.tokenizer.grammar.violations(sample.ids)) and sample.piece.n_notes >= 0
    assert 0 < loaded < n


@pytest.mark.parametrize("name", [f.name for f in fields(TrainConfig)])
def test_an_odd_setting_is_refused_or_trains(mine: Path, prepared: Prepared, name: str) -> None:
    training, valid = prepared.store.of_split("train"), prepared.store.of_split("valid")
    saved = json.loads((mine / "config.json").read_text())
    for odd in (None, True, -1, 0, 1, 1e308, -0.5, 0.5, float("nan"), 10**30, "", "x", [], {}):
        (mine / "config.json").write_text(json.dumps({**saved, "training": {**saved["training"], name: odd}}))
        try:
            Run(mine).check(prepared.tokenizer)
            trainer = Trainer(Run(mine).config(), prepared.tokenizer, training, valid)
        except RunError:
            continue
        try:
            Run(mine).resume(trainer)
            trainer.train_step(trainer.batch(trainer.step))
        except (Diverged, RunError):
            pass
        finally:
            trainer.close()


def test_a_mutated_list_of_files_is_refused_or_harmless(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(vars(get_domain("midi")), "default_length", "1bars")  # evaluating samples, too
    expected = seqgen.load(mine).evaluate("valid")
    scored, n = 0, 150
    for data in damaged(mine / "corpus.json", np.random.default_rng(4), n):
        try:
            numbers = seqgen.load(mine).evaluate("valid")
        except (RunError, CorpusError):
            continue
        except Exception as error:
            raise AssertionError(data[:2000]) from error
        scored += 1
        assert numbers == expected
    assert 0 < scored < n


@pytest.mark.parametrize("name", ["tokens.safetensors", "tokenizer.json", "corpus.json"])
def test_a_mutated_cache_is_built_again_or_equal(
    name: str, corpus: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SEQGEN_CACHE", str(tmp_path / "cache"))
    domain = get_domain("midi")
    prepare: Callable[[], Prepared] = functools.partial(build.prepare, open_corpus(corpus), domain, domain.options())
    expected = prepare()
    (folder,) = (tmp_path / "cache").iterdir()
    # Building anew takes its time and is tested elsewhere: what counts is what is taken from the cache.
    for _ in damaged(folder / name, np.random.default_rng(5), 400):
        found = build._load(folder)
        if found is not None:
            assert np.array_equal(found.store.ids, expected.store.ids)
            assert np.array_equal(found.store.offsets, expected.store.offsets)
            assert np.array_equal(found.store.split, expected.store.split)
            assert found.tokenizer.vocabulary.fingerprint == expected.tokenizer.vocabulary.fingerprint
            assert found.about == expected.about
    assert prepare().cached


def test_a_mutated_token_store_is_refused_or_equal(prepared: Prepared, tmp_path: Path) -> None:
    path, store = tmp_path / "tokens.safetensors", prepared.store
    with write_store(path, 2**16, store.fingerprint) as writer:
        for i, name in enumerate(store.names):
            writer.add([store.piece(i)], SPLITS[store.split[i]], name)
    equal = 0
    for _ in damaged(path, np.random.default_rng(6), 3000):
        try:
            found = load_store(path)
        except CorpusError as error:
            assert error.hint
            continue
        equal += 1
        for name in ("ids", "offsets", "split"):
            assert np.array_equal(getattr(found, name), getattr(prepared.store, name))
        assert found.names == prepared.store.names and found.fingerprint == prepared.store.fingerprint
    assert equal < 150  # in what nobody reads

"""Bytes go wrong in every way: what is read is refused or as it was, and nothing crashes or hangs."""

from __future__ import annotations

import functools
import json
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import seqgen
from seqgen.core.domain import get_domain
from seqgen.core.errors import BadInput, CorpusError, Diverged, RunError
from seqgen.core.files import to_json
from seqgen.core.limits import LIMITS
from seqgen.core.sealed import SEAL
from seqgen.core.workers import Workers
from seqgen.corpus import build
from seqgen.corpus.build import Prepared, n_workers, read_file
from seqgen.corpus.folder import open_corpus
from seqgen.corpus.store import SPLITS, load_store, write_store
from seqgen.domains.midi.formats.serial import to_bytes
from seqgen.domains.midi.score import Score, Tempo, TimeSignature, Track, make_score
from seqgen.domains.midi.tokenizer import MidiTokenizer
from seqgen.training.checkpoint import latest_good
from seqgen.training.config import TrainConfig
from seqgen.training.loop import Trainer
from seqgen.training.run import Run

pytestmark = pytest.mark.slow
BROKEN = Path(__file__).parents[1] / "assets" / "broken"


def mutated(data: bytes, rng: np.random.Generator) -> bytes:
    """One to three flips, replaced, inserted, removed or repeated stretches, or an early end."""
    changed = bytearray(data)
    while changed == data:
        for _ in range(int(rng.integers(1, 4))):
            at, n = int(rng.integers(len(changed) + 1)), int(rng.integers(1, 9))
            match rng.integers(6):
                case 0 if at < len(changed):
                    changed[at] ^= 1 << int(rng.integers(8))
                case 1 if at < len(changed):
                    changed[at] = int(rng.choice([0x00, 0x7F, 0x80, 0xFF, int(rng.integers(256))]))
                case 2:
                    changed[at:at] = rng.bytes(n)
                case 3:
                    del changed[at : at + n]
                case 4:
                    changed[at:at] = changed[at : at + 8 * n]
                case 5 if rng.random() < 0.3:
                    del changed[at:]
    return bytes(changed)


def mutated_json(value: Any, rng: np.random.Generator) -> Any:
    """The document with one value, somewhere, replaced, removed or doubled."""
    odd = [None, True, -1, 0, 1e308, -0.5, "", "x", "1", "\x00", [], {}, [[]], {"a": 1}]
    if isinstance(value, dict | list) and value and rng.random() < 0.85:
        changed = dict(value) if isinstance(value, dict) else list(value)
        keys = list(changed) if isinstance(changed, dict) else range(len(changed))
        key: Any = keys[int(rng.integers(len(keys)))]
        if rng.random() < 0.15:
            del changed[key]
        else:
            changed[key] = mutated_json(changed[key], rng)
        return changed
    return odd[int(rng.integers(len(odd)))]


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


def band() -> Score:
    """Several programs and drums, changes of metre and tempo."""
    rng = np.random.default_rng(1)
    n = 60
    return make_score(
        96, rng.integers(0, 1500, n), rng.integers(1, 200, n), rng.integers(30, 90, n), rng.integers(1, 127, n),
        rng.integers(0, 3, n), [Track(0, True, "Drums"), Track(33, False, "Bass"), Track(4, False, "Keys")],
        tempos=(Tempo(0, 90.0), Tempo(400, 133.3)), time_signatures=(TimeSignature(0, 4, 4), TimeSignature(768, 7, 8)),
        key_signatures=(), name="band",
    )  # fmt: skip


def test_mutated_midi_files_are_read_or_refused(chorales: list[Score], tmp_path: Path) -> None:
    """As a corpus reads them: in workers. What is read is encoded here, as a corpus does too."""
    rng = np.random.default_rng(0)
    valid = [to_bytes(score) for score in (*chorales[:4], band(), band())]
    valid += [path.read_bytes() for path in sorted(BROKEN.glob("played_*"))]
    files = []
    for i in range(4000):
        files.append(tmp_path / f"{i:04d}.mid")
        files[-1].write_bytes(mutated(valid[i % len(valid)], rng))
    tokenizers = (MidiTokenizer("remi"), MidiTokenizer("voices"))
    begin, n_read, n_encoded, reasons = time.monotonic(), 0, 0, []
    with Workers(functools.partial(read_file, "midi"), n_workers()) as workers:
        for outcome in workers.map([str(f) for f in files]):
            if outcome.error is not None:
                assert isinstance(outcome.error, BadInput) and outcome.error.reason, outcome
                reasons.append(outcome.error.reason)
                continue
            n_read += 1
            for piece in outcome.value.pieces:
                assert piece.n_notes > 0
                for tokenizer in tokenizers:
                    try:
                        ids = tokenizer.encode(piece)
                    except BadInput:
                        continue
                    n_encoded += 1
                    assert not len(tokenizer.grammar.violations(ids)), outcome.item
    assert n_read > 1000 and len(reasons) > 300 and n_encoded > n_read
    assert not [r for r in reasons if "crashed" in r or "cannot be read: " in r], "no reader should get that far"
    late = sum("took over" in r for r in reasons)
    assert late < 20 and time.monotonic() - begin < 60 + LIMITS.read_seconds * late


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

"""A text through the whole command line: trained on, continued, looked into."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import seqgen
from seqgen.core.domain import load_tokenizer
from seqgen.domains.text.options import LEVELS

TEXT = "".join(f"Verse {n}: the sea, the sea, the wide and {'deep' if n % 3 else 'cold'} sea.\n" for n in range(80))


@pytest.mark.parametrize("level", LEVELS)
def test_a_text_is_learned_and_gone_on_with(cli: Callable[..., Any], tmp_path: Path, level: str) -> None:
    (tmp_path / "sea.log").write_text(TEXT)
    out = tmp_path / "run"
    trained = cli(
        "train", "text", "sea.log", "--steps", 4, "--preset", "tiny", "--out", out, "--level", level, "--json"
    )
    assert trained.code == 0, trained.err
    assert json.loads(trained.out)["baseline_nats"] > 0
    assert load_tokenizer(out / "tokenizer.json").name == level
    (tmp_path / "prompt").write_bytes(b"The sea\r\n")
    sampled = cli("sample", out, "--prompt", "prompt", "--length", "40", "--count", 2, "--seed", 1, "--json")
    assert sampled.code == 0, sampled.err
    said = json.loads(sampled.out)
    assert said["violations"] == 0
    for file in said["files"]:
        text = Path(file).read_bytes().decode()
        assert text.startswith("The sea\r\n")
        added = len(text) - len("The sea\r\n")
        assert 40 <= added < 40 + 32 if level in ("words", "bpe") else added == 40
    predicted = cli("predict", "prompt", "--run", out)
    assert predicted.code == 0 and "probability" in predicted.out


def test_a_file_of_no_known_kind_is_looked_into_as_text(cli: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text("def f():\n    return 1\n")
    looked = cli("inspect", "program.py", "--json")
    found = json.loads(looked.out)
    assert looked.code == 0 and found["domain"] == "text" and found["problems"] == []
    assert found["events"][1] == {"line": 2, "characters": 12, "text": "    return 1"}
    (tmp_path / "binary.dat").write_bytes(b"\x80\0\1")
    refused = cli("inspect", "binary.dat")
    assert refused.code == 3 and "binary.dat" in refused.err


def test_the_shipped_corpus_is_copied_with_its_texts(cli: Callable[..., Any], tmp_path: Path) -> None:
    assert cli("corpus", "get", "shakespeare", "--out", "c").code == 0
    assert len(list((tmp_path / "c" / "shakespeare").glob("*.txt"))) == 41


@pytest.fixture(scope="module")
def trained(quick_trials: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run trained on a text for a moment."""
    folder = tmp_path_factory.mktemp("texts")
    (folder / "sea.txt").write_text(TEXT)
    seqgen.train("text", folder / "sea.txt", steps=3, preset="tiny", width=32, out=folder / "run")
    return folder / "run"


@pytest.fixture
def sea(trained: Path, tmp_path: Path) -> Path:
    """A copy of that run, beside which a test may write."""
    return Path(shutil.copytree(trained, tmp_path / "run"))


def test_texts_are_printed_and_a_prompt_may_be_typed(cli: Callable[..., Any], sea: Path) -> None:
    asked = ("sample", sea, "--prompt", "Verse 1: ", "--length", "60", "--seed", 3)
    printed = cli(*asked)
    assert printed.code == 0 and printed.out.startswith("Verse 1: ") and not (sea / "samples").exists()
    said = json.loads(cli(*asked, "--json").out)
    assert said["files"] == [] and said["texts"] == [printed.out[:-1]]
    # Streamed, it is the same text.
    assert cli(*asked, "--stream").out == printed.out
    assert cli(*asked, "--stream", "--json").code == 2
    written = cli(*asked, "--out", "x.txt")
    assert written.out == "x.txt\n" and (sea.parent / "x.txt").read_bytes().decode() == printed.out[:-1]


def test_a_text_ends_at_a_stop_string(cli: Callable[..., Any], sea: Path) -> None:
    said = cli("sample", sea, "--prompt", "Verse", "--length", "2000", "--seed", 3, "--stop", "e", "--stop", "zz").out[
        :-1
    ]
    assert said.startswith("Verse") and said.endswith("e") and "e" not in said[5:-1]


def test_characters_never_seen_are_kept_and_said(cli: Callable[..., Any], sea: Path) -> None:
    found = cli("sample", sea, "--prompt", "Zürich: ", "--length", "5")
    assert found.code == 0 and found.out.startswith("Zürich: ") and "2 characters never seen" in found.err


@pytest.mark.slow
def test_a_file_is_scored_by_the_character(cli: Callable[..., Any], sea: Path) -> None:
    (sea.parent / "other.txt").write_text("The deep and wide sea.\n")
    found = json.loads(cli("evaluate", sea, "--file", "other.txt", "--dynamic", "--json").out)
    assert found["characters"] == 23 and found["split"] == "other.txt" and found["dynamic"]["nats_per_token"] > 0
    assert found["bits_per_character"] == pytest.approx(found["nats_per_character"] / 0.693147, rel=1e-4)
    shown = cli("evaluate", sea)
    assert "bits a character" in shown.out and "found in the training pieces" in shown.out


def test_music_knows_no_stop_strings(cli: Callable[..., Any], run: Path) -> None:
    assert cli("sample", run, "--stop", "x").code == 2
    assert cli("sample", run, "--stream").code == 2

"""A text through the whole command line: trained on, continued, looked into."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

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
        assert level in ("words", "bpe") or len(text) == len("The sea\r\n") + 40
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

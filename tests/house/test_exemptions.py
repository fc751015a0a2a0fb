"""Every exemption from a rule says which rule, and why."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow  # a gate: .ci/run runs it
ROOT = Path(__file__).parents[2]
EXEMPT = re.compile(r"# (noqa|type: ignore|pragma)")
EXPLAINED = re.compile(r"# (noqa: [A-Z]+\d+(, ?[A-Z]+\d+)*|type: ignore\[[a-z-]+(, ?[a-z-]+)*\])  (# )?\w")


def unexplained(source: str) -> Iterator[str]:
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and EXEMPT.match(token.string) and not EXPLAINED.match(token.string):
            yield f"{token.start[0]}: {token.string}"


def test_every_exemption_names_its_rule_and_says_why() -> None:
    files = [file for folder in ("seqgen", "tests", "benchmarks") for file in (ROOT / folder).rglob("*.py")]
    assert len(files) > 300
    texts = ((file, file.read_text(encoding="utf-8")) for file in files)
    assert [f"{file}:{what}" for file, text in texts if EXEMPT.search(text) for what in unexplained(text)] == []


def test_one_that_does_not_is_found() -> None:
    bad = [
        "x = 1  # noqa\n",
        "x = 1  # noqa: E501\n",
        "x = 1  # type: ignore  # why\n",
        "x = 1  # type: ignore[arg-type]\n",
    ]
    assert all(list(unexplained(line)) for line in bad)
    assert not list(unexplained("x = 1  # noqa: E501, B008  # a table\ny = '# noqa'\n"))

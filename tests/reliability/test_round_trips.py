"""Pieces become ids and files, and come back as they were: ten thousand of each domain, and every corpus whole.

The laws of tests/contract on far more of them. Every other property test runs as often with SEQGEN_EXAMPLES=10000.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.tokenizers import TOKENIZERS, comes_back_from_ids, in_a_file, walk
from seqgen.core.domain import domains, get_domain
from seqgen.core.errors import BadInput, CorpusError, MissingExtra
from seqgen.core.tokenizer import Tokenizer
from seqgen.corpus import build
from seqgen.corpus.folder import open_corpus

pytestmark = pytest.mark.slow
CORPORA = Path(__file__).parents[2] / "corpora"
OPTIONS = {  # other ways to say the same corpora
    "bach": ({"tokenizer": "remi"}, {"tokenizer": "performance"}),
    "shakespeare": ({"level": "bytes"}, {"level": "words"}),
}


def comes_back(tokenizer: Tokenizer[Any], piece: Any, path: Path) -> None:
    """A piece that was decoded: from its ids, and from a file if there is anything to write."""
    domain = get_domain(tokenizer.domain)
    if in_a_file(piece):
        domain.write(piece, path.with_suffix(domain.written[0]))
        assert list(domain.read(path.with_suffix(domain.written[0]), "")) == [piece]
    comes_back_from_ids(tokenizer, piece)


@pytest.mark.parametrize("name", sorted(domains()))
def test_what_legal_ids_say_comes_back(name: str, tmp_path: Path) -> None:
    tokenizers = [tokenizer for tokenizer in TOKENIZERS.values() if tokenizer.domain == name]

    @settings(max_examples=10_000)
    @given(st.sampled_from(tokenizers), st.integers(0, 2**32), st.integers(0, 120))
    def check(tokenizer: Tokenizer[Any], seed: int, n: int) -> None:
        ids = walk(tokenizer, seed, n)
        assert not len(tokenizer.grammar.violations(ids))
        comes_back(tokenizer, tokenizer.decode(ids), tmp_path / "piece")

    check()


@pytest.mark.parametrize(
    ("name", "options"),
    [(path.parent.name, {}) for path in sorted(CORPORA.glob("*/corpus.toml"))]
    + [(name, options) for name, ways in OPTIONS.items() for options in ways],
)
def test_every_piece_of_a_corpus_comes_back(name: str, options: dict[str, Any], tmp_path: Path) -> None:
    folder = Path(shutil.copytree(CORPORA / name, tmp_path / name))
    corpus = open_corpus(folder)
    domain = get_domain(corpus.domain)
    try:
        prepared = build.prepare(corpus, domain, domain.options(**options))
    except (MissingExtra, CorpusError) as error:
        pytest.skip(error.message)  # its package is not installed, or it has not been downloaded
    tokenizer, n = prepared.tokenizer, 0
    for file in corpus.files(domain.suffixes):
        for piece in build.read_file(domain.name, str(file), domain.options(**options)).pieces:
            try:
                ids = tokenizer.encode(piece)
            except BadInput:
                continue
            n += 1
            assert not len(tokenizer.grammar.violations(ids))
            again = tokenizer.decode(ids)
            comes_back(tokenizer, again, tmp_path / "piece")
            if domain.textual:
                assert again == piece
            if tokenizer.name == "voices":
                assert domain.identity(again) == domain.identity(piece)  # every note, where it was, as long
    said = prepared.about["counts"].values()
    assert n >= sum(part["pieces"] for part in said) or domain.split == "date"

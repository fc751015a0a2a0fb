"""What a model keeps beside its weights."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from seqgen.api import model as module
from seqgen.core.errors import CorpusError
from seqgen.tokenizers import SportsTokenizer


def test_bigrams_that_are_not_kept_are_counted_where_the_corpus_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tokenizer = SportsTokenizer("cricket", {"Overs": ["20"]})
    said = "Side_1 Bowler_1 Batter_1 Outcome_4 Batter_1 Outcome_4 End"
    piece = tokenizer.vocabulary.ids(["Overs_20", *said.split()])
    model: Any = SimpleNamespace(run=SimpleNamespace(path=tmp_path), tokenizer=tokenizer)
    bigram: Any = module.Model.__dict__["bigram"].func

    store = SimpleNamespace(of_split=lambda split, most: [piece] * 9)
    monkeypatch.setattr(module, "same_corpus", lambda run, path, reporter: SimpleNamespace(store=store))
    p = bigram(model).start().read(piece[:4]).probabilities()[0]
    assert p.argmax() == tokenizer.vocabulary.id("Outcome_4") and not list(tmp_path.iterdir())

    def gone(*given: Any) -> None:
        raise CorpusError("It is gone.", "")

    monkeypatch.setattr(module, "same_corpus", gone)
    assert bigram(model) is None

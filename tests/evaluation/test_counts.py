"""Counting that says how probable every id is: the same numbers as those it is scored by; what is kept of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqgen.core.errors import RunError
from seqgen.evaluation.baselines import NGram, Positions
from seqgen.evaluation.counts import Counts
from seqgen.evaluation.fields import FieldScores
from seqgen.sampling.prediction import next_event
from seqgen.tokenizers import SportsTokenizer

CORPUS = Path(__file__).parents[2] / "corpora" / "cricket"


@pytest.fixture(scope="module")
def pieces() -> tuple[SportsTokenizer, list[Any]]:
    from seqgen.domains.sports.files import read

    matches = list(read(CORPUS / "2008-q1.csv.gz"))
    tokenizer = SportsTokenizer.fit(matches)
    return tokenizer, [tokenizer.encode(match) for match in matches]


@pytest.mark.parametrize("order", [1, 2, 3])
def test_distributions_are_those_of_the_baseline(pieces: Any, order: int) -> None:
    tokenizer, (*train, test) = pieces
    reader, total = Counts.of(tokenizer, train, order).start(), 0.0
    for i in test.tolist():
        p = reader.probabilities()
        assert p.sum() == pytest.approx(1, abs=1e-5)
        assert (p[0] > 0).tolist() == tokenizer.grammar.mask(reader.states)[0].tolist()
        total -= float(np.log(p[0, i])) * tokenizer.vocabulary.scored[i]
        reader.take(np.array([i]))
    seen, asked = Positions(tokenizer, train), Positions(tokenizer, [test])
    ngram = NGram(tokenizer, order).fit(seen.before()[:, :order], seen.ids)
    expected = -np.log(ngram.probabilities(asked.before()[:, :order], asked.ids, asked.n_allowed))[asked.scored].sum()
    assert total == pytest.approx(expected, rel=1e-5)


def test_what_is_kept_comes_back_or_is_refused(pieces: Any, tmp_path: Path) -> None:
    tokenizer, train = pieces
    counts, path = Counts.of(tokenizer, train), tmp_path / "bigram.safetensors"
    assert counts.save(path)
    again = Counts.load(path, tokenizer)
    ids = train[0][:9]
    assert np.array_equal(
        next_event(counts.start().read(ids), tokenizer), next_event(again.start().read(ids), tokenizer)
    )
    data = path.read_bytes()
    for broken in (data[:-9], data[:-9] + bytes([data[-9] ^ 1]) + data[-8:], b"", b"{}"):
        path.write_bytes(broken)
        with pytest.raises(RunError):
            Counts.load(path, tokenizer)
    path.write_bytes(data)
    with pytest.raises(RunError):
        Counts.load(path, SportsTokenizer("cricket"))


def test_scores_of_fields(pieces: Any) -> None:
    tokenizer, _ = pieces
    v = tokenizer.vocabulary
    ids = v.ids(["Outcome_0", "Outcome_1", "Outcome_1", "Outcome_4"])
    p = np.full((4, len(v)), 1e-6)
    for t, odds in enumerate(({"0": 0.7, "1": 0.2, "4": 0.1}, {"0": 0.6, "1": 0.3}, {"1": 0.9}, {"1": 0.5, "0": 0.4})):
        for value, share in odds.items():
            p[t, v.id(f"Outcome_{value}")] = share
    p[3, v.ids(["Outcome_4", "Outcome_6", "Outcome_2"])] = (0.02, 0.05, 0.03)
    scores = FieldScores(tokenizer, curves=True)
    for part in (slice(0, 1), slice(1, 4)):
        scores.see(np.log(p[part]), ids[part])
    (found,) = scores.numbers().values()
    assert found["tokens"] == 4 and found["accuracy"] == 0.5 and found["top3_accuracy"] == 0.75
    assert found["nats"] == pytest.approx(-np.log([0.7, 0.3, 0.9, 0.02]).mean(), abs=1e-4)
    # 0: hit once of two times chosen; 1: hit once, came twice, chosen twice; 4: never.
    assert found["macro_f1"] == pytest.approx((2 / 3 + 1 / 2 + 0) / 3, abs=1e-4)
    said, right = scores.curve("Outcome")
    assert np.allclose(said, [0.7, 0.6, 0.9, 0.5]) and right.tolist() == [True, False, True, False]

"""What events are worth: labels and values by their definitions, and what is learned where scoring follows a rule."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from seqgen.core.errors import CorpusError, RunError
from seqgen.evaluation.valuation import COLUMNS, Valuer, events_of, known_after, soon, values
from seqgen.model import SequenceModel
from seqgen.tokenizers import SportsTokenizer

events = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1), st.integers(0, 1)), max_size=30)


def table(rows: list[tuple[int, int, int]]) -> np.ndarray:
    return np.array(rows, np.int64).reshape(len(rows), 3)


@given(events, st.integers(1, 12))
def test_soon_is_within_so_many_events(rows: list[tuple[int, int, int]], ahead: int) -> None:
    found = soon(table(rows), ahead)
    for t, (side, _, _) in enumerate(rows):
        # Of each later event what the side of this one gains, and the others.
        later = [(own, other) if s == side else (other, own) for s, own, other in rows[t + 1 : t + 1 + ahead]]
        assert found[t].tolist() == [any(a for a, _ in later), any(b for _, b in later)]


@given(events, st.integers(0, 100))
def test_values_are_what_an_event_changes(rows: list[tuple[int, int, int]], seed: int) -> None:
    after = np.random.default_rng(seed).random((len(rows), 2))
    found = values(table(rows), after)
    assert found.shape == (len(rows), len(COLUMNS))
    for t, (side, own, other) in enumerate(rows):
        scores_before, scores_after, concedes_before, concedes_after, value = found[t]
        assert scores_after == (1 if own else after[t, 0]) and concedes_after == (1 if other else after[t, 1])
        if t:
            expected = after[t - 1] if rows[t - 1][0] == side else after[t - 1, ::-1]
            assert [scores_before, concedes_before] == expected.tolist()
        else:
            assert value == 0
        assert value == pytest.approx((scores_after - scores_before) - (concedes_after - concedes_before))


def known(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of which one says what comes, and what came."""
    rng = np.random.default_rng(seed)
    x = rng.normal(3, 2, (n, 8)).astype(np.float32)
    p = 1 / (1 + np.exp(-(2 * (x[:, 1] - 3) - 3)))
    return x, np.stack([rng.random(n) < p, rng.random(n) < 0.1], axis=1)


def test_what_is_known_is_learned_and_what_is_not_is_as_often_as_it_came(tmp_path: Path) -> None:
    (x, came), (held, held_came) = known(4000, 0), known(2000, 1)
    valuer = Valuer.fit(x, came, held, held_came)
    p = valuer(held)
    truth = 1 / (1 + np.exp(-(2 * (held[:, 1] - 3) - 3)))
    assert np.abs(p - np.stack([truth, np.full(2000, 0.1)], axis=1)).mean(axis=0).max() < 0.03
    assert p.mean(axis=0) == pytest.approx(held_came.mean(axis=0), abs=0.02)
    valuer.save(tmp_path / "valuation.safetensors", "step-1")
    again = Valuer.load(tmp_path / "valuation.safetensors", 8, "step-1")
    assert again is not None and np.array_equal(again(held), p)
    assert Valuer.load(tmp_path / "valuation.safetensors", 8, "step-2") is None
    with pytest.raises(RunError, match="another run"):
        Valuer.load(tmp_path / "valuation.safetensors", 9, "step-1")
    data = bytearray((tmp_path / "valuation.safetensors").read_bytes())
    data[-3] ^= 1
    (tmp_path / "valuation.safetensors").write_bytes(data)
    with pytest.raises(RunError, match="damaged"):
        Valuer.load(tmp_path / "valuation.safetensors", 8, "step-1")


def test_what_never_came_is_improbable_everywhere() -> None:
    x, came = known(1000, 0)
    p = Valuer.fit(x, came & [True, False], x, came)(x)
    assert len(np.unique(p[:, 1])) == 1 and 0 < p[0, 1] < 0.001
    with pytest.raises(CorpusError):
        Valuer.fit(x[:0], came[:0], x, came)


def test_pieces_side_by_side_are_read_as_each_alone() -> None:
    tokenizer = SportsTokenizer("cricket")
    torch.manual_seed(0)
    model = SequenceModel(len(tokenizer.vocabulary), tokenizer.context.features, 12, 2).eval()
    over = ["Bowler_1", *["Batter_1", "Outcome_4"] * 6]
    pieces = [tokenizer.vocabulary.ids(["Side_1", *over * n, "End"]) for n in (30, 1, 7)]
    together = known_after(model, tokenizer, pieces)
    assert [len(known) for known in together] == [180, 6, 42]
    for known, piece in zip(together, pieces, strict=True):
        assert np.allclose(known, known_after(model, tokenizer, [piece])[0], atol=1e-5)
    # What is known after an event are the numbers that the scores of the next id are read off, and what is below.
    rows = torch.from_numpy(tokenizer.context.of(pieces[1]))[None].long()
    previous = torch.from_numpy(np.concatenate([[model.begin], pieces[1]]).astype(np.int64))[None]
    with torch.inference_mode():
        logits, _ = model(previous, rows)
    joined = torch.from_numpy(together[1][-1, -12:])
    assert torch.allclose(model.embedding.weight[:-1] @ joined + model.bias, logits[0, -2], atol=1e-5)
    found, came = events_of(model, tokenizer, lambda match: np.tile([0, 4, 0], (len(match), 1)), pieces)
    assert np.allclose(found, np.concatenate(together), atol=1e-5)
    assert came[:, 0].sum() == len(came) - len(pieces) and not came[:, 1].any()

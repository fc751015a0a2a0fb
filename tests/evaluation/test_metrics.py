"""Numbers of models made by hand, whose answers are known."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from seqgen.corpus.build import Prepared
from seqgen.evaluation.metrics import evaluate_pieces
from seqgen.training import validation
from seqgen.training.validation import nats_per_id, piece_log_probabilities


class Even(nn.Module):
    """Every id as likely as any other."""

    def __init__(self, n_ids: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(n_ids))

    def start(self, batch: int) -> None:
        return None

    def forward(self, previous: Tensor, context: Tensor, state: Any) -> tuple[Tensor, Any]:
        return self.bias.expand(*previous.shape, -1), state


class Knows(Even):
    """Gives what comes next, known from a list, three times the weight of all others together."""

    def __init__(self, n_ids: int, ids: Any, n_allowed: Any) -> None:
        super().__init__(n_ids)
        self.ids, self.n_allowed, self.t = ids, n_allowed, 0

    def forward(self, previous: Tensor, context: Tensor, state: Any) -> tuple[Tensor, Any]:
        logits = torch.zeros(*previous.shape, len(self.bias))
        for t in range(previous.shape[1]):
            others = max(1, int(self.n_allowed[self.t]) - 1)
            logits[0, t, self.ids[self.t]] = math.log(3 * others)
            self.t += 1
        return logits, state


def test_an_even_model_costs_the_logarithm_of_what_is_allowed(prepared: Prepared) -> None:
    t, pieces = prepared.tokenizer, prepared.store.of_split("train")[:3]
    allowed = [t.grammar.masks.sum(axis=1)[t.grammar.states(p)[:-1]] for p in pieces]
    scored = [t.vocabulary.scored[p] for p in pieces]
    expected = float(np.concatenate([np.log(a)[s] for a, s in zip(allowed, scored, strict=True)]).mean())
    numbers = evaluate_pieces(Even(len(t.vocabulary)), t, pieces)  # type: ignore[arg-type]  # of a network only this much is asked
    assert numbers["nats_per_token"] == pytest.approx(expected, abs=1e-4)
    assert numbers["bits_per_token"] == pytest.approx(expected / math.log(2), abs=1e-4)
    assert numbers["perplexity"] == pytest.approx(math.exp(expected), rel=1e-3)
    assert numbers["tokens"] == sum(int(s.sum()) for s in scored) and numbers["pieces"] == 3
    assert numbers["violations"] == 0
    assert nats_per_id(Even(len(t.vocabulary)), t, pieces) == pytest.approx(expected)  # type: ignore[arg-type]  # likewise


def test_a_model_that_knows_is_right_and_cheap(prepared: Prepared) -> None:
    t, piece = prepared.tokenizer, prepared.store.of_split("valid")[0]
    n_allowed = t.grammar.masks.sum(axis=1)[t.grammar.states(piece)[:-1]]
    seen: list[tuple[int, int]] = []
    numbers = evaluate_pieces(
        Knows(len(t.vocabulary), piece, n_allowed), t, [piece], lambda done, total: seen.append((done, total))  # type: ignore[arg-type]  # likewise
    )  # fmt: skip
    assert numbers["accuracy"] == 1.0
    assert numbers["nats_per_token"] == pytest.approx(-math.log(3 / 4), abs=1e-3)
    assert seen[-1] == (len(piece), len(piece))


def test_types_add_up_to_the_whole(model: Any, prepared: Prepared) -> None:
    numbers = evaluate_pieces(model.network, prepared.tokenizer, prepared.store.of_split("train")[:4])
    by_type = numbers["by_type"]
    assert set(by_type) <= {"Pitch", "Rest", "Hold", "End"} and "Key" not in by_type
    assert sum(v["tokens"] for v in by_type.values()) == numbers["tokens"]
    total = sum(v["tokens"] * v["nats_per_token"] for v in by_type.values())
    assert total / numbers["tokens"] == pytest.approx(numbers["nats_per_token"], abs=1e-3)


def test_no_piece_costs_nothing(model: Any, prepared: Prepared) -> None:
    numbers = evaluate_pieces(model.network, prepared.tokenizer, [])
    assert numbers["tokens"] == 0 and numbers["nats_per_token"] == 0


def test_pieces_are_scored_the_same_alone_together_and_in_parts(
    model: Any, prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    pieces = prepared.store.of_split("train")[:4]
    together = piece_log_probabilities(model.network, prepared.tokenizer, pieces)
    monkeypatch.setattr(validation, "CHUNK_NUMBERS", 50 * len(prepared.tokenizer.vocabulary))
    monkeypatch.setattr(validation, "BATCH_TOKENS", 1)
    alone = piece_log_probabilities(model.network, prepared.tokenizer, pieces)
    for a, b, ids in zip(together, alone, pieces, strict=True):
        assert len(a) == len(ids) and np.isfinite(a).all() and (a <= 0).all()
        assert a == pytest.approx(b, abs=1e-4)


def test_long_pieces_are_read_in_rows_as_if_in_one(
    model: Any, prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is too long ago to matter is all that rows leave out; each id is scored once."""
    piece = max(prepared.store.of_split("train"), key=len)
    (exact,) = piece_log_probabilities(model.network, prepared.tokenizer, [piece])
    for name, value in (("LONG", 60), ("ROW", 40), ("WARM_UP", 80)):
        monkeypatch.setattr(validation, name, value)
    places: list[int] = []
    (rows,) = piece_log_probabilities(
        model.network, prepared.tokenizer, [piece], lambda i, log_p, part: places.extend(range(part.start, part.stop))
    )
    assert rows == pytest.approx(exact, abs=0.02) and sorted(places) == list(range(len(piece)))
    (again,) = piece_log_probabilities(model.network, prepared.tokenizer, [piece], exact=True)
    assert again == pytest.approx(exact, abs=1e-4)


def test_the_whole_distribution_is_shown(model: Any, prepared: Prepared) -> None:
    pieces = prepared.store.of_split("train")[:2]
    seen: dict[int, list[Any]] = {0: [], 1: []}
    found = piece_log_probabilities(
        model.network, prepared.tokenizer, pieces, lambda i, log_p_TV, part: seen[i].append(log_p_TV)
    )  # fmt: skip
    for i, ids in enumerate(pieces):
        log_p_TV = np.concatenate(seen[i])
        assert log_p_TV.shape == (len(ids), len(prepared.tokenizer.vocabulary))
        assert np.exp(log_p_TV).sum(axis=1) == pytest.approx(1, abs=1e-4)
        assert log_p_TV[np.arange(len(ids)), ids] == pytest.approx(found[i], abs=1e-5)

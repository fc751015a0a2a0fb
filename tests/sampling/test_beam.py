"""Beam search: the likeliest sequences, legal, different, the same every time."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
import torch

from seqgen.core.errors import UsageError
from seqgen.domains.text.tokenizer import TextTokenizer
from seqgen.sampling.beam import draw_beam
from seqgen.sampling.filters import Filters
from seqgen.sampling.sampler import Request, draw
from seqgen.training.config import TrainConfig
from seqgen.training.loop import new_model
from seqgen.training.validation import piece_log_probabilities


@pytest.fixture(scope="module")
def text() -> tuple[Any, TextTokenizer]:
    """(network, tokenizer) of two letters; far from even odds."""
    tokenizer = TextTokenizer(characters="ab", fallback=False, end=False)
    network = new_model(tokenizer, TrainConfig(width=8, n_layers=2)).eval()
    torch.manual_seed(1)
    with torch.no_grad():
        for p in network.parameters():
            p.add_(0.6 * torch.randn_like(p))
    return network, tokenizer


@pytest.mark.parametrize("n", [2, 3, 5])
def test_with_room_for_all_the_best_of_all_are_found(text: tuple[Any, TextTokenizer], n: int) -> None:
    network, tokenizer = text
    prompt = tokenizer.template("ab")
    every = [np.concatenate([prompt, said]).astype(np.int32) for said in product((0, 1), repeat=n)]
    log_p = piece_log_probabilities(network, tokenizer, every)
    order = np.argsort([-p[len(prompt) :].sum() for p in log_p])
    found = draw_beam(network, tokenizer, Request(prompt, (n, "characters")), width=2**n, count=2**n)
    assert [drawn.ids.tolist() for drawn in found] == [every[i].tolist() for i in order]
    for drawn, i in zip(found, order, strict=True):
        assert drawn.log_probabilities == pytest.approx(log_p[i], abs=1e-4)


def test_one_beam_takes_the_likeliest_id_every_time(text: tuple[Any, TextTokenizer], model: Any) -> None:
    for network, t, length in ((*text, (30, "characters")), (model.network, model.tokenizer, (1, "bars"))):
        request = Request(t.template(), length)
        (greedy,) = draw(network, t, request, filters=Filters(temperature=0))
        (found,) = draw_beam(network, t, request, width=1)
        assert np.array_equal(found.ids, greedy.ids)


@pytest.mark.parametrize("width", [4, 12])
def test_what_is_found_is_legal_different_and_in_order(model: Any, width: int) -> None:
    t = model.tokenizer
    request = Request(t.template(time_signature="1/4", length=(1, "bars")), (1, "bars"))
    found = draw_beam(model.network, t, request, width=width, count=4)
    assert len({drawn.ids.tobytes() for drawn in found}) == 4
    assert all(not len(t.grammar.violations(drawn.ids)) and len(drawn.ids) == 6 + 16 + 1 for drawn in found)
    chosen = request.template < 0
    scores = [
        drawn.log_probabilities[np.append(np.flatnonzero(chosen), np.arange(len(chosen), len(drawn.ids)))].mean()
        for drawn in found
    ]
    assert scores == sorted(scores, reverse=True)
    again = draw_beam(model.network, t, request, width=width, count=4)
    assert all(np.array_equal(a.ids, b.ids) for a, b in zip(found, again, strict=True))
    for drawn, log_p in zip(found, piece_log_probabilities(model.network, t, [d.ids for d in found]), strict=True):
        assert drawn.log_probabilities == pytest.approx(log_p, abs=1e-3)


def test_ends_may_come_at_different_places(text: tuple[Any, TextTokenizer]) -> None:
    network, tokenizer = text
    request = Request(tokenizer.template(), (12, "characters"), until=lambda ids: ids[-1] == 1)
    found = draw_beam(network, tokenizer, request, width=6, count=6)
    assert len({len(drawn.ids) for drawn in found}) > 1
    assert all((drawn.ids[:-1] == 0).all() for drawn in found)
    # All that may be said is found, and that is less than was asked for.
    few = draw_beam(network, tokenizer, Request(tokenizer.template(), (1, "characters")), width=5, count=5)
    assert sorted(tokenizer.decode(drawn.ids) for drawn in few) == ["a", "b"]


def test_what_cannot_be_is_refused(text: tuple[Any, TextTokenizer], model: Any) -> None:
    request = Request(text[1].template(), (2, "characters"))
    for width, count in ((0, 1), (10**6, 1), (2, 3), (2, 0)):
        with pytest.raises(UsageError):
            draw_beam(*text, request, width=width, count=count)
    for asked in ({"temperature": 0.5}, {"top_k": 3}, {"seed": 0}, {"repetition_penalty": 1.1}):
        with pytest.raises(UsageError, match=f"takes no {next(iter(asked))}"):
            model.sample(beam=2, **asked)

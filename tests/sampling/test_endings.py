"""Of several pieces one is kept, by how probable its end is."""

from __future__ import annotations

from typing import Any

import numpy as np

from seqgen.sampling.endings import draw_ended
from seqgen.sampling.sampler import Request, draw


def test_one_of_the_candidates_is_kept_and_how_many_there_are_changes_none(model: Any) -> None:
    network, tokenizer = model.network, model.tokenizer
    request = Request(tokenizer.template(None, (1, "bars")), (1, "bars"))
    kept = draw_ended(network, tokenizer, request, candidates=4, count=3, seed=5)
    drawn = draw(network, tokenizer, request, count=12, seed=5)
    for i, one in enumerate(kept):
        group = drawn[4 * i : 4 * i + 4]
        assert any(np.array_equal(one.ids, other.ids) for other in group)
        assert len(one.log_probabilities) == len(one.ids)
    again = draw_ended(network, tokenizer, request, candidates=4, count=1, seed=5)
    assert np.array_equal(again[0].ids, kept[0].ids)


def test_pieces_that_end_well_are_kept_more_often(model: Any) -> None:
    network, tokenizer = model.network, model.tokenizer
    request = Request(tokenizer.template(None, (1, "bars")), (1, "bars"))
    plain = draw(network, tokenizer, request, count=40, seed=1, log_probabilities=True)
    kept = draw_ended(network, tokenizer, request, candidates=5, count=8, seed=1)
    assert np.mean([p.log_probabilities[-1] for p in kept]) > np.mean([p.log_probabilities[-1] for p in plain])


def test_where_none_ends_all_are_alike(model: Any) -> None:
    network, tokenizer = model.network, model.tokenizer
    request = Request(tokenizer.template(None, None), None, max_tokens=30)
    kept = draw_ended(network, tokenizer, request, candidates=3, count=2, seed=2)
    assert [len(one.ids) > 0 for one in kept] == [True, True]

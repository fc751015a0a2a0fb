"""How far back gradients reach is what differences say, and gates are what makes it far."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from seqgen.cells import CELLS
from seqgen.core.errors import CorpusError
from seqgen.corpus.batches import whole
from seqgen.domains.text.tokenizer import TextTokenizer
from seqgen.evaluation.gradients import WARM_UP, Places, choose_places, gradient_norms, reach, relative
from seqgen.model import masked_log_probabilities
from seqgen.training.config import TrainConfig
from seqgen.training.loop import new_model

TOKENIZER = TextTokenizer.fit(["the sea, the wide and deep sea"])
TEXT = TOKENIZER.encode("the wide sea and the deep sea, the deep and wide sea; " * 6)
SCORED = TOKENIZER.vocabulary.scored


@pytest.mark.parametrize("cell", CELLS)
def test_norms_are_those_of_differences(cell: str) -> None:
    """Along the gradient nats change by its norm: nudge what the first layer reads at one position that way."""
    H, at, back, step = 8, 60, 3, 0.01
    model = new_model(TOKENIZER, TrainConfig(width=H, n_layers=2, cell=cell)).eval()
    norms = gradient_norms(model, TOKENIZER, [TEXT], Places(np.array([0]), np.array([at]), 20, 40))
    assert norms.shape == (1, 21) and (norms > 0).all()

    def nudge(layer: Any, given: Any) -> Any:
        x = given[0].clone()
        x[:, at - back] += step * torch.cat([torch.eye(H), -torch.eye(H)])
        return (x, *given[1:])

    batch = whole(TEXT[: at + 1], TOKENIZER)
    previous, context = (torch.from_numpy(values).expand(2 * H, -1, *values.shape[2:]) for values in (
        batch.previous, batch.context,
    ))  # fmt: skip
    model.layers[0].register_forward_pre_hook(nudge)
    with torch.no_grad():
        logits, _ = model(previous, context)
    allowed = torch.from_numpy(TOKENIZER.grammar.masks[batch.states[0, -1]].copy()).expand(2 * H, -1)
    nats = -masked_log_probabilities(logits[:, -1], allowed)[:, int(TEXT[at])]
    differences = (nats[:H] - nats[H:]) / (2 * step)
    assert differences.norm().item() == pytest.approx(norms[0, back], rel=1e-2)


def test_places_have_enough_before_them() -> None:
    places = choose_places([TEXT, TEXT[:50]], SCORED, 100, 30)
    assert (places.distance, places.warm_up) == (100, WARM_UP) and len(places) == 30
    assert set(places.of) == {0} and (places.at >= 100 + WARM_UP).all() and (places.at < len(TEXT)).all()
    again = choose_places([TEXT, TEXT[:50]], SCORED, 100, 30)
    assert np.array_equal(places.at, again.at)


def test_of_short_pieces_one_looks_less_far_back() -> None:
    places = choose_places([TEXT[:30]] * 20, SCORED, 100, 500)
    assert places.warm_up == 0 and 10 < places.distance < 30 and len(places) >= 64
    few = choose_places([TEXT[:30]], SCORED, 100, 500)
    assert few.distance == 1 and len(few) == 29
    for none in ([], [TEXT[:1]]):
        with pytest.raises(CorpusError, match="too short"):
            choose_places(none, SCORED, 100, 10)


def test_reach_is_where_shares_stay_below() -> None:
    shares = np.array([1, 0.5, 0.005, 0.02, 0.009, 0.001])
    assert reach(shares) == 4
    assert reach(np.array([1, 0.5, 0.02])) is None
    assert reach(np.array([1, np.nan])) is None
    assert relative(np.array([[2.0, 1.0], [4.0, 2.0]])).tolist() == [1.0, 0.5]

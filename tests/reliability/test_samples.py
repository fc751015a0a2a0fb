"""Whatever the weights are, every sample is a legal piece and every file that is written reads back equal."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from contract.tokenizers import TOKENIZERS, in_a_file, untrained, walks
from seqgen.core.domain import get_domain
from seqgen.core.tokenizer import Tokenizer
from seqgen.sampling.filters import Filters
from seqgen.sampling.sampler import Drawn, Request, draw
from seqgen.training.config import TrainConfig
from seqgen.training.loop import Trainer

pytestmark = pytest.mark.slow
COUNT, AT_ONCE, LENGTH = 1_000, 250, (60, "tokens")
FILTERS = (None, Filters(temperature=1.6), Filters(temperature=0.7, top_p=0.9), Filters(top_k=3, min_p=0.01))


def trained(tokenizer: Tokenizer[Any]) -> Any:
    """A model that has seen random walks through the grammar for a moment: enough to prefer some ids by far."""
    pieces = [ids for ids in walks(tokenizer) if len(ids) > 3]
    trainer = Trainer(TrainConfig(steps=40, width=24, n_layers=1, batch_size=8, crop=48), tokenizer, pieces, pieces[:4])
    try:
        losses = [trainer.train_step(trainer.batch(step)) for step in range(40)]
        assert all(math.isfinite(float(loss)) for loss in losses)
        return trainer.replicas.models[0].eval()
    finally:
        trainer.close()


def drawn_of(model: Any, tokenizer: Tokenizer[Any]) -> list[Drawn]:
    length = (1, "images") if tokenizer.domain == "images" else LENGTH
    request = Request(tokenizer.template(), length, barred=tokenizer.barred())
    return [
        sample
        for first, filters in zip(range(0, COUNT, AT_ONCE), FILTERS, strict=True)
        for sample in draw(model, tokenizer, request, count=AT_ONCE, first=first, filters=filters, seed=7)
    ]


@pytest.mark.parametrize("weights", [untrained, trained])
@pytest.mark.parametrize("name", TOKENIZERS)
def test_a_thousand_samples_are_legal_and_read_back_equal(name: str, weights: Any, tmp_path: Path) -> None:
    tokenizer = TOKENIZERS[name]
    domain = get_domain(tokenizer.domain)
    path = tmp_path / f"sample{domain.written[0]}"
    samples = drawn_of(weights(tokenizer), tokenizer)
    assert len(samples) == COUNT and len({sample.ids.tobytes() for sample in samples}) > COUNT / 4
    written = 0
    for sample in samples:
        assert not len(tokenizer.grammar.violations(sample.ids))
        assert len(sample.ids)
        piece = tokenizer.decode(sample.ids)
        if in_a_file(piece):
            domain.write(piece, path)
            assert list(domain.read(path, "")) == [piece]
            written += 1
    assert written > COUNT / 2

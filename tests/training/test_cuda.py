"""Training on a GPU, where one is: it does what the CPU does, but for rounding."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from seqgen import api
from seqgen.domains.text.tokenizer import TextTokenizer
from seqgen.training.config import TrainConfig
from seqgen.training.loop import Trainer

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")

TEXT = "the quick brown fox jumps over the lazy dog; " * 60
TOKENIZER = TextTokenizer("characters", characters="".join(sorted(set(TEXT))))
CONFIG = TrainConfig(
    steps=30, width=48, n_layers=2, batch_size=8, crop=32, feature_dropout=0, input_dropout=0, layer_dropout=0,
    perceptron_dropout=0, n_evaluations=2, streams=True,
)  # fmt: skip


def losses(config: TrainConfig) -> list[float]:
    ids = TOKENIZER.encode(TEXT)
    trainer = Trainer(config, TOKENIZER, [ids], [ids[:400]])
    try:
        return [float(trainer.train_step(trainer.batch(step))) for step in range(config.steps)] + [trainer.evaluate()]
    finally:
        trainer.close()


@pytest.mark.parametrize("streams", [True, False])
@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_losses_are_those_of_the_cpu(cell: str, streams: bool) -> None:
    config = replace(CONFIG, cell=cell, streams=streams)
    assert losses(replace(config, device="cuda")) == pytest.approx(losses(config), abs=0.03)  # TF32


def test_bfloat16_learns_as_well() -> None:
    full, half = (losses(replace(CONFIG, device="cuda", precision=p)) for p in ("float32", "bfloat16"))
    assert half == pytest.approx(full, abs=0.1)


def test_a_run_is_stopped_resumed_and_used_on_a_cpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEQGEN_CACHE", str(tmp_path / "cache"))
    file, out = tmp_path / "fox.txt", tmp_path / "run"
    file.write_text(TEXT)
    asked = iter([False] * 25 + [True] * 5)
    api.train("text", file, steps=60, device="cuda", out=out, stop=lambda: next(asked))
    model = api.train("text", file, out=out, resume=True)
    assert model.run.config().device == "cuda" and model.checkpoint.step > 25
    assert torch.isfinite(torch.cat([p.flatten() for p in model.network.parameters()])).all()
    there, here = (api.load(out, device=device).score(TEXT[:200]) for device in ("cuda", "cpu"))
    assert there == pytest.approx(here, rel=0.02)
    assert len(api.load(out, device="cuda").sample(count=2, length="20 characters", seed=1)) == 2

"""Writes losses.json: what the first steps of a training lose, in each domain and with each cell. Run it after a
change of the arithmetic, the batches, the context or a tokenizer that is meant, and say in its message why they moved.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from seqgen.core.domain import get_domain
from seqgen.corpus.build import Prepared, prepare
from seqgen.corpus.folder import open_corpus
from seqgen.training.config import TrainConfig
from seqgen.training.loop import Trainer

HERE = Path(__file__).parent
FILE = HERE / "losses.json"
N = 20
CONFIG = TrainConfig(
    steps=30, width=24, n_layers=2, batch_size=3, crop=32, learning_rate=1e-3, warm_up=4, n_evaluations=3,
    embedding_dropout=0.1, weight_dropout=0.1,
)  # fmt: skip
# Domain and cell.
CASES = {
    **{domain: (domain, "lstm") for domain in ("midi", "text", "sports", "prices", "images")},
    "midi-gru": ("midi", "gru"), "midi-rnn": ("midi", "rnn"),
}  # fmt: skip


@functools.cache
def corpus(name: str) -> Prepared:
    """One of tests/assets/corpora."""
    domain = get_domain(name)
    return prepare(open_corpus(HERE.parent / "assets" / "corpora" / name), domain, domain.options())


def first_losses(domain: str, cell: str) -> dict[str, Any]:
    """Of the first steps, on one thread, and of the held-out pieces after them."""
    found = corpus(domain)
    config = replace(CONFIG, cell=cell, streams=get_domain(domain).split != "piece")
    trainer = Trainer(config, found.tokenizer, found.store.of_split("train"), found.store.of_split("valid"))
    try:
        losses = [float(trainer.train_step(trainer.batch(step))) for step in range(N)]
        return {"losses": losses, "valid": trainer.evaluate()}
    finally:
        trainer.close()


def main() -> None:
    spec = importlib.util.spec_from_file_location("conftest", HERE.parent / "conftest.py")
    assert spec is not None and spec.loader is not None
    conftest = sys.modules["conftest"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(conftest)
    found = {name: first_losses(*case) for name, case in CASES.items()}
    said = {"arithmetic": conftest.arithmetic(), "config": CONFIG.to_dict(), **found}
    FILE.write_text(json.dumps(said, indent=1) + "\n")


if __name__ == "__main__":
    main()

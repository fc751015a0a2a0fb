"""RNN, GRU and LSTM beside autoregression and n-grams: the same ids, the same steps, any domain.

    python benchmarks/cells.py --corpus midi=corpora/bach --corpus text=corpora/shakespeare --steps 600 [--json]

Each corpus is read and split as `seqgen train DOMAIN PATH` does. Every cell is trained with its settings, in float32,
for as many steps on the same batches; the weights that are best on the validation pieces are scored on the test pieces.
AR(p): scores of the next id that are linear in the last p ids, trained for as many steps. n-gram: the best on the
validation pieces. --bare: the ids alone, without the side inputs of the tokenizer, for all alike. Of several learning
rates each cell's best on the validation pieces is kept.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from seqgen.api.corpora import prepare_corpus
from seqgen.api.reporter import Reporter
from seqgen.cells import CELLS
from seqgen.core.context import NoContext
from seqgen.core.domain import get_domain
from seqgen.core.tokenizer import Ids, Tokenizer
from seqgen.corpus.batches import Batch, Batches, whole
from seqgen.corpus.folder import open_corpus
from seqgen.evaluation.baselines import baseline_nats
from seqgen.model import masked_log_probabilities
from seqgen.training.config import TrainConfig, default_config, regularised
from seqgen.training.loop import Trainer, new_batches
from seqgen.training.machine import choose_machine
from seqgen.training.validation import mean_nats, piece_log_probabilities
from training import train_to_best

PROTOCOL = (
    "mean nats of the scored ids of the test pieces, under the grammar's mask; {steps} steps each; {side}; seed {seed}"
)
CORPORA = ("midi=corpora/bach", "text=corpora/shakespeare", "sports=corpora/cricket")
_MOST = 250_000  # ids of the validation pieces, and of the test pieces


class Autoregression(nn.Module):
    """Scores of the next id that are linear in the last p."""

    def __init__(self, n_ids: int, order: int) -> None:
        super().__init__()
        self.order, self.none = order, n_ids  # before the first id
        self.weights = nn.Embedding(order * (n_ids + 1), n_ids)
        self.bias = nn.Parameter(torch.zeros(n_ids))
        nn.init.zeros_(self.weights.weight)

    def forward(self, previous_BT: Tensor) -> Tensor:
        padded = nn.functional.pad(previous_BT, (self.order - 1, 0), value=self.none)
        lags_BTp = padded.unfold(1, self.order, 1) + torch.arange(self.order) * (self.none + 1)
        scores: Tensor = self.weights(lags_BTp).sum(dim=2) + self.bias
        return scores


def ar_log_probabilities(model: Autoregression, masks: Tensor, batch: Batch) -> Tensor:
    """[B, T] of the ids that came."""
    previous, states, ids = (torch.from_numpy(v) for v in (batch.previous, batch.states, batch.ids))
    return masked_log_probabilities(model(previous), masks[states]).gather(-1, ids[..., None])[..., 0]


def train_ar(batches: Batches, tokenizer: Tokenizer[Any], order: int, steps: int, rate: float) -> Autoregression:
    model, masks = Autoregression(len(tokenizer.vocabulary), order), torch.from_numpy(tokenizer.grammar.masks.copy())
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for step in range(steps):
        batch = batches(step)
        weights = torch.from_numpy(batch.weights)
        log_p = ar_log_probabilities(model, masks, batch)
        loss = -torch.where(weights > 0, log_p * weights, 0.0).sum() / weights.sum().clamp(min=1)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch states no types here
        optimizer.step()
        schedule.step()
    return model


@torch.inference_mode()
def ar_nats(model: Autoregression, tokenizer: Tokenizer[Any], pieces: Sequence[Ids]) -> float:
    masks = torch.from_numpy(tokenizer.grammar.masks.copy())
    found: list[npt.NDArray[np.floating]] = []
    for piece in pieces:
        batch, parts = whole(piece, tokenizer), []
        for start in range(0, len(piece), 4096):
            first = max(0, start - model.order)
            part = Batch(
                *(
                    getattr(batch, n)[:, first : start + 4096]
                    for n in ("previous", "ids", "context", "states", "weights")
                )
            )
            parts.append(ar_log_probabilities(model, masks, part)[0, start - first :].numpy())
        found.append(np.concatenate(parts))
    return mean_nats(found, pieces, tokenizer)


def scored(
    config: TrainConfig, tokenizer: Tokenizer[Any], parts: dict[str, list[Ids]], batches: Batches
) -> dict[str, Any]:
    trainer = Trainer(config, tokenizer, parts["train"], parts["valid"], batches)
    model = train_to_best(trainer, f"{config.cell:5}")
    log_p = piece_log_probabilities(model, tokenizer, parts["test"])
    return {
        "nats": mean_nats(log_p, parts["test"], tokenizer),
        "valid_nats": trainer.best_nats,
        "seconds": trainer.seconds,
        "learning_rate": config.learning_rate,
        "weights": model.n_parameters,
    }


def compared(name: str, path: Path, args: argparse.Namespace) -> dict[str, Any]:
    """Everything of one corpus."""
    domain = get_domain(name)
    prepared = prepare_corpus(open_corpus(path), domain, domain.options(), Reporter())
    tokenizer, store = prepared.tokenizer, prepared.store
    if args.bare:
        tokenizer.context, tokenizer.backoff = NoContext(), ()
    parts = {"train": store.of_split("train"), **{s: store.of_split(s, _MOST) for s in ("valid", "test")}}
    n_tokens = sum(map(len, parts["train"]))
    print(f"{name}: {n_tokens:,} ids to learn from, vocabulary of {len(tokenizer.vocabulary)}", file=sys.stderr)
    given = {
        "streams": domain.split != "piece", "preset": args.preset, "steps": args.steps, "seed": args.seed,
        **choose_machine("cpu"), **domain.training,
    }  # fmt: skip
    config = default_config(n_tokens=n_tokens, n_augmentations=len(tokenizer.augmentations), **given)
    batches = new_batches(config, tokenizer, parts["train"])
    config = regularised(replace(config, crop=batches.crop), n_tokens, list(given))
    found: dict[str, dict[str, Any]] = {}
    begin = time.monotonic()
    ar = train_ar(batches, tokenizer, args.order, args.steps, 1e-2)
    seconds = time.monotonic() - begin
    found[f"AR({args.order})"] = {"nats": ar_nats(ar, tokenizer, parts["test"]), "seconds": seconds}
    begin = time.monotonic()
    grams = baseline_nats(tokenizer, parts["train"], {s: parts[s] for s in ("valid", "test")})
    best = min(grams, key=lambda gram: grams[gram]["valid"])
    found["n-gram"] = {"nats": grams[best]["test"], "seconds": time.monotonic() - begin, "which": best}
    for cell in args.cells:
        for rate in args.learning_rate or [config.learning_rate]:
            one = scored(replace(config, cell=cell, learning_rate=rate), tokenizer, parts, batches)
            if cell not in found or one["valid_nats"] < found[cell]["valid_nats"]:
                found[cell] = one
    return {"path": str(path), "train_ids": n_tokens, "width": config.width, "layers": config.n_layers, "models": found}


def show(name: str, of: dict[str, Any]) -> None:
    print(f"\n{name}: {of['path']}, {of['train_ids']:,} ids to learn from, {of['layers']} x {of['width']}")
    for model, m in of["models"].items():
        label = model.upper() if model in CELLS else model
        more = f"{m['weights']:>9,} weights, rate {m['learning_rate']:g}" if "weights" in m else m.get("which", "")
        print(f"  {label:8} {m['nats']:8.4f} nats {m['seconds']:6.0f} s  {more}".rstrip())


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--corpus", action="append", help=f"DOMAIN=PATH, again and again; {', '.join(CORPORA)}")
    options.add_argument("--cells", nargs="+", default=["rnn", "gru", "lstm"], choices=list(CELLS))
    options.add_argument("--steps", type=int, default=600)
    options.add_argument("--preset", default="small")
    options.add_argument("--order", type=int, default=8, help="of the autoregression")
    options.add_argument("--learning-rate", type=float, nargs="+", help="that of the domain by default")
    options.add_argument("--bare", action="store_true", help="ids alone, without side inputs")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--json", action="store_true", help="print one JSON object")
    args = options.parse_args()

    begin, found = time.monotonic(), {}
    for named in args.corpus or CORPORA:
        name, _, path = named.partition("=")
        key = name if name not in found else named
        found[key] = compared(name, Path(path), args)
        if not args.json:
            show(key, found[key])
    side = "ids alone" if args.bare else "with the tokenizer's side inputs"
    protocol = PROTOCOL.format(steps=args.steps, side=side, seed=args.seed)
    if args.json:
        metrics = {
            f"{name}_{cell}": round(of["models"][cell]["nats"], 4) for name, of in found.items() for cell in args.cells
        }
        baselines = {
            f"{name} {model}": {"nats": round(m["nats"], 4)}
            for name, of in found.items() for model, m in of["models"].items() if model not in args.cells
        }  # fmt: skip
        seconds = round(time.monotonic() - begin, 1)
        print(json.dumps({
            "name": "cells", "protocol": protocol, "seconds": seconds, "metrics": metrics, "baselines": baselines,
            "corpora": found,
        }))  # fmt: skip
        return
    print(f"\n{protocol}")


if __name__ == "__main__":
    main()

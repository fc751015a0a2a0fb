"""The copying task: symbols are shown, a lag of blanks passes, then the symbols are to be said again.

    python benchmarks/copying.py [--cells lstm gru rnn] [--steps N] [--width N] [--picture FILE] [--json]

One network for each cell, of the same width, through the same model and training as everything else; each batch has a
lag of its own, so that short ones are learned first. After Hochreiter & Schmidhuber 1997 and Arjovsky et al. 2016.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from seqgen.core.augmentation import no_augmentation
from seqgen.core.context import NoContext
from seqgen.core.grammar import build_grammar
from seqgen.core.tokenizer import Ids, Length, Tokenizer
from seqgen.core.vocabulary import Vocabulary
from seqgen.corpus.batches import Batch
from seqgen.model import SequenceModel, masked_log_probabilities
from seqgen.training.config import TrainConfig
from seqgen.training.loop import Progress, Trainer
from seqgen.training.machine import choose_machine

LAGS = (10, 20, 50, 100, 200, 300, 400, 500)
N_TEST = 512  # sequences at each lag
PROTOCOL = (
    "sequences of {n} symbols of {kinds}, a lag of blanks, then the symbols again, drawn afresh for every step; lags "
    "of training from {low} to {high}, evenly by their logarithm; scored: each symbol said again, those before it known"
)


class Copying(Tokenizer[Any]):
    """(symbols, lag) ↔ ids. What is shown and what is said again are ids of their own: only the latter count."""

    domain, name = "copying", "copying"

    def __init__(self, kinds: int = 8, n: int = 5) -> None:
        self.kinds, self.n = kinds, n
        self.vocabulary = Vocabulary(
            [*(f"Symbol_{k}" for k in range(kinds)), *(f"Shown_{k}" for k in range(kinds)), "Blank", "Now"],
            unscored_types=("Shown", "Blank", "Now"),
        )
        V = len(self.vocabulary)
        self.blank, self.now = V - 2, V - 1
        self.unknown_of = np.full(V, -1, np.int32)
        self.context, self.augmentations = NoContext(), no_augmentation(V)
        classes = {"symbol": range(kinds), "shown": range(kinds, 2 * kinds), "blank": [V - 2], "now": [V - 1]}

        def follow(state: Any) -> Mapping[Any, Any]:
            what, k = state
            if what == "shown":
                return {"shown": ("shown", k + 1)} if k < n else {"blank": ("blank", 0)}
            if what == "blank":
                return {"blank": ("blank", 0), "now": ("symbol", 0)}
            return {"symbol": ("symbol", k + 1)} if k < n else {}

        self.grammar = build_grammar(classes, ("shown", 0), follow, lambda state: state == ("symbol", n))

    def draw(self, count: int, lag: int, rng: np.random.Generator) -> Ids:
        """int32 [count, n + lag + 1 + n]."""
        symbols = rng.integers(0, self.kinds, (count, self.n))
        blanks, now = np.full((count, lag), self.blank), np.full((count, 1), self.now)
        return np.concatenate([symbols + self.kinds, blanks, now, symbols], axis=1).astype(np.int32)

    def batch(self, ids_BT: Ids) -> Batch:
        """Sequences of one lag as the model takes them."""
        begin = np.full((len(ids_BT), 1), len(self.vocabulary))
        states = np.broadcast_to(self.grammar.states(ids_BT[0])[:-1], ids_BT.shape)
        return Batch(
            np.concatenate([begin, ids_BT[:, :-1]], axis=1).astype(np.int64),
            ids_BT.astype(np.int64),
            np.zeros((*ids_BT.shape, 0), np.int64),
            states.astype(np.int64),
            self.vocabulary.scored[ids_BT].astype(np.float32),
        )

    def encode(self, piece: tuple[Sequence[int], int]) -> Ids:
        symbols, lag = piece
        shown = [symbol + self.kinds for symbol in symbols]
        return np.array([*shown, *[self.blank] * lag, self.now, *symbols], np.int32)

    def decode(self, ids: npt.NDArray[np.integer], reference: Any = None) -> tuple[list[int], int]:
        return [int(i) for i in ids if i < self.kinds], int((np.asarray(ids) == self.blank).sum())

    def template(self, prompt: Any = None, length: tuple[int, str] | None = None, **given: str) -> Ids:
        return np.zeros(0, np.int32) if prompt is None else self.encode(prompt)

    def length(self, amount: int, unit: str, ids: Ids) -> Length:
        return Length(np.arange(len(self.vocabulary)) < self.kinds, amount)

    def config(self) -> Mapping[str, Any]:
        return {"kinds": self.kinds, "n": self.n}


@dataclass(frozen=True)
class Fresh:
    """Batches of one lag each, drawn afresh: a function of (seed, step)."""

    tokenizer: Copying
    batch_size: int
    low: int
    high: int
    seed: int = 0

    @property
    def crop(self) -> int:
        return self.high + 2 * self.tokenizer.n + 1

    def __call__(self, step: int) -> Batch:
        rng = np.random.Generator(np.random.Philox(key=[self.seed, step]))
        lag = round(float(np.exp(rng.uniform(np.log(self.low), np.log(self.high)))))
        return self.tokenizer.batch(self.tokenizer.draw(self.batch_size, lag, rng))


@torch.inference_mode()
def recalled(
    model: SequenceModel, tokenizer: Copying, lag: int, count: int = N_TEST, seed: int = 1
) -> tuple[float, float]:
    """(share of the symbols said again that are right, their mean nats) at a lag, on sequences of its own."""
    batch = tokenizer.batch(tokenizer.draw(count, lag, np.random.default_rng([seed, lag])))
    n, T = tokenizer.n, batch.ids.shape[1]
    previous, context, states, ids = (
        torch.from_numpy(v) for v in (batch.previous, batch.context, batch.states, batch.ids)
    )
    asked = (torch.arange(count)[:, None] * T + torch.arange(T - n, T)).flatten()
    logits, _ = model(previous, context, asked=asked)
    masks = torch.from_numpy(tokenizer.grammar.masks.copy())[states[:, -n:].flatten()]
    log_p, truth = masked_log_probabilities(logits, masks), ids[:, -n:].flatten()
    nats = -log_p.gather(-1, truth[:, None]).mean()
    return float((log_p.argmax(dim=-1) == truth).float().mean()), float(nats)


def trained(tokenizer: Copying, config: TrainConfig, low: int, high: int) -> tuple[SequenceModel, float]:
    """(the model after its steps, seconds)."""
    batches = Fresh(tokenizer, config.batch_size, low, high, config.seed)
    trainer = Trainer(config, tokenizer, [], [], batches)
    begin = last = time.monotonic()

    def report(p: Progress) -> None:
        nonlocal last
        if time.monotonic() - last > 10 or p.step == config.steps:
            last = time.monotonic()
            print(
                f"{config.cell:5} {p.seconds:5.0f} s  step {p.step:5}/{p.steps}  nats {p.train_nats:.4f}",
                file=sys.stderr,
            )

    try:
        trainer.run(report, lambda is_best: None)
    finally:
        trainer.close()
    return trainer.mean_model, time.monotonic() - begin


def config_of(cell: str, **given: Any) -> TrainConfig:
    """No dropout: no sequence is seen twice."""
    nothing = dict.fromkeys(("embedding", "feature", "input", "layer", "perceptron", "weight"), 0.0)
    return TrainConfig(
        cell=cell, n_layers=1, weight_decay=0.0, **{f"{k}_dropout": v for k, v in nothing.items()}, **given
    )


def draw(found: Mapping[str, Mapping[str, Any]], chance: float, about: str, path: Path) -> None:
    """Accuracy against the lag, a line for each cell."""
    from matplotlib import style
    from matplotlib.figure import Figure

    from seqgen.core.pictures import BLUE, GREEN, ORANGE, STYLE, entitle, write_picture

    with style.context(["default", dict(STYLE)]):
        figure = Figure((7.6, 5.0), layout="constrained")
        entitle(
            figure, "What is still known after a lag of blanks", "share of the shown symbols that are said again", about
        )
        axes = figure.subplots()
        # Who remembers all lies on one line: the first is drawn wide, below the others.
        for (name, of), colour, width in zip(found.items(), (BLUE, ORANGE, GREEN), (6, 2.4, 1.4), strict=False):
            x, y = list(of["accuracy"]), list(of["accuracy"].values())
            axes.plot(x, y, "o-", color=colour, markersize=4 + width, linewidth=width, label=name.upper())
        axes.axhline(chance, color="#999999", linewidth=0.9, linestyle="--", label="chance")
        axes.set(xlabel="lag in positions", ylabel="symbols recalled", ylim=(0, 1.03), xlim=(0, None))
        axes.yaxis.set_major_formatter(lambda share, place: f"{share:.0%}")
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        write_picture(figure, path)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--cells", nargs="+", default=["lstm", "gru", "rnn"])
    options.add_argument("--steps", type=int, default=2000)
    options.add_argument("--width", type=int, default=96)
    options.add_argument("--batch-size", type=int, default=32)
    options.add_argument(
        "--learning-rate", type=float, nargs="+", default=[3e-3], help="of several the best of each cell is kept"
    )
    options.add_argument("--symbols", type=int, default=5, help="shown in each sequence")
    options.add_argument("--kinds", type=int, default=8, help="of symbols")
    options.add_argument("--lowest", type=int, default=1, help="lag of training")
    options.add_argument("--highest", type=int, default=500, help="lag of training")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--picture", type=Path, help="draw accuracy against the lag into this file")
    options.add_argument("--json", action="store_true", help="print one JSON object")
    args = options.parse_args()

    tokenizer = Copying(args.kinds, args.symbols)
    lags = [lag for lag in LAGS if lag <= args.highest]
    found: dict[str, dict[str, Any]] = {}
    for cell, rate in itertools.product(args.cells, args.learning_rate):
        config = config_of(
            cell, steps=args.steps, width=args.width, batch_size=args.batch_size, learning_rate=rate, seed=args.seed,
            **choose_machine("cpu"),
        )  # fmt: skip
        model, seconds = trained(tokenizer, config, args.lowest, args.highest)
        valid = float(np.mean([recalled(model, tokenizer, lag, seed=2)[1] for lag in lags]))
        if cell in found and found[cell]["valid_nats"] <= valid:
            continue
        scores = {lag: recalled(model, tokenizer, lag) for lag in lags}
        found[cell] = {
            "weights": model.n_parameters,
            "learning_rate": rate,
            "seconds": round(seconds, 1),
            "valid_nats": valid,
            "accuracy": {lag: round(accuracy, 4) for lag, (accuracy, _) in scores.items()},
            "nats": {lag: round(nats, 4) for lag, (_, nats) in scores.items()},
        }
    chance = 1 / args.kinds
    protocol = PROTOCOL.format(n=args.symbols, kinds=args.kinds, low=args.lowest, high=args.highest)
    seconds = round(sum(of["seconds"] for of in found.values()), 1)
    about = f"{args.steps} steps of {args.batch_size}, one layer of {args.width}, seed {args.seed}"
    if args.picture:
        draw(found, chance, f"{args.symbols} symbols of {args.kinds} kinds, {about}", args.picture)
    if args.json:
        metrics = {f"{cell}_{lag}": a for cell, of in found.items() for lag, a in of["accuracy"].items()}
        print(json.dumps({
            "name": "copying", "protocol": f"{protocol}; {about}", "seconds": seconds,
            "metrics": metrics, "baselines": {"chance": chance}, "cells": found,
        }))  # fmt: skip
        return
    print(f"copying: {protocol}\n{about}\n")
    print(f"{'lag':>6}" + "".join(f"{cell:>8}" for cell in found) + f"{'chance':>8}")
    for lag in lags:
        print(f"{lag:6}" + "".join(f"{of['accuracy'][lag]:8.1%}" for of in found.values()) + f"{chance:8.1%}")
    print()
    for cell, of in found.items():
        print(f"{cell}: {of['weights']:,} weights, learning rate {of['learning_rate']:g}, {of['seconds']:.0f} s")


if __name__ == "__main__":
    main()

"""The chorale model by measured curves: each setting trained for the same number of steps, validation nats a note.

    python benchmarks/chorale_curves.py --data FOLDER --steps 400 --out curves.json --picture curves.png

One thread, one seed. What is in --out already is not trained again, so that a list may be done in parts.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from jsb import sixteenths
from seqgen.core.context import Context, Cursor
from seqgen.training.config import TrainConfig
from seqgen.training.loop import Trainer
from training import train_to_best

GROUPS = {  # of context features, by their names
    "beat": "place|held|pattern|moves|all_moves",
    "own line": "own|interval|interval_before|lasted",
    "other voices": r"(against|above|step|held|interval)\d",
    "parallels": r"parallel\d",
    "chord": r"chord|class\d",
    "key": r"collection|mode|local|class\d",
    "repetition": "again",
}
SETTINGS: dict[str, dict[str, Any]] = {
    "default": {},
    **{f"width {n}": {"width": n} for n in (128, 256, 384)},
    **{f"layers {n}": {"n_layers": n} for n in (1, 3)},
    "less dropout": {"layer_dropout": 0.3, "input_dropout": 0.2, "feature_dropout": 0.2, "perceptron_dropout": 0.1},
    "more dropout": {"layer_dropout": 0.6, "input_dropout": 0.5, "feature_dropout": 0.5, "perceptron_dropout": 0.3},
    "order S A T B": {"order": (0, 1, 2, 3)},
    "order B T A S": {"order": (3, 2, 1, 0)},
    "order B S T A": {"order": (3, 0, 2, 1)},
    **{f"without {name}": {"without": name} for name in GROUPS},
    "no mean of weights": {"ema_share": 0.0},
}


class Fewer:
    """A context without some of its features."""

    def __init__(self, context: Context, without: str) -> None:
        self._context = context
        self._kept = [i for i, f in enumerate(context.features) if not re.fullmatch(GROUPS[without], f.name)]
        self.features = tuple(context.features[i] for i in self._kept)

    def of(self, ids_T: npt.NDArray[np.integer]) -> npt.NDArray[np.int32]:
        return np.ascontiguousarray(self._context.of(ids_T)[:, self._kept])

    def start(self, ids_BT: npt.NDArray[np.integer]) -> Cursor:
        raise NotImplementedError("Curves only score.")


def train(folder: Path, steps: int, seed: int, setting: dict[str, Any]) -> dict[str, Any]:
    """Validation nats by step, CPU seconds, parameters."""
    setting = dict(setting)
    task = sixteenths(folder, setting.pop("order", ()))
    if without := setting.pop("without", ""):
        task.tokenizer.context = Fewer(task.tokenizer.context, without)
    config = TrainConfig(seed=seed, steps=steps, n_evaluations=5, precision="bfloat16", **setting)
    begin = time.process_time()
    trainer = Trainer(config, task.tokenizer, task.data["train"], task.data["valid"])
    model = train_to_best(trainer)
    return {
        "curve": [[row["step"], round(row["valid_nats"], 4)] for row in trainer.history],
        "valid_nats": round(trainer.best_nats or 0.0, 4),
        "cpu_seconds": round(time.process_time() - begin, 1),
        "parameters": model.n_parameters,
    }


def draw(results: dict[str, Any], path: Path) -> None:
    """Validation nats against steps: sizes and settings on the left, what is left out on the right."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    figure, sides = plt.subplots(1, 2, figsize=(13, 5), sharey=True, layout="constrained")
    best = min(found["valid_nats"] for found in results.values())
    for side, left in zip(sides, (False, True), strict=True):
        chosen = [name for name in results if name == "default" or name.startswith("without") == left]
        for i, name in enumerate(chosen):
            x, y = zip(*results[name]["curve"], strict=True)
            style = {"color": "black", "lw": 2.5} if name == "default" else {"ls": "-" if i < 10 else "--"}
            side.plot(x, y, label=f"{name}  {results[name]['valid_nats']:.4f}", **style)
        side.set(xlabel="steps", ylim=(best - 0.005, best + 0.1))
        side.legend(frameon=False, fontsize=8)
        side.spines[["top", "right"]].set_visible(False)
    sides[0].set_ylabel("validation, nats a note")
    figure.savefig(path, dpi=120)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with Jsb16thSeparated.json")
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="*", default=list(SETTINGS), help="names of settings")
    parser.add_argument("--out", type=Path, default=Path("chorale_curves.json"))
    parser.add_argument("--picture", type=Path, default=None)
    args = parser.parse_args()
    torch.set_num_threads(1)
    results: dict[str, Any] = json.loads(args.out.read_text()) if args.out.is_file() else {}
    for name in args.only:
        if name not in results:
            results[name] = train(args.data, args.steps, args.seed, SETTINGS[name])
            args.out.write_text(json.dumps(results, indent=1))
    base = results.get("default", {}).get("valid_nats")
    print(f"{'':24s}  valid  against default  CPU s.  parameters")
    for name, found in results.items():
        change = f"{found['valid_nats'] / base - 1:+16.1%}" if base else f"{'':16s}"
        print(f"{name:24s} {found['valid_nats']:.4f} {change} {found['cpu_seconds']:8.0f} {found['parameters']:11,}")
    if args.picture:
        draw(results, args.picture)


if __name__ == "__main__":
    main()

"""NLL on the JSB chorales beside n-grams: nats per sixteenth and voice (Jsb16thSeparated.json), or with --grid quarter
nats per frame (jsb-chorales-quarter.json).

python benchmarks/jsb.py --data FOLDER --minutes 10 --json
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import chords
from seqgen.core.tokenizer import Tokenizer
from seqgen.evaluation.baselines import baseline_nats
from seqgen.evaluation.ensemble import ensemble_log_probabilities
from seqgen.model import SequenceModel
from seqgen.tokenizers import MidiTokenizer
from seqgen.training.config import TrainConfig
from seqgen.training.loop import Trainer
from seqgen.training.machine import calibrate, choose_machine
from seqgen.training.validation import piece_log_probabilities
from training import train_to_best

LOW, HIGH = 30, 88  # training pitches are 36 … 81; room for transposition
Ids = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Task:
    """What is learned and how it is counted. units: of ids, how many notes or frames they are."""

    protocol: str
    unit: str
    tokenizer: Tokenizer[Any]
    data: dict[str, list[Ids]]
    units: Callable[[Ids], int]

    def nats(self, log_p: Sequence[npt.NDArray[Any]], pieces: Sequence[Ids]) -> float:
        """Per unit."""
        return -sum(float(values.sum(dtype=np.float64)) for values in log_p) / sum(map(self.units, pieces))


def sixteenths(folder: Path, order: tuple[int, ...] = ()) -> Task:
    """Four voices, one id per voice and sixteenth."""
    settings = {"low": LOW, "high": HIGH, "holds": False, "header": False, "end": False, "order": order}
    tokenizer = MidiTokenizer("voices", **settings)
    columns = list(tokenizer.config()["order"])
    rest = tokenizer.vocabulary.id("Rest")

    def ids(piece: list[list[int]]) -> Ids:
        pitches = np.array(piece)[:, columns]
        return np.where(pitches < 0, rest, pitches - LOW).astype(np.int32).reshape(-1)

    file = json.loads((folder / "Jsb16thSeparated.json").read_text())
    data = {name: [ids(p) for p in pieces] for name, pieces in file.items()}
    tokenizer = MidiTokenizer("voices", **settings, ranges=ranges(data["train"], columns))
    protocol = (
        "JSB chorales, train 229 / valid 76 / test 77 as given, original keys; 4 ids a sixteenth (pitch or rest), "
        f"voices {' '.join('SATB'[v] for v in columns)}, no header, no end, every slot counted, each piece from a "
        "fresh state; value = nats / (4 x sixteenths); transposition in training only; weights chosen on valid"
    )
    return Task(protocol, "note", tokenizer, data, len)


def ranges(pieces: list[Ids], columns: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """Each voice's range in the training pieces and a semitone beyond."""
    steps = np.concatenate(pieces).reshape(-1, 4)
    found = [(0, 0)] * 4
    for column, voice in enumerate(columns):
        sung = steps[:, column][steps[:, column] < HIGH - LOW + 1] + LOW
        found[voice] = (int(sung.min()) - 1, int(sung.max()) + 1)
    return tuple(found)


def quarters(folder: Path) -> Task:
    """Frames of distinct pitches, high to low."""
    tokenizer = chords.Chords()
    file = json.loads((folder / "jsb-chorales-quarter.json").read_text())
    data = {name: [tokenizer.encode(p) for p in pieces] for name, pieces in file.items()}
    protocol = (
        "JSB chorales by quarters, train 229 / valid 76 / test 77 as given, transposed to C; each frame's distinct "
        "pitches from high to low, then a step-end id, exact under the mask of falling pitches; each piece from a "
        "fresh state; value = nats of a frame's ids summed, mean over all frames; weights chosen on valid"
    )
    return Task(protocol, "frame", tokenizer, data, lambda ids: int((ids == chords.STEP).sum()))


GRIDS = {"sixteenth": ("Jsb16thSeparated.json", sixteenths), "quarter": ("jsb-chorales-quarter.json", quarters)}


def task(data: Path, grid: str) -> Task:
    """That of a grid, read from a folder or its jsb/."""
    name, read = GRIDS[grid]
    folder = next((p for p in (data, data / "jsb") if (p / name).is_file()), None)
    if folder is None:
        sys.exit(f"error: {data} holds no {name}")
    return read(folder)


def scores(t: Task, model: SequenceModel, ensemble: bool) -> dict[str, float]:
    """Metrics of both held-out splits."""
    found = {}
    for split in ("valid", "test"):
        pieces = t.data[split]
        log_p = piece_log_probabilities(model, t.tokenizer, pieces)
        found[f"{split}_nats_per_{t.unit}"] = t.nats(log_p, pieces)
        if t.unit == "frame":
            starts = [int((ids == chords.STEP).argmax()) + 1 for ids in pieces]
            later = [values[k:] for values, k in zip(log_p, starts, strict=True)]
            rest = [ids[k:] for ids, k in zip(pieces, starts, strict=True)]
            found[f"{split}_nats_per_frame_without_first"] = t.nats(later, rest)
        if ensemble:
            together = ensemble_log_probabilities(model, t.tokenizer, pieces)
            found[f"{split}_nats_per_{t.unit}_in_all_keys"] = t.nats(together, pieces)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with the grid's file, or that of jsb/")
    parser.add_argument("--grid", choices=GRIDS, default="sixteenth")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--replicas", type=int, default=None, help="training threads; one for each core by default")
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="training settings to override")
    parser.add_argument("--ensemble", action="store_true", help="also average over transpositions, reported apart")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    t = task(args.data, args.grid)
    if args.ensemble and len(t.tokenizer.augmentations) < 2:
        sys.exit("error: --ensemble averages over keys, and this grid's file is in C")

    begin = time.monotonic()
    given = {name: json.loads(value) for name, value in (pair.split("=") for pair in args.set)}
    settings = {"n_evaluations": 10, **choose_machine("cpu", args.replicas), **given}
    config = TrainConfig(seed=args.seed, **settings)
    seconds = None if "steps" in given else args.minutes * 60
    config = calibrate(config, t.tokenizer, t.data["train"], t.data["valid"], seconds)
    trainer = Trainer(config, t.tokenizer, t.data["train"], t.data["valid"])
    model = train_to_best(trainer)
    seconds = time.monotonic() - begin
    metrics = scores(t, model, args.ensemble)
    held_out = {"valid": t.data["valid"], "test": t.data["test"]}
    baselines = baseline_nats(t.tokenizer, t.data["train"], held_out)
    per_unit = {split: sum(map(len, pieces)) / sum(map(t.units, pieces)) for split, pieces in held_out.items()}
    baselines = {name: {split: x * per_unit[split] for split, x in of.items()} for name, of in baselines.items()}
    result = {
        "name": "jsb",
        "protocol": t.protocol,
        "seconds": round(seconds, 1),
        "seed": args.seed,
        "steps": trainer.step,
        "metrics": {name: round(x, 4) for name, x in metrics.items()},
        "baselines": {name: {k: round(x, 4) for k, x in values.items()} for name, values in baselines.items()},
    }
    if args.json:
        print(json.dumps(result))
        return
    print(f"{t.protocol}\nseqgen, {seconds:.0f} s, seed {args.seed}, {config.replicas} threads, {trainer.step} steps")
    print(f"{'nats per ' + t.unit:24s}  valid   test")
    for name, value in metrics.items():
        if name.startswith("valid"):
            label = name.removeprefix(f"valid_nats_per_{t.unit}").replace("_", " ").strip()
            print(f"{'seqgen ' + label:24s} {value:6.4f} {metrics[name.replace('valid', 'test', 1)]:6.4f}")
    for name, values in baselines.items():
        print(f"{name:24s} {values['valid']:6.4f} {values['test']:6.4f}")


if __name__ == "__main__":
    main()

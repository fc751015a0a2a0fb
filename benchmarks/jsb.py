"""Note NLL on the JSB chorales (Jsb16thSeparated.json): nats per sixteenth and voice, beside n-grams.

python benchmarks/jsb.py --data FOLDER --minutes 10 --json
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
from training import train_to_best

from seqgen.evaluation.baselines import baseline_nats
from seqgen.tokenizers import MidiTokenizer
from seqgen.training.config import TrainConfig
from seqgen.training.loop import Trainer
from seqgen.training.machine import calibrate, choose_machine
from seqgen.training.validation import nats_per_id

PROTOCOL = (
    "JSB chorales, train 229 / valid 76 / test 77 as given, original keys; 4 ids a sixteenth (pitch or rest), voices "
    "S B T A, no header, no end, every slot counted, each piece from a fresh state; value = nats / (4 x sixteenths); "
    "transposition in training only; weights chosen on valid"
)
LOW, HIGH = 30, 88  # training pitches are 36 … 81; room for transposition


def chorales(path: Path, tokenizer: MidiTokenizer) -> dict[str, list[np.ndarray]]:
    """Split -> int32 ids of each chorale."""
    order = list(tokenizer.config()["order"])
    rest = tokenizer.vocabulary.id("Rest")

    def ids(piece: list[list[int]]) -> np.ndarray:
        pitches = np.array(piece)[:, order]
        return np.where(pitches < 0, rest, pitches - LOW).astype(np.int32).reshape(-1)

    return {name: [ids(p) for p in pieces] for name, pieces in json.loads(path.read_text()).items()}


def ranges(pieces: list[np.ndarray], tokenizer: MidiTokenizer) -> tuple[tuple[int, int], ...]:
    """Each voice's range in the training pieces and a semitone beyond."""
    steps = np.concatenate(pieces).reshape(-1, 4)
    found = [(0, 0)] * 4
    for column, voice in enumerate(tokenizer.config()["order"]):
        sung = steps[:, column][steps[:, column] < HIGH - LOW + 1] + LOW
        found[voice] = (int(sung.min()) - 1, int(sung.max()) + 1)
    return tuple(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with Jsb16thSeparated.json, or that of jsb/")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--replicas", type=int, default=None, help="training threads; one for each core by default")
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="training settings to override")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    path = next((p for p in (args.data, args.data / "jsb") if (p / "Jsb16thSeparated.json").is_file()), None)
    if path is None:
        sys.exit(f"error: {args.data} holds no Jsb16thSeparated.json")

    settings = {"low": LOW, "high": HIGH, "holds": False, "header": False, "end": False}
    tokenizer = MidiTokenizer("voices", **settings)
    data = chorales(path / "Jsb16thSeparated.json", tokenizer)
    tokenizer = MidiTokenizer("voices", **settings, ranges=ranges(data["train"], tokenizer))

    begin = time.monotonic()
    given = {name: json.loads(value) for name, value in (pair.split("=") for pair in args.set)}
    config = TrainConfig(seed=args.seed, n_evaluations=10, **choose_machine("cpu", args.replicas), **given)
    config = calibrate(config, tokenizer, data["train"], data["valid"], args.minutes * 60)
    trainer = Trainer(config, tokenizer, data["train"], data["valid"])
    model = train_to_best(trainer)
    seconds = time.monotonic() - begin
    valid = nats_per_id(model, tokenizer, data["valid"])
    test = nats_per_id(model, tokenizer, data["test"])
    baselines = baseline_nats(tokenizer, data["train"], {"valid": data["valid"], "test": data["test"]})
    result = {
        "name": "jsb",
        "protocol": PROTOCOL,
        "seconds": round(seconds, 1),
        "seed": args.seed,
        "steps": trainer.step,
        "metrics": {"valid_nats_per_note": round(valid, 4), "test_nats_per_note": round(test, 4)},
        "baselines": {name: {k: round(x, 4) for k, x in values.items()} for name, values in baselines.items()},
    }
    if args.json:
        print(json.dumps(result))
        return
    print(f"{PROTOCOL}\nseqgen, {seconds:.0f} s, seed {args.seed}, {config.replicas} threads, {trainer.step} steps")
    print(f"{'':16s}  valid   test")
    print(f"{'seqgen':16s} {valid:6.4f} {test:6.4f}")
    for name, values in baselines.items():
        print(f"{name:16s} {values['valid']:6.4f} {values['test']:6.4f}")


if __name__ == "__main__":
    main()

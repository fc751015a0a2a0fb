"""Nats a character on tinyshakespeare (65 symbols, first 90 % / last 10 %), beside n-grams and nanoGPT.

    python benchmarks/tinyshakespeare.py --data ../shared/data/text/input.txt --minutes 3 [--json]
    python benchmarks/tinyshakespeare.py --data … --minutes 0.2 --nanogpt DIR

stream: one pass over the last 10 %, the state carried from its beginning. windows n: the mean over 200 × 12 random
windows of n characters, no state carried and no context from before, every position scored (nanoGPT's estimate).
--nanogpt trains that checkout with its published recipe for CPUs on the same split and with as many threads, one after
the other, and compares the seconds to its final loss (windows of 64), evaluation left out on both sides.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from seqgen.evaluation.baselines import baseline_nats
from seqgen.evaluation.dynamic import dynamic_log_probabilities
from seqgen.model import SequenceModel
from seqgen.tokenizers import TextTokenizer
from seqgen.training.config import default_config, regularised
from seqgen.training.loop import Trainer
from seqgen.training.machine import calibrate, choose_machine
from seqgen.training.validation import mean_nats, piece_log_probabilities
from training import train_to_best

PROTOCOL = (
    "tinyshakespeare, 65 characters, first 90 % / last 10 %, nats a character; stream: state carried over the last "
    "10 %; windows n: 200 x 12 random windows, nothing carried; weights chosen by the stream, read in rows"
)
_LOOKS = 25
NANOGPT = (
    "--device=cpu --compile=False --eval_iters=200 --log_interval=1 --block_size=64 --batch_size=12 --n_layer=4 "
    "--n_head=4 --n_embd=128 --max_iters=2000 --lr_decay_iters=2000 --dropout=0.0 --eval_interval=2000"
)


def windows(model: SequenceModel, tokenizer: TextTokenizer, ids: np.ndarray, n: int, seed: int = 0) -> float:
    """Mean nats over 200 x 12 random windows: of n ids, each from those before it in the window."""
    rng = np.random.default_rng(seed)
    starts = rng.integers(0, len(ids) - n - 1, 200 * 12)
    pieces = [ids[start : start + n + 1] for start in starts]
    found = piece_log_probabilities(model, tokenizer, pieces)
    return -float(np.concatenate([log_p[1:] for log_p in found]).mean())


def nanogpt(folder: Path, text: str, threads: int) -> tuple[float, float]:
    """(final loss, seconds of training) of a checkout's recipe for CPUs."""
    data = folder / "data" / "shakespeare_char"
    shutil.rmtree(folder / "out-benchmark", ignore_errors=True)
    (data / "input.txt").write_text(text)
    subprocess.run([sys.executable, "prepare.py"], cwd=data, check=True, capture_output=True)
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    command = [
        sys.executable,
        "train.py",
        "config/train_shakespeare_char.py",
        *NANOGPT.split(),
        "--out_dir=out-benchmark",
    ]
    ran = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, env=environment)  # noqa: S603  # their own command
    losses = re.findall(r"^step \d+: train loss [\d.]+, val loss ([\d.]+)", ran.stdout, re.MULTILINE)
    steps = [
        (int(i), float(ms))
        for i, ms in re.findall(r"^iter (\d+): loss [\d.]+, time ([\d.]+)ms", ran.stdout, re.MULTILINE)
    ]
    return float(losses[-1]), sum(ms for i, ms in steps if i % 2000) / 1000


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, required=True, help="tinyshakespeare's input.txt")
    options.add_argument("--minutes", type=float, default=3)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="training settings to override")
    options.add_argument("--dynamic", action="store_true", help="also score with dynamic evaluation, reported apart")
    options.add_argument("--nanogpt", type=Path, metavar="DIR", help="a checkout to train beside it")
    options.add_argument("--json", action="store_true", help="print one JSON object")
    args = options.parse_args()

    text = args.data.read_text(encoding="utf-8")
    cut = int(len(text) * 0.9)
    tokenizer = TextTokenizer(characters="".join(sorted(set(text))), fallback=False, end=False)
    train, valid = tokenizer.encode(text[:cut]), tokenizer.encode(text[cut:])

    other: dict[str, float] = {}
    if args.nanogpt:
        loss, seconds = nanogpt(args.nanogpt, text, choose_machine("cpu")["replicas"])
        other = {"windows_64_nats": loss, "train_seconds": round(seconds, 1)}

    given = {name: json.loads(value) for name, value in (pair.split("=") for pair in args.set)}
    config = default_config(
        n_tokens=len(train), n_augmentations=1, streams=True, seed=args.seed, **choose_machine("cpu"), **given
    )
    config = regularised(calibrate(config, tokenizer, [train], [valid], args.minutes * 60), len(train), list(given))
    if other:  # looked at often, since the time to nanoGPT's loss is asked for
        config = replace(config, n_evaluations=min(_LOOKS, config.steps), patience=_LOOKS)
    trainer = Trainer(config, tokenizer, [train], [valid])
    reached: list[float] = []
    aside = [0.0]  # seconds of evaluation
    begin = time.monotonic()

    evaluate = trainer.evaluate

    def timed() -> float:
        start = time.monotonic()
        nats = evaluate()
        # Windows are never easier than the stream: before it is good enough there is no need to look at them.
        goal = other.get("windows_64_nats", 0.0)
        if not reached and nats <= goal and windows(trainer.mean_model, tokenizer, valid, 64) <= goal:
            reached.append(start - begin - aside[0])
        aside[0] += time.monotonic() - start
        return nats

    trainer.evaluate = timed  # type: ignore[method-assign]  # to time it
    model = train_to_best(trainer)
    seconds = time.monotonic() - begin
    torch.set_num_threads(choose_machine("cpu")["replicas"])
    exact = piece_log_probabilities(model, tokenizer, [valid], exact=True)
    metrics: dict[str, float] = {
        "stream_nats": round(mean_nats(exact, [valid], tokenizer), 4),
        "windows_256_nats": round(windows(model, tokenizer, valid, 256), 4),
        "windows_64_nats": round(windows(model, tokenizer, valid, 64), 4),
    }
    if args.dynamic:
        found = dynamic_log_probabilities(model, tokenizer, [valid], [train])
        metrics["dynamic_stream_nats"] = round(mean_nats(found, [valid], tokenizer), 4)
    baselines: dict[str, Any] = {
        name: {"stream_nats": round(nats["valid"], 4)}
        for name, nats in baseline_nats(tokenizer, [train], {"valid": [valid]}).items()
    }
    if other:
        baselines["nanogpt"] = other
        if reached:
            metrics["seconds_to_nanogpt"] = round(reached[0], 1)
            metrics["time_ratio_to_nanogpt"] = round(other["train_seconds"] / reached[0], 1)
    result = {
        "name": "tinyshakespeare",
        "protocol": PROTOCOL,
        "seconds": round(seconds, 1),
        "seed": args.seed,
        "steps": trainer.step,
        "config": {k: v for k, v in config.to_dict().items() if k not in ("device", "save_seconds")},
        "metrics": metrics,
        "baselines": baselines,
    }
    trainer.close()
    if args.json:
        print(json.dumps(result))
        return
    print(f"{PROTOCOL}\n{seconds:.0f} s, seed {args.seed}, {config.replicas} threads, {trainer.step} steps")
    for name, value in [*metrics.items(), *((f"{n} {k}", v) for n, b in baselines.items() for k, v in b.items())]:
        print(f"{name:<28}{value:>10}")


if __name__ == "__main__":
    main()

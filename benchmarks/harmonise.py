"""Harmonising: the sopranos of the JSB chorales in validation, one model and several ways to fill in the rest.

python benchmarks/harmonise.py --data FOLDER --run RUN [--pieces 76] [--methods smc,gibbs] [--json]

RUN: a run of the protocol of benchmarks/jsb.py; where there is none, one is trained there in so many --minutes.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from jsb import HIGH, LOW, Task, sixteenths, task
from seqgen.core.workers import cores
from seqgen.sampling.filling import CANDIDATES, draw_candidates, fill
from seqgen.sampling.filters import Filters, drawn
from seqgen.sampling.reader import Reader
from seqgen.sampling.sampler import one_thread
from seqgen.training.config import TrainConfig
from seqgen.training.loop import Trainer
from seqgen.training.machine import calibrate, choose_machine
from seqgen.training.run import Run
from seqgen.training.validation import piece_log_probabilities

PROTOCOL = (
    "JSB chorales on sixteenths, validation: alto, tenor and bass to the given soprano, and the piece's length; no "
    "header; accuracy = share of steps that Bach has alike; nats a note of all four voices under the model; parallel "
    "fifths and octaves (both voices move the same way), crossings (steps x pairs) and notes outside the ranges of the "
    "training pieces, each a chorale; seconds of one core a chorale"
)
VOICES = ("soprano", "alto", "tenor", "bass")
FILTERS = Filters(temperature=0.9, min_p=0.05)  # as music is sampled
METHODS = ("likeliest of n", "smc", "smc + passes", "gibbs")
GIBBS_SWEEPS, GIBBS_AHEAD, GIBBS_CHOICES = 4, 16, 12  # ids seen behind the one that is drawn, and values it may take


def train(path: Path, t: Task, minutes: float, replicas: int | None) -> None:
    """A run of the jsb protocol."""
    config = TrainConfig(n_evaluations=10, **choose_machine("cpu", replicas))
    config = calibrate(config, t.tokenizer, t.data["train"], t.data["valid"], minutes * 60)
    run = Run(path)
    run.create(t.tokenizer, config, {"options": {}})
    trainer = Trainer(config, t.tokenizer, t.data["train"], t.data["valid"])
    trainer.run(lambda p: None, lambda is_best: run.save(trainer))
    trainer.close()


class Harmoniser:
    """One model, and the ways to use it."""

    def __init__(self, run: Path, candidates: int) -> None:
        self.model, _, _ = Run(run).model()
        self.tokenizer: Any = Run(run).tokenizer()
        self.n = candidates
        self.order = list(self.tokenizer.config()["order"])
        self.soprano = self.order.index(0)

    def grid(self, ids: np.ndarray) -> np.ndarray:
        """MIDI pitches [voices, steps], the highest voice first; a rest is -1."""
        body = ids.reshape(-1, 4).T[np.argsort(self.order)]
        return np.where(body > HIGH - LOW, -1, body + LOW)

    def nats(self, ids: np.ndarray) -> float:
        (log_p,) = piece_log_probabilities(self.model, self.tokenizer, [ids])
        return -float(log_p.mean(dtype=np.float64))

    def __call__(self, method: str, ids: np.ndarray, seed: int) -> np.ndarray:
        template = np.full(len(ids), -1, np.int32)
        template[self.soprano :: 4] = ids[self.soprano :: 4]
        reader = Reader(self.model, self.tokenizer)
        with one_thread():
            if method in METHODS[1:3]:
                passes = METHODS.index(method) - 1
                (one,) = fill(
                    reader, self.tokenizer, template, candidates=self.n, passes=passes, filters=FILTERS, seed=seed
                )
                return one.ids
            rng = np.random.default_rng(seed)
            n = self.n if method == METHODS[0] else 1
            cloud = draw_candidates(reader, self.tokenizer, template, n, rng, FILTERS, few=0)
            found = cloud.ids[cloud.likeliest]
            for _ in range(GIBBS_SWEEPS if method == "gibbs" else 0):
                found = self.sweep(found, template, rng)
            return found

    def sweep(self, ids: np.ndarray, template: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Each note anew, given all others (after DeepBach, Hadjeres et al. 2017): the likeliest values by what comes
        before, and the present one, are weighed by what comes behind."""
        ids, reader = ids.copy(), Reader(self.model, self.tokenizer)
        for t in range(len(ids)):
            if template[t] < 0:
                p = reader.probabilities()[0]
                choices = np.unique(np.append(np.argsort(-p)[:GIBBS_CHOICES], ids[t]))
                ahead = reader.fork(np.zeros(len(choices), np.int64))
                ahead.take(choices)
                log_p = np.log(np.maximum(p[choices], 1e-30)).astype(np.float64)
                for i in ids[t + 1 : t + 1 + GIBBS_AHEAD].tolist():
                    log_p += np.log(np.maximum(ahead.probabilities()[:, i], 1e-30))
                    ahead.take(np.full(len(choices), i))
                ids[t] = choices[drawn(np.exp(log_p - log_p.max())[None], rng.random(1))[0]]
            reader.take(ids[t : t + 1])
        return ids


def judged(grid: np.ndarray, bach: np.ndarray, low_high: Any) -> dict[str, float]:
    """Numbers of one harmonisation."""
    found = {f"{name}_accuracy": float((grid[v] == bach[v]).mean()) for v, name in enumerate(VOICES) if v}
    found["accuracy"] = float((grid[1:] == bach[1:]).mean())
    before, now = grid[:, :-1], grid[:, 1:]
    step = np.where((before >= 0) & (now >= 0), now - before, 0)
    parallels, crossings = {0: 0, 7: 0}, 0
    for i, j in combinations(range(4), 2):
        both = step[i] * step[j] > 0
        for kind in parallels:
            same = ((before[i] - before[j]) % 12 == kind) & ((now[i] - now[j]) % 12 == kind)
            parallels[kind] += int((both & same).sum())
        crossings += int(((grid[i] >= 0) & (grid[j] >= 0) & (grid[i] < grid[j])).sum())
    outside = sum(
        int(((g >= 0) & ((g < low) | (g > high))).sum()) for g, (low, high) in zip(grid, low_high, strict=True)
    )
    found |= {"fifths": parallels[7], "octaves": parallels[0], "crossings": crossings, "outside": outside}
    return found


_harmoniser: Harmoniser


def _start(run: Path, candidates: int) -> None:
    global _harmoniser  # noqa: PLW0603  one to a process
    _harmoniser = Harmoniser(run, candidates)


def _one(job: tuple[str, np.ndarray, int]) -> dict[str, float]:
    method, ids, seed = job
    h, begin = _harmoniser, time.process_time()
    made = ids if method == "Bach" else h(method, ids, seed)
    seconds = time.process_time() - begin
    if (made[h.soprano :: 4] != ids[h.soprano :: 4]).any():
        raise ValueError("The soprano has changed.")
    bach = h.grid(ids)
    return {
        "seconds": seconds, "nats": h.nats(made), **judged(h.grid(made), bach, h.tokenizer.config()["ranges"]),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with Jsb16thSeparated.json, or that of jsb/")
    parser.add_argument("--run", type=Path, required=True, help="a run of the jsb protocol; made where there is none")
    parser.add_argument("--minutes", type=float, default=10, help="of training, where there is none")
    parser.add_argument("--replicas", type=int, default=None, help="training threads; one for each core by default")
    parser.add_argument("--pieces", type=int, default=76, help="so many of the 76, at equal distances")
    parser.add_argument("--methods", default=",".join(METHODS[:3]), help=f"of {', '.join(METHODS)}")
    parser.add_argument("--candidates", type=int, default=CANDIDATES)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=cores(), help="pieces side by side")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    methods = [m.strip() for m in args.methods.split(",")]
    if set(methods) - set(METHODS):
        sys.exit(f"error: methods are {', '.join(METHODS)}")
    t = task(args.data, "sixteenth")
    begin = time.monotonic()
    if not (args.run / "checkpoints").is_dir():
        train(args.run, t, args.minutes, args.replicas)
    order = tuple(Run(args.run).tokenizer().config()["order"])
    folder = args.data / "jsb" if (args.data / "jsb").is_dir() else args.data
    pieces = sixteenths(folder, order).data["valid"]
    pieces = [pieces[i] for i in np.linspace(0, len(pieces) - 1, min(args.pieces, len(pieces))).astype(int)]

    found: dict[str, dict[str, float]] = {}
    with ProcessPoolExecutor(args.processes, initializer=_start, initargs=(args.run, args.candidates)) as pool:
        for method in ["Bach", *methods]:
            rows = list(pool.map(_one, [(method, ids, args.seed + i) for i, ids in enumerate(pieces)]))
            found[method] = {name: round(float(np.mean([row[name] for row in rows])), 4) for name in rows[0]}
            print(method, file=sys.stderr, flush=True)
    product = methods[-1] if "smc + passes" not in methods else "smc + passes"
    result = {
        "name": "harmonise",
        "protocol": PROTOCOL,
        "seconds": round(time.monotonic() - begin, 1),
        "pieces": len(pieces),
        "candidates": args.candidates,
        "metrics": found.pop(product),
        "baselines": found,
    }
    if args.json:
        print(json.dumps(result))
        return
    print(f"{PROTOCOL}\n{len(pieces)} chorales, {args.candidates} candidates, seed {args.seed}, run {args.run}")
    rows = {**result["baselines"], product: result["metrics"]}
    names = list(result["metrics"])
    print(f"{'':18}" + "".join(f"{name.replace('_accuracy', ''):>11}" for name in names))
    for method, numbers in rows.items():
        print(f"{method:18}" + "".join(f"{numbers[name]:11.3f}" for name in names))


if __name__ == "__main__":
    main()

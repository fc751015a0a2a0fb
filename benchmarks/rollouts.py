"""Many continuations of a match: how long they take, and whether every event of them is legal.

    python benchmarks/rollouts.py --data MATCH --run RUN [--paths 10000] [--events 50] [--one-thread] [--json]

MATCH: a log, or a folder, whose first match is rolled out from its middle.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

import seqgen
from seqgen.core.workers import cores
from seqgen.corpus.build import read_bounded
from seqgen.sampling.prediction import without_gaps
from seqgen.sampling.reader import Reader
from seqgen.sampling.rollout import Paths, roll_out

PROTOCOL = "from the middle of a match, so many paths of so many events each; violations of the grammar over all paths"


def violations(tokenizer: Any, prompt: np.ndarray, drawn: Paths) -> int:
    """Ids of the paths that may not stand where they do; a path that stops within an event is one."""
    grammar = tokenizer.grammar
    begin = int(grammar.states(prompt)[-1])
    found = 0
    for n in range(len(drawn)):
        ids = drawn.path(n)
        states = grammar.states(ids, begin)
        found += int((grammar.transitions[states[:-1], grammar.class_of[ids]] < 0).sum())
        found += not grammar.final_states[states[-1]]
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, required=True, help="a log of matches, or a folder of them")
    options.add_argument("--run", required=True, help="a trained run")
    options.add_argument("--paths", type=int, default=10_000)
    options.add_argument("--events", type=int, default=50)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--one-thread", action="store_true", help="time a fifth of the paths on one thread, too")
    options.add_argument("--json", action="store_true", help="print one JSON object")
    args = options.parse_args()

    model = seqgen.load(args.run)
    tokenizer = model.tokenizer
    files = (
        sorted(p for p in args.data.iterdir() if p.name.endswith(model.domain.suffixes)) if args.data.is_dir() else []
    )
    match = read_bounded(files[0] if files else args.data, model.domain)[0]
    match = model.domain.until(match, str(len(match) // 2))
    prompt = without_gaps(tokenizer, tokenizer.template(match))
    reader = Reader(model.network, tokenizer, model.temperatures).read(prompt)

    def timed(count: int, threads: int | None = None) -> tuple[float, Paths]:
        begin = time.monotonic()
        drawn = roll_out(
            reader, tokenizer, count=count, events=args.events, seed=args.seed, threads=threads,
            report=lambda done, total: print(f"\r{done:,} of {total:,} paths", end="", file=sys.stderr),
        )  # fmt: skip
        print(file=sys.stderr)
        return time.monotonic() - begin, drawn

    seconds, drawn = timed(args.paths)
    metrics = {
        "seconds": round(seconds, 2),
        "paths_per_second": round(args.paths / seconds, 1),
        "violations": violations(tokenizer, prompt, drawn),
        "paths": args.paths,
        "events": args.events,
        "threads": cores(),
    }
    baselines: dict[str, Any] = {}
    if args.one_thread:
        alone, _ = timed(args.paths // 5, 1)
        baselines["one_thread"] = {"paths_per_second": round(args.paths // 5 / alone, 1)}
    result = {
        "name": "rollouts", "protocol": PROTOCOL, "seconds": round(seconds, 1), "metrics": metrics,
        "baselines": baselines,
    }  # fmt: skip
    if args.json:
        print(json.dumps(result))
        return
    print(PROTOCOL)
    for name, value in [
        *metrics.items(),
        *((f"{k}: paths_per_second", v["paths_per_second"]) for k, v in baselines.items()),
    ]:
        print(f"{name:<32}{value:>12}")


if __name__ == "__main__":
    main()

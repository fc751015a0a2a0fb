"""How fast training and sampling are, beside references measured in the same run.

    python benchmarks/throughput.py [--width 256] [--device cuda] [--json]

Training: the whole loop (batches, dropout, gradients, clipping, AdamW, mean of weights) against a bare `nn.LSTM` of the
same layers, forward and backward with head and loss, same shapes, precision and threads, no optimiser; two cores
against one; with a foreign process spinning on one core; and its matrix products against the machine's GEMM peak.
Sampling: one stream against a loop over default `nn.LSTM` steps; 64 streams against the better of such loops with
oneDNN on and off. Ours includes grammar masks and filters, the references only the model and `torch.multinomial`.
All of it first with ids alone, which is the work that the references do; then, the names ending in _with_context, with
what the text domain knows besides: five features, and the perceptron of two layers above the LSTM that joins them.
Each figure is the best of several rounds in which the sides take turns. With --device cuda only the training there, in
both precisions, against the bare LSTM.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from seqgen.core.context import NoContext
from seqgen.sampling.filters import Filters
from seqgen.sampling.sampler import Request, draw
from seqgen.tokenizers import TextTokenizer
from seqgen.training.config import TrainConfig
from seqgen.training.loop import Trainer, new_model

# What is read matters where the context is looked up: real text repeats itself.
TEXT = (Path(__file__).parents[1] / "corpora/shakespeare/hamlet.txt").read_text(encoding="utf-8")
SYMBOLS = "".join(sorted(set(TEXT)))


@dataclass(frozen=True)
class Shape:
    """Of a training step."""

    width: int
    n_layers: int = 2
    batch: int = 32
    crop: int = 64
    context: bool = False

    @property
    def tokens(self) -> int:
        return self.batch * self.crop

    @property
    def flops(self) -> float:
        """Of the matrix products of a step: forward, and twice that backward."""
        H, C, M, V = self.width, 2 * self.width // 3, 4 * self.width // 3, len(SYMBOLS)
        above = (C + H) * M + M * M + M * H if self.context else 0
        return 3 * 2 * self.tokens * (self.n_layers * 8 * H * H + above + V * H)


def seconds(task: Callable[[], Any], at_least: float = 1.0) -> float:
    """Per call, over as many calls as fill the time, after two that are not counted."""
    task()
    task()
    begin, n = time.perf_counter(), 0
    while time.perf_counter() - begin < at_least:
        task()
        n += 1
    if torch.cuda.is_available():  # else what is only begun would count
        torch.cuda.synchronize()
    return (time.perf_counter() - begin) / n


def tokenizer(shape: Shape) -> TextTokenizer:
    found = TextTokenizer(characters=SYMBOLS, fallback=False, end=False)
    if not shape.context:
        found.context = NoContext()  # type: ignore[assignment]  # to measure without
    return found


def config(shape: Shape, replicas: int, precision: str, device: str) -> TrainConfig:
    return TrainConfig(
        steps=10**6, width=shape.width, n_layers=shape.n_layers, batch_size=shape.batch, crop=shape.crop, streams=True,
        layer_dropout=0.2, input_dropout=0.1, feature_dropout=0.0, perceptron_dropout=0.0, replicas=replicas,
        precision=precision, device=device,
    )  # fmt: skip


def train_step(shape: Shape, replicas: int, precision: str, device: str = "cpu") -> Iterator[Callable[[], Any]]:
    """Ours: a step of the loop as it is, its batch made by a thread ahead."""
    t = tokenizer(shape)
    trainer = Trainer(config(shape, replicas, precision, device), t, [t.encode(TEXT)], [])
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as ahead:
        upcoming = [ahead.submit(trainer.batch, 0)]

        def step() -> None:
            batch = upcoming[0].result()
            upcoming[0] = ahead.submit(trainer.batch, trainer.step + 1)
            trainer.train_step(batch)

        yield step
    trainer.close()


def bare_step(shape: Shape, threads: int, precision: str, device: str = "cpu") -> Iterator[Callable[[], Any]]:
    """The reference."""
    lstm = nn.LSTM(shape.width, shape.width, shape.n_layers, batch_first=True).to(device)
    head = nn.Linear(shape.width, len(SYMBOLS)).to(device)
    x = torch.randn(shape.batch, shape.crop, shape.width, device=device)
    y = torch.randint(0, len(SYMBOLS), (shape.tokens,), device=device)

    def step() -> None:
        torch.set_num_threads(threads)
        lstm.zero_grad(set_to_none=True)
        head.zero_grad(set_to_none=True)
        with torch.autocast(device, torch.bfloat16, enabled=precision == "bfloat16"):
            out, _ = lstm(x)
            loss = nn.functional.cross_entropy(head(out).float().flatten(0, 1), y)
        loss.backward()

    yield step


@contextmanager
def opened(steps: Iterator[Callable[[], Any]]) -> Iterator[Callable[[], Any]]:
    yield next(steps)
    next(steps, None)


def turns(sides: dict[str, Iterator[Callable[[], Any]]], rounds: int) -> dict[str, float]:
    """The fewest seconds a call of each side, the sides taking turns."""
    open_sides = {name: next(side) for name, side in sides.items()}
    best = dict.fromkeys(sides, float("inf"))
    for _ in range(rounds):
        for name, step in open_sides.items():
            torch.set_num_threads(1)
            best[name] = min(best[name], seconds(step))
    for side in sides.values():
        next(side, None)
    return best


def spin() -> None:
    """A foreign process that wants a core for itself."""
    while True:
        pass


def contended(shape: Shape, precision: str) -> float:
    """Seconds a step of two replicas beside a process that keeps one core busy."""
    foreign = multiprocessing.get_context("spawn").Process(target=spin, daemon=True)
    foreign.start()
    try:
        time.sleep(1.0)
        if hasattr(os, "sched_setaffinity") and foreign.pid:
            os.sched_setaffinity(foreign.pid, {min(os.sched_getaffinity(0))})
        with opened(train_step(shape, 2, precision)) as step:
            return min(seconds(step, 2.0) for _ in range(2))
    finally:
        foreign.kill()


def gemm_peak(shape: Shape, precision: str) -> float:
    """FLOP a second of one thread: the best of several square products and of the step's own."""
    torch.set_num_threads(1)
    dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
    H = shape.width
    sizes = [(n, n, n) for n in (512, 1024, 2048)]
    sizes += [(shape.tokens, H, 4 * H), (shape.tokens, 4 * H, H), (shape.batch, H, 4 * H), (H, shape.tokens, 4 * H)]
    best = 0.0
    for m, k, n in sizes:
        a, b = torch.randn(m, k, dtype=dtype), torch.randn(k, n, dtype=dtype)
        best = max(best, *(2 * m * k * n / seconds(lambda a=a, b=b: a @ b, 0.3) for _ in range(2)))  # type: ignore[misc]  # a and b are bound here
    return best


def reference_loop(shape: Shape, batch: int, onednn: bool, n: int) -> Callable[[], Any]:
    """n steps of embedding, `nn.LSTM`, head and multinomial."""
    embedding, head = nn.Embedding(len(SYMBOLS), shape.width), nn.Linear(shape.width, len(SYMBOLS))
    lstm = nn.LSTM(shape.width, shape.width, shape.n_layers, batch_first=True).eval()

    @torch.inference_mode()
    def loop() -> None:
        ids, state = torch.zeros(batch, 1, dtype=torch.long), None
        with torch.backends.mkldnn.flags(enabled=onednn):  # type: ignore[no-untyped-call]  # torch states no types here
            for _ in range(n):
                out, state = lstm(embedding(ids), state)
                ids = torch.multinomial(head(out[:, 0]).softmax(-1), 1)

    return loop


def sampling(shape: Shape, rounds: int) -> dict[str, float]:
    """Tokens a second: ours and the references, one stream and 64."""
    t = tokenizer(shape)
    model = new_model(t, config(shape, 1, "float32", "cpu")).eval()
    found: dict[str, float] = {}
    for batch, n in ((1, 400), (64, 200)):
        template = np.zeros(1, np.int32)
        request = Request(template, (n, "tokens"))

        def ours(request: Request = request, batch: int = batch) -> None:
            draw(model, t, request, count=batch, filters=Filters(), seed=0)

        sides = {
            f"ours_{batch}": ours,
            f"onednn_{batch}": reference_loop(shape, batch, True, n),
            f"plain_{batch}": reference_loop(shape, batch, False, n),
        }
        for _ in range(rounds):
            for name, side in sides.items():
                torch.set_num_threads(1)
                found[name] = max(found.get(name, 0.0), batch * n / seconds(side, 0.5))
    return found


def measure(shape: Shape, precision: str, peak: float, rounds: int) -> tuple[dict[str, float], dict[str, float]]:
    """(metrics, baselines)."""
    best = turns(
        {
            "loop, one thread": train_step(shape, 1, precision),
            "bare, one thread": bare_step(shape, 1, precision),
            "loop, two threads": train_step(shape, 2, precision),
            "bare, two threads": bare_step(shape, 2, precision),
        },
        rounds,
    )
    speeds = sampling(shape, rounds)
    metrics = {
        "train_share_of_bare_lstm": round(best["bare, one thread"] / best["loop, one thread"], 3),
        "train_share_of_bare_lstm_two_threads": round(best["bare, two threads"] / best["loop, two threads"], 3),
        "two_core_speedup": round(best["loop, one thread"] / best["loop, two threads"], 3),
        "contended_share": round(best["loop, two threads"] / contended(shape, precision), 3),
        "gemm_share": round(shape.flops / best["loop, one thread"] / peak, 3),
        "one_stream_ratio": round(speeds["ours_1"] / speeds["onednn_1"], 2),
        "batch_ratio": round(speeds["ours_64"] / max(speeds["onednn_64"], speeds["plain_64"]), 2),
        "train_tokens_per_second": round(shape.tokens / best["loop, two threads"]),
        "train_tokens_per_second_one_thread": round(shape.tokens / best["loop, one thread"]),
        "sample_tokens_per_second_one_stream": round(speeds["ours_1"]),
        "sample_tokens_per_second_64_streams": round(speeds["ours_64"]),
    }
    baselines = {
        **{f"{name}, tokens/s": round(shape.tokens / t) for name, t in best.items() if "bare" in name},
        **{f"nn.LSTM loop {name}, tokens/s": round(v) for name, v in speeds.items() if "ours" not in name},
    }
    return metrics, baselines


def measure_cpu(shape: Shape, rounds: int) -> tuple[str, dict[str, float], dict[str, float]]:
    """(precision, metrics, baselines), without context and with it."""
    trials = {p: turns({p: train_step(shape, 1, p)}, 1)[p] for p in ("float32", "bfloat16")}
    precision = min(trials, key=lambda p: trials[p])
    peak = gemm_peak(shape, precision)
    metrics, baselines = measure(shape, precision, peak, rounds)
    with_context, _ = measure(replace(shape, context=True), precision, peak, rounds)
    metrics |= {f"{name}_with_context": value for name, value in with_context.items()}
    return precision, metrics, {**baselines, "gemm_peak_gflops": round(peak / 1e9, 1)}


def measure_cuda(shape: Shape, rounds: int) -> tuple[dict[str, float], dict[str, float]]:
    """(metrics, baselines) of the training on a GPU."""
    metrics, baselines = {}, {}
    for context in (False, True):
        for precision in ("float32", "bfloat16"):
            sides = {"loop": train_step(replace(shape, context=context), 1, precision, "cuda")}
            best = turns({**sides, "bare": bare_step(shape, 1, precision, "cuda")}, rounds)
            name = f"{precision}{'_with_context' if context else ''}"
            metrics[f"train_share_of_bare_lstm_{name}"] = round(best["bare"] / best["loop"], 3)
            metrics[f"train_tokens_per_second_{name}"] = round(shape.tokens / best["loop"])
            baselines[f"bare {precision}, tokens/s"] = round(shape.tokens / best["bare"])
    return metrics, baselines


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--width", type=int, default=256)
    options.add_argument("--layers", type=int, default=2)
    options.add_argument("--batch", type=int, default=32)
    options.add_argument("--crop", type=int, default=64)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    options.add_argument("--json", action="store_true", help="print one JSON object")
    given = options.parse_args()
    warnings.simplefilter("ignore")
    begin = time.perf_counter()
    shape = Shape(given.width, given.layers, given.batch, given.crop)
    if given.device == "cuda":
        where = f"{torch.cuda.get_device_name()}, TF32 as cuDNN has it"
        metrics, baselines = measure_cuda(shape, given.rounds)
    else:
        where, metrics, baselines = measure_cpu(shape, given.rounds)
    result = {
        "name": "throughput",
        "protocol": (
            f"{shape.n_layers} layers of {shape.width}, {shape.batch} x {shape.crop} ids a step, {len(SYMBOLS)} "
            f"symbols, {where}; best of {given.rounds} rounds, sides taking turns"
        ),
        "seconds": round(time.perf_counter() - begin, 1),
        "metrics": metrics,
        "baselines": baselines,
    }
    if given.json:
        print(json.dumps(result))
        return
    print(f"throughput: {result['protocol']}")
    for name, value in [*result["metrics"].items(), *result["baselines"].items()]:
        print(f"{name:<52}{value:>14,}")


if __name__ == "__main__":
    main()

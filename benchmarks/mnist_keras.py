"""The network that benchmarks/mnist.py is compared with: 2 x LSTM(256, relu) on the 28 rows of an image, in Keras.

    python benchmarks/mnist_keras.py --data FOLDER --epochs 4 --threads 2

Batches of Keras's default 32, Adam as it comes, greys from 0 to 1. It ends with the epoch in which the goal is reached.
The last line printed is one JSON object: accuracy_by_epoch, seconds_per_epoch, and seconds_to_goal; evaluations are
left out of the time.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path

import numpy as np

_LOOKS = 8  # an epoch


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, required=True)
    options.add_argument("--epochs", type=int, default=4)
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--goal", type=float, default=0.97)
    args = options.parse_args()

    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
    import keras
    import tensorflow as tf

    from mnist import images

    tf.config.threading.set_intra_op_parallelism_threads(args.threads)
    tf.config.threading.set_inter_op_parallelism_threads(args.threads)
    keras.utils.set_random_seed(0)
    (x, y), (asked, truth) = (
        (np.stack([i.pixels for i in part]).astype(np.float32) / 255, np.array([int(i.label) for i in part]))
        for part in (images(args.data, "train"), images(args.data, "t10k"))
    )
    model = keras.Sequential(
        [
            keras.layers.Input(x.shape[1:]),
            keras.layers.LSTM(256, activation="relu", return_sequences=True),
            keras.layers.LSTM(256, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    order = np.random.default_rng(0)
    seconds, reached, by_epoch = 0.0, None, []
    for epoch in range(args.epochs):
        for k, part in enumerate(np.array_split(order.permutation(len(x)), _LOOKS), 1):
            begin = time.monotonic()
            model.fit(x[part], y[part], batch_size=32, epochs=1, verbose=0)
            seconds += time.monotonic() - begin
            accuracy = float(model.evaluate(asked, truth, batch_size=500, verbose=0)[1])
            at = epoch + k / _LOOKS
            print(f"keras {seconds:6.0f} s  epoch {at:5.2f}  {accuracy:.2%}", file=sys.stderr, flush=True)
            if reached is None and accuracy >= args.goal:
                reached = round(seconds, 1)
        by_epoch.append(round(accuracy, 4))
        if reached is not None:
            break
    found = {
        "accuracy_by_epoch": by_epoch,
        "seconds_per_epoch": round(seconds / len(by_epoch), 1),
        "seconds_to_goal": reached,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()

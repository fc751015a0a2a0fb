"""Corpora of images from packages that the user has installed."""

from __future__ import annotations

import csv
import gzip
import io
import struct
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import numpy as np

from seqgen.core.errors import CorpusError, MissingExtra
from seqgen.core.files import read_bytes, write_bytes

PACKAGE = "scikit-learn"
DATA = "sklearn/datasets/data/digits.csv.gz"
_SIDE, _BRIGHTEST = 8, 16
_BYTES = 10_000_000


def digits(folder: Path, report: Callable[[int, int], None]) -> int:
    """Write the digits of the UCI's optdigits that the installed scikit-learn carries as idx files of images and
    labels; returns 1. Nothing of the package is executed. Raises MissingExtra, or CorpusError."""
    try:
        path = Path(str(metadata.distribution(PACKAGE).locate_file(DATA)))
    except metadata.PackageNotFoundError:
        raise MissingExtra("The corpus of digits", PACKAGE, "corpora") from None
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(read_bytes(path, _BYTES))) as file:
            rows = list(csv.reader(io.TextIOWrapper(io.BytesIO(file.read(_BYTES)), "ascii")))
        table = np.array(rows, np.float64).astype(np.int64)
        if table.ndim != 2 or table.shape[1] != _SIDE**2 + 1 or table.min() < 0 or table[:, :-1].max() > _BRIGHTEST:
            raise ValueError("it is no table of 64 greys and a digit")
    except (OSError, EOFError, ValueError) as error:
        raise CorpusError(
            f"The digits of the installed {PACKAGE} cannot be read: {error}.", f"pip install -U {PACKAGE}"
        ) from None
    images = np.rint(table[:, :-1] * 255 / _BRIGHTEST).astype(np.uint8)
    labels = table[:, -1].astype(np.uint8)
    header = struct.pack(">IIII", 0x803, len(images), _SIDE, _SIDE)
    # The labels first: the corpus is there once the images are.
    for name, data in (
        ("digits-labels-idx1-ubyte.gz", struct.pack(">II", 0x801, len(labels)) + labels.tobytes()),
        ("digits-images-idx3-ubyte.gz", header + images.tobytes()),
    ):
        write_bytes(folder / name, gzip.compress(data, mtime=0))
    report(1, 1)
    return 1

"""The idx format of MNIST: a file of images, and beside it one of labels, each perhaps compressed by gzip."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from seqgen.core.errors import BadInput
from seqgen.core.files import read_bytes, unzipped
from seqgen.domains.images.image import Image, fitted

SUFFIXES = ("idx3-ubyte", "idx3-ubyte.gz")  # train-images-idx3-ubyte and train-images.idx3-ubyte
_BYTES = 8  # the type of the values
_ITEMS = {1: "labels", 3: "images"}


def is_idx(data: bytes) -> bool:
    """By its first bytes: two zeros, a type of values, a number of dimensions."""
    return len(data) >= 4 and data[:2] == b"\0\0" and data[2] in range(_BYTES, 15) and 0 < data[3] < 9


def values(data: bytes, name: str, n_dimensions: int) -> npt.NDArray[np.uint8]:
    """uint8 of as many dimensions, the first of them the items. Raises BadInput."""
    wanted = _ITEMS[n_dimensions]
    if not is_idx(data):
        raise BadInput(name, "is not in the idx format")
    if data[3] != n_dimensions:
        raise BadInput(name, f"holds {_ITEMS.get(data[3], f'{data[3]} dimensions')}, not {wanted}")
    if data[2] != _BYTES:
        raise BadInput(name, f"holds values of type 0x{data[2]:02x}; only bytes, 0x08, are read")
    begin = 4 + 4 * n_dimensions
    if len(data) < begin:
        raise BadInput(name, "ends within its header")
    shape = [int(n) for n in np.frombuffer(data, ">u4", n_dimensions, 4)]
    said, there = math.prod(shape), len(data) - begin
    if said != there:
        sizes = " x ".join(f"{n:,}" for n in shape)
        raise BadInput(name, f"says that it holds {sizes} values, which is not the {there:,} bytes that follow")
    if not said:
        raise BadInput(name, f"holds no {wanted}")
    return np.frombuffer(data, np.uint8, said, begin).reshape(shape)


def labels_beside(path: Path) -> Path | None:
    """The file that holds the labels of a file of images, by its name; None where there is none."""
    stem = path.name.removesuffix(".gz").removesuffix(".GZ")
    for images, labels in (("images", "labels"), ("IMAGES", "LABELS")):
        stem = stem.replace(images, labels)
    stem = stem.replace("idx3", "idx1").replace("IDX3", "IDX1")
    if stem == path.name.removesuffix(".gz").removesuffix(".GZ"):
        return None
    return next((p for suffix in ("", ".gz", ".GZ") if (p := path.with_name(stem + suffix)).is_file()), None)


def read_idx(data: bytes, name: str) -> Iterator[Image]:
    """The images of a file, with the labels of the file beside it where that is there. Raises BadInput."""
    pixels = values(data, name, 3)
    beside = labels_beside(Path(name)) if name else None
    labels = [""] * len(pixels)
    if beside is not None:
        found = read_bytes(beside, limit="max_images_bytes")
        said = values(unzipped(found, str(beside), limit="max_images_bytes"), str(beside), 1)
        if len(said) != len(pixels):
            raise BadInput(beside, f"holds {len(said):,} labels for {len(pixels):,} images")
        labels = [str(value) for value in said.tolist()]
    for image, label in zip(pixels, labels, strict=True):
        yield Image(fitted(image), label)

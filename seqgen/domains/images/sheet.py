"""Many images on one sheet."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from seqgen.core.errors import UsageError
from seqgen.core.files import write_bytes
from seqgen.domains.images.image import Image, Pixels
from seqgen.domains.images.png import png

_SIDE = 112  # pixels of an image on the sheet, about
_PAPER = 96  # its grey


def sheet(images: Sequence[Image]) -> Pixels:
    """uint8: the images in rows, of one size, as square as may be; every pixel of an image becomes a square."""
    height, width = (max(side) for side in zip(*(image.pixels.shape for image in images), strict=True))
    zoom = max(1, _SIDE // max(height, width))
    gap = max(2, zoom)
    columns = math.ceil(math.sqrt(len(images) * height / width))
    rows = math.ceil(len(images) / columns)
    found = np.full((rows * (height * zoom + gap) + gap, columns * (width * zoom + gap) + gap), _PAPER, np.uint8)
    for i, image in enumerate(images):
        large = image.pixels.repeat(zoom, axis=0).repeat(zoom, axis=1)
        top, left = gap + i // columns * (height * zoom + gap), gap + i % columns * (width * zoom + gap)
        found[top : top + large.shape[0], left : left + large.shape[1]] = large
    return found


def write_sheet(images: Sequence[Image], path: Path) -> None:
    """Write them as one .png file. Raises UsageError for another suffix."""
    if path.suffix.lower() != ".png":
        raise UsageError(f"{path}: sheets of images are written as .png.")
    write_bytes(path, png(sheet(images), {}))

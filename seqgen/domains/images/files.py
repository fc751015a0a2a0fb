"""Images ↔ files: what a file holds is told from its first bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from seqgen.core.errors import UsageError
from seqgen.core.files import read_bytes, unzipped, write_bytes
from seqgen.domains.images import idx, photos
from seqgen.domains.images.image import Image, fitted
from seqgen.domains.images.options import ImageOptions
from seqgen.domains.images.png import png

SUFFIXES = (*idx.SUFFIXES, *photos.SUFFIXES)
WRITTEN = (".png",)


def read(source: Path | bytes, name: str = "", options: ImageOptions | None = None) -> Iterator[Image]:
    """The images of an idx file, with the labels beside it, or the one of a PNG, JPEG, BMP or GIF file. options: may
    say that black is to be white. Raises BadInput."""
    data = source if isinstance(source, bytes) else read_bytes(source, limit="max_images_bytes")
    name = name or ("<bytes>" if isinstance(source, bytes) else str(source))
    data = unzipped(data, name, limit="max_images_bytes")
    found = idx.read_idx(data, name) if idx.is_idx(data) else iter([photos.read_photo(data, name)])
    if options is not None and options.invert:
        return (replace(image, pixels=255 - image.pixels) for image in found)
    return found


def write(image: Image, path: Path) -> None:
    """Write a .png file whole or not at all. Raises UsageError for another suffix."""
    path = Path(path)
    if path.suffix.lower() not in WRITTEN:
        raise UsageError(f"{path}: images are written as {' or '.join(WRITTEN)}.")
    write_bytes(path, png(image.pixels, {photos.LABEL: image.label}))


def to_image(piece: Any) -> Image:
    """An Image, or the first of a path or of the bytes of a file, or an array [height, width] of greys from 0 to 255.
    Raises BadInput, or UsageError."""
    if isinstance(piece, Image):
        return piece
    if isinstance(piece, str | Path):
        return next(read(Path(piece), str(piece)))
    if isinstance(piece, bytes | bytearray | memoryview):
        return next(read(bytes(piece), "<bytes>"))
    try:
        pixels = np.asarray(piece)
        whole = pixels.ndim == 2 and pixels.size and pixels.dtype.kind in "uib"
        if whole and pixels.min() >= 0 and pixels.max() <= 255:
            return Image(fitted(pixels.astype(np.uint8)))
    except (TypeError, ValueError):
        pass
    raise UsageError(
        f"{type(piece).__name__} is no image.", "Give a path, the bytes of a file, or an array of greys, 0 to 255."
    )

"""What an image is, for reports and for telling images that are the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from seqgen.domains.images.image import Image, Pixels, fitted

_SHADES = " .:-=+*#%@"
_WIDEST = 64  # letters


def identity(image: Image) -> tuple[str, ...]:
    """Two hashes: of the pixels, and of what is not as dark as the darkest, wherever it stands."""
    bright = image.pixels > image.pixels.min()
    rows, columns = np.flatnonzero(bright.any(axis=1)), np.flatnonzero(bright.any(axis=0))
    if not len(rows):
        return (_hash(image.pixels),)
    return _hash(image.pixels), _hash(image.pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])


def _hash(pixels: Pixels) -> str:
    return hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).hexdigest()[:32]


def describe(image: Image) -> Iterable[Mapping[str, Any]]:
    """One row for each row of pixels, drawn in letters; of a large image made smaller."""
    shades = np.array(list(_SHADES))[fitted(image.pixels, _WIDEST).astype(int) * len(_SHADES) // 256]
    for number, row in enumerate(shades, 1):
        yield {"row": number, "pixels": "".join(row), "label": image.label}

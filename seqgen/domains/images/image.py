"""An image as this domain sees it: grey pixels and, perhaps, a label."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seqgen.core.errors import UsageError
from seqgen.domains.images.options import MAX_SIDE

Pixels = npt.NDArray[np.uint8]
_MAX_LABEL = 60  # characters
_ROWS = 128  # at once


@dataclass(frozen=True, eq=False)
class Image:
    """pixels: uint8 [height, width], 0 is black. label: what it shows, "" where that is not known."""

    pixels: Pixels
    label: str = ""

    def __post_init__(self) -> None:
        shape = self.pixels.shape
        if len(shape) != 2 or not all(0 < side <= MAX_SIDE for side in shape) or self.pixels.dtype != np.uint8:
            raise UsageError(f"An image has 1 to {MAX_SIDE} rows and columns of bytes, not {shape}.")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Image) and self.label == other.label and np.array_equal(self.pixels, other.pixels)

    __hash__ = None  # type: ignore[assignment]  # pixels may be written to

    @property
    def height(self) -> int:
        """Rows."""
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        """Columns."""
        return int(self.pixels.shape[1])


def clean_label(text: str) -> str:
    """A name of a folder, or what a file says, as a label: printable, not too long, "" for none."""
    text = "".join(c if c.isprintable() else " " for c in text.encode("utf-8", "replace").decode())
    text = " ".join(text.split())[:_MAX_LABEL].rstrip()
    return "" if text.lower() == "unknown" else text


def resized(pixels: npt.NDArray[np.generic], height: int, width: int) -> Pixels:
    """The same in another size: each pixel is the mean of what it covers."""
    if pixels.shape == (height, width):
        return np.asarray(pixels, np.uint8)
    down, across = _cover(pixels.shape[0], height), _cover(pixels.shape[1], width)
    rows = np.zeros((height, pixels.shape[1]))
    for start in range(0, pixels.shape[0], _ROWS):  # as numbers of eight bytes a large image takes much memory
        stop = start + _ROWS
        rows += down[:, start:stop] @ pixels[start:stop].astype(np.float64)
    return np.rint(rows @ across.T).clip(0, 255).astype(np.uint8)


def fitted(pixels: npt.NDArray[np.generic], longest: int = MAX_SIDE) -> Pixels:
    """As it is, or as much smaller that neither side is longer than that."""
    height, width = pixels.shape
    share = longest / max(height, width)
    if share >= 1:
        return np.asarray(pixels, np.uint8)
    return resized(pixels, max(1, round(height * share)), max(1, round(width * share)))


def _cover(old: int, new: int) -> npt.NDArray[np.float64]:
    """float64 [new, old]: how much of each new pixel each old one covers."""
    edges = np.arange(new + 1) * old / new
    starts = np.arange(old)
    overlap = np.minimum(edges[1:, None], starts + 1) - np.maximum(edges[:-1, None], starts)
    covered: npt.NDArray[np.float64] = np.maximum(overlap, 0) * new / old
    return covered

"""What defines a tokenization of images, checked field by field: it comes from files that anyone may have written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from seqgen.core.errors import CorpusError, UsageError
from seqgen.domains.images.image import Image, clean_label
from seqgen.domains.images.options import MAX_SIDE, ImageOptions

MAX_STRIPS = 4096  # ids of strips
_MAX_LABELS = 1000
_SIDE = 32  # pixels of the longer side, of images that are larger
_SMALL = 256  # pixels of an image of which every one may be an id
_LOOKED_AT = 1000  # images that are asked whether they are black and white
_SHADES = 16  # levels of grey of those


@dataclass(frozen=True)
class ImageSettings:
    """JSON-ready. height, width: of every image, in pixels. levels: of grey. strip: pixels of an id. labels: that have
    an id; of none nothing is classified. label_weight: in training."""

    height: int = 28
    width: int = 28
    levels: int = 2
    strip: int = 7
    labels: tuple[str, ...] = ()
    label_weight: float = 10.0

    def __post_init__(self) -> None:
        for name, low, high in (("height", 1, MAX_SIDE), ("width", 1, MAX_SIDE), ("levels", 2, 256), ("strip", 1, 12)):
            value = getattr(self, name)
            if type(value) is not int or not low <= value <= high:
                raise UsageError(f"{name} is {str(value)[:40]!r}; it must be a whole number from {low} to {high}.")
        if self.levels**self.strip > MAX_STRIPS:
            raise UsageError(
                f"Strips of {self.strip} pixels in {self.levels} levels would be {self.levels**self.strip:,} ids.",
                f"Choose fewer levels or shorter strips: {MAX_STRIPS:,} ids at most.",
            )
        if type(self.label_weight) not in (int, float) or not 0 < self.label_weight <= 1000:
            raise UsageError(f"label_weight is {str(self.label_weight)[:40]!r}; it must be a number up to 1000.")
        if not isinstance(self.labels, list | tuple) or len(self.labels) > _MAX_LABELS:
            raise UsageError(f"The labels must be a list of at most {_MAX_LABELS:,} texts.")
        if not all(isinstance(label, str) and label and label == clean_label(label) for label in self.labels):
            raise UsageError("Some labels are none: they must be short printable texts.")
        object.__setattr__(self, "labels", tuple(self.labels))

    @property
    def columns(self) -> int:
        """Strips of a row; the last may reach beyond its end."""
        return -(-self.width // self.strip)

    @property
    def n_strips(self) -> int:
        """Of an image."""
        return self.height * self.columns

    def config(self) -> Mapping[str, Any]:
        """As JSON has it."""
        return {**asdict(self), "labels": list(self.labels)}


def suited(images: Iterable[Image], options: ImageOptions) -> ImageSettings:
    """What suits these images, where the options leave it open. Raises CorpusError when there are none."""
    sizes: list[tuple[int, int]] = []
    labels = Counter[str]()
    black_and_white = True
    for image in images:
        if len(sizes) < _LOOKED_AT:
            black_and_white = black_and_white and bool(((image.pixels == 0) | (image.pixels == 255)).all())
        sizes.append((image.pixels.shape[0], image.pixels.shape[1]))
        labels[image.label] += 1
    if not sizes:
        raise CorpusError("There is no image to fit a tokenizer to.")
    height, width = options.shape() or _common_size(sizes)
    strip, levels = options.strip, options.levels
    if not levels:
        levels = 2 if strip > 1 or black_and_white or height * width > _SMALL else _SHADES
    return ImageSettings(
        height, width, levels, strip or _strip(levels, width), learned_labels(labels), float(options.label_weight)
    )


def _common_size(sizes: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """That of most images, or else the middle one of heights and of widths; made smaller where it is large."""
    (height, width), n = Counter(sizes).most_common(1)[0]
    if 2 * n <= len(sizes):
        height, width = (sorted(sides)[len(sizes) // 2] for sides in zip(*sizes, strict=True))
    share = min(1.0, _SIDE / max(height, width))
    return max(1, round(height * share)), max(1, round(width * share))


def _strip(levels: int, width: int) -> int:
    """Pixels of a strip: for black and white about seven, best so many that rows are of whole strips."""
    if levels > 2:
        return 1
    return min((7, 8, 6, 5, 4, 9), key=lambda n: (-(-width // n) * n - width, abs(n - 7))) if width > 9 else width


def learned_labels(counts: Mapping[str, int]) -> tuple[str, ...]:
    """Those of the images, numbers in their order; where all have the same, it says nothing."""
    found = Counter({label: n for label, n in counts.items() if label})
    if len(found) < 2:
        return ()
    kept = [label for label, _ in found.most_common(_MAX_LABELS)]
    return tuple(sorted(kept, key=lambda label: (not _number(label), int(label) if _number(label) else 0, label)))


def _number(label: str) -> bool:
    return label.isascii() and label.isdecimal() and len(label) < 10


def grey_levels(levels: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """int32 [256], the level of each grey, and uint8 [levels], the grey of each level; of two, above 127 is white."""
    of_grey = np.rint(np.arange(256) * (levels - 1) / 255).astype(np.int32)
    of_level = np.rint(np.arange(levels) * 255 / (levels - 1)).astype(np.uint8)
    return of_grey, of_level

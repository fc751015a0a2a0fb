"""How images are written as ids: the flags of `seqgen train images`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from seqgen.core.domain import READING
from seqgen.core.errors import UsageError

MAX_SIDE = 128  # pixels; larger images are made smaller when they are read


@dataclass(frozen=True)
class ImageOptions:
    """How images are written as ids; each field is a flag. What is empty or 0 is chosen to suit the images."""

    size: str = field(
        default="",
        metadata={"help": "Like 28 or 28x20, height first; images of others are resized. By default theirs."},
    )
    levels: int = field(
        default=0, metadata={"help": "Of grey, 2 to 256; 2 is black and white. 0: as suits the images."}
    )
    strip: int = field(default=0, metadata={"help": "So many pixels of a row are one id. 0: as suits the images."})
    label_weight: float = field(
        default=10.0, metadata={"help": "How much the label counts in training, where a strip counts 1."}
    )

    invert: bool = field(
        default=False, metadata={"help": "Read what is black as white: of ink on paper, for MNIST's models.", **READING}
    )

    def __post_init__(self) -> None:
        self.shape()
        if self.levels and not 2 <= self.levels <= 256:
            raise UsageError(f"{self.levels} levels of grey: choose from 2 to 256.")
        if not 0 <= self.strip <= MAX_SIDE:
            raise UsageError(f"A strip of {self.strip} pixels: choose from 1 to {MAX_SIDE}.")
        if not 0 < self.label_weight <= 1000:
            raise UsageError(f"A label weight of {self.label_weight}: choose one above 0, 1000 at most.")

    def shape(self) -> tuple[int, int] | None:
        """(height, width) that is asked for, None where that is left open. Raises UsageError."""
        if not self.size:
            return None
        match = re.fullmatch(r"\s*(\d{1,4})\s*(?:[x×]\s*(\d{1,4}))?\s*", self.size.lower())
        sides = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
        if not all(1 <= side <= MAX_SIDE for side in sides):
            raise UsageError(f"{self.size!r} is no size of an image.", f"Write it like 28 or 28x20, up to {MAX_SIDE}.")
        return sides

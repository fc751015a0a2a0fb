"""Pixels ↔ strips: so many pixels of a row in few levels of grey are one number."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from seqgen.domains.images.image import Pixels, resized
from seqgen.domains.images.settings import ImageSettings, grey_levels

Ints = npt.NDArray[np.int32]
_DIGITS = "0123456789"


class Strips:
    """Number i stands for the pixels whose levels are the digits of i to the base of levels, the leftmost first. Where
    a strip reaches beyond the end of its row, it is black there.

    names: of each number. fits: bool [n], which numbers are black where the last strip of a row is beyond its end.
    """

    def __init__(self, settings: ImageSettings) -> None:
        self._settings = s = settings
        self._level_of, self._grey_of = grey_levels(s.levels)
        self._powers = (s.levels ** np.arange(s.strip - 1, -1, -1)).astype(np.int32)
        self.levels_of: Ints = np.arange(s.levels**s.strip, dtype=np.int32)[:, None] // self._powers % s.levels
        self._beyond = s.columns * s.strip - s.width
        self.fits = np.arange(len(self.levels_of)) % s.levels**self._beyond == 0
        between = "" if s.levels <= len(_DIGITS) else "-"
        self.names = [between.join(map(str, row)) for row in self.levels_of.tolist()]

    def of_pixels(self, pixels: Pixels) -> Ints:
        """int32 [n_strips] of an image of any size."""
        s = self._settings
        levels = self._level_of[resized(pixels, s.height, s.width)]
        if self._beyond:
            levels = np.pad(levels, ((0, 0), (0, self._beyond)))
        strips: Ints = levels.reshape(s.n_strips, s.strip) @ self._powers
        return strips

    def pixels(self, strips: npt.NDArray[np.integer]) -> Pixels:
        """uint8 [height, width]; what is not said is black."""
        s = self._settings
        whole = np.zeros(s.n_strips, np.int64)
        whole[: len(strips)] = strips
        return np.asarray(self._grey_of[self.levels_of[whole].reshape(s.height, -1)[:, : s.width]])

"""PNG, JPEG, BMP and GIF files through pillow: their first picture, in grey, no larger than we take them."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from seqgen.core.errors import BadInput, MissingExtra, TooLarge
from seqgen.core.limits import LIMITS
from seqgen.domains.images.image import Image, Pixels, clean_label, fitted
from seqgen.domains.images.options import MAX_SIDE

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif")
LABEL = "Label"  # what our own files say beside their pixels
_SIDE = 8 * MAX_SIDE
_FORMATS = ("PNG", "JPEG", "BMP", "GIF")
_SPLITS = ("train", "training", "valid", "validation", "val", "test")  # folders that say no label


def read_photo(data: bytes, name: str) -> Image:
    """The image; its label is what the file says, else the name of its folder. Raises BadInput,
    MissingExtra."""
    try:
        from PIL import Image as Pillow
        from PIL import ImageOps
    except ImportError:
        raise MissingExtra("Reading PNG, JPEG, BMP and GIF files", "pillow", extra="images") from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what is damaged a little, and of sizes, which are looked at below
            with Pillow.open(io.BytesIO(data), formats=_FORMATS) as opened:
                if opened.width * opened.height > LIMITS.max_pixels:
                    raise TooLarge(name, "max_pixels", LIMITS.max_pixels, opened.width * opened.height)
                said = opened.info.get(LABEL)
                opened.draft(None, (_SIDE, _SIDE))  # of a large JPEG no more is unpacked than is needed
                ImageOps.exif_transpose(opened, in_place=True)
                pixels = _grey(opened)
    except (BadInput, MemoryError):
        raise
    except Pillow.DecompressionBombError:
        raise TooLarge(name, "max_pixels", LIMITS.max_pixels) from None
    except Exception as error:  # noqa: BLE001  # whatever a decoder raises on bytes that are no such file
        reason = str(error) if isinstance(error, OSError) and "cannot identify" not in str(error) else ""
        raise BadInput(name, f"is not a whole PNG, JPEG, BMP or GIF file{f' ({reason})' if reason else ''}") from None
    return Image(fitted(pixels), clean_label(said) if isinstance(said, str) else _folder(name))


def _grey(opened: Any) -> Pixels:
    """uint8 [height, width]; what is transparent is white."""
    if opened.mode.startswith("I;16"):
        return (np.asarray(opened) >> 8).astype(np.uint8)
    if opened.mode in ("I", "F"):
        values = np.asarray(opened, np.float64)
        return (values / (256 if values.max() > 255 else 1)).clip(0, 255).astype(np.uint8)
    if "A" in opened.mode or "transparency" in opened.info:
        opened = opened.convert("RGBA")
        if smaller := min(opened.size) // _SIDE:
            opened = opened.reduce(smaller)
        white = opened.copy()
        white.paste((255, 255, 255, 255), (0, 0, *opened.size))
        white.alpha_composite(opened)
        opened = white
    return np.asarray(opened.convert("L"))


def _folder(name: str) -> str:
    label = Path(name).parent.name
    return "" if label.lower() in _SPLITS else clean_label(label)

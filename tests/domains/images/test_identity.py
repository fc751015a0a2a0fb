"""Which images are the same, and how one is told in letters."""

from __future__ import annotations

import numpy as np

from seqgen.domains.images.identity import describe, identity
from seqgen.domains.images.image import Image

STROKE = np.array([[9, 8], [0, 7]], np.uint8)


def placed(row: int, column: int, ground: int = 0, size: tuple[int, int] = (5, 6)) -> Image:
    pixels = np.full(size, ground, np.uint8)
    pixels[row : row + 2, column : column + 2] = STROKE + ground
    return Image(pixels)


def test_what_is_drawn_elsewhere_is_the_same() -> None:
    exact, drawn = identity(placed(1, 2))
    assert identity(Image(placed(1, 2).pixels, "a label")) == (exact, drawn) and exact != drawn
    for same in (placed(0, 0), placed(3, 4), placed(1, 2, size=(9, 9))):
        assert identity(same)[1] == drawn and identity(same)[0] != exact
    for other in (placed(1, 2, ground=1), Image(np.ascontiguousarray(placed(1, 2).pixels.T))):
        assert not {exact, drawn} & set(identity(other))


def test_images_of_nothing_are_told_apart_by_size_and_shade() -> None:
    blank = [Image(np.full(shape, shade, np.uint8)) for shape, shade in (((2, 3), 0), ((3, 2), 0), ((2, 3), 7))]
    assert len({identity(image) for image in blank}) == 3 and all(len(identity(image)) == 1 for image in blank)


def test_an_image_is_drawn_in_letters() -> None:
    image = Image(np.array([[0, 255], [128, 26]], np.uint8), "seven")
    assert list(describe(image)) == [
        {"row": 1, "pixels": " @", "label": "seven"},
        {"row": 2, "pixels": "+.", "label": "seven"},
    ]
    assert len(list(describe(Image(np.zeros((32, 128), np.uint8))))) == 16

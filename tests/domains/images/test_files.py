"""Files of images: what is read of them, and what is refused."""

from __future__ import annotations

import gzip
import io
import struct
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from seqgen.core.errors import BadInput, MissingExtra, TooLarge, UsageError
from seqgen.core.limits import LIMITS
from seqgen.domains.images import idx, photos
from seqgen.domains.images.files import SUFFIXES, read, to_image, write
from seqgen.domains.images.image import Image, clean_label, fitted, resized
from seqgen.domains.images.options import ImageOptions

PIXELS = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)


def idx_images(pixels: np.ndarray[Any, Any] = PIXELS) -> bytes:
    return struct.pack(">IIII", 0x803, *pixels.shape) + pixels.tobytes()


def idx_labels(labels: list[int]) -> bytes:
    return struct.pack(">II", 0x801, len(labels)) + bytes(labels)


def drawn(mode: str, colour: Any, kind: str = "PNG", size: tuple[int, int] = (4, 3), **info: Any) -> bytes:
    """A file of one colour; size: width and height."""
    file = io.BytesIO()
    Pillow.new(mode, size, colour).save(file, kind, **info)
    return file.getvalue()


@pytest.mark.parametrize("images", ["train-images-idx3-ubyte", "t10k-images.idx3-ubyte.gz"])
@pytest.mark.parametrize("zipped", [False, True])
def test_idx_images_have_the_labels_of_the_file_beside_them(images: str, zipped: bool, tmp_path: Path) -> None:
    path = tmp_path / images
    path.write_bytes(gzip.compress(idx_images()) if images.endswith(".gz") else idx_images())
    assert [image.label for image in read(path)] == ["", ""]
    labels = images.removesuffix(".gz").replace("images", "labels").replace("idx3", "idx1") + ".gz" * zipped
    (tmp_path / labels).write_bytes(gzip.compress(idx_labels([7, 10])) if zipped else idx_labels([7, 10]))
    assert list(read(path)) == [Image(PIXELS[0], "7"), Image(PIXELS[1], "10")]
    assert list(read(path.read_bytes(), str(path))) == list(read(path))
    assert idx.labels_beside(path) == tmp_path / labels


def test_idx_files_that_lie_are_refused(tmp_path: Path) -> None:
    whole = idx_images()
    for data, reason in {
        whole[:-1]: "23 bytes that follow",
        whole + b"\0": "25 bytes that follow",
        struct.pack(">IIII", 0x803, 2**32 - 1, 2**32 - 1, 2**32 - 1) + bytes(24): "not the 24 bytes",
        struct.pack(">IIII", 0x803, 0, 28, 28): "holds no images",
        whole[:10]: "within its header",
        idx_labels([1, 2]): "holds labels, not images",
        b"\0\0\x0d\x03" + whole[4:]: "type 0x0d",
        b"\0\0\x08\x04" + whole[4:]: "4 dimensions",
        gzip.compress(whole)[:-12]: "not whole gzip",
    }.items():
        with pytest.raises(BadInput, match=reason):
            list(read(data, "x"))
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(whole)
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx_labels([1]))
    with pytest.raises(BadInput, match="train-labels-idx1-ubyte: holds 1 labels for 2 images"):
        list(read(path))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(whole)
    with pytest.raises(BadInput, match="holds images, not labels"):
        list(read(path))


def test_what_expands_beyond_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seqgen.core.files.LIMITS", type(LIMITS)(max_images_bytes=20))
    with pytest.raises(TooLarge, match="images bytes"):
        list(read(gzip.compress(idx_images()), "x"))


@given(st.binary(max_size=60), st.booleans())
def test_any_bytes_are_refused_or_read(tail: bytes, begins: bool) -> None:
    for head in (b"\0\0\x08\x03", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM", b"\xff\xd8\xff", b"\x1f\x8b"):
        try:
            assert all(isinstance(image, Image) for image in read(head * begins + tail, "x"))
        except BadInput as error:
            assert error.message.startswith("x: ")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "GIF"])
def test_damaged_photos_are_refused_or_read(kind: str) -> None:
    whole = bytearray(drawn("L", 90, kind, (20, 20)))
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(150):
        data = whole.copy()
        data[int(rng.integers(len(data)))] ^= 1 << int(rng.integers(8))
        try:
            list(read(bytes(data[: int(rng.integers(len(data)))] if rng.random() < 0.3 else data), "x"))
        except BadInput:
            refused += 1
    assert refused > 5


@pytest.mark.parametrize(
    ("data", "grey"),
    [
        (drawn("L", 90), 90),
        (drawn("1", 1), 255),
        (drawn("RGB", (255, 0, 0)), 76),
        (drawn("RGBA", (0, 0, 0, 0)), 255),  # what is transparent is white
        (drawn("LA", (40, 255)), 40),
        (drawn("I;16", 90 * 256), 90),
        (drawn("L", 90, "BMP"), 90),
        (drawn("L", 90, "GIF"), 90),
        (drawn("CMYK", (0, 0, 0, 0), "JPEG"), 255),
    ],
)
def test_colours_become_grey(data: bytes, grey: int) -> None:
    (image,) = read(data, "x")
    assert image == Image(np.full((3, 4), grey, np.uint8))


def test_the_folder_is_the_label_unless_the_file_says_one(tmp_path: Path) -> None:
    for folder, label in {"cat": "cat", "a\tb  c": "a b c", "train": "", "unknown": ""}.items():
        path = tmp_path / folder / "1.png"
        path.parent.mkdir()
        path.write_bytes(drawn("L", 90))
        assert [image.label for image in read(path)] == [label]
    for label in ("dog 1", "Ä", ""):
        write(Image(PIXELS[0], label), tmp_path / "cat" / "2.png")
        assert list(read(tmp_path / "cat" / "2.png")) == [Image(PIXELS[0], label)]


def test_ink_on_paper_is_read_as_light_in_the_dark(tmp_path: Path) -> None:
    (image,) = read(drawn("L", 90), "x", ImageOptions(invert=True))
    assert image == Image(np.full((3, 4), 165, np.uint8))
    assert [i.pixels[0, 0] for i in read(idx_images(), "x", ImageOptions(invert=True))] == [255, 243]


def test_what_is_written_other_libraries_read(tmp_path: Path) -> None:
    write(Image(PIXELS[1], "7"), tmp_path / "7.png")
    with Pillow.open(tmp_path / "7.png") as opened:
        opened.verify()
    with Pillow.open(tmp_path / "7.png") as opened:
        assert opened.mode == "L" and (np.asarray(opened) == PIXELS[1]).all() and opened.info["Label"] == "7"
    with pytest.raises(UsageError, match=r"\.png"):
        write(Image(PIXELS[0]), tmp_path / "7.jpg")


def test_pictures_of_many_pixels_are_refused_before_they_are_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = zlib.compress(bytes(101 * 100))
    header = struct.pack(">IIBBBBB", 100, 100, 8, 0, 0, 0, 0)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    def png(header: bytes) -> bytes:
        return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", lines) + chunk(b"IEND", b"")

    assert next(read(png(header))).pixels.shape == (100, 100)
    for side in (20_000, 2**31 - 1):
        with pytest.raises(TooLarge, match="pixels"):
            list(read(png(struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0))))
    monkeypatch.setattr(photos, "LIMITS", type(LIMITS)(max_pixels=9_999))
    with pytest.raises(TooLarge, match="9,999 pixels"):
        list(read(png(header)))


def test_large_pictures_are_made_smaller() -> None:
    (image,) = read(drawn("L", 90, size=(1000, 400)), "x")
    assert image.pixels.shape == (51, 128) and (image.pixels == 90).all()
    (narrow,) = read(drawn("L", 90, size=(2000, 1)), "x")
    assert narrow.pixels.shape == (1, 128)


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_another_size_keeps_the_mean(height: int, width: int, new_height: int, new_width: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width)).astype(np.uint8)
    found = resized(pixels, new_height, new_width)
    assert found.shape == (new_height, new_width)
    assert found.mean() == pytest.approx(pixels.mean(), abs=0.51)
    assert (resized(pixels, height, width) == pixels).all() and fitted(pixels) is not None
    grown = resized(pixels, 2 * height, 3 * width)
    assert (grown == pixels.repeat(2, axis=0).repeat(3, axis=1)).all()


def test_what_counts_as_an_image() -> None:
    assert to_image([[0, 255], [1, 2]]) == Image(np.array([[0, 255], [1, 2]], np.uint8))
    assert to_image(np.eye(3) > 0).pixels.max() == 1
    assert to_image(idx_images()) == Image(PIXELS[0])
    for junk in (None, 3, np.zeros((2, 2, 3), np.uint8), np.zeros((0, 3), np.uint8), [[300]], [[-1]], [["a"]], [[0.5]]):
        with pytest.raises(UsageError, match="no image"):
            to_image(junk)
    with pytest.raises(BadInput, match="does not exist"):
        to_image("nowhere.png")
    with pytest.raises(UsageError):
        Image(np.zeros((200, 3), np.uint8))


def test_the_domain_names_the_suffixes_that_are_read(domain_suffixes: Callable[[], tuple[str, ...]]) -> None:
    assert set(domain_suffixes()) == set(SUFFIXES)


@pytest.fixture
def domain_suffixes() -> Callable[[], tuple[str, ...]]:
    from seqgen.core.domain import get_domain

    return lambda: get_domain("images").suffixes


def test_labels_are_short_printable_texts() -> None:
    assert clean_label("  a\nb\x00 ") == "a b" and clean_label("Unknown") == "" and len(clean_label("x" * 200)) == 60
    assert clean_label("\udcff") == "?"


def test_without_pillow_idx_is_read_and_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    (image, _) = read(idx_images(), "x")
    write(image, tmp_path / "x.png")
    with pytest.raises(MissingExtra, match="pillow") as error:
        list(read(tmp_path / "x.png"))
    assert "seqgen-toolkit[images]" in error.value.hint

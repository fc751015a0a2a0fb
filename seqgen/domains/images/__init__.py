"""Images: small grey ones, drawn and classified."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqgen.core.domain import Domain
from seqgen.domains.images.options import ImageOptions

if TYPE_CHECKING:
    from seqgen.core.tokenizer import Tokenizer

# Functions import what they need when they are called: `seqgen --help` names this domain and must be quick.


def _read(source: Path | bytes, name: str = "", options: Any = None) -> Iterator[Any]:
    from seqgen.domains.images.files import read

    return read(source, name, options)


def _beside(path: Path) -> list[Path]:
    from seqgen.domains.images.idx import labels_beside

    labels = labels_beside(path)
    return [] if labels is None else [labels]


def _write(image: Any, path: Path) -> None:
    from seqgen.domains.images.files import write

    write(image, path)


def _sheet(images: Sequence[Any], path: Path) -> None:
    from seqgen.domains.images.sheet import write_sheet

    write_sheet(images, path)


def _fit(images: Iterable[Any], options: Any) -> Tokenizer[Any]:
    from seqgen.domains.images.tokenizer import ImageTokenizer

    return ImageTokenizer.fit(images, options)


def _tokenizer(config: Mapping[str, Any]) -> Tokenizer[Any]:
    from seqgen.domains.images.tokenizer import ImageTokenizer

    return ImageTokenizer.from_config(config)


def _identity(image: Any) -> tuple[str, ...]:
    from seqgen.domains.images.identity import identity

    return identity(image)


def _describe(image: Any) -> Iterable[Mapping[str, Any]]:
    from seqgen.domains.images.identity import describe

    return describe(image)


def _draw(image: Any, path: Path) -> None:
    from seqgen.domains.images.picture import draw

    draw(image, path)


def _picture(image: Any, found: Mapping[str, Any], given: Any, path: Path) -> None:
    from seqgen.domains.images.files import to_image
    from seqgen.domains.images.picture import picture

    picture(to_image(image), found, path)


def _digits(folder: Path, report: Callable[[int, int], None]) -> int:
    from seqgen.domains.images.recipes import digits

    return digits(folder, report)


domain = Domain(
    name="images",
    about="images: small grey ones, with labels or without (MNIST's idx files, PNG, JPEG, BMP, GIF)",
    suffixes=("idx3-ubyte", "idx3-ubyte.gz", ".png", ".jpg", ".jpeg", ".bmp", ".gif"),
    read=_read,
    beside=_beside,
    fit=_fit,
    tokenizer=_tokenizer,
    options=ImageOptions,
    identity=_identity,
    units=("rows", "images"),
    default_length="1image",
    write=_write,
    written=(".png",),
    sheet=_sheet,
    default_count=64,
    describe=_describe,
    draw=_draw,
    picture=_picture,
    controls={"label": "Images: what they shall show, like 7."},
    recipes={"digits": _digits},
    size_limit="max_images_bytes",
    read_seconds=60.0,  # one file may hold 60,000 images
    read_memory=1_000_000_000,
    # Whole images: what one shows is told at its end.
    training={"crop": 1024, "batch_size": 32, "learning_rate": 4e-3},
    dropout={"feature_dropout": 0.1, "input_dropout": 0.1, "layer_dropout": 0.3, "perceptron_dropout": 0.1},
)

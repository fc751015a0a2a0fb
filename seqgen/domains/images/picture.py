"""Pictures of an image: as it is, and beside it what it shows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seqgen.core.errors import UsageError
from seqgen.core.pictures import BLUE, GREY, INK, STYLE, check_picture, entitle, shortened, write_picture
from seqgen.domains.images.image import Image

_MOST = 20  # classes
_NAME = 24  # characters of one


def draw(image: Image, path: Path) -> None:
    """The pixels, large. Raises UsageError, MissingExtra."""
    path = check_picture(path)
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(dict(STYLE)):
        figure = Figure(figsize=(4.4, 4.4 * image.height / image.width + 1), layout="constrained")
        _pixels(figure.subplots(), image)
        about = f"label {image.label}" if image.label else "no label"
        entitle(figure, f"{image.height} x {image.width} pixels", about, "")
        write_picture(figure, path)


def picture(image: Image, found: Mapping[str, Any], path: Path) -> None:
    """The image, and how probable each class is. found: of `Model.forecast`. Raises UsageError where no class was asked
    for, MissingExtra."""
    if "Label" not in found.get("fields", {}):
        raise UsageError("This run has learned no labels.", "Leave --picture out.")
    path = check_picture(path)
    import matplotlib
    from matplotlib.figure import Figure

    values = found["fields"]["Label"]["values"][:_MOST]
    with matplotlib.rc_context(dict(STYLE)):
        height = max(3.2, 1.2 + 0.26 * len(values))
        figure = Figure(figsize=(7.6, height), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=(1, 1.5))
        _pixels(left, image)
        shares = [value["probability"] for value in values]
        right.barh(range(len(values)), shares, color=[BLUE, *[GREY] * (len(values) - 1)])
        right.set_yticks(range(len(values)), [shortened(value["value"], _NAME) for value in values])
        right.invert_yaxis()
        right.set_xlim(0, 1.12)
        right.set_xticks([0, 0.5, 1])
        for place, share in enumerate(shares):
            right.text(share + 0.01, place, f"{share:.3f}", va="center", color=INK)
        right.set_xlabel("probability")
        said = f"its label is {image.label}" if image.label else "without a label"
        entitle(figure, f"Most probably {shortened(values[0]['value'], _NAME)}", said, f"run {found['run']}")
        write_picture(figure, path)


def _pixels(axes: Any, image: Image) -> None:
    axes.imshow(image.pixels, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(True)
        spine.set_edgecolor(GREY)

"""What all pictures share: the kinds of files they are, how they look, how they are written. Whoever draws brings
matplotlib along."""

from __future__ import annotations

import importlib.util
import io
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seqgen.core.errors import MissingExtra, UsageError
from seqgen.core.files import write_bytes

SUFFIXES = (".png", ".svg", ".pdf")
BLUE, ORANGE, GREEN, PINK, SKY, RED = "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00"
GREY, INK = "#B4B4B4", "#333333"  # these eight are told apart by the colour-blind (Okabe & Ito 2008)

# On top of matplotlib's own defaults. Names of players are no formulas, and the same picture has the same bytes.
STYLE: Mapping[str, Any] = {
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.labelsize": 9,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "figure.dpi": 120,
    "font.size": 9,
    "legend.frameon": False,
    "savefig.dpi": 120,
    "svg.hashsalt": "seqgen",
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": INK,
    "ytick.color": INK,
}
_UNDATED = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}


def check_picture(path: str | Path, *packages: str) -> Path:
    """The path of a picture that can be drawn here. Raises UsageError for a suffix that is none, MissingExtra."""
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(f"{path} is no name of a picture.", f"Let it end in {', '.join(SUFFIXES)}.")
    for package in ("matplotlib", *packages):
        if importlib.util.find_spec(package) is None:
            raise MissingExtra("A picture", package, extra="pictures")
    return path


def entitle(figure: Any, title: str, about: str, foot: str) -> None:
    """Say above a figure of matplotlib what it shows and when, and below it where that is from."""
    inch = 1 / figure.get_figheight()
    figure.get_layout_engine().set(rect=(0.005, 0.3 * inch, 0.99, 1 - 1.05 * inch), h_pad=0.08)
    for text, y, size, weight in ((title, 0.18, 13, "bold"), (about, 0.47, 9.5, "normal")):
        figure.text(0.012, 1 - y * inch, text, size=size, weight=weight, va="top")
    figure.text(0.012, 0.12 * inch, foot, size=8, va="bottom", color="#666666")


def write_picture(figure: Any, path: Path) -> None:
    """Write a figure of matplotlib as its suffix says. Raises BadInput where that cannot be written."""
    write_bytes(path, picture_bytes(figure, path.suffix))


def picture_bytes(figure: Any, suffix: str) -> bytes:
    """A figure of matplotlib as the file of that suffix."""
    kind, drawn = suffix.lower()[1:], io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # letters that the font lacks are drawn as boxes
        figure.savefig(drawn, format=kind, metadata=_UNDATED.get(kind))
    return drawn.getvalue()


def shortened(text: str, most: int) -> str:
    """A text of at most so many characters."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"

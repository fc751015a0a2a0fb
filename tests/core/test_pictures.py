"""What all pictures share."""

from __future__ import annotations

import io
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from matplotlib import style
from matplotlib.figure import Figure

from seqgen.core.errors import MissingExtra, SeqgenError, UsageError
from seqgen.core.pictures import STYLE, SUFFIXES, check_picture, entitle, shortened, write_picture

BEGINS = {".png": b"\x89PNG\r\n", ".svg": b"<?xml", ".pdf": b"%PDF-"}


def drawn(path: Path) -> bytes:
    with style.context(["default", dict(STYLE)]):
        figure = Figure((4, 3), layout="constrained")
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], label="$x_1^ 李\x07")
        axes.legend()
        entitle(figure, "What $it is_", "when", "where from")
        write_picture(figure, path)
    return path.read_bytes()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_picture_is_what_its_suffix_says_and_twice_the_same(suffix: str, tmp_path: Path) -> None:
    one, two = drawn(tmp_path / f"one{suffix}"), drawn(tmp_path / f"two{suffix.upper()}")
    assert one == two and one.startswith(BEGINS[suffix]) and len(one) > 5000
    assert suffix != ".svg" or b"<dc:date>" not in one


def test_what_is_no_picture_is_refused() -> None:
    for name in ("out.gif", "out", "out.png.txt", ".png"):
        with pytest.raises(UsageError, match=f"^{name} is no name of a picture.$") as caught:
            check_picture(name)
    assert caught.value.hint == "Let it end in .png, .svg, .pdf."
    assert check_picture("a/OUT.PNG") == Path("a/OUT.PNG")


@pytest.mark.parametrize("package", ["matplotlib", "mplsoccer"])
def test_a_missing_package_is_named(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtra, match=package) as caught:
        check_picture("out.png", "mplsoccer")
    assert caught.value.message.startswith(f"A picture needs the package {package}, ")
    assert caught.value.hint == "pip install 'seqgen-toolkit[pictures]'"


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SeqgenError, match="could not be written"):
        drawn(tmp_path / "file" / "out.png")


def test_long_texts_are_shortened() -> None:
    assert shortened("abc", 3) == "abc" and shortened("abcd", 3) == shortened("ab cd", 4) == "ab…"


@pytest.mark.parametrize("height", [2.0, 5.0])
def test_titles_keep_their_places_whatever_the_height(height: float) -> None:
    figure = Figure((4, height), layout="constrained")
    entitle(figure, "what", "when", "where from")
    found = [
        (text.get_text(), text.get_va(), text.get_fontsize(), text.get_fontweight(), text.get_color())
        for text in figure.texts
    ]
    ink = figure.texts[0].get_color()
    assert found == [
        ("what", "top", 13, "bold", ink),
        ("when", "top", 9.5, "normal", ink),
        ("where from", "bottom", 8, "normal", "#666666"),
    ]
    x, y = np.array([text.get_position() for text in figure.texts]).T
    assert x == pytest.approx([0.012] * 3)
    assert [height - y[0] * height, height - y[1] * height, y[2] * height] == pytest.approx([0.18, 0.47, 0.12])
    said = figure.get_layout_engine().get()
    left, bottom, width, above = said["rect"]
    assert (left, width, said["h_pad"]) == (0.005, 0.99, 0.08)
    assert [bottom * height, (1 - above) * height] == pytest.approx([0.3, 1.05])


def test_a_picture_is_written_as_its_suffix_says(tmp_path: Path) -> None:
    asked: list[tuple[str, object]] = []

    def save(file: io.BytesIO, **how: Any) -> None:
        warnings.warn("a letter that the font lacks", stacklevel=1)
        asked.append((how["format"], how["metadata"]))
        file.write(how["format"].encode())

    for name in ("a.PNG", "b.svg", "c.Pdf"):
        write_picture(SimpleNamespace(savefig=save), tmp_path / name)
    assert asked == [("png", None), ("svg", {"Date": None}), ("pdf", {"CreationDate": None})]
    assert (tmp_path / "c.Pdf").read_bytes() == b"pdf"

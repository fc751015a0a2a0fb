"""Sheets drawn by verovio: one tall SVG, or the pages of a PDF."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from seqgen.core.errors import MissingExtra, TooLarge, UsageError
from seqgen.core.limits import LIMITS
from seqgen.domains.midi.notation.musicxml import to_musicxml
from seqgen.domains.midi.score import Score

A4 = (2100, 2970)  # in verovio's units: tenths of a millimetre at full size
_TALLEST = 60_000  # the highest page that verovio draws
_SMALL_FILE_SCALE = 40
_LONGEST_TITLE = 48  # characters that fit on a page
MUSIC = "Leipzig"
_PAGE_NUMBER = re.compile(r'<g [^>]*class="pgHead[^>]*>\s*<text\b.*?</text>\s*</g>', re.DOTALL)
_STYLES = {(False, False): "", (True, False): "-bold", (False, True): "-italic", (True, True): "-bold-italic"}


@dataclass(frozen=True, slots=True)
class Run:
    """Text in one font. music: a glyph of the music font."""

    x: float
    y: float
    size: float
    text: str
    bold: bool
    italic: bool
    music: bool


def to_svg(score: Score) -> bytes:
    """The whole piece as one picture, as high as it needs to be. Raises UsageError, TooLarge, MissingExtra."""
    pages = draw(score, (A4[0], _TALLEST), shrink=True)
    if len(pages) == 1:
        return pages[0].encode()
    sizes = [re.search(r'<svg width="(\d+)px" height="(\d+)px"', page) for page in pages]
    heights = [int(size[2]) if size else 0 for size in sizes]
    width = max(int(size[1]) if size else 0 for size in sizes)
    out = [f'<svg width="{width}px" height="{sum(heights)}px" version="1.1" xmlns="http://www.w3.org/2000/svg">']
    out += [page.replace("<svg ", f'<svg y="{sum(heights[:i])}" ', 1) for i, page in enumerate(pages)]
    return "\n".join([*out, "</svg>\n"]).encode()


def draw(score: Score, size: tuple[int, int], shrink: bool) -> list[str]:
    """The pages as SVG, music glyphs as outlines. shrink: pages are only as high as what is on them.
    Raises MissingExtra and UsageError."""
    try:
        import verovio
    except ImportError:
        raise MissingExtra("Engraving", "verovio", "scores") from None
    _check(score, score.n_notes)
    title = score.name if len(score.name) <= _LONGEST_TITLE else score.name[: _LONGEST_TITLE - 3].rstrip() + "..."
    source = to_musicxml(replace(score, name=title)).decode()
    _check(score, source.count("<note"))  # rests are drawn, too
    verovio.enableLog(verovio.LOG_OFF)
    toolkit: Any = verovio.toolkit()
    toolkit.setOptions({
        "pageWidth": size[0], "pageHeight": size[1], "adjustPageHeight": shrink, "scale": _SMALL_FILE_SCALE,
        "xmlIdSeed": 1, "footer": "none", "breaks": "auto", "smuflTextFont": "none", "justifyVertically": False,
        "pageMarginLeft": 100, "pageMarginRight": 100, "pageMarginTop": 100, "pageMarginBottom": 100,
        "font": MUSIC, "spacingStaff": 10,
    })  # fmt: skip
    if not toolkit.loadData(source):
        raise UsageError(f"{score.name or 'The piece'} cannot be engraved.", "Write .musicxml instead.")
    toolkit.resetXmlIdSeed(1)
    pages = [_outlined(toolkit.renderToSVG(page + 1)) for page in range(toolkit.getPageCount())]
    return [pages[0], *(_PAGE_NUMBER.sub("", page) for page in pages[1:])]


def _check(score: Score, found: int) -> None:
    if found > LIMITS.max_engraved_notes:
        raise TooLarge(score.name or "<score>", "max_engraved_notes", LIMITS.max_engraved_notes, found)


def _outlined(svg: str) -> str:
    """Music glyphs within text as paths: few programs that show SVG have the font."""

    def block(match: re.Match[str]) -> str:
        if f'font-family="{MUSIC}"' not in match[0]:
            return match[0]
        out = []
        for run in runs(parse(match[0]), bold=True, italic=False):
            if run.music:
                outlines, k = glyphs(), run.size / 1000
                x = run.x
                for character in run.text:
                    path, width = outlines.get(ord(character), ("", 0.0))
                    out.append(
                        f'<path transform="translate({x:.6g}, {run.y:.6g}) scale({k:.6g}, {-k:.6g})" d="{path}"/>'
                    )
                    x += width * k
            elif run.text.strip():
                text = run.text.replace("&", "&amp;").replace("<", "&lt;")
                where = f'x="{run.x:.6g}" y="{run.y:.6g}" font-size="{run.size:g}px"'
                out.append(f'<text {where} xml:space="preserve">{text}</text>')
        return "".join(out)

    return re.sub(r"<text\b[^>]*(?<!/)>.*?</text>", block, svg, flags=re.DOTALL)


def parse(text: str) -> ElementTree.Element:
    """XML that verovio wrote, or brought with it."""
    return ElementTree.fromstring(text.encode())  # noqa: S314  # nobody else has touched it


def runs(text: ElementTree.Element, bold: bool, italic: bool) -> list[Run]:
    """The runs of a text element of verovio's, where they stand once it is anchored."""
    out: list[Run] = []
    chunk: list[Run] = []
    x = y = 0.0
    anchor = "start"

    def finish() -> None:
        width = sum(_width(run) for run in chunk)
        at = x - {"middle": width / 2, "end": width}.get(anchor, 0.0)
        for run in chunk:
            out.append(Run(at, y, run.size, run.text, run.bold, run.italic, run.music))
            at += _width(run)
        chunk.clear()

    def walk(element: ElementTree.Element, size: float, bold: bool, italic: bool, music: bool) -> None:
        nonlocal x, y, anchor
        if element.get("x"):
            finish()
            x, anchor = float(element.get("x", "0")), element.get("text-anchor", "start")
        y = float(element.get("y", y))
        size = float(element.get("font-size", f"{size}px").removesuffix("px"))
        bold = element.get("font-weight", "bold" if bold else "") == "bold"
        italic = element.get("font-style", "italic" if italic else "") == "italic"
        music = element.get("font-family", MUSIC if music else "") == MUSIC
        if size and element.text and (element.text.strip() or not len(element)):
            chunk.append(Run(0, 0, size, element.text.replace("\u00a0", " "), bold, italic, music))
        for child in element:
            walk(child, size, bold, italic, music)

    walk(text, 0.0, bold, italic, False)
    finish()
    return out


def _width(run: Run) -> float:
    if run.music:
        outlines = glyphs()
        return sum(outlines.get(ord(c), ("", 0.0))[1] for c in run.text) * run.size / 1000
    widths = _widths(_STYLES[run.bold, run.italic])
    return sum(widths.get(ord(c), 1024.0) for c in run.text) * run.size / 2048


def _data() -> Path:
    import verovio

    return Path(verovio.__file__).parent / "data"


@functools.cache
def _widths(style: str) -> dict[int, float]:
    tree = parse((_data() / "text" / f"Times{style}.xml").read_text("utf-8"))
    boxes = ((g, float(g.get("x", "0")) * 2 + float(g.get("w", "0"))) for g in tree.iter("g"))
    return {int(g.get("c", "0"), 16): float(g.get("h-a-x", box)) for g, box in boxes}


@functools.cache
def glyphs() -> dict[int, tuple[str, float]]:
    """Of the glyphs that stand in text (metronome marks): outline and width, 1000 units an em."""
    tree = parse((_data() / f"{MUSIC}.xml").read_text("utf-8"))
    out = {}
    for glyph in tree.iter("g"):
        code = int(glyph.get("c", "0"), 16)
        if 0xECA0 <= code <= 0xECBF:
            outline = parse((_data() / MUSIC / f"{code:04X}.xml").read_text("utf-8")).find(".//{*}path")
            out[code] = (outline.get("d", "") if outline is not None else "", float(glyph.get("h-a-x", "0")))
    return out

"""The pages that verovio draws as a PDF: its SVG holds little more than paths, glyphs and lines of text."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from xml.etree import ElementTree

from seqgen.domains.midi.notation.engraving import A4, Run, draw, parse, runs
from seqgen.domains.midi.score import Score

_WIDTH, _HEIGHT = 595.276, 841.89  # A4 in points
_FONTS = {(False, False): "Times-Roman", (True, False): "Times-Bold", (False, True): "Times-Italic",
          (True, True): "Times-BoldItalic"}  # fmt: skip
_FOOT = 7.0  # points
_STAVES = 15  # parts that fit on an A4 page; more are drawn smaller
_BOLD = {"ending", "fing", "reh", "tempo"}
_ITALIC = {"dir", "dynam", "mNum"}
_ARGUMENTS = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "S": 4, "Q": 4, "Z": 0}
_CIRCLE = 0.5522847498  # where the handles of a quarter circle lie


def to_pdf(score: Score) -> bytes:
    """A score on A4 pages; many parts are drawn smaller. Text that Latin-1 lacks is shown as question marks.

    Raises UsageError, TooLarge, MissingExtra.
    """
    n_staves = len(set(score.track.tolist()))
    shrunk = max(1.0, min(2 * n_staves / _STAVES, 1.5), n_staves / _STAVES)
    pages = draw(score, (round(A4[0] * shrunk), round(A4[1] * shrunk)), shrink=False)
    glyphs: dict[str, str] = {}
    contents = [_page(svg, f"seqgen   {i + 1} / {len(pages)}", glyphs) for i, svg in enumerate(pages)]
    return _document(contents, glyphs, score.name)


def _page(svg: str, foot: str, glyphs: dict[str, str]) -> str:
    root = parse(svg)
    drawing = next(e for e in root.iter() if _tag(e) == "svg" and "viewBox" in e.attrib)
    scale = _WIDTH / float(drawing.get("viewBox", "0 0 1 1").split()[2])
    for glyph in (g for defs in root if _tag(defs) == "defs" for g in defs):
        name = glyph.get("id", "").split("-")[0]
        if name not in glyphs:
            glyphs[name] = "\n".join(_painted(path) for path in glyph)
    body = list(_drawn(drawing, False, False))
    small = Run(_WIDTH / 2 - 22, 24, _FOOT, foot, False, False, False)
    return "\n".join([
        "q", f"{scale:.6f} 0 0 {-scale:.6f} 0 {_HEIGHT} cm", *body, "Q", _text(small, upright=True),
    ])  # fmt: skip


def _tag(element: ElementTree.Element) -> str:
    return element.tag.rsplit("}", 1)[-1]


def _drawn(element: ElementTree.Element, bold: bool, italic: bool) -> Iterator[str]:
    kinds = set(element.get("class", "").split())
    bold, italic = bold or bool(kinds & _BOLD), italic or bool(kinds & _ITALIC)
    tag = _tag(element)
    if tag == "text":
        yield from (_text(run) for run in runs(element, bold, italic))
    elif tag in ("path", "polygon", "polyline", "ellipse", "rect"):
        yield _painted(element)
    elif tag == "use":
        name = next(value for key, value in element.attrib.items() if key.endswith("href"))[1:].split("-")[0]
        yield f"q {_matrix(element)} /{name} Do Q"
    elif tag in ("g", "svg") and "placeholder" not in kinds:
        moved = _matrix(element)
        yield from [f"q {moved}"] * bool(moved)
        for child in element:
            yield from _drawn(child, bold, italic)
        yield from ["Q"] * bool(moved)


def _matrix(element: ElementTree.Element) -> str:
    out = []
    for name, inside in re.findall(r"(\w+)\(([^)]*)\)", element.get("transform", "")):
        values = [float(v) for v in re.split(r"[,\s]+", inside.strip())]
        if name == "translate":
            out.append(f"1 0 0 1 {values[0]:g} {values[1] if len(values) > 1 else 0:g} cm")
        elif name == "scale":
            out.append(f"{values[0]:g} 0 0 {values[-1]:g} 0 0 cm")
    return " ".join(out)


def _painted(element: ElementTree.Element) -> str:
    """A shape, filled and drawn as SVG would: what is open and has no area shows its line only."""
    tag = _tag(element)
    if tag == "path":
        shape = " ".join(_path(element.get("d", "")))
    elif tag == "ellipse":
        shape = _ellipse(*(float(element.get(key, "0")) for key in ("cx", "cy", "rx", "ry")))
    elif tag == "rect":
        shape = " ".join(f"{float(element.get(key, '0')):g}" for key in ("x", "y", "width", "height")) + " re"
    else:
        points = [float(v) for v in re.findall(r"-?[\d.]+", element.get("points", ""))]
        pairs = [f"{x:g} {y:g}" for x, y in zip(points[::2], points[1::2], strict=True)]
        shape = " l ".join(pairs).replace(" l ", " m ", 1) + " l" * (len(pairs) > 1) + " h" * (tag == "polygon")
    width = float(element.get("stroke-width", "0").removesuffix("px"))
    filled = element.get("fill", "") not in ("none", "transparent")
    cap = "1 J 1 j " if element.get("stroke-linecap") == "round" else ""
    paint = ("B" if filled else "S") if width else "f" if filled else "n"
    return f"q {_matrix(element)} {cap}{width:g} w {shape} {paint} Q"


def _ellipse(x: float, y: float, a: float, b: float) -> str:
    p, q = a * _CIRCLE, b * _CIRCLE
    return (
        f"{x + a:g} {y:g} m {x + a:g} {y + q:g} {x + p:g} {y + b:g} {x:g} {y + b:g} c "
        f"{x - p:g} {y + b:g} {x - a:g} {y + q:g} {x - a:g} {y:g} c "
        f"{x - a:g} {y - q:g} {x - p:g} {y - b:g} {x:g} {y - b:g} c "
        f"{x + p:g} {y - b:g} {x + a:g} {y - q:g} {x + a:g} {y:g} c h"
    )


def _path(d: str) -> Iterator[str]:
    """SVG's path commands in PDF's."""
    words = re.findall(r"[A-Za-z]|-?(?:\d+\.?\d*|\.\d+)(?:[eE]-?\d+)?", d)
    i, command = 0, "M"
    x = y = start_x = start_y = 0.0
    handle: tuple[float, float] | None = None
    while i < len(words):
        if words[i].isalpha():
            command = words[i]
            i += 1
        kind, n = command.upper(), _ARGUMENTS[command.upper()]
        values = [float(v) for v in words[i : i + n]]
        i += n
        if command.islower():
            values = [v + (x, y)[kind == "V" or k % 2] for k, v in enumerate(values)]
        if kind == "Z":
            x, y = start_x, start_y
            yield "h"
        elif kind in "HV":
            x, y = (values[0], y) if kind == "H" else (x, values[0])
            yield f"{x:g} {y:g} l"
        elif kind in "ML":
            x, y = values
            yield f"{x:g} {y:g} {kind.lower()}"
            if kind == "M":
                start_x, start_y = x, y
                command = "l" if command == "m" else "L"
        else:
            if kind == "S":
                first = (2 * x - handle[0], 2 * y - handle[1]) if handle else (x, y)
                values = [*first, *values]
            elif kind == "Q":
                cx, cy, to_x, to_y = values
                values = [x + 2 / 3 * (cx - x), y + 2 / 3 * (cy - y), to_x + 2 / 3 * (cx - to_x),
                          to_y + 2 / 3 * (cy - to_y), to_x, to_y]  # fmt: skip
            handle = (values[2], values[3])
            x, y = values[4], values[5]
            yield " ".join(f"{v:g}" for v in values) + " c"
        if kind not in "CSQ":
            handle = None


def _text(run: Run, upright: bool = False) -> str:
    font = list(_FONTS).index((run.bold, run.italic)) + 1
    text = run.text.encode("cp1252", "replace").decode("latin-1")
    text = re.sub(r"([\\()])", r"\\\1", text)
    return f"BT /F{font} {run.size:g} Tf 1 0 0 {1 if upright else -1} {run.x:g} {run.y:g} Tm ({text}) Tj ET"


def _document(contents: list[str], glyphs: dict[str, str], title: str) -> bytes:
    """A PDF file of pages that share fonts and glyphs."""
    n_fonts, first_glyph = len(_FONTS), 4 + len(_FONTS)
    first_page = first_glyph + len(glyphs)
    fonts = " ".join(f"/F{i + 1} {4 + i} 0 R" for i in range(n_fonts))
    forms = " ".join(f"/{name} {first_glyph + i} 0 R" for i, name in enumerate(glyphs))
    pages = " ".join(f"{first_page + 2 * i} 0 R" for i in range(len(contents)))
    named = ("\ufeff" + title).encode("utf-16-be", "replace").hex()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {len(contents)} /Kids [{pages}] /MediaBox [0 0 {_WIDTH} {_HEIGHT}] "
        f"/Resources << /Font << {fonts} >> /XObject << {forms} >> >> >>".encode(),
        f"<< /Title <{named}> /Producer (seqgen) >>".encode(),
        *(
            f"<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>".encode()
            for name in _FONTS.values()
        ),
        *(_stream(shape, "/Type /XObject /Subtype /Form /BBox [-4000 -4000 4000 4000] ") for shape in glyphs.values()),
    ]
    for i, content in enumerate(contents):
        objects += [
            f"<< /Type /Page /Parent 2 0 R /Contents {first_page + 2 * i + 1} 0 R >>".encode(),
            _stream(content),
        ]
    out, places = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"), []
    for i, body in enumerate(objects):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (i + 1, body)
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(objects) + 1
    end = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R /Info 3 0 R >>\n"
    return bytes(out) + f"{end}startxref\n{len(out)}\n%%EOF\n".encode()


def _stream(text: str, about: str = "") -> bytes:
    data = zlib.compress(text.encode("latin-1"), 6)
    return f"<< {about}/Length {len(data)} /Filter /FlateDecode >>\nstream\n".encode() + data + b"\nendstream"

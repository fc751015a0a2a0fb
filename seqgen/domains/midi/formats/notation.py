"""Notation → scores, by way of music21: MusicXML, also compressed, ABC and Humdrum's **kern.

music21 sees only text that was looked over first, never a path: what it reads by itself goes through a cache of
pickles. It is imported when the first such file is read. Whatever it raises becomes one BadInput.

A piece is as written: repeats are not played out, first and second endings follow one another, ornaments and grace
notes are left out.
"""

from __future__ import annotations

import contextlib
import io
import re
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from seqgen.core.errors import BadInput, MissingExtra, TooLarge, fault
from seqgen.domains.midi.formats.archive import ZIP, unpacked_score
from seqgen.domains.midi.formats.objects import from_music21
from seqgen.domains.midi.formats.patience import at_most
from seqgen.domains.midi.formats.xml import musicxml_root
from seqgen.domains.midi.score import Score

# Of the processor. music21 was measured to take 0.5 µs a byte of XML, 80 of ABC and 30 to 120 of Humdrum.
_SECONDS = 2.0
_SECONDS_PER_BYTE = {"MusicXML": 5e-6, "ABC": 400e-6, "Humdrum": 400e-6}
_MAX_SPINES = 256
# A metre of a thousand beats and more: music21 keeps a list of them. Fields of ABC, also within a line, and Humdrum's.
_HUGE_METRE = re.compile(r"(?:^|\[)M:.*?[0-9]{4}|(?:^|\t)\*M[0-9]{4}", re.MULTILINE)
_FIELD = re.compile(r"[A-Za-z+]:")


def read_musicxml(data: bytes, name: str) -> Iterator[Score]:
    """The piece of a .musicxml, .xml or .mxl file, told apart by their first bytes. Raises BadInput or TooLarge."""
    if data.startswith(ZIP):
        data = unpacked_score(data, name)
    root = musicxml_root(data, name)

    def parse() -> Any:
        from music21.musicxml.xmlToM21 import MusicXMLImporter

        importer = MusicXMLImporter()
        importer.xmlRootToScore(root, importer.stream)  # parts of several staves go to its own stream in any case
        return importer.stream

    with at_most(_seconds("MusicXML", data), name):
        pieces = _pieces(parse, "MusicXML", name)
    yield from pieces


def read_abc(data: bytes, name: str) -> Iterator[Score]:
    """The tunes of an ABC file, X: by X:. Those that are refused are left out, unless all are: then raises BadInput."""
    text = _text(data, name, "ABC")
    if not re.search(r"^K:", text, re.MULTILINE):
        raise BadInput(name, "is not ABC: there is no K: field")

    def tune(text: str) -> Callable[[], Any]:
        def parse() -> Any:
            from music21.converter.subConverters import ConverterABC

            converter = ConverterABC()
            converter.parseData(text)
            return converter.stream

        return parse

    pieces: list[Score] = []
    refused: BadInput | None = None
    with at_most(_seconds("ABC", data), name):
        for line, said in _tunes(text):
            try:
                pieces += _pieces(tune(said), "ABC", name, f"line {line}")
            except TooLarge:
                raise
            except BadInput as error:
                refused = refused or error
    if not pieces:
        raise refused or BadInput(name, "holds no notes")
    yield from pieces


def read_humdrum(data: bytes, name: str) -> Iterator[Score]:
    """The pieces of a .krn file, of one segment or several. Raises BadInput or TooLarge."""
    text = _text(data, name, "Humdrum")
    if "**kern" not in text:
        raise BadInput(name, "is not Humdrum: there is no **kern spine")
    if max(line.count("\t") for line in text.splitlines()) >= _MAX_SPINES:
        raise BadInput(name, f"has over {_MAX_SPINES} spines")

    def parse() -> Any:
        from music21.converter.subConverters import ConverterHumdrum

        converter = ConverterHumdrum()
        converter.parseData(text)
        return converter.stream

    with at_most(_seconds("Humdrum", data), name):
        pieces = _pieces(parse, "Humdrum", name)
    yield from pieces


def _pieces(parse: Callable[[], Any], kind: str, name: str, where: str = "") -> list[Score]:
    """What music21 makes of it. where: in the file, for errors."""
    pieces: list[Score] = []
    refused: BadInput | None = None
    try:
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            stream = parse()
        for one in list(stream.scores) if "Opus" in stream.classes else [stream]:
            try:
                pieces.append(from_music21(one, name, Path(name).stem))
            except TooLarge:
                raise
            except BadInput as error:
                refused = refused or error
    except TooLarge:
        raise
    except Exception as error:  # noqa: BLE001  # music21 raises many kinds, from its own to AttributeError
        raise BadInput(name, f"music21 cannot read it as {kind} ({fault(error)})", where=where) from None
    if not pieces:
        raise BadInput(name, refused.reason if refused else "holds no notes", where=where)
    return pieces


def _seconds(kind: str, data: bytes) -> float:
    import_music21()  # which takes its own time
    return _SECONDS + len(data) * _SECONDS_PER_BYTE[kind]


def import_music21() -> None:
    """Raises MissingExtra where it is not installed."""
    try:
        import music21  # noqa: F401  # imported for what it does
    except ImportError:
        raise MissingExtra("Reading notation", "music21") from None


def _text(data: bytes, name: str, kind: str) -> str:
    """Text in UTF-8, or Latin-1 as old files have it. Raises BadInput."""
    if not data.strip():
        raise BadInput(name, "is empty")
    if b"\0" in data:
        raise BadInput(name, f"is not {kind}: it is no text", where=f"byte {data.index(0)}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if metre := _HUGE_METRE.search(text):
        line = text.count("\n", 0, metre.start()) + 1
        raise BadInput(name, "has a time signature of a thousand beats or more", where=f"line {line}")
    return text


def _tunes(text: str) -> Iterator[tuple[int, str]]:
    """(first line, its text) of each tune, with the fields of the file's header. A tune ends with an empty line."""
    lines = text.split("\n")
    begins = [i for i, line in enumerate(lines) if line.startswith("X:")]
    if not begins:
        yield 1, text
        return
    header = [line for line in lines[: begins[0]] if _FIELD.match(line)]
    for begin, end in zip(begins, [*begins[1:], len(lines)], strict=True):
        tune = lines[begin:end]
        key = next((i for i, line in enumerate(tune) if line.startswith("K:")), len(tune))
        stop = next((i for i in range(key + 2, len(tune)) if not tune[i].strip()), len(tune))
        yield begin + 1, "\n".join([tune[0], *header, *tune[1:stop]]) + "\n"

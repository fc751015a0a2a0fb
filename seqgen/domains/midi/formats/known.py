"""The formats of music that are read and written; a new one is a reader or a writer and one line here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from seqgen.domains.midi.formats.midi import read_midi
from seqgen.domains.midi.formats.notation import read_abc, read_humdrum, read_musicxml
from seqgen.domains.midi.formats.serial import to_bytes
from seqgen.domains.midi.score import Score


@dataclass(frozen=True)
class Format:
    """One kind of file.

    suffixes: lower case with the dot. read: the whole bytes and a name for them -> the pieces; raises BadInput and
    nothing else. write: a piece, the suffix asked for -> the whole bytes; raises UsageError, MissingExtra, TooLarge.
    """

    suffixes: tuple[str, ...]
    read: Callable[[bytes, str], Iterator[Score]] | None = None
    write: Callable[[Score, str], bytes] | None = None


def _wave(score: Score, suffix: str) -> bytes:
    from seqgen.domains.midi.formats.wave import write_wave

    return write_wave(score)


def _picture(score: Score, suffix: str) -> bytes:
    from seqgen.domains.midi.picture import drawn

    return drawn(score, suffix)


def _page(score: Score, suffix: str) -> bytes:
    from seqgen.domains.midi.formats.page import write_page

    return write_page(score)


def _midi(score: Score, suffix: str) -> bytes:
    return to_bytes(score)


def _notation(score: Score, suffix: str) -> bytes:
    from seqgen.domains.midi.notation import abc, musicxml

    writers = {".abc": abc.to_abc, ".mxl": musicxml.to_mxl, ".musicxml": musicxml.to_musicxml}
    return writers[suffix](score)


def _engraved(score: Score, suffix: str) -> bytes:
    from seqgen.domains.midi.notation import engraving, pdf

    return (pdf.to_pdf if suffix == ".pdf" else engraving.to_svg)(score)


FORMATS = (
    Format((".mid", ".midi", ".kar", ".rmi", ".smf"), read_midi),
    Format((".mid", ".midi"), write=_midi),
    Format((".musicxml", ".mxl", ".xml"), read_musicxml),
    Format((".abc",), read_abc),
    Format((".krn",), read_humdrum),
    Format((".musicxml", ".mxl", ".abc"), write=_notation),
    Format((".svg", ".pdf"), write=_engraved),
    Format((".wav",), write=_wave),
    Format((".png",), write=_picture),
    Format((".html",), write=_page),
)
READERS = {suffix: f.read for f in FORMATS if f.read for suffix in f.suffixes}
WRITERS = {suffix: f.write for f in FORMATS if f.write for suffix in f.suffixes}

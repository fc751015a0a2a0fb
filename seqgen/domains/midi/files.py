"""Files of music and the objects of other libraries ↔ scores."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from seqgen.core.errors import UsageError
from seqgen.core.files import read_bytes, write_bytes
from seqgen.domains.midi.formats.known import READERS, WRITERS
from seqgen.domains.midi.formats.midi import from_symusic, read_midi
from seqgen.domains.midi.formats.objects import from_music21, from_pretty_midi
from seqgen.domains.midi.score import Score


def read(source: Path | bytes, name: str = "") -> Iterator[Score]:
    """The pieces of a file, whose suffix says the format; one of no known suffix, and bytes without a name, are MIDI.

    name: how errors and the score call the file; the path when empty. Raises BadInput or TooLarge, nothing else.
    """
    data = source if isinstance(source, bytes) else read_bytes(source)
    name = name or ("<bytes>" if isinstance(source, bytes) else str(source))
    suffix = Path(name if isinstance(source, bytes) else source).suffix.lower()
    return READERS.get(suffix, read_midi)(data, name)


def write(score: Score, path: Path) -> None:
    """Write a file whole or not at all, in the format that its suffix says; equal scores give equal bytes.

    Raises UsageError for a suffix that is not written, MissingExtra, SeqgenError when the disk refuses.
    """
    path = Path(path)
    writer = WRITERS.get(path.suffix.lower())
    if writer is None:
        raise UsageError(f"{path}: music is written as {', '.join(WRITERS)}.")
    write_bytes(path, writer(score, path.suffix.lower()))


def to_score(piece: Any) -> Score:
    """A Score from a path, the bytes of a file, a PrettyMIDI object, a music21 stream, a symusic score or a Score.

    Of a file with several pieces (format 2) the first. Raises BadInput, or UsageError for anything else.
    """
    if isinstance(piece, Score):
        return piece
    if isinstance(piece, str | Path):
        return next(read(Path(piece), str(piece)))
    if isinstance(piece, bytes | bytearray | memoryview):
        return next(read(bytes(piece), "<bytes>"))
    # The libraries are recognised by the class's module, so that none needs to be imported to tell.
    origins = {kind.__module__.split(".")[0] for kind in type(piece).__mro__}
    if "symusic" in origins:
        return from_symusic(piece)
    if "pretty_midi" in origins:
        return from_pretty_midi(piece)
    if "music21" in origins:
        return from_music21(piece)
    raise UsageError(
        f"{type(piece).__name__} is no piece of music.",
        "Give a path, the bytes of a MIDI file, a PrettyMIDI object, a music21 stream or a symusic score.",
    )

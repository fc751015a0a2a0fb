"""Plain text files ↔ texts: characters exactly as they are, line ends included.

UTF-8, or UTF-16 that says so by a byte order mark; any other encoding is refused rather than guessed. A byte order mark
at a file's beginning is not text: it is left out, and before a text that begins with U+FEFF one more is written.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from seqgen.core.errors import BadInput, TooLarge, UsageError
from seqgen.core.files import read_bytes, write_bytes
from seqgen.core.limits import LIMITS

WRITTEN = (".txt",)
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_UTF_32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_CONVERT = "Convert it to UTF-8 first, for example: iconv -f WINDOWS-1252 -t UTF-8 OLD > NEW"
_CHUNK = 1 << 22


def read(source: Path | bytes, name: str = "") -> Iterator[str]:
    """The text of a file; one file is one piece.

    name: how errors call the file. Raises BadInput (with the byte) for another encoding, a binary file or one without
    any text, TooLarge over the limit; nothing else.
    """
    data = source if isinstance(source, bytes) else read_bytes(source, limit="max_text_bytes")
    name = name or ("<bytes>" if isinstance(source, bytes) else str(source))
    yield "".join(_decoded((data[at : at + _CHUNK] for at in range(0, len(data), _CHUNK)), name))


def chunks(path: Path) -> Iterator[str]:
    """The text of a file in parts, for files larger than memory. Raises BadInput or TooLarge, in the
    course of it."""
    try:
        if not path.is_file():
            raise BadInput(path, "is not a file" if path.exists() else "does not exist")
        with path.open("rb") as file:
            size = path.stat().st_size
            if size > LIMITS.max_stream_bytes:
                raise TooLarge(path, "max_stream_bytes", LIMITS.max_stream_bytes, size)
            yield from _decoded(iter(lambda: file.read(_CHUNK), b""), str(path))
    except OSError as error:
        raise BadInput(path, f"cannot be read ({error.strerror or error})") from None


@dataclass(frozen=True)
class TextFile:
    """A text that stays in its file, read in parts each time it is gone through: its characters from start to stop.
    A slice of it is one too."""

    path: Path
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start

    def __getitem__(self, part: slice) -> TextFile:
        first, last, _ = part.indices(len(self))
        return TextFile(self.path, self.start + first, self.start + max(first, last))

    def __iter__(self) -> Iterator[str]:
        place = 0
        for text in chunks(self.path):
            if place >= self.stop:
                return
            yield text[max(0, self.start - place) : self.stop - place]
            place += len(text)


def open_text(path: Path) -> Iterator[TextFile]:
    """The text of a file, which stays there. Raises as `read` does."""
    yield TextFile(path, 0, sum(map(len, chunks(path))))


def _decoded(parts: Iterable[bytes], name: str) -> Iterator[str]:
    place, blank = 0, True
    encoding = ""
    decoder: codecs.IncrementalDecoder = codecs.getincrementaldecoder("utf-8")()
    for part in parts:
        if not encoding:
            encoding, mark = _encoding(part, name)
            decoder = codecs.getincrementaldecoder(encoding)()
            part, place = part[mark:], mark
        if encoding == "utf-8" and b"\0" in part:
            raise _binary(name, place + part.index(b"\0"), part)
        kept = len(decoder.getstate()[0])  # bytes of a character that the part before was cut in
        text = _decode(decoder, part, place - kept, name)
        if "\0" in text:
            raise _binary(name, place - kept + len(text[: text.index("\0")].encode(encoding)))
        blank = blank and (not text or text.isspace())
        place += len(part)
        yield text
    _decode(decoder, b"", place - len(decoder.getstate()[0]), name, final=True)
    if blank:
        raise BadInput(name, "holds no text")


def _encoding(beginning: bytes, name: str) -> tuple[str, int]:
    """The encoding and how many bytes of mark come first."""
    if beginning.startswith(_UTF_32):
        raise BadInput(name, "is UTF-32 text", where="byte 0", hint=_CONVERT.replace("WINDOWS-1252", "UTF-32"))
    for mark, encoding in _MARKS:
        if beginning.startswith(mark):
            return encoding, len(mark)
    return "utf-8", 0


def _decode(decoder: codecs.IncrementalDecoder, part: bytes, place: int, name: str, *, final: bool = False) -> str:
    try:
        return decoder.decode(part, final)
    except UnicodeDecodeError as error:
        encoding = error.encoding.upper().replace("-LE", "").replace("-BE", "")
        where = f"byte {place + error.start}"
        raise BadInput(name, f"is not {encoding} text", where=where, hint=_CONVERT) from None


def _binary(name: str, place: int, part: bytes = b"") -> BadInput:
    wide = place < 2 and bool(part[:2].strip(b"\0"))
    hint = "It may be UTF-16 without a byte order mark: write it with one, or convert it to UTF-8." if wide else ""
    return BadInput(name, "holds a zero byte: it is binary, not text", where=f"byte {place}", hint=hint)


def write(text: str, path: Path) -> None:
    """Write a .txt file in UTF-8, whole or not at all. Raises UsageError for another suffix."""
    path = Path(path)
    if path.suffix.lower() not in WRITTEN:
        raise UsageError(f"{path}: texts are written as {', '.join(WRITTEN)}.")
    write_bytes(path, codecs.BOM_UTF8 * text.startswith("\ufeff") + text.encode("utf-8", "replace"))


def to_text(piece: str | Path | bytes | TextFile) -> str:
    """The text itself, or that of a file by its Path or its bytes. Raises BadInput, or UsageError for anything else."""
    if isinstance(piece, str):
        return piece
    if isinstance(piece, TextFile):
        return "".join(piece)
    if isinstance(piece, Path):
        return next(read(piece, str(piece)))
    if isinstance(piece, bytes | bytearray | memoryview):
        return next(read(bytes(piece), "<bytes>"))
    raise UsageError(f"{type(piece).__name__} is no text.", "Give a str, a Path, or the bytes of a text file.")

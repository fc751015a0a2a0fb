"""Compressed MusicXML (.mxl): the one document of a zip archive that is the score, unpacked within limits."""

from __future__ import annotations

import io
import zipfile
import zlib

from seqgen.core.errors import BadInput, TooLarge, named
from seqgen.core.limits import LIMITS
from seqgen.domains.midi.formats.xml import root_file

ZIP = b"PK"
_CONTAINER = "META-INF/container.xml"
_MAX_ENTRIES = 1_000
_MAX_CONTAINER_BYTES = 100_000
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def unpacked_score(data: bytes, name: str) -> bytes:
    """The bytes of the score that the archive's container.xml names, or of its only document. Nothing else of it is
    unpacked, and nothing is written. Raises BadInput, TooLarge over max_score_bytes."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            if len(names) > _MAX_ENTRIES:
                raise BadInput(name, f"holds {len(names):,} files; a score needs a few")
            return _content(archive, _score(archive, names, name), name, LIMITS.max_score_bytes, "max_score_bytes")
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError, NotImplementedError) as error:
        raise BadInput(name, f"is not a whole zip archive ({type(error).__name__})") from None


def _score(archive: zipfile.ZipFile, names: list[str], name: str) -> str:
    """The entry that is the score."""
    if _CONTAINER in names:
        path = root_file(_content(archive, _CONTAINER, name, _MAX_CONTAINER_BYTES, "bytes"), f"{name}/{_CONTAINER}")
        if path not in names:
            raise BadInput(name, f"holds no {named(path)!r}, which is to be the score", where=_CONTAINER)
        return path
    documents = [n for n in names if n.lower().endswith((".xml", ".musicxml")) and not n.startswith("META-INF/")]
    if len(documents) != 1:
        raise BadInput(name, f"does not say which of its {len(names)} files is the score (no {_CONTAINER})")
    return documents[0]


def _content(archive: zipfile.ZipFile, entry: str, name: str, most: int, limit: str) -> bytes:
    """An entry, unpacked only as far as it may go, whatever size it states."""
    info = archive.getinfo(entry)
    if info.compress_type not in _METHODS:
        raise BadInput(name, "is packed in a way that .mxl does not have", where=named(entry))
    with archive.open(info) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise TooLarge(f"{name}/{named(entry)}", limit, most)
    return content

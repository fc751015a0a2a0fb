"""Grey images as PNG, written without any library."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping

from seqgen.domains.images.image import Pixels


def png(pixels: Pixels, texts: Mapping[str, str]) -> bytes:
    """A PNG file of 8-bit greys that says these texts, by keyword."""
    height, width = pixels.shape
    lines = b"".join(b"\0" + row.tobytes() for row in pixels)
    said = [
        _chunk(b"iTXt", name.encode() + b"\0" * 5 + text.encode("utf-8", "replace")) for name, text in texts.items()
    ]
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = [_chunk(b"IHDR", header), *said, _chunk(b"IDAT", zlib.compress(lines, 9)), _chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

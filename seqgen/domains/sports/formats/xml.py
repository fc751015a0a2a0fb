"""XML from strangers: what declares anything is refused before a parser sees it."""

from __future__ import annotations

import re

from seqgen.core.errors import BadInput

_ENCODING = re.compile(rb"""\sencoding\s*=\s*["']([^"']*)["']""")
_MOST = 400  # bytes of <?xml …?>
# In these, ASCII is ASCII: what is looked for in the bytes cannot hide.
_PLAIN = (b"utf-8", b"us-ascii", b"ascii", b"iso-8859-1", b"iso-8859-15", b"latin-1", b"windows-1252")


def require_plain(data: bytes, name: str) -> None:
    """Raises BadInput for any declaration of a document type or entity, and for encodings that may hide one."""
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data or data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in data[:64]:
        raise BadInput(name, "declares a document type or is not UTF-8: such XML is not read")
    declared = data[: data.find(b"?>")] if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<?xml") else b""
    if len(declared) > _MOST:
        raise BadInput(name, "begins with a declaration that is too long")
    encoding = _ENCODING.search(declared)
    if encoding is not None and encoding[1].lower() not in _PLAIN:
        raise BadInput(name, f"is in an encoding that is not read ({encoding[1].decode('latin-1')[:40]})")

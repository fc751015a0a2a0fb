"""Readable names for strings of bytes, different for different strings."""

from __future__ import annotations

import re

_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t", " ": r"\s", "\\": r"\\"}
# What shows nothing, or changes how its neighbours are shown. A fixed list: Python's own grows with every Unicode
# version, and the names (and with them a vocabulary's fingerprint) must not depend on the Python that runs.
_HIDDEN = re.compile(
    "[\0- \x7f-\xa0\xad\\\\\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f"
    "\u205f-\u206f\u3000\u3164\ud800-\uf8ff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\U000e0000-\U0010ffff]"
)


def readable(data: bytes) -> str:
    r"""Characters as they are, but a space as \s, a line's end as \n, other hidden ones as \u00a0 and bytes that are
    part of no character as \xe2."""
    return _HIDDEN.sub(_escape, data.decode("utf-8", "surrogateescape"))


def _escape(found: re.Match[str]) -> str:
    character = found[0]
    code = ord(character)
    if character in _SHORT:
        return _SHORT[character]
    if 0xDC80 <= code <= 0xDCFF:  # "surrogateescape" keeps a stray byte so
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"

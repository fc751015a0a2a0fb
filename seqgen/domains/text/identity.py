"""What a text is, for reports and for telling texts that are the same; and which part of it stands where."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from seqgen.domains.text.characters import blocks
from seqgen.domains.text.files import TextFile

SomeText = TypeVar("SomeText", str, TextFile)
_CONTROLS = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f]")  # which a terminal would obey
_SHOWN_CHARACTERS = 72
_SHOWN_LINES = 10_000


def identity(text: str | TextFile) -> tuple[str, ...]:
    """Two hashes: of the text as it is, and of its characters whatever their case and the space between them."""
    exact, folded = hashlib.sha256(), hashlib.sha256()
    for block in blocks([text]):
        exact.update(block.encode("utf-8", "surrogatepass"))
        folded.update("".join(block.casefold().split()).encode("utf-8", "surrogatepass"))
    return exact.hexdigest()[:32], folded.hexdigest()[:32]


def describe(text: str) -> Iterator[Mapping[str, Any]]:
    """One row a line: its number, its length, its beginning. Of a long text one last row says how much follows."""
    place, number = 0, 0
    while place < len(text):
        number += 1
        stop = text.find("\n", place) + 1 or len(text)
        if number > _SHOWN_LINES:
            rest = text.count("\n", place) + (text[-1] != "\n")
            yield {"line": number, "characters": len(text) - place, "text": f"… {rest:,} more lines"}
            return
        line = text[place:stop].rstrip("\r\n")
        shown = line if len(line) <= _SHOWN_CHARACTERS else line[: _SHOWN_CHARACTERS - 1] + "…"
        yield {"line": number, "characters": len(line), "text": _CONTROLS.sub("\ufffd", shown)}
        place = stop


def cut(text: SomeText, start: float, stop: float) -> SomeText | None:
    """The part between two shares of a text's length, None when that is nothing."""
    first, last = (int(round(len(text) * share, 6)) for share in (start, stop))  # .7 + .2 is a little less than .9
    return text[first:last] or None

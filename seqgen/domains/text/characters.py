"""Text by characters and by bytes: one look-up for each character of a whole block of text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from seqgen.core.errors import BadInput
from seqgen.domains.text.utf8 import POSSIBLE_BYTES

Ids = npt.NDArray[np.int32]
Text = str | Iterable[str]  # whole or in parts
N_CODES = 0x110000  # Unicode's code points
BLOCK = 1 << 20  # characters that are worked on together


class Level(Protocol):
    """A way to cut texts into ids. strings: what each id says, in UTF-8. kinds: the type of each id's token."""

    strings: list[bytes]
    kinds: list[str]

    def settled(self, text: str) -> int:
        """How much of a text's beginning is cut the same whatever comes after."""
        ...

    def ids(self, text: str, place: int) -> Ids:
        """int32 [T]; place: of the text's beginning, for errors. Raises BadInput."""
        ...


class Characters:
    """One id a character, in the order of code points; with `fallback` the rest by the bytes of their UTF-8."""

    def __init__(self, characters: str, *, fallback: bool, first: int = 0) -> None:
        """first: the id of the first character."""
        ordered = sorted(set(characters))
        n_bytes = len(POSSIBLE_BYTES) if fallback else 0
        self.strings = [c.encode() for c in ordered] + [bytes([b]) for b in POSSIBLE_BYTES[:n_bytes]]
        self.kinds = ["Char"] * len(ordered) + ["Byte"] * n_bytes
        self._id_of: Ids = np.full(N_CODES, -1, np.int32)
        self._id_of[[ord(c) for c in ordered]] = np.arange(first, first + len(ordered))
        self._byte_id: Ids | None = None
        if fallback:
            self._byte_id = np.full(256, -1, np.int32)
            self._byte_id[list(POSSIBLE_BYTES)] = np.arange(first + len(ordered), first + len(self.strings))

    def settled(self, text: str) -> int:
        return len(text)

    def ids(self, text: str, place: int) -> Ids:
        return self.spell(text, place)[0]

    def spell(self, text: str, place: int) -> tuple[Ids, npt.NDArray[np.int64] | None]:
        """(ids, how many of them each character took; None for one each). Raises BadInput."""
        codes = code_points(text, place)
        ids: Ids = self._id_of[codes]
        unknown = ids < 0
        if not unknown.any():
            return ids, None
        if self._byte_id is None:
            at = int(unknown.argmax())
            raise BadInput(
                "text",
                f"{text[at]!r} (U+{ord(text[at]):04X}) is not among the characters of this tokenizer",
                where=f"character {place + at}",
                hint="Fit the tokenizer with fallback, or to texts that hold this character.",
            )
        strange = codes[unknown]
        widths = np.ones(len(ids), np.int64)
        widths[unknown] = 1 + (strange >= 0x80) + (strange >= 0x800) + (strange >= 0x10000)
        said = np.frombuffer(strange.tobytes().decode("utf-32-le").encode(), np.uint8)
        return filled(ids, widths, self._byte_id[said]), widths


class Bytes:
    """One id for each of the 256 bytes, of which 243 occur."""

    def __init__(self) -> None:
        self.strings = [bytes([b]) for b in range(256)]
        self.kinds = ["Byte"] * 256

    def settled(self, text: str) -> int:
        return len(text)

    def ids(self, text: str, place: int) -> Ids:
        try:
            return np.frombuffer(text.encode(), np.uint8).astype(np.int32)
        except UnicodeEncodeError as error:
            raise _half_a_pair(text, error.start, place) from None


def code_points(text: str, place: int = 0) -> npt.NDArray[np.uint32]:
    """uint32 [n]. Raises BadInput for half a surrogate pair, which is no character."""
    try:
        return np.frombuffer(text.encode("utf-32-le"), "<u4")
    except UnicodeEncodeError as error:
        raise _half_a_pair(text, error.start, place) from None


def filled(ids: Ids, widths: npt.NDArray[np.int64], replacements: Ids) -> Ids:
    """ids with each -1 replaced by as many of the replacements, in order, as its width says."""
    wide = np.repeat(ids, widths)
    wide[wide < 0] = replacements
    return wide


def blocks(texts: Iterable[Text]) -> Iterator[str]:
    """The same texts in parts of bounded length."""
    for text in texts:
        for part in [text] if isinstance(text, str) else text:
            if len(part) <= BLOCK:
                yield part
            else:
                for start in range(0, len(part), BLOCK):
                    yield part[start : start + BLOCK]


def most_frequent(texts: Iterable[Text], size: int | None) -> str:
    """The characters of some texts, in the order of code points; of more than `size` the most frequent."""
    counts: Any = np.zeros(N_CODES, np.int64)
    for block in blocks(texts):
        counts += np.bincount(code_points(block), minlength=N_CODES)
    found = np.flatnonzero(counts)
    if size is not None and len(found) > size:
        found = np.sort(found[np.argsort(-counts[found], kind="stable")[:size]])
    return "".join(map(chr, found.tolist()))


def _half_a_pair(text: str, at: int, place: int) -> BadInput:
    return BadInput(
        "text", f"U+{ord(text[at]):04X} is half a surrogate pair, no character", where=f"character {place + at}"
    )

"""What defines a text tokenization, checked field by field: it comes from files that anyone may have written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from seqgen.core.errors import UsageError
from seqgen.domains.text.options import LEVELS, MAX_SIZE
from seqgen.domains.text.words import MAX_WORD

_MAX_BYTES = 4 * MAX_WORD  # of one id


@dataclass(frozen=True)
class TextSettings:
    """JSON-ready.

    level: characters, bytes, words or bpe. characters: those with an id of their own (characters, words). words: the
    vocabulary of that level. merges: pairs of ids, in the order in which bpe makes them. fallback: characters without
    an id are said by bytes (characters, words). end: an id closes each text.
    """

    level: str = "characters"
    characters: str = ""
    words: tuple[str, ...] = ()
    merges: tuple[tuple[int, int], ...] = ()
    fallback: bool = True
    end: bool = True

    def __post_init__(self) -> None:
        if self.level not in LEVELS:
            raise UsageError(f"No text level {self.level!r}.", f"Choose {', '.join(LEVELS[:-1])} or {LEVELS[-1]}.")
        for name in ("fallback", "end"):
            if not isinstance(getattr(self, name), bool):
                raise UsageError(f"{name} is {getattr(self, name)!r}; it must be true or false.")
        if not isinstance(self.characters, str) or not _is_unicode(self.characters):
            raise UsageError("The characters of the tokenizer must be a text.")
        object.__setattr__(self, "words", _checked_words(self.words))
        object.__setattr__(self, "merges", _checked_merges(self.merges))
        if self.level in ("characters", "words") and not (self.characters or self.words or self.fallback):
            raise UsageError("This tokenizer has no characters.", "Give characters, or fit it to texts.")

    def config(self) -> Mapping[str, Any]:
        """The fields that this level uses."""
        used = {
            "characters": ("characters", "fallback"),
            "bytes": (),
            "words": ("words", "characters", "fallback"),
            "bpe": ("merges",),
        }[self.level]
        return {name: getattr(self, name) for name in ("level", *used, "end")}


def _checked_words(words: Any) -> tuple[str, ...]:
    if not isinstance(words, list | tuple) or len(words) > MAX_SIZE:
        raise UsageError(f"The words of the tokenizer must be a list of at most {MAX_SIZE:,} texts.")
    for word in words:
        if not isinstance(word, str) or not 0 < len(word) <= MAX_WORD or not _is_unicode(word):
            raise UsageError(f"{str(word)[:60]!r} is no word.")
    return tuple(words)


def _checked_merges(merges: Any) -> tuple[tuple[int, int], ...]:
    """Whole numbers that name ids made before, of strings of bounded length: joined, they double at every merge."""
    if not isinstance(merges, list | tuple) or len(merges) > MAX_SIZE:
        raise UsageError(f"The merges of the tokenizer must be a list of at most {MAX_SIZE:,} pairs.")
    strings = [bytes([b]) for b in range(256)]
    known = set(strings)
    for merge in merges:
        pair = tuple(merge) if isinstance(merge, list | tuple) else ()
        if len(pair) != 2 or not all(type(i) is int and 0 <= i < len(strings) for i in pair):
            raise UsageError(f"{str(merge)[:60]} is no merge of two ids.")
        string = strings[pair[0]] + strings[pair[1]]
        if len(string) > _MAX_BYTES:
            raise UsageError(f"A merge makes {len(string)} bytes; {_MAX_BYTES} are allowed.")
        if string not in known:
            known.add(string)
            strings.append(string)
    return tuple((merge[0], merge[1]) for merge in merges)


def _is_unicode(text: str) -> bool:
    """Has no halves of surrogate pairs."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True

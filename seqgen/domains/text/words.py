"""Text by words: a split that loses nothing, the most frequent words, the rest spelled."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import numpy as np

from seqgen.core.errors import BadInput
from seqgen.domains.text.characters import Characters, Ids, Text, blocks, filled

# Punctuation and symbols; every other character but space is part of a word, whatever the script. A fixed list, so
# that a text has the same words under every version of Unicode that a Python may know.
_SIGNS = (
    "!-/:-@\\[-^`{-~\x80-\xa9\xab-\xb4\xb6-\xb9\xbb-\xbf\xd7\xf7\u2000-\u200b\u200e-\u206f\u20a0-\u20cf\u2190-\u2bff"
    "\u2e00-\u2e7f\u3000-\u3030\ufe30-\ufe6f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65\U0001f000-\U0001faff"
)
# A word with the space before it, also one joined by apostrophes; a sign with the space before it; line ends together;
# any other space by itself. Every character is part of something. The bounds keep small what has to be held back of a
# stream, and what one id can say.
_WORD = re.compile(rf" ?[^\s{_SIGNS}]{{1,32}}(?:['’][^\s{_SIGNS}]{{1,32}}){{0,3}}| ?\S|\n{{1,8}}|\s")
_AHEAD = 2  # characters after a word that decide whether it ends there: an apostrophe and the letter behind it
_COUNTED = 1 << 18  # different words
_TOGETHER = 1 << 16  # words counted before it is seen whether some must be forgotten
MAX_WORD = 1 + 4 * 32 + 3  # characters


def split(text: str) -> list[str]:
    """The words of a text; joined they are the text."""
    return _WORD.findall(text)


def settled(text: str) -> int:
    """Where the last word begins that more text might change."""
    end = max(0, text.rfind(" "))  # a space always begins a word
    for found in _WORD.finditer(text, end):
        if found.end() + _AHEAD > len(text):
            break
        end = found.end()
    return end


def whole_words(texts: Iterable[Text]) -> Iterator[str]:
    """The same texts in parts of bounded length that no word spans."""
    for text in texts:
        held = ""
        for block in blocks([text]):
            held += block
            n = settled(held)
            yield held[:n]
            held = held[n:]
        yield held


class Words:
    """One id a word of the vocabulary; other words by characters, and those by bytes where they have no id."""

    def __init__(self, words: Sequence[str], characters: str, *, fallback: bool) -> None:
        self._spelling = Characters(characters, fallback=fallback, first=len(words))
        self._id_of = {word: i for i, word in enumerate(words)}
        self.strings = [word.encode() for word in words] + self._spelling.strings
        self.kinds = ["Word"] * len(words) + self._spelling.kinds

    def settled(self, text: str) -> int:
        return settled(text)

    def ids(self, text: str, place: int) -> Ids:
        words, id_of = split(text), self._id_of.get
        ids: Ids = np.array([id_of(word, -1) for word in words], np.int32)
        strange = [words[i] for i in np.flatnonzero(ids < 0)]
        if not strange:
            return ids
        try:
            spelled, per_character = self._spelling.spell("".join(strange), 0)
        except BadInput:
            self._spelling.spell(text, place)  # the same, with the place in the text
            raise
        widths = np.ones(len(ids), np.int64)
        lengths = np.array([len(word) for word in strange], np.int64)
        if per_character is not None:
            lengths = np.add.reduceat(per_character, np.cumsum(lengths) - lengths)
        widths[ids < 0] = lengths
        return filled(ids, widths, spelled)


def count_words(texts: Iterable[Text], size: int) -> Counter[str]:
    """How often each word is said, of which about `size` matter. Of too many different words the rarest are forgotten,
    so that any text can be counted (after Manku and Motwani 2002); in what parts it comes makes no difference."""
    counts: Counter[str] = Counter()
    most = max(_COUNTED, 4 * size)
    said = (word for part in whole_words(texts) for word in split(part))
    while some := list(islice(said, _TOGETHER)):
        counts.update(some)
        if len(counts) > most:
            rare = 1
            while len(counts) > most // 2:
                counts = Counter({word: n for word, n in counts.items() if n > rare})
                rare += 1
    return counts


def most_frequent_words(texts: Iterable[Text], size: int) -> tuple[str, ...]:
    """The words said more than once, the most frequent first, `size` at most. Words of one character are left out:
    characters have ids of their own."""
    counts = count_words(texts, size)
    ranked = sorted((-n, word) for word, n in counts.items() if n > 1 and len(word) > 1)
    return tuple(word for _, word in ranked[:size])

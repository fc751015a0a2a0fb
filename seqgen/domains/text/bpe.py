"""Text by byte pairs: frequent neighbours are joined again and again (Gage 1994; Sennrich, Haddow and Birch 2016),
beginning with bytes, so that every text can be said (Radford et al. 2019).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import chain, pairwise, repeat

import numpy as np

from seqgen.core.errors import MissingExtra
from seqgen.domains.text.characters import Ids, Text, code_points
from seqgen.domains.text.words import count_words, settled, split

Merge = tuple[int, int]
_KEPT = 1 << 17  # words whose ids are remembered


class BytePairs:
    """The 256 bytes and what they are merged to. merges: pairs of ids, the k-th made before the k + 1-st; a pair
    whose string is new makes the next id."""

    def __init__(self, merges: Sequence[Merge]) -> None:
        self.strings = [bytes([b]) for b in range(256)]
        known = {string: i for i, string in enumerate(self.strings)}
        self._made: dict[Merge, tuple[int, int]] = {}  # pair -> (rank, id)
        for rank, (left, right) in enumerate(merges):
            string = self.strings[left] + self.strings[right]
            if string not in known:
                known[string] = len(self.strings)
                self.strings.append(string)
            self._made.setdefault((left, right), (rank, known[string]))
        self.kinds = ["Subword"] * len(self.strings)
        self._ids_of: dict[str, tuple[int, ...]] = {}

    def settled(self, text: str) -> int:
        return settled(text)

    def ids(self, text: str, place: int) -> Ids:
        known, words = self._ids_of, split(text)
        if len(known) > _KEPT:
            known.clear()
        try:
            for word in set(words).difference(known):
                known[word] = self._merged(word.encode())
        except UnicodeEncodeError:
            code_points(text, place)  # says what and where
            raise
        return np.fromiter(chain.from_iterable([known[word] for word in words]), np.int32)

    def _merged(self, data: bytes) -> tuple[int, ...]:
        """Of all pairs of neighbours the one that was merged first is merged everywhere, until none is left."""
        parts, made = list(data), self._made
        while len(parts) > 1:
            first = min((made[pair] for pair in pairwise(parts) if pair in made), default=None)
            if first is None:
                break
            joined: list[int] = []
            i = 0
            while i < len(parts):
                pair = (parts[i], parts[i + 1]) if i + 1 < len(parts) else None
                if pair is not None and made.get(pair) == first:
                    joined.append(first[1])
                    i += 2
                else:
                    joined.append(parts[i])
                    i += 1
            parts = joined
        return tuple(parts)


def learn_merges(texts: Iterable[Text], size: int) -> tuple[Merge, ...]:
    """At most `size` merges, counted by the package tokenizers. Raises MissingExtra."""
    try:
        from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    except ImportError:
        raise MissingExtra("The level bpe", "tokenizers", extra="bpe") from None
    learner = Tokenizer(models.BPE())
    learner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    trainer = trainers.BpeTrainer(
        vocab_size=256 + size,
        min_frequency=2,
        show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    said = chain.from_iterable(repeat(word, n) for word, n in count_words(texts, size).items())
    learner.train_from_iterator(said, trainer)
    byte_of = {name: b for b, name in enumerate(byte_names())}
    ids = {bytes([b]): b for b in range(256)}
    merges: list[Merge] = []
    for left, right in json.loads(learner.to_str())["model"]["merges"]:
        first, second = (bytes(byte_of[c] for c in name) for name in (left, right))
        merges.append((ids[first], ids[second]))
        ids.setdefault(first + second, len(ids))
    return tuple(merges)


def byte_names() -> list[str]:
    """The visible character by which tokenizers calls each byte: itself, or for hidden ones one from U+0100 on."""
    shown = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [b for b in range(256) if b not in set(shown)]
    return [chr(b) if b in set(shown) else chr(0x100 + hidden.index(b)) for b in range(256)]

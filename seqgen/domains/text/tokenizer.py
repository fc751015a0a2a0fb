"""TextTokenizer: text ↔ ids, on one of four levels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from seqgen.core.augmentation import no_augmentation
from seqgen.core.controls import asked
from seqgen.core.errors import CorpusError, UsageError
from seqgen.core.narrowing import Barred
from seqgen.core.tokenizer import Ids, Length, Tokenizer
from seqgen.core.vocabulary import Vocabulary
from seqgen.domains.text.bpe import BytePairs, learn_merges
from seqgen.domains.text.characters import Bytes, Characters, Level, Text, blocks, most_frequent
from seqgen.domains.text.context import TextContext, word_kind
from seqgen.domains.text.files import TextFile, chunks, to_text
from seqgen.domains.text.naming import readable
from seqgen.domains.text.options import LevelName, TextOptions
from seqgen.domains.text.settings import TextSettings
from seqgen.domains.text.utf8 import utf8_grammar
from seqgen.domains.text.words import Words, most_frequent_words

UNITS = ("characters", "tokens")


class TextTokenizer(Tokenizer[str]):
    """Text ↔ integer ids. Every id but End stands for a string of bytes, and the grammar sees to it that together
    they are UTF-8: whatever is sampled is a text.

    level: "characters" (with bytes for those that have no id), "bytes", "words" or "bpe". settings: see TextSettings.

    >>> tokenizer = TextTokenizer(characters="ehlo")
    >>> tokenizer.decode(tokenizer.encode("hello, wörld"))
    'hello, wörld'
    """

    domain = "text"
    order = 6

    def __init__(self, level: LevelName = "characters", **settings: Any) -> None:
        try:
            self.settings = s = TextSettings(level, **settings)
        except TypeError as error:
            raise UsageError(f"The level {level!r} does not take these settings: {error}.") from None
        self.name = s.level
        self._level: Level
        if s.level == "bytes":
            self._level = Bytes()
        elif s.level == "bpe":
            self._level = BytePairs(s.merges)
        elif s.level == "words":
            self._level = Words(s.words, s.characters, fallback=s.fallback)
        else:
            self._level = Characters(s.characters, fallback=s.fallback)
        strings = self._level.strings
        tokens = [
            f"{kind}_{string.hex().upper() if kind == 'Byte' else readable(string)}"
            for kind, string in zip(self._level.kinds, strings, strict=True)
        ]
        self.bytes_of = [*strings, *[b""] * s.end]
        self.vocabulary = Vocabulary([*tokens, *["End"] * s.end])
        self.end = len(strings) if s.end else -1
        self.grammar = utf8_grammar(strings, end=s.end)
        self.context = TextContext(
            [word_kind(string) for string in self.bytes_of], [string.endswith(b"\n") for string in self.bytes_of]
        )
        self.augmentations = no_augmentation(len(self.vocabulary))
        self.unknown_of: Ids = np.full(len(self.vocabulary), -1, np.int32)
        # The code point of each id that says exactly one character, else -1.
        said = [string.decode("utf-8", "replace") for string in self.bytes_of]
        self._code_of: Ids = np.array([ord(c) if len(c) == 1 and c != "\ufffd" else -1 for c in said], np.int32)

    @classmethod
    def fit(cls, texts: Iterable[str | TextFile], options: TextOptions | None = None) -> TextTokenizer:
        """The tokenizer that suits these texts. Raises CorpusError when there are none."""
        o = options or TextOptions()
        texts = [texts] if isinstance(texts, str) else list(texts)
        if not any(texts):
            raise CorpusError("There is no text to fit a tokenizer to.")
        settings: dict[str, Any] = {"end": o.end}
        if o.level in ("characters", "words"):
            # Without bytes to fall back on every character needs its id.
            characters = most_frequent(texts, o.size if o.fallback else None)
            settings |= {"fallback": o.fallback, "characters": characters}
        if o.level == "words":
            settings["words"] = most_frequent_words(texts, o.size)
        elif o.level == "bpe":
            settings["merges"] = learn_merges(texts, o.size)
        return cls(o.level, **settings)

    def encode(self, piece: str | Path | bytes | TextFile) -> Ids:
        """int32 [T] ids of a text, or of the file at a Path, or of a file's bytes. Raises BadInput."""
        return np.concatenate([np.zeros(0, np.int32), *self.encode_stream(to_text(piece))])

    def encode_stream(self, piece: Text | Path) -> Iterator[Ids]:
        """The ids of one text that comes in parts, or of a file that need not fit into memory; joined they are what
        `encode` gives for the whole. Raises BadInput."""
        held, place = "", 0
        for part in blocks([chunks(piece) if isinstance(piece, Path) else piece]):
            held += part
            n = self._level.settled(held)
            if n:
                yield self._level.ids(held[:n], place)
            held, place = held[n:], place + n
        if held:
            yield self._level.ids(held, place)
        if self.settings.end:
            yield np.array([self.end], np.int32)

    def decode(self, ids: npt.NDArray[np.integer], reference: str | None = None) -> str:
        """The text that ids say. Never raises on ids of this vocabulary; what is no UTF-8, as a character cut in two,
        becomes U+FFFD."""
        ids = np.asarray(ids)
        ids = ids[ids != self.end].astype(np.intp)
        codes = self._code_of[ids]
        if (codes >= 0).all():
            return str(codes.astype("<u4").tobytes(), "utf-32-le")
        return b"".join([self.bytes_of[i] for i in ids.tolist()]).decode("utf-8", "replace")

    def template(self, prompt: Any = None, length: tuple[int, str] | None = None, **given: Any) -> Ids:
        """int32 [T] the ids of the prompt, without an end. A text has no header: `given` must be empty."""
        asked(self.controls, given)
        if prompt is None:
            return np.zeros(0, np.int32)
        ids = self.encode(prompt)
        return ids[: len(ids) - self.settings.end]

    def barred(self, prompt: Any = None, **given: Any) -> tuple[Barred, ...]:
        """Zero bytes: a prompt may have some, but a file with one is no text to any reader, ours included."""
        zeros = np.array([b"\0" in string for string in self.bytes_of])
        none = np.zeros_like(zeros)
        return (Barred(zeros, none, none),) if zeros.any() else ()

    def length(self, amount: int, unit: str, ids: Ids) -> Length:
        """So many characters or tokens. Characters are counted where they begin; the last of several in one id may be
        more than were asked for. Raises UsageError."""
        if unit not in UNITS:
            raise UsageError(
                f"A length in {unit!r} is not known here.", f"Use {' or '.join(UNITS)}, like 400characters."
            )
        if unit == "tokens":
            return Length(np.array([bool(string) for string in self.bytes_of]), amount)
        return Length(np.array([sum(b & 0xC0 != 0x80 for b in string) for string in self.bytes_of]), amount)

    def losses(self, piece: Any) -> Mapping[str, float]:
        """Nothing is lost; what has no id of its own is said in bytes, which the model knows little of."""
        ids = self.encode(piece)
        if self.name in ("bytes", "bpe"):
            return {}
        fallen = [self.bytes_of[i] for i in ids.tolist() if self.vocabulary.types[i] == "Byte"]
        never = sum(byte[0] & 0xC0 != 0x80 for byte in fallen)
        return {"characters_never_seen": float(never)} if never else {}

    def sizes(self, ids: npt.NDArray[np.integer]) -> Mapping[str, float]:
        return {"character": len(self.decode(ids))}

    def config(self) -> Mapping[str, Any]:
        return self.settings.config()

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> TextTokenizer:
        """Rebuild from `config()`. Raises UsageError."""
        settings = {name: value for name, value in config.items() if name != "level"}
        try:
            return cls(config.get("level", ""), **settings)
        except (TypeError, ValueError) as error:
            raise UsageError(f"The tokenizer's settings are damaged ({error}).") from None

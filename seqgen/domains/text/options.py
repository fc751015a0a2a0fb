"""How text is written as ids: the flags of `seqgen train text`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

from seqgen.core.errors import UsageError

LevelName = Literal["characters", "bytes", "words", "bpe"]
LEVELS: tuple[str, ...] = get_args(LevelName)
MAX_SIZE = 1_000_000


@dataclass(frozen=True)
class TextOptions:
    """How text is written as ids; each field is a flag."""

    level: LevelName = field(
        default="characters", metadata={"help": "what one id says; words and bpe make sequences about 3 times shorter."}
    )
    size: int = field(
        default=4096, metadata={"help": "The most characters, words or merges that get ids of their own."}
    )
    fallback: bool = field(
        default=True, metadata={"help": "Say characters without an id as bytes, rather than refuse them."}
    )
    end: bool = field(default=True, metadata={"help": "An id that closes each text."})

    def __post_init__(self) -> None:
        if self.level not in LEVELS:
            raise UsageError(f"No text level {self.level!r}.", f"Choose {', '.join(LEVELS[:-1])} or {LEVELS[-1]}.")
        if not 1 <= self.size <= MAX_SIZE:
            raise UsageError(f"A size of {self.size}: choose from 1 to {MAX_SIZE:,}.")

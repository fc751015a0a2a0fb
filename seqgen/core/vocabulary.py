"""Token strings and their ids."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from seqgen.core.errors import UsageError


class Vocabulary:
    """A fixed list of distinct readable tokens `Type_Value` (or just `Type`); a token's place is its id.

    values: of each id its type, and its value or "". scored: bool [V], the ids that count in reported nats. Header ids,
    which say what a user may ask for, do not.
    """

    def __init__(self, tokens: Iterable[str], unscored_types: Iterable[str] = ()) -> None:
        self.tokens: tuple[str, ...] = tuple(tokens)
        self.values: tuple[tuple[str, str], ...] = tuple(token.partition("_")[::2] for token in self.tokens)
        self.types: tuple[str, ...] = tuple(kind for kind, _ in self.values)
        self.unscored_types = frozenset(unscored_types)
        self.scored: npt.NDArray[np.bool_] = np.array([kind not in self.unscored_types for kind in self.types], bool)
        self._ids = {token: i for i, token in enumerate(self.tokens)}
        if len(self._ids) != len(self.tokens):
            raise UsageError("A vocabulary holds the same token twice.")

    def __len__(self) -> int:
        return len(self.tokens)

    def __contains__(self, token: str) -> bool:
        return token in self._ids

    def id(self, token: str) -> int:
        """The id of a token. Raises UsageError when it is not in the vocabulary."""
        try:
            return self._ids[token]
        except KeyError:
            known = self.readable(self.of_type(token.partition("_")[0]))
            shown = ", ".join(known[:12]) + (" …" if len(known) > 12 else "")
            raise UsageError(f"No token {token!r}.", f"Known: {shown}" if known else "") from None

    def ids(self, tokens: Iterable[str]) -> npt.NDArray[np.int32]:
        """int32 [T] ids of tokens."""
        return np.array([self.id(token) for token in tokens], np.int32)

    def are(self, *types: str) -> npt.NDArray[np.bool_]:
        """bool [V]: which ids are of these types."""
        return np.isin(self.types, types)

    def of_type(self, kind: str) -> npt.NDArray[np.int32]:
        """int32 [n] the ids of one type, in order."""
        return np.array([i for i, t in enumerate(self.types) if t == kind], np.int32)

    def readable(self, ids: Sequence[int] | npt.NDArray[np.integer]) -> list[str]:
        """The tokens of ids."""
        return [self.tokens[i] for i in ids]

    @cached_property
    def fingerprint(self) -> str:
        """The same for two vocabularies exactly when their tokens and scored ids are equal."""
        text = "\n".join(self.tokens) + "\n\n" + ",".join(sorted(self.unscored_types))
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]

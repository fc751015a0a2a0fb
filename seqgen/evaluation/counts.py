"""An n-gram that says how probable every id is, so that it can be shown, rolled out and kept beside a model.

Shapes: B sequences, V ids, N places that were counted, n ids before.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save

from seqgen.core.errors import RunError, UsageError
from seqgen.core.files import sha256, write_bytes
from seqgen.core.tokenizer import Ids, Tokenizer
from seqgen.evaluation.arrays import load_arrays

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.integer]
_KEPT = 20_000_000  # bytes of a file of counts
_LARGEST = 2**62
_REMEMBERED = 10_000  # distributions


class Counts:
    """What stood after which ids, and how often. The probabilities are those of `NGram` (baselines.py), whose first
    condition is the grammar's state.

    keys: int64 [N] ascending, what was before, the state in front and the ids from the last to the earliest behind it,
    as one number. ids: int32 [N] what came then. counts: int64 [N] how often.
    """

    def __init__(self, tokenizer: Tokenizer[Any], n_before: int, keys: Ints, ids: Ints, counts: Ints) -> None:
        self.tokenizer, self.n_before = tokenizer, n_before
        self.keys, self.ids, self.counts = keys.astype(np.int64), ids.astype(np.int64), counts.astype(np.int64)
        self._radix = len(tokenizer.vocabulary) + 1
        self._known: dict[int, Floats] = {}

    @classmethod
    def of(cls, tokenizer: Tokenizer[Any], pieces: Sequence[Ids], order: int = 2) -> Counts:
        """Counted in pieces; order: 2 for bigrams. Raises UsageError for a vocabulary that is too large for it."""
        V, n = len(tokenizer.vocabulary), order - 1
        if tokenizer.grammar.n_states * (V + 1) ** (n + 1) > _LARGEST:
            raise UsageError(f"{order}-grams of {V:,} ids cannot be counted.")
        keys = [keys_of(tokenizer, np.asarray(p, np.int64), n) for p in pieces]
        both = np.concatenate([k * (V + 1) + p for k, p in zip(keys, pieces, strict=True)] or [np.zeros(0, np.int64)])
        seen, counts = np.unique(both, return_counts=True)
        return cls(tokenizer, n, seen // (V + 1), seen % (V + 1), counts)

    def probabilities(self, keys_B: Ints, *, keep: bool = True) -> Floats:
        """float32 [B, V] after what these keys say, under the grammar's mask. keep: to be asked again."""
        if not keep:
            return np.stack([self._after(key) for key in np.asarray(keys_B).tolist()])
        asked: list[int] = np.asarray(keys_B).tolist()
        if len(self._known) > _REMEMBERED:
            self._known = {}
        known = self._known  # other threads may ask, and begin anew, at the same time
        for key in asked:
            if key not in known:
                known[key] = self._after(key)
        return np.stack([known[key] for key in asked])

    def _after(self, key: int) -> Floats:
        state = key // self._radix**self.n_before
        allowed = self.tokenizer.grammar.masks[state]
        p = allowed / max(1, allowed.sum())
        for k in range(self.n_before + 1):  # the state alone, with the last id, with that before it …
            span = self._radix ** (self.n_before - k)
            first, last = np.searchsorted(self.keys, [key // span * span, (key // span + 1) * span])
            count = np.bincount(self.ids[first:last], self.counts[first:last], minlength=len(p))
            kinds = int((count > 0).sum())
            p = (count + kinds * p) / max(1.0, count.sum() + kinds) if kinds else p
        return np.asarray(p, np.float32)

    def start(self) -> CountsReader:
        """A predictor of one sequence, before its first id."""
        V, n = self._radix - 1, self.n_before
        return CountsReader(self, self.tokenizer.grammar.start(1), np.full((1, n), V, np.int64))

    def save(self, path: Path) -> bool:
        """Write them as one file, unless that would be a large one."""
        if self.keys.nbytes * 2.5 > _KEPT:
            return False
        arrays = {"keys": self.keys, "ids": self.ids.astype(np.int32), "counts": self.counts}
        said = {"fingerprint": self.tokenizer.vocabulary.fingerprint, "before": str(self.n_before)}
        write_bytes(path, save(arrays, {**said, "sha256": self._sha256()}))
        return True

    def _sha256(self) -> str:
        return sha256(b"".join(values.tobytes() for values in (self.keys, self.ids, self.counts)))

    @classmethod
    def load(cls, path: Path, tokenizer: Tokenizer[Any]) -> Counts:
        """What `save` wrote. Raises RunError where it is damaged or of another vocabulary."""
        damaged = RunError(f"{path} is damaged.", "Delete it: what is counted there can be counted again.")
        try:
            arrays, said = load_arrays(path, 2 * _KEPT)
            found = cls(tokenizer, int(said["before"]), arrays["keys"], arrays["ids"], arrays["counts"])
            if said["fingerprint"] != tokenizer.vocabulary.fingerprint or said["sha256"] != found._sha256():
                raise damaged
        except (LookupError, ValueError, TypeError, AttributeError):
            raise damaged from None
        return found


def keys_of(tokenizer: Tokenizer[Any], ids_T: npt.NDArray[np.int64], n_before: int) -> npt.NDArray[np.int64]:
    """int64 [T]: what is before each id."""
    V, keys = len(tokenizer.vocabulary), tokenizer.grammar.states(ids_T)[:-1].astype(np.int64)
    for k in range(1, n_before + 1):
        keys = keys * (V + 1) + np.concatenate([np.full(min(k, len(ids_T)), V), ids_T[: max(0, len(ids_T) - k)]])
    return keys


class CountsReader:
    """Sequences that go on as counted; a `Predictor`. before: int64 [B, n] ids, the last first."""

    def __init__(self, counts: Counts, states: npt.NDArray[np.int32], before: npt.NDArray[np.int64]) -> None:
        self._counts, self.states, self._before = counts, states, before

    def probabilities(self) -> Floats:
        keys = self.states.astype(np.int64)
        for column in self._before.T:
            keys = keys * (len(self._counts.tokenizer.vocabulary) + 1) + column
        return self._counts.probabilities(keys)

    def take(self, ids_B: Ints) -> None:
        self.states = self._counts.tokenizer.grammar.advance(self.states, ids_B)
        self._before = np.concatenate([np.asarray(ids_B, np.int64)[:, None], self._before], axis=1)
        self._before = self._before[:, : self._counts.n_before]

    def read(self, ids_T: Ids) -> CountsReader:
        """Go on by these ids; returns itself."""
        for i in ids_T.tolist():
            self.take(np.full(len(self.states), i))
        return self

    def fork(self, rows: Ints) -> CountsReader:
        return CountsReader(self._counts, self.states[rows], self._before[rows])

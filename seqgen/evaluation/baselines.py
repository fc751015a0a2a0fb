"""n-gram baselines: what counting alone achieves, under the same grammar and on the same pieces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from seqgen.core.tokenizer import Tokenizer

Ids = npt.NDArray[np.int32]
Codes = npt.NDArray[np.int64]


class NGram:
    """Interpolated counts after Witten & Bell 1991 (Chen & Goodman 1999, section 2.4).

    p(id | c1 … cn) = (count(id, c1 … cn) + d · p(id | c1 … cn-1)) / (count(c1 … cn) + d), d the number of different
    ids seen after c1 … cn. The first condition is always the grammar's state and the last resort is even odds over
    the ids that it allows, so that the masked distribution adds up to one by itself.
    """

    def __init__(self, tokenizer: Tokenizer[Any], n_conditions: int) -> None:
        self._tokenizer = tokenizer
        self._n_ids = len(tokenizer.vocabulary)
        self._n = n_conditions
        self._tables: list[tuple[Codes, Codes, Codes, Codes, Codes]] = []

    def fit(self, rows: Codes, ids: Codes) -> NGram:
        """rows: [N, n] conditions of each position, the most telling first; ids: [N] what came."""
        contexts = np.zeros(len(ids), np.uint64)
        for k in range(self._n):
            contexts = _mixed(contexts, rows[:, k])
            pairs, at, pair_counts = np.unique(_mixed(contexts, ids), return_index=True, return_counts=True)
            seen, totals = np.unique(contexts, return_counts=True)
            # A context's number of different ids: how many different (context, id) pairs begin with it.
            kinds = np.bincount(np.searchsorted(seen, contexts[at]), minlength=len(seen))
            self._tables.append((seen.astype(np.uint64), totals, kinds, pairs, pair_counts))  # type: ignore[arg-type]
        return self

    def probabilities(self, rows: Codes, ids: Codes, n_allowed: npt.NDArray[np.integer]) -> npt.NDArray[np.float64]:
        """[N] of each id; n_allowed: how many ids the grammar allows there."""
        *_, p = self.orders(rows, ids, n_allowed)
        return p

    def orders(self, rows: Codes, ids: Codes, n_allowed: npt.NDArray[np.integer]) -> Iterator[npt.NDArray[np.float64]]:
        """The same under the first condition alone, the first two, … and all."""
        p: npt.NDArray[np.float64] = 1.0 / np.maximum(1, n_allowed)
        contexts = np.zeros(len(ids), np.uint64)
        for k, (seen, totals, kinds, pairs, pair_counts) in enumerate(self._tables):
            contexts = _mixed(contexts, rows[:, k])
            total, kind = _look_up(contexts, seen, totals), _look_up(contexts, seen, kinds)
            count = _look_up(_mixed(contexts, ids), pairs, pair_counts)
            p = np.where(total > 0, (count + kind * p) / np.maximum(1, total + kind), p)
            yield p


def _mixed(codes: npt.NDArray[Any], more: npt.NDArray[Any]) -> npt.NDArray[np.uint64]:
    """One 64-bit hash of a hash and a number."""
    mixed = (codes.astype(np.uint64) ^ (more.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15))) * np.uint64(
        0xBF58476D1CE4E5B9
    )
    return mixed ^ (mixed >> np.uint64(31))


def _look_up(keys: npt.NDArray[Any], known: npt.NDArray[Any], values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    places = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    return np.where(known[places] == keys, values[places], 0)


def baseline_nats(
    tokenizer: Tokenizer[Any], train: Sequence[Ids], held_out: dict[str, Sequence[Ids]]
) -> dict[str, dict[str, float]]:
    """Name of the baseline -> split -> mean nats of the scored ids.

    Training pieces are counted in every augmentation they admit, as the model sees them.
    """
    augmented = [
        tokenizer.augmentations.map[a][piece]
        for piece in train
        for a in np.flatnonzero(tokenizer.augmentations.admits(piece))
    ]
    seen = _Positions(tokenizer, augmented)
    asked = {name: _Positions(tokenizer, pieces) for name, pieces in held_out.items()}
    plain, context = _names(tokenizer)
    results: dict[str, dict[str, float]] = {}
    for names, of in ((plain, _Positions.before), (context, _Positions.context)):
        if not names:
            continue
        rows = of(seen)
        model = NGram(tokenizer, rows.shape[1]).fit(rows, seen.ids)
        for split, positions in asked.items():
            orders = list(model.orders(of(positions), positions.ids, positions.n_allowed))
            for name, p in zip(names, orders[-len(names) :], strict=True):
                scored = p[positions.scored]
                results.setdefault(name, {})[split] = float(-np.log(scored).mean()) if len(scored) else 0.0
    return results


_NAMES = {1: "unigram", 2: "bigram", 3: "trigram"}


def _names(tokenizer: Tokenizer[Any]) -> tuple[list[str], list[str]]:
    """Of the plain n-grams, the shortest first, and of the one on context."""
    plain = [_NAMES.get(n, f"{n}-gram") for n in range(1, tokenizer.order + 1)]
    return plain, ["context n-gram"] if tokenizer.backoff else []


class _Positions:
    """Every position of some pieces: id, grammar state, earlier ids, context."""

    def __init__(self, tokenizer: Tokenizer[Any], pieces: Sequence[Ids]) -> None:
        v, grammar = tokenizer.vocabulary, tokenizer.grammar
        self.ids: Codes = np.concatenate([p.astype(np.int64) for p in pieces]) if pieces else np.zeros(0, np.int64)
        self._state = np.concatenate([grammar.states(p)[:-1] for p in pieces]) if pieces else np.zeros(0, np.int64)
        self.n_allowed = grammar.masks.sum(axis=1)[self._state]
        self.scored = v.scored[self.ids]
        self._before = [
            np.concatenate([np.concatenate([np.full(min(k, len(p)), len(v)), p[: max(0, len(p) - k)]]) for p in pieces])
            if pieces
            else np.zeros(0, np.int64)
            for k in range(1, tokenizer.order)
        ]
        names = [f.name for f in tokenizer.context.features]
        columns = [names.index(name) for name in tokenizer.backoff]
        self._context = (
            np.concatenate([tokenizer.context.of(p)[:-1][:, columns] for p in pieces])
            if pieces and columns
            else np.zeros((len(self.ids), len(columns)), np.int64)
        )

    def before(self) -> Codes:
        """[N, order]: the grammar's state and the ids before, the last first."""
        return np.stack([self._state, *self._before], axis=1).astype(np.int64)

    def context(self) -> Codes:
        """[N, n]: the grammar's state and the context features to back off on, the most telling first."""
        return np.stack([self._state, *self._context.T], axis=1).astype(np.int64)

"""n-gram baselines: what counting alone achieves, under the same grammar and on the same pieces."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from seqgen.core.tokenizer import Tokenizer

_STRENGTHS = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 1000.0)  # the last: what such contexts say is hardly heard

Ids = npt.NDArray[np.int32]
Codes = npt.NDArray[np.int64]


class NGram:
    """Interpolated counts after Witten & Bell 1991 (Chen & Goodman 1999, section 2.4).

    p(id | c1 … cn) = (count(id, c1 … cn) + s · d · p(id | c1 … cn-1)) / (count(c1 … cn) + s · d), d the number of
    different ids seen after c1 … cn, s a strength for each n, 1 until `tune` chooses it. The first condition is always
    the grammar's state and the last resort is even odds over the ids that it allows, so that the masked distribution
    adds up to one by itself.
    """

    def __init__(self, tokenizer: Tokenizer[Any], n_conditions: int) -> None:
        self._tokenizer = tokenizer
        self._n_ids = len(tokenizer.vocabulary)
        self._n = n_conditions
        self._tables: list[tuple[npt.NDArray[Any], ...]] = []
        self.strengths = [1.0] * n_conditions

    def fit(self, rows: Codes, ids: Codes, weights: npt.NDArray[np.floating] | None = None) -> NGram:
        """rows: [N, n] conditions of each position, the most telling first; ids: [N] what came; weights: [N], for how
        much each counts."""
        self._tables = []
        contexts = np.zeros(len(ids), np.uint64)
        for k in range(self._n):
            contexts = _mixed(contexts, rows[:, k])
            pairs, at, which = np.unique(_mixed(contexts, ids), return_index=True, return_inverse=True)
            pair_counts = np.bincount(which, weights, len(pairs))
            # Each (context, id) pair belongs to one context: how much it was seen, and how many different ids.
            seen, which = np.unique(contexts[at], return_inverse=True)
            totals, kinds = np.bincount(which, pair_counts, len(seen)), np.bincount(which, minlength=len(seen))
            self._tables.append((seen, totals, kinds, pairs, pair_counts))
        return self

    def tune(self, rows: Codes, ids: Codes, n_allowed: npt.NDArray[np.integer]) -> NGram:
        """Choose each strength so that these ids, which were not counted, are likeliest; the shortest contexts'
        first."""
        for k in range(self._n):
            nats = []
            for strength in _STRENGTHS:
                self.strengths[k] = strength
                *_, p = itertools.islice(self.orders(rows, ids, n_allowed), k + 1)
                nats.append(float(-np.log(p).sum()))
            self.strengths[k] = _STRENGTHS[int(np.argmin(nats))]
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
            total = _look_up(contexts, seen, totals)
            kind = self.strengths[k] * _look_up(contexts, seen, kinds)
            count = _look_up(_mixed(contexts, ids), pairs, pair_counts)
            p = np.where(total > 0, (count + kind * p) / np.where(total > 0, total + kind, 1), p)
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

    Training pieces are counted in every augmentation they admit, as the model sees them, all of them together as one
    piece. How far contexts are trusted is chosen on a tenth of the training pieces, counting the others.
    """
    augmented = [
        [tokenizer.augmentations.map[a][piece] for a in np.flatnonzero(tokenizer.augmentations.admits(piece))]
        for piece in train
    ]
    seen = Positions(tokenizer, [piece for copies in augmented for piece in copies])
    weights = np.concatenate([np.full(len(piece), 1 / len(copies)) for copies in augmented for piece in copies])
    tenth = _tenth(train)
    apart = np.concatenate([part for part, copies in zip(tenth, augmented, strict=True) for _ in copies])
    asked_of, once = Positions(tokenizer, train), np.concatenate(tenth)
    asked = {name: Positions(tokenizer, pieces) for name, pieces in held_out.items()}
    plain, context = _names(tokenizer)
    results: dict[str, dict[str, float]] = {}
    for names, of in ((plain, Positions.before), (context, Positions.context)):
        if not names:
            continue
        rows = of(seen)
        model = NGram(tokenizer, rows.shape[1]).fit(rows[~apart], seen.ids[~apart], weights[~apart])
        model.tune(of(asked_of)[once], asked_of.ids[once], asked_of.n_allowed[once])
        model.fit(rows, seen.ids, weights)
        for split, positions in asked.items():
            orders = list(model.orders(of(positions), positions.ids, positions.n_allowed))
            for name, p in zip(names, orders[-len(names) :], strict=True):
                scored = p[positions.scored]
                results.setdefault(name, {})[split] = float(-np.log(scored).mean()) if len(scored) else 0.0
    return results


def _tenth(pieces: Sequence[Ids]) -> list[npt.NDArray[np.bool_]]:
    """bool [T] of each piece: all of every tenth piece; of fewer than ten pieces the end of each."""
    if len(pieces) < 10:
        return [np.arange(len(piece)) >= len(piece) - len(piece) // 10 for piece in pieces]
    return [np.full(len(piece), i % 10 == 9) for i, piece in enumerate(pieces)]


_NAMES = {1: "unigram", 2: "bigram", 3: "trigram"}


def _names(tokenizer: Tokenizer[Any]) -> tuple[list[str], list[str]]:
    """Of the plain n-grams, the shortest first, and of the one on context."""
    plain = [_NAMES.get(n, f"{n}-gram") for n in range(1, tokenizer.order + 1)]
    return plain, ["context n-gram"] if tokenizer.backoff else []


class Positions:
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

"""Many continuations of one sequence, drawn side by side: what may come of it.

Shapes: N paths, B of them that still go on, V ids, S states of the grammar.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from seqgen.core.tokenizer import Ids, Tokenizer
from seqgen.core.workers import cores
from seqgen.sampling.filters import drawn
from seqgen.sampling.reader import Predictor
from seqgen.sampling.sampler import one_thread

_SIDE_BY_SIDE = 512  # paths: more are not quicker
_FINISHED = 0.2  # of the paths, that are carried along before the others leave them behind
MOST = 20_000  # ids of a path that does not come to an end


@dataclass(frozen=True)
class Paths:
    """ids: int32 [N, T] what each path says from the place where it begins, -1 behind its end. ended: bool [N], whether
    the piece ended there by itself."""

    ids: Ids
    ended: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.ids)

    def path(self, n: int) -> Ids:
        """int32 [T] of one."""
        return np.asarray(self.ids[n][self.ids[n] >= 0], np.int32)

    def of_type(self, tokenizer: Tokenizer[Any], kind: str, n: int) -> Ids:
        """int32 [N, n]: the first n ids of a type that each path says, -1 where there are fewer."""
        wanted = np.append(np.array(tokenizer.vocabulary.types) == kind, False)[self.ids]  # -1 is the last
        row, column = np.nonzero(wanted)
        place = np.arange(len(row)) - np.searchsorted(row, row)
        found = np.full((len(self), n), -1, np.int32)
        near = place < n
        found[row[near], place[near]] = self.ids[row[near], column[near]]
        return found


def roll_out(
    predictor: Predictor,
    tokenizer: Tokenizer[Any],
    *,
    count: int,
    events: int | None = None,
    seed: int = 0,
    max_tokens: int = MOST,
    threads: int | None = None,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> Paths:
    """`count` paths from where a predictor of one sequence stands, the same for the same seed.

    events: how many more are drawn, each with one id of the type `tokenizer.main`; None: until the piece ends by
    itself, or has come to max_tokens more. threads: that draw paths; all cores by default. report(paths so far, of how
    many) is called now and then.
    """
    # How paths are told off must not depend on the threads: each batch of them has random numbers of its own.
    sizes = [len(part) for part in np.array_split(np.arange(count), -(-count // _SIDE_BY_SIDE))]
    parts: list[Paths] = []

    def roll(batch: int) -> Paths:
        start = predictor.fork(np.zeros(sizes[batch], np.int64))
        rng = np.random.Generator(np.random.Philox(key=[seed, batch]))
        return _roll(start, tokenizer, events, max_tokens, rng)

    n = min(threads or cores(), len(sizes))
    with one_thread(), ThreadPoolExecutor(n, "paths", initializer=torch.set_num_threads, initargs=(1,)) as pool:
        predictor.probabilities()  # here, for all
        for part in pool.map(roll, range(len(sizes))):
            report(sum(map(len, parts)), count)
            parts.append(part)
    report(count, count)
    longest = max(part.ids.shape[1] for part in parts)
    ids = [np.pad(p.ids, ((0, 0), (0, longest - p.ids.shape[1])), constant_values=-1) for p in parts]
    return Paths(np.concatenate(ids), np.concatenate([part.ended for part in parts]))


def _roll(
    walk: Predictor, tokenizer: Tokenizer[Any], events: int | None, max_tokens: int, rng: np.random.Generator
) -> Paths:
    grammar, unknown = tokenizer.grammar, tokenizer.unknown_of
    closed = ~np.any(grammar.transitions >= 0, axis=1)
    counts = np.array(tokenizer.vocabulary.types) == tokenizer.main
    said = unknown != np.arange(len(unknown))  # "not given" may be asked for, but is not an answer
    n = len(walk.states)
    live, columns, ended = np.arange(n), list[Ids](), np.zeros(n, bool)
    counted, over = np.zeros(n, np.int64), closed[walk.states]
    while not over.all() and len(columns) < max_tokens:
        if over.mean() >= _FINISHED:
            on = np.flatnonzero(~over)
            walk, live, over, counted = walk.fork(on), live[on], over[on], counted[on]
        ids = drawn(walk.probabilities() * said, rng.random(len(live)))
        walk.take(ids)
        columns.append(np.full(n, -1, np.int32))
        columns[-1][live[~over]] = ids[~over]
        counted += counts[ids]
        ended[live[closed[walk.states] & ~over]] = True
        over |= closed[walk.states]
        if events is not None:
            over |= grammar.final(walk.states) & (counted >= events)
    found = np.stack(columns, axis=1) if columns else np.zeros((n, 0), np.int32)
    return Paths(found, ended)

"""Draws sequences from a model, a batch at a time, every id legal by the grammar.

Shapes: B sequences, V ids.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from threadpoolctl import ThreadpoolController

from seqgen.core.errors import UsageError
from seqgen.core.limits import LIMITS
from seqgen.core.narrowing import Barred, narrowed
from seqgen.core.tokenizer import Tokenizer
from seqgen.model import SequenceModel
from seqgen.sampling.cells import Floats
from seqgen.sampling.filters import Filters, drawn
from seqgen.sampling.stepper import new_stepper

Ids = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

_UNIFORMS = 256  # random numbers drawn together


@dataclass(frozen=True)
class Request:
    """What is asked for.

    template: int32 [T], ids that stand and -1 where the model chooses. length: amount and unit, None until the piece
    ends by itself. until: shown the ids of a sequence after each id drawn, says whether it shall end there. barred: ids
    that may not come behind the template.
    """

    template: Ids
    length: tuple[int, str] | None = None
    max_tokens: int = 100_000
    until: Callable[[Ids], bool] | None = None
    barred: tuple[Barred, ...] = ()


@dataclass(frozen=True)
class Drawn:
    """A sequence: ids int32 [T], and log_probabilities float32 [T] of each under the grammar's mask and no filter."""

    ids: Ids
    log_probabilities: npt.NDArray[np.float32]


@torch.inference_mode()
def draw(
    model: SequenceModel,
    tokenizer: Tokenizer[Any],
    request: Request,
    *,
    count: int = 1,
    first: int = 0,
    filters: Filters | None = None,
    seed: int = 0,
    log_probabilities: bool = False,
    report: Callable[[int], None] = lambda n_tokens: None,
) -> list[Drawn]:
    """`count` sequences, the template included, that the grammar accepts whole; with the log-probability of every id
    where they are asked for.

    Sequence i depends on the seed and first + i. A piece ends where its requested length is reached and the grammar
    lets it end. report(tokens so far) is called now and then. Raises UsageError for a template that breaks the grammar.
    """
    if count < 1:
        raise UsageError(f"{count} samples: ask for at least one.")
    if request.max_tokens > LIMITS.max_sample_tokens:
        raise UsageError(f"A sample may have {LIMITS.max_sample_tokens:,} tokens at most.")
    with one_thread():
        draft = Draft(model, tokenizer, request, count, filters or Filters(), seed, log_probabilities, first)
        while not draft.done():
            draft.step()
            if draft.n % 64 == 0:
                report(draft.n * count)
        return draft.drawn()


def draw_one(
    model: SequenceModel, tokenizer: Tokenizer[Any], request: Request, *, filters: Filters | None = None, seed: int = 0
) -> Iterator[int]:
    """The ids of one sequence behind its template, each as soon as it is drawn; the first of what `draw` gives."""
    draft = Draft(model, tokenizer, request, 1, filters or Filters(), seed, False)
    while not draft.done():
        n = draft.n
        with one_thread(), torch.inference_mode():
            draft.step()
        if draft.n > max(n, len(request.template)):
            yield int(draft.ids[0, n])


def draw_growing(
    model: SequenceModel,
    tokenizer: Tokenizer[Any],
    request: Request,
    every: int,
    *,
    filters: Filters | None = None,
    seed: int = 0,
) -> Iterator[Ids]:
    """All ids of one sequence so far, template included, each time so many more were read or drawn, and at its end: the
    first of what `draw` gives."""
    draft = Draft(model, tokenizer, request, 1, filters or Filters(), seed, False)
    wanted = every
    while not draft.done():
        with one_thread(), torch.inference_mode():
            while draft.n < wanted and not draft.done():
                draft.step()
        wanted += every
        if not draft.done():
            yield draft.ids[0, : draft.n].copy()
    yield draft.drawn()[0].ids


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """A step is too little work to share, and sharing it stalls whenever another process wants a core."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with _blas().limit(limits=1, user_api="blas"):
            yield
    finally:
        torch.set_num_threads(threads)


@functools.cache
def _blas() -> ThreadpoolController:
    """numpy's matrix products, whose library takes all cores by default."""
    return ThreadpoolController()


class Draft:
    """Sequences in the making."""

    def __init__(
        self,
        model: SequenceModel,
        tokenizer: Tokenizer[Any],
        request: Request,
        count: int,
        filters: Filters,
        seed: int,
        scores: bool,
        first: int = 0,
    ) -> None:
        self.stepper = new_stepper(model, count)
        self.tokenizer, self.request, self.filters = tokenizer, request, filters
        self.n = 0  # ids of every sequence so far
        self._rows = np.arange(count)
        self._filtered = filters != Filters()
        self.ids = np.zeros((count, 256), np.int32)
        self.lengths = np.full(count, -1)  # of finished sequences
        self.cursor = tokenizer.context.start(np.zeros((count, 0), np.int32))
        self.previous = np.full(count, model.begin, np.int64)
        self._scores = np.zeros(self.ids.shape if scores else (count, 0), np.float32)
        # Each sequence has its own stream of random numbers, so that it does not depend on how many there are.
        self._random = [np.random.Generator(np.random.Philox(key=[seed, first + i])) for i in range(count)]
        self._uniforms = np.zeros((count, 0))
        grammar, unknown = tokenizer.grammar, tokenizer.unknown_of
        self.grammar_state = grammar.start(count)
        closed = ~np.any(grammar.transitions >= 0, axis=1)
        self._closed = closed
        # [S, V]: "not given" may be asked for, but is not an answer; some ids end the piece.
        self._free = grammar.masks & ~(unknown == np.arange(len(unknown)))
        # Behind the template, where some ids may be barred; then there are more states.
        self.rules = narrowed(grammar, request.barred) if request.barred else grammar
        self.rules_state = self.grammar_state
        self._choices = self.rules.masks & np.resize(self._free, self.rules.masks.shape)
        following = self.rules.transitions[:, self.rules.class_of]
        self._ends = self._choices & np.resize(closed, self.rules.n_states)[following]
        self._open = self._choices & ~self._ends
        self._seen = np.zeros((count, len(unknown)), bool) if filters.needs_seen else None
        self._said = [np.zeros((count, len(unknown)), bool) for _ in tokenizer.once]
        self._counted = np.zeros(count, np.int64)
        self._counts: npt.NDArray[np.int64] | None = None  # [B, V], once the template has been said
        self._amount = np.ones(count, np.int64)

    def done(self) -> bool:
        """Whether every sequence has ended."""
        return bool((self.lengths >= 0).all())

    def drawn(self) -> list[Drawn]:
        """The sequences, as far as they are drawn."""
        return [Drawn(self.ids[i, :n].copy(), self._scores[i, :n].copy()) for i, n in enumerate(self.lengths)]

    def step(self) -> None:
        """One more id for every sequence; finished ones are carried along."""
        fixed = self._fixed()
        logits = self.stepper(self.previous, self.cursor.row())
        if fixed >= 0:
            chosen = np.full(len(self.lengths), fixed, np.int64)
        else:
            allowed = self._allowed()
            stuck = ~allowed.any(axis=1)
            if stuck.any():
                self.lengths[stuck & (self.lengths < 0)] = self.n
                if self.done():
                    return
                allowed[stuck, 0] = True  # any id will do there; it is cut off
            chosen = self._draw(self._ending(logits, allowed), self._not_again(allowed))
        said = self._log_probabilities(logits)[self._rows, chosen] if self._scores.size else None
        self._take(chosen)
        if said is not None:
            self._scores[:, self.n - 1] = said

    def _fixed(self) -> int:
        """The id that the template has here; -1 where the model chooses. Raises UsageError."""
        template = self.request.template
        fixed = int(template[self.n]) if self.n < len(template) else -1
        if fixed >= 0 and not self.tokenizer.grammar.mask(self.grammar_state)[:, fixed].all():
            token = self.tokenizer.vocabulary.tokens[fixed]
            raise UsageError(f"{token} may not stand at place {self.n + 1} of a piece.")
        return fixed

    def _allowed(self) -> Bools:
        """bool [B, V]: the grammar's mask, narrowed by the length asked for; an empty row has come to its end."""
        request, rules, state = self.request, self.rules, self.rules_state
        if self.n < len(request.template):
            return np.asarray(self._free[self.grammar_state])
        if self.n == len(request.template) and not (rules.final(state) | self._choices[state].any(axis=1)).all():
            raise UsageError("No piece can be as it is asked for.", "Ask for less.")
        if request.length is None and self.n < request.max_tokens:
            return np.asarray(self._choices[state])
        if self.n >= request.max_tokens:
            final = rules.final(state)[:, None]
            return np.asarray(np.where(final, self._ends[state], rules.closing(state) & self._choices[state]), bool)
        if self._counts is None:
            self._set_lengths()
        allowed = self._open[state]
        reached = np.flatnonzero((self._counted >= self._amount) & (self.lengths < 0))
        final, closing = rules.final(state[reached]), rules.closing(state[reached])
        for b, may_end, nearer in zip(reached, final, closing, strict=True):
            rest = self._choices[state[b]] & (self._counts[b] == 0)  # type: ignore[index]  # set just above
            # Where no such id may come and the piece may not end, counted ones go on, the shortest way to its end.
            allowed[b] = rest if rest.any() or may_end else self._choices[state[b]] & nearer
        return np.asarray(allowed)

    def _not_again(self, allowed: Bools) -> Bools:
        """Without what is said once, where anything else is left."""
        for said in self._said:
            left = allowed & ~said
            allowed = np.where(left.any(axis=1, keepdims=True), left, allowed)
        return allowed

    def _ending(self, logits: Floats, allowed: Bools) -> Floats:
        """Where the length is reached, what would go on (to the next bar) ends the piece instead, as likely as that:
        an end by itself is rare, and filters would leave it out."""
        over = np.flatnonzero((self._counted >= self._amount) & (self.lengths < 0)) if self._counts is not None else ()
        if len(over):
            logits = logits.copy()
        for b in over:
            ends = self._ends[self.rules_state[b]] & allowed[b]
            onward = self._choices[self.rules_state[b]] & ~allowed[b]
            if ends.any() and onward.any():
                logits[b, ends] = np.logaddexp.reduce(logits[b, onward | ends])
        return logits

    def _set_lengths(self) -> None:
        """Each sequence's own: how many ids a bar has depends on its time signature."""
        amount, unit = self.request.length or (0, "")
        lengths = [self.tokenizer.length(amount, unit, row[: self.n]) for row in self.ids]
        self._counts = np.stack([length.counted for length in lengths]).astype(np.int64)
        self._amount = np.array([length.amount for length in lengths], np.int64)

    def _draw(self, logits: Floats, allowed: Bools) -> npt.NDArray[np.int64]:
        masked = np.where(allowed, logits, np.float32(-np.inf))
        if self._filtered:
            done = float(self._counted.min() / max(1, int(self._amount.max())))
            seen = None if self._seen is None else torch.from_numpy(self._seen)
            masked = self.filters(torch.from_numpy(masked), done, seen).numpy()
        place = self.n % _UNIFORMS
        if place >= self._uniforms.shape[1] or place == 0:
            self._uniforms = np.stack([r.random(_UNIFORMS) for r in self._random])
        return drawn(np.exp(masked - masked.max(axis=1, keepdims=True)), self._uniforms[:, place])

    def _log_probabilities(self, logits: Floats) -> Floats:
        """[B, V] under the grammar's mask and no filter; of finished sequences they mean nothing."""
        allowed = self.tokenizer.grammar.mask(self.grammar_state) | (self.lengths >= 0)[:, None]
        masked = np.where(allowed, logits, np.float32(-np.inf))
        masked -= masked.max(axis=1, keepdims=True)
        found: Floats = masked - np.log(np.exp(masked).sum(axis=1, keepdims=True))
        return found

    def _take(self, chosen: npt.NDArray[np.int64]) -> None:
        if self.n == self.ids.shape[1]:
            self.ids = np.concatenate([self.ids, np.zeros_like(self.ids)], axis=1)
            self._scores = np.concatenate([self._scores, np.zeros_like(self._scores)], axis=1)
        self.ids[:, self.n] = chosen
        if self._counts is not None:
            self._counted += self._counts[self._rows, chosen]
        if self._seen is not None:
            self._seen[self._rows, chosen] = True
        for once, said in zip(self.tokenizer.once, self._said, strict=True):
            said[once.anew[chosen]] = False
            said[self._rows, chosen] |= once.ids[chosen]
        self.grammar_state = self.tokenizer.grammar.advance(self.grammar_state, chosen)
        behind = self.request.barred and self.n >= len(self.request.template)
        self.rules_state = self.rules.advance(self.rules_state, chosen) if behind else self.grammar_state
        self.cursor.advance(chosen)
        self.previous = chosen
        self.n += 1
        ended = self._closed[self.grammar_state]
        if self.request.until is not None and self.n > len(self.request.template):
            final = self.tokenizer.grammar.final(self.grammar_state) & (self.lengths < 0)
            for b in np.flatnonzero(final & ~ended):
                ended[b] = self.request.until(self.ids[b, : self.n])
        if ended.any():
            self.lengths[ended & (self.lengths < 0)] = self.n

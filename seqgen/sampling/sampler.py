"""Draws sequences from a model, a batch at a time, every id legal by the grammar.

Shapes: B sequences, V ids.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from seqgen.core.errors import UsageError
from seqgen.core.limits import LIMITS
from seqgen.core.tokenizer import Length, Tokenizer
from seqgen.model import SequenceModel
from seqgen.sampling.filters import Filters
from seqgen.sampling.stepper import new_stepper

Ids = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Request:
    """What is asked for. template: int32 [T], ids that stand and -1 where the model chooses; all before `continued`
    ids of it belong to the header. length: amount and unit, None until the piece ends by itself."""

    template: Ids
    length: tuple[int, str] | None = None
    max_tokens: int = 100_000


@torch.inference_mode()
def sample(
    model: SequenceModel,
    tokenizer: Tokenizer[Any],
    request: Request,
    *,
    count: int = 1,
    filters: Filters | None = None,
    seed: int = 0,
    report: Callable[[int], None] = lambda n_tokens: None,
) -> list[Ids]:
    """`count` sequences (int32 [T] each, the template included) that the grammar accepts whole.

    Sequence i depends on the seed and i. A piece ends where its requested length is reached and the grammar lets it
    end. report(tokens so far) is called now and then. Raises UsageError for a template that breaks the grammar.
    """
    if count < 1:
        raise UsageError(f"{count} samples: ask for at least one.")
    if request.max_tokens > LIMITS.max_sample_tokens:
        raise UsageError(f"A sample may have {LIMITS.max_sample_tokens:,} tokens at most.")
    with _one_thread():
        draft = _Draft(model, tokenizer, request, count, filters or Filters(), seed)
        while not draft.done():
            draft.step()
            if draft.n % 64 == 0:
                report(draft.n * count)
        return draft.sequences()


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """A step is too little work to share, and sharing it stalls whenever another process wants a core."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


class _Draft:
    """Sequences in the making."""

    def __init__(
        self, model: SequenceModel, tokenizer: Tokenizer[Any], request: Request, count: int, filters: Filters, seed: int
    ) -> None:
        self.stepper = new_stepper(model, count)
        self.tokenizer, self.request, self.filters = tokenizer, request, filters
        self.n = 0  # ids of every sequence so far
        self.ids = np.zeros((count, 256), np.int32)
        self.lengths = np.full(count, -1)  # of finished sequences
        self.grammar_state = tokenizer.grammar.start(count)
        self.cursor = tokenizer.context.start(np.zeros((count, 0), np.int32))
        self.previous = np.full(count, model.begin, np.int64)
        self.generators = [torch.Generator().manual_seed(_mixed(seed, i)) for i in range(count)]
        self.limits: list[Length] = []
        self.counted = np.zeros(count, np.int64)
        unknown = tokenizer.unknown_of
        self._never = unknown == np.arange(len(unknown))  # "not given" may be asked for, but is not an answer

    def done(self) -> bool:
        return bool((self.lengths >= 0).all())

    def sequences(self) -> list[Ids]:
        return [self.ids[i, :n].copy() for i, n in enumerate(self.lengths)]

    def step(self) -> None:
        """One more id for every sequence; finished ones are carried along unchanged."""
        template = self.request.template
        fixed = int(template[self.n]) if self.n < len(template) else -1
        logits = self.stepper(self.previous, self.cursor.row())
        if fixed >= 0:
            chosen = np.full(len(self.lengths), fixed, np.int64)
            if not self.tokenizer.grammar.mask(self.grammar_state)[:, fixed].all():
                token = self.tokenizer.vocabulary.tokens[fixed]
                raise UsageError(f"{token} may not stand at place {self.n + 1} of a piece.")
        else:
            allowed = self._allowed()
            stuck = ~allowed.any(axis=1) & (self.lengths < 0)
            self.lengths[stuck] = self.n
            allowed[self.lengths >= 0, 0] = True  # any id will do there; it is cut off
            if self.done():
                return
            chosen = self._draw(logits, allowed)
        self._take(chosen)

    def _allowed(self) -> npt.NDArray[np.bool_]:
        """bool [B, V]: the grammar's mask, narrowed by the length asked for; an empty row has come to its end."""
        grammar, state = self.tokenizer.grammar, self.grammar_state
        allowed: npt.NDArray[np.bool_] = np.asarray(grammar.mask(state) & ~self._never)
        if self.n < len(self.request.template):
            return allowed
        if self.request.length is None and self.n < self.request.max_tokens:
            return allowed
        if not self.limits:
            self._set_limits()
        following = grammar.transitions[state][:, grammar.class_of]
        closed = ~np.any(grammar.transitions >= 0, axis=1)
        ends = (following >= 0) & closed[following]  # ids that close the piece
        for b, limit in enumerate(self.limits):
            if self.counted[b] < limit.amount:
                allowed[b] &= ~ends[b]
            else:
                rest = allowed[b] & ~limit.counted
                if rest.any() or grammar.final(state[b : b + 1])[0]:  # else a counted id must come before it may end
                    allowed[b] = rest
        if self.n >= self.request.max_tokens:
            closing = grammar.closing(state) & ~self._never
            final = grammar.final(state)
            allowed = np.asarray(np.where(final[:, None], allowed & ends, closing), bool)
        return allowed

    def _set_limits(self) -> None:
        """Each sequence's own: how many ids a bar has depends on its time signature."""
        if self.request.length is None:
            nothing = np.zeros(len(self.tokenizer.vocabulary), bool)
            self.limits = [Length(nothing, 0)] * len(self.lengths)
            return
        amount, unit = self.request.length
        self.limits = [self.tokenizer.length(amount, unit, row[: self.n]) for row in self.ids]

    def _draw(self, logits: Tensor, allowed: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
        masked = logits.masked_fill(~torch.from_numpy(allowed), float("-inf"))
        p = self.filters(masked).softmax(dim=-1).double().cumsum(dim=-1)
        # Each sequence has its own stream of random numbers, so that it does not depend on how many there are.
        u = torch.stack([torch.rand((), generator=g, dtype=torch.float64) for g in self.generators])
        drawn = torch.searchsorted(p, (u * p[:, -1])[:, None], right=True)[:, 0]
        ids: npt.NDArray[np.int64] = drawn.clamp(max=p.shape[-1] - 1).numpy()
        # Rounding may point at an id without probability at the very end: take the last one that has some.
        for b in np.flatnonzero(~allowed[np.arange(len(ids)), ids]):
            ids[b] = np.flatnonzero(allowed[b])[-1]
        return ids

    def _take(self, chosen: npt.NDArray[np.int64]) -> None:
        if self.n == self.ids.shape[1]:
            self.ids = np.concatenate([self.ids, np.zeros_like(self.ids)], axis=1)
        self.ids[:, self.n] = chosen
        if self.limits and self.n >= len(self.request.template):
            self.counted += [bool(limit.counted[i]) for limit, i in zip(self.limits, chosen, strict=True)]
        self.grammar_state = self.tokenizer.grammar.advance(self.grammar_state, chosen)
        self.cursor.advance(chosen)
        self.previous = chosen
        self.n += 1
        ended = ~(self.tokenizer.grammar.transitions[self.grammar_state] >= 0).any(axis=1) & (self.lengths < 0)
        self.lengths[ended] = self.n


def _mixed(seed: int, i: int) -> int:
    digest = hashlib.blake2b(f"{seed},{i}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1

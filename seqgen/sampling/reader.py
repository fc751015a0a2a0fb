"""How probable each next id is, for sequences that are read or drawn id by id and may fork.

Shapes: B sequences, V ids, S states of the grammar.
"""

from __future__ import annotations

import copy
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from seqgen.core.tokenizer import Ids, Tokenizer
from seqgen.model import SequenceModel
from seqgen.sampling.cells import Floats
from seqgen.sampling.stepper import new_stepper

Ints = npt.NDArray[np.integer]


class Predictor(Protocol):
    """Sequences side by side, at the place where their next id is asked for: a model's, or those of counting."""

    @property
    def states(self) -> npt.NDArray[np.int32]:
        """int32 [B] of the grammar."""
        ...

    def probabilities(self) -> Floats:
        """float32 [B, V] under the grammar's mask."""
        ...

    def take(self, ids_B: Ints) -> None:
        """Go on by one id each."""
        ...

    def fork(self, rows: Ints) -> Predictor:
        """Another one, at these sequences; some may be there several times, some not at all."""
        ...


class Reader:
    """The model's. It begins with one sequence, before its first id.

    temperatures: float32 [S], by which the scores of what may follow in each state are divided; None for all one.
    """

    def __init__(
        self, model: SequenceModel, tokenizer: Tokenizer[Any], temperatures: npt.NDArray[np.float32] | None = None
    ) -> None:
        grammar = tokenizer.grammar
        self._grammar, self._temperatures = grammar, temperatures
        self._stepper = new_stepper(model, 1)
        self._cursor = tokenizer.context.start(np.zeros((1, 0), np.int32))
        self._previous = np.full(1, model.begin, np.int64)
        self._logits: Floats | None = None  # of the present place, once the model has got there
        self.states = grammar.start(1)

    def read(self, ids_T: Ids) -> Reader:
        """Go on by these ids, every sequence alike; returns itself."""
        for i in ids_T.tolist():
            self.take(np.full(len(self.states), i))
        return self

    def take(self, ids_B: Ints) -> None:
        self._arrive()
        self.states = self._grammar.advance(self.states, ids_B)
        self._cursor.advance(ids_B)
        self._previous, self._logits = np.asarray(ids_B, np.int64), None

    def probabilities(self) -> Floats:
        """At the end of a sequence, where nothing may follow, there are none."""
        logits = self._arrive()
        if self._temperatures is not None:
            logits = logits / self._temperatures[self.states, None]
        masked = np.where(self._grammar.mask(self.states), logits, np.float32(-np.inf))
        top = masked.max(axis=1, keepdims=True)
        p: Floats = np.exp(masked - np.where(np.isfinite(top), top, 0))
        p /= np.maximum(p.sum(axis=1, keepdims=True), np.float32(1e-30))
        return p

    def fork(self, rows: Ints) -> Reader:
        other = copy.copy(self)
        other._stepper, other._cursor = self._stepper.fork(rows), self._cursor.fork(rows)
        other._previous, other.states = self._previous[rows], self.states[rows]
        other._logits = None if self._logits is None else self._logits[rows]
        return other

    def _arrive(self) -> Floats:
        if self._logits is None:
            self._logits = self._stepper(self._previous, self._cursor.row())
        return self._logits

"""What may follow: a finite automaton over classes of ids, stepped for a whole batch at once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from functools import cached_property

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

_BLOCK = 4096  # ids that are walked, or passed over, together


class Grammar:
    """Syntax as a finite automaton.

    Ids that the syntax treats alike form one class, so the table is states × classes and stays small.

    class_of: int [V], each id's class. transitions: int [S, C], the next state, -1 where the class may
    not follow. final: bool [S], states where a sequence may stop. State 0 is the beginning.
    """

    def __init__(self, class_of: npt.ArrayLike, transitions: npt.ArrayLike, final: npt.ArrayLike) -> None:
        self.class_of: Ints = np.asarray(class_of, np.int32)
        self.transitions: Ints = np.asarray(transitions, np.int32)
        self.final_states: Bools = np.asarray(final, bool)

    @property
    def n_states(self) -> int:
        """How many states there are."""
        return len(self.transitions)

    @cached_property
    def masks(self) -> Bools:
        """bool [S, V]: which ids may follow in each state."""
        masks = (self.transitions >= 0)[:, self.class_of]
        masks.flags.writeable = False
        return masks

    def start(self, batch: int) -> Ints:
        """int32 [B] the state before the first id."""
        return np.zeros(batch, np.int32)

    def mask(self, state: Ints) -> Bools:
        """bool [B, V]: the ids that may follow."""
        return self.masks[state]

    def advance(self, state: Ints, ids: npt.NDArray[np.integer]) -> Ints:
        """int32 [B] the state after one id each. An id that may not follow leaves the state as it was."""
        following = self.transitions[state, self.class_of[ids]]
        return np.where(following < 0, state, following).astype(np.int32)

    def final(self, state: Ints) -> Bools:
        """bool [B]: may the sequence stop here."""
        return self.final_states[state]

    def states(self, ids_T: npt.NDArray[np.integer], begin: int = 0) -> Ints:
        """int32 [T + 1]: the state before each id and after the last. begin: the first of them."""
        states = np.zeros(len(ids_T) + 1, np.int32)
        states[0] = begin
        kinds = self.class_of[ids_T]
        leaving = self.transitions[0][kinds] > 0
        rows, state = self._rows, begin
        for start in range(0, len(kinds), _BLOCK):
            part = slice(start, start + _BLOCK)
            if state == 0 and not leaving[part].any():
                continue  # most of a text never leaves the first state
            out = []
            for kind in kinds[part].tolist():
                following = rows[state][kind]
                if following >= 0:
                    state = following
                out.append(state)
            states[start + 1 : start + 1 + len(out)] = out
        return states

    def violations(self, ids_T: npt.NDArray[np.integer]) -> Ints:
        """int32 [n]: the positions whose id may not stand there (each is then passed over); T itself when the
        sequence stops where it may not."""
        states = self.states(ids_T)
        illegal = self.transitions[states[:-1], self.class_of[ids_T]] < 0
        places = np.flatnonzero(illegal)
        if not self.final_states[states[-1]]:
            places = np.append(places, len(ids_T))
        return places.astype(np.int32)

    @cached_property
    def distance(self) -> Ints:
        """int32 [S]: the fewest ids from each state to one where a sequence may stop."""
        far = np.int32(2**30)
        distance = np.where(self.final_states, 0, far).astype(np.int32)
        allowed = self.transitions >= 0
        while True:
            reached = np.where(allowed, distance[self.transitions], far).min(axis=1) + 1
            shorter = np.minimum(distance, reached)
            if (shorter == distance).all():
                return distance
            distance = shorter

    def closing(self, state: Ints) -> Bools:
        """bool [B, V]: the ids on a shortest way to where the sequence may stop."""
        following = self.transitions[state]
        nearer = (following >= 0) & (self.distance[following] < self.distance[state][:, None])
        return nearer[:, self.class_of]

    def open_to(self, template_T: npt.NDArray[np.integer]) -> Bools:
        """bool [T + 1, S]: the states before each id of a template (-1: any id), and after the last, from which its
        given ids can all still be said."""
        open_to = np.ones((len(template_T) + 1, self.n_states), bool)
        for t in range(len(template_T) - 1, -1, -1):
            given = int(template_T[t])
            moves = self.transitions if given < 0 else self.transitions[:, self.class_of[given], None]
            open_to[t] = ((moves >= 0) & open_to[t + 1][moves]).any(axis=1)
        return open_to

    @cached_property
    def _rows(self) -> list[list[int]]:
        return [list(map(int, row)) for row in self.transitions]


def build_grammar(
    classes: Mapping[Hashable, Iterable[int]],
    start: Hashable,
    follow: Callable[[Hashable], Mapping[Hashable, Hashable]],
    final: Callable[[Hashable], bool],
) -> Grammar:
    """A Grammar from rules: every state that `follow` reaches from `start` becomes a row.

    classes: class name -> its ids (together every id once). follow(state): class name -> next state,
    for the classes that may follow. final(state): may a sequence stop there.
    """
    column = {name: i for i, name in enumerate(classes)}
    class_of = {i: column[name] for name, ids in classes.items() for i in ids}
    states: dict[Hashable, int] = {start: 0}
    order, rows = [start], []
    for state in order:  # grows while it is walked
        row = [-1] * len(column)
        for name, following in follow(state).items():
            if following not in states:
                states[following] = len(order)
                order.append(following)
            row[column[name]] = states[following]
        rows.append(row)
    return Grammar([class_of[i] for i in range(len(class_of))], rows, [final(state) for state in order])

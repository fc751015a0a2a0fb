"""UTF-8 as a finite automaton over bytes, and the grammar of any ids that stand for bytes.

Every id stands for a string of bytes, so it leads the automaton from state to state. Ids that lead alike form one
class, and what they may say together is exactly the well-formed UTF-8: RFC 3629, section 4, or Unicode, table 3-7
(nothing overlong, no surrogates, nothing above U+10FFFF).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from seqgen.core.grammar import Grammar, build_grammar

States = npt.NDArray[np.int8]

# State -> (first byte, last byte, next state). State 0 stands between characters, 1 to 3 lack so many continuation
# bytes; the first of them is narrowed after E0 (4), ED (5), F0 (6) and F4 (7).
_WAYS: dict[int, list[tuple[int, int, int]]] = {
    0: [
        (0x00, 0x7F, 0), (0xC2, 0xDF, 1), (0xE0, 0xE0, 4), (0xE1, 0xEC, 2), (0xED, 0xED, 5), (0xEE, 0xEF, 2),
        (0xF0, 0xF0, 6), (0xF1, 0xF3, 3), (0xF4, 0xF4, 7),
    ],
    1: [(0x80, 0xBF, 0)],
    2: [(0x80, 0xBF, 1)],
    3: [(0x80, 0xBF, 2)],
    4: [(0xA0, 0xBF, 1)],
    5: [(0x80, 0x9F, 1)],
    6: [(0x90, 0xBF, 2)],
    7: [(0x80, 0x8F, 2)],
}  # fmt: skip
N_STATES = len(_WAYS)
_ASTRAY = N_STATES


def _table() -> States:
    table = np.full((N_STATES + 1, 256), _ASTRAY, np.int8)
    for state, ways in _WAYS.items():
        for first, last, following in ways:
            table[state, first : last + 1] = following
    return table


_TABLE = _table()
# The bytes that occur in some text: all but C0, C1 and F5 to FF.
POSSIBLE_BYTES: tuple[int, ...] = tuple(np.flatnonzero((_TABLE[:N_STATES] != _ASTRAY).any(axis=0)).tolist())


def ways(strings: Sequence[bytes]) -> States:
    """int8 [V, 8]: where each byte string leads from each state; -1 where it may not stand. Strings are not empty."""
    lengths = np.array([len(string) for string in strings])
    flat = np.frombuffer(b"".join(strings), np.uint8)
    starts = np.cumsum(lengths) - lengths
    states = np.tile(np.arange(N_STATES, dtype=np.int8), (len(strings), 1))
    for place in range(int(lengths.max(initial=0))):
        longer = np.flatnonzero(lengths > place)
        states[longer] = _TABLE[states[longer], flat[starts[longer] + place][:, None]]
    return np.where(states == _ASTRAY, -1, states).astype(np.int8)


def utf8_grammar(strings: Sequence[bytes], *, end: bool) -> Grammar:
    """The grammar of ids that stand for these strings: together they say whole characters, one after another.

    A sequence may stop after any of them; with `end` one more id, the last, closes it.
    """
    kinds, kind_of = np.unique(ways(strings), axis=0, return_inverse=True)
    classes: dict[Hashable, Iterable[int]] = {
        k: np.flatnonzero(kind_of.reshape(-1) == k).tolist() for k in range(len(kinds))
    }
    if end:
        classes["end"] = [len(strings)]

    def follow(state: Hashable) -> Mapping[Hashable, Hashable]:
        if state == "ended":
            return {}
        moves: dict[Hashable, Hashable] = {k: int(row[state]) for k, row in enumerate(kinds) if row[state] >= 0}
        if end and state == 0:
            moves["end"] = "ended"
        return moves

    return build_grammar(classes, 0, follow, lambda state: state in (0, "ended"))

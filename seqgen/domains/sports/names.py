"""Who players and teams are: names that training saw often have an id, which follows the number of whom it names where
that number is first said. So nothing is said of anyone before he acts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from seqgen.core.errors import UsageError
from seqgen.core.vocabulary import Vocabulary
from seqgen.domains.sports.match import Match
from seqgen.domains.sports.memory import Ints, Remembered
from seqgen.domains.sports.sport import OTHER, SAME, Slot, Sport
from seqgen.domains.sports.values import Values

Bools = npt.NDArray[np.bool_]
UNKNOWN = "Unknown"
# Whoever comes counts little in the loss: enough for names to be drawn that belong together, too little to take from
# what they do.
WEIGHT = 0.1
_LEAST = 5  # matches in which one must have acted; of fewer there is little to learn
_MOST = 500  # names of a column


def kind_of(slot: Slot) -> str:
    """The type of the tokens that name those whom a slot numbers."""
    return f"{slot.kind}Name"


def named_slots(sport: Sport, names: Mapping[str, Sequence[str]]) -> dict[str, Slot]:
    """Type of tokens that name someone -> the slot that numbers him, for those slots of which names are known."""
    return {kind_of(slot): slot for slot in sport.slots if slot.numbered and names.get(slot.kind)}


def says(sport: Sport, slot: Slot) -> list[Slot]:
    """The slots whose ids say who of those that a slot numbers acts: it, and of sides that which says who goes on."""
    return [slot, *(other for other in sport.slots if other.relative and slot is sport.slots[0])]


def summary(sport: Sport, match: Match) -> Match:
    """What labels and names are learned from: of many matches, events are more than memory should hold."""
    none = np.zeros(0, np.uint16)
    columns = [slot.column for slot in sport.slots if slot.numbered]
    return replace(match, events={column: Values.of_codes(none, match.events[column].table) for column in columns})


def learned_names(sport: Sport, matches: Sequence[Match]) -> dict[str, list[str]]:
    """Type of a slot that numbers -> the names of those who acted in most matches, sorted."""
    found = {}
    for slot in sport.slots:
        if slot.numbered:
            counts = Counter(name for match in matches for name in match.events[slot.column].table)
            ranked = sorted((-n, name) for name, n in counts.items() if n >= _LEAST and _sayable(slot, name))
            found[slot.kind] = sorted(name for _, name in ranked[:_MOST])
    return {kind: names for kind, names in found.items() if names}


def checked_names(sport: Sport, names: object) -> dict[str, tuple[str, ...]]:
    """The names of each slot that has some. Raises UsageError."""
    slots = {slot.kind: slot for slot in sport.slots if slot.numbered}
    if not isinstance(names, Mapping) or set(names) - set(slots):
        raise UsageError(f"The names of {sport.name} must be those of {', '.join(slots) or 'nobody'}.")
    for kind, known in names.items():
        if not isinstance(known, list | tuple) or len(known) > _MOST:
            raise UsageError(f"The names of {kind} must be a list of at most {_MOST} texts.")
        if not all(isinstance(name, str) and _sayable(slots[kind], name) for name in known):
            raise UsageError(f"Some names of {kind} are no names.")
    return {kind: tuple(names[kind]) for kind in slots if names.get(kind)}


def _sayable(slot: Slot, name: object) -> bool:
    """Also not what those are called of whom only the number is known."""
    if not isinstance(name, str) or name in ("", UNKNOWN) or not name.isprintable() or name != name.strip():
        return False
    kind, _, number = name.rpartition(" ")
    return not (kind == slot.kind and number.isdecimal())


def said_names(
    sport: Sport, named: Mapping[str, Slot], values: Sequence[tuple[str, str]]
) -> dict[tuple[str, int, int], str]:
    """(type of a slot, period or 0 for the whole match, number) -> the name first said of it, from the beginning on:
    sides may act before that which names them is said. values: type and value of each id."""
    found: dict[tuple[str, int, int], str] = {}
    begins = [slot.kind for slot in sport.levels[:1]]
    numbers = [slot.kind for slot in sport.slots if slot.numbered]
    period, acts, side = 0, 0, 0
    relative = [slot.kind for slot in sport.slots if slot.relative]
    for kind, value in values:
        if kind in begins:
            period, side = period + 1, int(value) if kind in numbers else 0
        if kind in numbers:
            acts = int(value)
        elif kind in relative:
            side = side if value == SAME else 3 - side
            acts = side
        elif kind in named:
            slot = named[kind]
            found.setdefault((slot.kind, period if slot.within == "period" else 0, acts), value)
    return {who: name for who, name in found.items() if name != UNKNOWN}


def acting(sport: Sport, named: Mapping[str, Slot]) -> list[Acts]:
    """What is remembered of whom names were said of."""
    begins = "".join(slot.kind for slot in sport.levels[:1])
    turns = {slot.kind: f"{other.kind}_{OTHER}" for slot in named.values() for other in says(sport, slot)[1:]}
    return [Acts(kind.lower(), slot, begins, turns.get(slot.kind, "")) for kind, slot in named.items()]


@dataclass(frozen=True)
class Acts:
    """Who acts, by a slot's numbers (of two sides, also by whose turn it is) and the names that followed: 0 as long as
    that is not said, 1 for someone unknown, then the names as they are listed. The first name of a number in the
    period, or match, is its name.

    begins: the type that opens a period. turns: the token that says that the other side acts.
    """

    name: str
    slot: Slot
    begins: str
    turns: str = ""

    def bound(self, vocabulary: Vocabulary) -> Remembered:
        """See Memory."""
        numbers, names = np.zeros((2, len(vocabulary)), np.int64)
        numbers[vocabulary.of_type(self.slot.kind)] = np.arange(1, self.slot.numbered + 1)
        ids = vocabulary.of_type(kind_of(self.slot)).tolist()
        unknown = vocabulary.id(f"{kind_of(self.slot)}_{UNKNOWN}")
        names[[unknown, *(i for i in ids if i != unknown)]] = np.arange(1, len(ids) + 1)
        begins = np.zeros(len(vocabulary), bool)
        if self.slot.within == "period":
            begins[vocabulary.of_type(self.begins)] = True
        turns = np.array([token == self.turns for token in vocabulary.tokens], bool)
        return _Acts(numbers, names, begins, turns, self.slot.numbered)


class _Acts:
    def __init__(self, numbers: Ints, names: Ints, begins: Bools, turns: Bools, most: int) -> None:
        self.numbers, self.names, self.begins, self.turns, self.most = numbers, names, begins, turns, most
        self.size = int(names.max()) + 1
        self.moved = begins | turns | (numbers > 0) | (names > 0)

    def maps(self, table_AV: npt.NDArray[np.int32]) -> npt.NDArray[np.int32] | None:
        return None  # whoever plays does so on both sides of the field

    def of(self, ids_T: Ints) -> Ints:
        numbers, names, begins = self.numbers[ids_T], self.names[ids_T], self.begins[ids_T]
        last = np.maximum.accumulate(np.where((numbers > 0) | begins, np.arange(1, len(ids_T) + 1), 0))
        acts = np.concatenate([[0], numbers])[last]
        turns = np.concatenate([[0], np.cumsum(self.turns[ids_T])])
        acts = np.where((acts > 0) & ((turns[1:] - turns[last]) % 2 == 1), 3 - acts, acts)
        who = np.cumsum(begins) * (self.most + 1) + acts
        at = np.flatnonzero((names > 0) & (acts > 0))
        named, first = np.unique(who[at], return_index=True)
        found = np.zeros(len(ids_T) + 1, np.int64)
        if len(named):
            place = np.minimum(np.searchsorted(named, who), len(named) - 1)
            known = (named[place] == who) & (at[first][place] <= np.arange(len(ids_T)))
            found[1:] = np.where(known, names[at[first]][place], 0)
        return found

    def start(self, batch: int) -> Ints:
        return np.zeros((batch, self.most + 1), np.int64)  # the number that acts, what is known of each

    def advance(self, state_Bn: Ints, ids_B: Ints) -> None:
        state_Bn[self.begins[ids_B]] = 0
        number, name = self.numbers[ids_B], self.names[ids_B]
        acts = state_Bn[:, 0]
        acts = np.where(self.turns[ids_B] & (acts > 0), 3 - acts, acts)
        state_Bn[:, 0] = np.where(number > 0, number, acts)
        rows, acts = np.arange(len(state_Bn)), state_Bn[:, 0]
        first = (name > 0) & (acts > 0) & (state_Bn[rows, acts] == 0)
        state_Bn[rows[first], acts[first]] = name[first]

    def row(self, state_Bn: Ints) -> Ints:
        acts = state_Bn[:, 0]
        found: Ints = np.where(acts > 0, state_Bn[np.arange(len(acts)), acts], 0)
        return found

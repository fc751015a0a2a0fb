"""The events of a match as ids, column by column."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from seqgen.core.vocabulary import Vocabulary
from seqgen.domains.sports.match import Match
from seqgen.domains.sports.names import UNKNOWN
from seqgen.domains.sports.sport import NONE, OTHER, SAME, Slot, Sport
from seqgen.domains.sports.values import Values

Ids = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]


def event_ids(
    sport: Sport, match: Match, vocabulary: Vocabulary, names: Mapping[str, Mapping[str, int]] | None = None
) -> Ids:
    """int32 [T]: what the slots say of all events, one event after the other. names: type of a slot that numbers -> the
    id of each name, which follows its number when that is first said; that of UNKNOWN is everyone else's."""
    opens = _opens(sport, match)
    main = match.events[next(slot.column for slot in sport.slots if slot.kind == sport.main)]
    # Of each slot its id, and where anyone is named, the name of whom it says.
    ids = np.full((len(match), len(sport.slots), 2 if names else 1), -1, np.int32)
    numbers: dict[int, npt.NDArray[np.int64]] = {}
    for k, slot in enumerate(sport.slots):
        said = opens[k] if slot.on else np.ones(len(match), bool)
        if slot.after:
            said = said & main.each(slot.after.__contains__, np.bool_)
        codes = _codes(slot, match, said, opens[0])
        ids[said, k, 0] = vocabulary.of_type(slot.kind)[codes]
        if names and (slot.numbered or slot.relative):
            numbers[k] = np.full(len(match), -1, np.int64)
            numbers[k][said] = codes
    for kind, known in (names or {}).items():
        k = next(k for k in numbers if sport.slots[k].kind == kind)
        rows, at = _appears(sport, k, numbers, opens[0])
        column = match.events[sport.slots[k].column]
        ids[rows, at, 1] = [known.get(column[row], known[UNKNOWN]) for row in rows.tolist()]
    return ids[ids >= 0]


def _appears(
    sport: Sport, k: int, numbers: Mapping[int, npt.NDArray[np.int64]], new_period: Bools
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int64]]:
    """(rows, slots) where a number of slot k is said for the first time. A side is said by the slot that marks the
    period, or by whether it acted before."""
    who, at = numbers[k], np.full(len(new_period), k)
    sides = next((i for i in numbers if sport.slots[i].relative), None)
    if k == 0 and sides is not None:
        turns = np.cumsum(numbers[sides] == sport.slots[sides].tokens().index(OTHER))
        begun = np.maximum.accumulate(np.where(new_period, np.arange(len(new_period)), 0))
        who = (who[begun] + turns - turns[begun]) % 2
        at = np.where(new_period, k, sides)
    rows = np.flatnonzero(who >= 0)
    parts = _parts(sport.slots[k], new_period)[rows]
    first = rows[np.unique(np.stack([parts, who[rows]], axis=1), axis=0, return_index=True)[1]]
    return first, at[first]


def _parts(slot: Slot, new_period: Bools) -> npt.NDArray[np.int64]:
    """int [N]: where numbers mean the same."""
    return np.cumsum(new_period) * int(slot.within == "period")


def _opens(sport: Sport, match: Match) -> list[Bools]:
    """Of each slot that marks a period, an over …: before which events it stands; of none, before the first."""
    new = np.zeros(len(match), bool)
    new[:1] = True
    found = []
    for slot in sport.levels:
        codes = match.events[slot.on].codes
        new = new.copy()
        new[1:] |= codes[1:] != codes[:-1]
        found.append(new)
    return found or [new]


def _codes(slot: Slot, match: Match, said: Bools, new_period: Bools) -> npt.NDArray[np.int64]:
    """int [n]: which of its tokens the slot says of the events that it says something of."""
    column = match.events[slot.column]
    if slot.grid:
        along, across = column, match.events[slot.across]
        known = along.each(lambda x: x is not None, np.bool_) & across.each(lambda y: y is not None, np.bool_)
        i, j = along.each(slot.grid.along), across.each(slot.grid.across)
        return np.where(known, i * (len(slot.grid.y) - 1) + j, slot.grid.size - 1)[said]
    if slot.relative:
        same = np.append(True, column.codes[1:] == column.codes[:-1]) | new_period
        return np.where(same, slot.tokens().index(SAME), 1 - slot.tokens().index(SAME))[said]
    if slot.numbered:
        parts = _parts(slot, new_period)[said]
        return np.minimum(_appearance(column.codes[said], parts), slot.numbered - 1)
    return column.each(lambda value: slot.tokens().index(value_said(slot, value)))[said]


def _appearance(codes: npt.NDArray[Any], parts: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """int [n]: as the how manieth, from 0, each code has appeared within its part."""
    numbers = np.empty(len(codes), np.int64)
    for part in np.unique(parts).tolist():
        here = parts == part
        numbers[here] = Values.of_array(codes[here]).codes
    return numbers


def value_said(slot: Slot, value: Any) -> str:
    """Which of its values a slot says for one."""
    text = NONE if value in ("", None) and NONE in slot.values else str(value)
    if text in slot.values:
        return text
    if isinstance(value, int | float):
        return min((known for known in slot.values if known != NONE), key=lambda known: abs(float(known) - value))
    return OTHER if OTHER in slot.values else slot.values[0]

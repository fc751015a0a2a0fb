"""The events of a match as ids, column by column."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from seqgen.core.vocabulary import Vocabulary
from seqgen.domains.sports.match import Match
from seqgen.domains.sports.sport import NONE, OTHER, SAME, Slot, Sport
from seqgen.domains.sports.values import Values

Ids = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]


def event_ids(sport: Sport, match: Match, vocabulary: Vocabulary) -> Ids:
    """int32 [T]: what the slots say of all events, one event after the other."""
    opens = _opens(sport, match)
    main = match.events[next(slot.column for slot in sport.slots if slot.kind == sport.main)]
    ids = np.full((len(match), len(sport.slots)), -1, np.int32)
    for k, slot in enumerate(sport.slots):
        said = opens[k] if slot.on else np.ones(len(match), bool)
        if slot.after:
            said = said & main.each(slot.after.__contains__, np.bool_)
        ids[said, k] = vocabulary.of_type(slot.kind)[_codes(slot, match, said, opens[0])]
    return ids[ids >= 0]


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
        part = np.cumsum(new_period) * (slot.within == "period")
        return np.minimum(_appearance(column.codes[said], part[said]), slot.numbered - 1)
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

"""Ids of a match as events, one after the other."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from seqgen.core.grammar import Grammar
from seqgen.core.vocabulary import Vocabulary
from seqgen.domains.sports.match import Match
from seqgen.domains.sports.names import said_names
from seqgen.domains.sports.roster import Roster
from seqgen.domains.sports.sport import NONE, SAME, Row, Slot, Sport
from seqgen.domains.sports.values import Columns


class Decoder:
    """Takes ids and keeps the events that they say. What is said so far may be forked, and go on in many ways.

    labels: type of an id of the header -> its column. named: of one that names someone -> the slot that numbers him;
    where there are such, all ids are to be taken at once, since a name holds from the beginning on. reference: the
    match that names come from; None numbers players.
    """

    def __init__(
        self,
        sport: Sport,
        vocabulary: Vocabulary,
        grammar: Grammar,
        labels: Mapping[str, str],
        named: Mapping[str, Slot],
        reference: Match | None = None,
    ) -> None:
        self._sport, self._vocabulary, self._grammar, self._labels = sport, vocabulary, grammar, labels
        self._named = named
        self._reference, self._roster = reference, Roster(sport, reference)
        self._slot_of = {slot.kind: slot for slot in sport.slots}
        self._levels = sport.levels
        # The id that opens a period says who begins where later ones say only whether the other goes on.
        self._begins = self._levels[0] if any(slot.relative for slot in sport.slots) else None
        self._nothing: Row = {name: "" if column.kind == "text" else None for name, column in sport.columns.items()}
        self._about = dict.fromkeys(sport.match_columns, "")
        self._state, self._side = 0, 1
        self._now: dict[str, int] = {}
        self._said: dict[str, Any] = {}
        self._rows: list[Row] = []

    def fork(self) -> Decoder:
        """Another one, at the same place."""
        other = copy.copy(self)
        other._roster = self._roster.fork()
        other._about, other._now, other._said = self._about.copy(), self._now.copy(), self._said.copy()
        other._rows = self._rows.copy()
        return other

    def take(self, ids_T: npt.NDArray[np.integer]) -> Decoder:
        """Go on by these ids; one that may not stand where it does is passed over. Returns itself."""
        ids = np.asarray(ids_T)
        states = self._grammar.states(ids, self._state)
        self._state = int(states[-1])
        legal = self._grammar.transitions[states[:-1], self._grammar.class_of[ids]] >= 0
        whole = self._grammar.final_states[states[1:]]
        places = np.flatnonzero(legal).tolist()
        values = [self._vocabulary.values[i] for i in ids[places].tolist()]
        if self._named:
            self._roster.said = said_names(self._sport, self._named, values)
        for t, (kind, value) in zip(places, values, strict=True):
            if kind in self._labels:
                self._about[self._labels[kind]] = "" if value == "Unknown" else value
            elif kind in self._slot_of:
                self._take(self._slot_of[kind], value)
                if whole[t]:
                    self._rows.append({**self._nothing, **self._about, **self._now, **self._said})
                    self._said = {level.column: self._said[level.column] for level in self._levels}
        return self

    def _take(self, slot: Slot, value: str) -> None:
        if slot.on:
            self._open(slot)
        if slot.grid:
            self._said[slot.column], self._said[slot.across] = slot.grid.place(value)
        elif slot.relative:
            self._side = self._side if value == SAME else 3 - self._side
            self._said[slot.column] = self._roster.name(slot, self._side)
        elif slot is self._begins:
            self._side = int(value)
        elif slot.numbered:
            self._said[slot.column] = self._roster.name(slot, int(value))
        else:
            self._said[slot.column] = _value(self._sport, slot, value)

    def _open(self, slot: Slot) -> None:
        """Count on the period, the over …; the shorter-lasting begin anew. Of the slots that are said together, the
        first does so."""
        levels = self._levels
        if next(level for level in levels if level.on == slot.on) is slot:
            self._now[slot.on] = self._now.get(slot.on, slot.first - 1) + 1
            for shorter in levels[levels.index(slot) + 1 :]:
                if shorter.on != slot.on:
                    self._now[shorter.on] = shorter.first - 1
        if slot is levels[0]:
            self._roster.new_period()

    def match(self) -> Match:
        """The whole events so far, completed."""
        about, rows = self._about.copy(), [row.copy() for row in self._rows]
        if self._reference is not None:
            about |= {column: self._reference.about[column] for column in ("match", "date")}
            for row in rows:
                row.update(about)
        self._sport.fill(rows)
        about |= {column: rows[0][column] for column in about if rows}
        return Match(self._sport.name, about, Columns(rows, self._sport.event_columns))


def _value(sport: Sport, slot: Slot, value: str) -> Any:
    """What a token says."""
    kind = sport.columns[slot.column].kind
    if kind != "text":
        return None if value == NONE else int(value) if kind == "whole" else float(value)
    return "" if value == NONE else value

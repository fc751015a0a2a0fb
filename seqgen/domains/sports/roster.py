"""Who is who in a match: actors by the number in which they appear."""

from __future__ import annotations

import copy
from collections.abc import Mapping

from seqgen.domains.sports.match import Match
from seqgen.domains.sports.sport import Slot, Sport


class Roster:
    """Numbers of actors, and the names of numbers, in a period and in the whole match. reference: where names come
    from. said: the name of a slot's number in a period (0: in the match), where ids say it. A slot that says who acts
    by who acted before shares the numbers of that which marks the period."""

    def __init__(self, sport: Sport, reference: Match | None = None) -> None:
        self.said: Mapping[tuple[str, int, int], str] = {}
        self._seen: dict[str, dict[object, int]] = {slot.kind: {} for slot in sport.slots if slot.numbered}
        self._of_period = [slot.kind for slot in sport.slots if slot.numbered and slot.within == "period"]
        self._first = sport.slots[0]
        self._names: list[dict[str, list[str]]] = []
        self._period = -1
        if reference is not None:
            self._names = _names(sport, reference)

    def fork(self) -> Roster:
        """Another one, that goes on by itself."""
        other = copy.copy(self)
        other._seen = {kind: seen.copy() for kind, seen in self._seen.items()}
        return other

    @property
    def seen(self) -> dict[str, dict[object, int]]:
        """Type of a slot -> who appeared, in order, in what is going on."""
        return dict(self._seen)

    def new_period(self) -> None:
        """Those numbered within a period begin anew."""
        self._period += 1
        for kind in self._of_period:
            self._seen[kind] = {}

    def number(self, slot: Slot, name: object) -> int:
        """From 1; those beyond the slot's last number share it."""
        slot = self._first if slot.relative else slot
        seen = self._seen[slot.kind]
        return min(seen.setdefault(name, len(seen) + 1), slot.numbered)

    def name(self, slot: Slot, number: int) -> str:
        """Of what the ids call `number`: who appeared in its place, whatever number that was."""
        slot = self._first if slot.relative else slot
        said = self.said.get((slot.kind, (self._period + 1) * (slot.kind in self._of_period), number))
        place = self.number(slot, said or number)
        if said is not None:
            return said
        period = self._period
        if slot.kind not in self._of_period:  # those of the whole match are known in the periods still to come
            period = min(period, len(self._names) - 1)
        known = self._names[period][slot.kind] if 0 <= period < len(self._names) else []
        return known[place - 1] if place <= len(known) else f"{slot.kind} {place}"


def called(sport: Sport, match: Match) -> dict[str, str]:
    """The tokens of numbers -> the names of those who have them at the end of a match. Nobody's is the last number
    when several share it."""
    names = _names(sport, match)[-1:]
    return {
        f"{slot.kind}_{number}": name
        for period in names
        for slot in sport.slots
        if slot.numbered
        for number, name in enumerate(period[slot.kind], 1)
        if name and (number < slot.numbered or number == slot.numbered == len(period[slot.kind]))
    }


def _names(sport: Sport, match: Match) -> list[dict[str, list[str]]]:
    """Of each period: type of a slot -> names in the order in which they appear."""
    found: list[dict[str, dict[object, int]]] = []
    roster, before = Roster(sport), [None] * len(sport.levels)
    main = next(slot.column for slot in sport.slots if slot.kind == sport.main)
    for row in match.rows():
        now = [row[slot.on] for slot in sport.levels]
        same = next((i for i, (a, b) in enumerate(zip(before, now, strict=True)) if a != b), len(now))
        before = now
        if same == 0:
            roster.new_period()
            found.append(roster.seen)
        for slot in (*sport.levels[same:], *sport.slots[len(now) :]):
            if (slot.numbered or slot.relative) and (not slot.after or row[main] in slot.after):
                roster.number(slot, row[slot.column])
    return [{kind: [str(name) for name in names] for kind, names in period.items()} for period in found]

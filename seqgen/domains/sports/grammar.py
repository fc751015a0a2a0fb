"""What may follow in a match: the header, then events of the sport's slots."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

from seqgen.core.grammar import Grammar, build_grammar
from seqgen.core.vocabulary import Vocabulary
from seqgen.domains.sports.names import says
from seqgen.domains.sports.sport import Slot, Sport


def sports_grammar(
    sport: Sport, vocabulary: Vocabulary, header: tuple[str, ...], names: Mapping[str, Slot] | None = None
) -> Grammar:
    """Header, then events: a state is (which slot comes next, after which value of the main slot). names: types that
    may follow the ids of a slot, to say who acts."""
    slots, levels, n = sport.slots, len(sport.levels), len(sport.slots)
    main = next(i for i, slot in enumerate(slots) if slot.kind == sport.main)
    # In an order that is the same in every process: what is kept beside a run is kept by the numbers of states.
    branching = sorted({value for slot in slots for value in slot.after})
    classes: dict[Hashable, Iterable[int]] = {kind: vocabulary.of_type(kind) for kind in header}
    for slot in slots:
        if slot is not slots[main]:
            classes[slot.kind] = vocabulary.of_type(slot.kind)
    for value in slots[main].values:
        token = [vocabulary.id(f"{sport.main}_{value}")]
        key = ("main", value if value in branching else "")
        classes[key] = [*classes.get(key, ()), *token]
    classes["End"] = vocabulary.of_type("End")

    naming = {slots.index(who): kind for kind, slot in (names or {}).items() for who in says(sport, slot)}
    for kind in naming.values():
        classes[kind] = vocabulary.of_type(kind)

    def after(i: int, value: str) -> Hashable:
        """The state behind slot i."""
        return ("name", i, value) if i in naming else past(i, value)

    def past(i: int, value: str) -> Hashable:
        """The state behind slot i and whom it names."""
        for k in range(i + 1, n):
            if not slots[k].after or value in slots[k].after:
                return ("slot", k, value if k > main else "")
        return ("event",)

    def move(k: int, value: str) -> dict[Hashable, Hashable]:
        if k == main:
            return {("main", v): after(k, str(v)) for v in ("", *branching) if ("main", v) in classes}
        return {slots[k].kind: after(k, value)}

    def follow(state: Any) -> Mapping[Hashable, Hashable]:
        moves: dict[Hashable, Hashable]
        if state[0] == "header":
            i = state[1]
            return {header[i]: ("header", i + 1) if i + 1 < len(header) else ("slot", 0, "")}
        if state[0] == "slot":
            return move(state[1], state[2])
        if state[0] == "name":
            beyond = past(state[1], state[2])
            return {naming[state[1]]: beyond, **follow(beyond)}
        if state[0] == "end":
            return {}
        moves = {"End": ("end",)}
        for k in range(levels + 1):
            if k == 0 or slots[k].on != slots[k - 1].on:  # what is said together begins with the first of it
                moves |= move(k, "")
        return moves

    start = ("header", 0) if header else ("slot", 0, "")

    def final(state: Any) -> bool:
        return state[0] in ("event", "end") or (state[0] == "name" and final(past(state[1], state[2])))

    return build_grammar(classes, start, follow, final)

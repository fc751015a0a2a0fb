"""The syntax of the REMI scheme as a finite automaton."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

from seqgen.core.grammar import Grammar, build_grammar
from seqgen.core.vocabulary import Vocabulary
from seqgen.domains.midi.remi.grid import Metre

READY = "ready"


def remi_grammar(vocabulary: Vocabulary, header_types: tuple[str, ...], metre: Metre) -> Grammar:
    """Header, then Bar [TimeSignature] {Position [Tempo] notes} …, End.

    A note is [Program] Pitch Velocity Duration, or Drum Velocity Duration. Positions rise within a bar and stay below
    its length, so a state knows both. Bars may be empty; End follows a note, so that every whole piece holds one.
    """
    v = vocabulary
    classes: dict[Hashable, Iterable[int]] = {kind: v.of_type(kind) for kind in header_types}
    for kind in ("Bar", "Tempo", "Program", "Pitch", "Drum", "Velocity", "Duration", "End"):
        classes[kind] = v.of_type(kind)
    for length in sorted(set(metre.length.tolist())):
        of_length = [i for i, other in enumerate(metre.length.tolist()) if other == length]
        classes["TimeSignature", length] = v.of_type("TimeSignature")[of_length]
    for place, i in enumerate(v.of_type("Position")):
        classes["Position", place] = [int(i)]
    common = int(metre.length[metre.common])
    metres = [c for c in classes if isinstance(c, tuple) and c[0] == "TimeSignature"]

    def follow(state: Any) -> Mapping[Hashable, Hashable]:
        where, length, place = state
        if where == "header":
            following = ("header", 0, place + 1) if place + 1 < len(header_types) else ("begin", common, 0)
            return {header_types[place]: following}
        if where == "end":
            return {}
        bar: dict[Hashable, Hashable] = {"Bar": ("bar", length, -1)}
        if where == "begin":
            return bar
        if where == "program":
            return {"Pitch": ("pitch", length, place)}
        if where == "pitch":
            return {"Velocity": ("velocity", length, place)}
        if where == "velocity":
            return {"Duration": (READY, length, place)}
        moves: dict[Hashable, Hashable] = {}
        if where == "bar":
            moves.update({c: ("metre", c[1], -1) for c in metres})
        if where in ("position", "tempo", READY):
            moves |= {"Program": ("program", length, place)}
            moves["Pitch"] = moves["Drum"] = ("pitch", length, place)
        if where == "position":
            return moves | {"Tempo": ("tempo", length, place)}
        if where == READY:
            moves["End"] = ("end", 0, 0)
        later = range(place + 1, length)
        return moves | bar | {("Position", p): ("position", length, p) for p in later}

    return build_grammar(classes, ("header", 0, 0), follow, lambda state: state[0] in ("end", READY))  # type: ignore[index]  # every state is a tuple or a name

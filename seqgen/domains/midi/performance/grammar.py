"""The syntax of the performance scheme as a finite automaton."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

from seqgen.core.grammar import Grammar, build_grammar
from seqgen.domains.midi.performance.words import DRUMS, HEADER, PerformanceWords

_HERE = (
    "here",
    "moved",
    "waiting",
)  # where an event may begin: at one's own time, after a TimeShift, after a whole one


def performance_grammar(words: PerformanceWords) -> Grammar:
    """Header, then {TimeShift} [Program] ([Velocity] Pitch Duration | Pedal) …, End.

    Drum stands for Pitch where the program is drums, which have no pedal. The first event says its program. A silence
    of more than a second is whole seconds, then the rest of it. End follows an event, once there was a note.
    """
    v = words.vocabulary
    classes: dict[Hashable, Iterable[int]] = {
        kind: v.of_type(kind) for kind in (*HEADER, "Velocity", "Pitch", "Drum", "Duration", "Pedal", "End")
    }
    shifts, programs = v.of_type("TimeShift"), v.of_type("Program")
    classes |= {"part": shifts[:-1], "whole": shifts[-1:], "drums": programs[DRUMS:], "pitched": programs[:DRUMS]}

    def follow(state: Any) -> Mapping[Hashable, Hashable]:
        where, group, noted = state  # group: "pitched", "drums", or nothing before the first program
        if where == "header":
            return {HEADER[noted]: ("header", "", noted + 1) if noted + 1 < len(HEADER) else ("here", "", False)}
        if where == "end":
            return {}
        if where == "note":
            return {"Duration": ("here", group, True)}
        strikes: dict[Hashable, Hashable] = {"Drum" if group == "drums" else "Pitch": ("note", group, noted)}
        if where == "loud":
            return strikes
        moves: dict[Hashable, Hashable] = {}
        if group:
            moves |= strikes | {"Velocity": ("loud", group, noted)}
        if group == "pitched":
            moves["Pedal"] = ("here", group, noted)
        if where in _HERE:
            moves |= {other: ("program", other, noted) for other in ("pitched", "drums")}
        if where in ("here", "waiting"):
            moves |= {"part": ("moved", group, noted), "whole": ("waiting", group, noted)}
        if where == "here" and noted:
            moves["End"] = ("end", "", True)
        return moves

    def final(state: Any) -> bool:
        return state[0] == "end" or (state[0] == "here" and bool(state[2]))

    return build_grammar(classes, ("header", "", 0), follow, final)

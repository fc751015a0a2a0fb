"""Spans of time in a bar as written values: tied where a single one would hide the beat."""

from __future__ import annotations

from seqgen.domains.midi.notation.metre import Metre, metre

WHOLE = 384
VALUES = tuple(WHOLE >> k for k in range(8))  # whole … 128th
_NOTATABLE = {value: (value, 0) for value in VALUES} | {value * 3 // 2: (value, 1) for value in VALUES[:-1]}
_TRIPLE = {96: (3, 8), 48: (3, 16), 24: (3, 32), 192: (3, 4)}  # a tuplet's window -> the metre of its written values

Value = tuple[int, int, int]  # start, value, dots


def written(length: int) -> tuple[int, int] | None:
    """(value, dots) of a length that one symbol can have."""
    return _NOTATABLE.get(length)


def split(begin: int, end: int, beat: Metre, rest: bool) -> list[tuple[int, int]]:
    """A span as spans that one symbol each can have, none of which hides a beat."""
    out: list[tuple[int, int]] = []
    waiting = [(begin, end)]
    while waiting:
        begin, end = waiting.pop()
        level, first, last = beat.strongest(begin, end)
        if level == 99 or _is_clear(begin, end, level, beat, rest):
            out.append((begin, end))
            continue
        place = last if beat.level_at(begin) <= level else first
        waiting += [(place, end), (begin, place)]
    return out


def _is_clear(begin: int, end: int, crossed: int, beat: Metre, rest: bool) -> bool:
    """Whether one symbol over this span can be read: it is as strong as what it covers, or a usual syncopation."""
    value = written(end - begin)
    if value is None:
        return False
    first, last = beat.level_at(begin), beat.level_at(end)
    if beat.grouped and crossed <= 2:  # only whole groups cross groups
        return first <= 2 and last <= 2 and (not rest or first <= crossed)
    if rest:
        return first <= crossed and (value[1] == 0 or crossed > 2)
    if first <= crossed or (last <= crossed and crossed >= 2):
        return True
    return value[1] == 0 and first == crossed + 1


def triple(window: int) -> Metre:
    """The metre of the written values of a triplet that fills a window."""
    return metre(_TRIPLE[window])


def can_triple(window: int) -> bool:
    """Whether a triplet may fill a window of so many units."""
    return window in _TRIPLE

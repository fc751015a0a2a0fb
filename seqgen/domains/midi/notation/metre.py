"""How a measure is felt: which places in it are strong, where beats begin, what a beam may span."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from itertools import accumulate

from seqgen.domains.midi.notation.sheet import UNITS, whole

_FINEST = 3  # a 128th


@dataclass(frozen=True)
class Metre:
    """level: of each place (in 128ths) in the measure, 0 the strongest. groups: whether it is felt in groups that are
    not halves of one another (6/8, 5/4), which no value but whole groups may cross. beats: where beams break.
    wide: where beams of eighths alone break. windows: what a tuplet fills.
    """

    level: tuple[int, ...]
    grouped: bool
    beats: tuple[int, ...]
    wide: tuple[int, ...]
    window: int

    def level_at(self, place: int) -> int:
        """How weak a place in the bar is: 0 on its first beat, 99 off the grid."""
        return self.level[place // _FINEST] if place % _FINEST == 0 else 99

    def strongest(self, begin: int, end: int) -> tuple[int, int, int]:
        """(level, first place, last place) of the strongest places inside a span; level 99 when there is none."""
        first = begin // _FINEST + 1
        inside = self.level[first : -(-end // _FINEST)]
        if not inside:
            return 99, 0, 0
        level = min(inside)
        last = len(inside) - 1 - inside[::-1].index(level)
        return level, (first + inside.index(level)) * _FINEST, (first + last) * _FINEST


@functools.lru_cache(256)
def metre(signature: tuple[int, int]) -> Metre:
    """The metre of a time signature."""
    numerator, denominator = signature
    unit = 4 * UNITS // denominator
    groups = _groups(numerator, denominator)
    length = whole(signature)
    level = [99] * (length // _FINEST + 1)

    def mark(places: list[int], depth: int) -> None:
        for place in places:
            if place % _FINEST == 0:
                level[place // _FINEST] = min(level[place // _FINEST], depth)

    mark([0, length], 0)
    bounds = [0, *accumulate(size * unit for size in groups)]
    compound = len(groups) == 4 and set(groups) == {3}
    mark([bounds[2]] if compound or groups == (1, 1, 1, 1) else [], 1)
    mark(bounds, 2)
    mark(list(range(0, length, unit)), 3 if max(groups) > 1 else 2)
    step, depth = unit, 4 if max(groups) > 1 else 3
    while step % 2 == 0 and step > _FINEST:
        step //= 2
        mark(list(range(0, length, step)), depth)
        depth += 1
    mark(list(range(0, length, _FINEST)), depth)
    beats = range(0, length, UNITS) if max(groups) == 1 and denominator <= 4 else bounds[:-1]
    if max(groups) == 1 and denominator > 4:
        beats = range(0, length, 3 * unit if numerator == 3 else UNITS)
    wide = tuple(beats)
    if max(groups) == 1 and denominator in (2, 4):
        wide = tuple(range(0, length, 3 * UNITS if (numerator, denominator) == (3, 4) else 2 * UNITS))
    return Metre(tuple(level), max(groups) > 1, tuple(beats), wide, max(_FINEST, min(UNITS, unit)))


def _groups(numerator: int, denominator: int) -> tuple[int, ...]:
    """How the units of a measure are grouped: threes in compound time, twos and a three in odd ones."""
    if numerator % 3 == 0 and numerator > 3:
        return (3,) * (numerator // 3)
    if numerator <= 4 or numerator % 2 == 0:
        return (1,) * numerator
    if denominator <= 4 and numerator in (5, 7):
        return (3, 2) if numerator == 5 else (4, 3)
    if numerator == 5:
        return (3, 2)
    if numerator == 7:
        return (2, 2, 3)
    threes, left = divmod(numerator, 3)
    return (3,) * threes + (2,) if left == 2 else (3,) * (threes - 1) + (2, 2)

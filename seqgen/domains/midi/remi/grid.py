"""The grid of the REMI scheme: bars of any common metre, durations, velocities and tempos in steps one can hear."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from seqgen.domains.midi.score import TimeSignature

Longs = npt.NDArray[np.int64]
Signature = tuple[int, int]

COMMON: Signature = (4, 4)  # what holds before any time signature
MAX_BAR_QUARTERS = 8
MAX_LAYERS = 16  # equal pitches of one program that may sound at once; more are no music


def signatures(positions_per_quarter: int) -> tuple[Signature, ...]:
    """Time signatures whose bars are whole positions and not longer than eight quarters."""
    ranges = ((2, 4), (4, 8), (8, 15), (16, 15))
    return tuple(
        (numerator, denominator)
        for denominator, last in ranges
        for numerator in range(1, last + 1)
        if 4 * positions_per_quarter * numerator % denominator == 0
    )


def durations(positions_per_quarter: int, max_quarters: int) -> Longs:
    """Durations in positions: every one up to two quarters, then ever coarser steps: long notes need no precision."""
    p, longest = positions_per_quarter, max_quarters * positions_per_quarter
    values = [*range(1, 2 * p)]
    for begin, stop, step in ((2, 4, p // 4), (4, 8, p // 2), (8, 16, p), (16, max_quarters + 1, 4 * p)):
        values += range(begin * p, stop * p, step)
    return np.array([value for value in values if value <= longest], np.int64)


def lengths() -> tuple[int, ...]:
    """Lengths of pieces in bars, exact up to 64."""
    return (*range(1, 65), *range(68, 129, 4), *range(144, 257, 16), *range(320, 1025, 64))


def nearest(values: npt.ArrayLike, n: int) -> Longs:
    """int64 [n]: for each number from 0 the index of the nearest value (the lower one of two)."""
    values = np.asarray(values, np.float64)
    return np.searchsorted((values[1:] + values[:-1]) / 2, np.arange(n), "left")


def to_grid(ticks: npt.NDArray[Any], ticks_per_quarter: int, positions_per_quarter: int) -> Longs:
    """Ticks as the nearest positions."""
    return np.asarray(ticks * (positions_per_quarter / ticks_per_quarter) + 0.5).astype(np.int64)


@dataclass(frozen=True)
class Bars:
    """Where bars lie: segments of one time signature each. All int64 [S]; positions are counted from the beginning.

    start: a segment's first position. first_bar: its first bar's number. length: of its bars, in positions.
    signature: index into the scheme's signatures. stated: bool, the piece says so there.
    """

    start: Longs
    first_bar: Longs
    length: Longs
    signature: Longs
    stated: npt.NDArray[np.bool_]

    def of(self, onset: Longs) -> tuple[Longs, Longs]:
        """Bar number and position within the bar of each onset."""
        if len(self.start) == 1:
            bar, place = np.divmod(onset, self.length[0])
            return bar, place
        segment = np.searchsorted(self.start, onset, "right") - 1
        bar, place = np.divmod(onset - self.start[segment], self.length[segment])
        return bar + self.first_bar[segment], place


class Metre:
    """The signatures of a scheme, and how a piece's own are said with them."""

    def __init__(self, positions_per_quarter: int) -> None:
        self.positions_per_quarter = positions_per_quarter
        self.signatures = signatures(positions_per_quarter)
        self.length = np.array([4 * positions_per_quarter * n // d for n, d in self.signatures], np.int64)
        self.common = self.signatures.index(COMMON)
        self.max_length = int(self.length.max())
        self._index = {signature: i for i, signature in enumerate(self.signatures)}

    def closest(self, signature: Signature) -> int | None:
        """The index of a signature, of one as long, or of one into whose bars its own divide; None without such."""
        numerator, denominator = signature
        if signature in self._index:
            return self._index[signature]
        positions = 4 * self.positions_per_quarter * numerator / denominator
        if (same := self._of_length(positions, denominator)) is not None:
            return same
        for parts in range(2, numerator + 1):
            if numerator % parts == 0 and (numerator // parts, denominator) in self._index:
                return self._index[numerator // parts, denominator]
        return None

    def bars(self, marks: Sequence[TimeSignature], ticks_per_quarter: int, last: int) -> Bars:
        """Bars up to the position `last`.

        A time signature within a bar ends that bar there: it becomes a shorter bar with a signature of its own (which
        is how pickups are written). Where no signature is that short, the new one waits for the next bar line. Later
        bar lines so stay where the piece has them.
        """
        said: dict[int, int] = {}
        for mark in marks:
            at = int(mark.tick * (self.positions_per_quarter / ticks_per_quarter) + 0.5)
            index = self.closest((mark.numerator, mark.denominator))
            if index is not None and at <= last:
                said[at] = index
        waiting = sorted(said.items())
        segments: list[tuple[int, int, bool]] = [(0, self.common, False)]  # start, signature, stated
        i = 0
        while i < len(waiting):
            at, index = waiting[i]
            start, present, stated = segments[-1]
            length = int(self.length[present])
            over = (at - start) % length
            if over:
                short = self._of_length(over, self.signatures[present][1])
                if short is None:
                    line = at - over + length
                    later = i + 1 < len(waiting) and waiting[i + 1][0] <= line
                    if later or line > last:
                        i += 1
                    else:
                        waiting[i] = (line, index)
                    continue
                _begin(segments, at - over, short)
                _begin(segments, at, index)
            elif index != present or not stated:
                _begin(segments, at, index)
            i += 1
        starts, signatures, stated_there = (np.array(column) for column in zip(*segments, strict=True))
        lengths_of = self.length[signatures]
        first_bar = np.concatenate(([0], np.cumsum(np.diff(starts) // lengths_of[:-1])))
        return Bars(starts, first_bar, lengths_of, signatures, stated_there)

    def _of_length(self, positions: float, denominator: int) -> int | None:
        """A signature whose bar has so many positions, in quarters or the given denominator where possible."""
        found = [i for i, length in enumerate(self.length.tolist()) if length == positions]
        wanted = (denominator, 4, 8, 2, 16)
        return min(found, key=lambda i: wanted.index(self.signatures[i][1]), default=None)


def _begin(segments: list[tuple[int, int, bool]], start: int, signature: int) -> None:
    if segments[-1][0] == start:
        segments.pop()
    segments.append((start, signature, True))


def layers(voice: Longs, onset: Longs, duration: Longs, velocity: Longs) -> Longs:
    """A layer for each note (int64 [N]) so that no two notes of one voice and one layer overlap.

    A voice here is a pitch of a program, below 2^16. Within a voice the notes take layers in order of onset, duration
    and velocity. Layers become tracks: a file cannot hold overlapping equal pitches in one.
    """
    layer = np.zeros(len(voice), np.int64)
    if len(voice) < 2:
        return layer
    # Notes mostly come in order of onset: then a radix sort by voice is all that is needed.
    order = np.argsort(voice.astype(np.uint16), kind="stable")
    voice, onset, end = voice[order], onset[order], (onset + duration)[order]
    same = np.flatnonzero((voice[1:] == voice[:-1]) & (onset[1:] <= onset[:-1]))
    if len(same) and not _in_order(same, onset, end, velocity[order]):
        again = np.lexsort((velocity[order], end, onset, voice))
        order, voice, onset, end = order[again], voice[again], onset[again], end[again]
    # Voices are laid one behind the other on a single line, so that one running maximum serves all.
    offset = voice * (int(end.max()) + 1)
    begin, reach = offset + onset, np.maximum.accumulate(offset + end)
    overlaps = begin[1:] < reach[:-1]
    if overlaps.any():
        found = np.zeros(len(voice), np.int64)
        _separate(found, overlaps, (begin, reach), (onset, end))
        layer[order] = found
    return layer


def _in_order(at: Longs, onset: Longs, end: Longs, velocity: Longs) -> bool:
    """Whether the notes at these places and those after them stand in order of onset, end and velocity."""
    after = at + 1
    rises = (end[after] > end[at]) | ((end[after] == end[at]) & (velocity[after] >= velocity[at]))
    return bool((rises & (onset[after] == onset[at])).all())


def _separate(
    layer: Longs, overlaps: npt.NDArray[np.bool_], line: tuple[Longs, Longs], span: tuple[Longs, Longs]
) -> None:
    """Fill in the layers of runs of overlapping notes: each note takes the first layer that is free."""
    (begin, reach), (onset, end) = line, span
    tangled = np.zeros(len(layer), bool)
    tangled[1:] = overlaps
    tangled[:-1] |= overlaps
    chosen = np.flatnonzero(tangled)
    fresh = np.concatenate(([True], ~overlaps))[chosen]  # the first note of a run
    run = np.cumsum(fresh) - 1
    # Most runs overlap by two notes at a time only, which take turns between two layers.
    layer[chosen] = (np.arange(len(chosen)) - np.flatnonzero(fresh)[run]) & 1
    third = np.zeros(len(layer), bool)
    third[2:] = begin[2:] < reach[:-2]
    dense = np.bincount(run[third[chosen]], minlength=int(run[-1]) + 1) > 0
    rest = dense[run]
    chosen, fresh = chosen[rest], fresh[rest]
    free: list[int] = []  # when each layer is free again
    found = []
    for is_first, start, stop in zip(fresh.tolist(), onset[chosen].tolist(), end[chosen].tolist(), strict=True):
        if is_first:
            free = []
        for place, when in enumerate(free):
            if when <= start:
                free[place] = stop
                break
        else:
            place = len(free)
            free.append(stop)
        found.append(place)
    layer[chosen] = found

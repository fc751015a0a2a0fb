"""Where the ticks of a score lie: in seconds, and among its bars and beats."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from seqgen.core.errors import TooLarge
from seqgen.core.limits import LIMITS
from seqgen.domains.midi.canonical import last_at_each_tick
from seqgen.domains.midi.score import Score, TimeSignature

Floats = npt.NDArray[np.float64]

DEFAULT_TEMPO = 120.0  # quarters a minute, where a file says nothing: so the standard has it
_BEATS = 64  # ruled in a bar, at most


class Clock:
    """Seconds from ticks by the tempo marks of a score."""

    def __init__(self, score: Score) -> None:
        marks = [mark for mark in last_at_each_tick(score.tempos) if mark.quarters_per_minute > 0]
        tempos = np.array([DEFAULT_TEMPO, *(mark.quarters_per_minute for mark in marks)])
        self._ticks = np.array([0.0, *(mark.tick for mark in marks)])
        self._seconds_per_tick = 60 / tempos / score.ticks_per_quarter
        lengths = np.diff(self._ticks) * self._seconds_per_tick[:-1]
        self._seconds = np.concatenate(([0.0], np.cumsum(lengths)))

    def seconds(self, ticks: npt.ArrayLike) -> Floats:
        """float64, as many as there are ticks."""
        ticks = np.asarray(ticks, np.float64)
        segment = np.searchsorted(self._ticks, ticks, "right") - 1
        return np.asarray(self._seconds[segment] + (ticks - self._ticks[segment]) * self._seconds_per_tick[segment])


def bars(score: Score) -> tuple[list[int], list[int]]:
    """The ticks of all bar lines, the last one at or after the last note's end, and of the beats between them.

    A new time signature begins a bar. Raises TooLarge over max_bars.
    """
    said = {max(0, mark.tick): mark for mark in score.time_signatures}
    marks = [said.get(0, TimeSignature(0, 4, 4)), *(said[tick] for tick in sorted(said) if tick > 0)]
    end = end_line = max(1, score.end_tick)
    lines: list[int] = []
    beats: list[int] = []
    for mark, following in zip(marks, [*(m.tick for m in marks[1:]), None], strict=True):
        if mark.tick >= end:
            break
        stop = min(end, following) if following else end
        bar = Fraction(4 * score.ticks_per_quarter * mark.numerator, mark.denominator)
        beat = _beat(mark, score.ticks_per_quarter)
        n_bars = -int(-(stop - max(0, mark.tick)) // bar)
        if len(lines) + n_bars > LIMITS.max_bars:
            raise TooLarge(score.name or "<score>", "max_bars", LIMITS.max_bars, len(lines) + n_bars)
        for n in range(n_bars):
            begin = max(0, mark.tick) + n * bar
            lines.append(round(begin))
            n_beats = min(_BEATS, -int(-bar // beat))
            beats += [tick for k in range(1, n_beats) if (tick := round(begin + k * beat)) < stop]
        end_line = round(max(0, mark.tick) + n_bars * bar)
    lines.append(max(end_line, end, lines[-1] + 1))
    return sorted(set(lines)), beats


def first_number(score: Score, lines: Sequence[int]) -> int:
    """The number of the first bar, as notation counts: 0 for a pickup, which is a bar cut short by the next time
    signature, or one that is silent for half of it or more. lines: as `bars` has them."""
    if not score.n_notes or len(lines) < 3:
        return 1
    marks = sorted(score.time_signatures, key=lambda mark: mark.tick)
    length, silent = lines[1] - lines[0], int(score.onset.min()) - lines[0]
    if len(marks) > 1 and marks[1].tick == lines[1]:
        whole = Fraction(4 * score.ticks_per_quarter * marks[1].numerator, marks[1].denominator)
        return 0 if length < whole else 1
    return 0 if length > silent >= length / 2 else 1


def _beat(mark: TimeSignature, ticks_per_quarter: int) -> Fraction:
    """Of compound time (6/8, 9/8, 12/8) three of its units, else one."""
    compound = mark.denominator >= 8 and mark.numerator % 3 == 0 and mark.numerator > 3
    return Fraction(4 * ticks_per_quarter * (3 if compound else 1), mark.denominator)

"""The measures of a piece, from its time signatures and keys."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from seqgen.core.errors import TooLarge
from seqgen.core.limits import LIMITS
from seqgen.domains.midi.key_finding import find_keys
from seqgen.domains.midi.notation.metre import metre
from seqgen.domains.midi.notation.sheet import UNITS, Bar, whole
from seqgen.domains.midi.score import KeySignature, Score

Longs = npt.NDArray[np.int64]
_TELLING = 5  # fewer pitch classes hardly tell a key
_SNAP = 12  # bars that a time signature cuts short last whole 32nds
_MAJOR_FIFTHS = (0, -5, 2, -3, 4, -1, 6, 1, -4, 3, -2, 5)


def to_units(tick: int, ticks_per_quarter: int) -> int:
    """A tick in the units of notation, the nearest of them."""
    return round(Fraction(tick * UNITS, ticks_per_quarter))


def lay_bars(score: Score) -> list[Bar]:
    """Bars up to the last note's end, of 4/4 before any time signature.

    A time signature within a bar ends that bar at the nearest 32nd. A first signature that lasts for a single, shorter
    bar is a pickup to the second. Raises TooLarge.
    """
    end = to_units(score.end_tick, score.ticks_per_quarter)
    changes = {0: (4, 4)}
    for mark in score.time_signatures:
        changes[to_units(mark.tick, score.ticks_per_quarter)] = (mark.numerator, mark.denominator)
    spans = list(zip(changes, [*list(changes)[1:], end], strict=True))
    bars: list[Bar] = []
    at = 0
    for said, until in spans:
        signature = changes[said]
        length = whole(signature)
        stop = max(end, 1) if until == end else min(until, max(end, 1))
        while at < stop:
            left = round((until - at) / _SNAP) * _SNAP if until < end else length
            if left <= 0:
                break
            bars.append(Bar(at, min(length, left), 0, signature, (0, False), ""))
            at += min(length, left)
            if len(bars) > LIMITS.max_bars:
                raise TooLarge(score.name or "<score>", "max_bars", LIMITS.max_bars)
    return _with_keys(_numbered(bars), _keys(score))


def _numbered(bars: list[Bar]) -> list[Bar]:
    first = bars[0]
    if len(bars) > 1 and first.signature != bars[1].signature and first.length < whole(bars[1].signature):
        signature = bars[1].signature
        bars = [replace(first, signature=signature, shift=whole(signature) - first.length), *bars[1:]]
    number = 0
    out = []
    for bar in bars:
        number += bar.is_whole
        out.append(replace(bar, number=str(number) if bar.is_whole else ""))
    return out


def without_lead(bars: list[Bar], places: Longs) -> tuple[list[Bar], int]:
    """Silence of half the first bar or more makes it a pickup: the bars, and what they begin earlier by.

    places: where notes begin and end. A pickup begins with a beat where it holds triplets.
    """
    first = bars[0]
    silence = int(places.min())
    if (places[places <= first.length] % _SNAP).any():
        silence -= silence % metre(first.signature).window
    if not first.length > silence >= first.length / 2 or not first.is_whole:
        return bars, 0
    pickup = replace(first, length=first.length - silence, shift=silence)
    return _numbered([pickup, *(replace(bar, start=bar.start - silence) for bar in bars[1:])]), silence


def without_tail(bars: list[Bar], end: int) -> list[Bar]:
    """The last bar without the silence that a pickup has taken from it, as is the custom."""
    first, last = bars[0], bars[-1]
    if len(bars) > 1 and first.shift and last.is_whole and last.start + last.length - end == first.length:
        return [*bars[:-1], replace(last, length=last.length - first.length)]
    return bars


def _keys(score: Score) -> list[tuple[int, tuple[int, bool]]]:
    """Where a key begins, fifths and minor; the likeliest one where the piece states none."""
    marks = list(score.key_signatures) or [_likely(score)]
    return [(to_units(k.tick, score.ticks_per_quarter), (k.fifths, k.minor)) for k in marks]


def _likely(score: Score) -> KeySignature:
    pitched = np.array([not track.is_drum for track in score.tracks], bool)
    heard = pitched[score.track] if score.n_notes else np.zeros(0, bool)
    pitch = score.pitch[heard] % 12
    counts = np.bincount(pitch, weights=np.minimum(score.duration[heard], 4 * score.ticks_per_quarter), minlength=12)
    key = int(find_keys(np.rint(counts)[None].astype(np.int64), pitch[:1])[0]) if len(pitch) else -1
    if key < 0 or np.count_nonzero(counts) < _TELLING:
        return KeySignature(0, 0)
    minor = key >= 12
    return KeySignature(0, _MAJOR_FIFTHS[(key + 3) % 12 if minor else key], minor)


def _with_keys(bars: list[Bar], keys: list[tuple[int, tuple[int, bool]]]) -> list[Bar]:
    """Each bar's key: of the last that begins nearer to this bar line than to the next."""
    out, k, key = [], 0, (0, False)
    for bar in bars:
        while k < len(keys) and keys[k][0] < bar.start + max(1, bar.length // 2):
            key = keys[k][1]
            k += 1
        out.append(replace(bar, key=key))
    return out

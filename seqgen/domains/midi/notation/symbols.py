"""A voice's chords within a bar as symbols: values, ties, rests, triplets, beams."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from seqgen.domains.midi.notation.metre import metre
from seqgen.domains.midi.notation.sheet import UNITS, Bar, Head, Symbol
from seqgen.domains.midi.notation.values import can_triple, split, triple, written
from seqgen.domains.midi.notation.voices import Chord, Note

Span = tuple[int, int, Chord | None]  # from, to (in the bar), what sounds
_PLAIN = 12  # what is no multiple of a 32nd belongs to a triplet

Heads = Callable[[Note, bool, bool], Head | None]  # a note, whether it is held from before, whether it is held on


def symbols_of(chords: Iterable[Chord], bar: Bar, heads: Heads, hidden: bool) -> list[Symbol]:
    """The symbols that fill a bar. chords: those of one voice that sound in it. hidden: rests are not printed."""
    spans = _filled(chords, bar)
    if len(spans) == 1 and spans[0][2] is None and bar.is_whole:  # some readers take it for a whole bar anywhere
        return [Symbol(0, bar.length, bar.length, whole=True, hidden=hidden)]
    out: list[Symbol] = []
    at = 0
    for begin, end in [*_triplets(spans, bar), (bar.length, bar.length)]:
        out += _plain(_cut(spans, at, begin), bar, heads, hidden)
        if begin < end:
            out += _triplet(_cut(spans, begin, end), begin, end, bar, heads, hidden)
        at = end
    return _beamed(out, bar)


def _filled(chords: Iterable[Chord], bar: Bar) -> list[Span]:
    """Chords cut to the bar, and what is between them."""
    spans: list[Span] = []
    at = 0
    for chord in chords:
        begin, end = max(chord.begin - bar.start, 0), min(chord.end - bar.start, bar.length)
        if begin > at:
            spans.append((at, begin, None))
        spans.append((begin, end, chord))
        at = end
    if at < bar.length:
        spans.append((at, bar.length, None))
    return spans


def _cut(spans: list[Span], begin: int, end: int) -> list[Span]:
    return [(max(a, begin), min(b, end), chord) for a, b, chord in spans if max(a, begin) < min(b, end)]


def _triplets(spans: list[Span], bar: Bar) -> list[tuple[int, int]]:
    """Beats, or pairs of beats, that are divided by three."""
    size = metre(bar.signature).window
    places = {a for a, _, _ in spans}
    out = []
    first = -(bar.shift % size)
    for start in range(first, bar.length, size):
        begin, end = max(start, 0), min(start + size, bar.length)
        if can_triple(end - begin) and any((place - begin) % _PLAIN for place in places if begin < place < end):
            out.append((begin, end))
    return _paired(out, places, bar)


def _paired(windows: list[tuple[int, int]], places: set[int], bar: Bar) -> list[tuple[int, int]]:
    """Two triplets of quarters' thirds as one of quarters where nothing begins but those."""
    out: list[tuple[int, int]] = []
    for begin, end in windows:
        before = out[-1] if out else (0, 0)
        pair = before[1] == begin and end - before[0] == before[1] - before[0] + UNITS == 2 * UNITS
        halves = metre(bar.signature).wide
        if pair and before[0] + bar.shift in halves and end + bar.shift in (*halves, bar.shift + bar.length):
            inside = {place - before[0] for place in places if before[0] < place < end}
            if all(place % 64 == 0 for place in inside):
                out[-1] = (before[0], end)
                continue
        out.append((begin, end))
    return out


def _plain(spans: list[Span], bar: Bar, heads: Heads, hidden: bool) -> list[Symbol]:
    beat = metre(bar.signature)
    out = []
    for begin, end, chord in spans:
        for a, b in split(begin + bar.shift, end + bar.shift, beat, chord is None):
            a, b = a - bar.shift, b - bar.shift
            value, dots = written(b - a) or (b - a, 0)
            out.append(_symbol(a, b, value, dots, chord, bar, heads, hidden))
    return out


def _triplet(spans: list[Span], begin: int, end: int, bar: Bar, heads: Heads, hidden: bool) -> list[Symbol]:
    beat = triple(end - begin)
    out = []
    for a, b, chord in spans:
        for start, stop in split((a - begin) * 3 // 2, (b - begin) * 3 // 2, beat, chord is None):
            value, dots = written(stop - start) or (stop - start, 0)
            place = begin + start * 2 // 3, begin + stop * 2 // 3
            symbol = _symbol(*place, value, dots, chord, bar, heads, hidden)
            kind = "stop" if place[1] == end else "start" if place[0] == begin else "inside"
            out.append(replace(symbol, tuplet=kind))
    return out


def _symbol(
    begin: int, end: int, value: int, dots: int, chord: Chord | None, bar: Bar, heads: Heads, hidden: bool
) -> Symbol:
    if chord is None:
        return Symbol(begin, end - begin, value, dots, hidden=hidden)
    a, b = begin + bar.start, end + bar.start
    notes = (heads(note, note.begin < a, note.end > b) for note in chord.notes)
    return Symbol(begin, end - begin, value, dots, tuple(head for head in notes if head), hidden=hidden)


def _beamed(symbols: list[Symbol], bar: Bar) -> list[Symbol]:
    """With the beams of each beat, or of each half where it holds nothing but eighths."""
    beat = metre(bar.signature)
    out = list(symbols)
    wide = _grouped(symbols, beat.wide, bar.shift)
    for group in wide:
        if all(symbols[i].value == UNITS // 2 and not symbols[i].dots for i in group):
            _beam(out, group)
            continue
        for part in _grouped([symbols[i] for i in group], beat.beats, bar.shift):
            _beam(out, [group[i] for i in part])
    return out


def _grouped(symbols: list[Symbol], starts: tuple[int, ...], shift: int) -> list[list[int]]:
    """Indices of symbols by the span between two starts in which they begin."""
    groups: list[list[int]] = []
    k, last = 0, -1
    for i, symbol in enumerate(symbols):
        while k + 1 < len(starts) and starts[k + 1] <= symbol.start + shift:
            k += 1
        if not groups or k != last:
            groups.append([])
        groups[-1].append(i)
        last = k
    return groups


def _beam(symbols: list[Symbol], group: list[int]) -> None:
    """Beam what can be beamed: runs of notes shorter than a quarter."""
    run: list[int] = []
    for i in [*group, None]:
        if i is not None and symbols[i].heads and symbols[i].value < UNITS:
            if run and (symbols[i].tuplet == "start" or symbols[run[-1]].tuplet == "stop"):
                _join(symbols, run)
                run = []
            run.append(i)
            continue
        _join(symbols, run)
        run = []


def _join(symbols: list[Symbol], run: list[int]) -> None:
    if len(run) < 2:
        return
    flags = [(UNITS // symbols[i].value).bit_length() - 1 for i in run]
    for k, i in enumerate(run):
        words = []
        for level in range(1, flags[k] + 1):
            before = k > 0 and flags[k - 1] >= level
            after = k + 1 < len(run) and flags[k + 1] >= level
            lone = "forward hook" if k == 0 else "backward hook"
            words.append("continue" if before and after else "end" if before else "begin" if after else lone)
        symbols[i] = replace(symbols[i], beams=tuple(words))

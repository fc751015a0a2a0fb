"""The one form of a score that a MIDI file can hold and give back unchanged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from seqgen.core.errors import UsageError
from seqgen.domains.midi.score import NO_ROWS, Ints, KeySignature, Score, Tempo, TimeSignature, Track

Longs = npt.NDArray[np.int64]
_MICROSECONDS = 60_000_000  # in a minute
_MAX_TICKS_PER_QUARTER = 0x7FFF
_TICK_BITS = 28
_MAX_TICK = (1 << _TICK_BITS) - 1  # the longest delta a file can write
_MAX_NAME = 120


class _Mark(Protocol):
    @property
    def tick(self) -> int: ...


_M = TypeVar("_M", bound=_Mark)


def sort_rows(columns: Sequence[npt.NDArray[Any]]) -> tuple[Longs, ...]:
    """Rows of non-negative integers in lexical order, the first column first. int64 [N] each.

    The columns are packed into one integer where they fit into 63 bits: one sort of plain integers is several
    times faster than a lexical sort. Notes mostly come in runs that are in order already, which the stable sort
    (timsort) only merges.
    """
    columns = [np.asarray(column, np.int64) for column in columns]
    if not len(columns[0]):
        return tuple(columns)
    widths = [int(column.max()).bit_length() for column in columns]
    if sum(widths) > 63:
        order = np.lexsort(columns[::-1])
        return tuple(column[order] for column in columns)
    packed = columns[0].copy()
    for column, width in zip(columns[1:], widths[1:], strict=True):
        packed <<= width
        packed |= column
    packed.sort(kind="stable")
    out = []
    for width in reversed(widths[1:]):
        out.append(packed & ((1 << width) - 1))
        packed >>= width
    return (packed, *reversed(out))


def int32_columns(onset: Longs, duration: Longs, pitch: Longs, velocity: Longs, track: Longs) -> dict[str, Any]:
    """The arrays of a Score, by name."""
    columns = {"onset": onset, "duration": duration, "pitch": pitch, "velocity": velocity, "track": track}
    return {name: column.astype(np.int32) for name, column in columns.items()}


def tempo_of(microseconds_per_quarter: int) -> float:
    """Quarters a minute of a tempo as files write it."""
    return _MICROSECONDS / microseconds_per_quarter


def microseconds_of(quarters_per_minute: float) -> int:
    """A tempo as files write it: microseconds a quarter, 1 … 2^24 - 1."""
    return min(max(round(_MICROSECONDS / max(quarters_per_minute, 1e-9)), 1), 0xFFFFFF)


def canonical(score: Score) -> Score:
    """The score as a MIDI file gives it back, so that reading what is written from it yields it again.

    Notes last a tick at least, have velocities 1-127 and stand in order; notes before tick 0 or of no MIDI pitch are
    dropped. Where equal pitches of one track overlap, the first to begin is the first to end, as a file cannot say
    otherwise (their number and the ticks where they begin and end stay). Tracks without notes are dropped, drums have
    program 0, names are printable, of several marks at a tick the last stays, tempos are whole microseconds a quarter,
    pedals and bends that change nothing are left out.
    Raises UsageError when ticks_per_quarter is not 1-32767.
    """
    if not 1 <= score.ticks_per_quarter <= _MAX_TICKS_PER_QUARTER:
        raise UsageError(f"{score.ticks_per_quarter} ticks a quarter cannot be written; MIDI files hold 1 to 32767.")
    onset, duration, pitch, velocity, track = (
        np.asarray(values, np.int64)
        for values in (score.onset, score.duration, score.pitch, score.velocity, score.track)
    )
    valid = (onset >= 0) & (onset < _MAX_TICK) & (pitch >= 0) & (pitch < 128)
    valid &= (track >= 0) & (track < len(score.tracks))
    if not valid.all():
        onset, duration, pitch, velocity, track = (
            values[valid] for values in (onset, duration, pitch, velocity, track)
        )
    duration = np.clip(duration, 1, _MAX_TICK - onset)
    velocity = np.clip(velocity, 1, 127)
    used, track = np.unique(track, return_inverse=True)
    onset, track, pitch, duration, velocity = first_ends_first(onset, track, pitch, duration, velocity)
    return replace(
        score,
        **int32_columns(onset, duration, pitch, velocity, track),
        pedals=changes(_of_tracks(score.pedals, used), 0, 1),
        bends=changes(_of_tracks(score.bends, used), -8192, 8191),
        tracks=tuple(_clean(score.tracks[i]) for i in used),
        tempos=tuple(
            Tempo(t.tick, tempo_of(microseconds_of(t.quarters_per_minute))) for t in last_at_each_tick(score.tempos)
        ),
        time_signatures=tuple(last_at_each_tick(t for t in score.time_signatures if is_time_signature(t))),
        key_signatures=tuple(
            KeySignature(k.tick, int(k.fifths), bool(k.minor))
            for k in last_at_each_tick(score.key_signatures)
            if -7 <= k.fifths <= 7
        ),
    )


def first_ends_first(onset: Longs, track: Longs, pitch: Longs, duration: Longs, velocity: Longs) -> tuple[Longs, ...]:
    """Notes in canonical order, overlapping equal pitches of a track paired first to begin, first to end."""
    rows = sort_rows((track, pitch, onset, duration, velocity))
    track, pitch, onset, duration, velocity = rows
    voice = track << 7 | pitch
    end = onset + duration
    overlapping = (voice[1:] == voice[:-1]) & (onset[1:] < end[:-1])
    if overlapping.any():
        _, end = sort_rows((voice, end))  # voices stay where they are, ends are put in order within each
        duration = end - onset
    return sort_rows((onset, track, pitch, duration, velocity))


def changes(rows: npt.NDArray[Any], low: int, high: int) -> Ints:
    """Of what tracks say now and then (tick, track, value; int [N, 3]) what changes it, in order of tick and track.

    Of several rows of a track at one tick the last counts; before the first the value is 0. Values are clipped.
    """
    tick, track, value = np.asarray(rows, np.int64).reshape(-1, 3).T
    possible = (tick >= 0) & (tick <= _MAX_TICK)
    if not possible.any():
        return NO_ROWS
    if not possible.all():
        tick, track, value = tick[possible], track[possible], value[possible]
    order = np.argsort(track << _TICK_BITS | tick, kind="stable")
    tick, track, value = tick[order], track[order], np.clip(value[order], low, high)
    same = track[1:] == track[:-1]
    last = np.ones(len(tick), bool)
    last[:-1] = ~same | (tick[1:] != tick[:-1])
    if not last.all():
        tick, track, value = tick[last], track[last], value[last]
        same = track[1:] == track[:-1]
    changed = value != 0  # before the first it is 0
    changed[1:] = value[1:] != value[:-1] * same
    tick, track, value = tick[changed], track[changed], value[changed]
    order = np.argsort(tick << _TICK_BITS | track, kind="stable")
    return np.stack((tick[order], track[order], value[order]), axis=1).astype(np.int32)


def _of_tracks(rows: npt.NDArray[Any], used: Longs) -> npt.NDArray[Any]:
    """The rows (tick, track, value) of these tracks, which are numbered anew."""
    if not len(rows):
        return rows
    place = np.searchsorted(used, rows[:, 1])
    kept = used[np.minimum(place, len(used) - 1)] == rows[:, 1] if len(used) else np.zeros(len(rows), bool)
    out: npt.NDArray[Any] = np.stack((rows[:, 0], place, rows[:, 2]), axis=1)[kept]
    return out


def is_time_signature(mark: TimeSignature) -> bool:
    """Whether a file can hold it: 1-255 over a power of two up to 128."""
    return 1 <= mark.numerator <= 255 and mark.denominator in (1, 2, 4, 8, 16, 32, 64, 128)


def last_at_each_tick(marks: Iterable[_M]) -> list[_M]:
    """Marks in order of time; of several at one tick the last. Marks beyond what a file can hold are dropped."""
    last = {mark.tick: mark for mark in marks if 0 <= mark.tick <= _MAX_TICK}
    return [last[tick] for tick in sorted(last)]


def clean_name(name: str) -> str:
    """A track name that survives a file: printable, valid Unicode, not longer than 120 characters."""
    if name.isascii() and name.isprintable():
        return name[:_MAX_NAME].strip()
    text = name.encode("utf-8", "replace").decode("utf-8", "replace")
    return "".join(c for c in text if c.isprintable())[:_MAX_NAME].strip()


def _clean(track: Track) -> Track:
    program = 0 if track.is_drum else min(max(int(track.program), 0), 127)
    return Track(program, bool(track.is_drum), clean_name(track.name))

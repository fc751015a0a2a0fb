"""A score as the bytes of a Standard MIDI File."""

from __future__ import annotations

from typing import Any

import numpy as np

from seqgen.core.errors import UsageError
from seqgen.domains.midi.canonical import (
    Longs,
    canonical,
    changes,
    clean_name,
    is_time_signature,
    last_at_each_tick,
    microseconds_of,
)
from seqgen.domains.midi.formats.check import assemble, variable_length
from seqgen.domains.midi.score import Ints, Score, Track

_END_OF_TRACK = b"\x00\xff\x2f\x00"
_SUSTAIN = 64  # the number of the controller
_DRUM_CHANNEL = 9
_PITCHED_CHANNELS = tuple(channel for channel in range(16) if channel != _DRUM_CHANNEL)


def to_bytes(score: Score) -> bytes:
    """A file of format 1: a conductor track, then one track for each of the score's, notes of the score in order.

    Every track has a channel of its own as long as the fifteen last; further ones go to a second port, as sequencers
    do. Notes that MIDI cannot hold are brought into canonical form first. Raises UsageError when ticks_per_quarter is
    not 1-32767.
    """
    if not _writable(score):
        score = canonical(score)
    channels, ports = _channels(score.tracks)
    notes = _events(score, channels)
    tracks = [_conductor(score)]
    for track, channel, port, events in zip(score.tracks, channels, ports, notes, strict=True):
        opening = bytearray()
        if len(score.tracks) > len(_PITCHED_CHANNELS):
            opening += b"\x00\xff\x21\x01" + bytes((port,))
        if name := clean_name(track.name).encode("utf-8"):
            opening += b"\x00\xff\x03" + variable_length(len(name)) + name
        opening += b"\x00" + bytes((0xC0 | channel, track.program))
        tracks.append(bytes(opening) + events + _END_OF_TRACK)
    return assemble(score.ticks_per_quarter, tracks)


def _writable(score: Score) -> bool:
    """Whether canonical() would leave the tracks and the numbers of the notes as they are."""
    if not 1 <= score.ticks_per_quarter < 0x8000 or len(score.tracks) >= 1 << 15:
        return False
    if not all(0 <= track.program < 128 and not (track.is_drum and track.program) for track in score.tracks):
        return False
    if not score.n_notes:
        return not score.tracks
    n_tracks = len(score.tracks)
    if not (_in_order(score.pedals, n_tracks, 0, 1) and _in_order(score.bends, n_tracks, -8192, 8191)):
        return False
    return bool(
        score.onset.min() >= 0
        and score.duration.min() >= 1
        and score.pitch.min() >= 0
        and score.pitch.max() < 128
        and score.velocity.min() >= 1
        and score.velocity.max() < 128
        and np.add(score.onset, score.duration, dtype=np.int64).max() < 1 << 28
        and score.track.min() >= 0
        and score.track.max() < len(score.tracks)
        and np.bincount(score.track, minlength=len(score.tracks)).all()
    )


def _in_order(rows: Ints, n_tracks: int, low: int, high: int) -> bool:
    """Whether these changes of pedals or bends can be written as they are."""
    if not len(rows):
        return True
    known = rows[:, 1].min() >= 0 and rows[:, 1].max() < n_tracks
    return bool(known) and np.array_equal(rows, changes(rows, low, high))


def _channels(tracks: tuple[Track, ...]) -> tuple[list[int], list[int]]:
    """Channel and port of each track."""
    channels, ports, pitched = [], [], 0
    for track in tracks:
        if track.is_drum:
            channels.append(_DRUM_CHANNEL)
            ports.append(0)
        else:
            channels.append(_PITCHED_CHANNELS[pitched % len(_PITCHED_CHANNELS)])
            ports.append(min(pitched // len(_PITCHED_CHANNELS), 127))
            pitched += 1
    return channels, ports


def _conductor(score: Score) -> bytes:
    events = [
        (t.tick, b"\xff\x58\x04" + bytes((t.numerator, t.denominator.bit_length() - 1, 24, 8)))
        for t in last_at_each_tick(score.time_signatures)
        if is_time_signature(t)
    ]
    events += [
        (k.tick, b"\xff\x59\x02" + bytes((k.fifths & 0xFF, int(k.minor))))
        for k in last_at_each_tick(score.key_signatures)
        if -7 <= k.fifths <= 7
    ]
    events += [
        (tempo.tick, b"\xff\x51\x03" + microseconds_of(tempo.quarters_per_minute).to_bytes(3, "big"))
        for tempo in last_at_each_tick(score.tempos)
    ]
    out, now = bytearray(), 0
    for tick, event in sorted(events, key=lambda event: event[0]):
        out += variable_length(tick - now) + event
        now = tick
    return bytes(out) + _END_OF_TRACK


def _events(score: Score, channels: list[int]) -> list[bytes]:
    """The notes, pedals and bends of each track. A note ends by a note-on of velocity 0, so that one status serves
    the notes of a track."""
    n = score.n_notes
    if not n:
        return [b""] * len(score.tracks)
    # Events are sorted as one integer each: track, tick, whether it begins a note, index of the note. Ends so come
    # before beginnings at the same tick, or a repeated note would be cut off; beginnings come in canonical order.
    # Pedals and bends have the indices after the notes, which puts them between ends and beginnings.
    onset, track = score.onset.astype(np.int64), score.track.astype(np.int64)
    stop = onset + score.duration
    controls = _controls(score)
    last = max(int(stop.max()), int(controls[0].max(initial=0)))
    index_bits, tick_bits = (n + len(controls[0])).bit_length(), last.bit_length()
    if index_bits + tick_bits + 1 + len(score.tracks).bit_length() > 63:
        raise UsageError(f"{n:,} notes are too many for a file.", "Split the piece.")
    # Track by track (a radix sort) beginnings are in order and ends nearly so: the stable sort merges such runs.
    index = np.argsort(score.track.astype(np.uint16), kind="stable")
    track, onset, stop = track[index] << tick_bits, onset[index], stop[index]
    event = np.concatenate(
        ((track | onset) << index_bits + 1 | 1 << index_bits | index, (track | stop) << index_bits + 1 | index)
    )
    counts = 2 * np.bincount(score.track)
    pitch, velocity = score.pitch.astype(np.uint8), score.velocity.astype(np.uint8)
    if len(controls[0]):
        at, of_track, _, low, high = controls
        index = n + np.arange(len(at))
        event = np.concatenate((event, (of_track << tick_bits | at) << index_bits + 1 | index))
        counts += np.bincount(of_track, minlength=len(counts))
        pitch, velocity = np.append(pitch, low), np.append(velocity, high)
    event.sort(kind="stable")
    index = event & (1 << index_bits) - 1
    begins = event >> index_bits & 1
    event >>= index_bits + 1  # track and tick are left
    opening = np.cumsum(counts) - counts  # each track's first event
    delta = np.empty(len(event), np.int64)
    np.subtract(event[1:], event[:-1], out=delta[1:])
    delta[opening] = event[opening] & (1 << tick_bits) - 1
    stated, status = opening, 0x90 | np.array(channels)  # the events that say their status
    loudness = velocity[index] * begins.astype(np.uint8)
    if len(controls[0]):
        control = np.flatnonzero(index >= n)
        loudness[control] = velocity[index[control]]
        kind = np.full(len(event), 0x90)
        kind[control] = controls[2][index[control] - n]
        stated = np.union1d(opening, np.flatnonzero(np.diff(kind)) + 1)
        status = kind[stated] | np.array(channels)[event[stated] >> tick_bits]
    return _lay_out(delta, (stated, status), (pitch[index], loudness), opening)


def _controls(score: Score) -> tuple[np.ndarray[Any, Any], ...]:
    """Tick, track, kind of message and two values of each change of a pedal or a bend."""
    (at, track, pressed), (bent_at, bent_track, bend) = score.pedals.T, score.bends.T
    bend = bend + 0x2000
    return (
        np.append(at, bent_at).astype(np.int64),
        np.append(track, bent_track).astype(np.int64),
        np.append(np.full(len(at), 0xB0), np.full(len(bend), 0xE0)),
        np.append(np.full(len(at), _SUSTAIN), bend & 0x7F).astype(np.uint8),
        np.append(pressed * 127, bend >> 7).astype(np.uint8),
    )


def _lay_out(
    delta: Longs, stated: tuple[Longs, Longs], values: tuple[np.ndarray[Any, Any], ...], opening: Longs
) -> list[bytes]:
    """Events as bytes, one string for each track. stated: which events say their status, and what it is."""
    # Three bytes an event, more for a long delta and where a status is said.
    size = np.full(len(delta), 3, np.int64)
    longer = [np.flatnonzero(delta >= 1 << 7)]
    for place in (2, 3):
        longer.append(longer[-1][delta[longer[-1]] >= 1 << 7 * place])
    for at in (*longer, stated[0]):
        size[at] += 1
    end = np.cumsum(size)
    out = np.empty(int(end[-1]), np.uint8)
    out[end - 1] = values[1]
    out[end - 2] = values[0]
    out[end[stated[0]] - 3] = stated[1]
    last_digit = end - 3
    last_digit[stated[0]] -= 1
    out[last_digit] = delta & 0x7F
    for place, at in enumerate(longer, 1):
        out[last_digit[at] - place] = delta[at] >> 7 * place & 0x7F | 0x80
    starts = (end - size)[opening]
    stops = np.append(starts[1:], len(out))
    return [out[a:b].tobytes() for a, b in zip(starts.tolist(), stops.tolist(), strict=True)]

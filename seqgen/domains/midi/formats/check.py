"""The bytes of a MIDI file before any library sees them: where its chunks lie, and what of a damaged file can be kept.

Standard MIDI File 1.0 (RP-001). `layout` costs microseconds and is done for every file. `mend` walks every event and
is done only for files that are not plain: it keeps what a score holds (notes, programs, names, tempos, signatures,
sustain pedals, pitch bends), drops broken or needless events and passes on a file any reader takes.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from seqgen.core.errors import BadInput, TooLarge
from seqgen.core.limits import LIMITS

_END = b"\xff\x2f\x00"
_DATA_BYTES = {0x8: 2, 0x9: 2, 0xA: 2, 0xB: 2, 0xC: 1, 0xD: 1, 0xE: 2}
_SYSTEM_BYTES = {0xF1: 1, 0xF2: 2, 0xF3: 1}  # no business in a file, but some hold them; other F4-FE carry nothing
_SUSTAIN = 64  # the number of the controller
_MAX_DELTA = (1 << 28) - 1
_MAX_CHUNKS = 10_000  # those of others among them


@dataclass(frozen=True)
class Layout:
    """Where the parts of a MIDI file are.

    data: the file from its header on. tracks: (start, stop) of each track's events in `data`.
    plain: the chunks are as the standard wants them, so that a strict reader may take the bytes as they are.
    """

    data: bytes
    format: int
    ticks_per_quarter: int
    tracks: tuple[tuple[int, int], ...]
    plain: bool

    def alone(self, track: int) -> Layout:
        """One track as a file of its own (format 2 holds a piece in each)."""
        start, stop = self.tracks[track]
        data = assemble(self.ticks_per_quarter, [self.data[start:stop]])
        return Layout(data, 0, self.ticks_per_quarter, ((22, len(data)),), self.plain)


class _DamagedError(Exception):
    """An event that cannot be understood; what follows it in the track cannot be trusted."""


def assemble(ticks_per_quarter: int, tracks: list[bytes]) -> bytes:
    """A file of format 1 (0 for one track) around the events of its tracks."""
    header = struct.pack(">4sIHHH", b"MThd", 6, int(len(tracks) > 1), len(tracks), ticks_per_quarter)
    return header + b"".join(struct.pack(">4sI", b"MTrk", len(events)) + events for events in tracks)


def layout(data: bytes, name: str) -> Layout:
    """Header and chunks. Raises BadInput for what is no MIDI file with a beat, TooLarge over max_tracks."""
    plain = True
    if not data.startswith(b"MThd"):
        # .rmi files wrap the file in a RIFF chunk, old Macintosh files put 128 bytes before it.
        start = data.find(b"MThd", 0, 1024)
        if start < 0:
            raise BadInput(name, "is empty" if not data else "is not a MIDI file (no MThd header)", where="byte 0")
        data, plain = data[start:], False
    if len(data) < 14:
        raise BadInput(name, "is cut off within the header", where=f"byte {len(data)}")
    _, length, kind, _, division = struct.unpack_from(">4sIHHH", data)
    if kind > 2:
        raise BadInput(name, f"has the unknown MIDI format {kind}", where="byte 8")
    if division >= 0x8000:
        raise BadInput(name, "counts time in SMPTE frames, which carry no beat", where="byte 12")
    if division == 0:
        raise BadInput(name, "has zero ticks per quarter", where="byte 12")
    if length != 6:
        plain = False
        length = max(length, 6) if length < len(data) - 8 else 6
    tracks = []
    at = 8 + length
    n_chunks = 0
    while at + 8 <= len(data):
        n_chunks += 1
        if n_chunks > _MAX_CHUNKS:
            raise BadInput(name, f"holds over {_MAX_CHUNKS:,} chunks", where=f"byte {at}")
        size = int.from_bytes(data[at + 4 : at + 8], "big")
        start, stop = at + 8, at + 8 + size
        if data.startswith(b"MTrk", at):
            if stop > len(data):
                plain, stop = False, len(data)
            elif not data.startswith(_END, stop - 3):
                plain = False
            tracks.append((start, stop))
            if len(tracks) > LIMITS.max_tracks:
                raise TooLarge(name, "max_tracks", LIMITS.max_tracks)
        elif not plain or stop > len(data):
            # Bytes that are no chunk: a wrong length went before, or there is garbage at the end. Look for a track.
            found = data.find(b"MTrk", at + 1)
            plain = plain and found < 0
            stop = found if found >= 0 else len(data)
        at = stop
    if not tracks:
        raise BadInput(name, "holds no tracks", where=f"byte {min(8 + length, len(data))}")
    return Layout(data, kind, division, tuple(tracks), plain)


def mend(file: Layout, name: str) -> bytes:
    """What can be kept of a file, as one that is in order.

    A track ends where its first unreadable event begins; broken meta events, system messages and everything a score
    does not hold are left out. Raises BadInput with track and byte when nothing playable is left, TooLarge over
    max_ticks, max_events or max_notes.
    """
    tracks: list[bytes] = []
    damage: tuple[str, str] | None = None
    n_events = n_notes = 0
    for number, (start, stop) in enumerate(file.tracks, 1):
        walk = _Walk(file.data, start, stop)
        reason = walk.run(name, LIMITS.max_events - n_events)
        if reason and damage is None:
            damage = (f"track {number}, byte {walk.at}", reason)
        n_events += walk.n_events
        n_notes += walk.n_notes
        if n_notes > LIMITS.max_notes:
            raise TooLarge(name, "max_notes", LIMITS.max_notes)
        tracks.append(bytes(walk.kept) + b"\x00" + _END)
    if not n_notes:
        where, reason = damage or ("", "holds no notes")
        raise BadInput(name, reason, where=where)
    return assemble(file.ticks_per_quarter, tracks)


class _Walk:
    """One track, event by event."""

    def __init__(self, data: bytes, start: int, stop: int) -> None:
        self.data, self.at, self.stop = data, start, stop
        self.kept = bytearray()
        self.n_events = self.n_notes = 0
        self._skipped = 0  # ticks of events left out since the last one kept

    def run(self, name: str, max_events: int) -> str:
        """Walk to the end of the track; returns why it stopped before that, or nothing. Raises TooLarge."""
        tick, running = 0, 0
        while self.at < self.stop:
            begin = self.at
            try:
                delta = self._number()
                tick += delta
                if tick > LIMITS.max_ticks:
                    raise TooLarge(name, "max_ticks", LIMITS.max_ticks, tick)
                self._skipped += delta
                status = self._byte()
                if status < 0x80:
                    if running == 0:
                        raise _DamagedError(f"0x{status:02x} stands where an event should begin")
                    status, self.at = running, self.at - 1
                if status < 0xF0:
                    running = status
                    self._channel(status)
                elif status == 0xFF:
                    kind = self._byte()
                    if kind == 0x2F:
                        return ""
                    self._meta(kind, self._take(self._number()))
                elif status in (0xF0, 0xF7):
                    self._take(self._number())
                else:
                    self._take(_SYSTEM_BYTES.get(status, 0))
            except _DamagedError as problem:
                self.at = begin
                return str(problem)
            self.n_events += 1
            if self.n_events > max_events:
                raise TooLarge(name, "max_events", LIMITS.max_events)
        return ""

    def _channel(self, status: int) -> None:
        values = self._take(_DATA_BYTES[status >> 4])
        if max(values) > 0x7F:
            raise _DamagedError(f"a value over 127 in a message 0x{status:02x}")
        if status >> 4 in (0x8, 0x9, 0xC, 0xE) or (status >> 4 == 0xB and values[0] == _SUSTAIN):
            self._keep(bytes((status,)) + values)
            self.n_notes += status >> 4 == 0x9 and values[1] > 0

    def _meta(self, kind: int, content: bytes) -> None:
        size = len(content)
        if (
            kind == 0x03
            or (kind == 0x51 and size == 3 and any(content))
            or (kind == 0x58 and size >= 2 and content[0] and content[1] < 8)
            or (kind == 0x59 and size == 2 and _signed(content[0]) in range(-7, 8) and content[1] < 2)
        ):
            self._keep(b"\xff" + bytes((kind,)) + variable_length(size) + content)

    def _keep(self, event: bytes) -> None:
        self.kept += variable_length(min(self._skipped, _MAX_DELTA)) + event
        self._skipped = 0

    def _byte(self) -> int:
        if self.at >= self.stop:
            raise _DamagedError("the track is cut off within an event")
        self.at += 1
        return self.data[self.at - 1]

    def _take(self, n: int) -> bytes:
        if self.at + n > self.stop:
            raise _DamagedError("an event reaches beyond the end of its track")
        self.at += n
        return self.data[self.at - n : self.at]

    def _number(self) -> int:
        value = 0
        for _ in range(4):
            byte = self._byte()
            value = value << 7 | byte & 0x7F
            if byte < 0x80:
                return value
        raise _DamagedError("a number of more than four bytes")


def _signed(byte: int) -> int:
    return byte - 256 if byte > 127 else byte


def variable_length(value: int) -> bytes:
    """A number as MIDI files write it: seven bits a byte, the highest bit set on all but the last."""
    out = [value & 0x7F]
    while value := value >> 7:
        out.append(value & 0x7F | 0x80)
    return bytes(reversed(out))

"""Damage to files of music, to XML and to archives, by one who knows how they are built."""

from __future__ import annotations

import contextlib
import gzip
import io
import struct
import zipfile
import zlib
from xml.etree import ElementTree

from reliability.mutation import NASTY, Rng, encoded, few, mutated, one_of

_LENGTHS = (0, 1, 3, 0x7F, 0x80, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_DELTAS = (b"\0", b"\x81\0", b"\x80\x80\x80\0", b"\xff\xff\xff\x7f", b"\x80" * 5 + b"\0", b"\xff" * 9, b"\x87\xff\x7f")
_META = (
    b"\xff\x51\x03\0\0\0", b"\xff\x51\x03\xff\xff\xff", b"\xff\x51\x01\x05", b"\xff\x58\x04\0\x02\x18\x08",
    b"\xff\x58\x04\x04\xff\x18\x08", b"\xff\x58\x04\xff\0\0\0", b"\xff\x58\x01\x04", b"\xff\x59\x02\x80\x01",
    b"\xff\x59\x02\x07\x02", b"\xff\x2f\0", b"\xff\x2f\x05", b"\xff\x54\x05\xff\xff\xff\xff\xff", b"\xff\0\x02\0\0",
    b"\xff\x03\xff\xff\xff\x7fname", b"\xff\x03\x04\0\xff\x1b[", b"\xff\x20\x01\xff", b"\xff\x21\x01\xff",
    b"\xff\x7f\x03\0\0\x41", b"\xff", b"\xf0\x05\x7e\x7f\x09\x01\xf7", b"\xf0\xff\xff\xff\x7f", b"\xf7\0", b"\xf1",
    b"\xf2\x01", b"\xf3", b"\xf4", b"\xfe", b"\xc0\xff", b"\x90\x80\x80", b"\xe0\x7f\x7f", b"\xb0\x40\x7f",
    b"\xb0\x7b\0",
)  # fmt: skip


def _chunks(data: bytes) -> list[tuple[bytes, int, bytes]]:
    """Name, stated length and content of each."""
    found, at = [], 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "big")
        found.append((data[at : at + 4], size, data[at + 8 : at + 8 + size]))
        at += 8 + size
    return found


def _events(track: bytes) -> list[tuple[bytes, bytes]]:
    """Delta time and the rest of each event of a track, as bytes; what is not understood is one event."""
    found, at, running = [], 0, 0
    while at < len(track):
        begin = at
        while at < len(track) and track[at] & 0x80:
            at += 1
        at += 1
        event, status = at, track[at] if at < len(track) else 0
        if status in (0xFF, 0xF0, 0xF7):
            at += 2 if status == 0xFF else 1
            at += 1 + (track[at] if at < len(track) else 0)
        else:
            running = status if status & 0x80 else running
            at += (status >= 0x80) + (1 if running >> 4 in (0xC, 0xD) else 2)
        found.append((track[begin:event], track[event:at]))
    return found


def midi(data: bytes, rng: Rng) -> bytes:
    """A MIDI file with its chunks, their lengths, its delta times, statuses, running statuses or meta events changed;
    or put into RIFF; or its bytes."""
    if rng.random() < 0.25:
        return mutated(data, rng)
    chunks = _chunks(data)
    if not chunks:
        return mutated(data, rng)
    for _ in few(rng):
        i = int(rng.integers(len(chunks)))
        name, size, content = chunks[i]
        match int(rng.integers(12)):
            case 0:
                chunks[i] = (name, one_of(rng, (*_LENGTHS, size + 1, max(0, size - 1))), content)
            case 1:
                chunks[i] = (one_of(rng, (b"MTrk", b"MThd", b"XFIH", b"RIFF", b"\0\0\0\0")), size, content)
            case 2:
                chunks.insert(int(rng.integers(len(chunks) + 1)), chunks[i])
            case 3 if len(chunks) > 1:
                del chunks[i]
            case 4:
                fields = [int(one_of(rng, (0, 1, 2, 3, 0xFFFF))), int(one_of(rng, (0, 1, 500, 0xFFFF)))]
                division = int(one_of(rng, (0, 1, 24, 480, 0x7FFF, 0x8000, 0xE728, 0xFFFF)))
                chunks[0] = (b"MThd", 6, struct.pack(">HHH", *fields, division))
            case 5:
                content = mutated(content or b"\0", rng)
                chunks[i] = (name, len(content), content)
            case _ if name == b"MTrk":
                content = _track(content, rng)
                chunks[i] = (name, len(content), content)
    whole = b"".join(name + struct.pack(">I", size & 0xFFFFFFFF) + content for name, size, content in chunks)
    if rng.random() < 0.05:
        size = int(one_of(rng, (*_LENGTHS, len(whole))))
        whole = struct.pack("<4sI4s4sI", b"RIFF", (size + 12) & 0xFFFFFFFF, b"RMID", b"data", size) + whole
    return whole


def _track(content: bytes, rng: Rng) -> bytes:
    events = _events(content) or [(b"\0", b"\xff\x2f\0")]
    for _ in few(rng):
        i, j = (int(rng.integers(len(events))) for _ in range(2))
        delta, event = events[i]
        match int(rng.integers(8)):
            case 0:
                events[i] = (one_of(rng, _DELTAS), event)
            case 1:
                events.insert(j, (one_of(rng, _DELTAS[:3]), one_of(rng, _META)))
            case 2 if event and event[0] & 0x80:  # as if the status were running
                events[i] = (delta, event[1:])
            case 3:
                events[i] = (delta, bytes([int(rng.integers(0x80, 0x100))]) + event[1:])
            case 4 if len(event) > 1:
                events[i] = (delta, event[:-1] + bytes([int(rng.integers(0x80, 0x100))]))
            case 5:
                events[i], events[j] = events[j], events[i]
            case 6:
                events[j:j] = [events[i]] * int(rng.integers(1, 60))
            case 7:
                del events[i : i + int(rng.integers(1, 4))]
                events = events or [(b"\0", b"\xff\x2f\0")]
    return b"".join(delta + event for delta, event in events)


def xml(data: bytes, rng: Rng) -> bytes:
    """XML with elements, attributes or texts changed, or what is declared before them; or its bytes."""
    how = rng.random()
    if how < 0.2:
        return mutated(data, rng)
    root = ElementTree.fromstring(data)  # noqa: S314  # our own
    for _ in few(rng):
        _change(root, rng)
    said = ElementTree.tostring(root, "unicode")
    if how < 0.3:
        before = one_of(rng, (
            '<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>', '<!DOCTYPE a SYSTEM "file:///etc/passwd">',
            '<?xml version="1.0" encoding="UTF-7"?>', '<?xml version="1.1"?>', "<?php x?>", "<!-- -->", "\ufeff",
            "<a/>", '<?xml version="1.0" encoding="no-such"?>', "<!DOCTYPE score-partwise>", "\0", " ",
        ))  # fmt: skip
        return encoded(before + said)
    if how < 0.35:
        return said.encode(one_of(rng, ("utf-16", "utf-16-le", "latin-1", "utf-32", "cp500")), "replace")
    return encoded(said)


def _change(root: ElementTree.Element, rng: Rng) -> None:
    every = [(parent, child) for parent in root.iter() for child in parent]
    if not every:
        return
    parent, child = one_of(rng, every)
    other = one_of(rng, every)[1]
    nasty = "".join(c for c in one_of(rng, NASTY) if c >= " " and not "\ud800" <= c <= "\udfff")
    leaves = [c for _, c in every if not len(c)]
    match int(rng.integers(10)):
        case 0:
            parent.remove(child)
        case 1:
            parent.append(child)
        case 2 if other is not child and parent not in other.iter():
            parent.append(other)
        case 3:
            child.tag = other.tag
        case 4 if child.attrib:
            child.set(one_of(rng, list(child.attrib)), nasty)
        case 5:
            child.set(one_of(rng, ("id", "number", "type", "name", "tempo")), nasty)
        case 6:
            child.text = nasty
        case 7:
            child.tag = one_of(
                rng, ("note", "grace", "chord", "rest", "duration", "backup", "forward", "repeat", "tie")
            )
        case _:
            one_of(rng, leaves).text = nasty


def archive(data: bytes, rng: Rng) -> bytes:
    """An .mxl file: its document changed, its members named otherwise, repeated, left out, packed otherwise; or its
    bytes, those of its directory too."""
    if rng.random() < 0.4:
        return mutated(data, rng)
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        members = [(info.filename, packed.read(info)) for info in packed.infolist()]
    i = int(rng.integers(len(members)))
    name, content = members[i]
    match int(rng.integers(8)):
        case 0:
            content = mutated(content, rng)
        case 1:
            name = one_of(rng, ("../" + name, "/" + name, name.upper(), "", "a" * 5000, "\x1b[2J", "META-INF/" + name))
        case 2:
            members.append((name + "x", content))
        case 3:
            content = data
        case 4:
            content = b""
        case _:
            i, (name, content) = next((i, m) for i, m in enumerate(members) if m[1].lstrip().startswith(b"<"))
            content = xml(content, rng)
    members[i] = (name, content)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", one_of(rng, (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA))) as out:
        for said, inner in members[int(rng.random() < 0.1) :]:
            out.writestr(zipfile.ZipInfo(said), inner)
    return mutated(buffer.getvalue(), rng) if rng.random() < 0.2 else buffer.getvalue()


def zipped(data: bytes, rng: Rng) -> bytes:
    """gzip of changed bytes, or changed bytes of gzip."""
    if rng.random() < 0.3:
        return gzip.compress(mutated(data, rng), 1, mtime=0)
    return mutated(gzip.compress(data, 1, mtime=0), rng)


def png(data: bytes, rng: Rng) -> bytes:
    """A PNG with its chunks changed and, mostly, sums that are right again; or its bytes."""
    if rng.random() < 0.3:
        return mutated(data, rng)
    chunks, at = [], 8
    while at + 12 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        chunks.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + size]))
        at += 12 + size
    for _ in few(rng):
        i = int(rng.integers(len(chunks)))
        kind, content = chunks[i]
        match int(rng.integers(6)):
            case 0:
                size = [int(one_of(rng, _LENGTHS)) for _ in range(2)]
                chunks[0] = (b"IHDR", struct.pack(">II", *size) + bytes(rng.integers(0, 17, 5, dtype="u1")))
            case 1:
                chunks.insert(i, chunks[int(rng.integers(len(chunks)))])
            case 2 if len(chunks) > 1:
                del chunks[i]
            case 3:
                chunks[i] = (
                    one_of(rng, (b"tEXt", b"zTXt", b"iTXt", b"iCCP", b"tRNS", b"PLTE", b"acTL", b"eXIf")),
                    content,
                )
            case 4 if kind == b"IDAT":
                with contextlib.suppress(zlib.error):  # it may be damaged already
                    chunks[i] = (kind, zlib.compress(mutated(zlib.decompress(content), rng)))
            case _:
                chunks[i] = (kind, mutated(content or b"\0", rng))
    parts = [
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)

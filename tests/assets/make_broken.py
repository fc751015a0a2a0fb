"""Writes tests/assets/broken: small MIDI files with one thing wrong each. Run it after changing it.

The first word of a file's name says what reading it must do: `refused` or `played`.
"""

from __future__ import annotations

import struct
from pathlib import Path

END = b"\x00\xff\x2f\x00"
NOTE = b"\x00\x90\x3c\x40\x60\x80\x3c\x00"  # middle C for 96 ticks


def header(n_tracks: int = 1, division: int = 96, kind: int = 0) -> bytes:
    return struct.pack(">4sIHHH", b"MThd", 6, kind, n_tracks, division)


def track(events: bytes, end: bytes = END) -> bytes:
    return struct.pack(">4sI", b"MTrk", len(events + end)) + events + end


def files() -> dict[str, bytes]:
    """Name -> content."""
    whole = header() + track(NOTE)
    riff = struct.pack("<4sI4s4sI", b"RIFF", len(whole) + 12, b"RMID", b"data", len(whole)) + whole
    return {
        "refused_empty": b"",
        "refused_not_midi": b"This is a text.",
        "refused_short_header": b"MThd\x00\x00\x00\x06\x00",
        "refused_no_tracks": header(0),
        "refused_no_notes": header() + track(b""),
        "refused_zero_ticks_per_quarter": header(division=0) + track(NOTE),
        "refused_smpte": header(division=0xE728) + track(NOTE),
        "refused_unknown_format": header(kind=7) + track(NOTE),
        # 268,435,455 ticks before a note, in 37 bytes
        "refused_tick_bomb": header() + track(b"\xff\xff\xff\x7f\x90\x3c\x40\x60\x80\x3c\x00"),
        "refused_tick_overflow": header() + track(b"\xff\xff\xff\x7f\x90\x3c\x40\xff\xff\xff\x7f\x80\x3c\x00" * 20),
        "refused_data_before_status": header() + track(b"\x00\x3c\x40"),
        "played_truncated_track": whole[:-4],
        "played_truncated_in_event": (header() + track(NOTE * 2))[:-6],
        "played_no_end_of_track": header() + track(NOTE, b""),
        "played_bad_key_signature": header() + track(b"\x00\xff\x59\x02\x14\x07" + NOTE),
        "played_tempo_zero": header() + track(b"\x00\xff\x51\x03\x00\x00\x00" + NOTE),
        "played_bad_time_signature": header() + track(b"\x00\xff\x58\x04\x00\x63\x18\x08" + NOTE),
        "played_illegal_status": header() + track(b"\x00\xf4" + NOTE),
        "played_value_over_127": header() + track(NOTE + b"\x00\x90\x3c\xc8"),
        "played_rmi": riff,
        "played_long_header": struct.pack(">4sIHHHH", b"MThd", 8, 0, 1, 96, 0) + track(NOTE),
        "played_wrong_track_count": header(5, kind=1) + track(NOTE),
        "played_garbage_after": whole + b"garbage" * 3,
        "played_alien_chunk": header() + b"XFIH\x00\x00\x00\x02hi" + track(NOTE),
        "played_latin_name": header() + track(b"\x00\xff\x03\x02\xe9\xe8" + NOTE),
        "played_zero_length_note": header() + track(b"\x00\x90\x3c\x40\x00\x80\x3c\x00"),
    }


if __name__ == "__main__":
    folder = Path(__file__).parent / "broken"
    folder.mkdir(exist_ok=True)
    for name, content in files().items():
        (folder / f"{name}.mid").write_bytes(content)

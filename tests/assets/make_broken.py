"""Writes tests/assets/broken: small files of music with one thing wrong each. Run it after changing it.

The first word of a file's name says what reading it must do: `refused` or `played`.
"""

from __future__ import annotations

import io
import struct
import zipfile
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


XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
DOCTYPE = (
    '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" "http://www.musicxml.org/x.dtd">\n'
)
CONTAINER = "META-INF/container.xml"


def musicxml(measure: str = "", before: str = XML + DOCTYPE, duration: str = "1") -> str:
    """One quarter, middle C. measure: what stands before the note."""
    return (
        f'{before}<score-partwise version="4.0"><part-list><score-part id="P"><part-name>A</part-name></score-part>'
        f'</part-list><part id="P"><measure number="1"><attributes><divisions>1</divisions></attributes>{measure}'
        f"<note><pitch><step>C</step><octave>4</octave></pitch><duration>{duration}</duration></note></measure></part>"
        "</score-partwise>\n"
    )


def archive(entries: dict[str, str | bytes], root: str | None = "score.musicxml", method: int = 8) -> bytes:
    """root: what container.xml names."""
    target = io.BytesIO()
    if root is not None:
        said = f'<container><rootfiles><rootfile full-path="{root}"/></rootfiles></container>'
        entries = {CONTAINER: said, **entries}
    with zipfile.ZipFile(target, "w", method) as packed:
        for name, content in entries.items():
            packed.writestr(zipfile.ZipInfo(name), content, method)  # without the time of day
    return target.getvalue()


def notation() -> dict[str, bytes]:
    """Name with suffix -> content; those that are played hold one note."""
    entity = XML + '<!DOCTYPE score-partwise [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>\n'
    whole = musicxml()
    kern = "**kern\n4c\n*-\n"
    texts = {
        "played_doctype.musicxml": whole,
        "played_no_declaration.xml": musicxml(before=""),
        "played_timewise.musicxml": whole.replace("score-partwise", "score-timewise")
        .replace('<part id="P"><measure number="1">', '<measure number="1"><part id="P">')
        .replace("</measure></part>", "</part></measure>"),
        "refused_entity.musicxml": musicxml(before=entity).replace("<part-name>A", "<part-name>&b;"),
        "refused_outside_entity.musicxml": musicxml(
            before='<!DOCTYPE score-partwise [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
        ),
        "refused_other_xml.xml": '<SoccerFeed><Game id="1"/></SoccerFeed>',
        "refused_deep.musicxml": musicxml("<a>" * 500 + "</a>" * 500),
        "refused_cut_off.musicxml": whole[:-40],
        "refused_not_closed.musicxml": whole.replace("</measure>", ""),
        "refused_empty.musicxml": "",
        "refused_no_notes.musicxml": XML + '<score-partwise version="4.0"/>',
        "refused_endless_note.musicxml": musicxml(duration="9" * 30),
        "refused_duration_no_number.musicxml": musicxml(duration="a"),
        "refused_zip_that_is_xml.mxl": "PK but not really",
        "played_no_title.abc": "X:1\nM:4/4\nL:1/4\nK:C\nC\n",
        "played_one_broken_tune.abc": "X:1\nM:bad\nK:C\nC\n\nX:2\nM:4/4\nL:1/4\nK:C\nC\n",
        "refused_no_key.abc": "X:1\nM:4/4\nC D E F\n",
        "refused_no_tune.abc": "X:1\nK:C\n\n",
        "refused_text.abc": "This is no tune.",
        "refused_endless_note.abc": "X:1\nL:1/4\nK:C\nC" + "9" * 40 + "\n",
        "refused_huge_metre.abc": "X:1\nM:999999999/4\nL:1/4\nK:C\nC | D\n",
        "refused_huge_metre.krn": "**kern\n*M999999999/4\n4c\n*-\n",
        "refused_huge_metre.musicxml": musicxml(
            "<attributes><time><beats>999999999</beats><beat-type>4</beat-type></time></attributes>"
        ),
        "refused_zero_metre.abc": "X:1\nM:4/0\nL:1/4\nK:C\nC | D\n",
        "played_kern.krn": kern,
        "refused_no_kern.krn": "**dynam\nf\n*-\n",
        "refused_text.krn": "Tempo di minuetto",
        "refused_too_many_spines.krn": "\t".join(["**kern"] * 400) + "\n" + "\t".join(["4c"] * 400) + "\n",
        "refused_zero_division.krn": "**kern\n0%0c\n*-\n",
        "refused_no_data.krn": "**kern\n*-\n",
    }
    return {name: text.encode() for name, text in texts.items()} | {
        "played_utf16.musicxml": musicxml(before='<?xml version="1.0" encoding="UTF-16"?>').encode("utf-16"),
        "played_latin_1.abc": b"X:1\nT:\xe9t\xe9\nM:4/4\nL:1/4\nK:C\nC\n",
        "refused_binary.abc": b"X:1\nK:C\n\x00\x01",
        "refused_utf16_entity.musicxml": musicxml(before=entity.replace("UTF-8", "UTF-16")).encode("utf-16"),
        "played_archive.mxl": archive({"score.musicxml": whole}),
        "played_archive.xml": archive({"score.musicxml": whole}),
        "played_archive_without_container.mxl": archive({"a.xml": whole, "cover.png": b"png"}, root=None),
        "played_archive_with_two.mxl": archive({"other.musicxml": "<no/>", "score.musicxml": whole}),
        "refused_archive_root_missing.mxl": archive({"other.musicxml": whole}),
        "refused_archive_root_outside.mxl": archive({"score.musicxml": whole}, root="../../etc/passwd"),
        "refused_archive_within.mxl": archive({"score.musicxml": archive({"score.musicxml": whole})}),
        "refused_archive_cut_off.mxl": archive({"score.musicxml": whole})[:-30],
        "refused_archive_in_lzma.mxl": archive({"score.musicxml": whole}, method=zipfile.ZIP_LZMA),
        "refused_archive_entity.mxl": archive({"score.musicxml": musicxml(before=entity)}),
    }


if __name__ == "__main__":
    folder = Path(__file__).parent / "broken"
    folder.mkdir(exist_ok=True)
    for name, content in files().items():
        (folder / f"{name}.mid").write_bytes(content)
    for name, content in notation().items():
        (folder / name).write_bytes(content)

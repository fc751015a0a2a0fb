"""Small files that ask for much: of time, of memory, of depth."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable

from reliability import whole_files as whole
from reliability import whole_logs as logs
from reliability.bomb_making import (
    bmp,
    chunk,
    gzip_bomb,
    laughs,
    make,
    members,
    nested,
    outside,
    packed,
    parquet,
    png,
    repeated,
    scored,
)

Bomb = tuple[str, str, Callable[[], bytes]]  # domain, suffix, its bytes
TICKS = b"\xff\xff\xff\x7f"
MUSIC: dict[str, Bomb] = {
    "400 KB delta time": ("midi", ".mid", lambda: make.header() + make.track(b"\xff" * 400_000 + b"\0" + make.NOTE)),
    "37 bytes of ticks": ("midi", ".mid", lambda: make.files()["refused_tick_bomb"]),
    "ticks past 64 bits": ("midi", ".mid", lambda: make.header() + make.track((TICKS + b"\x90\x3c\x40") * 20_000)),
    "a note for ever": ("midi", ".mid", lambda: make.header() + make.track(b"\0\x90\x3c\x40" + TICKS + b"\x80\x3c\0")),
    "65,535 tracks": ("midi", ".mid", lambda: make.header(65_535) + make.track(make.NOTE) * 65_535),
    "a million chunks": ("midi", ".mid", lambda: make.header() + b"XFIH\0\0\0\0" * 1_000_000),
    "a meta event of 256 MB": ("midi", ".mid", lambda: make.header() + make.track(b"\0\xff\x03" + TICKS + b"x")),
    "mxl of 292 KB that is 300 MB": ("midi", ".mxl", lambda: packed(repeated(b" " * 2**20, 280))),
    "mxl of nine million elements": ("midi", ".mxl",
        lambda: make.archive({"score.musicxml": b"<score-partwise>" + b"<a/>" * 9_000_000})),
    "mxl that lies of its size": ("midi", ".mxl", lambda: packed(repeated(b" " * 2**20, 280), 100)),
    "mxl that says 4 GB": ("midi", ".mxl", lambda: packed(repeated(b" " * 2**20, 280), 2**32 - 1)),
    "zips in zips": ("midi", ".mxl", lambda: nested(40)),
    "65,000 members": ("midi", ".mxl", lambda: members(65_000)),
    "billion laughs": ("midi", ".musicxml", lambda: scored("<words>&e12;</words>", laughs("score-partwise"))),
    "billion laughs, packed": ("midi", ".mxl", lambda: make.archive({"score.musicxml": scored("", laughs("a"))})),
    "billion laughs in UTF-16": ("midi", ".xml",
        lambda: scored("", laughs("a").replace("?>", " encoding='utf-16'?>")).decode().encode("utf-16")),
    "entities from outside": ("midi", ".musicxml", lambda: scored("<words>&x;</words>", outside("score-partwise"))),
    "XML, deep": ("midi", ".musicxml", lambda: b"<score-partwise>" + b"<a>" * 1_000_000),
    "XML, many attributes": ("midi", ".musicxml",
        lambda: b"<score-partwise " + b" ".join(b'a%d="1"' % i for i in range(400_000)) + b"/>"),
    "XML, a long text": ("midi", ".musicxml", lambda: scored("<!--" + "a" * 9_000_000)),
    "MusicXML, a long note": ("midi", ".musicxml", lambda: make.musicxml(duration="9" * 30).encode()),
    "MusicXML, a long metre": ("midi", ".musicxml", lambda: make.notation()["refused_huge_metre.musicxml"]),
    "MusicXML, deep tuplets": ("midi", ".musicxml",
        lambda: scored("<forward><duration>" + "9" * 400 + "</duration></forward>")),
    "MusicXML, divisions": ("midi", ".musicxml",
        lambda: scored("<attributes><divisions>" + "9" * 5000 + "</divisions></attributes>")),
    "ABC, a long note": ("midi", ".abc", lambda: make.notation()["refused_endless_note.abc"]),
    "ABC, a long metre": ("midi", ".abc", lambda: make.notation()["refused_huge_metre.abc"]),
    "ABC, no title and no notes": ("midi", ".abc", lambda: b"X:1\nK:C\n" + b"%" * 5_000_000),
    "kern, many spines": ("midi", ".krn", lambda: make.notation()["refused_too_many_spines.krn"]),
    "kern, a long metre": ("midi", ".krn", lambda: make.notation()["refused_huge_metre.krn"]),
}  # fmt: skip


DEEP = 100_000
LONG = repeated(b"a" * 2**20, 300, 15)
LONG_LINE = logs.CRICKET.splitlines()[0].encode() + b"\n"
OTHERS: dict[str, Bomb] = {
    "text gzip": ("sports", ".csv.gz", lambda: gzip_bomb(logs.CRICKET.encode())),
    "a season of Wyscout's, gzip": ("sports", ".json.gz", lambda: gzip_bomb(b'[{"eventId": 1, "subEventId": "')),
    "JSON lines, gzip": ("sports", ".jsonl.gz", lambda: gzip_bomb(b'{"over": 1}\n{"over": 2}\n{"over": 3')),
    "prices gzip": ("prices", ".csv.gz", lambda: gzip_bomb(whole.PRICES)),
    "images gzip": ("images", ".idx3-ubyte.gz", lambda: gzip_bomb(whole.idx()[:20])),
    "gzip of 400,000 parts": ("sports", ".csv.gz", lambda: gzip.compress(b"", 1) * 400_000),
    "gzip in gzip": ("sports", ".csv.gz", lambda: gzip.compress(gzip_bomb(b"a,b\n"))),
    "JSON, deep": ("sports", ".json", lambda: b'{"innings": ' + b"[" * DEEP + b"]" * DEEP + b"}"),
    "JSON, deep and never closed": ("sports", ".json", lambda: b'{"info": ' + b'{"a":' * DEEP),
    "JSON, a long number": ("sports", ".json", lambda: b'{"innings": ' + b"9" * 5_000_000 + b"}"),
    "JSON, a great exponent": ("sports", ".json", lambda: b'[{"period": 1e' + b"9" * 5_000_000 + b"}]"),
    "JSON, 10 MB in a text": ("sports", ".json", lambda: b'{"innings": "' + b"\\u0041" * 1_600_000 + b'"}'),
    "JSON lines, columns": ("sports", ".jsonl", lambda: b"".join(b'{"c%d": 1}\n' % i for i in range(200_000))),
    "StatsBomb, deep": ("sports", ".json", lambda: b'[{"possession_team": ' + b"[" * DEEP + b"]" * DEEP + b"}]"),
    "Wyscout, deep": ("sports", ".json", lambda: b'[{"subEventId": ' + b"[" * DEEP + b"]" * DEEP + b"}]"),
    "CSV, a million columns": ("sports", ".csv", lambda: b"match," * 1_000_000 + b"\n" + b"1," * 1_000_000 + b"\n"),
    "CSV, a cell of 10 MB": ("sports", ".csv", lambda: LONG_LINE + b'"' + b"x" * 9_000_000),
    "CSV, only quotes": ("sports", ".csv", lambda: LONG_LINE + b'"' * 9_000_001),
    "prices, a million columns": ("prices", ".csv", lambda: b"date," * 1_000_000 + b"\n" + b"2020-01-01," * 800_000),
    "prices, a cell of 10 MB": ("prices", ".csv", lambda: b"date,x\n" + b"9" * 9_000_000),
    "cricsheet, billion laughs": ("sports", ".xml",
        lambda: laughs("cricsheet").encode() + b"<cricsheet>&e12;</cricsheet>"),
    "cricsheet, deep": ("sports", ".xml", lambda: b"<cricsheet>" + b"<a>" * 200_000),
    "Opta, entities": ("sports", ".xml", lambda: outside("Games").encode() + b"<Games><Event >&x;</Event></Games>"),
    "PNG of 3.6 gigapixels": ("images", ".png", lambda: png(60_000, 60_000)),
    "PNG of 2^62 pixels": ("images", ".png", lambda: png(2**31 - 1, 2**31 - 1)),
    "PNG, a text of 300 MB": ("images", ".png", lambda: png(8, 8, chunk(b"zTXt", b"a\0\0" + LONG))),
    "PNG, a profile of 300 MB": ("images", ".png", lambda: png(8, 8, chunk(b"iCCP", b"a\0\0" + LONG))),
    "PNG, rows of 300 MB": ("images", ".png", lambda: png(8, 8, rows=repeated(bytes(2**20), 300, 15))),
    "GIF of 4 gigapixels": ("images", ".gif",
        lambda: b"GIF89a\xff\xff\xff\xff\0\0\0,\0\0\0\0\xff\xff\xff\xff\0\x08\x02\0\0\0;"),
    "BMP of 4 gigapixels": ("images", ".bmp", lambda: bmp(65_535, 65_535, 0, bytes(100))),
    "BMP, run lengths": ("images", ".bmp", lambda: bmp(65_535, -65_535, 1, b"\xff\1" * 100)),
    "JPEG of 4 gigapixels": ("images", ".jpg",
        lambda: whole.photos()[".jpg"][0].replace(b"\x0b\x08\0\x06\0\x05", b"\x0b\x08\xff\xff\xff\xff")),
    "idx of 2^96 bytes": ("images", "-idx3-ubyte", lambda: struct.pack(">IIII", 0x803, *[2**32 - 1] * 3) + bytes(99)),
    "Parquet, 2 GB of one text": ("sports", ".parquet", lambda: parquet(200_000, "x" * 10_000)),
    "Parquet, 12,000 columns": ("sports", ".parquet", lambda: parquet(1_000, "x", 12_000)),
    "Parquet of prices, 2 GB of one text": ("prices", ".parquet",
        lambda: parquet(200_000, "x" * 10_000, 1, prices=True)),
    "Parquet of prices, a hundred columns": ("prices", ".parquet",
        lambda: parquet(1_000_000, "1.5", 100, prices=True)),
    "text, only zeros": ("text", ".txt", lambda: bytes(10_000_000)),
    "text, no whole character": ("text", ".txt", lambda: b"a" * 9_999_999 + b"\xe2\x80"),
}  # fmt: skip
BOMBS = MUSIC | OTHERS

"""Small whole files of music, text, prices and images, and of what users write for seqgen."""

from __future__ import annotations

import importlib.util
import io
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

from seqgen.domains.images.png import png
from seqgen.domains.midi.formats.serial import to_bytes
from seqgen.domains.midi.score import KeySignature, Tempo, TimeSignature, Track, make_score

ASSETS = Path(__file__).parents[1] / "assets"
_spec = importlib.util.spec_from_file_location("make_broken", ASSETS / "make_broken.py")
assert _spec and _spec.loader
make = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(make)

ABC = b"""%abc
X:1
T:A pickup
M:3/4
L:1/8
Q:1/4=90
K:Amin
E|A-A B2|[CEG]2 {g}c(3def:|1 g3|2 a3|]
V:2
A,3 D3|F3 z3|
"""
KERN = b"""**kern\t**kern
*I"Cello\t*I"Violin
*k[f#]\t*k[f#]
*M4/4\t*M4/4
*MM100\t*MM100
=1\t=1
4G\t4g
*\t*^
4D\t4b\t8g
.\t.\t8a
*\t*v\t*v
4E 4G\t[4b
=2\t=2
1G\t2.b]
.\tqdd
==\t==
*-\t*-
"""
MUSICXML = b"""<score-partwise version="4.0"><movement-title>Small</movement-title><part-list>
<score-part id="P1"><part-name>Clarinet</part-name><score-instrument id="I1"><instrument-name>Clarinet</instrument-name>
</score-instrument><midi-instrument id="I1"><midi-channel>1</midi-channel><midi-program>72</midi-program>
</midi-instrument></score-part></part-list>
<part id="P1"><measure number="0" implicit="yes"><attributes><divisions>2</divisions>
<key><fifths>1</fifths><mode>minor</mode></key><time><beats>4</beats><beat-type>4</beat-type></time>
<transpose><chromatic>-2</chromatic></transpose></attributes><direction><sound tempo="120"/></direction>
<note><pitch><step>C</step><octave>5</octave></pitch><duration>2</duration></note></measure>
<measure number="1"><note><grace/><pitch><step>D</step><octave>5</octave></pitch></note>
<note><pitch><step>E</step><alter>-1</alter><octave>5</octave></pitch><duration>4</duration><tie type="start"/></note>
<note><chord/><pitch><step>G</step><octave>5</octave></pitch><duration>4</duration></note>
<backup><duration>4</duration></backup>
<note><pitch><step>C</step><octave>4</octave></pitch><duration>8</duration><voice>2</voice></note>
<barline location="right"><repeat direction="backward"/></barline></measure></part></score-partwise>
"""
TEXT = (
    "Once upon a time, in a land far away — so they say — there lived three wizards.\n\n“Who?” Ann asked.\n\té".encode()
)
PRICES = b"Date,GBP,JPY\n2020-01-01,1.2,110\n2020-01-02,1.3,\n2020-01-03,1.25,112\n2020-01-06,1.27,111\n"
SHARES = b"""Date,Ticker,Open,High,Low,Close,Adj Close,Volume
2020-01-02,A,1,3,1,2,1.5,100
2020-01-03,A,2,4,2,3,2.5,"1,200"
2020-01-02,B,7,9,6,8,8,0
2020-01-03,B,8,9,7,7.5,7.5,1e3
"""
CORPUS_TOML = b"""domain = "midi"
title = "Tunes"
origin = "here"
licence = "CC0"
citation = ""
recipe = ""
[split]
train = 0.8
valid = 0.1
test = 0.1
"""
COLUMNS_TOML = b"""sport = "soccer"
[columns]
action = "event_type"
time = "seconds"
[values.action]
pass = ["short pass", "simple pass"]
[scales]
x = [[0, 120], [0, 105]]
"""
COLUMNS = b"action=event_type,time=seconds,x=from_x"


def tune() -> bytes:
    """A few notes, with tempo, metre, key, pedals and bends."""
    return to_bytes(
        make_score(
            96, [0, 96, 96, 192], [96, 48, 96, 96], [60, 62, 65, 36], [80, 70, 60, 100], [0, 0, 0, 1],
            [Track(40, name="violin"), Track(0, True, "kit")], tempos=(Tempo(0, 120.0), Tempo(192, 90.0)),
            time_signatures=(TimeSignature(0, 3, 4),), key_signatures=(KeySignature(0, 2),),
            pedals=np.array([(10, 0, 1), (90, 0, 0)], np.int32), bends=np.array([(96, 0, -100)], np.int32),
        )
    )  # fmt: skip


def band() -> bytes:
    """Several programs and drums, changes of metre and tempo."""
    rng = np.random.default_rng(1)
    n = 60
    return to_bytes(
        make_score(
            96, rng.integers(0, 1500, n), rng.integers(1, 200, n), rng.integers(30, 90, n), rng.integers(1, 127, n),
            rng.integers(0, 3, n), [Track(0, True, "Drums"), Track(33, False, "Bass"), Track(4, False, "Keys")],
            tempos=(Tempo(0, 90.0), Tempo(400, 133.3)),
            time_signatures=(TimeSignature(0, 4, 4), TimeSignature(768, 7, 8)), key_signatures=(), name="band",
        )
    )  # fmt: skip


def played(*suffixes: str) -> list[bytes]:
    """Files with one thing wrong that are read all the same."""
    files = sorted(p for p in (ASSETS / "broken").glob("played_*") if p.suffix in suffixes)
    return [path.read_bytes() for path in files]


def idx(n: int = 2, height: int = 3, width: int = 4) -> bytes:
    pixels = np.arange(n * height * width, dtype=np.uint8)
    return struct.pack(">IIII", 0x803, n, height, width) + pixels.tobytes()


IDX_LABELS = struct.pack(">II", 0x801, 2) + b"\x07\x01"


def photos() -> dict[str, list[bytes]]:
    """Suffix -> small pictures of several kinds."""
    pillow = importlib.import_module("PIL.Image")
    pixels = np.arange(6 * 5, dtype=np.uint8).reshape(6, 5) * 8
    kinds: dict[str, list[tuple[str, dict[str, Any]]]] = {
        ".png": [("L", {}), ("RGBA", {}), ("P", {}), ("1", {}), ("I;16", {})],
        ".jpg": [("L", {}), ("RGB", {"progressive": True})],
        ".bmp": [("L", {}), ("RGB", {}), ("1", {})],
        ".gif": [("L", {}), ("P", {"transparency": 0})],
    }
    found: dict[str, list[bytes]] = {".png": [png(pixels, {"Label": "dog"})]}
    for suffix, modes in kinds.items():
        for mode, options in modes:
            file = io.BytesIO()
            image = pillow.fromarray(pixels)
            image = pillow.new(mode, (5, 6)) if mode == "I;16" else image.convert(mode)
            image.save(file, "JPEG" if suffix == ".jpg" else suffix[1:].upper(), **options)
            found.setdefault(suffix, []).append(file.getvalue())
    return found


def shrunk(data: bytes) -> bytes:
    """JSON with but the first and last of its long lists, and the first of its long dicts of dicts."""

    def cut(value: Any) -> Any:
        if isinstance(value, list):
            return [cut(v) for v in (value if len(value) <= 60 else value[:5] + value[-3:])]
        if not isinstance(value, dict):
            return value
        alike = len(value) > 20 and all(isinstance(v, dict) for v in value.values())
        return {k: cut(v) for k, v in list(value.items())[: 5 if alike else None]}

    return json.dumps(cut(json.loads(data))).encode()

"""Large whole files, of ten megabytes and less, in a warm worker: two seconds of the processor and 256 MB at most.

Not so notation, which music21 reads: its seconds grow with the file, up to 120, and may take 1 GB.
"""

from __future__ import annotations

import io
import json
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from reliability import whole_files as whole
from reliability import whole_logs as logs
from seqgen.core.workers import Workers
from seqgen.corpus.build import read_file
from seqgen.domains.images.png import png
from seqgen.domains.midi.formats.serial import to_bytes
from seqgen.domains.midi.score import make_score

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="needs RLIMIT_AS")]
SECONDS, SLACK = 2, 2  # how much slower a machine may be than those that SECURITY.md speaks of
MEMORY = 256_000_000


def midi(n: int) -> bytes:
    at = np.arange(n)
    return to_bytes(make_score(480, at // 8 * 60, [60] * n, 36 + at % 8 * 6, [80] * n, [0] * n))


def soccer() -> bytes:
    head = logs.SOCCER.splitlines()[0]
    rows = (f"soccer,{i},{i // 1500},1,{i % 1500},Reds,Zoe{i % 22},pass,success,{i % 105}.5,34" for i in range(170_000))
    return "\n".join([head, *rows]).encode()


def statsbomb() -> bytes:
    clock = (f"00:{i // 60 % 60:02d}:{i % 60:02d}.500" for i in range(33_000))
    return json.dumps([{**logs.STATSBOMB[i % 3], "id": str(i), "timestamp": at} for i, at in enumerate(clock)]).encode()


def prices() -> bytes:
    days = np.datetime_as_string(np.arange("1950-01-01", "2150-01-01", dtype="datetime64[D]")).tolist()
    rows = (f"{days[i % 70_000]}T{i // 70_000:02d}:00,{100 + i % 97}.5" for i in range(390_000))
    return "\n".join(["date,close", *rows]).encode()


def idx() -> bytes:
    pixels = np.random.default_rng(0).integers(0, 256, 12_700 * 784, dtype=np.uint8)
    return struct.pack(">IIII", 0x803, 12_700, 28, 28) + pixels.tobytes()


def jpeg() -> bytes:
    pillow = pytest.importorskip("PIL.Image")
    file = io.BytesIO()
    pillow.new("RGB", (7000, 7000), (9, 8, 7)).save(file, "JPEG")
    return file.getvalue()


LARGE: dict[str, tuple[str, str, Callable[[], bytes]]] = {
    "MIDI": ("midi", ".mid", lambda: midi(990_000)),
    "MIDI, cut off": ("midi", ".mid", lambda: midi(400_000)[:-5]),
    "text": ("text", ".txt", lambda: whole.TEXT * 90_000),
    "soccer": ("sports", ".csv", soccer),
    "StatsBomb": ("sports", ".json", statsbomb),
    "prices": ("prices", ".csv", prices),
    "idx": ("images", "-idx3-ubyte", idx),
    "PNG": ("images", ".png", lambda: png(np.zeros((7000, 7000), np.uint8), {})),
    "JPEG": ("images", ".jpg", jpeg),
}


def seconds_of(item: tuple[str, str]) -> tuple[float, int]:
    begin = time.process_time()
    pieces = read_file(*item, stay=True).pieces
    return time.process_time() - begin, len(pieces)


@pytest.mark.parametrize("name", LARGE)
def test_a_large_file_is_read_within_bounds(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    domain, suffix, make = LARGE[name]
    path = tmp_path / f"x{suffix}"
    path.write_bytes(make())
    assert path.stat().st_size <= 10_000_000
    with Workers(seconds_of, 1, seconds=120, memory=MEMORY, start="fork") as workers:
        *_, outcome = workers.map([(domain, str(path))] * 2)  # the second finds what is imported at first
    assert outcome.error is None, outcome
    seconds, n = outcome.value
    assert seconds < SLACK * SECONDS and n
    with capsys.disabled():
        print(f"\n{name}: {path.stat().st_size / 1e6:.1f} MB, {seconds:.2f} s")  # noqa: T201  # for records

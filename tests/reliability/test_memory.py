"""How much memory the long jobs take, each in a process of its own that says its peak."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from seqgen.core.files import write_bytes
from seqgen.domains.midi.formats.serial import to_bytes
from seqgen.domains.midi.score import Tempo, TimeSignature, Track, make_score

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="asks /proc"),
]
CORPORA = Path(__file__).parents[2] / "corpora"
_PEAK = """
import os, sys
def peak():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
"""
_BUILD = """
from pathlib import Path
from seqgen.core.domain import get_domain
from seqgen.corpus.build import prepare
from seqgen.corpus.folder import open_corpus
domain = get_domain(sys.argv[1])
found = prepare(open_corpus(Path(sys.argv[2])), domain, domain.options())
print(peak(), sum(part["tokens"] for part in found.about["counts"].values()))
"""


def said_by(program: str, *arguments: object, folder: Path) -> list[int]:
    """The numbers that a Python program prints."""
    said = subprocess.run(
        [sys.executable, "-c", _PEAK + program, *map(str, arguments)],
        capture_output=True, text=True, check=False, cwd=folder, env={**os.environ, "SEQGEN_CACHE": str(folder / "c")},
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    return [int(n) for n in said.stdout.split()]


def test_a_text_of_a_gigabyte_is_built_in_300_megabytes(tmp_path: Path) -> None:
    plays = b"".join(path.read_bytes() for path in sorted((CORPORA / "shakespeare").glob("*.txt")))
    file = tmp_path / "long" / "long.txt"
    file.parent.mkdir()
    with file.open("wb") as long:
        for n in range(1_000_000_000 // len(plays) + 1):
            long.write(b"%d\n" % n + plays)
    peak, tokens = said_by(_BUILD, "text", file.parent, folder=tmp_path)
    assert tokens > 950_000_000 and peak < 300e6


def test_music_of_a_hundred_megabytes_is_built_in_as_little(tmp_path: Path) -> None:
    """In memory it would be 450: of music there is no more than this at a time, whatever it adds up to."""
    rng, n = np.random.default_rng(0), 6000
    folder = tmp_path / "music"
    for number in range(2500):
        onset, duration = np.sort(rng.integers(0, 60 * n, n)), rng.integers(60, 480, n)
        tracks = [
            Track(0, True, "Drums"),
            Track(33, False, "Bass"),
            Track(4, False, "Keys"),
            Track(25, False, "Guitar"),
        ]
        score = make_score(
            480, onset, duration, rng.integers(36, 90, n), rng.integers(30, 120, n), rng.integers(0, 4, n), tracks,
            tempos=(Tempo(0, 100.0),), time_signatures=(TimeSignature(0, 4, 4),), key_signatures=(), name="",
        )  # fmt: skip
        write_bytes(folder / f"{number}.mid", to_bytes(score))
    assert sum(file.stat().st_size for file in folder.iterdir()) > 95e6
    peak, tokens = said_by(_BUILD, "midi", folder, folder=tmp_path)
    assert tokens > 30_000_000 and peak < 300e6


def test_a_hundred_thousand_ids_are_drawn_in_20_megabytes(tmp_path: Path) -> None:
    """Beyond what the first thousand take: of each id is remembered where it came last."""
    text = tmp_path / "text.txt"
    text.write_text("".join(f"Line {n} of the text, and {n * n} of its letters.\n" for n in range(500)))
    begin = 'import seqgen\nseqgen.train("text", sys.argv[1], steps=4, preset="tiny", width=16, out="run")'
    said_by(begin, text, folder=tmp_path)
    program = """
import seqgen
model = seqgen.load("run")
model.sample(count=1, length="1000tokens", seed=0)
before = peak()
(drawn,) = model.sample(count=1, length="100000tokens", seed=0)
print(len(drawn.ids), peak() - before)
"""
    drawn, grown = said_by(program, folder=tmp_path)
    assert drawn >= 100_000 and grown < 20e6


def test_training_stays_within_700_megabytes(tmp_path: Path) -> None:
    """Of the size that the target names: two layers of 256, batches of 16 crops of 64, validation and saving too; of a
    corpus that is prepared."""
    said_by(_BUILD, "text", CORPORA / "shakespeare", folder=tmp_path)
    program = """
import seqgen
seqgen.train("text", sys.argv[1], steps=60, width=256, n_layers=2, batch_size=16, crop=64, n_evaluations=2, out="run")
print(peak())
"""
    (peak,) = said_by(program, CORPORA / "shakespeare", folder=tmp_path)
    assert peak < 700e6

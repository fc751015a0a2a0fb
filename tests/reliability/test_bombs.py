"""Small files that ask for much are refused soon and within little memory. Seconds are the processor's: other
processes decide nothing."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from reliability.bombs import BOMBS
from reliability.readers import READERS
from seqgen.core.errors import BadInput
from seqgen.core.workers import Workers
from seqgen.corpus.build import read_file

SECONDS = 0.5
SLACK = 2  # how much slower a machine may be than those that SECURITY.md speaks of
MEMORY = 256_000_000
# Those that are made in no time; and music21 would have to be imported first.
AT_ONCE = [
    name
    for name, (domain, suffix, _) in BOMBS.items()
    if suffix in (".mid", ".png", ".bmp", ".gif", ".json", "-idx3-ubyte") or "laughs" in name or "outside" in name
]
# What is read all the same: only as much is unpacked as there are rows.
READ = ("PNG, rows of 300 MB",)


def refused(domain: str, path: Path) -> None:
    if domain == "images":
        pytest.importorskip("PIL")
    begin = time.process_time()
    with pytest.raises(BadInput):
        read_file(domain, str(path), stay=True)
    assert time.process_time() - begin < SLACK * SECONDS


@pytest.mark.parametrize("name", [name for name in AT_ONCE if name not in READ])
def test_a_bomb_is_refused_at_once(name: str, tmp_path: Path) -> None:
    domain, suffix, data = BOMBS[name]
    path = tmp_path / f"x{suffix}"
    path.write_bytes(data())
    refused(domain, path)


def seconds_of(item: tuple[str, str]) -> tuple[float, str]:
    """How long reading takes in a worker, and what it said."""
    begin = time.process_time()
    try:
        read_file(*item, stay=True)
    except BadInput as error:
        return time.process_time() - begin, error.reason
    return time.process_time() - begin, ""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="needs RLIMIT_AS")
@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_costs_a_warm_worker_little(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    domain, suffix, data = BOMBS[name]
    bomb, warm = tmp_path / f"x{suffix}", tmp_path / f"warm{suffix}"
    bomb.write_bytes(data())
    like = next((r for r in READERS.values() if r.domain == domain and r.file.endswith(suffix)), None)
    warm.write_bytes(like.whole[0] if like else bomb.read_bytes())
    with Workers(seconds_of, 1, seconds=60, memory=MEMORY, start="fork") as workers:
        _, outcome = workers.map([(domain, str(warm)), (domain, str(bomb))])
    assert outcome.error is None, outcome
    seconds, reason = outcome.value
    assert seconds < SLACK * SECONDS and bool(reason) == (name not in READ)
    assert "cannot be read" not in reason
    with capsys.disabled():
        print(f"\n{name}: {bomb.stat().st_size:,} bytes, {seconds:.2f} s: {reason}")  # noqa: T201  # for records

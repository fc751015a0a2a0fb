"""Damaged files of every kind that is read: what is read is said by the grammar, what is not is refused in our words.

SEQGEN_FUZZ=N has each reader read N of them, and five times as many MIDI files.
"""

from __future__ import annotations

import contextlib
import functools
import os
import time
from collections import Counter
from pathlib import Path

import pytest

from reliability.readers import READERS
from seqgen.core.domain import get_domain
from seqgen.core.errors import BadInput
from seqgen.core.workers import Workers
from seqgen.corpus.build import _bounds, n_workers

MANY = int(os.environ.get("SEQGEN_FUZZ", "0")) or 1000
FEW = 4


def survive(folder: str, item: tuple[str, int]) -> int:
    """Damage a file and read it, in a worker."""
    name, seed = item
    mine = Path(folder) / f"{name.replace(' ', '-')}-{os.getpid()}"
    mine.mkdir(exist_ok=True)
    return READERS[name].survives(READERS[name].place(mine, seed), seed)


@pytest.mark.parametrize("name", READERS)
def test_whole_files_are_read(name: str, tmp_path: Path) -> None:
    reader = READERS[name]
    for data in reader.whole if name not in ("JSON lines", "JSON records", "parquet", "prices parquet") else ():
        path = tmp_path / reader.file
        path.write_bytes(data)
        for other, content in reader.beside.items():
            (tmp_path / other).write_bytes(content)
        assert reader.survives(path, 0)


@pytest.mark.parametrize("name", READERS)
def test_damaged_files_are_read_or_refused(name: str, tmp_path: Path) -> None:
    for seed in range(FEW):
        path = READERS[name].place(tmp_path, seed)
        with contextlib.suppress(BadInput):
            READERS[name].survives(path, seed)


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
def test_many_damaged_files_are_read_or_refused(name: str, tmp_path: Path, forked_workers: None) -> None:
    """In workers with the bounds that a corpus has."""
    bounds = _bounds(get_domain(READERS[name].domain or "midi"))
    bounds = {what: bound(READERS[name].file) if callable(bound) else bound for what, bound in bounds.items()}
    n, said = MANY * (5 if name == "midi" else 1), Counter[str]()
    begin = time.monotonic()
    with Workers(functools.partial(survive, str(tmp_path)), n_workers(), **bounds, start="fork") as workers:
        for outcome in workers.map((name, seed) for seed in range(n)):
            if outcome.error is None:
                said["read"] += 1
                continue
            assert isinstance(outcome.error, BadInput) and outcome.error.reason, outcome
            reason = outcome.error.reason
            said["refused"] += 1
            said["late"] += "took over" in reason
            # Neither an exception that is no BadInput nor a worker that crashed.
            assert "cannot be read: " not in reason and "crashed" not in reason, (outcome.item, reason)
    print(f"\n{name}: {n:,} files, {dict(said)}, {time.monotonic() - begin:.0f} s")  # noqa: T201  # with -s, for records
    assert said["read"] > n / 100 and said["refused"] > n / 100
    assert said["late"] <= n / 200

"""Workers: one outcome an item, whatever the item does to its process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from seqgen.core.errors import BadInput, TooLarge, UsageError
from seqgen.core.workers import Workers, run_bounded, start_method

linux = pytest.mark.skipif(sys.platform != "linux", reason="needs fork and RLIMIT_AS")


def misbehave(item: Any) -> Any:
    if item == "hang":
        time.sleep(60)
    if item == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if item == "exit":
        os._exit(0)
    if item == "eat":
        return len(bytearray(10**9))
    if item == "odd":
        raise ZeroDivisionError("odd")
    if item == "large":
        raise TooLarge("large", "max_notes", 5, 6)
    if item == "unsendable":
        return lambda: 0
    if item == "print":
        sys.stdout.write("noise\n")
        sys.stdout.flush()
    return item


@linux
def test_every_item_gets_its_own_outcome_in_order() -> None:
    items = ["a", "hang", "b", "crash", "c", "exit", "eat", "d", "odd", "large", "unsendable", *map(str, range(30))]
    with Workers(misbehave, 2, seconds=0.4, memory=100_000_000, start="fork") as workers:
        outcomes = list(workers.map(items))
    assert [outcome.item for outcome in outcomes] == items
    reasons = {o.item: o.error.reason for o in outcomes if isinstance(o.error, BadInput)}
    assert reasons["hang"] == "took over 0.4 s to read"
    assert reasons["crash"] == reasons["exit"] == "crashed the reader"
    assert reasons["eat"] == "took over 100 MB of memory to read"
    assert "ZeroDivisionError" in reasons["odd"]
    assert "cannot be passed on" in reasons["unsendable"]
    assert len(reasons) == 7 and all(o.value == o.item for o in outcomes if o.error is None)
    large = next(o.error for o in outcomes if o.item == "large")
    assert isinstance(large, TooLarge) and large.limit == "max_notes" and large.hint


@linux
def test_nothing_is_left_running() -> None:
    with Workers(misbehave, 2, seconds=30, start="fork") as workers:
        outcomes = workers.map(["a", "hang"] * 4)
        next(outcomes)
        pids = [worker._pid for worker in workers._workers]
    assert pids
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


@linux
def test_workers_end_with_their_parent(tmp_path: Path) -> None:
    script = (
        "import os, time\nfrom seqgen.core.workers import Workers\n"
        "w = Workers(lambda item: item, 2, start='fork')\n"
        "list(w.map(range(40)))\nprint(*[x._pid for x in w._workers], flush=True)\ntime.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pids = [int(pid) for pid in parent.stdout.readline().split()]
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert len(pids) == 2
    patience = time.monotonic() + 5
    while any(_runs(pid) for pid in pids):
        assert time.monotonic() < patience
        time.sleep(0.02)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_a_task_by_name_runs_in_a_fresh_interpreter(capfd: pytest.CaptureFixture[str]) -> None:
    if sys.platform == "win32":
        pytest.skip("Windows starts workers otherwise")
    assert run_bounded(len, [1, 2, 3], start="fresh", seconds=20) == 3
    with pytest.raises(BadInput, match="TypeError"):
        run_bounded(len, 5, start="fresh", seconds=20)


def test_a_task_without_a_name_is_refused() -> None:
    if sys.platform == "win32":
        pytest.skip("Windows starts workers otherwise")
    with pytest.raises(UsageError, match="sent to a worker"):
        run_bounded(lambda item: item, 1, start="fresh")


@linux
def test_one_item(capfd: pytest.CaptureFixture[str]) -> None:
    assert run_bounded(misbehave, "print", start="fork") == "print"
    with pytest.raises(BadInput, match="crashed the reader"):
        run_bounded(misbehave, "crash", start="fork")
    assert capfd.readouterr().out == ""  # stdout is for results, and a worker has none there


@linux
def test_no_items_start_no_process() -> None:
    workers = Workers(misbehave, 3, start="fork")
    assert list(workers.map([])) == [] and workers._workers == []


def test_forks_only_without_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)  # type: ignore[arg-type]  # as if it were not there
    assert start_method() != "fork"


def test_no_workers() -> None:
    with pytest.raises(UsageError):
        Workers(misbehave, 0)


def arrow_pool(item: str) -> str | None:
    return os.environ.get(item)


@linux
def test_arrow_is_told_not_to_reserve_what_a_reader_may_not_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ARROW_DEFAULT_MEMORY_POOL", raising=False)
    with Workers(arrow_pool, 1, seconds=5) as workers:
        (outcome,) = workers.map(["ARROW_DEFAULT_MEMORY_POOL"])
    assert outcome.value == "system"

from __future__ import annotations

import ctypes
import errno
import os
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from seqgen.core import locks
from seqgen.core.errors import SeqgenError
from seqgen.core.locks import Held, locked
from seqgen.core.processes import alive, started

HOST = socket.gethostname()
linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux says when a process began")


def test_it_says_who_holds_it(tmp_path: Path) -> None:
    with locked(tmp_path / "lock"):
        host, pid, start = (tmp_path / "lock").read_text().split(" ")
        assert (host, int(pid), start) == (HOST, os.getpid(), started(os.getpid()))
        with pytest.raises(Held, match=f"{pid} on this machine"), locked(tmp_path / "lock"):
            pass
    assert not (tmp_path / "lock").exists()


@linux
def test_one_that_was_left_is_taken_over(tmp_path: Path) -> None:
    """Cut short, of a process that had our number before, of one that is gone."""
    for left in ("", HOST, f"{HOST} ", f"{HOST} {os.getpid()} 1", f"{HOST} 99999999 5"):
        (tmp_path / "lock").write_text(left)
        with locked(tmp_path / "lock"):
            assert f" {os.getpid()} " in (tmp_path / "lock").read_text()


def test_one_that_may_be_held_stays(tmp_path: Path) -> None:
    """Of another machine, or where the file system does not know who holds a file."""
    for left in ("elsewhere 1 2", f"{HOST} {os.getppid()} {started(os.getppid())}"):
        (tmp_path / "lock").write_text(left)
        with pytest.raises(Held) as caught, locked(tmp_path / "lock"):
            pass
        assert (tmp_path / "lock").read_text() == left
        assert (str(tmp_path / "lock") in caught.value.hint) == left.startswith("elsewhere")


@linux
def test_a_killed_process_that_nobody_cleared_away_is_gone() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert alive(child.pid, started(child.pid)) and not alive(child.pid, "1")
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not alive(child.pid)
    child.communicate()


_RACER = """
import os, random, sys, time
from pathlib import Path
from seqgen.core import locks
from seqgen.core.locks import Held, locked
held_here = locks._held_here
def late(file):  # it may go, and another take its place, before it is held
    time.sleep(random.random() / 300)
    return held_here(file)
locks._held_here = late
lock, inside, held = Path(sys.argv[1]), Path(sys.argv[2]), 0
for i in range(int(sys.argv[3])):
    if random.random() < 0.2:  # one more, that is killed while it holds it
        child = os.fork()
        if child == 0:
            try:
                with locked(lock):
                    os.kill(os.getpid(), 9)
            finally:
                os._exit(0)
        os.waitpid(child, 0)
    try:
        with locked(lock):
            handle = os.open(inside, os.O_CREAT | os.O_EXCL)  # fails when another one is in here
            held += 1
            time.sleep(random.random() / 300)
            os.close(handle)
            os.unlink(inside)
    except Held:
        time.sleep(random.random() / 1000)
print(held)
"""


@linux
@pytest.mark.slow
def test_of_many_that_want_it_one_holds_it(tmp_path: Path) -> None:
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", _RACER, str(tmp_path / "lock"), str(tmp_path / "inside"), "150"],
            stdout=subprocess.PIPE,
        )
        for _ in range(6)
    ]
    held = [int(racer.communicate(timeout=120)[0]) for racer in racers]
    assert all(racer.returncode == 0 for racer in racers) and sum(held) > 100


@linux
def test_where_the_system_holds_no_files_what_is_written_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(*_: object) -> None:
        raise OSError(errno.ENOTSUP, "not supported")

    monkeypatch.setattr("fcntl.flock", unsupported)
    with locked(tmp_path / "lock"), pytest.raises(Held), locked(tmp_path / "lock"):
        pass


def test_a_lock_that_cannot_be_written_is_not_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(pid: int) -> str:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(locks, "started", full)
    with pytest.raises(SeqgenError, match="full"), locked(tmp_path / "lock"):
        pass
    assert not (tmp_path / "lock").exists()


def test_windows_is_asked_for_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[int] = []
    kernel = SimpleNamespace(OpenProcess=lambda access, inherit, pid: 7 * (pid == 1), CloseHandle=closed.append)
    monkeypatch.setattr(ctypes, "windll", SimpleNamespace(kernel32=kernel), raising=False)
    monkeypatch.setattr(sys, "platform", "win32")
    assert alive(1) and not alive(2) and closed == [7]

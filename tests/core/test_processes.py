"""Whether a process is there, and is the one that was meant."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from seqgen.core import processes
from seqgen.core.processes import alive, started

linux = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
ME = os.getpid()


@linux
def test_this_process_is_the_one_that_began_when_it_began() -> None:
    assert started(ME).isdecimal() and alive(ME, started(ME)) and alive(ME)
    assert not alive(ME, "1"), "another one of the same number"


@linux
def test_a_process_that_is_gone_is_not_alive_though_nobody_has_cleared_it_away() -> None:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    start = started(child.pid)
    assert alive(child.pid, start) and start != started(ME)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not alive(child.pid, start) and not alive(child.pid)
    child.wait()
    assert not alive(child.pid) and started(child.pid) == ""


def test_a_number_that_no_process_has_is_of_none() -> None:
    assert not alive(10**30)


@linux
def test_a_process_of_another_user_is_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(pid: int, number: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", refuse)
    assert alive(ME, started(ME)) and not alive(ME, "1")
    monkeypatch.setattr(processes, "_state", lambda pid: None)  # of which the system says nothing
    assert alive(ME, "1") and started(ME) == ""
    for state, start, known in (
        ("S", "", True),
        ("R", "7", True),
        ("R", "8", False),
        ("Z", "7", False),
        ("X", "", False),
    ):
        monkeypatch.setattr(processes, "_state", lambda pid, said=(state, start): said)
        assert alive(ME, "7") == known


@linux
def test_a_name_may_hold_whatever_it_likes(monkeypatch: pytest.MonkeyPatch) -> None:
    said = "12 (a) b (c) S " + " ".join(str(number) for number in range(4, 30))
    monkeypatch.setattr(Path, "read_text", lambda path, errors: said if path == Path("/proc/12/stat") else "12 (x) S 4")
    assert processes._state(12) == ("S", "22") and started(12) == "22"
    assert processes._state(13) is None


def test_windows_is_asked_for_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[int] = []
    kernel = SimpleNamespace(OpenProcess=lambda how, inherit, pid: 5 if pid == 7 else 0, CloseHandle=closed.append)
    monkeypatch.setattr(ctypes, "windll", SimpleNamespace(kernel32=kernel), raising=False)
    monkeypatch.setattr(sys, "platform", "win32")
    assert alive(7, "any") and not alive(8) and closed == [5]

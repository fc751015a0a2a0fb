"""A file that one process holds: the system frees it when that process ends, and it says who holds it."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from seqgen.core.files import disk_errors
from seqgen.core.processes import alive, started

_OPENED = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


class Held(Exception):
    """Another process holds the lock, or may. hint: what to do."""

    def __init__(self, said: str, hint: str) -> None:
        super().__init__(said)
        self.hint = hint


@contextlib.contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold the lock. One left by a process that is gone is taken over. Raises Held, or SeqgenError."""
    with disk_errors(file, None):
        lock = _take(file)
    try:
        yield
    finally:
        mine = _is(lock, file)
        if sys.platform == "win32":  # where nothing that is open can be removed
            lock.close()
        if mine:
            file.unlink(missing_ok=True)
        lock.close()


def _take(file: Path) -> BinaryIO:
    while True:
        lock = open(os.open(file, _OPENED, 0o666), "a+b", buffering=0)  # noqa: PTH123, SIM115  # what a link leads to is not ours
        mine = False
        try:
            held = _held_here(lock)
            said = _said(lock)
            if not held or _belongs(said):
                raise _held(file, said)
            mine = _is(lock, file)
            if mine:  # else the one that held it has removed it
                lock.truncate(0)
                me = os.getpid()
                lock.write(f"{socket.gethostname()} {me} {started(me)}".encode())
                return lock
        except BaseException:
            if mine:
                file.unlink(missing_ok=True)
            lock.close()
            raise
        lock.close()


def _said(lock: BinaryIO) -> str:
    lock.seek(0)
    return lock.read(500).decode(errors="replace")


def _held_here(lock: BinaryIO) -> bool:
    """Whether the system now holds the file for us. It does so for one process, whatever its number, until that ends;
    where a file system knows no such thing, what is written in the lock decides alone."""
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        pass
    return True


def _belongs(said: str) -> bool:
    """Whether what a lock says names a process that runs, or one of another machine, of which nothing is known."""
    host, _, rest = said.partition(" ")
    pid, _, start = rest.partition(" ")
    if not pid.isdecimal():
        return False  # cut short
    return host != socket.gethostname() or alive(int(pid), start)


def _is(lock: BinaryIO, file: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(lock.fileno()), file.stat())
    except OSError:
        return False


def _held(file: Path, said: str) -> Held:
    host, pid, *_ = [*said.split(" "), "", ""]
    if host and host != socket.gethostname():
        return Held(f"{pid} on {host}", f"If that one does not run any more, delete {file}.")
    return Held(f"{pid} on this machine" if pid else "on this machine", "Wait for it, or end it.")

"""Whether a process that left its number somewhere is still there."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def started(pid: int) -> str:
    """When a process began, in the system's ticks: with its number this names it for good, since numbers come again.
    "" where the system does not say it."""
    said = _state(pid)
    return "" if said is None else said[1]


def alive(pid: int, start: str = "") -> bool:
    """Whether the process of that number runs, and is the one that began then, where both are known. One that was
    killed and that nobody has cleared away is not alive."""
    if sys.platform == "win32":
        return _alive_on_windows(pid)
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        pass  # another user's
    said = _state(pid)
    return said is None or (said[0] not in "ZX" and (not start or not said[1] or said[1] == start))


def _state(pid: int) -> tuple[str, str] | None:
    """(state, start) of a process, as Linux tells it."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
        return fields[0], fields[19]
    except (OSError, IndexError):
        return None


def _alive_on_windows(pid: int) -> bool:
    import ctypes

    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009  other systems have none
    found = kernel.OpenProcess(0x1000, 0, pid)  # to ask about it, no more
    if found:
        kernel.CloseHandle(found)
    return bool(found)

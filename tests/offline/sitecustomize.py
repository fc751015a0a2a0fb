"""No test leaves this machine: connections and look-ups beyond loopback are refused, and written down.

Python reads a file of this name as it starts: with this folder in PYTHONPATH (see tests/conftest.py) the processes that
tests start are under guard, too.
"""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

ATTEMPTS = "OFFLINE_ATTEMPTS"  # the variable that names the file of refused attempts
_CONNECTING = {"connect": 0, "connect_ex": 0, "sendto": -1, "sendmsg": 3}  # methods, and where the address stands
_RESOLVING = ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr")


def is_here(host: Any) -> bool:
    """Whether a host, "" and None among them, is this machine."""
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost", socket.gethostname()):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def attempts() -> list[str]:
    """What was refused since the last call, here and in the processes started from here."""
    path = Path(os.environ[ATTEMPTS])
    try:
        found = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    path.unlink()
    return found


def _refuse(what: str) -> None:
    if path := os.environ.get(ATTEMPTS):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(what + "\n")
    raise PermissionError(f"tests stay on this machine: {what}")


def _connecting(name: str, at: int) -> Callable[..., Any]:
    allowed = getattr(socket.socket, name)

    def guarded(self: socket.socket, *arguments: Any) -> Any:
        address = arguments[at] if at < len(arguments) else None
        if self.family != getattr(socket, "AF_UNIX", None) and isinstance(address, tuple) and not is_here(address[0]):
            _refuse(f"{name} {address}")
        return allowed(self, *arguments)

    return guarded


def _resolving(name: str) -> Callable[..., Any]:
    allowed = getattr(socket, name)

    def guarded(host: Any, *arguments: Any, **named: Any) -> Any:
        if not is_here(host):
            _refuse(f"{name} {host}")
        return allowed(host, *arguments, **named)

    return guarded


def install() -> None:
    """Put the guard up, once."""
    if not hasattr(socket, "guarded"):
        socket.guarded = True  # type: ignore[attr-defined]  # a mark of ours
        for name, at in _CONNECTING.items():
            setattr(socket.socket, name, _connecting(name, at))
        for name in _RESOLVING:
            setattr(socket, name, _resolving(name))


install()

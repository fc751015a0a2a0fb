"""The guard refuses what would leave this machine, here and in processes that tests start, and says so."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Attempts = Callable[[], list[str]]
OUTSIDE = ("192.0.2.1", 9)  # of a net that belongs to nobody: RFC 5737


def test_connections_and_look_ups_are_refused(attempts: Attempts) -> None:
    with socket.socket() as stream, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
        for attempt in (
            lambda: stream.connect(OUTSIDE),
            lambda: stream.connect_ex(OUTSIDE),
            lambda: datagrams.sendto(b"", OUTSIDE),
            lambda: datagrams.sendmsg([b""], [], 0, OUTSIDE),
            lambda: socket.create_connection(("seqgen.invalid", 80)),
            lambda: socket.gethostbyname("seqgen.invalid"),
        ):
            with pytest.raises(PermissionError, match="stay on this machine"):
                attempt()
    assert [line.split()[0] for line in attempts()] == [
        "connect", "connect_ex", "sendto", "sendmsg", "getaddrinfo", "gethostbyname",
    ]  # fmt: skip


def test_a_process_that_a_test_starts_is_refused_too(attempts: Attempts) -> None:
    program = f"import socket\ntry: socket.create_connection({OUTSIDE})\nexcept OSError: pass"
    subprocess.run([sys.executable, "-c", program], check=True)
    assert attempts() == [f"getaddrinfo {OUTSIDE[0]}"]


def test_loopback_is_free(attempts: Attempts) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(("localhost", server.getsockname()[1])).close()
    assert attempts() == []


@pytest.mark.slow
@pytest.mark.skipif(
    shutil.which("unshare") is None
    or subprocess.run(["unshare", "-rn", "true"], check=False, capture_output=True).returncode,
    reason="needs a name space without a network",
)
def test_without_a_network_everything_works(corpus: Path, tmp_path: Path) -> None:
    """Whatever the language: not even libraries in C have a network here."""

    def seqgen(*arguments: Any) -> str:
        words = ["unshare", "-rn", sys.executable, "-m", "seqgen", *map(str, arguments)]
        ran = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    seqgen("train", "midi", corpus, "--steps", 4, "--preset", "tiny", "--out", "run")
    for suffix in ("mid", "musicxml", "wav"):
        assert seqgen("sample", "run", "--count", 1, "--length", "1bar", "--out", f"new.{suffix}")
    assert seqgen("predict", corpus / "chorale03.mid", "--run", "run")
    assert seqgen("evaluate", "run", "--samples", 1) and seqgen("inspect", corpus / "chorale03.mid")
    assert seqgen("doctor", "--json")

"""A server on this machine that answers as storage does, or as badly as it is asked to."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest


@dataclass
class Storage:
    """Serves files under /ranges, with ETag and ranges, and under /NAME as `Handler.NAME` does; /redirect/NAME/FILE
    leads there. asked: paths and headers of the requests."""

    url: str
    files: dict[str, bytes]
    tag: str = '"one"'
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    times: Counter[str] = field(default_factory=Counter)


class Handler(BaseHTTPRequestHandler):
    storage: Storage

    def log_message(self, *said: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.storage.asked.append((self.path, dict(self.headers)))
        _, kind, *rest = self.path.split("/")
        self.storage.times[kind] += 1
        self.time = self.storage.times[kind]
        with suppress(ConnectionError):
            if kind == "redirect":
                self.answer(302, Location="/" + "/".join(rest))
            else:
                getattr(self, kind)(self.storage.files.get(rest[-1] if rest else "", b""))

    def answer(self, status: int, data: bytes = b"", length: int | None = None, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data) if length is None else length))
        self.end_headers()
        self.wfile.write(data)

    def ranges(self, data: bytes, most: int | None = None, length: int | None = None) -> None:
        """As figshare's storage does. most: bytes after which the connection ends."""
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(asked[1]) if asked and self.headers.get("If-Range", self.storage.tag) == self.storage.tag else 0
        if start and start >= len(data):
            self.answer(416)
            return
        ranged = {"Content_Range": f"bytes {start}-{len(data) - 1}/{len(data)}"} if start else {}
        sent = data[start:][:most]
        self.answer(206 if start else 200, sent, len(data) - start, ETag=self.storage.tag, **ranged)

    def plain(self, data: bytes) -> None:
        """No ranges, and no word on how long it is."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(data)

    def short(self, data: bytes) -> None:
        """Every transfer breaks off after an eighth."""
        self.ranges(data, len(data) // 8)

    def cut(self, data: bytes) -> None:
        """Every transfer breaks off at once."""
        self.ranges(data, 10)

    def half(self, data: bytes) -> None:
        """No ranges, and the first transfer breaks off."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if self.time == 1 else data)

    def wrong(self, data: bytes) -> None:
        self.ranges(bytes(len(data)))

    def longer(self, data: bytes) -> None:
        self.ranges(data + b"more")

    def endless(self, data: bytes) -> None:
        self.send_response(200)
        self.end_headers()
        while True:
            self.wfile.write(bytes(1 << 16))

    def busy(self, data: bytes) -> None:
        """Twice no answer, then one."""
        if self.time < 3:
            self.answer(503 if self.time == 1 else 429, Retry_After="0")
        else:
            self.ranges(data)

    def down(self, data: bytes) -> None:
        self.answer(500)

    def gone(self, data: bytes) -> None:
        self.answer(404)

    def challenge(self, data: bytes) -> None:
        """What figshare says to what it takes for a robot."""
        self.answer(202)

    def other(self, data: bytes) -> None:
        """Ranges other than those that were asked for."""
        self.answer(206, data[5:], ETag=self.storage.tag, Content_Range=f"bytes 5-{len(data) - 1}/{len(data)}")

    def stall(self, data: bytes) -> None:
        """Stops in the middle; only the first time."""
        if self.time > 1:
            self.ranges(data)
            return
        self.answer(200, data[:1000], len(data), ETag=self.storage.tag)
        time.sleep(1.5)

    def drip(self, data: bytes) -> None:
        """Never stops, and never gets on."""
        self.answer(200, data[:10], len(data), ETag=self.storage.tag)
        for _ in range(30):
            time.sleep(0.05)
            self.wfile.write(b"x")

    def away(self, data: bytes) -> None:
        self.answer(302, Location="http://storage.invalid/file")

    def disk(self, data: bytes) -> None:
        self.answer(302, Location="file:///etc/passwd")

    def garbled(self, data: bytes) -> None:
        self.answer(302, Location="http://[/")

    def loop(self, data: bytes) -> None:
        self.answer(302, Location=self.path)

    def noise(self, data: bytes) -> None:
        self.wfile.write(b"not HTTP at all\r\n\r\n")


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Storage]:
    """A storage of one file."""
    monkeypatch.setenv("no_proxy", "*")
    with serving({"a.zip": np.random.default_rng(0).bytes(700_000)}) as found:
        yield found


@contextmanager
def serving(files: dict[str, bytes]) -> Iterator[Storage]:
    """A storage of these files for a while."""
    handler = type("Answers", (Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads, server.block_on_close = True, False
    handler.storage = Storage(f"http://127.0.0.1:{server.server_address[1]}", files)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield handler.storage
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

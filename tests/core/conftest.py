"""What tests of the core share: a domain of letters, and a server on this machine that answers as storage does, or as
badly as it is asked to."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest

from seqgen.core import domain as domain_module
from seqgen.core.augmentation import no_augmentation
from seqgen.core.context import NoContext
from seqgen.core.domain import Domain
from seqgen.core.errors import UsageError
from seqgen.core.grammar import Grammar
from seqgen.core.tokenizer import Ids, Length, Tokenizer
from seqgen.core.vocabulary import Vocabulary


class Letters(Tokenizer[str]):
    """Every letter is a token."""

    domain, name = "letters", "plain"

    def __init__(self, letters: str) -> None:
        self.letters = letters
        self.vocabulary = Vocabulary(letters)
        n_ids = len(letters)
        self.grammar = Grammar([0] * n_ids, [[0]], [True])
        self.context, self.augmentations = NoContext(), no_augmentation(n_ids)
        self.unknown_of = np.full(n_ids, -1, np.int32)

    def encode(self, piece: str) -> Ids:
        return self.vocabulary.ids(piece)

    def decode(self, ids: Any, reference: str | None = None) -> str:
        return (reference or "") + "".join(self.vocabulary.readable(ids))

    def template(self, prompt: str | None = None, length: Any = None, **given: Any) -> Ids:
        return self.encode(prompt or "")

    def length(self, amount: int, unit: str, ids: Ids) -> Length:
        return Length(np.ones(len(self.vocabulary), bool), amount)

    def losses(self, piece: str) -> dict[str, float]:
        return {"silent_letters": len(piece) - 1, "seconds": 0.25}

    def config(self) -> dict[str, Any]:
        return {"letters": self.letters}


def letters_of(config: Any) -> Letters:
    if not isinstance(config.get("letters"), str):
        raise UsageError("There are no letters.", "Give some.")
    return Letters(config["letters"])


def make_domain(name: str, suffixes: tuple[str, ...], **more: Any) -> Domain:
    """A domain of letters."""
    return Domain(
        name=name,
        about="Letters, one after the other.",
        suffixes=suffixes,
        read=lambda source, name, options: iter(()),
        fit=lambda pieces, options: Letters("".join(sorted(set("".join(pieces))))),
        tokenizer=letters_of,
        options=dict,
        identity=lambda piece: (piece,),
        units=("letters", "words"),
        default_length="16letters",
        write=lambda piece, path: None,
        written=suffixes,
        describe=lambda piece: (),
        **more,
    )


@pytest.fixture
def letters_like() -> Callable[..., Domain]:
    """Makes domains like that of letters, by name and suffixes."""
    return make_domain


@pytest.fixture
def letters(monkeypatch: pytest.MonkeyPatch) -> Domain:
    """A domain of letters, the only one that there is."""
    domain = make_domain("letters", (".letters",))
    monkeypatch.setattr(domain_module, "domains", lambda: {"letters": domain})
    return domain


@dataclass
class Storage:
    """Serves files under /ranges, with ETag and ranges, and under /NAME as `Handler.NAME` does; /redirect/NAME/FILE
    leads there. asked: paths and headers of the requests. wait: how long it says to be busy."""

    url: str
    files: dict[str, bytes]
    tag: str = '"one"'
    wait: str = "0"
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
            self.answer(503 if self.time == 1 else 429, Retry_After=self.storage.wait)
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

    def swapped(self, data: bytes) -> None:
        """Goes on with another file, whatever is asked for."""
        if "Range" in self.headers:
            about = f"bytes 5-{len(data) - 1}/{len(data)}"
            self.answer(206, data[5:], ETag='"two"', Content_Range=about)
        else:
            self.ranges(data)

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

"""Downloads from a server on this machine, good, bad and worse."""

from __future__ import annotations

import errno
import http.client
import socket
import ssl
import time
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.error import URLError

import numpy as np
import pytest

from seqgen.core import download as module
from seqgen.core.download import RemoteFile, _allow, _blocks, _check, _Failed, _lost, _start, download
from seqgen.core.errors import BadInput, CorpusError, SeqgenError
from seqgen.core.files import sha256

DATA = np.random.default_rng(0).bytes(700_000)  # as the storage has it
QUICK = {"patience": 5.0, "pause": 0.0}


def remote(storage: Any, *kinds: str, name: str = "a.zip") -> RemoteFile:
    return RemoteFile(name, tuple(f"{storage.url}/{kind}/a.zip" for kind in kinds), len(DATA), sha256(DATA))


def left(folder: Path) -> dict[str, int]:
    return {p.name: p.stat().st_size for p in folder.iterdir()} if folder.is_dir() else {}


def part(folder: Path, data: bytes, tag: str = "") -> None:
    (folder / ".a.zip.part").write_bytes(data)
    (folder / ".a.zip.etag").write_text(tag)


@pytest.mark.parametrize(
    ("kind", "requests"),
    [
        ("ranges", 1),
        ("redirect/ranges", 2),
        ("redirect/redirect/plain", 3),
        ("plain", 1),
        ("short", 8),
        ("redirect/short", 16),  # each time from the first address: where it leads to may not last
        ("half", 2),
        ("busy", 3),
    ],
)
def test_a_file_comes_whole(storage: Any, tmp_path: Path, kind: str, requests: int) -> None:
    folder = tmp_path / "new" / "deep"
    seen: list[tuple[int, int]] = []
    file = remote(storage, kind)
    assert download(file, folder, lambda done, total: seen.append((done, total)), **QUICK)
    assert (folder / "a.zip").read_bytes() == DATA and left(folder) == {"a.zip": len(DATA)}
    assert len(storage.asked) == requests
    assert seen[0] == (0, len(DATA)) and seen[-1] == (len(DATA), len(DATA))
    assert not download(file, folder, **QUICK) and len(storage.asked) == requests  # it is there


def test_what_has_come_is_gone_on_from(storage: Any, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"ended the transfer early; 40 of 700,000 bytes are here") as failed:
        download(remote(storage, "cut"), tmp_path, **QUICK)
    assert "Run the command again" in failed.value.hint and f"{storage.url}/cut/a.zip" in failed.value.hint
    assert left(tmp_path) == {".a.zip.part": 40, ".a.zip.etag": 5}
    seen: list[int] = []
    assert download(remote(storage, "ranges"), tmp_path, lambda done, total: seen.append(done), **QUICK)
    said = storage.asked[-1][1]
    assert (said["Range"], said["If-Range"], seen[0]) == ("bytes=40-", '"one"', 40)
    assert (tmp_path / "a.zip").read_bytes() == DATA


@pytest.mark.parametrize("kind", ["ranges", "plain"])
def test_another_file_on_the_server_is_begun_anew(storage: Any, tmp_path: Path, kind: str) -> None:
    part(tmp_path, b"of an older file", '"zero"')
    assert download(remote(storage, kind), tmp_path, **QUICK)
    assert storage.asked[0][1]["If-Range"] == '"zero"' and len(storage.asked) == 1
    assert (tmp_path / "a.zip").read_bytes() == DATA


def test_a_part_of_another_file_is_not_gone_on_with(storage: Any, tmp_path: Path) -> None:
    part(tmp_path, DATA[:5], '"one"')
    assert download(remote(storage, "swapped"), tmp_path, **QUICK)
    assert [said.get("Range") for _, said in storage.asked] == ["bytes=5-", None]


@pytest.mark.parametrize("had", [b"?", b"damaged", bytes(len(DATA)), bytes(len(DATA) + 9)])
def test_a_part_that_is_damaged_costs_itself(storage: Any, tmp_path: Path, had: bytes) -> None:
    part(tmp_path, had)
    assert download(remote(storage, "ranges"), tmp_path, **QUICK)
    assert (tmp_path / "a.zip").read_bytes() == DATA and left(tmp_path) == {"a.zip": len(DATA)}


def test_a_part_that_is_whole_needs_no_server(tmp_path: Path) -> None:
    (tmp_path / ".a.zip.part").write_bytes(DATA)
    assert download(RemoteFile("a.zip", ("https://storage.invalid/a.zip",), len(DATA), sha256(DATA)), tmp_path)
    assert left(tmp_path) == {"a.zip": len(DATA)}


@pytest.mark.parametrize(
    ("kind", "reason", "requests"),
    [
        ("wrong", f"its SHA-256 is {sha256(bytes(len(DATA)))}", 1),
        ("longer", "offers a file of 700004 bytes instead of 700,000", 1),
        ("endless", "sends more than 700,000 bytes", 1),
        ("challenge", "answers with status 202 instead of the file", 1),
        ("gone", "answers with status 404", 1),
        ("down", "answers with status 500", 4),
        ("other", "sends another part than was asked for", 1),
        ("away", "leads to http://storage.invalid, which is not encrypted", 1),
        ("disk", "answers with status 302", 1),
        ("garbled", "cannot be reached", 1),
        ("loop", "answers with status 302", 5),
        ("noise", "cannot be reached", 4),
    ],
)
def test_what_is_not_the_file_is_refused(storage: Any, tmp_path: Path, kind: str, reason: str, requests: int) -> None:
    with pytest.raises(CorpusError, match=reason) as failed:
        download(remote(storage, kind), tmp_path, **QUICK)
    assert "0 of 700,000 bytes are here" in failed.value.message and failed.value.exit_code == 4
    assert len(storage.asked) == requests and left(tmp_path) == {}
    # The next address is tried where one has failed.
    assert download(remote(storage, kind, "redirect/ranges"), tmp_path, **QUICK)


@pytest.mark.parametrize("kind", ["stall", "drip"])
def test_a_server_that_does_not_get_on_is_not_waited_for(storage: Any, tmp_path: Path, kind: str) -> None:
    if kind == "stall":
        assert download(remote(storage, kind), tmp_path, patience=0.3, pause=0.0)
        assert storage.asked[1][1]["Range"] == "bytes=1000-"
    else:
        with pytest.raises(CorpusError, match=r"sent \d+ bytes in 0 seconds"):
            download(remote(storage, kind), tmp_path, patience=0.3, pause=0.0)


def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/a.zip"
    file = RemoteFile("a.zip", (url,), len(DATA), sha256(DATA))
    with pytest.raises(CorpusError, match=r"127\.0\.0\.1:\d+ cannot be reached \(Connection refused\)"):
        download(file, tmp_path, **QUICK)


@pytest.mark.parametrize("url", ["http://storage.invalid/a", "ftp://127.0.0.1/a", "file:///etc/passwd", "a.zip"])
def test_only_encrypted_addresses_are_asked(tmp_path: Path, url: str) -> None:
    with pytest.raises(CorpusError, match="not encrypted"):
        download(RemoteFile("a.zip", (url,), 3, sha256(b"abc")), tmp_path, **QUICK)


def test_names_stay_in_the_folder(storage: Any, tmp_path: Path) -> None:
    for name in ("../a.zip", "/a.zip"):
        with pytest.raises(BadInput, match="leads outside"):
            download(remote(storage, "ranges", name=name), tmp_path, **QUICK)
    assert not storage.asked


def test_a_file_of_ones_own_is_not_written_over(storage: Any, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"mine")
    with pytest.raises(CorpusError, match=r"a\.zip is another file than expected\.$") as refused:
        download(remote(storage, "ranges"), tmp_path, **QUICK)
    assert refused.value.hint == "Delete it and run the command again."
    assert not storage.asked and left(tmp_path) == {"a.zip": 4}


def test_a_full_disk_is_named_and_keeps_what_fitted(
    storage: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []

    def full(handle: int) -> None:
        synced.append(handle)
        if len(synced) > 1:  # the tag has room
            raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(module.os, "fsync", full)
        with pytest.raises(SeqgenError, match=r"\.a\.zip\.part \(700,000 bytes\) .*: No space .*; .* bytes are free"):
            download(remote(storage, "ranges"), tmp_path, **QUICK)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", lambda *_: full(0))
        with pytest.raises(SeqgenError, match=r"/a\.zip \(700,000 bytes\) could not be written: No space left"):
            download(remote(storage, "ranges"), tmp_path, **QUICK)
    assert download(remote(storage, "ranges"), tmp_path, **QUICK)


def test_an_interrupted_download_is_gone_on_from(storage: Any, tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        if done > 100_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(remote(storage, "ranges"), tmp_path, stop, **QUICK)
    had = left(tmp_path)[".a.zip.part"]
    assert had > 60_000
    assert download(remote(storage, "ranges"), tmp_path, **QUICK)
    assert storage.asked[-1][1]["Range"] == f"bytes={had}-"


@pytest.mark.parametrize(
    ("wait", "pause", "waits"),
    [("0", 1.0, [1, 2]), ("7", 1.0, [7, 7]), ("600", 1.0, [30, 30]), ("soon", 4.0, [4, 8]), ("1", 20.0, [20, 30])],
)
def test_a_busy_server_is_given_time(
    storage: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wait: str, pause: float, waits: list[float]
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(module, "time", SimpleNamespace(sleep=waited.append, monotonic=time.monotonic))
    storage.wait = wait
    assert download(remote(storage, "busy"), tmp_path, patience=5.0, **({} if pause == 1 else {"pause": pause}))
    assert waited == waits


def test_a_server_is_told_who_asks_and_only_asked_by_tags_that_hold(storage: Any, tmp_path: Path) -> None:
    storage.tag = 'W/"one"'
    with pytest.raises(CorpusError):
        download(remote(storage, "cut"), tmp_path, **QUICK)
    assert left(tmp_path) == {".a.zip.part": 40, ".a.zip.etag": 0}
    first, second = storage.asked[0][1], storage.asked[1][1]
    assert first["User-Agent"] == f"seqgen/{version('seqgen-toolkit')}" and first["Accept-Encoding"] == "identity"
    assert "Range" not in first and second["Range"] == "bytes=10-" and "If-Range" not in second


def test_a_file_is_there_when_it_is_that_file(tmp_path: Path) -> None:
    file = RemoteFile("a", (), 3, sha256(b"abc"))
    (tmp_path / "a").write_bytes(b"abc")
    assert file.is_at(tmp_path / "a") and not file.is_at(tmp_path) and not file.is_at(tmp_path / "b")
    (tmp_path / "a").write_bytes(b"abd")
    assert not file.is_at(tmp_path / "a")
    (tmp_path / "a").write_bytes(b"abcd")
    assert not file.is_at(tmp_path / "a") and not RemoteFile("a", (), 3, sha256(b"abcd")).is_at(tmp_path / "a")


@pytest.mark.parametrize(
    ("error", "reason", "again"),
    [
        (TimeoutError(), "does not answer", True),
        (URLError(TimeoutError()), "does not answer", True),
        (ConnectionResetError(104, "Connection reset"), "cannot be reached (Connection reset)", True),
        (URLError(OSError()), "cannot be reached (OSError)", True),
        (http.client.BadStatusLine("x"), "cannot be reached (x)", True),
        (URLError(ssl.SSLCertVerificationError(1, "expired")), "cannot be reached (expired)", False),
        (ValueError("no address"), "cannot be reached (no address)", False),
    ],
)
def test_what_came_in_between_is_said(error: Exception, reason: str, again: bool) -> None:
    found = _lost(error)
    assert (str(found), found.again, found.wait) == (reason, again, 0)


def test_what_is_on_this_machine_needs_no_encryption() -> None:
    for local in (False, True):
        _allow("https://storage.invalid/a", local=local)
    for host in ("127.0.0.1", "[::1]:80", "localhost:8000"):
        _allow(f"http://{host}/a", local=True)
        with pytest.raises(_Failed, match="not encrypted"):
            _allow(f"http://{host}/a", local=False)
    for url, leads in (
        ("http://storage.invalid/a", "http://storage.invalid"),
        ("ftp://localhost/a", "ftp://localhost"),
        ("file:///a", "file://"),
    ):
        with pytest.raises(_Failed, match=f"^leads to {leads}, which is not encrypted$"):
            _allow(url, local=True)


@pytest.mark.parametrize(
    ("status", "headers", "start"),
    [
        (206, {"Content-Range": "bytes 5-9/10"}, 5),
        (206, {"Content-Range": "bytes 5-9/*", "ETag": '"one"'}, 5),
        (206, {"Content-Range": "bytes 5-9/10", "ETag": '"two"'}, "sends another part than was asked for"),
        (206, {"Content-Range": "bytes 4-9/10"}, "sends another part than was asked for"),
        (206, {"Content-Range": "bytes 5-9/11"}, "sends another part than was asked for"),
        (206, {"Content-Range": "all of it"}, "sends another part than was asked for"),
        (206, {}, "sends another part than was asked for"),
        (200, {}, 0),
        (200, {"Content-Length": "10"}, 0),
        (200, {"Content-Length": "9"}, "offers a file of 9 bytes instead of 10"),
        (200, {"Content-Length": "9" * 30}, f"offers a file of {'9' * 20} bytes instead of 10"),
        (204, {}, "answers with status 204 instead of the file"),
    ],
)
def test_where_what_is_sent_begins(tmp_path: Path, status: int, headers: dict[str, str], start: Any) -> None:
    part(tmp_path, b"12345", '"one"')
    answer = SimpleNamespace(status=status, headers=headers)
    order = (answer, 5, '"one"', RemoteFile("a.zip", (), 10, ""), tmp_path / ".a.zip.part")
    if not isinstance(start, str):
        assert _start(*order) == start and len(left(tmp_path)) == 2
        return
    with pytest.raises(_Failed) as failed:
        _start(*order)
    another = status == 206
    assert str(failed.value) == start and failed.value.again == another, "another part is asked for from its beginning"
    assert len(left(tmp_path)) == (0 if another else 2)
    if another:
        with pytest.raises(_Failed) as failed:
            _start(answer, 0, "", *order[3:])
        assert not failed.value.again
        if headers:
            with pytest.raises(_Failed) as failed:
                _start(answer, 1, "", *order[3:])
            assert failed.value.again


@pytest.mark.parametrize("resumed", [False, True])
def test_what_has_come_is_checked(tmp_path: Path, resumed: bool) -> None:
    file = RemoteFile("a.zip", (), 1234, sha256(bytes(1234)))
    for data, reason in (
        (bytes(1235), "sends more than 1,234 bytes"),
        (b"x" * 1234, f"sent another file: its SHA-256 is {sha256(b'x' * 1234)}, not {file.sha256}"),
    ):
        part(tmp_path, data)
        with pytest.raises(_Failed) as failed:
            _check(file, tmp_path / ".a.zip.part", resumed=resumed)
        assert (str(failed.value), failed.value.again, left(tmp_path)) == (reason, resumed, {})
    part(tmp_path, bytes(1234))
    _check(file, tmp_path / ".a.zip.part", resumed=resumed)
    assert len(left(tmp_path)) == 2


def sent(monkeypatch: pytest.MonkeyPatch, *blocks: bytes | Exception, n_bytes: int = 10**6) -> tuple[list[int], Any]:
    """What is asked of a server that sends a block a second, and its blocks for one with a patience of 2 s."""
    now, asked, coming = [100.0], [], list(blocks)

    def read(most: int) -> bytes:
        asked.append(most)
        now[0] += 1
        block = coming.pop(0) if coming else b""
        if isinstance(block, Exception):
            raise block
        return block

    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now[0]))
    return asked, _blocks(SimpleNamespace(read1=read), n_bytes, 2.0)


def test_no_more_is_taken_than_is_wanted_and_a_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, blocks = sent(monkeypatch, b"1234", b"567", n_bytes=7)
    assert list(blocks) == [b"1234", b"567"] and asked == [8, 4, 1]
    asked, blocks = sent(monkeypatch, b"1234", b"5678", b"9", n_bytes=7)
    assert list(blocks) == [b"1234", b"5678"] and asked == [8, 4]
    asked, blocks = sent(monkeypatch, n_bytes=10**6)
    assert list(blocks) == [] and asked == [1 << 16]


def test_each_while_has_to_bring_a_thousand_bytes_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    _, blocks = sent(monkeypatch, *[bytes(700)] * 9)
    assert len(list(blocks)) == 9, "2,100 bytes come within the three blocks after which is looked"
    _, blocks = sent(monkeypatch, *[bytes(50_000)] * 3, *[bytes(600)] * 9)
    got = []
    with pytest.raises(_Failed, match=r"^sent 1,800 bytes in 2 seconds$") as failed:
        got.extend(blocks)
    assert failed.value.again


def test_a_line_that_breaks_is_said_to(monkeypatch: pytest.MonkeyPatch) -> None:
    _, blocks = sent(monkeypatch, b"1", ConnectionResetError(104, "Connection reset"))
    with pytest.raises(_Failed, match=r"cannot be reached \(Connection reset\)"):
        list(blocks)


def test_a_server_is_asked_with_patience_and_by_a_tag_only_where_there_is_one(
    storage: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".a.zip.part").write_bytes(DATA[:9])
    assert download(remote(storage, "ranges"), tmp_path, **QUICK)
    assert storage.asked[0][1]["Range"] == "bytes=9-" and "If-Range" not in storage.asked[0][1]
    waited: list[float] = []

    def ask(request: Any, timeout: float) -> Any:
        waited.append(timeout)
        raise TimeoutError

    monkeypatch.setattr(module, "build_opener", lambda *_: SimpleNamespace(open=ask))
    with pytest.raises(CorpusError, match=r"a\.zip could not be downloaded: 127\.0\.0\.1:\d+ does not answer; 0 of"):
        download(remote(storage, "ranges"), tmp_path / "new", patience=5.5, pause=0)
    assert waited == [5.5] * 4

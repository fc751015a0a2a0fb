"""Files from the network: whole and checked, or not at all. What came before an interruption is kept, to go on from."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from seqgen.core.errors import CorpusError
from seqgen.core.files import disk_errors, read_bytes, safe_join, sha256_file, write_bytes

_TRIES = 4  # at one address, without getting on
_BLOCK = 1 << 16  # bytes
_SLOWEST = 1000  # bytes a second
_LONGEST_PAUSE = 30.0  # seconds
_PASSING = (408, 425, 429)  # besides 500 and above: what a server says that may answer later
_LOCAL = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class RemoteFile:
    """A file that is to be had under fixed addresses. name: here. urls: tried one after the other. The content is
    known: what differs is refused."""

    name: str
    urls: tuple[str, ...]
    n_bytes: int
    sha256: str

    def is_at(self, path: Path) -> bool:
        """Whether it lies there."""
        return path.is_file() and path.stat().st_size == self.n_bytes and sha256_file(path) == self.sha256


class _Failed(Exception):
    """again: whether the same address may do better in a while, which may be said in seconds: wait."""

    def __init__(self, reason: str, *, again: bool = False, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.again, self.wait = again, wait


def download(
    file: RemoteFile,
    folder: Path,
    report: Callable[[int, int], None] = lambda done, total: None,
    *,
    patience: float = 30.0,
    pause: float = 1.0,
) -> bool:
    """Get a file into a folder unless it lies there; returns whether it was got.

    report: bytes that are there, of how many. patience: seconds to wait for an answer. pause: seconds before a second
    try, doubled for each further one. Raises CorpusError: what has come by then is gone on from the next time.
    """
    safe_join(folder, file.name)
    path = folder / file.name
    if path.exists():
        if not file.is_at(path):
            raise CorpusError(f"{path} is another file than expected.", "Delete it and run the command again.")
        return False
    part = path.with_name(f".{file.name}.part")
    failed, host = _Failed(""), ""
    for url in file.urls:
        tries, host = 0, urlsplit(url).netloc
        while tries < _TRIES:
            if tries:
                time.sleep(min(max(failed.wait, pause * 2 ** (tries - 1)), _LONGEST_PAUSE))
            had = _size(part)
            try:
                _receive(url, file, part, report, patience)
                _check(file, part, resumed=had > 0)
                with disk_errors(path, file.n_bytes):
                    part.replace(path)
                _tag_of(part).unlink(missing_ok=True)
                return True
            except _Failed as error:
                failed = error
            if not failed.again:
                break
            tries = 1 if _size(part) > had + _BLOCK else tries + 1
    raise CorpusError(
        f"{file.name} could not be downloaded: {host} {failed}; {_size(part):,} of {file.n_bytes:,} bytes are here.",
        f"Run the command again to go on from there, or download {file.urls[0]} by hand as {path}.",
    )


def _receive(url: str, file: RemoteFile, part: Path, report: Callable[[int, int], None], patience: float) -> None:
    """Add to the part what it lacks, or begin it anew where the server wants that."""
    had = _size(part)
    if had >= file.n_bytes:
        return
    tag = read_bytes(_tag_of(part), 1000).decode("latin-1") if had and _tag_of(part).is_file() else ""
    with _answer(url, had, tag, patience) as answer:
        start = _start(answer, had, tag, file, part)
        new_tag = answer.headers.get("ETag", "")
        with disk_errors(part, file.n_bytes):
            part.parent.mkdir(parents=True, exist_ok=True)
            if not start:
                part.unlink(missing_ok=True)
                strong = re.fullmatch(r'"[!-~]{1,200}"', new_tag)  # others may not be asked by
                write_bytes(_tag_of(part), new_tag.encode() if strong else b"")
            with part.open("ab") as out:
                try:
                    report(start, file.n_bytes)
                    for block in _blocks(answer, file.n_bytes - start, patience):
                        out.write(block)
                        start += len(block)
                        report(min(start, file.n_bytes), file.n_bytes)
                finally:
                    out.flush()
                    os.fsync(out.fileno())
    if start < file.n_bytes:
        raise _Failed("ended the transfer early", again=True)


def _start(answer: Any, had: int, tag: str, file: RemoteFile, part: Path) -> int:
    """Where in the file what is sent begins: where the part ends, or at 0."""
    if answer.status == 206:
        said = re.fullmatch(r"bytes (\d{1,15})-\d{1,15}/(\d{1,15}|\*)", answer.headers.get("Content-Range", ""))
        same = not tag or answer.headers.get("ETag", tag) == tag
        if said and int(said[1]) == had and said[2] in ("*", str(file.n_bytes)) and same:
            return had
        _drop(part)
        raise _Failed("sends another part than was asked for", again=had > 0)
    if answer.status != 200:
        raise _Failed(f"answers with status {answer.status} instead of the file")
    length = answer.headers.get("Content-Length")
    if length and length != str(file.n_bytes):
        raise _Failed(f"offers a file of {length[:20]} bytes instead of {file.n_bytes:,}")
    return 0


def _check(file: RemoteFile, part: Path, *, resumed: bool) -> None:
    n_bytes, found = _size(part), sha256_file(part)
    if n_bytes == file.n_bytes and found == file.sha256:
        return
    _drop(part)
    if n_bytes > file.n_bytes:
        raise _Failed(f"sends more than {file.n_bytes:,} bytes", again=resumed)
    raise _Failed(f"sent another file: its SHA-256 is {found}, not {file.sha256}", again=resumed)


@contextlib.contextmanager
def _answer(url: str, had: int, tag: str, patience: float) -> Iterator[Any]:
    _allow(url, local=_is_local(url))
    headers = {"User-Agent": f"seqgen/{version('seqgen-toolkit')}", "Accept-Encoding": "identity"}
    if had:
        headers |= {"Range": f"bytes={had}-"} | ({"If-Range": tag} if tag else {})
    opener = build_opener(_Redirects(_is_local(url)))
    try:
        answer = opener.open(Request(url, headers=headers), timeout=patience)  # noqa: S310  # checked by _allow
    except HTTPError as error:
        with error:
            again = error.code >= 500 or error.code in _PASSING
            wait = error.headers.get("Retry-After", "") if error.headers else ""
        raise _Failed(
            f"answers with status {error.code}", again=again, wait=float(wait) if wait.isdecimal() else 0.0
        ) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _lost(error) from None
    with answer:
        yield answer


def _blocks(answer: Any, n_bytes: int, patience: float) -> Iterator[bytes]:
    """What is sent, as it comes; at most a byte more than wanted."""
    since, seen = time.monotonic(), 0
    left = n_bytes + 1
    while left:
        try:
            block = answer.read1(min(_BLOCK, left))
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise _lost(error) from None
        if not block:
            return
        yield block
        left -= len(block)
        seen += len(block)
        if (now := time.monotonic()) - since > patience:
            if seen < _SLOWEST * patience:
                raise _Failed(f"sent {seen:,} bytes in {patience:.0f} seconds", again=True)
            since, seen = now, 0


def _lost(error: Exception) -> _Failed:
    """What came in between."""
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, TimeoutError):
        return _Failed("does not answer", again=True)
    what = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
    certain = isinstance(reason, ssl.SSLCertVerificationError | ValueError)
    return _Failed(f"cannot be reached ({what})", again=not certain)


class _Redirects(HTTPRedirectHandler):
    """Follows to encrypted addresses alone."""

    max_redirections = 5

    def __init__(self, local: bool) -> None:
        self._local = local

    def http_error_302(self, req: Request, fp: Any, code: int, msg: str, headers: Any) -> Any:
        try:
            return super().http_error_302(req, fp, code, msg, headers)
        except (_Failed, ValueError):
            fp.close()
            raise

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302

    def redirect_request(self, req: Request, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Request | None:
        _allow(newurl, local=self._local)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _allow(url: str, *, local: bool) -> None:
    """local: whether the transfer stays on this machine, as in tests."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (local and _is_local(url)):
        raise _Failed(f"leads to {parts.scheme}://{parts.hostname or ''}, which is not encrypted")


def _is_local(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname in _LOCAL


def _tag_of(part: Path) -> Path:
    return part.with_suffix(".etag")


def _drop(part: Path) -> None:
    part.unlink(missing_ok=True)
    _tag_of(part).unlink(missing_ok=True)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0

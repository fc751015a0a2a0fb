"""Bounded reads, atomic writes, hashes and joins that stay inside a folder."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import json
import os
import shutil
import stat
import sys
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from seqgen.core.drafts import draft_beside
from seqgen.core.errors import BadInput, SeqgenError, TooLarge
from seqgen.core.limits import LIMITS

GZIP = b"\x1f\x8b"
_PARTS, _AT_ONCE = 4096, 1 << 16  # of gzip: parts, one behind the other, and bytes
# What says that bytes did not reach the disk.
_LOST = {errno.ENOSPC, errno.EIO, getattr(errno, "EDQUOT", errno.ENOSPC)}


def read_bytes(path: str | os.PathLike[str], max_bytes: int | None = None, *, limit: str = "max_file_bytes") -> bytes:
    """The whole content of a regular file. limit: the field of Limits that bounds it, where max_bytes does not.

    Raises BadInput (missing, not a file) or TooLarge.
    """
    path = Path(path)
    allowed: int = getattr(LIMITS, limit) if max_bytes is None else max_bytes
    try:
        if not path.is_file():
            raise BadInput(path, "is not a file" if path.exists() else "does not exist")
        with path.open("rb") as file:
            # Reading takes the memory that is asked for at once: not more than is there, unless the file grows.
            size = os.fstat(file.fileno()).st_size
            data = file.read(min(size, allowed) + 1)
            if size < len(data) <= allowed:
                data += file.read(allowed + 1 - len(data))
    except OSError as error:
        raise BadInput(path, f"cannot be read ({error.strerror or error})") from None
    if len(data) > allowed:
        raise TooLarge(path, limit, allowed)
    return data


def read_head(path: str | os.PathLike[str], n_bytes: int = 4096) -> bytes:
    """The first bytes of a regular file, as many as there are; none of what cannot be read, or would never end."""
    try:
        if not Path(path).is_file():
            return b""
        with Path(path).open("rb") as file:
            return file.read(n_bytes)
    except OSError:
        return b""


def unzipped(data: bytes, name: str, *, limit: str = "max_file_bytes") -> bytes:
    """What gzip holds, of any number of parts, as far as the field of Limits lets it; other data as they are. Raises
    BadInput."""
    if not data.startswith(GZIP):
        return data
    most: int = getattr(LIMITS, limit)
    found, n_bytes = list[bytes](), 0
    opened = Gunzip(io.BytesIO(data), name)
    while part := opened.read(min(_AT_ONCE, most + 1 - n_bytes)):
        found.append(part)
        n_bytes += len(part)
        if n_bytes > most:
            raise TooLarge(name, limit, most)
    return b"".join(found)


class Gunzip(io.RawIOBase):
    """What an open file of gzip holds, read as it is asked for, of no more parts than anyone writes. Raises BadInput
    where it is cut off or damaged."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file, self._name = file, name
        self._part, self._n_parts, self._rest = zlib.decompressobj(31), 1, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """See io.RawIOBase. Raises BadInput."""
        found = b""
        while not found:
            if self._part.eof and not self._next_part():
                return 0
            self._rest = self._rest or self._file.read(_AT_ONCE)
            ended = not self._rest
            try:
                found = self._part.decompress(self._rest, len(buffer))
            except zlib.error as error:
                raise BadInput(self._name, f"is not whole gzip ({error})") from None
            self._rest = self._part.unconsumed_tail
            if ended and not found and not self._part.eof:
                raise BadInput(self._name, "is not whole gzip (it is cut off)")
        buffer[: len(found)] = found
        return len(found)

    def _next_part(self) -> bool:
        """Whether there is one."""
        self._rest = self._part.unused_data.lstrip(b"\0")
        while len(self._rest) < len(GZIP) and (more := self._file.read(_AT_ONCE)):
            self._rest = (self._rest + more).lstrip(b"\0")
        if not self._rest:
            return False
        self._n_parts += 1
        if not self._rest.startswith(GZIP) or self._n_parts > _PARTS:
            what = f"of over {_PARTS:,} parts" if self._n_parts > _PARTS else "followed by other bytes"
            raise BadInput(self._name, f"is not whole gzip (it is {what})")
        self._part = zlib.decompressobj(31)
        return True


def growing_lines(path: str | os.PathLike[str], wait: float = 0.2, longest: int = 1_000_000) -> Iterator[bytes]:
    """The lines of a file as they are written, each once its end is there, without end; of a pipe, or of "-", standard
    input, until that ends.

    wait: seconds between two looks. longest: bytes of a line. Raises BadInput.
    """
    try:
        with sys.stdin.buffer if str(path) == "-" else Path(path).open("rb") as file:
            grows = str(path) != "-" and stat.S_ISREG(os.fstat(file.fileno()).st_mode)
            line = b""
            while True:
                part = file.readline(longest + 1 - len(line))
                line += part
                if len(line) > longest:
                    raise BadInput(path, f"holds a line of more than {longest:,} bytes")
                if line.endswith(b"\n") or (line and not part and not grows):
                    yield line
                    line = b""
                elif not part:
                    if not grows:
                        return
                    time.sleep(wait)
    except OSError as error:
        raise BadInput(path, f"cannot be read ({error.strerror or error})") from None


def read_json(path: str | os.PathLike[str]) -> Any:
    """A JSON document. Raises BadInput with line and column."""
    return from_json(read_bytes(path, limit="max_json_bytes"), path)


def from_json(data: bytes, path: str | os.PathLike[str]) -> Any:
    """What the bytes of a file say. Raises BadInput with line and column."""
    try:
        return json.loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise BadInput(path, "is not UTF-8 text", where=f"byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise BadInput(path, f"is not JSON ({error.msg})", where=f"line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise BadInput(path, "is nested too deeply") from None
    except ValueError as error:  # a number of thousands of digits
        raise BadInput(path, f"cannot be read ({error})") from None


def to_json(value: Any) -> bytes:
    """Readable, stable JSON: same value, same bytes. A name that is no text in UTF-8 stays what it is."""
    return _encoded(json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def _encoded(text: str) -> bytes:
    """UTF-8; halves of characters, which names of files may have, are escaped as JSON does."""
    return text.encode("utf-8", "backslashreplace")


@contextlib.contextmanager
def writing(path: str | os.PathLike[str], n_bytes: int | None = None) -> Iterator[BinaryIO]:
    """A file that appears whole or not at all: a neighbour is filled, synced and renamed over it. n_bytes: how many it
    will be, for errors. Raises SeqgenError."""
    path = Path(path)
    draft = draft_beside(path)
    with disk_errors(path, n_bytes):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with draft.open("wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                draft.unlink(missing_ok=True)
            raise


def write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file whole or not at all."""
    with writing(path, len(data)) as file:
        file.write(data)


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write a text whole or not at all. Raises SeqgenError."""
    write_bytes(path, _encoded(text))


def write_json(path: str | os.PathLike[str], value: Any) -> None:
    """Write JSON whole or not at all."""
    write_bytes(path, to_json(value))


def make_folder(path: str | os.PathLike[str]) -> None:
    """Make a folder and those above it, unless it is there. Raises SeqgenError."""
    path = Path(path)
    with disk_errors(path, None):
        path.mkdir(parents=True, exist_ok=True)


@contextlib.contextmanager
def publish_folder(target: str | os.PathLike[str], n_bytes: int | None = None) -> Iterator[Path]:
    """Fill a hidden draft folder; on success it is synced and renamed to `target`, replacing it; else it is removed.
    n_bytes: how many it will hold, for errors. Raises SeqgenError."""
    target = Path(target)
    draft = draft_beside(target)
    old = draft.with_suffix(".old")
    with disk_errors(target, n_bytes):
        try:
            draft.mkdir(parents=True)
            yield draft
            for file in draft.iterdir():
                _sync(file)
            _sync(draft)
            if target.exists():
                target.rename(old)
            draft.rename(target)
            _sync(target.parent)
            shutil.rmtree(old, ignore_errors=True)
        except BaseException:
            if old.exists() and not target.exists():
                old.rename(target)
            shutil.rmtree(draft, ignore_errors=True)
            raise


def sha256(data: bytes | memoryview) -> str:
    """Hexadecimal SHA-256."""
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's content, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def safe_join(folder: Path, name: str) -> Path:
    """`folder / name`, refused when it would leave the folder. Raises BadInput."""
    try:
        path = (folder / name).resolve()
        inside = "\x00" not in name and path.is_relative_to(folder.resolve())
    except (OSError, RuntimeError, ValueError):  # links in a circle, or letters that no path has
        inside = False
    if not inside:
        raise BadInput(name, f"leads outside {folder}")
    return path


def _sync(path: Path) -> None:
    if os.name == "nt" and path.is_dir():
        return  # Windows cannot open folders for syncing
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno in _LOST:
            raise
        # Some file systems do not sync read-only handles or folders.
    finally:
        os.close(handle)


@contextlib.contextmanager
def disk_errors(path: Path, n_bytes: int | None) -> Iterator[None]:
    """What fails while a file of so many bytes is written is a SeqgenError that says what is free."""
    try:
        yield
    except OSError as error:
        size = f" ({n_bytes:,} bytes)" if n_bytes is not None else ""
        free = ""
        with contextlib.suppress(OSError):
            place = next(p for p in (path, *path.parents) if p.exists()).resolve()
            disk = next((p for p in (place, *place.parents) if p.is_mount()), place)
            free = f"; {shutil.disk_usage(place).free:,} bytes are free on the disk {disk}"
        raise SeqgenError(
            f"{path}{size} could not be written: {error.strerror or error}{free}.",
            "Free some space, or choose another place with --out.",
        ) from error

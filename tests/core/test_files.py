from __future__ import annotations

import contextlib
import errno
import gzip
import io
import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqgen.core import files
from seqgen.core.drafts import remove_drafts
from seqgen.core.errors import BadInput, SeqgenError, TooLarge
from seqgen.core.limits import Limits
from seqgen.core.processes import started


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_a_file_is_written_with_its_folders(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b.bin"
    files.write_bytes(target, b"one")
    files.write_bytes(target, b"two")
    assert target.read_bytes() == b"two" and names(target.parent) == ["b.bin"]


def test_a_write_that_fails_leaves_the_old_file_and_no_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "a.bin"
    files.write_bytes(target, b"old")
    for name in ("fsync", "replace"):
        with monkeypatch.context() as patch:
            owner = os if name == "fsync" else Path

            def fail(*_: object) -> None:
                raise OSError(28, "No space left on device")

            patch.setattr(owner, name, fail)
            with pytest.raises(SeqgenError, match=r"No space left.*bytes are free"):
                files.write_bytes(target, b"new")
        assert target.read_bytes() == b"old" and names(tmp_path) == ["a.bin"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SeqgenError, match="could not be written"):
        files.write_bytes(tmp_path / "file" / "below", b"")


def test_a_published_folder_replaces_the_old_one_whole(tmp_path: Path) -> None:
    for text in ("one", "two"):
        with files.publish_folder(tmp_path / "x") as draft:
            (draft / text).write_text(text)
            assert text not in (names(tmp_path / "x") if (tmp_path / "x").exists() else [])
    assert names(tmp_path) == ["x"] and names(tmp_path / "x") == ["two"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_publishing_leaves_nothing_after_an_exception(tmp_path: Path, error: type[BaseException]) -> None:
    with files.publish_folder(tmp_path / "x") as draft:
        (draft / "good").write_text("")
    with pytest.raises(error), files.publish_folder(tmp_path / "x") as draft:  # noqa: PT012  # what is done before
        (draft / "half").write_text("")
        raise error
    assert names(tmp_path) == ["x"] and names(tmp_path / "x") == ["good"]


def test_drafts_of_a_killed_process_are_removed_and_nothing_else(tmp_path: Path) -> None:
    gone = 99_999_999  # higher than any process's number
    for name in (f".x.{gone}-7.0123abcd.tmp", f".x.{gone}.0123abcd.old", "x", ".hidden"):
        (tmp_path / name).mkdir()
    (tmp_path / f".y.{gone}-7.0123abcd.tmp").write_text("")
    (tmp_path / ".others.tmp").write_text("")
    remove_drafts(tmp_path)
    remove_drafts(tmp_path / "missing")
    assert names(tmp_path) == [".hidden", ".others.tmp", "x"]


def test_what_was_moved_away_and_not_replaced_goes_back(tmp_path: Path) -> None:
    (tmp_path / ".x.99999999-7.0123abcd.old").mkdir()
    remove_drafts(tmp_path)
    assert names(tmp_path) == ["x"]


def test_a_draft_stays_while_the_process_that_fills_it_runs(tmp_path: Path) -> None:
    with files.writing(tmp_path / "x") as file:
        remove_drafts(tmp_path)
        file.write(b"whole")
    assert (tmp_path / "x").read_bytes() == b"whole"
    me, start = os.getpid(), started(os.getpid())
    for name, stays in ((f".x.{me}-{start}.0123abcd.tmp", True), (f".x.{me}-1.0123abcd.tmp", not start)):
        (tmp_path / name).write_text("")
        remove_drafts(tmp_path)
        assert (tmp_path / name).exists() == stays  # of a process that had the same number before


def test_reading_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    assert files.read_bytes(path, 5) == b"12345"
    with pytest.raises(TooLarge, match="over the limit of 4 file bytes") as caught:
        files.read_bytes(path, 4)
    assert "SEQGEN_MAX_FILE_BYTES" in caught.value.hint
    with pytest.raises(TooLarge, match="over the limit of 4 text bytes"):
        files.read_bytes(path, 4, limit="max_text_bytes")
    assert files.read_bytes(path, limit="max_text_bytes") == b"12345"


@pytest.mark.parametrize("told", [0, 3, 5, 1000])
def test_a_file_that_grew_or_hides_its_size_is_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: int
) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    monkeypatch.setattr(files.os, "fstat", lambda descriptor: SimpleNamespace(st_size=told))
    for allowed in (5, 6, 100):
        assert files.read_bytes(path, allowed) == b"12345"
    with pytest.raises(TooLarge):
        files.read_bytes(path, 4)


@pytest.mark.parametrize(
    ("told", "allowed", "asked"), [(5, 5, [6]), (3, 100, [4, 97]), (1000, 4, [5]), (5, 100, [6]), (0, 5, [1, 5])]
)
def test_no_more_is_read_at_once_than_is_there_and_may_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: int, allowed: int, asked: list[int]
) -> None:
    found: list[int | None] = []

    class Counted(io.BytesIO):
        def fileno(self) -> int:
            return 0

        def read(self, size: int | None = -1) -> bytes:
            found.append(size)
            return super().read(size)

    (tmp_path / "a").write_bytes(b"12345")
    monkeypatch.setattr(files.os, "fstat", lambda descriptor: SimpleNamespace(st_size=told))
    monkeypatch.setattr(Path, "open", lambda path, how: Counted(b"12345"))
    with contextlib.suppress(TooLarge):
        files.read_bytes(tmp_path / "a", allowed)
    assert found == asked


def test_what_is_no_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadInput, match=r"missing: does not exist$"):
        files.read_bytes(tmp_path / "missing")
    with pytest.raises(BadInput, match=r": is not a file$"):
        files.read_bytes(tmp_path)
    (tmp_path / "a").touch()
    for error, reason in ((PermissionError(13, "Permission denied"), "Permission denied"), (OSError("odd"), "odd")):

        def refuse(*_: object, error: Exception = error) -> None:
            raise error

        with monkeypatch.context() as patch:
            patch.setattr(Path, "open", refuse)
            for read in (files.read_bytes, lambda path: next(files.growing_lines(path))):
                with pytest.raises(BadInput) as caught:
                    read(tmp_path / "a")
                assert caught.value.message == f"{tmp_path / 'a'}: cannot be read ({reason})"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'{"a": 1,}', "line 1, column"),
        (b"\xff", "byte 0: is not UTF-8"),
        (b"[" * 100_000, r"a\.json: is nested too deeply$"),
        (b"1" * 5000, "cannot be read"),
        (b"", "is not JSON"),
    ],
)
def test_what_is_no_json_is_refused_with_the_place(tmp_path: Path, data: bytes, reason: str) -> None:
    (tmp_path / "a.json").write_bytes(data)
    with pytest.raises(BadInput, match=reason):
        files.read_json(tmp_path / "a.json")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@settings(max_examples=40)
@given(json_values)
def test_json_comes_back(tmp_path_factory: pytest.TempPathFactory, value: object) -> None:
    if "\\ud" in ascii(value):
        return  # a lone surrogate is no text
    path = tmp_path_factory.getbasetemp() / "value.json"
    path.write_bytes(files.to_json(value))
    assert files.read_json(path) == value and files.to_json(value) == files.to_json(value)


def test_json_is_readable_and_holds_only_what_json_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert files.to_json({"é": [1]}) == '{\n "é": [\n  1\n ]\n}\n'.encode()
    assert files.to_json("\ud800") == b'"\\ud800"\n', "half a letter"
    with pytest.raises(ValueError, match="nan"):
        files.to_json(float("nan"))
    (tmp_path / "a.json").write_bytes(b"[1]  ")
    monkeypatch.setattr(files, "LIMITS", Limits(max_file_bytes=1, max_json_bytes=5))
    assert files.read_json(tmp_path / "a.json") == [1]
    monkeypatch.setattr(files, "LIMITS", Limits(max_json_bytes=4))
    with pytest.raises(TooLarge, match="over the limit of 4 json bytes"):
        files.read_json(tmp_path / "a.json")


def test_hashes_of_bytes_and_of_files_agree(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert files.sha256(b"abc") == files.sha256_file(tmp_path / "a") == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )  # fmt: skip


def test_joins_stay_inside(tmp_path: Path) -> None:
    assert files.safe_join(tmp_path, "a/../b") == (tmp_path / "b").resolve()
    (tmp_path / "link").symlink_to("/")
    (tmp_path / "circle").symlink_to("circle")
    for name in ("../x", "/etc/passwd", "a/../../x", "link/etc", "a\x00b", "\x00", "circle/x", "\ud800"):
        with pytest.raises(BadInput, match=f"leads outside {tmp_path}$") as caught:
            files.safe_join(tmp_path, name)
        assert caught.value.path == name


def test_lines_are_given_as_soon_as_they_are_whole(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(b"a\nb\nc")
    lines = files.growing_lines(path, wait=0.001, longest=8)
    assert [next(lines), next(lines)] == [b"a\n", b"b\n"]
    with path.open("ab") as log:
        log.write(b"d\n" + b"e" * 9)
    assert next(lines) == b"cd\n"
    with pytest.raises(BadInput, match="more than 8 bytes"):
        next(lines)
    with pytest.raises(BadInput, match="cannot be read"):
        next(files.growing_lines(tmp_path / "none.csv"))


def test_the_last_line_of_what_ends_is_given_without_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    os.write(write, b"a\n\nb")
    os.close(write)
    with os.fdopen(read, "rb") as pipe, monkeypatch.context() as patch:
        patch.setattr(files.sys, "stdin", SimpleNamespace(buffer=pipe))
        assert list(files.growing_lines("-")) == [b"a\n", b"\n", b"b"]
    os.mkfifo(tmp_path / "pipe")
    writer = os.open(tmp_path / "pipe", os.O_RDWR)
    lines = files.growing_lines(tmp_path / "pipe", longest=3)
    os.write(writer, b"abc\n")
    with pytest.raises(BadInput, match="more than 3 bytes"):
        next(lines)  # its end counts
    lines = files.growing_lines(tmp_path / "pipe")
    os.write(writer, b"ab\ncd")
    assert next(lines) == b"ab\n"
    os.close(writer)
    assert list(lines) == [b"cd"]
    (tmp_path / "file").write_bytes(b"a\nb")
    with (tmp_path / "file").open("rb") as file, monkeypatch.context() as patch:
        patch.setattr(files.sys, "stdin", SimpleNamespace(buffer=file))
        assert list(files.growing_lines("-")) == [b"a\n", b"b"], "though a file, nobody adds to it"


def test_no_more_of_a_line_is_read_than_it_may_have(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    parts = [b"ab", b"cd\n", b"abcde", b"f"]

    class Slow(io.BytesIO):
        def readline(self, size: int | None = -1) -> bytes:
            asked.append(size or -1)
            return parts.pop(0)

    monkeypatch.setattr(files.sys, "stdin", SimpleNamespace(buffer=Slow()))
    lines = files.growing_lines("-", longest=5)
    assert next(lines) == b"abcd\n"
    with pytest.raises(BadInput, match="more than 5 bytes"):
        next(lines)
    assert asked == [6, 4, 6, 1]


def test_a_file_that_grows_is_looked_at_now_and_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, waited = tmp_path / "log.csv", []
    path.write_bytes(b"")

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 3:
            path.write_bytes(b"a" * 999_999 + b"\n")

    monkeypatch.setattr(files.time, "sleep", sleep)
    assert len(next(files.growing_lines(path))) == 1_000_000 and waited == [0.2] * 3


def test_the_head_of_a_file_is_what_there_is_of_it(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(bytes(5000))
    assert len(files.read_head(path)) == 4096 and files.read_head(path, 6000) == bytes(5000)
    assert files.read_head(tmp_path / "missing") == files.read_head(tmp_path) == b""


def test_what_is_zipped_is_unzipped_as_far_as_it_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LIMITS", Limits(max_file_bytes=5, max_json_bytes=8))
    zipped = gzip.compress(b"abc") + gzip.compress(b"de")
    assert files.unzipped(zipped, "a.gz") == b"abcde" and files.unzipped(b"not zipped", "a") == b"not zipped"
    with pytest.raises(TooLarge, match=r"^a\.gz: over the limit of 5 file bytes$"):
        files.unzipped(zipped + gzip.compress(b"f"), "a.gz")
    longer = zipped + gzip.compress(b"fgh")
    assert files.unzipped(longer, "a.gz", limit="max_json_bytes") == b"abcdefgh"
    with pytest.raises(TooLarge, match=r"^a\.gz: over the limit of 8 json bytes$"):
        files.unzipped(longer + gzip.compress(b"i"), "a.gz", limit="max_json_bytes")
    asked: list[int] = []

    class Counted(files.Gunzip):
        def read(self, size: int = -1) -> bytes | None:
            asked.append(size)
            return super().read(size)

    monkeypatch.setattr(files, "Gunzip", Counted)
    with pytest.raises(TooLarge):
        files.unzipped(gzip.compress(bytes(10_000)), "a.gz")
    assert asked == [6], "what is over the limit is not unpacked"
    for broken in (zipped[:-1], zipped[:16] + b"CRC" + zipped[19:], b"\x1f\x8b", zipped + b"more"):
        with pytest.raises(BadInput, match=r"^a\.gz: is not whole gzip \(.+\)$"):
            files.unzipped(broken, "a.gz", limit="max_json_bytes")


def test_folders_are_made_with_those_above_and_may_be_there(tmp_path: Path) -> None:
    for _ in range(2):
        files.make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").write_text("")
    with pytest.raises(
        SeqgenError, match=r"file.below could not be written: .+; [\d,]+ bytes are free on the disk .+\.$"
    ):
        files.make_folder(tmp_path / "file" / "below")


def test_what_cannot_be_written_says_how_large_it_is(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SeqgenError, match=r"below \(1,234 bytes\) could not be written: .+ bytes are free") as caught:
        files.write_bytes(tmp_path / "file" / "below", bytes(1234))
    assert caught.value.hint == "Free some space, or choose another place with --out."


def test_what_is_published_has_reached_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(files.os, "fsync", lambda handle: synced.append(Path(f"/proc/self/fd/{handle}").readlink()))
    target = tmp_path.resolve() / "x"
    with files.publish_folder(target) as draft:
        (draft / "a").write_text("")
        assert not synced
    assert synced == [draft / "a", draft, target.parent]


@pytest.mark.parametrize(("code", "lost"), [(errno.ENOSPC, True), (errno.EIO, True), (errno.EINVAL, False)])
def test_only_a_sync_that_loses_bytes_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, lost: bool
) -> None:
    """Some file systems do not sync folders at all."""

    def fail(handle: int) -> None:
        raise OSError(code, "as it is")

    monkeypatch.setattr(files.os, "fsync", fail)
    refused = pytest.raises(SeqgenError, match="as it is") if lost else contextlib.nullcontext()
    with refused, files.publish_folder(tmp_path / "x"):
        pass
    assert names(tmp_path) == ([] if lost else ["x"])


def test_windows_cannot_sync_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Path] = []
    (tmp_path / "a").write_text("")
    there = os.open(tmp_path / "a", os.O_RDONLY)
    with monkeypatch.context() as patch:
        patch.setattr(files.os, "name", "nt")
        patch.setattr(files.os, "open", lambda path, how: opened.append(path) or there)
        files._sync(tmp_path)
        files._sync(tmp_path / "a")
    assert opened == [tmp_path / "a"]


def test_gzip_in_parts_is_read_as_it_is_asked_for() -> None:
    whole = bytes(range(256)) * 999
    parts = gzip.compress(whole[:99]) + b"\0\0" + gzip.compress(b"") + gzip.compress(whole[99:]) + b"\0" * 9
    for size in (1 << 20, 7919, 100):
        opened = files.Gunzip(io.BytesIO(parts), "a.gz")
        assert b"".join(iter(lambda opened=opened, size=size: opened.read(size), b"")) == whole
    with pytest.raises(BadInput, match="over 4,096 parts"):
        files.unzipped(gzip.compress(b"", 1) * 4097, "a.gz")

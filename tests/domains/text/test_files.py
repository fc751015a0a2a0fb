"""Files become exactly the text that they hold, or are refused with the byte."""

from __future__ import annotations

import codecs
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqgen.core.domain import get_domain
from seqgen.core.errors import BadInput, TooLarge, UsageError
from seqgen.core.limits import LIMITS
from seqgen.domains.text import files
from seqgen.domains.text.identity import cut, describe, identity

TEXT = "Line one\r\nline two\n\n\tnaïve 日本 \U0001f408\r\n"


def read(data: bytes) -> str:
    (text,) = files.read(data, "a.txt")
    return text


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"", "utf-8"),
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ],
)
def test_marks_are_no_text(mark: bytes, encoding: str) -> None:
    assert read(mark + TEXT.encode(encoding)) == TEXT
    assert read(mark + ("\ufeff" + TEXT).encode(encoding)) == ("\ufeff" if mark else "") + TEXT


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "holds no text"),
        (b" \r\n\t\n", "holds no text"),
        (codecs.BOM_UTF8, "holds no text"),
        ("plain naïve".encode("latin-1"), "byte 8: is not UTF-8 text"),
        (codecs.BOM_UTF8 + b"abc\xff", "byte 6: is not UTF-8 text"),
        (b"abc\xc3", "byte 3: is not UTF-8 text"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "byte 0: is not UTF-8 text|byte 8: holds a zero byte"),
        (b"abc\0def", "byte 3: holds a zero byte"),
        ("wide".encode("utf-16-le"), "byte 1: holds a zero byte"),
        ("wide".encode("utf-16-be"), "byte 0: holds a zero byte"),
        (codecs.BOM_UTF16_LE + "ab\0".encode("utf-16-le"), "byte 6: holds a zero byte"),
        (codecs.BOM_UTF16_LE + b"a\0\x00\xd8b\0", "byte 4: is not UTF-16 text"),
        (codecs.BOM_UTF16_BE + b"\0a\0", "byte 4: is not UTF-16 text"),
        ("text".encode("utf-32"), "byte 0: is UTF-32 text"),
    ],
)
def test_what_is_no_text_is_refused_with_its_place(data: bytes, message: str) -> None:
    with pytest.raises(BadInput, match=message) as caught:
        read(data)
    assert caught.value.path == "a.txt"


def test_a_hint_says_how_to_convert() -> None:
    with pytest.raises(BadInput) as caught:
        read(b"caf\xe9")
    assert "iconv" in caught.value.hint
    with pytest.raises(BadInput) as caught:
        read("wide".encode("utf-16-le"))
    assert "UTF-16" in caught.value.hint


@given(st.binary(max_size=60), st.integers(1, 5))
def test_in_small_parts_a_file_is_what_it_is_whole(data: bytes, size: int) -> None:
    def outcome() -> str:
        try:
            return read(data)
        except BadInput as error:
            return error.message

    whole = outcome()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "_CHUNK", 3 + size)  # a mark is never cut
        parts = outcome()
    assert parts == whole or ("byte" in parts and "byte" in whole)  # of two faults either may be met first


def test_a_file_is_read_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(TEXT.encode())
    monkeypatch.setattr(files, "_CHUNK", 5)
    parts = list(files.chunks(path))
    assert len(parts) > 5 and "".join(parts) == TEXT
    with pytest.raises(BadInput, match="is not a file"):
        list(files.chunks(tmp_path))


@given(st.text(min_size=1).filter(lambda text: not text.isspace() and "\0" not in text), st.data())
def test_a_text_that_stays_in_its_file_is_the_text(
    tmp_path_factory: pytest.TempPathFactory, text: str, data: st.DataObject
) -> None:
    path = tmp_path_factory.getbasetemp() / "stays.txt"
    files.write(text, path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "_CHUNK", 5)
        (file,) = files.open_text(path)
        assert len(file) == len(text) and files.to_text(file) == text and identity(file) == identity(text)
        start, stop = (data.draw(st.sampled_from([0, 0.3, 0.8, 0.9, 1.0])) for _ in range(2))
        part, expected = cut(file, start, stop), cut(text, start, stop)
        assert (part and files.to_text(part)) == (expected or None)
        assert part is None or files.to_text(part[1:-1]) == (expected or "")[1:-1]


def test_a_file_over_the_limit_is_refused_by_the_name_of_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(TEXT.encode())
    small = replace(LIMITS, max_text_bytes=10, max_stream_bytes=20)
    monkeypatch.setattr("seqgen.core.files.LIMITS", small)
    monkeypatch.setattr(files, "LIMITS", small)
    for attempt, name in ((files.read, "TEXT"), (files.chunks, "STREAM"), (files.open_text, "STREAM")):
        with pytest.raises(TooLarge) as caught:
            list(attempt(path))
        assert f"SEQGEN_MAX_{name}_BYTES" in caught.value.hint


@given(st.text(min_size=1).filter(lambda text: not text.isspace() and "\0" not in text))
def test_what_is_written_is_read_again(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("texts") / "a.txt"
    files.write(text, path)
    assert list(files.read(path)) == [text]


def test_only_text_files_are_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.txt"):
        files.write(TEXT, tmp_path / "a.mid")
    assert get_domain("text").written == files.WRITTEN


def test_texts_that_differ_in_case_and_space_alone_are_the_same() -> None:
    first, second = identity(TEXT), identity(TEXT.upper().replace("\r\n", "\n"))
    assert first[0] != second[0] and first[1] == second[1]
    assert identity(TEXT) == first and len(set(first)) == 2
    assert not set(identity("something else")) & set(first)


def test_a_text_is_described_by_its_lines() -> None:
    rows = list(describe("one\r\n\ntwo \x1b[31m" + "x" * 200))
    assert [(row["line"], row["characters"]) for row in rows] == [(1, 3), (2, 0), (3, 209)]
    assert rows[0]["text"] == "one" and len(rows[2]["text"]) == 72 and "\x1b" not in rows[2]["text"]
    assert list(describe("")) == []
    long = list(describe("a\n" * 20_000))
    assert len(long) == 10_001 and long[-1]["text"] == "… 10,000 more lines"
    assert list(describe("a\n" * 10_000 + "b"))[-1]["text"] == "… 1 more lines"


def test_a_text_is_cut_where_its_share_ends() -> None:
    assert (cut("0123456789", 0, 0.8), cut("0123456789", 0.8, 0.9), cut("0123456789", 0.9, 1)) == ("01234567", "8", "9")
    assert cut("0123456789", 0, 0.7 + 0.2) == "012345678" and cut("0123456789", 1.0, 1.0) is None
    assert cut("abc", 0.8, 0.9) is None
    assert len(cut("x" * 1_115_394, 0, 0.9) or "") == 1_003_854

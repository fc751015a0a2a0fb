"""What users' files hold stays there: no message or hint says a value, wherever it stands and whatever it breaks.

Names are said, cut off after 40 characters: of columns, entries, parts of XML. Of a value that is refused, a number, a
time or a word is.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from reliability import mutation
from reliability import whole_logs as logs
from reliability.readers import READERS, Reader
from seqgen.core.errors import BadInput, named, printable, quoted
from seqgen.domains.sports.files import read

SECRET = "S3cr3t-Wört 4711!"  # noqa: S105  # nobody's
MOST = 120  # places of a file
FAST = ("cricket", "prices", "cricsheet")


def in_cells(data: bytes) -> Iterator[bytes]:
    rows = list(csv.reader(io.StringIO(data.decode())))
    for row in rows[1:]:
        for i, cell in enumerate(row):
            for said in (SECRET, cell + SECRET):
                row[i] = said
                yield mutation.as_csv(rows)
            row[i] = cell


def in_values(value: Any) -> Iterator[Any]:
    """A document of JSON with each of its values, one after the other, replaced."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from ({**value, key: changed} for changed in in_values(inner))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from ([*value[:i], changed, *value[i + 1 :]] for changed in in_values(inner))
    yield SECRET
    if isinstance(value, str):
        yield value + SECRET


def in_xml(data: bytes) -> Iterator[bytes]:
    root = ElementTree.fromstring(data)  # noqa: S314  # our own
    for element in root.iter():
        for name, value in element.attrib.items():
            element.set(name, SECRET)
            yield ElementTree.tostring(root)
            element.set(name, value)
        text, element.text = element.text, SECRET
        yield ElementTree.tostring(root)
        element.text = text


def in_lines(data: bytes) -> Iterator[bytes]:
    lines = data.decode("latin-1").split("\n")
    for i, line in enumerate(lines):
        for said in (SECRET, line + SECRET, line[: len(line) // 2] + SECRET + line[len(line) // 2 :]):
            yield "\n".join([*lines[:i], said, *lines[i + 1 :]]).encode()


def in_bytes(data: bytes) -> Iterator[bytes]:
    for at in range(len(data) + 1):
        yield data[:at] + SECRET.encode() + data[at:]


def marked(name: str, reader: Reader, data: bytes) -> Iterator[bytes]:
    if reader.mutate in (mutation.table, mutation.parquet):
        return in_cells(data)
    if reader.mutate in (mutation.json_lines, mutation.json_list):
        rows = list(csv.DictReader(io.StringIO(data.decode())))
        return ("\n".join(map(json.dumps, changed)).encode() for changed in in_values(rows) if changed != SECRET)
    if data.startswith((b"{", b"[")) and name != "columns":
        return (json.dumps(changed).encode() for changed in in_values(json.loads(data)))
    if data[:3] in (b"<?x", b"<sc", b"<cr", b"<Pu", b"<Ga") and b"<!DOCTYPE" not in data:
        return in_xml(data)
    if reader.mutate is mutation.lines and name not in ("corpus.toml", "columns"):  # there, names stand in the lines
        return in_lines(data)
    return in_bytes(data) if name in ("midi", "mxl", "text", "idx", "png", "jpg", "bmp", "gif") else iter(())


@pytest.mark.parametrize("name", [pytest.param(n, marks=[] if n in FAST else [pytest.mark.slow]) for n in READERS])
def test_no_error_says_what_a_file_holds(name: str, tmp_path: Path) -> None:
    reader, said = READERS[name], list[str]()
    reader.place(tmp_path, 0)
    for data in reader.whole[:1] if name in FAST else reader.whole[:4]:
        files = list(marked(name, reader, data))
        for content in files[:: max(1, len(files) // (MOST // 4 if name in FAST else MOST))]:
            (tmp_path / reader.file).write_bytes(content)
            for other, whole in reader.beside.items():
                (tmp_path / other).write_bytes(whole)
            try:
                reader.survives(tmp_path / reader.file, 0)
            except BadInput as error:
                said.append(f"{error.message}\n{error.hint}\n{error.reason}")
    for text in said:
        assert "S3cr3t" not in text and "4711" not in text, text
        assert all(line.isprintable() for line in text.split("\n"))
    assert said or name in ("strings", "sports gzip", "prices gzip", "corpus.toml", "columns", "text", "gif", "points")


def test_names_are_cut_off_and_do_nothing_to_a_terminal() -> None:
    title = "\x1b[2J\x07" + SECRET * 9
    table = logs.CRICKET.replace("period", f'"{title}"').encode()
    with pytest.raises(BadInput) as error:
        list(read(table, "a\x1b]0;x\x07.csv"))
    assert error.value.message.startswith("a\\x1b]0;x\\x07.csv: ") and "is missing" in error.value.message
    assert "\\x1b[2j\\x07s3cr3t" in error.value.hint and re.search(r"\\x1b\[2j\\x07[^,]{35}…", error.value.hint)
    assert error.value.hint.isprintable() and len(error.value.hint) < 800


def test_values_are_said_where_they_are_a_number_or_a_word() -> None:
    for shown in ("1,5", "12:34:56", "2020-02-30", "1e999", "-0.5", "soon", "", "3H", "a b"):
        assert quoted(shown) == repr(shown)
    for hidden in ("Ann Smith", "hunter2", "4111 1111 1111 1111 1111", "x" * 21, SECRET, "\x1b[2J\x1b[2J"):
        assert quoted(hidden) == f"a text of {len(hidden)} characters"
    assert named("a" * 40, "b" * 41) == f"{'a' * 40}, {'b' * 40}…"
    assert (
        printable("é€ 語") == "é€ 語"
        and printable("a\n\x1b\x9b\u2028\udcff\u202e") == "a\\n\\x1b\\x9b\\u2028\\udcff\\u202e"
    )

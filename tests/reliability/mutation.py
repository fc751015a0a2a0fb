"""Damage to files, drawn from a seed: of plain bytes, and of texts, tables and trees as their readers see them.

What knows a format of music or of images is in `mutation_of_formats`.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np

Rng = np.random.Generator
Mutator = Callable[[bytes, Rng], bytes]

# What no reader likes to find where a number, a name or a time should stand.
NASTY = [
    "", " ", "nan", "NA", "None", "null", "inf", "-inf", "1e999", "-1", "0", "0.5", "1,5", "1e9", "1e300",
    "99999999999", "1" * 5000, "²", "١٢", "true", "x" * 300, "\ud800", "\0", "\u2028", "a_b", "Unknown", "_",
    "0:00", "99:99:99", '"', ";", "\n", "'; --", "{", "[", "<a>", "1.0", "2", "3", "S", "GAME", "SO", "8:B",
    "no such thing", "1/0", "0/4", "4/3", "9" * 30, "-9" * 9, "\x1b[2J", "%s%n", "../../etc/passwd", "A" * 5000,
]  # fmt: skip
VALUES: list[Any] = [
    *NASTY, None, True, -1, 0, 7, 2.5, 1e300, 1e308, float("inf"), float("nan"), 10**400, [], {}, [1], [[2]], [[]],
    {"name": 1}, {"a": 1},
]  # fmt: skip


def encoded(text: str) -> bytes:
    """In UTF-8, halves of characters too."""
    return text.encode("utf-8", "surrogatepass")


def one_of(rng: Rng, values: Any) -> Any:
    """Any of them; numpy's own choice makes arrays of what it is given."""
    return values[int(rng.integers(len(values)))]


def few(rng: Rng) -> range:
    """As often as something is changed: mostly once, so that readers get far."""
    return range(int(rng.choice(3, p=(0.6, 0.25, 0.15))) + 1)


def mutated(data: bytes, rng: Rng) -> bytes:
    """One to three flips, replaced, inserted, removed or repeated stretches, or an early end."""
    changed = bytearray(data)
    while changed == data:
        for _ in few(rng):
            at, n = int(rng.integers(len(changed) + 1)), int(rng.integers(1, 9))
            match rng.integers(7):
                case 0 if at < len(changed):
                    changed[at] ^= 1 << int(rng.integers(8))
                case 1 if at < len(changed):
                    changed[at] = one_of(rng, [0x00, 0x7F, 0x80, 0xFF, int(rng.integers(256))])
                case 2:
                    changed[at:at] = rng.bytes(n)
                case 3:
                    del changed[at : at + n]
                case 4:
                    changed[at:at] = changed[at : at + 8 * n]
                case 5:
                    changed[at : at + n] = encoded(one_of(rng, NASTY))
                case 6 if rng.random() < 0.3:
                    del changed[at:]
    return bytes(changed)


def mutated_json(value: Any, rng: Rng) -> Any:
    """The document with one value, somewhere, replaced, removed or said twice."""
    if isinstance(value, dict | list) and value and rng.random() < 0.9:
        changed = dict(value) if isinstance(value, dict) else list(value)
        key: Any = one_of(rng, list(changed) if isinstance(changed, dict) else range(len(changed)))
        how = rng.random()
        if how < 0.1:
            del changed[key]
        elif how < 0.2:
            changed[str(one_of(rng, NASTY)) if isinstance(changed, dict) else slice(0, 0)] = [changed[key]]
        else:
            changed[key] = mutated_json(changed[key], rng)
        return changed
    return one_of(rng, VALUES)


def document(data: bytes, rng: Rng) -> bytes:
    """JSON with a few values changed; or its bytes, or nested ever deeper."""
    how = rng.random()
    if how < 0.25:
        return mutated(data, rng)
    if how < 0.27:
        n = int(10 ** rng.uniform(1, 5))
        return data.replace(b"1", b"[" * n + b"]" * int(n * rng.random() * 1.2), 1)
    value = json.loads(data)
    for _ in few(rng):
        value = mutated_json(value, rng)
    return json.dumps(value, ensure_ascii=bool(rng.random() < 0.9)).encode("utf-8", "replace")


def mutated_rows(data: bytes, rng: Rng) -> list[list[str]]:
    """Cells, rows and columns changed; the first row too, now and then."""
    rows = list(csv.reader(io.StringIO(data.decode())))
    for _ in few(rng):
        i = int(rng.integers(rng.random() > 0.1, len(rows)))
        j, k = rng.integers(0, max(1, len(rows[i])), 2).tolist()
        what = rng.random()
        if not rows[i]:
            continue
        if what < 0.45:
            rows[i][j] = one_of(rng, NASTY)
        elif what < 0.7:
            rows[i][j] = one_of(rng, one_of(rng, rows) or [""])
        elif what < 0.8:
            rows[i][j] = rows[i][k]
        elif what < 0.85:
            rows.insert(int(rng.integers(1, len(rows) + 1)), list(rows[i]))
        elif what < 0.9:
            rows[i] = rows[i][:j] if rng.random() < 0.5 else rows[i] + rows[i][j:]
        else:
            for row in rows:
                if rng.random() < 0.5 and max(j, k) < len(row):
                    row[j] = row[k]
    return rows


def as_csv(rows: list[list[str]], separator: str = ",", encoding: str = "utf-8") -> bytes:
    """Quoted only where that is needed, as most programs write it."""

    def cell(value: str) -> str:
        return '"' + value.replace('"', '""') + '"' if set(value) & {separator, '"', "\n"} else value

    text = "".join(separator.join(map(cell, row)) + "\n" for row in rows)
    return encoded(text) if encoding == "utf-8" else text.encode(encoding, "replace")


def table(data: bytes, rng: Rng) -> bytes:
    """CSV with cells, rows, columns, separators, quotes or its encoding changed; or its bytes."""
    if rng.random() < 0.3:
        return mutated(data, rng)
    how = rng.random()
    separator = one_of(rng, ";\t| ") if how < 0.1 else ","
    encoding = one_of(rng, ["utf-16", "latin-1", "utf-8-sig", "utf-32", "utf-7", "cp500"]) if how > 0.9 else "utf-8"
    return as_csv(mutated_rows(data, rng), separator, encoding)


def json_lines(data: bytes, rng: Rng) -> bytes:
    """A table as JSON lines, changed."""
    whole = "".join(json.dumps(record) + "\n" for record in _records(data, rng)).encode()
    return mutated(whole, rng) if rng.random() < 0.2 else whole


def json_list(data: bytes, rng: Rng) -> bytes:
    """A table as a list of records, changed."""
    whole = json.dumps(_records(data, rng)).encode()
    return mutated(whole, rng) if rng.random() < 0.2 else whole


def _records(data: bytes, rng: Rng) -> list[dict[str, Any]]:
    """The rows of a table, numbers as such, some values nested or left out."""

    def said(value: str) -> Any:
        try:
            return one_of(rng, VALUES) if rng.random() < 0.02 else json.loads(value)
        except ValueError:
            return value

    rows = mutated_rows(data, rng)
    return [{c: said(v) for c, v in zip(rows[0], row, strict=False) if rng.random() < 0.99} for row in rows[1:]]


def parquet(data: bytes, rng: Rng) -> bytes:
    """A table as Parquet, its cells changed, or bytes of that."""
    import pandas as pd

    plain = [[cell.encode("utf-8", "replace").decode() for cell in row] for row in mutated_rows(data, rng)]
    titles = list(dict.fromkeys(f"{title} " if rng.random() < 0.02 else title for title in plain[0]))
    frame = pd.DataFrame([(row + [""] * len(titles))[: len(titles)] for row in plain[1:]], columns=titles)
    for title in titles:
        if rng.random() < 0.3:
            frame[title] = pd.to_numeric(frame[title], errors="coerce")
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    return mutated(buffer.getvalue(), rng) if rng.random() < 0.5 else buffer.getvalue()


def lines(data: bytes, rng: Rng) -> bytes:
    """Text whose lines are fields or bars, such as ABC, Humdrum or TOML: lines and words changed; or its bytes."""
    if rng.random() < 0.3:
        return mutated(data, rng)
    found = data.decode("utf-8", "replace").split("\n")
    for _ in few(rng):
        i, j = (int(rng.integers(len(found))) for _ in range(2))
        what = rng.random()
        if what < 0.15:
            found.insert(j, found[i])
        elif what < 0.3:
            del found[i]
            found = found or [""]
        elif what < 0.4:
            found[i], found[j] = found[j], found[i]
        elif what < 0.5:
            found[i] = found[i] * int(rng.integers(2, 40))
        elif found[i]:
            at = int(rng.integers(len(found[i])))
            n = int(rng.integers(0, 4))
            new = (
                one_of(rng, NASTY)
                if rng.random() < 0.5
                else one_of(rng, [*" \t:;|[](){}<>~^_=/0123456789.,'\"XMLQKVw"])
            )
            found[i] = found[i][:at] + new + found[i][at + n :]
    return encoded("\n".join(found))


def text(data: bytes, rng: Rng) -> bytes:
    """A text in any encoding, marked or not; then its bytes."""
    encoding = one_of(rng, ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "utf-32", "utf-7"])
    said = data.decode("utf-8").encode(encoding, "replace")
    return mutated(said, rng) if rng.random() < 0.9 else said

"""What a spreadsheet would execute is escaped, and comes back as it was."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqgen.core.tables import escaped, to_csv, unescaped

CELLS = st.text(st.sampled_from("'=+-@\t\r\n＝15.e,\"a ")) | st.text()


@pytest.mark.parametrize(
    "cell", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "''=1"]
)
def test_a_formula_is_escaped(cell: str) -> None:
    assert escaped(cell) == f"'{cell}" and unescaped(f"'{cell}") == cell


@pytest.mark.parametrize(
    "cell", ["-1.5", "+3", "-.5e-7", "'tis", "O'Neil", "", "'", "'-1.5", "a=b", "X=1", -1.5, None, True]
)
def test_numbers_and_apostrophes_stay(cell: object) -> None:
    assert escaped(cell) is cell
    assert unescaped(str(cell)) == str(cell)


@given(CELLS)
def test_every_cell_comes_back_and_executes_nothing(cell: str) -> None:
    written = escaped(cell)
    assert unescaped(written) == cell
    assert not written.startswith(("=", "@", "\t", "\r")) and (written == cell or written.startswith("'"))


@given(st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=1))
def test_a_table_comes_back(rows: list[list[str]]) -> None:
    found = csv.reader(io.StringIO(to_csv(rows).decode(), newline=""))
    assert [[unescaped(cell) for cell in row] for row in found] == rows


def test_half_a_letter_is_written_as_none() -> None:
    assert to_csv([["a\ud800", 1]]) == b"a?,1\n"

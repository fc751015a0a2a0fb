"""How progress is said: on a terminal in one line that changes, elsewhere now and then, not at all when quiet."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from seqgen.cli import console as module
from seqgen.cli.console import Console, fail
from seqgen.core.errors import UsageError

ERASE = "\r\x1b[2K"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time in seconds, to be set."""
    now = [1000.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def terminal(monkeypatch: pytest.MonkeyPatch, columns: int = 12) -> Console:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(columns))
    return Console()


def test_on_a_terminal_a_line_changes_and_goes(
    monkeypatch: pytest.MonkeyPatch, clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    console = terminal(monkeypatch)
    console.working("reading", 1, 9)
    clock[0] += 10
    console.working("reading", 2, 9)
    assert capsys.readouterr().err.endswith(f"{ERASE}reading: 2 ")  # no wider than the terminal
    console.note("a note")
    assert capsys.readouterr().err == f"{ERASE}a note\n"
    clock[0] += 10
    console.working("reading", 3, 9)
    console.working("reading", 9, 9)
    assert capsys.readouterr().err == f"{ERASE}reading: 3 {ERASE}", "what is done leaves nothing"


def test_elsewhere_only_what_lasts_is_said(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    console = Console()
    for seconds, done in ((0, 1), (1.9, 2), (0.2, 3), (1, 4), (0, 9)):
        clock[0] += seconds
        console.working("reading", done, 9)
    assert capsys.readouterr().err == "reading: 3 of 9\n"


def test_who_wants_quiet_hears_nothing(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(quiet=True)
    console.note("a note")
    for done in (1, 2, 9):
        clock[0] += 100
        console.working("reading", done, 9)
    assert capsys.readouterr().err == ""


def test_one_of_several_pieces_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console()
    assert console.one(["a"], "x.csv") == "a" and capsys.readouterr().err == ""
    assert console.one(["a", "b"], "x.csv") == "a" and console.one(["a", "b"], "x.csv", 2) == "b"
    said = capsys.readouterr().err.splitlines()
    assert said == [f"x.csv holds 2 pieces; this is about {which}" for which in ("the first", "number 2")]
    with pytest.raises(UsageError, match=r"x\.csv holds 2 pieces; there is no number 3"):
        console.one(["a", "b"], "x.csv", 3)


def test_a_traceback_is_for_who_asks(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    error: Any = UsageError("It cannot be.", "Do without.")
    assert fail(error) == 2 and capsys.readouterr().err == "error: It cannot be.\nhint: Do without.\n"
    monkeypatch.setenv("SEQGEN_DEBUG", "1")
    assert fail(error) == 2 and "UsageError" in capsys.readouterr().err
    module.table([])
    assert capsys.readouterr().out == ""

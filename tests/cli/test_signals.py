"""What ends a command from outside; tests/reliability/test_signals.py has it in processes of their own."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from seqgen.cli import console, signals
from seqgen.cli.app import main

Cli = Callable[..., Any]
pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_command_ends_with_one_line(cli: Cli, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    before = signal.getsignal(number)
    monkeypatch.setattr(console, "table", lambda *_, **__: signal.raise_signal(number))
    ended = cli("domains")
    assert ended.code == 128 + number and ended.err == "stopped\n" and signal.getsignal(number) is before


def test_a_signal_is_not_lost_in_a_library(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some take every exception that is raised while they run for their own."""

    def library(*_: object, **__: object) -> None:
        with contextlib.suppress(BaseException):
            signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(console, "table", library)
    ended = cli("domains")
    assert ended.code == 128 + signal.SIGTERM and ended.err == "stopped\n"
    monkeypatch.setattr(console, "table", lambda *_, **__: None)
    assert cli("domains").code == 0  # and is forgotten


def test_a_signal_that_is_ignored_stays_so(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """As nohup has it."""
    monkeypatch.setattr(console, "table", lambda *_, **__: signal.raise_signal(signal.SIGHUP))
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert cli("domains").code == 0
    finally:
        signal.signal(signal.SIGHUP, before)


def test_other_threads_take_no_signals() -> None:
    before, seen = signal.getsignal(signal.SIGTERM), []

    def work() -> None:
        with signals.handled(signals.end):
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]


class Closed(io.StringIO):
    """What nobody reads any more."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor

    def write(self, text: str) -> int:
        raise BrokenPipeError

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return True


@pytest.fixture
def descriptor() -> Any:
    read, write = os.pipe()
    os.close(read)
    yield write
    os.close(write)


def test_results_that_nobody_reads_end_it_quietly(monkeypatch: pytest.MonkeyPatch, descriptor: int) -> None:
    monkeypatch.setattr(sys, "argv", ["seqgen", "domains"])
    monkeypatch.setattr(sys, "stdout", Closed(descriptor))
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 128 + signal.SIGPIPE
    assert os.write(descriptor, b"goes nowhere") == 12


def test_progress_that_nobody_reads_ends_nothing(monkeypatch: pytest.MonkeyPatch, descriptor: int) -> None:
    monkeypatch.setattr(sys, "stderr", Closed(descriptor))
    console.Console().note("step 1")
    console.tell("error: no")


def test_a_terminal_that_has_closed_is_forgotten(monkeypatch: pytest.MonkeyPatch, descriptor: int) -> None:
    monkeypatch.setattr(sys, "stdout", Closed(descriptor))
    signals.forget_terminal(signal.SIGTERM)
    with pytest.raises(BrokenPipeError):
        os.write(descriptor, b"x")
    signals.forget_terminal(signal.SIGHUP)
    assert os.write(descriptor, b"x") == 1


def test_a_signal_while_it_ends_is_the_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    before = {number: signal.getsignal(number) for number in signals.ENDING}
    try:
        signals.let_go()
        assert all(signal.getsignal(number) is signal.SIG_DFL for number in signals.ENDING)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

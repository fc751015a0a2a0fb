"""What ends a command from outside: Ctrl-C, SIGTERM, a terminal that closes, a reader that has gone away."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, NoReturn

from seqgen.cli import console

Handler = Callable[[int, FrameType | None], Any]
_asked: list[int] = []  # signals that asked to end
_HANG_UP = getattr(signal, "SIGHUP", None)
ENDING = tuple(n for n in (signal.SIGINT, signal.SIGTERM, _HANG_UP) if n is not None)


class Ended(BaseException):
    """A signal asks the command to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextlib.contextmanager
def handled(take: Handler) -> Iterator[None]:
    """take(number, frame) is called when a signal asks to end. One that is ignored, as nohup does, stays so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {n: signal.getsignal(n) for n in ENDING if signal.getsignal(n) is not signal.SIG_IGN}
    attended, console.attend = console.attend, attend
    hook = sys.unraisablehook
    sys.unraisablehook = lambda lost: None if isinstance(lost.exc_value, Ended) else hook(lost)  # it is asked for again
    try:
        for number in before:
            signal.signal(number, take)
        yield
    finally:
        console.attend, sys.unraisablehook = attended, hook
        for number, handler in before.items():
            signal.signal(number, handler)


def attend() -> None:
    """Raises Ended again: the first time it may have been lost in a library that takes every error for its own."""
    if _asked:
        raise Ended(_asked[0])


def end(number: int, frame: FrameType | None) -> None:
    """By an exception, so that what is half written is cleared away."""
    forget_terminal(number)
    _asked.append(number)
    raise Ended(number)


def forget_terminal(number: int) -> None:
    """What is said from now on goes nowhere where the terminal has closed."""
    if number != _HANG_UP:
        return
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            if stream.isatty():
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def leave(number: int) -> NoReturn:
    """End by a signal; a second one ends at once."""
    let_go()
    _asked.clear()
    console.tell("stopped")
    sys.exit(128 + number)


def let_go() -> None:
    """From now on signals do what the system does with them."""
    if threading.current_thread() is threading.main_thread():
        for number in ENDING:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, signal.SIG_DFL)


def leave_unread() -> NoReturn:
    """End as a program does whose output nobody reads any more, such as before `| head`."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the last flush complains
    sys.exit(128 + 13)  # SIGPIPE

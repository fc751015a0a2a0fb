"""A bound on the time that slow Python code may take, in the process that runs it."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

from seqgen.core.errors import BadInput

_AGAIN = 0.1  # seconds: raised within a destructor, an exception is lost


class _Late(BaseException):
    """Not an Exception: libraries catch those wherever something may fail."""


@contextlib.contextmanager
def at_most(seconds: float, name: str) -> Iterator[None]:
    """Raises BadInput for `name` once what is done within has taken so many seconds of the processor.

    Other processes do not count. Only the main thread of a system with timers can be stopped so: elsewhere it goes on,
    and the deadline of the worker that reads holds.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return
    over = False

    def ring(number: int, frame: FrameType | None) -> None:
        if not over:
            raise _Late

    before = signal.signal(signal.SIGVTALRM, ring)
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, seconds, _AGAIN)
        yield
    except _Late:
        raise BadInput(name, f"took over {seconds:.3g} s to read") from None
    finally:
        over = True
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)

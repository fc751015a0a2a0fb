"""What takes too long is stopped, wherever it is; what does not is left alone."""

from __future__ import annotations

import contextlib
import signal
import threading

import pytest

from seqgen.core.errors import BadInput
from seqgen.domains.midi.formats.patience import at_most

timers = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs timers")


def endless() -> None:
    while True:
        with contextlib.suppress(Exception):  # as libraries do
            sum(range(1000))


def divided(by: int) -> float:
    assert 0 < signal.getitimer(signal.ITIMER_VIRTUAL)[0] < 61
    return 1 / by


@timers
def test_what_takes_too_long_is_refused_though_it_catches_every_exception() -> None:
    before = signal.getsignal(signal.SIGVTALRM)
    with pytest.raises(BadInput, match=r"^slow\.xml: took over 0\.01 s to read$"), at_most(0.01, "slow.xml"):
        endless()
    assert signal.getsignal(signal.SIGVTALRM) == before and signal.getitimer(signal.ITIMER_VIRTUAL)[0] == 0


@timers
def test_what_is_quick_or_fails_by_itself_is_left_alone() -> None:
    before = signal.getsignal(signal.SIGVTALRM)
    with pytest.raises(ZeroDivisionError), at_most(60, "odd.xml"):
        divided(0)
    with at_most(60, "quick.xml"):
        pass
    assert signal.getsignal(signal.SIGVTALRM) == before and signal.getitimer(signal.ITIMER_VIRTUAL)[0] == 0


def test_in_another_thread_it_goes_on() -> None:
    done: list[int] = []

    def work() -> None:
        with at_most(1e-6, "slow.xml"):
            done.append(sum(range(100_000)))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done

"""Workers: one outcome an item, whatever the item does to its process."""

from __future__ import annotations

import os
import pickle
import signal
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from seqgen.core import workers as workers_module
from seqgen.core.errors import BadInput, SeqgenError, TooLarge, UsageError
from seqgen.core.workers import (
    Workers,
    _answer,
    _cannot_start,
    _live,
    _live_forked,
    _name,
    _serve,
    allowed,
    cores,
    limit_memory,
    run_bounded,
    start_method,
)

linux = pytest.mark.skipif(sys.platform != "linux", reason="needs fork and RLIMIT_AS")


@pytest.fixture(autouse=True)
def no_group_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A change of the code that takes a child for its parent would else end the tests, and who runs them."""
    kill = os.kill
    monkeypatch.setattr(os, "kill", lambda pid, how: kill(pid, how) if pid > 0 else pytest.fail("of no process"))


def misbehave(item: Any) -> Any:
    if item == "hang":
        time.sleep(60)
    if item == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if item == "exit":
        os._exit(0)
    if item == "eat":
        return np.empty(10**9, np.uint8).size  # which nobody touches
    if item == "full":
        raise MemoryError
    if item == "odd":
        raise ZeroDivisionError("odd")
    if item == "large":
        raise TooLarge("large", "max_notes", 5, 6)
    if item == "unsendable":
        return lambda: 0
    if item == "print":
        sys.stdout.write("noise\n")
        sys.stdout.flush()
    return item


def hang_briefly(item: Any) -> float:
    return 0.1 if item == "hang" else 20.0


@linux
def test_every_item_gets_its_own_outcome_in_order() -> None:
    items = ["a", "hang", "b", "crash", "c", "exit", "eat", "d", "odd", "large", "unsendable", *map(str, range(30))]
    with Workers(misbehave, 2, seconds=hang_briefly, memory=100_000_000, start="fork") as workers:
        outcomes = list(workers.map(items))
    assert [outcome.item for outcome in outcomes] == items
    reasons = {o.item: o.error.reason for o in outcomes if isinstance(o.error, BadInput)}
    assert reasons["hang"] == "took over 0.1 s to read"
    assert reasons["crash"] == reasons["exit"] == "crashed the reader"
    assert reasons["eat"] == "took over 100 MB of memory to read"
    assert "ZeroDivisionError" in reasons["odd"]
    assert "cannot be passed on" in reasons["unsendable"]
    assert len(reasons) == 7 and all(o.value == o.item for o in outcomes if o.error is None)
    large = next(o.error for o in outcomes if o.item == "large")
    assert isinstance(large, TooLarge) and large.limit == "max_notes" and large.hint


@linux
def test_nothing_is_left_running() -> None:
    with Workers(misbehave, 2, seconds=30, start="fork") as workers:
        outcomes = workers.map(["a", "hang"] * 4)
        next(outcomes)
        pids = [worker._pid for worker in workers._workers]
    assert pids
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


@linux
def test_workers_end_with_their_parent(tmp_path: Path) -> None:
    script = (
        "import os, time\nfrom seqgen.core.workers import Workers\n"
        "w = Workers(lambda item: item, 2, start='fork')\n"
        "list(w.map(range(40)))\nprint(*[x._pid for x in w._workers], flush=True)\ntime.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pids = [int(pid) for pid in parent.stdout.readline().split()]
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert len(pids) == 2
    patience = time.monotonic() + 5
    while any(_runs(pid) for pid in pids):
        assert time.monotonic() < patience
        time.sleep(0.02)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_a_task_by_name_runs_in_a_fresh_interpreter(capfd: pytest.CaptureFixture[str]) -> None:
    if sys.platform == "win32":
        pytest.skip("Windows starts workers otherwise")
    assert run_bounded(len, [1, 2, 3], start="fresh", seconds=20) == 3
    with pytest.raises(BadInput, match="TypeError"):
        run_bounded(len, 5, start="fresh", seconds=20)


def test_a_task_without_a_name_is_refused() -> None:
    if sys.platform == "win32":
        pytest.skip("Windows starts workers otherwise")
    with pytest.raises(UsageError, match=r"^This task cannot be sent to a worker \(.+\)\.$") as caught:
        run_bounded(lambda item: item, 1, start="fresh")
    assert caught.value.hint == "Define it in a module."


@linux
def test_one_item(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers_module, "start_method", pytest.fail)  # it is said how to start
    assert run_bounded(misbehave, "print", start="fork") == "print"
    with pytest.raises(BadInput, match="crashed the reader"):
        run_bounded(misbehave, "crash", start="fork")
    with pytest.raises(BadInput, match=r"took over 0\.05 s"):
        run_bounded(misbehave, "hang", start="fork", seconds=0.05)
    assert run_bounded(misbehave, "eat", start="fork", memory=4 * 10**9) == 10**9
    assert capfd.readouterr().out == ""  # stdout is for results, and a worker has none there


@linux
def test_no_items_start_no_process() -> None:
    workers = Workers(misbehave, 3, start="fork")
    assert list(workers.map([])) == [] and workers._workers == []


def test_forks_only_without_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)  # type: ignore[arg-type]  # as if it were not there
    assert start_method() != "fork"


def test_no_workers() -> None:
    with pytest.raises(UsageError):
        Workers(misbehave, 0)


def arrow_pool(item: str) -> str | None:
    return os.environ.get(item)


@linux
def test_arrow_is_told_not_to_reserve_what_a_reader_may_not_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ARROW_DEFAULT_MEMORY_POOL", raising=False)
    with Workers(arrow_pool, 1, seconds=5) as workers:
        (outcome,) = workers.map(["ARROW_DEFAULT_MEMORY_POOL"])
    assert outcome.value == "system"


class Line:
    """The other end of a worker's line, in this process: what it is sent, and then no more; what it says."""

    def __init__(self, *sent: Any, deaf: bool = False) -> None:
        self.sent, self.said, self.deaf = list(sent), [], deaf

    def recv(self) -> Any:
        if not self.sent:
            raise EOFError
        return self.sent.pop(0)

    def send(self, message: Any) -> None:
        pickle.dumps(message)
        if self.deaf and self.said:
            raise BrokenPipeError
        self.said.append(message)


def lived(line: Line, memory: Any) -> list[Any]:
    """A worker lives in this process, which it leaves as it was: what it does to it, and the alarms that it sets."""
    done: list[Any] = []
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        patch.setattr(sys, "stdout", sys.stdout)
        patch.setattr(os, "dup2", lambda file, to: done.append(("dup2", Path(f"/proc/self/fd/{file}").readlink(), to)))
        patch.setattr(workers_module.faulthandler, "disable", lambda: done.append("no dumps"))
        patch.setattr(signal, "signal", lambda *order: done.append(order))
        patch.setattr(signal, "setitimer", lambda *order: done.append(order))
        patch.setattr(workers_module, "limit_memory", done.append)
        patch.setenv("ARROW_DEFAULT_MEMORY_POOL", "to be restored")
        patch.delenv("ARROW_DEFAULT_MEMORY_POOL")
        _serve(line, misbehave, len, memory)
        assert sys.stdout.write("nowhere") == 7 and os.environ["ARROW_DEFAULT_MEMORY_POOL"] == "system"
        os.close(sys.stdout.fileno())
    return done


@linux
def test_a_worker_answers_until_the_line_ends_and_an_alarm_guards_each_item(monkeypatch: pytest.MonkeyPatch) -> None:
    """Should its parent die, the alarm ends a worker that hangs."""
    line = Line(["a", "odd"], ["unsendable"])
    deaf_to = [(name, signal.SIG_IGN) for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    begin = ["no dumps", *deaf_to, ("dup2", Path("/dev/null"), 1)]
    alarms = [(signal.ITIMER_REAL, seconds) for seconds in (7, 0, 11, 0, 25, 0)]
    assert lived(line, 70) == [*begin, (signal.SIGALRM, signal.SIG_DFL), 70, *alarms]
    assert line.said[:2] == [("ready", None), ("value", "a")]
    (odd, why), (unsendable, reason) = line.said[2:]
    assert (odd, unsendable) == ("error", "error")
    assert why.message == "odd: cannot be read: ZeroDivisionError (odd)"
    assert reason.message.startswith("unsendable: was read into what cannot be passed on (")
    # What may depend on the item is set before each.
    assert lived(Line(["a", "odd"]), lambda item: 100 * len(item))[len(begin) + 1 :: 3] == [100, 300]
    deaf = Line(["a"], deaf=True)
    assert lived(deaf, 70)[-2:] == [70, alarms[0]] and len(deaf.said) == 1
    full = Line(["full"])
    lived(full, 12_500_001)
    assert full.said[1][1].reason == "took over 13 MB of memory to read"
    monkeypatch.setattr(sys, "platform", "win32")  # which has no alarms
    assert lived(Line(["a"]), 70) == [*begin, 70]


def fail(error: Exception) -> Any:
    raise error


def test_an_answer_is_a_value_or_why_there_is_none() -> None:
    assert _answer(len, "abc", 0) == ("value", 3)
    large = TooLarge("large", "max_notes", 5, 6)
    assert _answer(fail, large, 0) == ("error", large)
    for error, reason in (
        (MemoryError(), "took over 1,235 MB of memory to read"),
        (KeyError(), "cannot be read: KeyError"),
        (ValueError("no"), "cannot be read: ValueError (no)"),
        (ValueError("x" * 1000), f"cannot be read: ValueError ({'x' * 472}"),
    ):
        kind, found = _answer(fail, error, 1_234_500_001)
        assert kind == "error" and isinstance(found, BadInput)
        assert (found.path, found.reason) == (f"<{type(error).__name__}>", reason)


@pytest.mark.parametrize(
    ("item", "name"),
    [
        ("a.mid", "a.mid"),
        (Path("a.mid"), "a.mid"),
        (("a.mid", 3), "a.mid"),
        (((Path("a"),),), "a"),
        ((), "<tuple>"),
        (b"a", "<bytes>"),
    ],
)
def test_errors_call_an_item_by_its_path(item: Any, name: str) -> None:
    assert _name(item) == name


def test_a_fresh_interpreter_says_why_it_cannot_start(monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[Any] = []
    monkeypatch.setattr(workers_module, "_serve", lambda *order: served.append(order))
    lines = {1: Line(), 2: Line((len, 3.0, 4)), 3: Line()}
    lines[3].recv = lambda: fail(ImportError("no module"))
    monkeypatch.setattr(workers_module, "Connection", lines.__getitem__)
    for descriptor in lines:
        _live(descriptor)
    assert served == [(lines[2], len, 3.0, 4)]
    assert [line.said for line in lines.values()] == [[], [], [("failed", "ImportError: no module")]]


@linux
def test_a_forked_worker_keeps_only_its_own_line_and_always_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = socket.socketpair()
    read, write = os.pipe()
    ended: list[int] = []
    served: list[Any] = []
    monkeypatch.setattr(workers_module.os, "_exit", ended.append)
    monkeypatch.setattr(
        workers_module, "_serve", lambda line, *order: served.append((line.fileno(), *order)) or line.close()
    )
    descriptor = theirs.fileno()
    _live_forked(ours, theirs, [read, write], (len, 3.0, 4))
    assert served == [(descriptor, len, 3.0, 4)] and ended == [0] and ours.fileno() == -1
    for other in (read, write):
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(other)


@linux
@pytest.mark.parametrize("hard", [-1, 100])
def test_memory_is_bounded_by_what_is_held_and_so_much_more(monkeypatch: pytest.MonkeyPatch, hard: int) -> None:
    import resource

    held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    given: dict[int, tuple[int, int]] = {}
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (-1, hard))
    monkeypatch.setattr(resource, "setrlimit", given.__setitem__)
    assert limit_memory(10**12)
    assert given.keys() == {resource.RLIMIT_AS, resource.RLIMIT_CORE} and given[resource.RLIMIT_CORE] == (0, 0)
    allowed, kept = given[resource.RLIMIT_AS]
    assert kept == hard and (allowed == 100 if hard == 100 else abs(allowed - held - 10**12) < 1 << 26)


@linux
def test_where_memory_cannot_be_bounded_reading_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    import resource

    monkeypatch.setattr(resource, "setrlimit", lambda kind, limits: fail(ValueError("not allowed")))
    assert not limit_memory(10**12)
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not limit_memory(10**12)


@linux
def test_no_more_workers_start_than_have_something_to_do() -> None:
    for n_items, n_workers in ((1, 1), (4, 1), (5, 2), (40, 3)):
        with Workers(misbehave, 3, start="fork") as workers:
            assert [outcome.value for outcome in workers.map(range(n_items))] == list(range(n_items))
            assert len(workers._workers) == n_workers
        assert workers._workers == []


def nap(item: Any) -> Any:
    time.sleep(0.15 if item == 0 else 0)
    return item


@linux
def test_not_too_many_results_wait_for_a_slow_item(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers_module, "_WINDOW", 12)
    taken: list[int] = []

    def items() -> Iterator[int]:
        for item in range(400):
            taken.append(item)
            yield item

    with Workers(nap, 2, start="fork") as workers:
        outcomes = workers.map(items())
        assert next(outcomes).value == 0
        assert 12 < len(taken) <= 12 + 4 * 4
        assert [outcome.value for outcome in outcomes] == list(range(1, 400))


@linux
def test_each_item_may_have_its_own_time() -> None:
    with Workers(misbehave, 1, seconds=hang_briefly, start="fork") as workers:
        a, hang = workers.map(["a", "hang"])
    assert a.value == "a" and isinstance(hang.error, BadInput) and hang.error.reason == "took over 0.1 s to read"
    assert allowed(3.5, "a") == 3.5 and allowed(len, "abc") == 3


@linux
def test_a_worker_that_dies_between_two_items_is_replaced() -> None:
    with Workers(misbehave, 1, start="fork") as workers:
        for item in "ab":
            assert [outcome.value for outcome in workers.map([item])] == [item]
            (worker,) = workers._workers
            os.kill(worker._pid, signal.SIGKILL)
            while not worker.connection.poll():
                time.sleep(0.001)
        assert [outcome.value for outcome in workers.map("cdefgh")] == list("cdefgh")


@linux
def test_errors_may_call_items_otherwise() -> None:
    with Workers(misbehave, 1, start="fork", name=lambda item: f"number {item}") as workers:
        (crash,) = workers.map(["crash"])
    with Workers(misbehave, 1, start="fork", name=lambda item: f"number {item}", seconds=0.05) as workers:
        (hang,) = workers.map(["hang"])
    assert str(crash.error) == "number crash: crashed the reader"
    assert str(hang.error) == "number hang: took over 0.05 s to read"


@linux
@pytest.mark.parametrize("life", [lambda *_: None, lambda *_: time.sleep(60)], ids=["ends", "is silent"])
def test_a_worker_that_cannot_start_is_an_error_of_ours(monkeypatch: pytest.MonkeyPatch, life: Any) -> None:
    monkeypatch.setattr(workers_module, "_serve", life)
    monkeypatch.setattr(workers_module, "_START_SECONDS", 0.1)
    with pytest.raises(SeqgenError) as caught, Workers(misbehave, 1, start="fork") as workers:
        list(workers.map(["a"]))
    assert not isinstance(caught.value, BadInput) and caught.value.hint == ""
    said = "A worker process cannot start: it ended, or said nothing, before its first item."
    assert caught.value.message == said
    found = _cannot_start(SimpleNamespace(failure="ImportError: no"))  # type: ignore[arg-type]  # on purpose
    assert found.message == "A worker process cannot start: ImportError: no."
    assert found.hint == "Its task must be a function of a module that can be imported."


def test_a_task_that_a_fresh_interpreter_cannot_import_is_said_to_be_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def only(item: Any) -> Any:
        return item

    only.__module__, only.__qualname__ = "only_here", "only"
    monkeypatch.setitem(sys.modules, "only_here", SimpleNamespace(only=only))  # type: ignore[arg-type]  # on purpose
    with pytest.raises(SeqgenError, match=r"cannot start: ModuleNotFoundError: No module named 'only_here'\.$"):
        run_bounded(only, 1, start="fresh", seconds=20)


def test_how_workers_start(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = [1]
    monkeypatch.setattr(workers_module.threading, "active_count", lambda: threads[0])
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    for platform, start in (("linux", "fork"), ("darwin", "fresh"), ("win32", "spawn")):
        monkeypatch.setattr(sys, "platform", platform)
        assert start_method() == start
    monkeypatch.setattr(sys, "platform", "linux")
    threads[0] = 2
    assert start_method() == "fresh"


def test_cores_are_those_that_this_process_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {1, 5, 7} if process == 0 else set(), raising=False)
    assert cores() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    for counted, found in ((6, 6), (None, 1)):
        monkeypatch.setattr(os, "cpu_count", lambda counted=counted: counted)
        assert cores() == found


def test_multiprocessing_starts_workers_where_nothing_else_can() -> None:
    with Workers(len, 1, seconds=30, start="spawn") as workers:
        found = list(workers.map(["a", 5, "abc"]))
        process = workers._workers[0]._process
        assert process.daemon and type(process).__name__ == "SpawnProcess"
    assert [outcome.value for outcome in found] == [1, None, 3]
    assert isinstance(found[1].error, BadInput) and "TypeError" in found[1].error.reason

"""Untrusted input in processes of their own, with a deadline and a limit on memory for each item.

A worker that hangs, crashes or eats memory costs its own item and nothing else. Measured on two cores until two workers
had answered: 8 ms by fork, 0.2 s by a fresh interpreter each, 0.3 to 0.4 s by multiprocessing's forkserver and spawn.
So we fork where that is safe, else start fresh interpreters ourselves: unlike multiprocessing's ways these do not
import the user's script again, which therefore needs no `if __name__ == "__main__"`.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, NamedTuple, Self

from seqgen.core.errors import BadInput, SeqgenError, UsageError
from seqgen.core.limits import LIMITS

Start = Literal["fork", "fresh", "spawn"]
Seconds = float | Callable[[Any], float]
Memory = int | Callable[[Any], int]

_BATCH = 4  # items a message: enough that asking costs nothing, few enough that all workers finish together
_WINDOW = 256  # results that may wait for an earlier one
_START_SECONDS = 60.0


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Outcome(NamedTuple):
    """What became of one item: `value`, or the `error` that reading it raised."""

    item: Any
    value: Any
    error: SeqgenError | None


class Workers:
    """A pool of processes that each run `task(item)`.

    task: a function importable by name (a forked worker takes any). seconds: of one item, or what says so of an item.
    memory: bytes a worker may take beyond what it holds at its start, or where it depends on the item before it;
        enforced where the system limits address space
    (Linux), elsewhere only the deadline holds. start: see `start_method`; None chooses. name: how errors call an item.

    Errors of an item: SeqgenErrors as they were raised; BadInput for a deadline passed, memory exceeded, a crash, or
    any other exception (with its type's name).
    """

    def __init__(
        self,
        task: Callable[[Any], Any],
        n_workers: int = 1,
        *,
        seconds: Seconds = LIMITS.read_seconds,
        memory: Memory = LIMITS.read_bytes,
        start: Start | None = None,
        name: Callable[[Any], str] | None = None,
    ) -> None:
        if n_workers < 1:
            raise UsageError(f"{n_workers} workers cannot work.", "Ask for at least one.")
        self._task, self._seconds, self._memory = task, seconds, memory
        self._start = start or start_method()
        self._name = name or _name
        self._n_workers = n_workers
        self._workers: list[_Worker] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End all workers, busy or not."""
        while self._workers:
            self._workers.pop().end()

    def map(self, items: Iterable[Any]) -> Iterator[Outcome]:
        """One Outcome for each item, in the order of the items, while later ones are being worked on."""
        waiting: deque[tuple[int, Any]] = deque()
        coming = enumerate(items)
        done: dict[int, Outcome] = {}
        following, exhausted = 0, False
        try:
            while True:
                while not exhausted and len(waiting) < _BATCH * self._n_workers:
                    try:
                        waiting.append(next(coming))
                    except StopIteration:
                        exhausted = True
                for worker in self._idle(len(waiting)):
                    # The item that everyone waits for may be a slow one: do not pile up too many results behind it.
                    batch = [waiting.popleft() for _ in range(min(_BATCH, len(waiting)))]
                    if batch and batch[0][0] - following > _WINDOW:
                        waiting.extendleft(reversed(batch))
                    elif batch and not worker.ask(batch):
                        waiting.extendleft(reversed(batch))
                        self._drop(worker)
                while following in done:
                    yield done.pop(following)
                    following += 1
                if exhausted and not waiting and not any(worker.asked for worker in self._workers):
                    return
                done.update(self._collect(waiting))
        except GeneratorExit:
            self.close()  # workers may still be busy with items nobody wants
            raise

    def _idle(self, n_waiting: int) -> list[_Worker]:
        wanted = min(self._n_workers, sum(bool(w.asked) for w in self._workers) + -(-n_waiting // _BATCH))
        while len(self._workers) < wanted:
            self._workers.append(self._new())
        return [worker for worker in self._workers if not worker.asked]

    def _new(self) -> _Worker:
        others = [worker.connection.fileno() for worker in self._workers]
        return _Worker(self._start, self._task, self._seconds, self._memory, others)

    def _collect(self, waiting: deque[tuple[int, Any]]) -> Iterator[tuple[int, Outcome]]:
        """What busy workers have to say; those that died or are late are replaced."""
        busy = [worker for worker in self._workers if worker.asked]
        patience = min((worker.patience() for worker in busy), default=0.0)
        ready = set(wait([worker.connection for worker in busy], max(patience, 0.0)))
        for worker in busy:
            if worker.connection in ready:
                index, item = worker.asked[0]
                try:
                    value, error = worker.receive()
                except (EOFError, OSError):
                    if not worker.ready:
                        raise _cannot_start(worker) from None
                    error, value = BadInput(self._name(item), "crashed the reader"), None
                    self._replace(worker, waiting)
                except _Ready:
                    continue
                else:
                    worker.asked.popleft()
                yield index, Outcome(item, value, error)
            elif worker.patience() <= 0:
                if not worker.ready:
                    raise _cannot_start(worker)
                index, item = worker.asked[0]
                self._replace(worker, waiting)
                yield index, Outcome(item, None, self._late(item))

    def _late(self, item: Any) -> BadInput:
        return BadInput(self._name(item), f"took over {allowed(self._seconds, item):g} s to read")

    def _replace(self, worker: _Worker, waiting: deque[tuple[int, Any]]) -> None:
        """The worker's present item is lost; those behind it go back to the front of the queue."""
        worker.asked.popleft()
        waiting.extendleft(reversed(worker.asked))
        self._drop(worker)

    def _drop(self, worker: _Worker) -> None:
        self._workers.remove(worker)
        worker.end()


def run_bounded(
    task: Callable[[Any], Any],
    item: Any,
    *,
    seconds: Seconds = LIMITS.read_seconds,
    memory: Memory = LIMITS.read_bytes,
    start: Start | None = None,
) -> Any:
    """`task(item)` in a worker of its own. Raises what `Workers` reports as an item's error."""
    with Workers(task, seconds=seconds, memory=memory, start=start) as workers:
        (outcome,) = workers.map([item])
    if outcome.error is not None:
        raise outcome.error
    return outcome.value


def allowed(seconds: Seconds, item: Any) -> float:
    """How long this item may take."""
    return seconds(item) if callable(seconds) else seconds


def start_method() -> Start:
    """How workers start here.

    "fork" on Linux while no other thread runs: a forked child has only the forking thread, and a lock that another
    one held stays locked for ever. Python's own threads are counted; torch keeps threads that are not, so its presence
    decides. (OpenBLAS's, which numpy brings, survive a fork: it installs handlers for that.) Not on macOS, whose
    system libraries do not survive a fork. "fresh" interpreters elsewhere; on Windows multiprocessing's "spawn".
    """
    if sys.platform == "win32":
        return "spawn"
    if sys.platform == "linux" and threading.active_count() == 1 and "torch" not in sys.modules:
        return "fork"
    return "fresh"


class _Ready(Exception):
    """A worker has loaded its task."""


class _Worker:
    """One process and our end of the line to it. Asked only when it has answered all, so that neither side ever
    waits in a full pipe for the other.
    """

    def __init__(
        self, start: Start, task: Callable[[Any], Any], seconds: Seconds, memory: Memory, others: list[int]
    ) -> None:
        self.asked: deque[tuple[int, Any]] = deque()
        self.ready = False
        self.failure = ""
        self._seconds = seconds
        self._since = time.monotonic()
        self._process: Any = None
        order = (task, seconds, memory)
        if start == "spawn":
            self._spawn(order)
            return
        ours, theirs = socket.socketpair()
        if start == "fork":
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # it counts OpenBLAS's threads
                self._pid = os.fork()
            if self._pid == 0:
                _live_forked(ours, theirs, others, order)
        else:
            found = f"import sys; sys.path[:] = {sys.path!r}"
            code = f"{found}\nfrom seqgen.core.workers import _live\n_live({theirs.fileno()})"
            command = [sys.executable, "-c", code]
            self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)  # noqa: S603  # our own interpreter
        theirs.close()
        self.connection = Connection(ours.detach())
        if start == "fresh":
            with contextlib.suppress(BrokenPipeError):
                self._send_order(order)

    def _spawn(self, order: tuple[Any, ...]) -> None:
        import multiprocessing

        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, *order), daemon=True)
        self._process.start()
        theirs.close()

    def _send_order(self, order: tuple[Any, ...]) -> None:
        try:
            self.connection.send(order)
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            self.end()
            raise UsageError(f"This task cannot be sent to a worker ({error}).", "Define it in a module.") from None

    def ask(self, batch: list[tuple[int, Any]]) -> bool:
        """Send a batch; False when the worker has gone meanwhile."""
        try:
            self.connection.send([item for _, item in batch])
        except (BrokenPipeError, ConnectionError):
            if not self.ready:
                raise _cannot_start(self) from None
            return False
        self.asked.extend(batch)
        self._since = time.monotonic()
        return True

    def receive(self) -> tuple[Any, SeqgenError | None]:
        """The next answer. Raises EOFError when the process has ended, _Ready when it says so."""
        kind, value = self.connection.recv()
        self._since = time.monotonic()
        if kind == "ready":
            self.ready = True
            raise _Ready
        if kind == "failed":
            self.failure = value
            raise EOFError
        return (value, None) if kind == "value" else (None, value)

    def patience(self) -> float:
        """Seconds until the present item (or the start) is late."""
        may = allowed(self._seconds, self.asked[0][1]) if self.ready else _START_SECONDS
        return self._since + may - time.monotonic()

    def end(self) -> None:
        """Kill the process and leave nothing of it behind."""
        self.connection.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait() if isinstance(self._process, subprocess.Popen) else self._process.join()
        else:
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(self._pid, signal.SIGKILL)
                os.waitpid(self._pid, 0)


def _cannot_start(worker: _Worker) -> SeqgenError:
    reason = worker.failure or "it ended, or said nothing, before its first item"
    hint = "Its task must be a function of a module that can be imported." if worker.failure else ""
    return SeqgenError(f"A worker process cannot start: {reason}.", hint)


def _live_forked(ours: socket.socket, theirs: socket.socket, others: list[int], order: tuple[Any, ...]) -> None:
    """The life of a forked child; never returns."""
    try:
        # Ends of the lines to other workers, or they would not notice that the parent is gone.
        ours.close()
        for descriptor in others:
            os.close(descriptor)
        _serve(Connection(theirs.detach()), *order)
    finally:
        os._exit(0)  # the parent's buffers and exit functions are not ours to run


def _live(descriptor: int) -> None:
    """The life of a fresh interpreter."""
    connection = Connection(descriptor)
    try:
        order = connection.recv()
    except EOFError:
        return
    except Exception as error:  # noqa: BLE001  # whatever importing the task's module raises
        connection.send(("failed", f"{type(error).__name__}: {error}"))
        return
    _serve(connection, *order)


def _serve(connection: Any, task: Callable[[Any], Any], seconds: Seconds, memory: Memory) -> None:
    """Answer batches until the other end closes."""
    warnings.simplefilter("ignore")
    faulthandler.disable()  # a crash here is an item's outcome, not the program's
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # they reach the whole group; the parent ends us
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)  # stdout is for results, whether Python writes there or a library
    sys.stdout = open(nowhere, "w", closefd=False)  # noqa: SIM115  # as long as the process
    if sys.platform != "win32":
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
    # Arrow's own allocators, which pandas uses where it is installed, reserve address space by the gigabyte.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    if not callable(memory):
        limit_memory(memory)
    try:
        connection.send(("ready", None))
        while True:
            for item in connection.recv():
                if callable(memory):
                    limit_memory(memory(item))
                if sys.platform != "win32":
                    # Should the parent die, nobody kills a worker that hangs: the alarm does.
                    signal.setitimer(signal.ITIMER_REAL, 2 * allowed(seconds, item) + 5)
                answer = _answer(task, item, memory(item) if callable(memory) else memory)
                try:
                    connection.send(answer)
                except (pickle.PicklingError, AttributeError, TypeError) as error:  # raised before anything is sent
                    refusal = BadInput(_name(item), f"was read into what cannot be passed on ({error})")
                    connection.send(("error", refusal))
                if sys.platform != "win32":
                    signal.setitimer(signal.ITIMER_REAL, 0)
    except (EOFError, ConnectionError):
        return


def _answer(task: Callable[[Any], Any], item: Any, memory: int) -> tuple[str, Any]:
    try:
        return "value", task(item)
    except SeqgenError as error:
        return "error", error
    except MemoryError:
        return "error", BadInput(_name(item), f"took over {memory / 1e6:,.0f} MB of memory to read")
    except Exception as error:  # noqa: BLE001  # whatever a reader raises is this item's outcome
        about = f" ({error})" if str(error) else ""
        return "error", BadInput(_name(item), f"cannot be read: {type(error).__name__}{about}"[:500])


def limit_memory(extra: int) -> bool:
    """Bound this process's address space to what it has now and `extra` bytes more; False where that cannot be."""
    if sys.platform != "linux":
        return False
    import resource

    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        allowed = pages * resource.getpagesize() + extra
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        if hard != resource.RLIM_INFINITY:
            allowed = min(allowed, hard)
        resource.setrlimit(resource.RLIMIT_AS, (allowed, hard))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a crash is expected here and needs no dump
    except (OSError, ValueError):
        return False
    return True


def _name(item: Any) -> str:
    """How errors call an item: a path as it is, of a tuple its first member."""
    while isinstance(item, tuple) and item:
        item = item[0]
    return os.fspath(item) if isinstance(item, str | os.PathLike) else f"<{type(item).__name__}>"

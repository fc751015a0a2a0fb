"""Points of a save at which a process may end: before, within and after each write, sync, rename and removal."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from wrapped import WrappedFile


class Points:
    """Counts the points that are passed while `inside`; at the `last` one the process is killed."""

    def __init__(self, last: int, log: Path) -> None:
        self.inside, self._last, self._n = False, last, 0
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def say(self, text: str) -> None:
        os.write(self._log, f"{text}\n".encode())

    def next_is_last(self) -> bool:
        return self.inside and self._n + 1 == self._last

    def passed(self, name: str) -> None:
        if not self.inside:
            return
        self._n += 1
        if self._n == self._last:
            self.say(f"killed {name}")
            os.kill(os.getpid(), signal.SIGKILL)


class _File(WrappedFile):
    """A file of which each write is three points: before it, when half has arrived, after it."""

    def __init__(self, file: Any, points: Points) -> None:
        super().__init__(file)
        self._points = points

    def write(self, data: Any) -> int:
        self._points.passed("before write")
        if self._points.next_is_last():
            self._file.write(bytes(data)[: len(data) // 2])
            self._file.flush()
        self._points.passed("within write")
        n: int = self._file.write(data)
        self._file.flush()
        self._points.passed("after write")
        return n


def install(last: int, log: Path, around: str) -> None:
    """around: "save", a checkpoint; "build", a corpus; "main", all that a command does; "step": no points but the steps
    of a training."""
    from seqgen.api import corpora
    from seqgen.cli import app
    from seqgen.training import checkpoint
    from seqgen.training.loop import Trainer
    from seqgen.training.run import Run

    points = Points(last, log)
    if around == "step":
        points.inside = True
        Trainer.train_step = _between(Trainer.train_step, "step", points)  # type: ignore[method-assign]  # on purpose
        return
    for owner, name in (
        (os, "fsync"), (Path, "rename"), (Path, "replace"), (Path, "unlink"), (Path, "mkdir"), (shutil, "rmtree"),
    ):  # fmt: skip
        setattr(owner, name, _between(getattr(owner, name), name, points))
    opened, saved = Path.open, checkpoint.save_file

    def open_(self: Path, mode: str = "r", *arguments: Any, **named: Any) -> Any:
        file = opened(self, mode, *arguments, **named)
        return _File(file, points) if "w" in mode else file

    def save_file(tensors: Any, path: Path) -> None:
        points.passed("before tensors")
        if points.next_is_last():
            saved(tensors, path)
            os.truncate(path, path.stat().st_size // 2)
        points.passed("within tensors")
        saved(tensors, path)
        points.passed("after tensors")

    Path.open, checkpoint.save_file = open_, save_file  # type: ignore[method-assign, assignment]  # on purpose

    def inside(call: Callable[..., Any]) -> Callable[..., Any]:
        def within(*arguments: Any, **named: Any) -> Any:
            points.inside = True
            try:
                return call(*arguments, **named)
            finally:
                points.inside = False

        return within

    if around == "save":
        save = inside(Run.save)

        def said(self: Run, trainer: Any) -> Any:
            points.say(f"saving {trainer.step}")
            found = save(self, trainer)
            points.say(f"saved {trainer.step}")
            return found

        Run.save = said  # type: ignore[method-assign]  # on purpose
    elif around == "build":
        corpora.prepare = inside(corpora.prepare)
    else:
        app.main = inside(app.main)


def _between(call: Callable[..., Any], name: str, points: Points) -> Callable[..., Any]:
    def around(*arguments: Any, **named: Any) -> Any:
        points.passed(f"before {name}")
        found = call(*arguments, **named)
        points.passed(f"after {name}")
        return found

    return around

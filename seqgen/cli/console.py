"""The only module that prints: results to stdout, progress and errors to stderr."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import time
import traceback
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from seqgen.core.errors import SeqgenError, UsageError, printable

if TYPE_CHECKING:
    from seqgen.api import Model
    from seqgen.training.loop import Progress

_LIVE = 0.1  # seconds between two pictures of a live line
_PLAIN = 10.0  # and between two lines where stderr is no terminal


def attend() -> None:
    """Asked now and then in the course of work, whether to go on; signals.py says more."""


class Unread(BaseException):
    """Nobody reads the results any more."""


def out(text: str = "") -> None:
    """A line of results. Raises Unread."""
    _print(_shown(text, sys.stdout) + "\n")


def write(text: str) -> None:
    """A part of a result, at once. Raises Unread."""
    _print(_shown(text, sys.stdout))
    flush()


def flush() -> None:
    """What was printed is there to be read. Raises Unread."""
    _print("", flush=True)


def out_json(value: Mapping[str, Any]) -> None:
    """One JSON object. Raises Unread."""
    _print(_encodable(json.dumps(value, ensure_ascii=False)) + "\n")


def _print(text: str, *, flush: bool = False) -> None:
    attend()
    try:
        print(text, end="", flush=flush)
    except BrokenPipeError:
        raise Unread from None


def tell(text: str, end: str = "\n") -> None:
    """On stderr; where nobody listens any more, work goes on."""
    with contextlib.suppress(OSError):
        print(text, end=end, file=sys.stderr, flush=True)


def _shown(text: str, stream: TextIO) -> str:
    """As it is, but on a terminal, which may do what a text says: names of files and samples of texts are others'."""
    if not stream.isatty() or text.isprintable():
        return _encodable(text)
    return "".join(c if c in "\n\t" else printable(c) for c in text)


def _encodable(text: str) -> str:
    """Halves of characters, which names of files may have, escaped as JSON does."""
    return text.encode("utf-8", "backslashreplace").decode()


def table(rows: Sequence[Sequence[Any]], header: Sequence[str] = (), *, right: Iterable[int] = ()) -> None:
    """Aligned columns; `right` names those aligned to the right."""
    text = [[str(cell) for cell in row] for row in ([list(header)] if header else []) + [list(r) for r in rows]]
    if not text:
        return
    widths = [max(len(row[i]) for row in text) for i in range(len(text[0]))]
    aligned_right = set(right)
    for row in text:
        cells = (
            c.rjust(w) if i in aligned_right else c.ljust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))
        )
        out("  ".join(cells).rstrip())


def fail(error: SeqgenError) -> int:
    """Say an error and its hint on stderr; returns the exit code."""
    if os.environ.get("SEQGEN_DEBUG"):
        traceback.print_exception(error)
    tell(f"error: {error.message}")
    if error.hint:
        tell(f"hint: {error.hint}")
    return error.exit_code


class Console:
    """Progress on stderr: a live line on a terminal, a plain one now and then elsewhere, nothing when quiet.

    Takes the calls of `seqgen.api.Reporter`.
    """

    def __init__(self, quiet: bool = False) -> None:
        self._quiet = quiet
        self._live = sys.stderr.isatty()
        self._last = 0.0
        self._drawn = False
        self._what = ""
        self._evaluated = -1

    def note(self, text: str) -> None:
        """A line on stderr, unless quiet."""
        if self._quiet:
            return
        self._clear()
        tell("\n".join(map(printable, text.split("\n"))))

    def fallen_back(self, model: Model) -> None:
        """Say which checkpoints are damaged, and which one is used instead."""
        for problem in model.problems:
            self.note(f"{problem.message} Checkpoint {model.checkpoint.path.name} is used.")

    def one(self, pieces: Sequence[Any], file: object, number: int = 1) -> Any:
        """One piece of a file, the first unless another is asked for; where it holds more, that is said. Raises
        UsageError."""
        if number > len(pieces):
            raise UsageError(f"{file} holds {len(pieces):,} pieces; there is no number {number:,}.")
        if len(pieces) > 1:
            which = "the first" if number == 1 else f"number {number:,}"
            self.note(f"{file} holds {len(pieces):,} pieces; this is about {which}")
        return pieces[number - 1]

    def working(self, what: str, done: int, total: int) -> None:
        """A part of something that takes a while."""
        attend()
        finished = done >= total
        if what != self._what:  # a first line only once something lasts
            self._what, self._last = what, time.monotonic() - (0.0 if self._live else _PLAIN - 2)
        self._line(f"{what}: {done:,} of {total:,}", final=False, due=not finished)
        if finished:
            self._clear()

    def training(self, p: Progress) -> None:
        """Step, speed, nats, time left."""
        attend()
        left = (p.steps - p.step) * p.seconds / max(1, p.step) if p.step else 0.0
        valid = f"  valid {p.valid_nats:.4f}" if p.valid_nats is not None else ""
        best = f" (best {p.best_nats:.4f})" if p.best_nats is not None and p.best_nats != p.valid_nats else ""
        text = (
            f"step {p.step:,}/{p.steps:,}  {p.tokens_per_second:,.0f} tokens/s  train {p.train_nats:.4f}{valid}{best}"
            f"  {_clock(left)} left"
        )
        evaluated = p.valid_nats is not None and p.at_evaluation
        self._line(text, final=evaluated, due=True)

    def _line(self, text: str, *, final: bool, due: bool) -> None:
        if self._quiet:
            return
        now = time.monotonic()
        waited = now - self._last >= (_LIVE if self._live else _PLAIN)
        if not final and not (due and waited):
            return
        self._last = now
        if self._live:
            width = shutil.get_terminal_size().columns - 1
            tell("\r\x1b[2K" + text[:width], end="\n" if final else "")
            self._drawn = not final
        else:
            tell(text)

    def _clear(self) -> None:
        if self._drawn:
            tell("\r\x1b[2K", end="")
            self._drawn = False


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"

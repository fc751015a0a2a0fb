"""The command line in processes of their own, to be interrupted, killed and raced."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

_PROGRAM = (
    "import sys\n"
    "from seqgen.training import machine\n"
    "machine._TRIAL_SECONDS = 0.02\n"
    "sys.argv[0] = 'seqgen'\n"
    "from seqgen.cli.app import main\n"
    "main()\n"
)
_PATIENCE = 120  # seconds, for machines with much else to do


class Command:
    """`seqgen …` on its own; what it says goes to files."""

    def __init__(self, arguments: tuple[object, ...], folder: Path) -> None:
        folder.mkdir(parents=True)
        self._out, self._err = folder / "out", folder / "err"
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-c", _PROGRAM, *map(str, arguments)], stdout=out, stderr=err, stdin=subprocess.DEVNULL
            )

    @property
    def out(self) -> str:
        return self._out.read_text()

    @property
    def err(self) -> str:
        return self._err.read_text()

    def wait_for(self, text: str) -> None:
        """Until stderr says it."""
        end = time.monotonic() + _PATIENCE
        while text not in self.err:
            assert self.process.poll() is None, f"ended early: {self.err}"
            assert time.monotonic() < end, f"did not come to {text!r}: {self.err}"
            time.sleep(0.01)

    def interrupt(self) -> None:
        os.kill(self.process.pid, signal.SIGINT)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def end(self) -> int:
        """Wait until it ends; its exit code."""
        return self.process.wait(_PATIENCE)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Command]]:
    """Starts a command; what still runs when the test ends is killed."""
    started: list[Command] = []

    def call(*arguments: object) -> Command:
        started.append(Command(arguments, tmp_path / "said" / str(len(started))))
        return started[-1]

    yield call
    for command in started:
        command.kill()

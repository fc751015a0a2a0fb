"""The command line in processes of their own, to be interrupted, killed and raced."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

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


class Zygote:
    """Forks commands from a process that has imported all it needs (zygote.py)."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("zygote.py"))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )  # fmt: skip
        self._answer()

    def ask(self, order: Mapping[str, Any]) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{json.dumps(order)}\n".encode())
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())

    def end(self) -> None:
        self._process.kill()
        self._process.communicate()


class Forked:
    """A child of the zygote, as subprocess.Popen has it."""

    def __init__(self, zygote: Zygote, order: Mapping[str, Any]) -> None:
        self._zygote, self.pid, self.returncode = zygote, int(zygote.ask(order)), None

    def poll(self) -> int | None:
        return self._wait(0)

    def wait(self, seconds: float = _PATIENCE) -> int:
        code = self._wait(seconds)
        assert code is not None, f"still runs after {seconds} s"
        return code

    def kill(self) -> None:
        if self.returncode is None:
            os.kill(self.pid, signal.SIGKILL)

    def _wait(self, seconds: float) -> int | None:
        if self.returncode is None:
            self.returncode = self._zygote.ask({"wait": [self.pid, seconds]})
        return self.returncode


class Command:
    """`seqgen …` on its own; what it says goes to files."""

    def __init__(
        self,
        arguments: tuple[object, ...],
        folder: Path,
        zygote: Zygote | None = None,
        fault: Mapping[str, Any] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        folder.mkdir(parents=True)
        self._out, self._err = folder / "out", folder / "err"
        words = [str(argument) for argument in arguments]
        self.process: Any
        if zygote is not None:
            cache = {"SEQGEN_CACHE": os.environ["SEQGEN_CACHE"], **(environment or {})}
            self.process = Forked(
                zygote,
                {
                    "arguments": words, "out": str(self._out), "err": str(self._err), "folder": str(Path.cwd()),
                    "fault": fault, "environment": cache,
                },
            )  # fmt: skip
            return
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-c", _PROGRAM, *words], stdout=out, stderr=err, stdin=subprocess.DEVNULL
            )

    @property
    def out(self) -> str:
        return self._out.read_text() if self._out.exists() else ""

    @property
    def err(self) -> str:
        return self._err.read_text() if self._err.exists() else ""

    def wait_for(self, text: str) -> None:
        """Until stderr says it."""
        end = time.monotonic() + _PATIENCE
        while text not in self.err:
            assert self.process.poll() is None, f"ended early: {self.err}"
            assert time.monotonic() < end, f"did not come to {text!r}: {self.err}"
            time.sleep(0.002)

    def interrupt(self, number: int = signal.SIGINT) -> None:
        os.kill(self.process.pid, number)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def end(self) -> int:
        """Wait until it ends; its exit code."""
        code: int = self.process.wait(_PATIENCE)
        return code


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Command]]:
    """Starts a command; what still runs when the test ends is killed."""
    yield from _starting(tmp_path, None)


@pytest.fixture(scope="session")
def zygote(private_cache: Path) -> Iterator[Zygote]:
    if not hasattr(os, "fork"):
        pytest.skip("needs fork")
    started = Zygote()
    yield started
    started.end()


@pytest.fixture
def fork(zygote: Zygote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Command]]:
    """As `start`, in milliseconds. fault: where the command is to kill itself, see faults.py."""
    monkeypatch.chdir(tmp_path)
    yield from _starting(tmp_path, zygote)


@pytest.fixture(scope="session")
def small(corpus: Path, quick_trials: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training of 300 steps of a model as small as can be, that nobody disturbed."""
    import seqgen

    out = tmp_path_factory.mktemp("small") / "run"
    seqgen.train(
        "midi", corpus, out=out, preset="tiny", width=16, crop=32, batch_size=4, steps=300, n_evaluations=6, replicas=1,
        precision="float32", patience=10**6,
    )  # fmt: skip
    return out


@pytest.fixture(scope="session")
def begun(small: Path) -> Callable[..., Path]:
    """The same run in another place, with what is said of its settings, that knows its choices and has not begun."""

    def begin(target: Path, **settings: Any) -> Path:
        from seqgen.core.sealed import write_sealed

        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        for name in ("config.json", "tokenizer.json", "corpus.json"):
            shutil.copy(small / name, target / name)
        config = json.loads((target / "config.json").read_text())
        config["training"] |= settings
        write_sealed(target / "config.json", config)
        return target

    return begin


def _starting(folder: Path, zygote: Zygote | None) -> Iterator[Callable[..., Command]]:
    started: list[Command] = []

    def call(*arguments: object, **given: Any) -> Command:
        started.append(Command(arguments, folder / "said" / str(len(started)), zygote, **given))
        return started[-1]

    yield call
    for command in started:
        command.kill()

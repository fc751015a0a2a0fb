"""What every test may use: a cache of its own, a tiny corpus, a tiny trained run, the command line in this process.

torch is imported only by the fixtures that need it.
"""

from __future__ import annotations

import functools
import gc
import io
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
import typer.main
from hypothesis import Phase, settings

from seqgen.core.domain import get_domain
from seqgen.domains.midi.files import write
from seqgen.domains.midi.score import KeySignature, Score, Tempo, TimeSignature, Track, make_score

# Drawn examples are the same in every run, and how fast a machine is decides nothing. SEQGEN_EXAMPLES=10000 draws more.
settings.register_profile(
    "repeatable",
    max_examples=int(os.environ.get("SEQGEN_EXAMPLES", "60")),
    derandomize=True, deadline=None, database=None,
)  # fmt: skip
settings.load_profile("repeatable")
# A change of the code that has failed one example need not be told the smallest.
settings.register_profile("mutants", settings.get_profile("repeatable"), phases=[Phase.explicit, Phase.generate])

N_CHORALES = 12
TICKS = 480


def make_chorale(number: int) -> Score:
    """Four voices that walk through chords, every number another piece; number 5 begins with a pickup of a quarter."""
    rng = np.random.default_rng(number)
    fifths, minor = number % 5 - 2, number % 3 == 0
    beats = 3 if number % 4 == 3 else 4
    pickup = 1 if number == 5 else 0
    tonic = 60 + (7 * fifths + 9 * minor) % 12 - 12 * ((7 * fifths + 9 * minor) % 12 > 6)
    scale = (0, 2, 3, 5, 7, 8, 10) if minor else (0, 2, 4, 5, 7, 9, 11)
    notes: list[tuple[int, int, int, int]] = []  # onset, duration, pitch, voice

    def pitch(degree: int) -> int:
        return tonic + scale[degree % 7] + 12 * (degree // 7)

    n_beats = pickup + beats * 6
    start = (beats - pickup) * TICKS if pickup else 0
    chord, top = 0, 7
    for beat in range(n_beats):
        last = beat == n_beats - 1
        chord = 0 if last or not beat else int(rng.choice([0, 3, 4, 5, 1]))
        top = max(4, min(11, top + int(rng.integers(-2, 3))))
        soprano = min((d for d in range(3, 13) if (d - chord) % 7 in (0, 2, 4)), key=lambda d: abs(d - top))
        at = start + beat * TICKS
        if rng.random() < 0.3 and not last:  # a passing note
            notes += [(at, TICKS // 2, pitch(soprano), 0), (at + TICKS // 2, TICKS // 2, pitch(soprano - 1), 0)]
        else:
            notes.append((at, TICKS, pitch(soprano), 0))
        notes += [(at, TICKS, pitch(chord + 2) - 5 * (chord > 3), 1), (at, TICKS, pitch(chord + 4) - 12, 2)]
        notes.append((at, TICKS, pitch(chord) - 24, 3))
    onset, duration, heights, voice = zip(*notes, strict=True)
    return make_score(
        TICKS, onset, duration, heights, [80] * len(notes), voice,
        [Track(52, False, name) for name in ("Soprano", "Alto", "Tenor", "Bass")],
        tempos=(Tempo(0, 100.0),), time_signatures=(TimeSignature(0, beats, 4),),
        key_signatures=(KeySignature(0, fifths, minor),), name=f"chorale{number:02d}",
    )  # fmt: skip


def arithmetic() -> str:
    """What numbers are the same to the last bit on: this torch, these instructions, this maker of processors."""
    import torch

    said = Path("/proc/cpuinfo")
    lines = said.read_text().splitlines() if said.exists() else []
    maker = next((line.split(":")[1].strip() for line in lines if line.startswith("vendor_id")), "")
    return f"torch {torch.__version__} {torch.backends.cpu.get_cpu_capability()} {maker}".strip()


@pytest.fixture
def same_arithmetic() -> Callable[[str], bool]:
    """Whether numbers that were made with that `arithmetic` must come again to the bit."""
    return lambda made_with: made_with == arithmetic()


@dataclass(frozen=True)
class Result:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str


_spec = spec_from_file_location("offline", Path(__file__).parent / "offline" / "sitecustomize.py")
assert _spec is not None and _spec.loader is not None
offline = module_from_spec(_spec)
_spec.loader.exec_module(offline)


def pytest_collection_finish() -> None:
    """What was imported stays: the collector need not look through it again and again."""
    gc.collect()
    gc.freeze()


def pytest_configure(config: pytest.Config) -> None:
    """Put this process and those it starts under the guard, each worker of xdist with a list of attempts of its own."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in the background of a shell
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if getattr(config.option, "numprocesses", None):  # a core for each: more threads would wait for one another
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    folder = str(Path(__file__).parent / "offline")
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    os.environ["PYTHONPATH"] = os.pathsep.join([folder, *(path for path in paths if path not in ("", folder))])
    os.environ[offline.ATTEMPTS] = str(Path(tempfile.gettempdir()) / f"offline-{os.getpid()}.txt")


@pytest.fixture
def attempts() -> Callable[[], list[str]]:
    """What was refused since the last call."""
    taken: Callable[[], list[str]] = offline.attempts
    return taken


@pytest.fixture(autouse=True)
def stays_here() -> Iterator[None]:
    """Fails a test that tried to leave this machine, whatever it made of the refusal."""
    yield
    refused = offline.attempts()
    assert not refused, refused


@pytest.fixture(scope="session", autouse=True)
def private_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """No test reads or leaves anything in the user's cache; errors are rendered as users see them."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEQGEN_CACHE", str(folder))
        patch.delenv("SEQGEN_DEBUG", raising=False)
        patch.setattr(os, "fsync", lambda descriptor: None)  # no test cuts the power, and each call waits for the disk
        yield folder


@pytest.fixture(scope="session")
def chorales() -> list[Score]:
    """The pieces of the tiny corpus."""
    return [make_chorale(number) for number in range(N_CHORALES)]


@pytest.fixture(scope="session")
def corpus(chorales: list[Score], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of four-voice MIDI files; read-only for tests."""
    folder = tmp_path_factory.mktemp("corpora") / "tiny"
    for score in chorales:
        write(score, folder / f"{score.name}.mid")
    return folder


@pytest.fixture(scope="session")
def prepared(corpus: Path) -> Any:
    """The tiny corpus, read and encoded."""
    from seqgen.core.domain import get_domain
    from seqgen.corpus.build import prepare
    from seqgen.corpus.folder import open_corpus

    domain = get_domain("midi")
    return prepare(open_corpus(corpus), domain, domain.options())


@pytest.fixture(scope="session")
def quick_trials() -> Iterator[None]:
    """Trials of the machine's speed that take no time."""
    from seqgen.training import machine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(machine, "_TRIAL_SECONDS", 0.02)
        yield


@pytest.fixture(scope="session")
def run(corpus: Path, quick_trials: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run trained for a moment; read-only for tests."""
    import seqgen

    out = tmp_path_factory.mktemp("runs") / "tiny"
    seqgen.train("midi", corpus, steps=24, preset="tiny", out=out, width=32, n_evaluations=3, crop=64)
    return out


@pytest.fixture(scope="session")
def model(run: Path) -> Any:
    """The tiny run, loaded."""
    import seqgen

    return seqgen.load(run)


@pytest.fixture
def forked_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers start by fork, in milliseconds, though torch is loaded here: nothing that they do waits for its threads.

    How workers start is tested in tests/core/test_workers.py.
    """
    if sys.platform == "linux":
        from seqgen.core import workers

        monkeypatch.setattr(workers, "start_method", lambda: "fork")


whole_tree = functools.cache(typer.main.get_command)  # the commands are made once, not at each call


@pytest.fixture
def cli(
    quick_trials: None, forked_workers: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., Result]:
    """The entry point `seqgen` with these arguments, in this process, in an empty folder."""
    from seqgen.cli import signals
    from seqgen.cli.app import main
    from seqgen.training.config import PRESETS

    monkeypatch.setattr(typer.main, "get_command", whole_tree)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(PRESETS, "tiny", (32, 1))
    monkeypatch.setattr(signals, "let_go", lambda: None)  # this process goes on
    # How much is sampled where nothing is said, `evaluate` included: 16 bars of an untrained model take seconds.
    monkeypatch.setitem(vars(get_domain("midi")), "default_length", "1bars")

    def call(*arguments: object) -> Result:
        monkeypatch.setattr(sys, "argv", ["seqgen", *map(str, arguments)])
        out, err = io.StringIO(), io.StringIO()
        code = 0
        with redirect_stdout(out), redirect_stderr(err):
            try:
                main()
            except SystemExit as end:
                code = int(end.code or 0)
        return Result(code, out.getvalue(), err.getvalue())

    return call

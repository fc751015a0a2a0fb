"""`seqgen doctor`: what is there, what is missing, and what is broken, of which each is a line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pytest

from seqgen import __version__
from seqgen.cli import installation
from seqgen.cli.installation import Requirement, requirements
from seqgen.core import limits

Cli = Callable[..., Any]


@pytest.fixture(autouse=True)
def nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("SEQGEN_") and name != "SEQGEN_CACHE"]:
        monkeypatch.delenv(name)


def test_it_says_what_is_there(cli: Cli, private_cache: Path) -> None:
    (private_cache / "doctors").write_bytes(b"12345")
    result = cli("doctor", "--json")
    found = json.loads(result.out)
    assert (result.code, found["problems"], found["limits"]) == (0, [], {})
    assert found["packages"]["seqgen-toolkit"] == __version__ and found["packages"]["torch"] == version("torch")
    assert found["device"] in ("cpu", "cuda") and found["cores"] >= found["threads"] >= 1
    assert found["cache"] == str(private_cache) and found["cache_bytes"] >= 5
    assert found["free_disk_bytes"] > 0 and found["cache_free_bytes"] > 0
    assert found["soundfont"] is None or Path(found["soundfont"]).is_file()
    assert found["extras"]["pictures"]["install"] is None and "dev" not in found["extras"]
    said = cli("doctor").out
    assert all(name in said for name in [*found["packages"], *found["extras"], "soundfont", "threads"])


def test_what_is_missing_or_broken_is_a_line(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    there, imported = installation.version, installation.import_module

    def of(name: str) -> str:
        if name in ("pandas", "verovio"):
            raise PackageNotFoundError(name)
        return "0.2" if name == "safetensors" else there(name)

    def load(name: str) -> Any:
        if name == "torch":
            raise OSError("libtorch_cpu.so: cannot open shared object file")
        return imported(name)

    monkeypatch.setattr(installation, "version", of)
    monkeypatch.setattr(installation, "import_module", load)
    monkeypatch.setitem(sys.modules, "torch", None)  # type: ignore[arg-type]  # as if it were not there
    result = cli("doctor", "--json")
    found = json.loads(result.out)
    assert result.code == 1 and "device" not in found
    missing, old, broken = found["problems"]
    assert missing == "pandas is not installed" and old.startswith("safetensors 0.2 is older than ")
    assert broken.startswith(f"torch {version('torch')} cannot be imported (OSError: libtorch_cpu.so")
    scores = found["extras"]["scores"]
    assert scores["missing"] == ["verovio is not installed"]
    assert scores["install"] == "pip install 'seqgen-toolkit[scores]'"
    said = cli("doctor")
    assert said.code == 1 and said.err == "" and f"problem: {broken}" in said.out and scores["install"] in said.out


def test_variables_that_change_something_are_said(cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SEQGEN_MAX_NOTES", "7000000")
    monkeypatch.setenv("SEQGEN_MAX_NOTE", "7")
    monkeypatch.setenv("SEQGEN_SOUNDFONT", str(tmp_path / "none.sf2"))
    monkeypatch.setattr("seqgen.cli.doctor.LIMITS", limits.from_environment())
    found = json.loads(cli("doctor", "--json").out)
    assert found["limits"] == {"max_notes": 7_000_000} and found["variables"]["SEQGEN_MAX_NOTE"] == "7"
    assert [problem.split(" ")[0] for problem in found["problems"]] == [
        "SEQGEN_MAX_NOTE",
        f"SEQGEN_SOUNDFONT={tmp_path / 'none.sf2'}",
    ]
    assert "max_notes 7,000,000" in cli("doctor").out


def test_a_limit_that_is_no_number_is_an_error_like_others() -> None:
    program = "import sys; sys.argv = ['seqgen', 'domains']; from seqgen.cli.app import main; main()"
    ran = subprocess.run(
        [sys.executable, "-c", program], env={"SEQGEN_MAX_NOTES": "many", "PYTHONPATH": ":".join(sys.path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 2 and "Traceback" not in ran.stderr
    assert ran.stderr.splitlines()[0] == "error: SEQGEN_MAX_NOTES='many' is not a number."


def test_requirements_are_those_of_this_python(monkeypatch: pytest.MonkeyPatch) -> None:
    stated = [
        "torch>=2.10", "pretty-midi", "mido>=1.3; extra == 'play'", "ruff>=0.9; extra == 'dev'",
        "pygame-ce>=2.5.6; (python_version >= '3.99') and extra == 'play'",
        "python-rtmidi>=1.5.8; (python_version < '3.99') and extra == 'play'",
    ]  # fmt: skip
    monkeypatch.setattr(installation, "requires", lambda name: stated)
    assert requirements() == [
        Requirement("torch", "2.10", ""),
        Requirement("pretty-midi", "0", ""),
        Requirement("mido", "1.3", "play"),
        Requirement("python-rtmidi", "1.5.8", "play"),
    ]

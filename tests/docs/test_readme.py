"""What the documents tell people to type is typed: commands, Python, links."""

from __future__ import annotations

import gzip
import inspect
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer

import seqgen
from seqgen import api
from seqgen.cli.tree import app

Cli = Callable[..., Any]
ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(ROOT.glob("*.md"))
LOGS = ROOT / "corpora" / "cricket"
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def typed(text: str) -> list[list[str]]:
    """The words of every command of the shell blocks, in their order."""
    lines = "\n".join(blocks(text, "sh")).replace("\\\n", " ").splitlines()
    parts = [part for line in lines for part in line.split("&&")]
    return [words for part in parts if (words := shlex.split(part, comments=True))]


def ours(text: str) -> list[list[str]]:
    return [words[1:] for words in typed(text) if words[0] == "seqgen"]


def parsed(arguments: list[str]) -> dict[str, Any]:
    """What a command would be called with. Raises for what it does not take."""
    command: Any = typer.main.get_command(app)
    name = "seqgen"
    while hasattr(command, "commands"):
        name, command, arguments = arguments[0], command.commands[arguments[0]], arguments[1:]
    parameters: dict[str, Any] = command.make_context(name, list(arguments)).params
    return parameters


def options(command: Any) -> set[str]:
    """Every option of a command and of those below it."""
    own = {word for p in command.params for word in [*p.opts, *getattr(p, "secondary_opts", [])]}
    return own.union(*(options(below) for below in getattr(command, "commands", {}).values()))


ALL_COMMANDS = [words for document in DOCUMENTS for words in ours(document.read_text(encoding="utf-8"))]


def idx(values: Any) -> bytes:
    """Bytes in idx's form, packed."""
    header = bytes([0, 0, 8, values.ndim]) + b"".join(n.to_bytes(4, "big") for n in values.shape)
    return gzip.compress(header + values.astype(np.uint8).tobytes())


@pytest.fixture
def tunes(corpus: Path, tmp_path: Path) -> None:
    """Every MIDI file, log, table and image that the README names, in the present folder."""
    rng = np.random.default_rng(0)
    days = np.arange("2020-01-01", "2021-02-04", dtype="datetime64[D]")
    walks = 100 * np.exp(np.cumsum(0.01 * rng.standard_normal((len(days), 2)), axis=0))
    rows = [f"{day},{a:.3f},{b:.3f}" for day, (a, b) in zip(days, walks.tolist(), strict=True)]
    (tmp_path / "prices.csv").write_text("\n".join(["date,oil,gold", *rows]))
    digits = rng.integers(0, 256, (30, 8, 8))
    (tmp_path / "digits-images-idx3-ubyte.gz").write_bytes(idx(digits))
    (tmp_path / "digits-labels-idx1-ubyte.gz").write_bytes(idx(np.arange(30) % 10))
    for name in set(re.findall(r"[\w-]+\.mid\b", "\n".join(blocks(README, "sh") + blocks(README, "python")))):
        shutil.copy(corpus / "chorale03.mid", tmp_path / name)
    shutil.copy(LOGS / "2006-q3.csv.gz", tmp_path / "match.csv")


def test_the_readme_shows_the_commands() -> None:
    assert {"train", "sample", "predict", "evaluate", "inspect"} <= {words[0] for words in ours(README)}


@pytest.mark.parametrize("arguments", ALL_COMMANDS, ids=" ".join)
def test_every_command_takes_what_the_documents_give_it(arguments: list[str]) -> None:
    parsed(arguments)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_options_named_in_a_sentence_exist(document: Path) -> None:
    sentences = re.sub(r"^```.*?^```", "", document.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    known = options(typer.main.get_command(app)) | {"--help"}
    for code in re.findall(r"`([^`]+)`", sentences):
        if code.startswith(("--", "seqgen ")):  # others' options are others' affair
            assert set(re.findall(r"(?<!\S)--[a-z][a-z-]*", code)) <= known, code


def test_scripts_and_benchmarks_that_are_shown_exist_and_take_their_options() -> None:
    for document in DOCUMENTS:
        for program, *arguments in typed(document.read_text(encoding="utf-8")):
            if program in ("python", "bash") and arguments[0] != "-m":
                source = (ROOT / arguments[0]).read_text(encoding="utf-8")
                assert all(f'"{word}"' in source for word in arguments if word.startswith("--")), arguments
            elif program == "pytest" and "-m" in arguments:
                assert f'"{arguments[arguments.index("-m") + 1]}: ' in (ROOT / "pyproject.toml").read_text()


def test_the_shown_commands_run(
    cli: Cli, corpus: Path, tunes: None, narrow_pictures: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """In their order, in one folder: on tiny corpora, for two steps, one bar, twenty characters or two events."""
    monkeypatch.setattr("seqgen.evaluation.valuation._ITERATIONS", 2)  # how well it is learned, other tests say
    text = tmp_path / "texts" / "tiny.txt"
    text.parent.mkdir()
    text.write_text("ROMEO:\nBut soft, what light through yonder window breaks?\n" * 20)
    length = ""
    for arguments in ours(README):
        given, words = parsed(arguments), list(arguments)
        if words[0] == "train":
            length = {"midi": "1bar", "text": "20", "sports": "2", "prices": "2days", "images": "1image"}[words[1]]
            tiny = {
                "midi": corpus, "text": text, "sports": LOGS / "2008-q1.csv.gz", "prices": tmp_path / "prices.csv",
                "images": tmp_path / "digits-images-idx3-ubyte.gz",
            }[words[1]]  # fmt: skip
            words[words.index(str(given["path"]))] = str(tiny)
            if given["minutes"] is not None:
                at = words.index("--minutes")
                del words[at : at + 2]
            words += [] if given["resume"] else ["--steps", "2", "--preset", "tiny", "--batch-size", "2"]
        elif words[0] == "sample":
            if "--bars" in words:
                words[words.index("--bars") + 1] = "1"
            else:
                filled = {"--given", "--infill"} & set(words)
                words += ["--candidates", "2"] if filled else ["--length", length]
        elif words[0] == "evaluate":
            words += ["--samples", "1"] + ["--rollouts", "1"] * ("--rollouts" in words)
        elif "--paths" in words:
            words += ["--paths", "5"]
        elif words[0] == "explain":
            words += ["--distance", "2"]
        elif words[0] == "corpus":
            continue  # tested with a recipe that takes no time in tests/cli
        result = cli(*words)
        assert result.code == 0 and result.out, (words, result.err)


def test_the_shown_python_runs(
    cli: Cli, run: Path, corpus: Path, tunes: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def train(domain: str, path: str, **settings: Any) -> Any:
        inspect.signature(api.train).bind(domain, path, **settings)
        shutil.copytree(run, tmp_path / "runs" / f"run{len(list(tmp_path.rglob('config.json')))}")
        return api.load()

    monkeypatch.setattr(seqgen, "train", train, raising=False)
    shown = blocks(README, "python")
    assert len(shown) >= 2
    namespace: dict[str, Any] = {}
    for source in shown:
        exec(compile(re.sub(r"\b\d+bars", "2bars", source), "README.md", "exec"), namespace)  # noqa: S102  # our own README


def test_tokenizers_alone_come_without_torch(tunes: None, tmp_path: Path) -> None:
    (source,) = (source for source in blocks(README, "python") if "import seqgen\n" not in source)
    program = source + "\nimport sys\nassert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    titles = {
        re.sub(r"[^\w -]", "", t).strip().lower().replace(" ", "-")
        for t in re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    }
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith("#"):
            assert target[1:] in titles, target
        elif not re.match(r"[a-z]+:", target):
            path = (document.parent / target.split("#")[0]).resolve()
            assert path.is_relative_to(ROOT) and path.exists(), target


def test_the_gate_runs_the_readmes_test_command() -> None:
    (shown,) = {line for block in blocks(README, "sh") for line in block.splitlines() if re.search(r"\bpytest\b", line)}
    gate = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert shown in gate
    assert "set -euo pipefail" in gate[: gate.index(shown)]
    assert os.access(ROOT / ".ci" / "run", os.X_OK) or "bash .ci/run" in (ROOT / "CONTRIBUTING.md").read_text()

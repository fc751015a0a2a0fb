"""Tests mirror the package, so that a reader finds them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow  # a gate: .ci/run runs it
TESTS = Path(__file__).parents[1]
PACKAGE = TESTS.parent / "seqgen"
# Tests of no one module: laws of all domains, documents, what survives, the house itself, and what tests need.
ABOVE = {"assets", "contract", "docs", "golden", "house", "offline", "reliability"}
# Rooms whose every module has a test file of its name, but for these, which are tested with what they are a part of.
WITH = {
    "corpus/folder.py": "corpus/test_build.py",
    "evaluation/arrays.py": "evaluation/test_metrics.py",
    "evaluation/cell_picture.py": "cli/test_explain.py",
    "evaluation/comparison.py": "evaluation/test_dynamic.py",
    "evaluation/fields.py": "evaluation/test_calibration.py",
    "evaluation/measures.py": "cli/test_commands.py",
    "evaluation/report.py": "training/test_run.py",
    "evaluation/rolling.py": "domains/prices/test_commands.py",
    "evaluation/walks.py": "evaluation/test_forecasts.py",
    "sampling/cells.py": "sampling/test_stepper.py",
    "sampling/reader.py": "sampling/test_sampler.py",
    "sampling/rollout.py": "evaluation/test_ahead.py",
    "training/validation.py": "training/test_loop.py",
}
BY_NAME = ("core", "corpus", "evaluation", "sampling", "training")


def has_behaviour(file: Path) -> bool:
    return any(isinstance(node, ast.FunctionDef) for node in ast.walk(tree(file)))


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


@cache
def imports(file: Path) -> set[str]:
    """The modules of seqgen, as paths, that a file imports or names."""
    found: set[str] = set()
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("seqgen."):
            found |= {node.value, node.value.rpartition(".")[0]}
    return {name.removeprefix("seqgen.").replace(".", "/") for name in found if name.startswith("seqgen.")}


def modules() -> Iterator[tuple[str, Path]]:
    """Every module below a room, without its suffix as imports have it."""
    for file in sorted(PACKAGE.rglob("*.py")):
        path = file.relative_to(PACKAGE)
        if file.parent != PACKAGE:
            yield (path.parent if path.stem == "__init__" else path.with_suffix("")).as_posix(), file


def test_every_folder_of_tests_is_a_room_of_the_package() -> None:
    folders = {file.relative_to(TESTS).parent for file in TESTS.rglob("test_*.py")}
    assert {f.as_posix() for f in folders if f.parts[0] not in ABOVE and not (PACKAGE / f).is_dir()} == set()


@pytest.mark.parametrize("room", BY_NAME)
def test_a_module_has_tests_of_its_name(room: str) -> None:
    missing = {
        f"{name}.py" for name, file in modules()
        if name.startswith(f"{room}/") and has_behaviour(file) and not (TESTS / room / f"test_{file.stem}.py").exists()
    }  # fmt: skip
    listed = {name for name in WITH if name.startswith(f"{room}/")}
    assert missing == listed
    assert all((TESTS / WITH[name]).exists() for name in listed)


@pytest.mark.parametrize(
    "room", ["api", "cli", *(f"domains/{p.parent.name}" for p in PACKAGE.glob("domains/*/files.py"))]
)
def test_elsewhere_a_module_is_reached_from_what_the_tests_of_its_room_use(room: str) -> None:
    """A domain is tested by what its files, its tokenizer and its commands do, however many modules do it."""
    files = [TESTS / "conftest.py", *(TESTS / room).rglob("*.py")]
    reached, new = set[str](), {room}.union(*map(imports, files))
    every = {name: file for name, file in modules() if f"{name}/".startswith(f"{room}/")}
    while new := {name for name in new if name in every and name not in reached}:
        reached |= new
        new = set().union(*(imports(every[name]) for name in new))
    assert {name for name, file in every.items() if has_behaviour(file)} - reached == set()

"""What is public is documented, and says which of our errors it raises."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest

import seqgen
from seqgen.core import errors

pytestmark = pytest.mark.slow  # a gate: .ci/run runs it
ROOT = Path(__file__).parents[2]
ERRORS = {name: kind for name, kind in vars(errors).items() if inspect.isclass(kind) and issubclass(kind, Exception)}


def public() -> dict[str, Any]:
    """What the modules of seqgen define, by where it stands."""
    found = {}
    for module in pkgutil.walk_packages(seqgen.__path__, "seqgen."):
        if module.name != "seqgen.__main__":
            for name, value in vars(importlib.import_module(module.name)).items():
                if not name.startswith("_") and getattr(value, "__module__", None) == module.name and callable(value):
                    found[f"{module.name}.{name}"] = value
    return found


def members(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """It and, of a class, its public methods and properties; `__init__` is told of by the class."""
    yield name, value
    for base in getattr(value, "__mro__", ()):
        for member, of_class in vars(base).items():
            plain = isinstance(of_class, FunctionType | property | classmethod | staticmethod)
            if base.__module__.startswith("seqgen.") and plain and not member.startswith("_"):
                yield f"{name}.{member}", getattr(value, member)


def test_what_is_public_is_documented() -> None:
    """A method that a contract of ours asks for is told of there."""
    classes = public()
    everything = dict(pair for name, value in classes.items() for pair in members(name, value))
    contracts = [name for name, value in classes.items() if getattr(value, "_is_protocol", False)]
    asked = {name.rsplit(".", 1)[1] for name in everything if name.rsplit(".", 1)[0] in contracts}
    bare = {name for name, value in everything.items() if not inspect.getdoc(value)}
    assert len(everything) > 1_000 and len(contracts) > 8 and "fork" in asked
    assert sorted(name for name in bare if name.rsplit(".", 1)[1] not in asked) == []
    assert sorted(name for name in bare if name.rsplit(".", 1)[0] in contracts) == []


def raised(function: ast.FunctionDef) -> set[str]:
    """Our errors that its own body raises."""
    inner = {
        id(n)
        for f in ast.walk(function)
        if f is not function and isinstance(f, ast.FunctionDef | ast.Lambda)
        for n in ast.walk(f)
    }
    calls = (n.exc for n in ast.walk(function) if isinstance(n, ast.Raise) and id(n) not in inner)
    return {
        c.func.id for c in calls if isinstance(c, ast.Call) and isinstance(c.func, ast.Name) and c.func.id in ERRORS
    }


def unsaid(source: str) -> Iterator[str]:
    """Public functions whose docstrings do not name an error that they raise, or one above it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            said = ast.get_docstring(node)
            if said is None or "See `" in said:  # it is told of where it is declared
                continue
            for name in sorted(raised(node)):
                if not any(above.__name__ in said for above in ERRORS[name].__mro__ if above in ERRORS.values()):
                    yield f"{node.lineno}: {node.name} raises {name}"


@pytest.mark.parametrize("room", sorted(p.name for p in (ROOT / "seqgen").iterdir() if p.is_dir() and p.name != "cli"))
def test_what_is_raised_is_said(room: str) -> None:
    files = (ROOT / "seqgen" / room).rglob("*.py")
    assert [f"{file}:{line}" for file in files for line in unsaid(file.read_text(encoding="utf-8"))] == []


def test_what_is_not_said_is_found() -> None:
    source = 'def f():\n    """Does. Raises {}."""\n    raise TooLarge("x")\n'
    assert [list(unsaid(source.format(error))) for error in ("BadInput", "SeqgenError", "TooLarge")] == [[], [], []]
    assert list(unsaid(source.format("RunError"))) == ["1: f raises TooLarge"]

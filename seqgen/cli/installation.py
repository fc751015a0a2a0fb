"""What of the packages that seqgen needs, and of those that it may use, is installed."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, requires, version

DISTRIBUTION = "seqgen-toolkit"
_OURS = ("bench", "dev")  # extras for those who work on seqgen
# Those whose compiled parts may not suit the machine, by what they are imported as. Others are imported where needed.
_IMPORTED = {"numpy": "numpy", "safetensors": "safetensors", "symusic": "symusic", "torch": "torch"}
_SAID = re.compile(r"(?P<name>[\w.-]+)\s*(?P<least>>=[\d.]+)?[^;]*(?:;(?P<when>.*))?")


@dataclass(frozen=True)
class Requirement:
    """A package, the least version that serves, the extra that it belongs to, if any."""

    name: str
    least: str
    extra: str

    def installed(self) -> str | None:
        """Its version, or None."""
        try:
            return version(self.name)
        except PackageNotFoundError:
            return None

    def problem(self) -> str:
        """Why it does not serve: "" where it does."""
        found = self.installed()
        if found is None:
            return f"{self.name} is not installed"
        if _numbers(found) < _numbers(self.least):
            return f"{self.name} {found} is older than {self.least}"
        if self.name in _IMPORTED:
            try:
                import_module(_IMPORTED[self.name])
            except Exception as error:  # noqa: BLE001  # whatever a broken installation raises
                return f"{self.name} {found} cannot be imported ({type(error).__name__}: {str(error)[:200]})"
        return ""


def requirements() -> list[Requirement]:
    """What seqgen needs and may use on this Python, as its installation states it; none where it was not installed."""
    try:
        return list(_parsed(requires(DISTRIBUTION) or []))
    except PackageNotFoundError:
        return []


def _parsed(stated: list[str]) -> Iterator[Requirement]:
    for text in stated:
        said = _SAID.match(text)
        when = said["when"] or "" if said else ""
        extra = re.search(r"""extra == ["'](\w+)["']""", when)
        if said and (extra is None or extra[1] not in _OURS) and _is_for_this_python(when):
            yield Requirement(said["name"], (said["least"] or ">=0")[2:], extra[1] if extra else "")


def _is_for_this_python(when: str) -> bool:
    said = re.search(r"""python_version (<|>=) ["'](\d+)\.(\d+)["']""", when)
    return said is None or (sys.version_info[:2] < (int(said[2]), int(said[3]))) == (said[1] == "<")


def _numbers(text: str) -> tuple[int, ...]:
    """(2, 13, 0) of "2.13.0+cpu"; what is no number ends it."""
    found = re.match(r"\d+(?:\.\d+)*", text)
    return tuple(map(int, found[0].split("."))) if found else ()

"""Does the pinned set have known holes? Asks the database of OSV, as pip-audit does, where it can be reached.

Exits 1 where a hole is known, else 0: a build does not fail for want of a network.
"""

from __future__ import annotations

import json
import re
import sys
from http.client import HTTPException
from pathlib import Path
from urllib.request import Request, urlopen

DATABASE = "https://api.osv.dev/v1/querybatch"
CONSTRAINTS = Path(__file__).parents[1] / "constraints.txt"
SECONDS = 10


def pinned(text: str) -> list[tuple[str, str]]:
    """Name and version of every pin."""
    return re.findall(r"^([\w.-]+)==([\w.]+)", text, re.MULTILINE)


def holes(pins: list[tuple[str, str]], database: str) -> list[str]:
    """What is known of them. Raises OSError, HTTPException, ValueError or LookupError where no database answers."""
    asked = [{"package": {"name": name, "ecosystem": "PyPI"}, "version": version} for name, version in pins]
    request = Request(database, json.dumps({"queries": asked}).encode(), {"Content-Type": "application/json"})  # noqa: S310  # said above
    with urlopen(request, timeout=SECONDS) as answer:  # noqa: S310  # likewise
        results = json.loads(answer.read(10_000_000))["results"]
    return [
        f"{name} {version}: {hole['id']}"
        for (name, version), result in zip(pins, results, strict=True)
        for hole in result.get("vulns", ())
    ]


def main(database: str = DATABASE) -> int:
    """Print what is known; returns the exit code."""
    pins = pinned(CONSTRAINTS.read_text(encoding="utf-8"))
    try:
        found = holes(pins, database)
    except (OSError, HTTPException, ValueError, LookupError, AttributeError, TypeError) as error:
        print(f"skipped: no database of holes reachable ({type(error).__name__}: {error})")
        return 0
    print("\n".join(found) or f"no hole is known in {len(pins)} pinned packages")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

"""`seqgen domains`: what seqgen can learn."""

from __future__ import annotations

from typing import Annotated

import typer

from seqgen.cli import console
from seqgen.core.domain import domains


def command(json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """List the installed domains."""
    found = domains().values()
    if json:
        console.out_json(
            {
                "domains": [
                    {
                        "name": d.name,
                        "about": d.about,
                        "reads": d.suffixes,
                        "writes": d.written,
                        "units": d.units,
                        "recipes": list(d.recipes),
                    }
                    for d in found
                ]
            }
        )
        return
    console.table(
        [(d.name, d.about, " ".join(d.suffixes), " ".join(d.written), " ".join(d.units)) for d in found],
        ("domain", "about", "reads", "writes", "units of length"),
    )

"""`seqgen predict FILE`: what may come next."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seqgen.cli import console


def command(
    file: Annotated[Path, typer.Argument(help="The file whose continuation is asked for.")],
    run: Annotated[str | None, typer.Option(help="A run's folder or name; the newest by default.")] = None,
    top: Annotated[int, typer.Option(min=1, help="How many of the likeliest.")] = 10,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Print the likeliest next tokens with their probabilities."""
    from seqgen import api
    from seqgen.corpus.build import read_bounded

    model = api.load(run)
    console.Console().fallen_back(model)
    piece = read_bounded(file, model.domain)[0]
    predictions = model.predict(piece, top)
    if json:
        console.out_json({"run": str(model.run.path), "file": str(file), "predictions": predictions})
        return
    rows = [(p["action"], f"{p['probability']:.4f}", "█" * round(40 * p["probability"])) for p in predictions]
    console.table(rows, ("next", "probability", ""), right=[1])

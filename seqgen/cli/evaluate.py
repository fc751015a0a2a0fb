"""`seqgen evaluate [RUN]`: held-out numbers beside baselines."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seqgen.cli import console
from seqgen.core.errors import UsageError


def command(
    run: Annotated[str | None, typer.Argument(help="A run's folder or name; the newest by default.")] = None,
    split: Annotated[str, typer.Option(help="test or valid.")] = "test",
    corpus: Annotated[Path | None, typer.Option(help="Where the corpus lies now, if it has moved.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Score the held-out pieces of the run's corpus, beside n-grams counted on its training pieces."""
    from seqgen import api

    if split not in ("test", "valid"):
        raise UsageError(f"No split {split!r}.", "Choose test or valid.")
    model = api.load(run)
    reporter = console.Console()
    reporter.fallen_back(model)
    numbers = model.evaluate(split, corpus, reporter=reporter)  # type: ignore[arg-type]
    if json:
        console.out_json(numbers)
        return
    console.out(f"{model.run.path}: {numbers['pieces']} {split} pieces, {numbers['tokens']:,} scored tokens; every")
    console.out("distribution is renormalised over what the grammar allows, header values are not counted.\n")
    rows = [
        (
            "this model",
            f"{numbers['nats_per_token']:.4f}",
            f"{numbers['bits_per_token']:.4f}",
            f"{numbers['perplexity']:.3f}",
            f"{numbers['accuracy']:.1%}",
        )
    ]
    rows += [
        (name, f"{b['nats_per_token']:.4f}", f"{b['bits_per_token']:.4f}", "", "")
        for name, b in numbers["baselines"].items()
    ]
    console.table(rows, ("", "nats/token", "bits/token", "perplexity", "accuracy"), right=[1, 2, 3, 4])
    console.out()
    console.table(
        [(k, f"{v['tokens']:,}", f"{v['nats_per_token']:.4f}") for k, v in numbers["by_type"].items()],
        ("type", "tokens", "nats/token"),
        right=[1, 2],
    )

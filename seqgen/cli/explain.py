"""`seqgen explain [RUN ...]`: how the layers of runs remember."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from seqgen.cli import console

_SHOWN = (1, 5, 10, 20, 50, 100, 200, 500, 1000, 2000)  # distances


def command(
    runs: Annotated[list[str] | None, typer.Argument(help="Folders or names; the newest run by default.")] = None,
    file: Annotated[Path | None, typer.Option(help="Look at this file's pieces instead of the held-out ones.")] = None,
    corpus: Annotated[Path | None, typer.Option(help="Where the corpus lies now, if it has moved.")] = None,
    distance: Annotated[int, typer.Option(help="How many positions to look back.")] = 100,
    out: Annotated[Path | None, typer.Option(help="The folder of the pictures; RUN/explain by default.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    **reading: Any,
) -> None:
    """Draw how far back gradients reach, of all runs in one picture, and what gates do over a held-out piece."""
    from seqgen import api

    models = [api.load(run, **reading) for run in (runs or [None])]  # type: ignore[list-item]  # None is the newest
    reporter: Any = console.Console()
    for model in models:
        reporter.fallen_back(model)
    found = api.explain(models, out, file=file, corpus=corpus, distance=distance, reporter=reporter)
    if json:
        console.out_json(found)
        return
    console.out("Gradient of an id's nats with respect to what was read k positions before, as a share of k = 0:\n")
    farthest = max(run["distances"][-1] for run in found["runs"])
    shown = [k for k in _SHOWN if k <= farthest]
    rows = []
    for run in found["runs"]:
        for kind, reach in (("trained", run["reach"]), ("fresh", run["reach_fresh"])):
            far = f"> {run['distances'][-1]}" if reach is None else reach
            shares = [f"{run[kind][k]:.1e}" if k < len(run[kind]) else "" for k in shown]
            rows.append((run["name"] if kind == "trained" else "", run["cell"], kind, *shares, far))
    header = ("run", "cell", "weights", *(f"k = {k}" for k in shown), "below 1 % from")
    console.table(rows, header, right=range(3, len(header)))
    gates = [
        (run["name"], str(n), gate, f"{s['mean']:.2f}", f"{s['closed']:.0%}", f"{s['open']:.0%}")
        for run in found["runs"]
        for n, layer in enumerate(run["layers"], 1)
        for gate, s in layer.items()
    ]
    if gates:
        console.out()
        console.table(gates, ("run", "layer", "gate", "mean", "closed", "open"), right=[1, 3, 4, 5])
    console.out("\n" + "\n".join(found["pictures"]))

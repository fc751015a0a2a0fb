"""`seqgen predict FILE --each TABLE`: what comes next in each piece of a file, or of a folder of them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqgen.cli import console

if TYPE_CHECKING:
    from seqgen.api import Model


def write_each(model: Model, file: Path, table: Path, reporter: Any, json: bool) -> None:
    """Write the table of a file, or of a folder of them; print how often what was known to come was predicted, and what
    was taken for what; with json one object."""
    from seqgen.cli.values import to_csv
    from seqgen.core.files import write_bytes

    named = model.read_named(file, lambda file, error: reporter.note(f"skipped {error.message}"))
    found = model.predict_each([piece for _, piece in named], report=reporter.working)
    rows = [{"file": str(path), **row} for (path, _), row in zip(named, found, strict=True)]
    write_bytes(table, to_csv(rows))
    known = [row for row in rows if row["came"]]
    accuracy = sum(row["right"] for row in known) / len(known) if known else None
    if json:
        said = {"run": str(model.run.path), "file": str(file), "table": str(table), "accuracy": accuracy}
        console.out_json({**said, "predictions": rows})
        return
    if known:
        console.table(_by_came(known), ("what came", "pieces", "predicted", "else mostly"), right=[1, 2])
        console.out(f"\n{sum(row['right'] for row in known):,} of {len(known):,} were predicted: {accuracy:.2%}")
    console.out(f"{table}: {len(rows):,} pieces, each with what comes next")


def _by_came(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Of each that came: how many, the share that was predicted, the commonest mistake."""
    found = []
    for came in sorted({row["came"] for row in rows}):
        mine = [row for row in rows if row["came"] == came]
        wrong = Counter(row["predicted"] for row in mine if not row["right"]).most_common(1)
        mistake = f"{wrong[0][0]} {wrong[0][1]:,} times" if wrong else ""
        found.append((came, f"{len(mine):,}", f"{sum(row['right'] for row in mine) / len(mine):.1%}", mistake))
    return found

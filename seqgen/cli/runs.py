"""`seqgen runs`: the runs here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from seqgen.cli import console
from seqgen.core.errors import BadInput
from seqgen.core.files import read_json


def command(
    folder: Annotated[Path, typer.Argument(help="Where the runs lie.")] = Path("runs"),
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """List the runs, the newest first."""
    found = [_about(p) for p in _runs(folder)]
    if json:
        console.out_json({"folder": str(folder), "runs": found})
        return
    if not found:
        console.out(f"No runs in {folder.resolve()}. Train one: seqgen train midi corpora/bach")
        return
    rows = [
        (r["run"], r["domain"], r["tokenizer"], r["cell"], r["step"], _nats(r["valid_nats"]), _nats(r["test_nats"]))
        for r in found
    ]
    console.table(rows, ("run", "domain", "tokenizer", "cell", "step", "valid nats", "test nats"), right=[4, 5, 6])


def _nats(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _runs(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    found = [p for p in folder.iterdir() if (p / "config.json").is_file()]
    return sorted(found, key=lambda p: -(p / "config.json").stat().st_mtime)


def _about(path: Path) -> dict[str, Any]:
    """From the JSON files alone: no torch, so that a list comes at once."""

    def read(name: str) -> dict[str, Any]:
        try:
            value = read_json(path / name)
        except BadInput:
            return {}
        return value if isinstance(value, dict) else {}

    steps = sorted(p.name for p in (path / "checkpoints").glob("step-*"))
    state = read(f"checkpoints/{steps[-1]}/state.json") if steps else {}
    config = read("config.json")
    training = config.get("training")
    return {
        "run": str(path),
        "domain": config.get("domain", "?"),
        "tokenizer": read("tokenizer.json").get("name", "?"),
        "cell": training.get("cell", "lstm") if isinstance(training, dict) else "?",
        "step": state.get("step", 0),
        "valid_nats": state.get("best_nats"),
        "test_nats": read("evaluation.json").get("nats_per_token"),
    }

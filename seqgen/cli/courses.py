"""What `seqgen predict` says where numbers go on, such as prices: where they will lie, of each series of a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqgen.cli import console
from seqgen.core.errors import UsageError

if TYPE_CHECKING:
    from seqgen.api import Model

_SHOWN = ("q5", "q10", "q25", "q50", "q75", "q90", "q95", "mean")
_MOST = 16  # series that are drawn


def command(
    model: Model, file: Path, asked: Mapping[str, Any], picture: Path | None, reporter: console.Console, json: bool
) -> None:
    """A table of quantiles for each series of a file, or all of it as one JSON object."""
    pieces = model.read(file)
    if picture is not None and len(pieces) > _MOST:
        raise UsageError(
            f"{file} holds {len(pieces)} series, each with a picture of its own.",
            "Say which with --series, or leave it.",
        )
    series = []
    for n, piece in enumerate(pieces):
        drawn = picture if picture is None or len(pieces) == 1 else picture.with_stem(f"{picture.stem}-{n + 1}")
        found = model.forecast(piece, **asked, picture=drawn, report=reporter.working)
        title = found["bands"]["title"]
        series.append({"series": title, **({"picture": str(drawn)} if drawn else {}), **found})
        if not json:
            _table(series[-1], first=n == 0)
    if json:
        console.out_json({"run": str(model.run.path), "file": str(file), **series[0], "all": series})


def _table(found: dict[str, Any], *, first: bool) -> None:
    bands = found["bands"]
    if not first:
        console.out()
    when = f" on {bands['time']}" if bands["time"] else ""
    told = f"{found['series']}: " if found["series"] else ""
    console.out(f"{told}{bands['name']} {bands['now']:g}{when}; {found['paths']:,} paths, quantiles in percent")
    timed = "time" in bands["steps"][0]
    rows = [
        (row["ahead"], *([row["time"]] if timed else []), *(f"{row[name]:.6g}" for name in _SHOWN))
        for row in bands["steps"]
    ]
    header = ("ahead", *(["when"] if timed else []), *(name.removeprefix("q") for name in _SHOWN))
    console.table(rows, header, right=[i for i in range(len(header)) if not (timed and i == 1)])
    if "picture" in found:
        console.out(found["picture"])


def show_forecasts(found: Mapping[str, Any]) -> None:
    """Scores of forecasts beside those of random walks, and in words whether the model is any better."""
    console.out(f"\nForecasts {found['horizon']} ahead from {found['places']} places, by {found['paths']} paths:\n")
    rows = [
        (name, f"{n['wql']:.5f}", f"{n['mase']:.3f}", f"{n['coverage_80']:.1%}")
        for name, n in {"this model": found, **found["baselines"]}.items()
    ]
    console.table(rows, ("", "WQL", "MASE", "in the 80 % band"), right=[1, 2, 3])
    low, high = found["less_random_walk"]
    said = "is better than" if high < 0 else "is worse than" if low > 0 else "does not beat, beyond chance,"
    console.out(f"\nBy WQL the model {said} a random walk: {low:+.5f} to {high:+.5f} (95 %).")

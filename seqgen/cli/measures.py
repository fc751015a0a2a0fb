"""How what a domain measures is shown: training pieces, held-out ones and samples side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from seqgen.cli import console

if TYPE_CHECKING:
    from seqgen.core.tokenizer import Tokenizer

_SETS = ("train", "held_out", "samples")


def all_ids(tokenizer: Tokenizer[Any]) -> str:
    """What a table of all ids counts besides those that events are predicted by."""
    return f"All ids{', who acts and what follows from the rest among them' if tokenizer.passed else ''}"


def show_measures(numbers: Mapping[str, Any]) -> None:
    """What `Model.evaluate` found of them; nothing where it found nothing."""
    if "metrics" in numbers:
        _metrics(numbers["metrics"])
    if numbers.get("histograms"):
        _histograms(numbers["histograms"])


def show_copying(copying: Mapping[str, Any], units: tuple[str, str]) -> None:
    """What stands in the training pieces; units: what contours count."""
    console.out()
    rows = [(_words(name), c["longest_overlap"], f"{c['share_of_30grams']:.2%}") for name, c in copying.items()]
    console.table(rows, ("found in the training pieces", "longest, tokens", "of 30 tokens in a row"), right=[1, 2])
    contours = {name: c["contour"] for name, c in copying.items() if "contour" in c}
    if contours:
        events, places = units
        header = (
            "the same in any form, such as another key",
            f"longest, {events}",
            places,
            f"median, {events}",
            places,
        )
        console.out()
        columns = (events, places, f"median_{events}", f"median_{places}")
        console.table([(_words(k), *(c[n] for n in columns)) for k, c in contours.items()], header, right=range(1, 5))


def _metrics(metrics: Mapping[str, Mapping[str, float | None]]) -> None:
    console.out("\nMeans over pieces; how far from the training pieces', in their standard deviations:\n")
    rows = [
        (_words(name), *(_number(row[s]) for s in _SETS), *(_distance(row[f"{s}_distance"]) for s in _SETS[1:]))
        for name, row in metrics.items()
    ]
    console.table(rows, ("", "training", "held out", "samples", "held out", "samples"), right=range(1, 6))


def _histograms(histograms: Mapping[str, Mapping[str, Any]]) -> None:
    console.out("\nHow much of a histogram overlaps that of the training pieces:\n")
    rows = [
        (_words(name), *("" if o is None else f"{o:.1%}" for o in (row["overlap"][s] for s in _SETS[1:])))
        for name, row in histograms.items()
    ]
    console.table(rows, ("", "held out", "samples"), right=[1, 2])


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}" if abs(value) < 1 else f"{value:.3f}"


def _distance(value: float | None) -> str:
    return "" if value is None else f"{value:+.2f}"


def _words(name: str) -> str:
    return name.replace("_", " ")

"""A picture of whether probabilities mean what they say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from seqgen.core.pictures import BLUE, GREY, INK, ORANGE, STYLE, check_picture, entitle, write_picture

_Z = 1.96  # of a normal distribution, 95 % lie within
_FEWEST = 10  # of a bin that says something


def draw_reliability(numbers: Mapping[str, Any], path: Path) -> None:
    """The reliability diagram of the main field of what `Model.evaluate` found, with temperatures and without. Raises
    UsageError, MissingExtra."""
    check_picture(path)
    from matplotlib import style
    from matplotlib.figure import Figure

    main = numbers["main"]
    found = numbers["fields"][main]
    before, after = found["uncalibrated"]["reliability"], found["reliability"]
    with style.context(["default", dict(STYLE)]):
        figure = Figure((7.2, 7.6), layout="constrained")
        entitle(
            figure,
            f"{main}: how often the likeliest came true",
            f"{found['tokens']:,} events of {numbers['split']}  ·  ECE {found['ece']:.4f}, by chance alone "
            f"{found['ece_by_chance']:.4f}",
            f"run {Path(numbers['run']).name}  ·  95 % intervals (Wilson)  ·  without bins of fewer than {_FEWEST}",
        )
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3.4, 1))
        upper.plot((0, 1), (0, 1), color=GREY, linewidth=1, linestyle="--", label="as said")
        if after != before:
            _curve(
                upper, before, ORANGE, "s", f"as learned (ECE above chance {found['uncalibrated']['ece_excess']:.4f})"
            )
        name = "calibrated" if after != before else "as learned"
        _curve(upper, after, BLUE, "o", f"{name} (ECE above chance {found['ece_excess']:.4f})")
        upper.set(xlim=(0, 1), ylim=(0, 1), ylabel="how often it came")
        upper.legend(loc="upper left")
        _counts(lower, after)
        lower.set(xlabel="how probable the likeliest was said to be", ylabel="how many")
        for axes in (upper, lower):
            axes.xaxis.set_major_formatter(lambda p, place: f"{p:.0%}")
        upper.yaxis.set_major_formatter(lambda p, place: f"{p:.0%}")
        lower.yaxis.set_major_formatter(lambda n, place: f"{n:,.0f}")
        write_picture(figure, path)


def _curve(axes: Any, bins: Sequence[Mapping[str, float]], colour: str, marker: str, label: str) -> None:
    full = [b for b in bins if b["n"] >= _FEWEST]
    said, came, n = (np.array([b[name] for b in full], np.float64) for name in ("said", "came", "n"))
    middle, half = wilson(came, n)
    error = np.maximum(0, [came - (middle - half), middle + half - came])
    axes.errorbar(
        said, came, error, color=colour, marker=marker, markersize=5, linewidth=1.4, elinewidth=0.9, label=label
    )


def wilson(share: Any, n: Any) -> tuple[Any, Any]:
    """Middle and half the width of the interval that holds a probability with 95 %, where of n draws a share came."""
    scale = 1 + _Z**2 / n
    return (share + _Z**2 / (2 * n)) / scale, _Z * np.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2)) / scale


def _counts(axes: Any, bins: Sequence[Mapping[str, float]], n_bins: int = 20) -> None:
    """Of each bin, on the scale of the diagram."""
    places = [min(int(b["said"] * n_bins), n_bins - 1) for b in bins]
    axes.bar([(k + 0.5) / n_bins for k in places], [b["n"] for b in bins], 0.9 / n_bins, color=INK, alpha=0.75)

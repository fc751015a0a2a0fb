"""Pictures of prices: where they will lie, and how they went."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from seqgen.core.pictures import BLUE, INK, ORANGE, STYLE, check_picture, entitle, shortened, write_picture
from seqgen.domains.prices.identity import shown
from seqgen.domains.prices.series import Series

_BEFORE = 4  # times as far back as ahead
_FEWEST = 60  # days before, at least
_BANDS = (("q2.5", "q97.5", "95 %", 0.16), ("q10", "q90", "80 %", 0.3), ("q25", "q75", "50 %", 0.5))
_TITLE = 60


@contextmanager
def _figure(path: Path, inches: tuple[float, float]) -> Iterator[Any]:
    from matplotlib import style
    from matplotlib.figure import Figure

    with style.context(["default", dict(STYLE)]):
        drawn = Figure(inches, layout="constrained")
        yield drawn
        write_picture(drawn, path)


def picture(series: Series, found: Mapping[str, Any], given: Callable[[str, str], Any], path: Path) -> None:
    """See `Domain.picture`: a fan, what holds 50, 80 and 95 % of the paths, behind how the price went before."""
    check_picture(path)
    bands = found["bands"]
    steps = bands["steps"]
    n = min(len(series.prices), max(_FEWEST, _BEFORE * len(steps)))
    before, now = _times(series, n), series.prices[-1]
    ahead = _ahead(series, steps)
    with _figure(path, (10, 5.6)) as page:
        last = f", {shown(series.dates[-1])}" if series.dates is not None else ""
        entitle(
            page,
            shortened(series.name or "Price", _TITLE),
            f"{now:g}{last}; in {len(steps)} days 80 % between {steps[-1]['q10']:.5g} and {steps[-1]['q90']:.5g}",
            f"{found['run']}; {found['paths']:,} paths",
        )
        axes = page.add_subplot()
        axes.plot(before, series.prices[-n:], color=INK, linewidth=1.2, label="price")
        joined = np.concatenate([before[-1:], ahead])
        for low, high, name, alpha in _BANDS:
            edges = [np.array([now, *(step[q] for step in steps)]) for q in (low, high)]
            axes.fill_between(joined, *edges, color=BLUE, alpha=alpha, linewidth=0, label=name)
        axes.plot(joined, [now, *(step["q50"] for step in steps)], color=ORANGE, linewidth=1.4, label="median")
        axes.margins(x=0.01)
        axes.set_ylabel("price")
        if series.dates is None:
            axes.set_xlabel("row")
        axes.legend(loc="upper left", ncols=5)


def draw(series: Series, path: Path) -> None:
    """See `Domain.draw`: how the price went, above how large its returns were."""
    check_picture(path)
    with _figure(path, (10, 6.4)) as page:
        span = f"{len(series.prices):,} prices"
        if series.dates is not None:
            span += f", {shown(series.dates[0])} to {shown(series.dates[-1])}"
        entitle(page, shortened(series.name or "Price", _TITLE), span, "")
        above, below = page.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": (2, 1)})
        times = _times(series, len(series.prices))
        above.plot(times, series.prices, color=INK, linewidth=0.9)
        above.set_ylabel("price")
        if series.prices.max() > 10 * series.prices.min():
            above.set_yscale("log")
        below.plot(times[1:], 100 * np.expm1(series.returns), color=BLUE, linewidth=0.5)
        below.set_ylabel("return, %")
        above.margins(x=0.01)


def _times(series: Series, n: int) -> Any:
    """Of the last n prices."""
    if series.dates is None:
        return np.arange(series.first + len(series.prices) - n, series.first + len(series.prices))
    return series.dates[-n:]


def _ahead(series: Series, steps: list[dict[str, Any]]) -> Any:
    if series.dates is None:
        return series.first + len(series.prices) + np.arange(len(steps))
    return np.array([np.datetime64(step["time"].replace(" ", "T"), "s") for step in steps])

"""Parts of pictures, each drawn on axes of matplotlib that are handed in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from seqgen.core.pictures import BLUE, GREEN, GREY, INK, ORANGE, PINK, RED, SKY, shortened
from seqgen.domains.sports.fields import Field

Floats = npt.NDArray[np.float64]

_STACKED = (BLUE, ORANGE, GREEN, PINK, SKY, RED)
_LABEL = 22  # characters of one
_BOX = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.8}


def bars(axes: Any, rows: Sequence[tuple[str, float, float | None]], title: str) -> None:
    """What may come, the likeliest on top: (label, probability, the bigram's)."""
    counted = any(beside is not None for _, _, beside in rows)
    places = np.arange(len(rows))
    height, shift = (0.5, 0.14) if counted else (0.7, 0.0)
    axes.barh(places - shift, [p for _, p, _ in rows], height, color=BLUE, label="model")
    if counted:
        axes.barh(places + 0.31, [beside or 0.0 for *_, beside in rows], 0.26, color=GREY, label="bigram")
        axes.legend(loc="lower right")
    for place, (_, p, beside) in zip(places, rows, strict=True):
        axes.annotate(
            percent(p), (max(p, beside or 0.0), place), (4, 0), textcoords="offset points", va="center", size=8
        )
    axes.set_yticks(places, [shortened(label, _LABEL) for label, *_ in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlim(0, 1.16 * max((max(p, beside or 0.0) for _, p, beside in rows), default=1.0))
    axes.xaxis.set_major_formatter(lambda p, place: f"{p:.0%}")
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("probability")
    axes.set_title(title)


def percent(p: float) -> str:
    """As many digits as say something."""
    return f"{p:.0%}" if p > 0.995 or p == 0 else f"{p:.1%}" if p >= 0.001 else "<0.1%"


def field(axes: Any, drawn: Field, scale: float = 1.0) -> None:
    """The lines of a field, and its frame."""
    for line in drawn.lines:
        axes.plot(*page(drawn, *zip(*line, strict=True)), color=INK, linewidth=1.1 * scale, zorder=3)
    x, y = page(drawn, drawn.x, drawn.y)
    axes.set(xlim=sorted(x), ylim=sorted(y, reverse=not drawn.upright), aspect="equal", anchor="N")
    axes.axis("off")


def page(drawn: Field, along: Any, across: Any) -> tuple[Any, Any]:
    """A place of the field as it lies on the page."""
    return (across, along) if drawn.upright else (along, across)


def heat(axes: Any, drawn: Field, x: Sequence[float], y: Sequence[float], p_XY: Floats) -> Any:
    """The probabilities of cells between edges along and across, as density; returns what a colour bar shows. The few
    cells that are narrow, such as those on the lines, are not what the darkest colour is chosen by."""
    area = np.outer(np.diff(x), np.diff(y))
    density = 100 * p_XY / area * drawn.patch
    wide = area >= np.median(area) / 4
    most = max(float(density[wide].max()), 1e-9)
    sides = page(drawn, x, y)
    shown = density if drawn.upright else density.T
    return axes.pcolormesh(*sides, shown, cmap="Blues", vmin=0, vmax=most, zorder=1, edgecolors="none")


def likeliest(axes: Any, drawn: Field, x: Sequence[float], y: Sequence[float], p_XY: Floats, most: int = 3) -> None:
    """How probable the likeliest cells are, written into them."""
    for k in np.argsort(-p_XY, axis=None, kind="stable")[:most].tolist():
        i, j = divmod(k, len(y) - 1)
        at = page(drawn, (x[i] + x[i + 1]) / 2, (y[j] + y[j + 1]) / 2)
        axes.text(*at, percent(float(p_XY[i, j])), ha="center", va="center", size=8, bbox=_BOX, zorder=4)


def mark(axes: Any, drawn: Field, place: tuple[float, float], label: str) -> None:
    """A place, and what it is; written towards the middle of the field."""
    right = place[drawn.upright] < sum((drawn.x, drawn.y)[drawn.upright]) / 2
    at = page(drawn, *place)
    axes.plot(*at, "o", color=ORANGE, markersize=9, markeredgecolor="white", zorder=5)
    side, shift = ("left", 8) if right else ("right", -8)
    axes.annotate(label, at, (shift, 0), textcoords="offset points", ha=side, va="center", size=8, bbox=_BOX, zorder=5)


def stack(axes: Any, steps: Sequence[Mapping[str, Any]], names: Mapping[str, str], title: str) -> None:
    """Of each event ahead, the shares of the likeliest actions, of all others, and of what has ended before it."""
    total: dict[str, float] = {}
    for step in steps:
        for said in step["actions"]:
            total[said["action"]] = total.get(said["action"], 0.0) + step["share"] * said["probability"]
    chosen = sorted(total, key=lambda action: -total[action])[: len(_STACKED)]
    ahead = [step["ahead"] for step in steps]
    odds = [{said["action"]: step["share"] * said["probability"] for said in step["actions"]} for step in steps]
    shares = [[of.get(action, 0.0) for of in odds] for action in chosen]
    rest = [step["share"] - sum(column) for step, column in zip(steps, zip(*shares, strict=True), strict=True)]
    labels = [shortened(names.get(action, action), _LABEL) for action in chosen]
    # Steps, not slopes: an event is the first or the second, and nothing lies between.
    edges = [*(n - 0.5 for n in ahead), ahead[-1] + 0.5]
    below = np.zeros(len(ahead))
    for values, label, colour in zip(
        (*shares, rest), (*labels, "any other"), (*_STACKED[: len(chosen)], GREY), strict=True
    ):
        axes.stairs(below + values, edges, baseline=below, fill=True, color=colour, label=label, linewidth=0)
        below = below + values
    axes.set(xlim=(edges[0], edges[-1]), ylim=(0, 1), xlabel="events ahead", ylabel="share of the paths")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.yaxis.set_major_formatter(lambda p, place: f"{p:.0%}")
    axes.legend(reverse=True, loc="center left", bbox_to_anchor=(1, 0.5), handlelength=1)
    axes.set_title(title)


def number(axes: Any, past: Mapping[int, float], fan: Sequence[Mapping[str, float]], title: str) -> None:
    """A number of a match: as it was after so many events, and how far paths of it lie apart further on."""
    axes.step(list(past), list(past.values()), where="post", color=INK, linewidth=1.3)
    now = max(past)
    if fan:
        x = [now, *(now + f["ahead"] for f in fan)]
        low, median, high = ([past[now], *(f[name] for f in fan)] for name in ("low", "median", "high"))
        axes.fill_between(x, low, high, color=BLUE, alpha=0.25, linewidth=0, label="80 % of the paths")
        axes.plot(x, median, color=BLUE, linewidth=1.6, label="median")
        axes.axvline(now, color=GREY, linewidth=1, linestyle=":")
        axes.legend(loc="upper left", handlelength=1.2)
    axes.yaxis.get_major_locator().set_params(integer=True)
    axes.set_xlabel("events")
    axes.set_xlim(min(past), None)
    axes.set_ylim(bottom=min(0.0, *axes.get_ylim()))
    axes.set_title(title)

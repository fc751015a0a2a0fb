"""Parts of pictures, each drawn on axes of matplotlib that are handed in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from typing import Any

import numpy as np
import numpy.typing as npt

from seqgen.core.pictures import BLUE, GREEN, GREY, INK, ORANGE, PINK, RED, SKY, shortened
from seqgen.domains.sports.drawing.fields import Field

Floats = npt.NDArray[np.float64]

_STACKED = (BLUE, ORANGE, GREEN, PINK, SKY, RED)
_LABEL = 22  # characters of one
_FEWEST = 6  # bars for which there is room
_COLUMNS = 60  # of a stack, at most
_APART = 0.04  # of the width of a course, that the label of a mark takes
_PLAYED = 0.05  # of the paths, below which a stack ends
_BOX = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.8}


def bars(axes: Any, rows: Sequence[tuple[str, float, float | None]], title: str, about: str = "probability") -> None:
    """What may come, the likeliest on top: (label, probability, the bigram's)."""
    counted = any(beside is not None for _, _, beside in rows)
    places = np.arange(len(rows))
    height, shift = (0.5, 0.14) if counted else (0.7, 0.0)
    axes.barh(places - shift, [p for _, p, _ in rows], height, color=BLUE, label="model")
    if counted:
        axes.barh(places + 0.31, [beside or 0.0 for *_, beside in rows], 0.26, color=GREY, label="bigram")
        axes.legend(loc="lower right", bbox_to_anchor=(1, 0.985), ncols=2, handlelength=1)
    most = max((max(p, beside or 0.0) for _, p, beside in rows), default=1.0)
    for place, (_, p, _) in zip(places, rows, strict=True):
        axes.annotate(percent(p), (p, place - shift), (4, 0), textcoords="offset points", va="center", size=8)
    axes.set_yticks(places, [shortened(label, _LABEL) for label, *_ in rows])
    axes.set_ylim(max(len(rows), _FEWEST) - 0.4, -0.6)
    axes.set_xlim(0, max(1.18 * most, 0.01))
    axes.xaxis.set_major_formatter(lambda p, place: f"{p:.0%}" if most > 0.06 or p == 0 else f"{p:.1%}")
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(about)
    axes.set_title(title)


def percent(p: float) -> str:
    """As many digits as say something."""
    return f"{p:.0%}" if p > 0.995 or p == 0 else f"{p:.1%}" if p >= 0.001 else "<0.1%"


def field(axes: Any, drawn: Field, scale: float = 1.0) -> None:
    """The lines of a field, and its frame."""
    for line in drawn.lines:
        axes.plot(*page(drawn, *zip(*line, strict=True)), color=INK, linewidth=1.1 * scale, zorder=3)
    x, y = page(drawn, drawn.x, drawn.y)
    # Seen from above, what lies to the right of who looks to the right is below.
    flipped = (drawn.leftward, False) if drawn.upright else (False, not drawn.leftward)
    axes.set(xlim=sorted(x, reverse=flipped[0]), ylim=sorted(y, reverse=flipped[1]), aspect="equal", anchor="N")
    axes.axis("off")


def page(drawn: Field, along: Any, across: Any) -> tuple[Any, Any]:
    """A place of the field as it lies on the page."""
    return (across, along) if drawn.upright else (along, across)


def heat(axes: Any, drawn: Field, x: Sequence[float], y: Sequence[float], p_XY: Floats) -> Any:
    """The probabilities of cells between edges along and across, as density; returns what a colour bar shows. Narrow
    cells, such as those on the lines, are not what the darkest colour is chosen by."""
    area = np.outer(np.diff(x), np.diff(y))
    density = 100 * p_XY / area * drawn.patch
    wide = area >= np.median(area) / 4
    most = max(float(density[wide].max()), 1e-9)
    sides = page(drawn, x, y)
    shown = density if drawn.upright else density.T
    return axes.pcolormesh(*sides, shown, cmap="Blues", vmin=0, vmax=most, zorder=1, edgecolors="none")


def within(axes: Any, drawn: Field, shown: Any) -> None:
    """Leave out what is beyond the first line of a field."""
    (outline,) = axes.fill(*page(drawn, *zip(*drawn.lines[0], strict=True)), facecolor="none")
    shown.set_clip_path(outline)


def scale(axes: Any, drawn: Field, mesh: Any, label: str) -> None:
    """A colour bar beside the field, on its right where the field is upright, else below."""
    beside = axes.inset_axes((1.05, 0.2, 0.04, 0.6) if drawn.upright else (0.2, -0.05, 0.6, 0.03))
    bar = axes.figure.colorbar(mesh, cax=beside, orientation="vertical" if drawn.upright else "horizontal")
    bar.outline.set_visible(False)
    bar.set_label(label)


def mark(axes: Any, drawn: Field, place: tuple[float, float], label: str) -> None:
    """A place, and what it is; written towards the middle of the field."""
    right = place[drawn.upright] < sum((drawn.x, drawn.y)[drawn.upright]) / 2
    at = page(drawn, *place)
    axes.plot(*at, "o", color=ORANGE, markersize=9, markeredgecolor="white", zorder=5)
    side, shift = ("left", 8) if right else ("right", -8)
    axes.annotate(label, at, (shift, 0), textcoords="offset points", ha=side, va="center", size=8, bbox=_BOX, zorder=5)


def stack(axes: Any, steps: Sequence[Mapping[str, Any]], names: Mapping[str, str], title: str) -> None:
    """Of each event ahead, the shares of the likeliest actions, of all others, and of what has ended before it. Of many
    events, some that follow each other are drawn as one."""
    steps = [step for step in steps if step["share"] >= _PLAYED] or steps[:1]
    odds = [{said["action"]: step["share"] * said["probability"] for said in step["actions"]} for step in steps]
    chosen = sorted(names, key=lambda action: -sum(of.get(action, 0.0) for of in odds))[: len(_STACKED)]
    shares = np.array([[of.get(action, 0.0) for action in chosen] for of in odds])
    shares = np.c_[shares, [step["share"] for step in steps] - shares.sum(axis=1)]
    begins = np.arange(0, len(steps), -(-len(steps) // _COLUMNS))
    edges = np.append(begins, len(steps)) + 0.5  # steps, not slopes: between the first event and the second is none
    means = np.add.reduceat(shares, begins, axis=0) / np.diff(edges)[:, None]
    labels = [*(shortened(names[action], _LABEL) for action in chosen), "any other"]
    below = np.zeros(len(begins))
    for values, label, colour in zip(means.T, labels, (*_STACKED[: len(chosen)], GREY), strict=True):
        axes.stairs(below + values, edges, baseline=below, fill=True, color=colour, label=label, linewidth=0)
        below = below + values
    axes.set(xlim=(edges[0], edges[-1]), ylim=(0, 1), xlabel="events ahead", ylabel="share of the paths")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.yaxis.set_major_formatter(lambda p, place: f"{p:.0%}")
    axes.legend(reverse=True, loc="center left", bbox_to_anchor=(1, 0.5), handlelength=1)
    if steps[-1]["share"] < 0.995:
        axes.text(1, 1.01, "white: ended before", transform=axes.transAxes, ha="right", va="bottom", size=8)
    axes.set_title(title)


def number(axes: Any, past: Mapping[int, float], fan: Sequence[Mapping[str, float]], title: str) -> None:
    """A number of a match: as it was after so many events, and how far paths of it lie apart further on."""
    now = max(past)
    axes.step(list(past), list(past.values()), where="post", color=INK, linewidth=1.3)
    if fan:
        x = [now, *(now + f["ahead"] for f in fan)]
        low, median, high = ([past[now], *(f[name] for f in fan)] for name in ("low", "median", "high"))
        axes.fill_between(x, low, high, color=BLUE, alpha=0.25, linewidth=0)
        axes.plot(x, median, color=BLUE, linewidth=1.6)
        axes.axvline(now, color=GREY, linewidth=1, linestyle=":")
        apart = 0.15 * max(high[-1] - min(0.0, low[-1]), 1.0)  # or two would be written over each other
        shown = {high[-1], *(v for v in (low[-1],) if high[-1] - v > apart)}
        shown |= {v for v in (median[-1],) if all(abs(v - other) > apart for other in shown)}
        for value in sorted(shown):
            axes.annotate(
                f"{value:g}", (x[-1], value), (4, 0), textcoords="offset points", va="center", size=8, color=BLUE
            )
    axes.yaxis.get_major_locator().set_params(integer=True)
    axes.set_ylim(min(0.0, *past.values()), max(1.0, axes.get_ylim()[1]))
    axes.set_title(title)


def diamond(axes: Any, bases: str) -> None:
    """Bases on a field of baseball, as in 1-3: those that are taken are filled."""
    places = ((90 / 2**0.5, 90 / 2**0.5), (0.0, 2**0.5 * 90), (-90 / 2**0.5, 90 / 2**0.5))
    for place, base in zip(places, bases, strict=True):
        colour = "white" if base == "-" else ORANGE
        axes.plot(*place, "D", markersize=17, color=colour, markeredgecolor=INK, zorder=4)
    axes.plot(0, 0, marker=(5, 0, 180), markersize=17, color="white", markeredgecolor=INK, zorder=4)


def course(
    axes: Any, moments: Sequence[float], for_N: Sequence[float], against_N: Sequence[float], sides: tuple[str, str]
) -> None:
    """Probabilities of two sides over time, those of the second downwards."""
    for values, sign, colour, side in ((for_N, 1, BLUE, sides[0]), (against_N, -1, RED, sides[1])):
        heights, name = sign * np.asarray(values, np.float64), side.lstrip("_") or "no name"  # _ would hide it
        axes.fill_between(moments, heights, step="post", color=colour, alpha=0.75, linewidth=0.5, label=name)
    axes.axhline(0, color=INK, linewidth=0.8)
    most = 1.25 * max(0.01, max(for_N, default=0.0), max(against_N, default=0.0))
    axes.set(ylim=(-most, most), xlim=(min(moments, default=0), max(moments, default=1)))
    axes.yaxis.set_major_formatter(lambda p, place: f"{abs(p):.0%}" if most > 0.06 else f"{abs(p):.1%}")


def events(axes: Any, marks: Sequence[tuple[float, int, str]], breaks: Sequence[tuple[float, str]]) -> None:
    """What happened on a course: (moment, side 0 or 1, label), and where periods begin: (moment, label)."""
    for moment, label in breaks:
        axes.axvline(moment, color=GREY, linewidth=1, linestyle=":", zorder=0)
        axes.annotate(
            label, (moment, 0), (3, 4), xycoords=("data", "axes fraction"), textcoords="offset points", size=8
        )
    begin, end = axes.get_xlim()
    following: list[float] = [inf, inf]  # of each side, where the mark after it stands
    for moment, side, label in sorted(marks, reverse=True):
        top, colour = axes.get_ylim()[1 - side], (BLUE, RED)[side]
        axes.vlines(moment, 0, 0.86 * top, color=colour, linewidth=1)
        axes.plot(moment, 0.86 * top, "o", color=colour, markersize=7, markeredgecolor="white", zorder=4, clip_on=False)
        if following[side] - moment > _APART * (end - begin):  # else its label would lie under that of the next
            left = moment > end - _APART * (end - begin)
            axes.annotate(
                label, (moment, 0.86 * top), (-7 if left else 7, 0), textcoords="offset points", va="center", size=8,
                ha="right" if left else "left", color=colour,
            )  # fmt: skip
        following[side] = moment

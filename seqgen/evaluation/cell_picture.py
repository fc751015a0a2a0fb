"""Pictures of how layers remember: gradients against distance, and gates over a piece."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from seqgen.core.pictures import (
    BLUE,
    GREEN,
    ORANGE,
    PINK,
    RED,
    SKY,
    STYLE,
    check_picture,
    entitle,
    shortened,
    write_picture,
)
from seqgen.evaluation.gates import CLOSED, DOORS, OPEN, STATES, Activations, Floats, by_memory

_COLOURS = (BLUE, ORANGE, GREEN, PINK, SKY, RED)
_LOWEST = 1e-12  # of a share that is drawn
_UNITS, POSITIONS = 32, 72  # that are drawn of a layer and of a piece
_LONGEST = 14  # letters of a token
_MOST_ENDS = 0.34  # of the positions: where events are of one or two ids, lines would only hide
_COMMON = 0.6  # of the ids that have a value, for their type to go without saying
_MEANINGS = {
    "forget": "1: what the cell held is kept",
    "input": "1: what is read is taken in",
    "output": "1: the cell is heard above",
    "update": "1: what was held is kept",
    "reset": "0: what was held is not looked at",
}


def draw_gradients(runs: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Gradient norms against distance, a line for each run and a dashed one for its fresh weights. Raises UsageError,
    MissingExtra."""
    check_picture(path)
    from matplotlib import style
    from matplotlib.figure import Figure

    with style.context(["default", dict(STYLE)]):
        figure = Figure((8.4, 5.6), layout="constrained")
        places = " / ".join(dict.fromkeys(f"{run['places']:,}" for run in runs))
        entitle(
            figure,
            "How far back the gradient reaches",
            "norm of the gradient of an id's nats with respect to what was read k positions before, "
            "as a share of that at k = 0",
            f"mean over {places} held-out ids  ·  solid: trained, dashed: the same network with fresh weights",
        )
        axes = figure.subplots()
        axes.set_yscale("log")
        for n, run in enumerate(runs):
            colour = _COLOURS[n % len(_COLOURS)]
            for name, line, width in (("trained", "-", 1.8), ("fresh", "--", 0.9)):
                y = np.where(np.array(run[name]) < _LOWEST, np.nan, run[name])
                label = _label(run) if name == "trained" else None
                axes.plot(run["distances"], y, line, color=colour, linewidth=width, label=label)
        longest = max(run["distances"][-1] for run in runs)
        axes.axhline(0.01, color="#999999", linewidth=0.7, linestyle=":", zorder=0)
        axes.text(1.01, 0.01, "1 %", transform=axes.get_yaxis_transform(), fontsize=8, color="#777777", va="center")
        axes.yaxis.set_major_formatter(lambda share, place: _power(share))
        axes.set(xlim=(0, longest), xlabel="distance k in positions", ylabel="share of the gradient at k = 0")
        axes.grid(axis="y", color="#EEEEEE", linewidth=0.7)
        axes.set_axisbelow(True)
        axes.legend(loc="upper right", fontsize=9)
        write_picture(figure, path)


def _power(share: float) -> str:
    """Of ten."""
    digits = str(round(np.log10(share)))
    return "10" + digits.translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")) if digits != "0" else "1"


def _label(run: Mapping[str, Any]) -> str:
    far = f"1 % at k = {run['reach']}" if run["reach"] is not None else f"above 1 % at k = {run['distances'][-1]}"
    return f"{shortened(run['name'], 40)}: {run['cell'].upper()}, {far}"


def draw_gates(
    about: Mapping[str, Any],
    found: Activations,
    nats_T: Floats,
    tokens: Sequence[str],
    ends_T: npt.NDArray[np.bool_],
    start: int,
    path: Path,
) -> None:
    """What a layer's gates and state do over a stretch of a piece, from position `start` on: some units, ordered by how
    long they keep; beside each how often it takes which value, over the whole piece and all units. ends: behind which
    ids an event is whole, where a line is drawn. Raises UsageError, MissingExtra."""
    check_picture(path)
    from matplotlib import style
    from matplotlib.figure import Figure

    cell = about["cell"]
    rows = [*DOORS[cell], STATES[cell]]
    stop = min(len(tokens), start + POSITIONS)
    order = by_memory(cell, found)
    units = order[np.linspace(0, len(order) - 1, min(_UNITS, len(order))).round().astype(int)]
    with style.context(["default", dict(STYLE)]):
        figure = Figure((13.5, 2.1 + 1.75 * len(rows) + 1.2), layout="constrained")
        entitle(
            figure,
            f"What {cell.upper()} layer {about['layer']} of {about['layers']} does over "
            f"{shortened(about['piece'], 50)}",
            f"{len(units)} of {len(order)} units, {_order(cell)}  ·  "
            f"positions {start + 1}–{stop} of {len(tokens):,}; histograms: all units and positions",
            f"run {about['name']}  ·  a column is the step that predicts the id below it",
        )
        grid = figure.subplots(
            len(rows) + 1, 2, width_ratios=(8.6, 1), height_ratios=(*[2.4] * len(rows), 0.8), squeeze=False
        )
        for (axes, beside), name in zip(grid, rows, strict=False):
            _heat(axes, found[name][start:stop, units].T, name, beside, found[name])
            if ends_T.mean() < _MOST_ENDS:
                for at in np.flatnonzero(ends_T[start : stop - 1]):
                    axes.axvline(at + 0.5, color="#BBBBBB", linewidth=0.6)
        _surprise(grid[-1], nats_T[start:stop], tokens[start:stop])
        write_picture(figure, path)


def _order(cell: str) -> str:
    gate = DOORS[cell][0] if DOORS[cell] else None
    return "those that keep longest on top" + (f" (mean {gate} gate)" if gate else " (autocorrelation)")


def _heat(axes: Any, values_UT: Floats, name: str, beside: Any, whole_TH: Floats) -> None:
    door = name in _MEANINGS
    # A state has no bounds: what one value in a hundred exceeds is drawn as the darkest.
    most = 1.0 if door else max(1e-6, float(np.quantile(np.abs(whole_TH), 0.99)))
    low, colours = (0.0, "viridis") if door else (-most, "RdBu_r")
    axes.imshow(values_UT, aspect="auto", interpolation="nearest", cmap=colours, vmin=low, vmax=most)
    axes.set(xticks=[], yticks=[], ylabel="units")
    axes.set_title(f"{name} gate    {_MEANINGS[name]}" if door else name, loc="left")
    for side in axes.spines.values():
        side.set_visible(False)
    _histogram(beside, whole_TH, low, most, colours)
    if door:
        opened, closed = (whole_TH > OPEN).mean(), (whole_TH < CLOSED).mean()
        beside.set_title(f"{closed:.0%} < .1    {opened:.0%} > .9", fontsize=8, loc="left")


def _histogram(axes: Any, whole_TH: Floats, low: float, most: float, colours: str) -> None:
    """It is the heat map's colour bar too."""
    from matplotlib import colormaps

    counts, edges = np.histogram(np.clip(whole_TH, low, most), 40, (low, most))
    middles = (edges[1:] + edges[:-1]) / 2
    tints = colormaps[colours](np.linspace(0, 1, len(middles)))
    axes.bar(middles, counts / counts.sum(), width=edges[1] - edges[0], color=tints, edgecolor="#AAAAAA", linewidth=0.3)
    ticks = [low, (low + most) / 2, most]
    axes.set(xlim=(low, most), yticks=[], xticks=ticks)
    axes.set_xticklabels([f"{t:.2g}" for t in ticks], fontsize=8)
    axes.spines["left"].set_visible(False)


def _surprise(pair: Sequence[Any], nats_T: Floats, tokens: Sequence[str]) -> None:
    axes, empty = pair
    empty.set_axis_off()
    axes.bar(np.arange(len(nats_T)), nats_T, width=0.8, color="#777777")
    axes.set(xlim=(-0.5, len(nats_T) - 0.5), ylabel="nats")
    axes.set_title("how unlikely the id that came was, and what it is", loc="left")
    labels = [shortened(token, _LONGEST) for token in tokens]
    narrow = max(map(len, labels), default=0) <= 2
    axes.set_xticks(np.arange(len(labels)), labels, fontsize=8 if narrow else 6.5, rotation=0 if narrow else 90)
    axes.tick_params(axis="x", length=0)


def labels_of(values: Sequence[tuple[str, str]]) -> list[str]:
    """(type, value) of ids as short as they can be told apart: where most are of one type, of that the value alone."""
    kinds = [kind for kind, value in values if value]
    common = max(set(kinds), key=kinds.count, default="")
    if kinds.count(common) < _COMMON * len(kinds):
        common = ""
    return [value if kind == common and value else f"{kind} {value}".strip() for kind, value in values]

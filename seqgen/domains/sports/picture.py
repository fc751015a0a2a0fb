"""Pictures of a match: what may come next, and further on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from seqgen.core.pictures import INK, STYLE, check_picture, entitle, shortened, write_picture
from seqgen.domains.sports.drawing import panels
from seqgen.domains.sports.drawing.captions import diamond_of, done, labels, last_of, titles
from seqgen.domains.sports.drawing.fields import FIELDS, Field
from seqgen.domains.sports.drawing.places import Given, next_places
from seqgen.domains.sports.drawing.zones import Zones, zones
from seqgen.domains.sports.known import SPORTS
from seqgen.domains.sports.match import Match
from seqgen.domains.sports.moments import marks_of, minutes_of, until
from seqgen.domains.sports.soccer import LENGTH, WIDTH
from seqgen.domains.sports.sport import Row, Slot, Sport

_PAST = 60  # moments at which what has come so far is looked up
_NUMBERS, _TEXTS, _NEXT = 3, 6, 12  # that are shown
_MARKS = 20
_SIDE = 24  # characters of a name
_BEFORE = 3  # times as far back as ahead
_LEAST, _OPEN = 0.001, 0.5  # of what may come next; of paths on which something is not known yet


@contextmanager
def figure(path: Path, inches: tuple[float, float]) -> Iterator[Any]:
    """A figure of that size, then written."""
    from matplotlib import style
    from matplotlib.figure import Figure

    with style.context(["default", dict(STYLE)]):
        drawn = Figure(inches, layout="constrained")
        yield drawn
        write_picture(drawn, path)


def picture(match: Match, found: Mapping[str, Any], given: Given, path: Path) -> None:
    """See `Domain.picture`: what is next, on the sport's field where events have places; and what comes after it, where
    more than one event was asked for. Raises UsageError, MissingExtra."""
    sport, drawn = SPORTS[match.sport], FIELDS.get(match.sport)
    check_picture(path, *(("mplsoccer",) if sport.name == "soccer" else ()))
    slot = next((slot for slot in sport.slots if slot.grid), None)
    parts = zones(sport.name, found, given)
    if slot is None and parts is None and "bases" not in sport.columns:
        drawn = None
    far = "steps" in found
    with figure(path, (12, 9.6 if far else 5.5)) as page:
        entitle(page, *titles(match, "what comes next", found))
        grid = page.add_gridspec(1 + far, 1)
        upper = grid[0].subgridspec(1, 2, width_ratios=(0.6 if drawn and drawn.upright else 1.5, 1))
        if drawn is None:
            _numbers(page, upper[0], sport, match, found)
        elif parts is not None:
            _zones(page.add_subplot(upper[0]), match, parts, drawn)
        elif slot is None:
            _bases(page.add_subplot(upper[0]), match, drawn)
        else:
            _map(page.add_subplot(upper[0]), match, found, given, drawn)
        said = [p for p in found["predictions"][:_NEXT] if p["probability"] >= _LEAST]
        names = labels(match, (p["action"] for p in said))
        rows = [(names[p["action"]], p["probability"], p["bigram"]) for p in said]
        panels.bars(page.add_subplot(upper[1]), rows, f"The next {sport.main.lower()}")
        if far:
            _ahead(page, grid[1], sport, match, found, numbers=drawn is not None)


def _map(axes: Any, match: Match, found: Mapping[str, Any], given: Given, drawn: Field) -> None:
    """Where the next event ends, or takes place, and where the last did."""
    sport, last = SPORTS[match.sport], last_of(match)
    if sport.name == "soccer":
        from mplsoccer import Pitch

        size = {"pitch_length": LENGTH, "pitch_width": WIDTH}
        Pitch("custom", **size, line_color=INK, linewidth=1.1, line_zorder=3).draw(axes)
    panels.field(axes, drawn)
    there = next_places(sport, found, given)
    if there is None:
        return
    grid, slot = there.slot.grid, there.slot
    assert grid is not None  # noqa: S101  # its slot was chosen by it
    mesh = panels.heat(axes, drawn, grid.x, grid.y, there.cells)
    if drawn.walled:
        panels.within(axes, drawn, mesh)
    patch = f"{drawn.patch} {drawn.unit}²" if drawn.patch > 1 else f"{drawn.unit}²"
    nowhere = f"; {there.nowhere:.1%} have no place" if there.nowhere >= 0.0005 else ""
    panels.scale(axes, drawn, mesh, f"% of the next events per {patch}{nowhere}")
    place = _last_place(slot, last, drawn)
    if place is not None and (there.turned or drawn.turns):
        panels.mark(axes, drawn, place, f"last: {done(sport, last)}")
    who = shortened(last.get("team", ""), 24) if there.turned else ""
    ends = "ends" if slot.column.startswith("end_") else "is"
    axes.set_title(f"Where the next event {ends}; {who or drawn.direction[0]} {drawn.direction[1]}")


def _last_place(slot: Slot, last: Row, drawn: Field) -> tuple[float, float] | None:
    """Where the last event ended, as the side sees it for which the field is drawn."""
    x, y = last.get(slot.column), last.get(slot.across)
    if x is None or y is None or (drawn.turns and last.get("outcome")):
        return None
    return (-x, -y) if drawn.turns else (x, y)


def _zones(axes: Any, match: Match, parts: Zones, drawn: Field) -> None:
    """Parts of the field, the darker the more of what is asked for lies there."""
    from matplotlib.collections import PolyCollection

    panels.field(axes, drawn)
    outlines = [list(zip(*panels.page(drawn, *zip(*line, strict=True)), strict=True)) for line in parts.outlines]
    shares = PolyCollection(outlines, array=parts.density, cmap="Blues", zorder=1, edgecolors="none")
    shares.set_clim(0, max(*parts.density, 1e-9))
    axes.add_collection(shares)
    panels.within(axes, drawn, shares)
    panels.scale(axes, drawn, shares, parts.unit)
    who = shortened(last_of(match).get("team", ""), _SIDE) if parts.sided else ""
    axes.set_title(f"{parts.about}; {who or drawn.direction[0]} {drawn.direction[1]}")


def _bases(axes: Any, match: Match, drawn: Field) -> None:
    """Which bases are taken, how many are out, and the count."""
    panels.field(axes, drawn)
    bases, caption = diamond_of(match)
    panels.diamond(axes, bases)
    axes.set_title(caption)


def _numbers(page: Any, space: Any, sport: Sport, match: Match, found: Mapping[str, Any]) -> None:
    """The numbers of a match that may go on: what they were, and what comes of them. Of what hardly does, how likely
    it is."""
    fans, now = _ahead_of(found, "fan"), len(match)
    begin = max(0, now - _BEFORE * max((of["fan"][-1]["ahead"] for of in fans.values()), default=now))
    moments = np.unique(np.linspace(begin, now, _PAST).round().astype(int)).tolist()
    past = {n: sport.result(until(match, str(n))) if sport.result and n else {} for n in moments}
    names = [name for name, value in past[now].items() if not isinstance(value, str)][-_NUMBERS:]
    if fans:
        names = [name for name, of in fans.items() if any(band["high"] > of["now"] for band in of["fan"])][:_NUMBERS]
    if not names and fans:
        rows = sorted(((name.replace("_", " "), of["grows"], None) for name, of in fans.items()), key=lambda r: -r[1])
        title = f"Chance of more within {len(found['steps']):,} events"
        panels.bars(page.add_subplot(space), rows[:_TEXTS], title, "share of the paths")
        return
    rows = space.subgridspec(max(1, len(names)), 1)
    for k, name in enumerate(names):
        axes = page.add_subplot(rows[k])
        line = {n: float(of.get(name, 0)) for n, of in past.items()}
        title = f"{shortened(name.replace('_', ' '), 24)}: {line[now]:g} now"
        panels.number(axes, line, fans[name]["fan"] if fans else (), title)
        axes.set_xlim(begin, None)
        axes.tick_params(labelbottom=k == len(names) - 1)
        if k == len(names) - 1:
            axes.set_xlabel("events (band: 80 % of the paths)" if fans else "events")


def _ahead_of(found: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """What comes of the paths: the numbers, which have a fan, or the texts."""
    said = {name: value for name, value in found.get("result", {}).items() if isinstance(value, Mapping)}
    return {name: value for name, value in said.items() if ("fan" in value) == (kind == "fan")}


def _ahead(page: Any, space: Any, sport: Sport, match: Match, found: Mapping[str, Any], *, numbers: bool) -> None:
    """What further events are, and what comes of the match."""
    texts = {name: odds for name, odds in _ahead_of(found, "text").items() if odds.get("open", 0) < _OPEN}
    numbers = numbers and bool(_ahead_of(found, "fan"))
    columns = space.subgridspec(1, 1 + numbers + len(texts), width_ratios=(1.5, *[1] * (numbers + len(texts))))
    names = labels(match, (said["action"] for step in found["steps"] for said in step["actions"]))
    panels.stack(page.add_subplot(columns[0]), found["steps"], names, f"The {sport.main.lower()}s from now on")
    if numbers:
        _numbers(page, columns[1], sport, match, found)
    for k, (name, odds) in enumerate(texts.items(), 1 + numbers):
        rows = [(text, p, None) for text, p in list(odds.items())[:_TEXTS]]
        panels.bars(page.add_subplot(columns[k]), rows, name.replace("_", " ").capitalize(), "share of the paths")


def timeline(
    moments: Sequence[float],
    scores: Sequence[float],
    concedes: Sequence[float],
    path: Path,
    *,
    sides: tuple[str, str] = ("one side", "the other"),
    marks: Sequence[tuple[float, int, str]] = (),
    breaks: Sequence[tuple[float, str]] = (),
    axes: tuple[str, str] = ("minutes played", "probability to score within ten events"),
    texts: tuple[str, str, str] = ("", "", ""),
) -> None:
    """The chances of a match over time: of the first of two sides that it scores, upwards, and that it concedes,
    downwards. Raises UsageError, MissingExtra.

    marks: (moment, side 0 or 1, label), such as goals. breaks: where periods begin. axes: what along and up them is.
    texts: title, when that is, what it is from.
    """
    check_picture(path)
    with figure(path, (12, 5)) as page:
        entitle(page, *texts)
        drawn = page.add_subplot()
        panels.course(drawn, moments, scores, concedes, (shortened(sides[0], _SIDE), shortened(sides[1], _SIDE)))
        panels.events(drawn, marks, breaks)
        drawn.set(xlabel=axes[0], ylabel=axes[1])
        drawn.legend(loc="upper left", bbox_to_anchor=(0, 1.1), ncols=2, handlelength=1)


def match_timeline(match: Match, scores: Sequence[float], concedes: Sequence[float], path: Path, run: str = "") -> None:
    """The `timeline` of a match from what is said of the acting side at each of its events: how probably it scores, and
    concedes, in what follows. The first side is the one that acts first; goals are where the result of one grows."""
    teams = list(match.events["team"])
    sides = ([*dict.fromkeys(filter(None, teams)), "", ""])[:2]
    turned = np.array([team == sides[1] for team in teams], bool)
    ours, theirs = np.where(turned, [concedes, scores], [scores, concedes])
    moments, breaks = minutes_of(match)
    marks = marks_of(match, moments, sides)
    marks = marks if len(marks) <= _MARKS else []  # in basketball someone always scores
    timed = any(time is not None for time in match.events.get("time", ()))
    timeline(
        moments, ours, theirs, path, sides=(sides[0], sides[1]), marks=marks, breaks=breaks,
        axes=("minutes played" if timed else "events", "probability to score within ten events"),
        texts=titles(match, "the chances to score", {"run": run}),
    )  # fmt: skip

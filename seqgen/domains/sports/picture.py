"""Pictures of a match: what may come next, and further on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from seqgen.core.pictures import INK, STYLE, check_picture, entitle, shortened, write_picture
from seqgen.domains.sports import panels
from seqgen.domains.sports.fields import FIELDS, Field
from seqgen.domains.sports.known import SPORTS
from seqgen.domains.sports.match import Match
from seqgen.domains.sports.moments import on_clock, until
from seqgen.domains.sports.places import Given, next_places
from seqgen.domains.sports.soccer import LENGTH, WIDTH
from seqgen.domains.sports.sport import Row, Slot, Sport

_PAST = 60  # moments at which what has come so far is looked up
_NUMBERS, _TEXTS, _NEXT = 3, 6, 12  # that are shown
_NAME = 48  # characters


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
    if slot is None and "bases" not in sport.columns:
        drawn = None
    far = "steps" in found
    with figure(path, (12, 9.6 if far else 5.5)) as page:
        entitle(page, *_titles(sport, match, found))
        grid = page.add_gridspec(1 + far, 1)
        upper = grid[0].subgridspec(1, 2, width_ratios=(0.9 if drawn and drawn.upright else 1.5, 1))
        if drawn is None:
            _numbers(page, upper[0], sport, match, found)
        elif slot is None:
            _bases(page.add_subplot(upper[0]), match, drawn)
        else:
            _map(page.add_subplot(upper[0]), match, found, given, drawn)
        rows = [(_label(sport, p["action"]), p["probability"], p["bigram"]) for p in found["predictions"][:_NEXT]]
        panels.bars(page.add_subplot(upper[1]), rows, f"The next {sport.main.lower()}")
        if far:
            _ahead(page, grid[1], sport, match, found, numbers=drawn is not None)


def _map(axes: Any, match: Match, found: Mapping[str, Any], given: Given, drawn: Field) -> None:
    """Where the next event ends, or takes place, and where the last did."""
    sport, last = SPORTS[match.sport], _last(match)
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
    panels.likeliest(axes, drawn, grid.x, grid.y, there.cells)
    side = "right" if drawn.upright else "bottom"
    bar = axes.figure.colorbar(mesh, ax=axes, location=side, shrink=0.6, aspect=40, pad=0.02)
    bar.outline.set_visible(False)
    patch = f"{drawn.patch} {drawn.unit}²" if drawn.patch > 1 else f"{drawn.unit}²"
    nowhere = f"; {there.nowhere:.1%} have no place" if there.nowhere >= 0.0005 else ""
    bar.set_label(f"% of the next events per {patch}{nowhere}")
    place = _last_place(slot, last, drawn)
    if place is not None and (there.turned or drawn.turns):
        panels.mark(axes, drawn, place, f"last: {_done(sport, last)}")
    who = shortened(last.get("team", ""), 24) if there.turned else ""
    axes.set_title(f"Where the next event ends; {who or drawn.direction[0]} {drawn.direction[1]}")


def _last_place(slot: Slot, last: Row, drawn: Field) -> tuple[float, float] | None:
    """Where the last event ended, as the side sees it for which the field is drawn."""
    x, y = last.get(slot.column), last.get(slot.across)
    if x is None or y is None or (drawn.turns and last.get("outcome")):
        return None
    return (-x, -y) if drawn.turns else (x, y)


def _done(sport: Sport, last: Row) -> str:
    action = str(last.get("action", ""))
    return shortened(sport.names.get(action, action), 24)


def _bases(axes: Any, match: Match, drawn: Field) -> None:
    """A diamond with the bases that are taken."""
    panels.field(axes, drawn)


def _numbers(page: Any, space: Any, sport: Sport, match: Match, found: Mapping[str, Any]) -> None:
    """Each number of the match that still goes on, or that last did: what it was, and what may come of it."""
    moments = np.unique(np.linspace(0, len(match), _PAST).round().astype(int)).tolist()
    past = {n: sport.result(until(match, str(n))) if sport.result and n else {} for n in moments}
    ahead = _ahead_of(found, "fan")
    names = ahead or [name for name, value in past[len(match)].items() if not isinstance(value, str)]
    lines = {name: {n: float(of.get(name, 0)) for n, of in past.items()} for name in names}

    def lasts(name: str) -> float:
        line = list(lines[name].values())
        changed = max((k for k in range(1, len(line)) if line[k] != line[k - 1]), default=0)
        return float(ahead[name]["grows"] if ahead else changed)

    chosen = sorted(sorted(lines, key=lasts, reverse=True)[:_NUMBERS], key=list(lines).index)
    rows = space.subgridspec(max(1, len(chosen)), 1)
    for k, name in enumerate(chosen):
        said = ahead.get(name)
        title = f"{shortened(name.replace('_', ' '), 24)}: {lines[name][len(match)]:g} now"
        if said:
            title += f"; {said['low']:g} to {said['high']:g} on 80 % of the paths, grows on {said['grows']:.1%}"
        panels.number(page.add_subplot(rows[k]), lines[name], said["fan"] if said else (), title)


def _ahead_of(found: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """What comes of the paths: the numbers, which have a fan, or the texts."""
    said = {name: value for name, value in found.get("result", {}).items() if isinstance(value, Mapping)}
    return {name: value for name, value in said.items() if ("fan" in value) == (kind == "fan")}


def _ahead(page: Any, space: Any, sport: Sport, match: Match, found: Mapping[str, Any], *, numbers: bool) -> None:
    """What further events are, and what comes of the match."""
    texts = {name: odds for name, odds in _ahead_of(found, "text").items() if set(odds) - {"open"}}
    numbers = numbers and bool(_ahead_of(found, "fan"))
    columns = space.subgridspec(1, 1 + numbers + len(texts), width_ratios=(1.5, *[1] * (numbers + len(texts))))
    names = {said["action"]: _label(sport, said["action"]) for step in found["steps"] for said in step["actions"]}
    panels.stack(page.add_subplot(columns[0]), found["steps"], names, f"The {sport.main.lower()}s after it")
    if numbers:
        _numbers(page, columns[1], sport, match, found)
    for k, (name, odds) in enumerate(texts.items(), 1 + numbers):
        rows = [(text, p, None) for text, p in list(odds.items())[:_TEXTS]]
        panels.bars(page.add_subplot(columns[k]), rows, f"{name.replace('_', ' ').capitalize()}, on the paths")


def _titles(sport: Sport, match: Match, found: Mapping[str, Any]) -> tuple[str, str, str]:
    name = shortened(match.about["match"], _NAME)
    title = (
        f"{sport.name.capitalize()}: what comes next{' in match ' + name if name else ''} after {len(match):,} events"
    )
    paths = f"{found['paths']:,} paths, seed {found['seed']}" if "paths" in found else ""
    run = (f"run {found['run']}", "calibrated" if found["calibrated"] else "not calibrated", paths)
    about = (match.about["date"], *_where(sport, match), *_stands(sport, match))
    return title, "  ·  ".join(filter(None, about)), "  ·  ".join(filter(None, run))


def _where(sport: Sport, match: Match) -> Iterator[str]:
    """The columns that order events, of the last one: period, over … and the clock."""
    last = _last(match)
    for column in sport.order if last else ():
        if column != "time" and last[column] is not None:
            yield f"{column} {last[column]}"
        elif column == "time" and sport.clock and last[column] is not None:
            minutes, seconds = divmod(int(on_clock(sport.clock, last["period"], last[column])), 60)
            yield f"{minutes}:{seconds:02d}"


def _stands(sport: Sport, match: Match) -> Iterator[str]:
    """The numbers of a match so far."""
    if sport.result is not None and len(match):
        for name, value in sport.result(match).items():
            if not isinstance(value, str):
                yield f"{shortened(name.replace('_', ' '), 24)}: {value:g}"


def _last(match: Match) -> Row:
    """The last event; nothing where there is none."""
    return {column: values[-1] for column, values in match.events.items()} if len(match) else {}


def _label(sport: Sport, token: str) -> str:
    """How a token reads."""
    kind, _, value = token.partition("_")
    slot = next((slot for slot in sport.slots if slot.kind == kind), None)
    if slot is None:
        return "the end"
    return f"new {slot.on}, {kind.lower()} {value}" if slot.on else sport.names.get(value, value)

"""Parts of fields: how much lies in each, and where."""

from __future__ import annotations

from typing import Any

import pytest
from matplotlib.figure import Figure

from seqgen.domains.sports.drawing import panels
from seqgen.domains.sports.drawing.fields import FIELDS, Line, arc, box
from seqgen.domains.sports.drawing.zones import zones


def said(**values: float) -> dict[str, Any]:
    found = {name.replace("_", " ").strip(): p for name, p in values.items()}
    return {"said": 1.0, "values": [{"value": value, "probability": p, "bigram": None} for value, p in found.items()]}


def area(line: Line) -> float:
    """By the shoelace formula."""
    return abs(sum(x * v - u * y for (x, y), (u, v) in zip(line, (*line[1:], line[0]), strict=True))) / 2


def corners(line: Line) -> tuple[float, float, float, float]:
    x, y = zip(*line, strict=True)
    return min(x), min(y), max(x), max(y)


def test_the_next_play_is_seen_by_who_had_the_ball() -> None:
    yards = {"same": said(_30=1.0), "other": said(_30=0.5, none=0.5)}
    fields = {"Team": said(same=0.8, other=0.2), "Yard": said(_30=1.0)}
    found = zones("american football", {"fields": fields}, lambda kind, value: {"Yard": yards[value]})
    assert found is not None and found.sided
    shares = {corners(line)[0] + 0.5: p for line, p in zip(found.outlines, found.density, strict=True) if p}
    assert shares == {70: pytest.approx(80), 30: pytest.approx(10)} and len(found.outlines) == 99


def test_shots_are_rings_around_the_basket() -> None:
    fields = {"Distance": said(_0=0.2, _1=0.1, _3=0.1, none=0.6)}
    found = zones("basketball", {"fields": fields}, lambda kind, value: {})
    assert found is not None and not found.sided
    outer = [corners(line)[2] - 88.75 for line in found.outlines]
    assert outer == [pytest.approx(0.5), pytest.approx(2), pytest.approx(3)]
    assert found.density == [pytest.approx(100 * 0.5 / 0.5), pytest.approx(100 * 0.25 / 1.5), pytest.approx(25)]


def test_shots_of_tennis_fill_the_half_of_the_other() -> None:
    depths = {"backhand side": said(short=0.25, deep=0.5, very_deep=0.25), "middle": said(none=1.0)}
    fields = {"To": said(wide=0.4, backhand_side=0.3, middle=0.2, none=0.1)}
    found = zones("tennis", {"fields": fields}, lambda kind, value: {"Depth": depths[value]})
    assert found is not None
    inside = {corners(line): area(line) * p for line, p in zip(found.outlines, found.density, strict=True)}
    assert sum(inside.values()) == pytest.approx(90)
    assert len(inside) == 18 and all(x >= 0 and x2 <= 11.8851 for x, _, x2, _ in inside)
    assert sum(p for (_, y, *_), p in inside.items() if y > 1.3) == pytest.approx(30)
    assert sum(p for (x, y, *_), p in inside.items() if x == 6.4 and y > 1.3) == pytest.approx(15)
    assert max(inside, key=lambda place: inside[place]) == (0, -4.115, 6.4, pytest.approx(-4.115 * 2 / 3))


def test_sports_whose_logs_say_nothing_of_it_have_none() -> None:
    assert zones("tennis", {"fields": {}}, lambda kind, value: {}) is None
    assert zones("soccer", {"fields": {"Place": said(_0_0=1.0)}}, lambda kind, value: {}) is None


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_fields_lie_within_their_frames(name: str) -> None:
    field = FIELDS[name]
    whole = name not in ("basketball", "soccer")  # half of one is drawn, the other elsewhere
    for line in field.lines:
        for x, y in line if whole else ():
            assert field.x[0] <= x <= field.x[1] and field.y[0] <= y <= field.y[1], (x, y)


def test_lines() -> None:
    assert area(box(1, 2, 4, 8)) == 18
    assert area(arc(5, 5, 10)) == pytest.approx(314, rel=0.01)


def test_what_is_right_of_who_looks_along_is_drawn_there() -> None:
    axes = Figure().subplots(1, 3)
    for drawn, name in zip(axes, ("soccer", "hockey", "badminton"), strict=True):
        panels.field(drawn, FIELDS[name])
    soccer, hockey, badminton = ((a.get_xlim(), a.get_ylim()) for a in axes)
    assert soccer[0][0] < soccer[0][1] and soccer[1][0] > soccer[1][1]  # along to the right, across downwards
    assert hockey[1][0] < hockey[1][1]  # across is to the left: upwards
    assert badminton[0] == FIELDS["badminton"].y and badminton[1] == FIELDS["badminton"].x

"""Fields, courts and rinks as lines on paper, in the unit of each sport's places, along and across as its grids have
them. By the rules of the sport; where those leave a choice, as large as most are."""

from __future__ import annotations

import math
from dataclasses import dataclass

Line = tuple[tuple[float, float], ...]  # (along, across) one after the other


_UP = ("who hits", "is below")
BASKET = (88.75, 25.0)  # the one that is attacked


@dataclass(frozen=True)
class Field:
    """A drawing. x, y: its ends along and across. lines: of the field. unit: of its places. patch: how many square
    units densities are given for. upright: along points up the page, else to the right. leftward: across points to the
    left of who looks along, else to his right. direction: who does, where he has no name, and what he does. turns: the
    sides act by turns, so that one begins where the other's ended. walled: nothing lies beyond its first line."""

    x: tuple[float, float]
    y: tuple[float, float]
    lines: tuple[Line, ...]
    unit: str
    patch: int
    upright: bool = False
    leftward: bool = False
    direction: tuple[str, str] = ("who acts", "attacks →")
    turns: bool = False
    walled: bool = False


def box(x: float, y: float, to_x: float, to_y: float) -> Line:
    """A rectangle by two corners."""
    return ((x, y), (to_x, y), (to_x, to_y), (x, to_y), (x, y))


def arc(x: float, y: float, radius: float, begin: float = 0, end: float = 360) -> Line:
    """Part of a circle around a middle, from an angle to another in degrees; 0 is along, 90 across."""
    steps = max(8, round(abs(end - begin) / 5))
    angles = (math.radians(begin + (end - begin) * i / steps) for i in range(steps + 1))
    return tuple((x + radius * math.cos(a), y + radius * math.sin(a)) for a in angles)


def both(*lines: Line, about: float = 0.0) -> tuple[Line, ...]:
    """Lines, and the same at the other end of a field that is alike on both sides of `about`."""
    return (*lines, *(tuple((2 * about - x, y) for x, y in line) for line in lines))


def _soccer() -> Field:
    return Field((-2.5, 107.5), (-1.5, 69.5), (), "m", 100)  # drawn by mplsoccer


def _badminton() -> Field:
    """From the middle of the net; the outer lines are those of doubles."""
    lines = (
        box(-6.7, -3.05, 6.7, 3.05),
        *(((-6.7, side * 2.59), (6.7, side * 2.59)) for side in (-1, 1)),
        *both(((1.98, -3.05), (1.98, 3.05)), ((5.94, -3.05), (5.94, 3.05)), ((1.98, 0), (6.7, 0))),
        ((0, -3.35), (0, 3.35)),
    )
    return Field((-7.5, 8.2), (-3.6, 3.6), lines, "m", 1, upright=True, direction=_UP, turns=True)


def _tennis() -> Field:
    """From the middle of the net; the outer lines are those of doubles."""
    lines = (
        box(-11.885, -5.485, 11.885, 5.485),
        *(((-11.885, side * 4.115), (11.885, side * 4.115)) for side in (-1, 1)),
        *both(((6.4, -4.115), (6.4, 4.115)), ((11.885, 0), (11.585, 0))),
        ((-6.4, 0), (6.4, 0)),
        ((0, -6.4), (0, 6.4)),
    )
    return Field((-14.5, 14.5), (-7, 7), lines, "m", 1, upright=True, direction=_UP, turns=True)


def _basketball() -> Field:
    """Of the NBA, from the corner to the left of one's own basket; the half with the other is drawn."""
    angle = math.degrees(math.asin(22 / 23.75))
    lines = (
        box(0, 0, 94, 50),
        ((47, 0), (47, 50)),
        arc(47, 25, 6),
        *both(
            box(0, 17, 19, 33),
            arc(19, 25, 6),
            ((4, 22), (4, 28)),
            arc(5.25, 25, 0.75),
            arc(5.25, 25, 4, -90, 90),
            ((0, 3), (14, 3)),
            ((0, 47), (14, 47)),
            arc(5.25, 25, 23.75, -angle, angle),
            about=47,
        ),
    )
    return Field((46, 95.5), (-1.5, 51.5), lines, "ft", 100, upright=True, direction=("who acts", "attacks upwards"))


def _hockey() -> Field:
    """Of the NHL, from its middle."""
    corners = (arc(72, 14.5, 28, 0, 90), arc(-72, 14.5, 28, 90, 180), arc(-72, -14.5, 28, 180, 270))
    board = tuple(place for line in (*corners, arc(72, -14.5, 28, 270, 360)) for place in line)
    goal_line = 14.5 + math.sqrt(28**2 - (89 - 72) ** 2)
    lines = (
        (*board, board[0]),
        ((0, -42.5), (0, 42.5)),
        arc(0, 0, 15),
        *both(
            ((25, -42.5), (25, 42.5)),
            ((89, -goal_line), (89, goal_line)),
            arc(69, 22, 15),
            arc(69, -22, 15),
            arc(89, 0, 6, 90, 270),
            box(89, -3, 92.3, 3),
        ),
        *(arc(x, y, 1) for x in (-69, -20, 20, 69) for y in (-22, 22)),
    )
    return Field((-102, 102), (-45, 45), lines, "ft", 100, leftward=True, walled=True)


def _american_football() -> Field:
    """From one's own goal line, with the end zones."""
    wide = 160 / 3
    lines = (
        box(-10, 0, 110, wide),
        *(((x, 0), (x, wide)) for x in range(0, 101, 10)),
        *(((x, 0), (x, 1.5)) for x in range(0, 101, 5)),
        *(((x, wide - 1.5), (x, wide)) for x in range(0, 101, 5)),
        *(((x - 0.5, wide / 2 + side), (x + 0.5, wide / 2 + side)) for x in range(5, 100, 5) for side in (-3.1, 3.1)),
    )
    return Field((-11, 111), (-1, wide + 1), lines, "yd", 100)


def _baseball() -> Field:
    """The infield, from home plate towards second base; first base is on the right."""
    base = 90 / math.sqrt(2)
    lines = (
        ((110, -110), (0, 0), (110, 110)),
        ((base, base), (2 * base, 0), (base, -base)),
        arc(60.5, 0, 95, -72, 72),
        arc(60.5, 0, 9),
        arc(0, 0, 13),
    )
    return Field((-16, 160), (-112, 112), lines, "ft", 100, upright=True)


FIELDS: dict[str, Field] = {
    "american football": _american_football(),
    "badminton": _badminton(),
    "baseball": _baseball(),
    "basketball": _basketball(),
    "hockey": _hockey(),
    "soccer": _soccer(),
    "tennis": _tennis(),
}

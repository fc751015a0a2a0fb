"""Where the next event takes place, in sports whose logs say it in words or by a distance: parts of the field."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from seqgen.domains.sports.fields import BASKET, Line, arc, box
from seqgen.domains.sports.places import Given
from seqgen.domains.sports.sport import NONE, OTHER

_HALF, _WIDE, _SERVICE = (
    11.885,
    4.115,
    6.4,
)  # metres of half a tennis court: long, wide to the side, to the service line
_THIRD = 2 * _WIDE / 3
_MIDDLE = (_SERVICE + _HALF) / 2
_DEPTHS = {"short": (0.0, _SERVICE), "deep": (_SERVICE, _MIDDLE), "very deep": (_MIDDLE, _HALF)}
_TO = {"forehand side": -_WIDE, "middle": -_WIDE + _THIRD, "backhand side": -_WIDE + 2 * _THIRD}  # left edges
_SERVES = {"wide": -_WIDE, "body": -_WIDE * 2 / 3, "T": -_WIDE / 3}


@dataclass(frozen=True)
class Zones:
    """Parts of a field, by their outlines, and how much of what is asked for lies in each. about: what is asked for.
    unit: of what `density` is. sided: all is seen as the side sees it that acted last; else as the one does that
    acts."""

    about: str
    unit: str
    sided: bool
    outlines: list[Line]
    density: list[float]


def zones(sport: str, found: Mapping[str, Any], given: Given) -> Zones | None:
    """Found and given as `Domain.picture` has them. None where the sport has none, or nothing is said of them."""
    kinds, about, unit, parts = _SPORTS.get(sport, ((), "", "", _none))
    if not kinds or any(kind not in found["fields"] for kind in kinds):
        return None
    said = list(parts(found["fields"], given))
    return Zones(about, unit, "Team" in kinds, [line for line, _ in said], [100 * p for _, p in said])


def _none(fields: Mapping[str, Any], given: Given) -> Iterator[tuple[Line, float]]:
    yield from ()


def _yards(fields: Mapping[str, Any], given: Given) -> Iterator[tuple[Line, float]]:
    """Of each yard of the field, as the side sees it that had the ball last."""
    share = dict.fromkeys(range(1, 100), 0.0)
    for side, p in odds(fields["Team"]).items():
        for yards, q in odds(given("Team", side)["Yard"]).items():
            if yards != NONE:
                share[int(yards) if side == OTHER else 100 - int(yards)] += p * q
    for at, p in share.items():
        yield box(at - 0.5, 0, at + 0.5, 160 / 3), p


def _rings(fields: Mapping[str, Any], given: Given) -> Iterator[tuple[Line, float]]:
    """Around the basket, of each foot, where the next event is a shot."""
    share = {float(feet): p for feet, p in odds(fields["Distance"]).items() if feet != NONE}
    feet, all_of_them = sorted(share), max(sum(share.values()), 1e-30)
    edges = [0.0, *((a + b) / 2 for a, b in pairwise(feet)), *feet[-1:]]
    for (begin, end), at in zip(pairwise(edges), feet, strict=False):
        if end > begin:
            yield (*arc(*BASKET, end), *arc(*BASKET, begin)[::-1]), share[at] / all_of_them / (end - begin)


def _court(fields: Mapping[str, Any], given: Given) -> Iterator[tuple[Line, float]]:
    """Of each square metre, seen by who hits; the serve as from the right of the middle."""
    for to, p in odds(fields["To"]).items():
        if to in _SERVES:
            x, y, x2, y2 = 0.0, _SERVES[to], _SERVICE, _SERVES[to] + _WIDE / 3
            yield box(x, y, x2, y2), p / ((x2 - x) * (y2 - y))
        elif to in _TO:
            deep = odds(given("To", to).get("Depth", {"values": ()}))
            known = sum(deep.get(depth, 0.0) for depth in _DEPTHS)
            for depth, (x, x2) in _DEPTHS.items():
                share = deep.get(depth, 0.0) / known if known > 0 else (x2 - x) / _HALF
                yield box(x, _TO[to], x2, _TO[to] + _THIRD), p * share / ((x2 - x) * _THIRD)


def odds(field: Mapping[str, Any]) -> dict[str, float]:
    """Value -> its probability."""
    return {said["value"]: said["probability"] for said in field["values"]}


_Parts = Callable[[Mapping[str, Any], Given], Iterator[tuple[Line, float]]]
_SPORTS: dict[str, tuple[tuple[str, ...], str, str, _Parts]] = {
    "american football": (("Team", "Yard"), "Where the next play begins", "% of the plays per yard", _yards),
    "basketball": (("Distance",), "From how far a shot is, should it be next", "% of the shots per foot", _rings),
    "tennis": (
        ("To",),
        "Where the next shot goes; a serve is drawn as from the right",
        "% of the shots per m²",
        _court,
    ),
}

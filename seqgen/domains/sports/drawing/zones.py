"""Where the next event takes place, in sports whose logs say it in words or by a distance: parts of the field."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from seqgen.domains.sports.drawing.fields import BASKET, Line, arc, box
from seqgen.domains.sports.drawing.places import Given
from seqgen.domains.sports.sport import NONE, OTHER

_SIDE, _SERVICE, _BASE = 4.115, 6.4, 11.885  # metres from the middle of a tennis court to its lines
_EDGES = (0.0, _SERVICE, (_SERVICE + _BASE) / 2, _BASE)
_DEPTHS = ("short", "deep", "very deep")
_WIDTH = _SIDE / 3  # the half of the other has six columns
_COLUMNS = {"forehand side": (0, 1), "middle": (2, 3), "backhand side": (4, 5)}  # of a right-handed one, seen from here
_SERVES = {"wide": 0, "body": 1, "T": 2}


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
    """Of each square metre, seen by who hits; serves as from the right of the middle."""
    share = {(row, column): 0.0 for row in range(3) for column in range(6)}
    for to, p in odds(fields["To"]).items():
        if to in _SERVES:
            share[0, _SERVES[to]] += p
        elif to in _COLUMNS:
            deep = odds(given("To", to).get("Depth", {"values": ()}))
            known = [deep.get(depth, 0.0) for depth in _DEPTHS]
            known = known if sum(known) > 0 else [b - a for a, b in pairwise(_EDGES)]
            for row, q in enumerate(known):
                for column in _COLUMNS[to]:
                    share[row, column] += p * q / sum(known) / 2
    for (row, column), p in share.items():
        x, x2, y = *_EDGES[row : row + 2], column * _WIDTH - _SIDE
        yield box(x, y, x2, y + _WIDTH), p / ((x2 - x) * _WIDTH)


def odds(field: Mapping[str, Any]) -> dict[str, float]:
    """Value -> its probability."""
    return {said["value"]: said["probability"] for said in field["values"]}


_Parts = Callable[[Mapping[str, Any], Given], Iterator[tuple[Line, float]]]
_SPORTS: dict[str, tuple[tuple[str, ...], str, str, _Parts]] = {
    "american football": (("Team", "Yard"), "Where the next play begins", "% of the plays per yard", _yards),
    "basketball": (("Distance",), "From how far the next shot is", "% of the shots per foot", _rings),
    "tennis": (
        ("To",),
        "Where the next shot goes",
        "% of the shots per m²; serves as from the right",
        _court,
    ),
}

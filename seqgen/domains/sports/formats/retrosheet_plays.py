"""What a play of Retrosheet does to outs, bases and runs (https://www.retrosheet.org/eventfile.htm)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_KINDS = (  # longest first: how a play's text begins -> what it is called, and where the batter goes
    ("POCS", "caught stealing", None), ("DGR", "double", 2), ("FLE", "foul error", None), ("SB", "stolen base", None),
    ("CS", "caught stealing", None), ("PO", "pickoff", None), ("WP", "wild pitch", None), ("PB", "passed ball", None),
    ("BK", "balk", None), ("DI", "advance", None), ("OA", "advance", None), ("HP", "hit by pitch", 1),
    ("HR", "home run", 4), ("IW", "intentional walk", 1), ("FC", "fielder's choice", 1), ("NP", "", None),
    ("H", "home run", 4), ("I", "intentional walk", 1), ("W", "walk", 1), ("K", "strikeout", 0), ("S", "single", 1),
    ("D", "double", 2), ("T", "triple", 3), ("C", "interference", 1), ("E", "error", 1),
)  # fmt: skip
_MOST = 500  # characters of a play
_BASES = {"B": 0, "1": 1, "2": 2, "3": 3, "H": 4}
_STEAL = re.compile(r"(POCS|SB|CS|PO)([123H])((?:\([^)]*\))*)")
_ADVANCE = re.compile(r"([B123])([-X])([123H])(.*)")
_FORCED = re.compile(r"\(([B123])\)")


@dataclass
class Diamond:
    """Who is on base and how many are out. runners: the bases taken, 1 to 3."""

    outs: int = 0
    runners: set[int] = field(default_factory=set)

    @property
    def bases(self) -> str:
        """As in 1-3: first and third are taken."""
        return "".join(str(base) if base in self.runners else "-" for base in (1, 2, 3))

    def play(self, text: str) -> tuple[str, int, int] | None:
        """What it is called, outs made and runs scored; "" for no play. None where it cannot be understood."""
        if len(text) > _MOST:
            return None
        basic, _, advances = text.partition(".")
        first = basic.split("/")[0].strip().rstrip("!?#+-")
        kind = _kind(first)
        if kind is None:
            return None
        name, batter = kind
        moves: dict[int, int] = {}  # from a base (the batter's is 0) to another, -1 for out
        if batter is not None:
            moves[0] = batter or -1
        if name == "out":
            moves |= _fielded(first)
        for part in first.split("+"):
            moves |= dict(_stolen(part))
        for advance in filter(None, (part.strip() for part in advances.split(";"))):
            found = _ADVANCE.match(advance)
            if not found:
                return None
            start, how, end, notes = found.groups()
            out = how == "X" and not _safe(notes)
            moves[_BASES[start]] = -1 if out else _BASES[end]
        return (name, *self._move(moves))

    def _move(self, moves: dict[int, int]) -> tuple[int, int]:
        outs, runs = 0, 0
        stay = self.runners - set(moves)
        for end in moves.values():
            outs += end < 0
            runs += end == 4
            stay |= {end} if 0 < end < 4 else set()
        self.runners, self.outs = stay, min(3, self.outs + outs)
        return min(outs, 3), min(runs, 4)


def _kind(first: str) -> tuple[str, int | None] | None:
    if first[:1].isdigit():
        return "out", -1
    for begin, name, batter in _KINDS:
        if first.startswith(begin):
            return name, batter
    return None


def _fielded(first: str) -> dict[int, int]:
    """Outs of a fielded ball: 63 puts the batter out, 54(1) the runner from first alone, 64(1)3 both; an E after the
    fielders lets him reach first."""
    forced = {_BASES[base]: -1 for base in _FORCED.findall(first)}
    rest = first.rsplit(")", 1)[-1] if forced else first
    batter_out = 0 in forced or (bool(rest) and "E" not in rest)
    return {**forced, 0: -1 if batter_out else 1}


def _stolen(part: str) -> Iterator[tuple[int, int]]:
    for how, base, notes in _STEAL.findall(part):
        if how == "SB":
            yield _BASES[base] - 1, _BASES[base]
        elif how == "PO":
            yield _BASES[base], _BASES[base] if _safe(notes) else -1
        else:
            yield _BASES[base] - 1, _BASES[base] if _safe(notes) else -1


def _safe(notes: str) -> bool:
    """Whether an error among the fielders let a runner live: 2X3(7E5), but not (75)(E5/TH)."""
    first = re.match(r"\(([^)]*)\)", notes)
    return bool(first) and re.search(r"\d*E\d", first.group(1)) is not None if first else False

"""Which way a soccer team attacks, where a log does not say: shots lie towards the goal they are taken at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from seqgen.domains.sports.soccer import LENGTH, WIDTH

_SHOTS = ("shot", "penalty", "free kick shot")
_SIZES = {"x": LENGTH, "y": WIDTH, "end_x": LENGTH, "end_y": WIDTH}

Row = dict[str, Any]


def turned(rows: Sequence[Row], side: Callable[[Row], Any]) -> Iterator[Row]:
    """Rows of events in metres, as the acting team sees them: those of a side most of whose shots begin nearer to x = 0
    are turned. side: of a row, who or what always attacks the same way, such as a team, or one in a half."""
    votes: Counter[Any] = Counter()
    for row in rows:
        if row["action"] in _SHOTS and row["x"] is not None:
            votes[side(row)] += 1 if row["x"] > LENGTH / 2 else -1
    for row in rows:
        if votes[side(row)] < 0:
            row = {**row, **{c: None if row[c] is None else round(n - row[c], 3) for c, n in _SIZES.items()}}
        yield row

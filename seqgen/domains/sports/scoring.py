"""What events score, as their sport declares it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from seqgen.core.errors import UsageError
from seqgen.domains.sports.known import SPORTS
from seqgen.domains.sports.match import Match


def points(match: Match) -> npt.NDArray[np.int64]:
    """int64 [N, 3] of each event: a number for the side that acts, what it gains by it and what the others gain.
    Raises UsageError for a sport that declares no scoring."""
    declared = SPORTS[match.sport].points
    if declared is None:
        known = ", ".join(sport.name for sport in SPORTS.values() if sport.points is not None)
        raise UsageError(f"What scores in {match.sport} is not declared.", f"It is of: {known}.")
    gains = np.array([declared(event) for event in match.rows()], np.int64).reshape(len(match), 2)
    return np.column_stack([match.events["team"].codes.astype(np.int64), gains])

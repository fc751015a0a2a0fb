"""How a number goes on, event by event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Course:
    """Over the last N events of a piece. name: what the number is. values: float64 [N], after each. times: when each
    was, or empty. title: of which piece, where a file holds several."""

    name: str
    values: npt.NDArray[np.float64]
    times: Sequence[str] = ()
    title: str = ""

from __future__ import annotations

from typing import Any

import pytest

from seqgen.core.errors import UsageError
from seqgen.domains.prices.options import MAX_BINS, MIN_BINS, PricesOptions


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"bins": MIN_BINS - 1}, "3 bins: choose from 4 to 1,024"),
        ({"bins": MAX_BINS + 1}, "1025 bins"),
        ({"decay": 0.49}, "A decay of 0.49: choose from 0.5 to below 1"),
        ({"decay": 1.0}, "A decay of 1.0"),
        ({"decay": float("nan")}, "A decay of nan"),
        ({"series": " , "}, "No series is named"),
    ],
)
def test_options_out_of_range_are_refused(wrong: dict[str, Any], reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        PricesOptions(**wrong)


def test_options_at_their_bounds_are_taken() -> None:
    for right in ({"bins": MIN_BINS}, {"bins": MAX_BINS}, {"decay": 0.5}, {"series": ", A"}):
        PricesOptions(**right)

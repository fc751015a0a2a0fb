"""What is said of a stretch of a piece."""

from __future__ import annotations

import pytest

from seqgen.api.filling import _span
from seqgen.core.errors import UsageError


def test_a_stretch_is_one_number_or_two() -> None:
    assert _span("5-8") == _span(" 5 – 8 ") == (5, 8) and _span("5") == (5, 5) and _span("0-0") == (0, 0)


@pytest.mark.parametrize("text", ["", "two", "5-", "-5", "1-2-3", "1234567", "x" * 1000])
def test_what_is_no_stretch_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"is not a stretch of a piece\.$") as caught:
        _span(text)
    assert len(caught.value.message) < 100 and caught.value.hint == "Write it like 5-8."

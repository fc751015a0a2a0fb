"""Which series are the same, and what is told of one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from seqgen.domains.prices.identity import course, describe, identity, shown
from seqgen.domains.prices.series import Series

PRICES = np.array([100.0, 110.0, 99.0])
DAYS = np.array(["2020-01-02", "2020-01-03T12:30", "2020-01-06"], "datetime64[s]")
SERIES = Series("A", PRICES, DAYS, np.array([5.0, 0.0, 7.0]))


def test_a_series_in_another_unit_is_the_same_and_at_other_times_another() -> None:
    exact, moves = identity(SERIES)
    assert identity(replace(SERIES, name="B", volume=None)) == (exact, moves) and exact != moves
    in_cents = identity(replace(SERIES, prices=PRICES * 100))
    assert in_cents[1] == moves and in_cents[0] != exact
    for other in (replace(SERIES, dates=DAYS + 1), replace(SERIES, dates=None), replace(SERIES, prices=PRICES[::-1])):
        assert not {exact, moves} & set(identity(other))


def test_rows_are_described_with_what_is_known_of_them() -> None:
    assert list(describe(SERIES)) == [
        {"series": "A", "row": 0, "date": "2020-01-02", "price": 100, "return": None, "volume": 5},
        {"series": "A", "row": 1, "date": "2020-01-03 12:30:00", "price": 110, "return": 0.1, "volume": 0},
        {"series": "A", "row": 2, "date": "2020-01-06", "price": 99, "return": -0.1, "volume": 7},
    ]
    plain = list(describe(Series("", PRICES, first=4)))
    assert plain[1] == {"series": "prices", "row": 5, "price": 110, "return": 0.1}


def test_the_course_is_that_of_the_last_prices() -> None:
    last = course(SERIES, 2)
    assert (last.name, last.title, last.values.tolist()) == ("price", "A", [110, 99])
    assert list(last.times) == ["2020-01-03 12:30:00", "2020-01-06"] == [shown(day) for day in DAYS[1:]]
    assert list(course(Series("A", PRICES), 2).times) == []

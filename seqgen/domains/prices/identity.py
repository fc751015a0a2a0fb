"""What a series is, for reports and for telling series that are the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from seqgen.core.course import Course
from seqgen.domains.prices.series import Series


def identity(series: Series) -> tuple[str, ...]:
    """Two hashes: of the prices at their times, and of its returns, whatever the unit that prices are in."""
    times = b"" if series.dates is None else series.dates.astype("<i8").tobytes()
    exact = hashlib.sha256(times + series.prices.astype("<f8").tobytes())
    moves = hashlib.sha256(times + np.round(series.returns, 7).astype("<f8").tobytes())
    return exact.hexdigest()[:32], moves.hexdigest()[:32]


def describe(series: Series) -> Iterator[Mapping[str, Any]]:
    """One row a price: its time, how much it is more than the one before, the volume."""
    moves = np.concatenate([[np.nan], series.returns])
    for i, price in enumerate(series.prices.tolist()):
        row: dict[str, Any] = {"series": series.name or "prices", "row": series.first + i}
        if series.dates is not None:
            row["date"] = shown(series.dates[i])
        row |= {"price": price, "return": None if i == 0 else round(float(np.expm1(moves[i])), 8)}
        if series.volume is not None:
            row["volume"] = float(series.volume[i])
        yield row


def course(series: Series, n: int) -> Course:
    """The price after each of the last n returns."""
    times = [] if series.dates is None else [shown(time) for time in series.dates[-n:]]
    return Course("price", series.prices[-n:], times, series.name)


def shown(time: np.datetime64) -> str:
    """A day, or a time of it."""
    text = str(time)
    return text[:10] if text.endswith("T00:00:00") else text.replace("T", " ")

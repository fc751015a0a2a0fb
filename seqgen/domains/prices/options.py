"""How prices are read, and written as ids: the flags of `seqgen train prices`."""

from __future__ import annotations

from dataclasses import dataclass, field

from seqgen.core.domain import READING
from seqgen.core.errors import UsageError

MIN_BINS, MAX_BINS = 4, 1024


@dataclass(frozen=True)
class PricesOptions:
    """How prices are read, and written as ids; each field is a flag."""

    series: str = field(
        default="", metadata={"help": "Of tables, the columns or symbols to read, by commas; else all.", **READING}
    )
    bins: int = field(default=64, metadata={"help": "How many kinds of daily return, besides none at all."})
    decay: float = field(
        default=0.97, metadata={"help": "Of the running size of returns, a day: nearer to 1 it forgets more slowly."}
    )
    mirror: bool = field(
        default=True,
        metadata={
            "help": "Learn every series upside down, too: twice as much to learn from, and no drift is learned that "
            "was chance. Shares fall faster than they rise, and rise in the long run: to learn that, leave it out."
        },
    )
    calendar: bool = field(default=True, metadata={"help": "Tell the model weekday and month, where dates are known."})
    volume: bool = field(default=False, metadata={"help": "Also say each day's volume, where the files have it."})

    def __post_init__(self) -> None:
        if not MIN_BINS <= self.bins <= MAX_BINS:
            raise UsageError(f"{self.bins} bins: choose from {MIN_BINS} to {MAX_BINS:,}.")
        if not 0.5 <= self.decay < 1:
            raise UsageError(f"A decay of {self.decay}: choose from 0.5 to below 1.", "A day weighs 1 - decay.")
        if self.series and not any(name.strip() for name in self.series.split(",")):
            raise UsageError("No series is named.", "Name columns or symbols, by commas, or leave --series out.")

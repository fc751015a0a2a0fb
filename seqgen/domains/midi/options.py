"""How music is written as ids: the flags of `seqgen train midi`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, get_args

from seqgen.core.errors import UsageError

Tokenization = Literal["voices", "remi", "performance"]
GRIDS = (1, 2, 3, 4, 6, 8, 12)  # steps a quarter of the voices tokenizer


@dataclass(frozen=True)
class MidiOptions:
    """How music is written as ids; each field is a flag."""

    tokenizer: Literal["auto", "voices", "remi", "performance"] = field(
        default="auto",
        metadata={
            "help": "voices for up to four melodic lines, performance for what is played freely, in seconds and with "
            "pedal, remi for everything else."
        },
    )
    voices: int = field(default=4, metadata={"help": "The most voices of the voices tokenizer."})
    steps_per_quarter: int = field(default=4, metadata={"help": "The grid of the voices tokenizer."})

    def __post_init__(self) -> None:
        if self.tokenizer not in ("auto", *get_args(Tokenization)):
            raise UsageError(f"No MIDI tokenizer {self.tokenizer!r}.", "Choose auto, voices, remi or performance.")
        if not 1 <= self.voices <= 8:
            raise UsageError(f"{self.voices} voices: choose from 1 to 8.")
        check_grid(self.steps_per_quarter)


def check_grid(steps_per_quarter: int) -> None:
    """Raises UsageError unless it is one of GRIDS."""
    if type(steps_per_quarter) is not int or steps_per_quarter not in GRIDS:  # True is 1, and no grid
        *others, last = GRIDS
        raise UsageError(f"{steps_per_quarter!r} steps a quarter: choose {', '.join(map(str, others))} or {last}.")


def checked_ranges(ranges: Iterable[tuple[int, int, int]]) -> tuple[tuple[int, int, int], ...]:
    """Triples of program, lowest and highest pitch, in order. Raises UsageError for what is none."""
    try:
        found = tuple(sorted((int(program), int(low), int(high)) for program, low, high in ranges))
    except (TypeError, ValueError):
        raise UsageError("Ranges are triples of program, lowest and highest pitch.") from None
    if not all(0 <= program < 128 and 0 <= low <= high < 128 for program, low, high in found):
        raise UsageError("A range is a program and two pitches, each 0 to 127, the lower pitch first.")
    return found

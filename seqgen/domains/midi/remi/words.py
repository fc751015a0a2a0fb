"""The words of the REMI scheme: its settings, its vocabulary and the values that ids stand for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqgen.core.errors import UsageError
from seqgen.core.vocabulary import Vocabulary
from seqgen.domains.midi.header import TEMPOS, density_tokens, key_tokens
from seqgen.domains.midi.options import checked_ranges
from seqgen.domains.midi.remi.grid import Metre, durations, lengths, nearest

HEADER = ("Key", "Length", "Density")
KINDS = (
    *HEADER, "Bar", "TimeSignature", "Position", "Tempo", "Program", "Pitch", "Drum", "Velocity", "Duration", "End",
)  # fmt: skip
KIND = {kind: i for i, kind in enumerate(KINDS)}
_TICKS = 480  # a quarter in decoded scores, as near as whole positions allow


@dataclass(frozen=True)
class RemiSettings:
    """What defines a REMI tokenization; JSON-ready.

    positions_per_quarter: the grid; 12 holds sixteenths and triplets. n_velocities: loudness steps. max_duration:
    quarters a note may last. ranges: (program, lowest, highest pitch) that transposition keeps to; programs not named
    keep within the piano's 21-108.
    """

    positions_per_quarter: int = 12
    n_velocities: int = 32
    max_duration: int = 32
    ranges: tuple[tuple[int, int, int], ...] = ()

    def __post_init__(self) -> None:
        for number in (self.positions_per_quarter, self.n_velocities, self.max_duration):
            if not isinstance(number, int):
                raise UsageError(f"{number!r} is not a whole number.")
        if self.positions_per_quarter not in (4, 6, 8, 12, 16, 24):
            raise UsageError(f"{self.positions_per_quarter} positions a quarter: choose 4, 6, 8, 12, 16 or 24.")
        if not 1 <= self.n_velocities <= 127:
            raise UsageError(f"{self.n_velocities} velocities: choose 1 to 127.")
        if not 4 <= self.max_duration <= 64:
            raise UsageError(f"Notes of at most {self.max_duration} quarters: choose 4 to 64.")
        object.__setattr__(self, "ranges", checked_ranges(self.ranges))


class RemiWords:
    """A vocabulary with what its ids mean, as tables.

    kind: int8 [V], index into KINDS. value: int64 [V], place within its kind. first: kind -> its first id.
    durations (positions), velocities, tempos (quarters a minute), lengths (bars): the values there are, rising.
    velocity_index, duration_index: from a MIDI velocity, or a number of positions, to the index of the nearest.
    """

    def __init__(self, settings: RemiSettings) -> None:
        self.metre = Metre(settings.positions_per_quarter)
        self.durations = durations(settings.positions_per_quarter, settings.max_duration)
        self.velocities = np.unique(
            (np.arange(1, settings.n_velocities + 1) * 128 // settings.n_velocities).clip(1, 127)
        )
        self.tempos, self.lengths = np.array(TEMPOS), lengths()
        values: dict[str, Sequence[object]] = {
            "Key": key_tokens(),
            "Length": [*self.lengths, "Unknown"],
            "Density": density_tokens(),
            "Bar": [""],
            "TimeSignature": [f"{n}/{d}" for n, d in self.metre.signatures],
            "Position": range(self.metre.max_length),
            "Tempo": self.tempos.tolist(),
            "Program": range(128),
            "Pitch": range(128),
            "Drum": range(128),
            "Velocity": self.velocities.tolist(),
            "Duration": [_in_quarters(d, settings.positions_per_quarter) for d in self.durations.tolist()],
            "End": [""],
        }
        tokens = [f"{kind}_{value}".rstrip("_") for kind in KINDS for value in values[kind]]
        self.vocabulary = v = Vocabulary(tokens, unscored_types=HEADER)
        self.first = {kind: int(v.of_type(kind)[0]) for kind in KINDS}
        self.kind = np.array([KINDS.index(kind) for kind in v.types], np.int8)
        self.value = np.arange(len(v)) - np.array([self.first[kind] for kind in v.types])
        self.velocity_index = nearest(self.velocities, 128)
        self.duration_index = nearest(self.durations, int(self.durations[-1]) + 1)
        self.ticks_per_position = _TICKS // settings.positions_per_quarter

    @property
    def ticks_per_quarter(self) -> int:
        """Of decoded scores."""
        return self.ticks_per_position * self.metre.positions_per_quarter


def _in_quarters(positions: int, per_quarter: int) -> str:
    """`1.06`: one quarter and six positions."""
    return f"{positions // per_quarter}.{positions % per_quarter:02d}"

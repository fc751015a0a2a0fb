"""The words of the performance scheme: its settings, its vocabulary and the values that ids stand for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqgen.core.errors import UsageError
from seqgen.core.vocabulary import Vocabulary
from seqgen.domains.midi.header import density_tokens, key_tokens
from seqgen.domains.midi.options import checked_ranges
from seqgen.domains.midi.remi.grid import nearest

HEADER = ("Key", "Length", "Density")
KINDS = (*HEADER, "TimeShift", "Program", "Velocity", "Pitch", "Drum", "Duration", "Pedal", "End")
KIND = {kind: i for i, kind in enumerate(KINDS)}
LENGTHS = (*range(1, 31), *range(35, 61, 5), *range(70, 121, 10), *range(150, 601, 30), *range(720, 3601, 120))
DRUMS = 128  # the program of drums
TICKS_PER_QUARTER, TICKS_PER_SECOND = 500, 1000  # of decoded scores, which stand at 120 quarters a minute


@dataclass(frozen=True)
class PerformanceSettings:
    """What defines a performance tokenization; JSON-ready.

    steps_per_second: the grid. n_velocities: loudness steps. max_duration: seconds a note may last. ranges: (program,
    lowest, highest pitch) that transposition keeps to; programs not named keep within the piano's 21-108.
    """

    steps_per_second: int = 100
    n_velocities: int = 32
    max_duration: int = 20
    ranges: tuple[tuple[int, int, int], ...] = ()

    def __post_init__(self) -> None:
        for number in (self.steps_per_second, self.n_velocities, self.max_duration):
            if type(number) is not int:
                raise UsageError(f"{number!r} is not a whole number.")
        if self.steps_per_second not in (20, 40, 50, 100, 200):
            raise UsageError(f"{self.steps_per_second} steps a second: choose 20, 40, 50, 100 or 200.")
        if not 1 <= self.n_velocities <= 127:
            raise UsageError(f"{self.n_velocities} velocities: choose 1 to 127.")
        if not 2 <= self.max_duration <= 60:
            raise UsageError(f"Notes of at most {self.max_duration} seconds: choose 2 to 60.")
        object.__setattr__(self, "ranges", checked_ranges(self.ranges))


class PerformanceWords:
    """A vocabulary with what its ids mean, as tables.

    kind: int8 [V], index into KINDS. value: int64 [V], place within its kind. first: kind -> its first id.
    durations (steps), velocities: the values there are, rising. velocity_index, duration_index: from a MIDI velocity,
    or a number of steps, to the index of the nearest. steps: int64 [V], how far a TimeShift moves, 0 for other ids.
    """

    def __init__(self, settings: PerformanceSettings) -> None:
        per_second = settings.steps_per_second
        self.steps_per_second = per_second
        self.durations = _durations(per_second, settings.max_duration)
        self.velocities = np.unique(
            (np.arange(1, settings.n_velocities + 1) * 128 // settings.n_velocities).clip(1, 127)
        )
        values: dict[str, Sequence[object]] = {
            "Key": key_tokens(),
            "Length": [*LENGTHS, "Unknown"],
            "Density": density_tokens(),
            "TimeShift": [_in_seconds(steps, per_second) for steps in range(1, per_second + 1)],
            "Program": [*range(128), "Drums"],
            "Velocity": self.velocities.tolist(),
            "Pitch": range(128),
            "Drum": range(128),
            "Duration": [_in_seconds(steps, per_second) for steps in self.durations.tolist()],
            "Pedal": ["Off", "On"],
            "End": [""],
        }
        tokens = [f"{kind}_{value}".rstrip("_") for kind in KINDS for value in values[kind]]
        self.vocabulary = v = Vocabulary(tokens, unscored_types=HEADER)
        self.first = {kind: int(v.of_type(kind)[0]) for kind in KINDS}
        self.kind = np.array([KIND[kind] for kind in v.types], np.int8)
        self.value = np.arange(len(v)) - np.array([self.first[kind] for kind in v.types])
        self.steps = np.where(self.kind == KIND["TimeShift"], self.value + 1, 0)
        self.velocity_index = nearest(self.velocities, 128)
        self.default_velocity = int(self.velocity_index[64])
        self.duration_index = nearest(self.durations, int(self.durations[-1]) + 1)
        self.ticks_per_step = TICKS_PER_SECOND // per_second


def _durations(per_second: int, longest: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """In steps: every one up to a second, then ever coarser: of long notes one hears less where they end."""
    values = [*range(1, per_second)]
    for begin, stop, parts in ((1, 2, 20), (2, 4, 10), (4, 8, 4), (8, longest + 1, 1)):
        values += range(begin * per_second, stop * per_second, per_second // parts)
    return np.array([value for value in values if value <= longest * per_second], np.int64)


def _in_seconds(steps: int, per_second: int) -> str:
    """`1.25`; three digits where steps are that fine."""
    return f"{steps / per_second:.{3 if per_second > 100 or per_second == 40 else 2}f}"

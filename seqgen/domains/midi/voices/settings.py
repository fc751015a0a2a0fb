"""What defines a voices tokenization."""

from __future__ import annotations

from dataclasses import dataclass, field

from seqgen.core.errors import UsageError
from seqgen.domains.midi.header import DENSITIES
from seqgen.domains.midi.options import check_grid


@dataclass(frozen=True)
class VoicesSettings:
    """What defines a voices tokenization; JSON-ready.

    n_voices: 1 … 8. steps_per_quarter: the grid. low, high: the lowest and highest MIDI pitch.
    order: in which voices are written within a step, 0 the highest. programs, names: of the voices' tracks.
    holds: tell holding from repeating. header, end: whether sequences carry them. tempos: whether the training pieces
    state different ones, so that the model may choose; else it is quarters_per_minute where none is asked for.
    densities: notes a quarter of the sparsest and the densest of the training pieces.
    """

    n_voices: int = 4
    steps_per_quarter: int = 4
    low: int = 21
    high: int = 108
    order: tuple[int, ...] = ()
    programs: tuple[int, ...] = ()
    names: tuple[str, ...] = ()
    quarters_per_minute: float = 90.0
    holds: bool = True
    header: bool = True
    end: bool = True
    ranges: tuple[tuple[int, int], ...] = field(default=())
    tempos: bool = False
    densities: tuple[float, float] = (DENSITIES[0], DENSITIES[-1])

    def __post_init__(self) -> None:
        for name in ("holds", "header", "end", "tempos"):
            if not isinstance(getattr(self, name), bool):
                raise UsageError(f"{name} is {getattr(self, name)!r}; it must be true or false.")
        for name in ("n_voices", "low", "high"):
            if not isinstance(getattr(self, name), int):
                raise UsageError(f"{name} is {getattr(self, name)!r}; it must be a whole number.")
        n = self.n_voices
        if not 1 <= n <= 8:
            raise UsageError(f"{n} voices: from 1 to 8 can be learned.", "Use --tokenizer remi for more.")
        check_grid(self.steps_per_quarter)
        tempo = self.quarters_per_minute
        if not isinstance(tempo, int | float) or not 1 <= tempo <= 1000:
            raise UsageError(f"{tempo!r} quarters a minute is no tempo.")
        if not 0 <= self.low < self.high <= 127:
            raise UsageError(f"Pitches {self.low} to {self.high} are not a range within 0 to 127.")
        # Bass right after soprano: the outer voices frame the harmony, the inner ones fill it.
        default_order = (0, *range(n - 1, 0, -1))
        object.__setattr__(self, "order", tuple(self.order) or default_order)
        if sorted(self.order) != list(range(n)):
            raise UsageError(f"The order {self.order} does not name each of {n} voices once.")
        object.__setattr__(self, "programs", tuple(self.programs) or (0,) * n)
        object.__setattr__(self, "names", tuple(self.names) or tuple(f"Voice {i + 1}" for i in range(n)))
        whole = (self.low, self.high)
        object.__setattr__(self, "ranges", tuple((int(a), int(b)) for a, b in self.ranges) or (whole,) * n)
        if not len(self.programs) == len(self.names) == len(self.ranges) == n:
            raise UsageError(f"Programs, names and ranges must be given for each of {n} voices.")
        try:
            low, high = map(float, self.densities)
        except (TypeError, ValueError):
            low, high = 1.0, 0.0
        if not 0 < low <= high <= 10_000:
            raise UsageError(f"{self.densities!r} is no range of densities.")
        object.__setattr__(self, "densities", (low, high))
        if not all(isinstance(p, int) and 0 <= p <= 127 for p in self.programs):
            raise UsageError(f"The programs {self.programs} are not all whole numbers from 0 to 127.")
        if not all(isinstance(name, str) for name in self.names):
            raise UsageError(f"The names {self.names} are not all texts.")

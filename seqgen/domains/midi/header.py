"""What a tokenization's header says of a piece, and how it is asked for: the same in all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from seqgen.core.controls import UNKNOWN, Control
from seqgen.core.errors import UsageError
from seqgen.domains.midi.asking import CONTROLS
from seqgen.domains.midi.keys import KEYS, key_name, parse_key
from seqgen.domains.midi.score import Score

# Notes a quarter; half a note tells apart how chorales move.
DENSITIES = (0.25, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 5.5, 6, 7, 8, 10, 12, 16, 24)
# Quarters a minute, in steps of about 2 to 4 %, the usual metronome marks among them.
TEMPOS = (*range(16, 120, 2), *range(120, 200, 4), *range(200, 321, 10))


def key_tokens() -> list[str]:
    """What Key ids say."""
    return [*(key_name(key) for key in KEYS), UNKNOWN]


def density_tokens() -> list[str]:
    """What Density ids say."""
    return [*(f"{density:g}" for density in DENSITIES), UNKNOWN]


def tempo_tokens() -> list[str]:
    """What Tempo ids say."""
    return [*map(str, TEMPOS), UNKNOWN]


def density_token(n_notes: int, quarters: float) -> str:
    """What the Density id says of so many notes in so many quarters."""
    return _nearest(DENSITIES, n_notes / max(quarters, 1e-9))


def tempo_token(score: Score) -> str:
    """What the Tempo id says of a piece: its first tempo."""
    return nearest_tempo(score.tempos[0].quarters_per_minute) if score.tempos else UNKNOWN


def nearest_tempo(quarters_per_minute: float) -> str:
    """The Tempo id that is nearest."""
    return _nearest(TEMPOS, quarters_per_minute)


def key_control() -> Control:
    """Takes the names of keys."""

    def read(text: str) -> str:
        return key_name(parse_key(text))

    return Control("key", CONTROLS["key"], '"G major"', read, "Key")


def length_control(unit: str, lengths: Sequence[int]) -> Control:
    """Takes numbers of bars or seconds; the header announces the least of these that is not less, or the most.

    lengths: rising.
    """

    def read(text: str) -> str:
        if not (text.isascii() and text.isdigit() and 0 < int(text) < 10**9):
            raise UsageError(f"{text[:40]!r} is no number of {unit}.", "Write it like 16.")
        return str(lengths[min(int(np.searchsorted(lengths, int(text))), len(lengths) - 1)])

    return Control(unit, CONTROLS[unit], "16", read, "Length")


def density_control(low: float = DENSITIES[0], high: float = DENSITIES[-1]) -> Control:
    """Takes notes a quarter, and says the nearest of DENSITIES within what training pieces have: of others nothing was
    learned."""

    def read(text: str) -> str:
        if (density := _number(text)) is None or not 0 < density <= 1000:
            raise UsageError(f"{text[:40]!r} is no density.", "Write the notes a quarter of all voices, like 4 or 4.5.")
        return _nearest(DENSITIES, min(max(density, low), high))

    return Control("density", CONTROLS["density"], "4", read, "Density")


def tempo_control(kind: str = "Tempo") -> Control:
    """Takes quarters a minute, and says the nearest of TEMPOS."""

    def read(text: str) -> str:
        if (tempo := _number(text)) is None or not TEMPOS[0] <= tempo <= TEMPOS[-1]:
            raise UsageError(f"{text[:40]!r} is no tempo.", f"Write quarters a minute, {TEMPOS[0]} to {TEMPOS[-1]}.")
        return nearest_tempo(tempo)

    return Control("tempo", CONTROLS["tempo"], "96", read, kind)


def time_signature_control(signatures: Sequence[str], kind: str = "TimeSignature") -> Control:
    """Takes one of these, such as 3/4."""
    read = one_of("time signature", signatures)
    return Control("time_signature", CONTROLS["time_signature"], "3/4", read, kind)


def one_of(what: str, values: Sequence[str]) -> Callable[[str], str]:
    """Reads texts that are one of some; what: how errors call them."""

    def read(text: str) -> str:
        if (found := "".join(text.split())) not in values:
            shown = ", ".join(values[:24]) + (" …" if len(values) > 24 else "")
            raise UsageError(f"No {what} {text[:40]!r} is known here.", f"Known: {shown}.")
        return found

    return read


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if np.isfinite(number) else None


def _nearest(values: Sequence[float], value: float) -> str:
    """The nearest of them, as tokens say it; of two the lower one."""
    distances: npt.NDArray[np.float64] = np.abs(np.array(values) - value)
    return f"{values[int(distances.argmin())]:g}"

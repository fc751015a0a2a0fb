"""Keys as header values: fifths and mode, their names, their transposition."""

from __future__ import annotations

import re

from seqgen.core.errors import UsageError

_LINE_OF_FIFTHS = (
    "Fb",
    "Cb",
    "Gb",
    "Db",
    "Ab",
    "Eb",
    "Bb",
    "F",
    "C",
    "G",
    "D",
    "A",
    "E",
    "B",
    "F#",
    "C#",
    "G#",
    "D#",
    "A#",
)
_C = _LINE_OF_FIFTHS.index("C")

Key = tuple[int, bool]  # fifths -7 … 7, minor

KEYS: tuple[Key, ...] = tuple((fifths, minor) for minor in (False, True) for fifths in range(-7, 8))


def key_name(key: Key) -> str:
    """`G`, `Bb`, `F#m`: the tonic, with m for minor."""
    fifths, minor = key
    return _LINE_OF_FIFTHS[_C + fifths + 3 * minor] + "m" * minor


def parse_key(text: str) -> Key:
    """A key from `G`, `G major`, `g minor`, `F#m`, `Bb-dur`… Raises UsageError."""
    match = re.fullmatch(r"\s*([A-Ga-g])([#♯b♭-]?)\s*[-_ ]?\s*(major|minor|maj|min|dur|moll|m)?\s*", text)
    if match:
        letter, accidental, mode = match.groups()
        minor = mode in ("minor", "min", "moll", "m")
        tonic = letter.upper() + {"♯": "#", "♭": "b", "-": "b"}.get(accidental, accidental)
        for key in KEYS:
            if key_name(key) == tonic + "m" * minor:
                return key
    raise UsageError(f"{text!r} is not a key.", 'Write it like "G major", "F# minor", Bb or Em.')


def transpose_key(key: Key, semitones: int) -> Key:
    """The key moved up, spelled with at most six accidentals (itself when semitones is 0)."""
    if semitones % 12 == 0:
        return key
    fifths, minor = key
    moved = (fifths + 7 * semitones) % 12
    return (moved - 12 if moved > 6 else moved, minor)

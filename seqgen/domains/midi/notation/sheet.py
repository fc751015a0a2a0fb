"""A piece as it stands on paper: parts of staves of voices, bar by bar. All lengths are in units of 1/96 quarter."""

from __future__ import annotations

from dataclasses import dataclass

UNITS = 96  # a quarter: holds 128ths (3) and the thirds of a 32nd (4)


@dataclass(frozen=True, slots=True)
class Bar:
    """A measure. start: from the piece's beginning. shift: where in a whole measure it begins (a pickup's is late).

    signature: the metre that is shown there. key: fifths and minor. number: as printed, "" in those that are not
    counted: pickups, and bars that a new time signature cuts short.
    """

    start: int
    length: int
    shift: int
    signature: tuple[int, int]
    key: tuple[int, bool]
    number: str

    @property
    def is_whole(self) -> bool:
        """Whether it is as long as its time signature says."""
        return self.length == whole(self.signature)


def whole(signature: tuple[int, int]) -> int:
    """The length of a measure."""
    return 4 * UNITS * signature[0] // signature[1]


@dataclass(frozen=True, slots=True)
class Head:
    """One note of a chord: its name, its MIDI pitch, whether it goes on from the last symbol and into the next."""

    step: str
    alter: int
    octave: int
    pitch: int
    velocity: int
    held: bool
    holds: bool


@dataclass(frozen=True, slots=True)
class Symbol:
    """A chord, or a rest when it has no heads. start: in its bar. value: written length without dots and tuplet.

    tuplet: of three in the time of two: "" outside, else "start", "inside" or "stop". beams: MusicXML's words for
    each beam from the eighths' on. whole: a rest for the whole bar.
    """

    start: int
    length: int
    value: int
    dots: int = 0
    heads: tuple[Head, ...] = ()
    tuplet: str = ""
    beams: tuple[str, ...] = ()
    hidden: bool = False
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Staff:
    """clef: sign, line, octaves that it sounds higher. voices: [bar][voice]: symbols that fill the bar."""

    clef: tuple[str, int, int]
    bars: list[list[list[Symbol]]]


@dataclass(frozen=True, slots=True)
class Part:
    """One instrument on one staff or two."""

    name: str
    program: int
    is_drum: bool
    staves: list[Staff]


@dataclass(frozen=True, slots=True)
class Sheet:
    """tempos: (bar, where in it, quarters a minute, whether it is printed)."""

    title: str
    bars: list[Bar]
    parts: list[Part]
    tempos: list[tuple[int, int, float, bool]]

"""A piece of music as arrays of notes on a tick grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pretty_midi
    import symusic

Ints = npt.NDArray[np.int32]

NO_ROWS: Ints = np.zeros((0, 3), np.int32)
NO_ROWS.flags.writeable = False


@dataclass(frozen=True)
class Track:
    """One instrument. program: 0-127 of General MIDI (ignored for drums)."""

    program: int = 0
    is_drum: bool = False
    name: str = ""


@dataclass(frozen=True)
class TimeSignature:
    """From a tick on; the denominator is that of the note value, such as 8."""

    tick: int
    numerator: int
    denominator: int


@dataclass(frozen=True)
class KeySignature:
    """fifths: sharps (positive) or flats (negative), -7 … 7. minor: the mode."""

    tick: int
    fifths: int
    minor: bool = False


@dataclass(frozen=True)
class Tempo:
    """quarters_per_minute from this tick on."""

    tick: int
    quarters_per_minute: float


@dataclass(frozen=True, eq=False)
class Score:
    """Notes of all tracks, in one canonical order: by onset, track, pitch, duration, velocity.

    onset, duration: ticks. pitch, velocity: MIDI numbers. track: index into `tracks`. All int32 [N].
    pedals: int32 [P, 3], where a sustain pedal changes: tick, track, 1 pressed or 0 released. bends: int32 [B, 3],
    where a pitch bend changes: tick, track, -8192 … 8191, 0 for none. Both in order of tick and track.
    """

    ticks_per_quarter: int
    onset: Ints
    duration: Ints
    pitch: Ints
    velocity: Ints
    track: Ints
    tracks: tuple[Track, ...] = (Track(),)
    tempos: tuple[Tempo, ...] = ()
    time_signatures: tuple[TimeSignature, ...] = ()
    key_signatures: tuple[KeySignature, ...] = ()
    pedals: Ints = field(default_factory=lambda: NO_ROWS)
    bends: Ints = field(default_factory=lambda: NO_ROWS)
    name: str = field(default="", compare=False)

    @property
    def n_notes(self) -> int:
        """How many notes it has."""
        return len(self.onset)

    @property
    def end_tick(self) -> int:
        """Where the last note ends."""
        return int((self.onset + self.duration).max()) if self.n_notes else 0

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Score):
            return NotImplemented
        return (
            self.ticks_per_quarter == other.ticks_per_quarter
            and self.tracks == other.tracks
            and self.tempos == other.tempos
            and self.time_signatures == other.time_signatures
            and self.key_signatures == other.key_signatures
            and all(
                np.array_equal(getattr(self, name), getattr(other, name))
                for name in ("onset", "duration", "pitch", "velocity", "track", "pedals", "bends")
            )
        )

    __hash__ = None  # type: ignore[assignment]  # arrays inside

    def sorted(self) -> Score:
        """The same notes in the canonical order."""
        order = np.lexsort((self.velocity, self.duration, self.pitch, self.track, self.onset))
        return self.take(order)

    def take(self, chosen: npt.NDArray[Any]) -> Score:
        """The notes chosen by an index or boolean array, everything else as it is."""
        return replace(
            self,
            onset=self.onset[chosen],
            duration=self.duration[chosen],
            pitch=self.pitch[chosen],
            velocity=self.velocity[chosen],
            track=self.track[chosen],
        )

    def write(self, path: str | Path) -> None:
        """Write the piece; the suffix says the format (.mid, …). Raises UsageError for another suffix."""
        from seqgen.domains.midi.files import write

        write(self, Path(path))

    def to_symusic(self) -> symusic.Score[Any]:
        """The piece as a symusic score in ticks."""
        from seqgen.domains.midi.formats.midi import to_symusic

        return to_symusic(self)

    def to_pretty_midi(self) -> pretty_midi.PrettyMIDI:
        """The piece as a PrettyMIDI object."""
        from seqgen.domains.midi.formats.objects import to_pretty_midi

        return to_pretty_midi(self)


def make_score(
    ticks_per_quarter: int,
    onset: npt.ArrayLike,
    duration: npt.ArrayLike,
    pitch: npt.ArrayLike,
    velocity: npt.ArrayLike,
    track: npt.ArrayLike,
    tracks: Sequence[Track] = (Track(),),
    **marks: Any,
) -> Score:
    """A Score in canonical order from anything array-like."""
    columns = (np.asarray(values, np.int32).reshape(-1) for values in (onset, duration, pitch, velocity, track))
    names = ("onset", "duration", "pitch", "velocity", "track")
    arrays: dict[str, Any] = dict(zip(names, columns, strict=True))
    return Score(ticks_per_quarter, tracks=tuple(tracks), **arrays, **marks).sorted()

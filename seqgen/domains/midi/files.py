"""MIDI files and the objects of other libraries ↔ scores.

Bytes are laid out and checked first (`check`), then symusic reads them; a file that symusic refuses, or that is not
quite in order, is mended and read again. Whatever comes back is checked once more, so that a Score is always sound.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from seqgen.core.errors import BadInput, TooLarge, UsageError
from seqgen.core.files import read_bytes, write_bytes
from seqgen.core.limits import LIMITS
from seqgen.domains.midi import check
from seqgen.domains.midi.canonical import canonical, clean_name, int32_columns, last_at_each_tick, sort_rows, tempo_of
from seqgen.domains.midi.convert import from_music21, from_pretty_midi, to_pretty_midi
from seqgen.domains.midi.score import KeySignature, Score, Tempo, TimeSignature, Track
from seqgen.domains.midi.serial import to_bytes

if TYPE_CHECKING:
    import symusic

__all__ = [
    "SUFFIXES", "WRITTEN", "canonical", "from_music21", "from_pretty_midi", "from_symusic", "read", "to_bytes",
    "to_pretty_midi", "to_score", "to_symusic", "write",
]  # fmt: skip

SUFFIXES = (".mid", ".midi", ".kar", ".rmi", ".smf")
WRITTEN = (".mid", ".midi")
# What symusic raises: RuntimeError on bytes it does not take, the others from its bindings on values out of range.
_REFUSALS = (RuntimeError, ValueError, OverflowError, TypeError)


def read(source: Path | bytes, name: str = "") -> Iterator[Score]:
    """The piece of a MIDI file; of a file of format 2 each track as a piece of its own.

    name: how errors and the score call the file; the path when empty. Raises BadInput (with track and byte where they
    are known) or TooLarge, nothing else.
    """
    data = source if isinstance(source, bytes) else read_bytes(source)
    name = name or ("<bytes>" if isinstance(source, bytes) else str(source))
    file = check.layout(data, name)
    if file.format < 2 or len(file.tracks) == 1:
        yield _read(file, name)
        return
    pieces, refused = [], None
    for track in range(len(file.tracks)):
        try:
            pieces.append(_read(file.alone(track), name))
        except TooLarge:
            raise
        except BadInput as error:
            refused = refused or error
    if not pieces and refused:
        raise refused
    yield from pieces


def _read(file: check.Layout, name: str) -> Score:
    import symusic

    if file.plain:
        with contextlib.suppress(*_REFUSALS):  # what can be kept of the file, mending finds out
            return _sound(symusic.Score.from_midi(file.data), name)
    mended = check.mend(file, name)
    try:
        return _sound(symusic.Score.from_midi(mended), name)
    except _REFUSALS as error:
        raise BadInput(name, f"cannot be read ({error})") from None


def from_symusic(score: symusic.Score[Any], name: str = "") -> Score:
    """A symusic score (in any unit of time) as a Score. Raises BadInput when it holds no notes or impossible ones."""
    if str(score.ttype) != "Tick":
        score = score.to("tick")
    sound = _sound(score, name or "<symusic score>")
    return canonical(sound)  # in memory it may hold overlaps that no file can


def _sound(score: symusic.Score[Any], name: str) -> Score:
    """What symusic read, checked. Notes of a file are paired first to begin, first to end already."""
    columns: list[tuple[npt.NDArray[Any], ...]] = []
    tracks: list[Track] = []
    for track in score.tracks:
        notes = track.notes.numpy()
        if len(notes["time"]):
            columns.append((notes["time"], notes["pitch"], notes["duration"], notes["velocity"]))
            program = 0 if track.is_drum else int(track.program)
            tracks.append(Track(program & 0x7F, bool(track.is_drum), clean_name(track.name)))
    if not columns:
        raise BadInput(name, "holds no notes")
    if len(tracks) > LIMITS.max_tracks:
        raise TooLarge(name, "max_tracks", LIMITS.max_tracks, len(tracks))
    onset, pitch, duration, velocity = (
        np.concatenate(values).astype(np.int64) for values in zip(*columns, strict=True)
    )
    if len(onset) > LIMITS.max_notes:
        raise TooLarge(name, "max_notes", LIMITS.max_notes, len(onset))
    np.maximum(duration, 1, out=duration)
    np.clip(velocity, 1, 127, out=velocity)
    if int(onset.min()) < 0 or int((onset + duration).max()) > LIMITS.max_ticks:  # negative: beyond 32 bits
        raise TooLarge(name, "max_ticks", LIMITS.max_ticks)
    if int(pitch.min()) < 0:
        raise BadInput(name, "holds a pitch that MIDI does not have")
    of_track = np.repeat(np.arange(len(columns)), [len(column[0]) for column in columns])
    onset, of_track, pitch, duration, velocity = sort_rows((onset, of_track, pitch, duration, velocity))
    tempos = score.tempos.numpy() if len(score.tempos) else {"time": (), "mspq": ()}
    return Score(
        int(score.tpq),
        **int32_columns(onset, duration, pitch, velocity, of_track),
        tracks=tuple(tracks),
        tempos=tuple(
            last_at_each_tick(
                Tempo(int(tick), tempo_of(int(mspq)))
                for tick, mspq in zip(tempos["time"], tempos["mspq"], strict=True)
                if 0 < mspq <= 0xFFFFFF
            )
        ),
        time_signatures=tuple(
            last_at_each_tick(
                TimeSignature(int(t.time), int(t.numerator), int(t.denominator))
                for t in score.time_signatures
                if t.numerator > 0 and t.denominator > 0
            )
        ),
        key_signatures=tuple(
            last_at_each_tick(
                KeySignature(int(k.time), int(k.key), bool(k.tonality))
                for k in score.key_signatures
                if -7 <= k.key <= 7 and k.tonality in (0, 1)
            )
        ),
        name=Path(name).stem,
    )


def write(score: Score, path: Path) -> None:
    """Write a .mid or .midi file whole or not at all; equal scores give equal bytes.

    Raises UsageError for another suffix, SeqgenError when the disk refuses.
    """
    path = Path(path)
    if path.suffix.lower() not in WRITTEN:
        raise UsageError(f"{path}: MIDI files end in {' or '.join(WRITTEN)}.")
    write_bytes(path, to_bytes(score))


def to_symusic(score: Score) -> symusic.Score[Any]:
    """The piece as a symusic score in ticks, as symusic would read it from a file."""
    import symusic

    return symusic.Score.from_midi(to_bytes(score))


def to_score(piece: Any) -> Score:
    """A Score from a path, the bytes of a file, a PrettyMIDI object, a music21 stream, a symusic score or a Score.

    Of a file with several pieces (format 2) the first. Raises BadInput, or UsageError for anything else.
    """
    if isinstance(piece, Score):
        return piece
    if isinstance(piece, str | Path):
        return next(read(Path(piece), str(piece)))
    if isinstance(piece, bytes | bytearray | memoryview):
        return next(read(bytes(piece), "<bytes>"))
    # The libraries are recognised by the class's module, so that none needs to be imported to tell.
    origins = {kind.__module__.split(".")[0] for kind in type(piece).__mro__}
    if "symusic" in origins:
        return from_symusic(piece)
    if "pretty_midi" in origins:
        return from_pretty_midi(piece)
    if "music21" in origins:
        return from_music21(piece)
    raise UsageError(
        f"{type(piece).__name__} is no piece of music.",
        "Give a path, the bytes of a MIDI file, a PrettyMIDI object, a music21 stream or a symusic score.",
    )

"""MIDI files and the objects of symusic ↔ scores.

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

from seqgen.core.errors import BadInput, TooLarge
from seqgen.core.limits import LIMITS
from seqgen.domains.midi.canonical import (
    canonical,
    changes,
    clean_name,
    int32_columns,
    last_at_each_tick,
    sort_rows,
    tempo_of,
)
from seqgen.domains.midi.formats import check
from seqgen.domains.midi.formats.serial import to_bytes
from seqgen.domains.midi.score import NO_ROWS, Ints, KeySignature, Score, Tempo, TimeSignature, Track

if TYPE_CHECKING:
    import symusic

Controls = tuple[Any, ...]  # of a track: its number, ticks, values and what else there is

_SUSTAIN, _PRESSED = 64, 64  # the number of the controller, and the value from which it is on
# What symusic raises: RuntimeError on bytes it does not take, the others from its bindings on values out of range.
_REFUSALS = (RuntimeError, ValueError, OverflowError, TypeError)


def read_midi(data: bytes, name: str) -> Iterator[Score]:
    """The piece of a MIDI file; of a file of format 2 each track as a piece of its own.

    name: how errors and the score call the file. Raises BadInput (with track and byte where they are known) or
    TooLarge, nothing else.
    """
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
    controls: list[Controls] = []
    bends: list[Controls] = []
    for track in score.tracks:
        notes = track.notes.numpy()
        if len(notes["time"]):
            if said := track.controls:
                said = said.numpy()
                controls.append((len(tracks), said["time"], said["value"], said["number"]))
            if said := track.pitch_bends:
                said = said.numpy()
                bends.append((len(tracks), said["time"], said["value"]))
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
        pedals=_pedals(controls),
        bends=changes(_rows(bends)[:3].T, -8192, 8191) if bends else NO_ROWS,
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


def _rows(said: list[Controls]) -> Ints:
    """Tick, track, value and what else there is, each a row."""
    numbers, *columns = zip(*said, strict=True)
    tick, *rest = (np.concatenate(column) for column in columns)
    rows = np.empty((2 + len(rest), len(tick)), np.int32)
    rows[0], rows[1] = tick, np.repeat(numbers, [len(column) for column in columns[0]])
    rows[2:] = rest
    return rows


def _pedals(controls: list[Controls]) -> Ints:
    if not controls:
        return NO_ROWS
    if not (np.concatenate([said[3] for said in controls]) == _SUSTAIN).any():
        return NO_ROWS
    rows = _rows(controls)
    tick, track, value, _ = rows[:, rows[3] == _SUSTAIN]
    return changes(np.stack((tick, track, value >= _PRESSED), axis=1), 0, 1)


def to_symusic(score: Score) -> symusic.Score[Any]:
    """The piece as a symusic score in ticks, as symusic would read it from a file."""
    import symusic

    return symusic.Score.from_midi(to_bytes(score))

"""Scores as events in steps of time, and events as ids."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from seqgen.domains.midi.canonical import changes, sort_rows
from seqgen.domains.midi.clock import Clock
from seqgen.domains.midi.performance.words import DRUMS, PerformanceWords
from seqgen.domains.midi.score import Score

Ids = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]

PEDAL, NOTE = 0, 1  # how events of a program at one time are ordered


def events(score: Score, words: PerformanceWords) -> tuple[Longs, ...]:
    """Step, program, order, pitch (of a pedal 1 or 0), indices of duration and velocity of all events, sorted."""
    notes, pedals = note_events(score, words), pedal_events(score, words)
    if not len(pedals):
        return sort_rows((*notes[:2], np.full(score.n_notes, NOTE), *notes[2:]))
    none = np.zeros(len(pedals), np.int64)
    columns = (*pedals[:, :2].T, none + PEDAL, pedals[:, 2], none, none)
    both = zip((*notes[:2], np.full(score.n_notes, NOTE), *notes[2:]), columns, strict=True)
    return sort_rows([np.concatenate(pair) for pair in both])


def note_events(score: Score, words: PerformanceWords) -> tuple[Longs, ...]:
    """Step, program, pitch, indices of duration and velocity of each note; int64 [N] each."""
    clock, per_second = Clock(score), words.steps_per_second
    begin, end = clock.seconds(score.onset), clock.seconds(score.onset.astype(np.int64) + score.duration)
    longest = len(words.duration_index) - 1
    duration = np.minimum(_rounded((end - begin) * per_second), longest)
    programs = np.array([DRUMS if t.is_drum else t.program for t in score.tracks], np.int64)
    return (
        _rounded(begin * per_second),
        programs[score.track],
        score.pitch.astype(np.int64),
        words.duration_index[duration],
        words.velocity_index[score.velocity],
    )


def pedal_events(score: Score, words: PerformanceWords) -> Longs:
    """int64 [P, 3] step, program, 1 pressed or 0 released: of programs that play, changes only.

    The tracks of a program have one pedal: it is pressed while any of theirs is.
    """
    rows = score.pedals
    if not len(rows):
        return np.zeros((0, 3), np.int64)
    plays = np.bincount(score.track, minlength=len(score.tracks)) > 0
    plays &= np.array([not track.is_drum for track in score.tracks])
    rows = rows[plays[rows[:, 1]]]
    program = np.array([track.program for track in score.tracks], np.int64)[rows[:, 1]]
    step = _rounded(Clock(score).seconds(rows[:, 0]) * words.steps_per_second)
    order = np.argsort(program, kind="stable")  # rows are in order of time already
    step, program, pressed = step[order], program[order], rows[order, 2]
    down = np.cumsum(2 * pressed - 1)
    first = np.concatenate(([True], program[1:] != program[:-1]))[: len(program)]
    before = np.where(first, down - (2 * pressed - 1), 0)
    down = down - before[np.maximum.accumulate(np.where(first, np.arange(len(first)), 0))] if len(down) else down
    return changes(np.stack((step, program, down > 0), axis=1), 0, 1).astype(np.int64)


def lay_out(header: list[int], rows: tuple[Longs, ...], words: PerformanceWords) -> Ids:
    """Sorted events as ids: each event's size is known, so all are written at once, where they end."""
    first, second = words.first, words.steps_per_second
    step, program, order, pitch, duration, velocity = rows
    whole, part = np.divmod(np.diff(step, prepend=0), second)
    switches = np.ones(len(step), bool)
    switches[1:] = program[1:] != program[:-1]
    is_note = order == NOTE
    notes = np.flatnonzero(is_note)
    of_program = notes[np.argsort(program[notes], kind="stable")]
    louder = np.zeros(len(step), bool)  # or softer than the note of its program before
    louder[of_program[0]] = True
    a, b = of_program[:-1], of_program[1:]
    louder[b] = (program[a] != program[b]) | (velocity[a] != velocity[b])
    own = 1 + is_note
    end = np.cumsum(whole + (part > 0) + switches + louder + own) + len(header)
    out = np.full(int(end[-1]) + 1, first["TimeShift"] + second - 1, np.int32)
    out[: len(header)] = header
    out[-1] = first["End"]
    at = end - own
    out[at] = pitch + first["Pitch"]
    drums = is_note & (program == DRUMS)
    out[at[drums]] = pitch[drums] + first["Drum"]
    out[at[~is_note]] = pitch[~is_note] + first["Pedal"]
    out[end[is_note] - 1] = duration[is_note] + first["Duration"]
    out[at[louder] - 1] = velocity[louder] + first["Velocity"]
    at = at - louder
    out[at[switches] - 1] = program[switches] + first["Program"]
    moved = part > 0
    out[(at - switches)[moved] - 1] = part[moved] - 1 + first["TimeShift"]
    return out


def _rounded(values: npt.NDArray[np.float64]) -> Longs:
    """The nearest whole numbers; a hair below a half is a half, as sums of seconds are not exact."""
    return np.asarray(values + (0.5 + 1e-6)).astype(np.int64)

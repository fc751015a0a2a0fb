"""A keyboard played live: its messages → a phrase, a phrase → what a model continues, its answer → messages.

Messages are mido's, or anything with their attributes. Times are in seconds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from seqgen.core.tokenizer import Ids, Tokenizer
from seqgen.domains.midi.canonical import canonical
from seqgen.domains.midi.files import to_score
from seqgen.domains.midi.key_finding import UNKNOWN, find_keys
from seqgen.domains.midi.ports import names as port_names
from seqgen.domains.midi.ports import opened as open_ports
from seqgen.domains.midi.score import KeySignature, Score, Tempo, TimeSignature, Track, make_score

__all__ = ["Call", "Listener", "call", "estimate_tempo", "open_ports", "port_names", "timed"]

TICKS = 480
DEFAULT_TEMPO = 100.0
_STUCK = 8.0  # seconds of no message after which a key that is down counts as let go
_CHORD = 0.035  # keys struck within so many seconds are struck together
_LEGATO = 0.25  # quarters that a note may reach into the next one
_LATE = 0.25  # quarters after a beat where a phrase still ends on that beat
_DRUMS = 9  # their channel
_PITCHED = tuple(channel for channel in range(16) if channel != _DRUMS)
_GRIDS = ((4, 4.0), (2, 1.0), (1, 1.0))  # places in a quarter, what it costs to lie beside them
_TEMPOS = np.arange(50.0, 181.0)
# Fifths of the major key on each pitch class from C, and of the minor key.
_FIFTHS = ((0, -5, 2, -3, 4, -1, 6, 1, -4, 3, -2, 5), (-3, 4, -1, 6, 1, -4, 3, -2, 5, 0, -5, 2))


@dataclass(eq=False)
class _Key:
    """A key struck: when, until when (None: it sounds), how high and how hard."""

    onset: float
    end: float | None
    pitch: int
    velocity: int


@dataclass
class Listener:
    """Collects messages until a phrase is over: no key down and `pause` seconds without a message."""

    pause: float = 1.0
    keys: list[_Key] = field(default_factory=list)
    _last: float = 0.0
    _pedal: bool = False
    _held: list[_Key] = field(default_factory=list)  # let go, but the pedal is down

    def take(self, seconds: float, message: Any) -> bool:
        """Whether it belongs to the music: a key or the sustain pedal."""
        pressed = message.type == "note_on" and message.velocity > 0
        if message.type in ("note_on", "note_off"):
            for key in self.keys:
                if key.end is not None or key.pitch != message.note:
                    continue
                if pressed or not self._pedal:
                    key.end = seconds
                elif key not in self._held:
                    self._held.append(key)
            if pressed:
                self.keys.append(_Key(seconds, None, message.note, message.velocity))
        elif message.type == "control_change" and message.control == 64:
            self._pedal = message.value >= 64
            if not self._pedal:
                for key in self._held:
                    key.end = key.end or seconds
                self._held = []
        else:
            return False
        self._last = seconds
        return True

    def over(self, now: float) -> bool:
        """Whether a phrase has been played and has come to its end."""
        down = any(key.end is None for key in self.keys if key not in self._held)
        return bool(self.keys) and now - self._last >= self.pause + _STUCK * down

    def pausing(self, now: float) -> bool:
        """Whether a phrase may be about to end."""
        return (
            bool(self.keys)
            and all(key.end is not None or key in self._held for key in self.keys)
            and (now - self._last >= self.pause / 4)
        )

    def clear(self) -> None:
        """Begin a new phrase."""
        self.keys, self._held = [], []

    def phrase(self, tempo: float | None = None) -> Score:
        """What was played, from its first note on a beat to a full beat. tempo: quarters a minute; None estimates it.

        The same at any time after the last message."""
        keys, last = self.keys, self._last
        onset = np.array([key.onset for key in keys])
        stop = np.array([last if key.end is None else key.end for key in keys])
        for i in range(1, len(onset)):
            if onset[i] - onset[i - 1] < _CHORD:
                onset[i] = onset[i - 1]
        tempo = estimate_tempo(onset) if tempo is None else tempo
        onset, stop = (onset - onset[0]) * tempo / 60, (stop - onset[0]) * tempo / 60
        stop = _trimmed(onset, np.maximum(stop, onset + 0.1))
        pitch = [key.pitch for key in keys]
        heard = np.bincount(np.array(pitch) % 12, weights=100 * (stop - onset), minlength=12)
        found = int(find_keys(heard.astype(np.int64)[None] + 1, np.array([pitch[-1] % 12]))[0])
        score = make_score(
            TICKS, np.rint(onset * TICKS), np.rint((stop - onset) * TICKS), pitch, [key.velocity for key in keys],
            [0] * len(keys), [Track()], tempos=(Tempo(0, tempo),), time_signatures=(TimeSignature(0, 4, 4),),
            key_signatures=() if found == UNKNOWN else (KeySignature(0, _FIFTHS[found // 12][found % 12], found > 11),),
            name="phrase",
        )  # fmt: skip
        return canonical(score)


def _trimmed(onset: npt.NDArray[Any], stop: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Ends in quarters, without legato's overlaps, the last ones on a full beat."""
    stop = stop.copy()
    for i, begin in enumerate(onset):
        later = onset[onset > begin]
        if len(later) and later[0] < stop[i] < later[0] + _LEGATO:
            stop[i] = later[0]
    end = max(1.0, float(np.ceil(stop.max() - _LATE)), float(np.floor(onset.max()) + 1))
    stop[stop >= stop.max() - 0.5] = end
    trimmed: npt.NDArray[np.float64] = np.minimum(stop, end)
    return trimmed


def estimate_tempo(onset: npt.NDArray[Any]) -> float:
    """Quarters a minute that put these onsets closest to quarters, eighths and sixteenths counted from the first; of
    such the nearest to 100. onset: seconds, in order."""
    onset = np.unique(onset) - onset[0]
    if len(onset) < 3:
        return DEFAULT_TEMPO
    place = onset[1:, None] * _TEMPOS / 60  # in quarters, [notes, tempos]
    cost: npt.NDArray[np.float64] = 0.05 * np.log2(_TEMPOS / DEFAULT_TEMPO) ** 2
    for n, weight in _GRIDS:
        cost += weight * ((place * n - np.rint(place * n)) ** 2).mean(axis=0)
    return float(_TEMPOS[np.argmin(cost)])


@dataclass(frozen=True)
class Call:
    """A phrase as a model is to continue it.

    template: int32 [T], -1 where the model chooses. begin: the tick of a decoded piece from which on it is answer.
    shift: semitones by which the phrase was moved to fit the model; the answer is moved back. tempo: quarters a minute
    of the phrase, and of the answer.
    """

    template: Ids
    begin: int
    shift: int
    tempo: float = DEFAULT_TEMPO

    def answer(self, piece: Score) -> Score | None:
        """What of a decoded piece answers the phrase, from its first note on; None when nothing does. A note that is
        held from before begins with the answer."""
        stop = piece.onset + piece.duration
        onset = np.maximum(piece.onset, self.begin)
        piece = replace(piece, onset=onset, duration=np.maximum(stop - onset, 1))
        chosen = stop > self.begin
        pitch = piece.pitch - self.shift
        chosen &= (pitch >= 0) & (pitch < 128)
        if not chosen.any():
            return None
        first = int(piece.onset[chosen].min())
        moved = replace(piece, onset=np.maximum(piece.onset - first, 0), pitch=pitch).take(chosen)
        return canonical(replace(moved, tempos=(Tempo(0, self.tempo),), name="answer"))


def call(tokenizer: Tokenizer[Any], phrase: Any, length: tuple[int, str], **given: Any) -> Call:
    """A phrase, moved by octaves into the model's range. A phrase of one voice is the highest of a model of several,
    which finds the others itself. Raises BadInput when the tokenizer cannot say the phrase, UsageError."""
    phrase, shift = to_score(phrase), 0
    scheme: Any = getattr(tokenizer, "scheme", None)
    if tokenizer.name == "voices":
        ranges, low, high = scheme.settings.ranges, phrase.pitch.min(), phrase.pitch.max()
        bottom, top = ranges[0] if _one_voice(phrase) else (min(a for a, _ in ranges), max(b for _, b in ranges))

        def outside(k: int) -> tuple[int, int]:
            return max(bottom - int(low) - k, 0) + max(int(high) + k - top, 0), abs(k)

        shift = min(range(-96, 97, 12), key=outside)
        phrase = phrase if not shift else replace(phrase, pitch=phrase.pitch + shift)
    template = tokenizer.template(phrase, length, **given)
    begin = tokenizer.decode(template[template >= 0]).end_tick
    if tokenizer.name == "voices":
        template = _with_free_voices(template, scheme)
    tempo = phrase.tempos[-1].quarters_per_minute if phrase.tempos else DEFAULT_TEMPO
    return Call(template, begin, shift, tempo)


def _one_voice(phrase: Score) -> bool:
    return bool((phrase.onset[1:] >= (phrase.onset + phrase.duration)[:-1]).all())


def _with_free_voices(template: Ids, scheme: Any) -> Ids:
    """Voices that rest throughout are left to the model; where the first one of a step rests, none is."""
    n = scheme.n_header
    body = template[n:].reshape(-1, scheme.settings.n_voices).copy()
    silent = (body == scheme.rest).all(axis=0)
    if not silent[0]:
        body[:, silent] = -1
    return np.concatenate([template[:n], body.reshape(-1)]).astype(np.int32)


def timed(answer: Score, whole: bool = True) -> Iterator[tuple[float, Any]]:
    """(seconds from its beginning, message) of each note's beginning and end, in order. Equal pitches of a channel that
    overlap sound as one. The first instrument has the first channel as it is; further ones have channels of their own,
    whose programs are set. whole: else more notes are to come, and only what these cannot change is given.
    """
    from mido import Message

    events = []
    for on, long, pitch, velocity, track in zip(
        *(c.tolist() for c in (answer.onset, answer.duration, answer.pitch, answer.velocity, answer.track)), strict=True
    ):
        events += [(on, 1, pitch, velocity, answer.tracks[track]), (on + long, 0, pitch, 0, answer.tracks[track])]
    end = max(on for on in answer.onset.tolist()) if not whole else answer.end_tick + 1
    rate = 60 / (answer.tempos[0].quarters_per_minute if answer.tempos else DEFAULT_TEMPO) / answer.ticks_per_quarter
    channels: dict[int, int] = {}  # of each program
    sounding: Counter[tuple[int, int]] = Counter()
    for tick, begins, pitch, velocity, track in sorted(events, key=lambda event: (*event[:3], event[4].program)):
        if tick >= end:
            return
        channel = _DRUMS if track.is_drum else channels.get(track.program, -1)
        if channel < 0:
            channel = channels[track.program] = _PITCHED[len(channels) % len(_PITCHED)]
            if channel:
                yield tick * rate, Message("program_change", channel=channel, program=track.program)
        sounding[channel, pitch] += 1 if begins else -1
        if begins and sounding[channel, pitch] == 1:
            yield tick * rate, Message("note_on", channel=channel, note=pitch, velocity=velocity)
        elif not begins and sounding[channel, pitch] == 0:
            yield tick * rate, Message("note_off", channel=channel, note=pitch)

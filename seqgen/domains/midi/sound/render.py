"""Notes of a SoundFont → samples. All notes of one key of one region share a wave, which is computed once."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from seqgen.domains.midi.score import Score
from seqgen.domains.midi.sound.soundfont import Region, SoundFont

Floats = npt.NDArray[np.float32]

_RINGS = 4.0  # seconds that a struck drum may ring on, however short its note
_RELEASE = 1.2  # seconds of a release, at most
_SPREAD = 0.3  # how far from the middle the outer tracks stand
_INAUDIBLE = 0.7  # of the 100 dB that an envelope's times are of
_CLASSES = (
    (42, 44, 46),
    (71, 72),
    (73, 74),
    (78, 79),
    (80, 81),
)  # drums of which one sounds, where a font says nothing
_OPEN = 15_000.0  # Hz: a filter above is not heard


class _Note(NamedTuple):
    """begin, held: in samples, held until the key is let go. cut: samples after which another drum silences it, 0 where
    none does. pan: of its track."""

    begin: int
    held: int
    cut: int
    gain: float
    pan: float


def render(score: Score, seconds: npt.NDArray[np.float64], font: SoundFont, rate: int, n_samples: int) -> Floats:
    """The mixed sound, [2, n_samples], of any loudness. seconds: [N, 2], when each note begins and ends."""
    mixed = np.zeros((2, n_samples), np.float32)
    quick = np.linspace(1, 0, rate // 100, dtype=np.float32)
    begins, ends = (np.rint(seconds * rate).astype(np.int64)).T
    for (region, key), notes in _grouped(score, begins, ends, font, rate).items():
        longest = max(note.held for note in notes)
        fade = _release(region, rate)
        wave = _wave(font, region, key, longest + len(fade), rate)
        level = _held(region, min(longest, len(wave)) + 1, rate)
        wet = wave[: len(level)] * level[: len(wave)]
        for note in notes:
            angle = (1 + min(1.0, max(-1.0, region.pan + note.pan))) * math.pi / 4
            sides = math.cos(angle), math.sin(angle)
            held = min(note.held, len(wet), n_samples - note.begin)
            _add(mixed, note.begin, wet[:held] * note.gain, sides)
            n_rest = min(len(fade), len(wave) - held, n_samples - note.begin - held)
            if note.cut:
                n_rest = min(n_rest, note.cut - held + len(quick))
            if n_rest > 0:
                rest = wave[held : held + n_rest] * (fade[:n_rest] * (level[held] * note.gain))
                if note.cut:
                    rest[-len(quick) :] *= quick[-n_rest:]
                _add(mixed, note.begin + held, rest, sides)
    return mixed


def _add(mixed: Floats, begin: int, part: Floats, sides: tuple[float, float]) -> None:
    for side in (0, 1):
        if sides[side] > 1e-3:
            mixed[side, begin : begin + len(part)] += part * np.float32(sides[side])


def _grouped(
    score: Score, begins: npt.NDArray[Any], ends: npt.NDArray[Any], font: SoundFont, rate: int
) -> dict[tuple[Region, int], list[_Note]]:
    groups: dict[tuple[Region, int], list[_Note]] = defaultdict(list)
    cuts, pans = _cuts(score, begins, font), _pans(score)
    columns = (score.pitch, score.velocity, score.track, begins, ends - begins)
    known: dict[tuple[int, int, int], list[Region]] = {}
    for n, (key, velocity, track, begin, held) in enumerate(zip(*(c.tolist() for c in columns), strict=True)):
        struck = known.get((track, key, velocity))
        if struck is None:
            struck = known[track, key, velocity] = list(_struck(score, track, key, velocity, font))
        loud = (velocity / 127) ** 2  # so the specification has it: 40 dB a factor of ten
        for region in struck:
            rings = score.tracks[track].is_drum and region.loop is None
            longer = max(held, round(_RINGS * rate)) if rings else max(1, held)
            cut = cuts.get(n, 0)
            note = _Note(begin, min(longer, cut or longer), cut, loud * region.gain, pans[track])
            groups[region, key].append(note)
    return groups


def _struck(score: Score, track: int, key: int, velocity: int, font: SoundFont) -> Iterator[Region]:
    instrument = score.tracks[track]
    for region in font.regions(instrument.program, drums=instrument.is_drum):
        if region.takes(key, velocity):
            yield region


def _cuts(score: Score, begins: npt.NDArray[Any], font: SoundFont) -> dict[int, int]:
    """Drum notes that a later one of their class silences, such as an open hi-hat by a closed one, and after how many
    samples."""
    drums = [track for track, of in enumerate(score.tracks) if of.is_drum]
    classes = {key: -place for place, keys in enumerate(_CLASSES, 1) for key in keys}
    if drums:
        for region in font.regions(0, drums=True):
            if region.exclusive:
                classes.update(dict.fromkeys(range(region.keys[0], region.keys[1] + 1), region.exclusive))
    following: dict[tuple[int, int], int] = {}
    cuts = {}
    for n in np.flatnonzero(np.isin(score.track, drums))[::-1].tolist():
        kind = classes.get(int(score.pitch[n]))
        if kind is not None:
            place = (int(score.track[n]), kind)
            begin = int(begins[n])
            if following.get(place, begin) > begin:
                cuts[n] = following[place] - begin
            following[place] = begin
    return cuts


def _pans(score: Score) -> list[float]:
    melodic = [k for k, track in enumerate(score.tracks) if not track.is_drum]
    spread = np.linspace(-_SPREAD, _SPREAD, len(melodic)) if len(melodic) > 1 else np.zeros(1)
    places = dict(zip(melodic, spread.tolist(), strict=False))
    return [places.get(k, 0.0) for k in range(len(score.tracks))]


def _wave(font: SoundFont, region: Region, key: int, n: int, rate: int) -> Floats:
    """The sample at the key's pitch, looped, at most n samples; shorter where it ends before."""
    cents = (key - region.root) * region.cents_a_key + region.cents
    step = 2 ** (min(max(cents, -12000), 12000) / 1200) * region.rate / rate
    if region.loop is None:
        n = min(n, int((region.end - 1 - region.start) / step))
    places = region.start + np.arange(max(n, 0)) * step
    if region.loop is not None:
        begin, stop = region.loop
        looped = places[max(0, math.ceil((stop - region.start) / step)) :]
        looped -= begin
        np.remainder(looped, stop - begin, out=looped)
        looped += begin
    at = places.astype(np.int64)
    share = (places - at).astype(np.float32)
    heard: Floats = font.samples[region.start : region.end + 1].astype(np.float32) / np.float32(32768)
    if region.loop is not None:
        heard[region.loop[1] - region.start] = heard[region.loop[0] - region.start]
    at -= region.start
    wave: Floats = heard[at]
    wave += (heard[at + 1] - wave) * share
    return _filtered(wave, region.cutoff, rate) if region.cutoff < _OPEN else wave


def _filtered(wave: Floats, cutoff: float, rate: int) -> Floats:
    """Through a low-pass filter of second order, by its spectrum."""
    n = 1 << (len(wave) + 1024).bit_length()
    spectrum = np.fft.rfft(wave, n)
    spectrum /= np.sqrt(1 + np.square(np.square(np.fft.rfftfreq(n, 1 / rate) / cutoff))).astype(np.float32)
    filtered: Floats = np.fft.irfft(spectrum, n)[: len(wave)].astype(np.float32)
    return filtered


def _held(region: Region, n: int, rate: int) -> Floats:
    """The volume envelope while the key is held, n samples: up in a line, down in decibels."""
    attack = max(1, round(region.attack * rate))
    delay = round(region.delay * rate) if region.delay > 0.001 else 0
    after = np.arange(n, dtype=np.float32) - delay
    fallen = np.clip((after - attack - region.hold * rate) / (region.decay * rate) * 100, 0, region.sustain)
    level: Floats = np.exp(fallen * np.float32(-math.log(10) / 20))
    opening = level[: delay + attack]
    opening *= np.clip((after[: len(opening)] + 1) / attack, 0, 1)
    return level


def _release(region: Region, rate: int) -> Floats:
    """How the sound fades when the key is let go."""
    n = max(round(min(region.release * _INAUDIBLE, _RELEASE) * rate), rate // 100)
    level: Floats = np.exp(np.arange(n, dtype=np.float32) * np.float32(-math.log(10) * 100 * _INAUDIBLE / 20 / n))
    last = level[-rate // 200 :]
    last *= np.linspace(1, 0, len(last), dtype=np.float32)
    return level

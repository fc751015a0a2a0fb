"""Scores → WAVE files: 16-bit stereo at 44.1 kHz, in the sounds of a SoundFont."""

from __future__ import annotations

import importlib.util
import io
import os
import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt

from seqgen.core.errors import TooLarge
from seqgen.core.limits import LIMITS
from seqgen.domains.midi.clock import Clock
from seqgen.domains.midi.score import Score
from seqgen.domains.midi.sound.pedal import ring_until

RATE = 44_100
TAIL_SECONDS = 1.0  # after the last note has ended
SOUNDFONT = "SEQGEN_SOUNDFONT"  # the environment variable that names another one
_PEAK = 0.89  # 1 dB below what clips
_PEDAL_SECONDS = 4.0  # that a pedal is heard after the last key was let go
_FADE = 0.05  # seconds, at the very end
_BLOCK = 1 << 20


def write_wave(score: Score, suffix: str = ".wav") -> bytes:
    """The sound of a score, as loud as it can be, one second longer than its notes, which ring on under a pedal.

    Raises BadInput where SEQGEN_SOUNDFONT names no SoundFont, TooLarge over max_audio_seconds or max_note_seconds.
    """
    seconds = Clock(score).seconds(np.stack([score.onset, ring_until(score)], axis=1))
    if score.n_notes:
        last = float(Clock(score).seconds(score.end_tick)) + _PEDAL_SECONDS
        seconds[:, 1] = np.minimum(seconds[:, 1], last)
    name = score.name or "<score>"
    length = float(seconds.max()) if score.n_notes else 0.0
    if length > LIMITS.max_audio_seconds:
        raise TooLarge(name, "max_audio_seconds", LIMITS.max_audio_seconds, round(length))
    sounding = float((seconds[:, 1] - seconds[:, 0]).sum()) + score.n_notes * TAIL_SECONDS  # each rings on for a while
    if sounding > LIMITS.max_note_seconds:
        raise TooLarge(name, "max_note_seconds", LIMITS.max_note_seconds, round(sounding))
    mixed = _render(score, seconds, round((length + TAIL_SECONDS) * RATE))
    fade = round(_FADE * RATE)
    mixed[:, -fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
    loudest = max(float(mixed.max(initial=0.0)), -float(mixed.min(initial=0.0)))
    return _to_bytes(mixed, _PEAK / loudest if loudest > 1e-6 else 0.0)


def soundfont() -> Path | None:
    """The SoundFont that is played: the one that SEQGEN_SOUNDFONT names, else the one that pretty_midi brings."""
    named = os.environ.get(SOUNDFONT)
    if named:
        return Path(named)
    found = importlib.util.find_spec("pretty_midi")
    path = Path(found.origin).with_name("TimGM6mb.sf2") if found and found.origin else None
    return path if path and path.is_file() else None


def _render(score: Score, seconds: npt.NDArray[np.float64], n_samples: int) -> npt.NDArray[np.float32]:
    path = soundfont()
    if path is None:  # an installation without it: tones, and no drums
        tones = score.to_pretty_midi().synthesize(RATE)[:n_samples]
        mixed = np.zeros((2, n_samples), np.float32)
        mixed[:, : len(tones)] = tones
        return mixed
    from seqgen.domains.midi.sound.render import render
    from seqgen.domains.midi.sound.soundfont import SoundFont

    return render(score, seconds, SoundFont(path), RATE, n_samples)


def _to_bytes(mixed: npt.NDArray[np.float32], gain: float) -> bytes:
    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.setnframes(mixed.shape[1])
        for begin in range(0, mixed.shape[1], _BLOCK):
            block = mixed[:, begin : begin + _BLOCK] * np.float32(gain * 32767)
            file.writeframesraw(np.rint(block.T).astype("<i2").tobytes())
    return written.getvalue()

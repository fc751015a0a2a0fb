"""WAVE files hold what the score says: its pitches, its onsets, its loudness. SoundFonts are refused when broken."""

from __future__ import annotations

import io
import struct
import wave
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from seqgen.core.errors import BadInput, TooLarge
from seqgen.core.limits import LIMITS
from seqgen.domains.midi.formats import wave as waves
from seqgen.domains.midi.formats.wave import RATE, SOUNDFONT, soundfont, write_wave
from seqgen.domains.midi.score import Score, Tempo, Track, make_score
from seqgen.domains.midi.sound.pedal import ring_until

Floats = npt.NDArray[np.float64]


@pytest.fixture(autouse=True)
def _own_font(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SOUNDFONT, raising=False)


def _samples(data: bytes) -> Floats:
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, RATE)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2) / 32768


def _loudness(score: Score, begin: float = 0, end: float = 100) -> float:
    heard = _samples(write_wave(score))[round(begin * RATE) : round(end * RATE)]
    return float(np.sqrt((heard**2).mean()))


def _chord(*pitches: int, program: int = 52) -> Score:
    n = len(pitches)
    return make_score(480, [0] * n, [1920] * n, pitches, [90] * n, [0] * n, [Track(program)])


@pytest.mark.parametrize("program", [0, 19, 48, 52])
def test_the_pitches_of_a_chord_are_heard(program: int) -> None:
    heard = _samples(write_wave(_chord(57, 64, 73, program=program))).mean(1)[RATE // 2 : 3 * RATE // 2]
    spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard)), 8 * RATE))
    for pitch in (57, 64, 73):
        at = round(8 * 440 * 2 ** ((pitch - 69) / 12))
        wide = at // 20
        near = spectrum[at - wide : at + wide + 1]
        assert abs(int(near.argmax()) - wide) <= at * 0.012  # within 20 cents: choirs are not quite in tune
        assert near.max() > 5 * spectrum[at // 18 * 17 - 8 : at // 18 * 17 + 8].max()  # a semitone below


def test_length_and_level() -> None:
    score = replace(_chord(60, 64, 67), tempos=(Tempo(0, 60.0),))
    heard = _samples(write_wave(score))
    assert len(heard) == 5 * RATE  # four seconds of notes and one more
    assert 0.85 < np.abs(heard).max() < 0.9  # loud, not clipped
    assert np.abs(heard[-100:]).max() < 0.001
    assert write_wave(score) == write_wave(score)


def test_notes_begin_when_they_should() -> None:
    begins = [0.0, 0.5, 1.25, 2.0]
    ticks = [round(second * 960) for second in begins]
    score = make_score(480, ticks, [120] * 4, [37] * 4, [100] * 4, [0] * 4, [Track(0, True)])
    loud = np.abs(_samples(write_wave(score))).max(1) > 0.2
    for begin in begins:
        at = round(begin * RATE)
        assert loud[at : at + RATE // 50].any() and not loud[max(0, at - RATE // 10) : at].any()


def test_velocity_is_heard() -> None:
    score = make_score(480, [0, 1920], [480, 480], [60, 60], [127, 40], [0, 0], [Track(0)])
    assert _loudness(score, 0, 0.5) > 5 * _loudness(score, 2, 2.5) > 0


def test_a_closed_hat_silences_an_open_one() -> None:
    rings = make_score(480, [0], [120], [46], [100], [0], [Track(0, True)])
    cut = make_score(480, [0, 240], [120, 120], [46, 42], [100, 100], [0, 0], [Track(0, True)])
    assert _loudness(rings, 0.6, 1.0) > 4 * _loudness(cut, 0.6, 1.0)


def test_unknown_drums_and_no_notes_are_silence() -> None:
    assert _loudness(make_score(480, [0], [480], [1], [100], [0], [Track(0, True)])) == 0
    assert len(_samples(write_wave(make_score(480, [], [], [], [], [])))) == RATE


def test_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waves, "LIMITS", replace(LIMITS, max_audio_seconds=1))
    with pytest.raises(TooLarge, match="1 audio seconds"):
        write_wave(_chord(60))
    monkeypatch.setattr(waves, "LIMITS", replace(LIMITS, max_note_seconds=5))
    with pytest.raises(TooLarge, match="5 note seconds"):
        write_wave(_chord(60, 64, 67))


def test_without_a_soundfont_tones_are_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    assert soundfont() is not None
    monkeypatch.setattr(waves, "soundfont", lambda: None)
    assert _loudness(_chord(60)) > 0.1


def _font(compressed: bool = False) -> bytes:
    """A SoundFont of one looped sine, an octave and a fifth below 1 kHz."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)

    def generators(*rows: tuple[int, int]) -> bytes:
        return b"".join(struct.pack("<Hh", *row) for row in (*rows, (0, 0)))

    sine = np.rint(20000 * np.sin(np.arange(1000) * 2 * np.pi / 100)).astype("<i2").tobytes()
    sample = struct.pack("<20sIIIIIBbHH", b"sine", 0, 1000, 100, 900, 44100, 69, 0, 0, 0x10 if compressed else 1)
    tables = {
        b"phdr": struct.pack("<20sHHH12x", b"one", 0, 0, 0) + struct.pack("<20sHHH12x", b"EOP", 0, 0, 1),
        b"pbag": struct.pack("<4H", 0, 0, 1, 0),
        b"pmod": bytes(10),
        b"pgen": generators((41, 0)),
        b"inst": struct.pack("<20sH20sH", b"one", 0, b"EOI", 1),
        b"ibag": struct.pack("<4H", 0, 0, 3, 0),
        b"imod": bytes(10),
        b"igen": generators((54, 1), (38, -2000), (53, 0)),
        b"shdr": sample + bytes(46),
    }
    body = chunk(b"LIST", b"sdta" + chunk(b"smpl", sine))
    body += chunk(b"LIST", b"pdta" + b"".join(chunk(name, data) for name, data in tables.items()))
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"sfbk" + body


@pytest.fixture
def font(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "own.sf2"
    path.write_bytes(_font())
    monkeypatch.setenv(SOUNDFONT, str(path))
    return path


def test_an_own_soundfont_is_played(font: Path) -> None:
    heard = _samples(write_wave(_chord(81)))[:, 0]
    spectrum = np.abs(np.fft.rfft(heard[: 2 * RATE]))
    assert abs(int(spectrum.argmax()) / 2 - 882) < 1  # its 441 Hz at 69, an octave up


def test_what_is_no_soundfont_is_said(font: Path) -> None:
    for content, reason in (
        (b"", "no SoundFont"),
        (b"MThd" + bytes(40), "no SoundFont"),
        (_font()[:700], "cut off"),
        (b"RIFF\x04\0\0\0sfbk", "no smpl chunk"),
        (_font(compressed=True), "convert it to .sf2"),
    ):
        font.write_bytes(content)
        with pytest.raises(BadInput, match=reason) as caught:
            write_wave(_chord(60))
        assert str(font) in caught.value.message
    font.unlink()
    with pytest.raises(BadInput, match="does not exist"):
        write_wave(_chord(60))


def test_damaged_soundfonts_are_refused_or_played(font: Path) -> None:
    whole = bytearray(_font())
    random = np.random.default_rng(0)
    score = make_score(480, [0], [60], [60], [90], [0])
    for _ in range(150):
        damaged = bytearray(whole)
        for at in random.integers(2044, len(whole), 3):  # past most of the samples
            damaged[at] = random.integers(256)
        font.write_bytes(damaged)
        try:
            heard = _samples(write_wave(score))
        except BadInput:
            continue
        assert len(heard) > RATE


def test_a_pedal_lets_notes_ring_until_it_comes_up_or_they_are_struck_again() -> None:
    # 60 is struck again at 3, the other track has no pedal, 67 is let go when it is up.
    notes = make_score(
        1, [0, 0, 0, 3, 8], [1, 1, 1, 1, 1], [60, 64, 62, 60, 67], [80] * 5, [0, 0, 1, 0, 0], [Track(), Track(40)]
    )
    score = replace(notes, pedals=np.array([[0, 0, 1], [6, 0, 0]], np.int32)).sorted()
    ends = dict(
        zip(
            zip(score.track.tolist(), score.pitch.tolist(), score.onset.tolist(), strict=True),
            ring_until(score).tolist(),
            strict=True,
        )
    )
    assert ends == {(0, 60, 0): 3, (0, 64, 0): 6, (1, 62, 0): 1, (0, 60, 3): 6, (0, 67, 8): 9}


def test_a_pedal_is_heard_and_one_never_released_does_not_last() -> None:
    short = make_score(480, [0], [480], [60], [80], [0], [Track(0)])
    held = replace(short, pedals=np.array([[0, 0, 1]], np.int32))
    assert _loudness(held, 1.0, 1.4) > 3 * _loudness(short, 1.0, 1.4)
    assert len(_samples(write_wave(held))) == round((0.5 + 4 + 1) * RATE)

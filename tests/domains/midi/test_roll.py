"""Piano rolls: every kind of score is drawn, long ones in part, the same one with the same bytes."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from seqgen.core.errors import UsageError
from seqgen.domains.midi.headline import headline
from seqgen.domains.midi.instruments import drum_name, pitch_name, track_name
from seqgen.domains.midi.picture import _rows, draw
from seqgen.domains.midi.score import KeySignature, Score, Tempo, TimeSignature, Track, make_score


def _score(n_bars: int = 4, *, drum: bool = False) -> Score:
    n = 4 * n_bars
    pitch = np.arange(n) % 12 + (36 if drum else 60)
    tracks = [Track(52, name="Soprano $x$"), Track(0, True)]
    return make_score(
        480, np.arange(n) * 480, [480] * n, pitch, [90] * n, [int(drum)] * n, tracks,
        time_signatures=(TimeSignature(0, 4, 4),), tempos=(Tempo(0, 90.0),),
        key_signatures=(KeySignature(0, -3, True),),
    )  # fmt: skip


def _size(path: Path) -> tuple[int, int]:
    data = path.read_bytes()
    assert data.startswith(b"\x89PNG")
    return struct.unpack(">II", data[16:24])  # type: ignore[return-value]  # two numbers


def test_rolls_are_drawn(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / "roll.png"
    _score().write(path)
    first = path.read_bytes()
    assert _size(path)[0] == 1680
    draw(_score(), path)
    assert path.read_bytes() == first
    draw(_score(), tmp_path / "roll.svg")
    drawn = (tmp_path / "roll.svg").read_text()
    assert drawn.count("#0072b2") == 2  # a patch in the legend
    assert drawn.count("#2d8bbf") == 16  # notes
    with pytest.raises(UsageError, match="picture"):
        draw(_score(), tmp_path / "roll.gif")


@pytest.mark.parametrize("score", [make_score(480, [], [], [], [], []), make_score(480, [0], [1], [0], [1], [0])])
def test_little_is_drawn_too(score: Score, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    draw(score, tmp_path / "roll.png")
    assert _size(tmp_path / "roll.png")[1] < 600


def test_rows_hold_whole_bars() -> None:
    def rows(n_bars: int, bar: int = 1920) -> list[tuple[int, int]]:
        return _rows(_score(), [bar * k for k in range(n_bars + 1)])

    assert rows(1) == [(0, 1)]
    assert rows(17) == [(0, 8), (8, 16), (16, 17)]
    assert rows(100)[0] == (0, 16)
    assert rows(1000)[-1][1] == 14 * 16  # what a picture holds
    assert rows(3, bar=480 * 500) == [(0, 1), (1, 2), (2, 3)]


def test_names() -> None:
    assert headline(_score()) == "♩ = 90 · 4/4 · C minor · 4 bars · 0:11 · 16 notes"
    assert [pitch_name(pitch) for pitch in (0, 60, 61, 127)] == ["C-1", "C4", "C♯4", "G9"]
    assert [drum_name(key) for key in (0, 35, 38, 42, 81, 82)] == [
        "key 0", "kick 2", "snare", "closed hat", "triangle", "key 82",
    ]  # fmt: skip
    assert track_name(Track(127), 3) == "3: Gunshot" and track_name(Track(name=" Alto "), 2) == "Alto"

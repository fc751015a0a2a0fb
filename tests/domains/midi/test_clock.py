"""Ticks as seconds, and where bars and beats lie."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqgen.core.errors import TooLarge
from seqgen.core.limits import LIMITS
from seqgen.domains.midi import clock
from seqgen.domains.midi.clock import Clock, bars, first_number
from seqgen.domains.midi.notation.notate import notate
from seqgen.domains.midi.score import Score, Tempo, TimeSignature, make_score


def _score(end: int, *signatures: tuple[int, int, int], tempos: tuple[Tempo, ...] = ()) -> Score:
    marks = tuple(TimeSignature(*mark) for mark in signatures)
    return make_score(480, [0], [end], [60], [90], [0], tempos=tempos, time_signatures=marks)


def test_seconds_follow_the_tempos() -> None:
    assert Clock(_score(480)).seconds([0, 480]).tolist() == [0, 0.5]
    changing = _score(1920, tempos=(Tempo(480, 60.0), Tempo(960, 240.0), Tempo(1440, 0.0)))
    assert Clock(changing).seconds([480, 960, 1920]).tolist() == [0.5, 1.5, 2.0]


@given(st.lists(st.tuples(st.integers(0, 5000), st.floats(4, 900)), max_size=6))
def test_seconds_never_go_back(marks: list[tuple[int, float]]) -> None:
    score = _score(480, tempos=tuple(Tempo(tick, tempo) for tick, tempo in sorted(dict(marks).items())))
    assert (np.diff(Clock(score).seconds(np.arange(0, 6000, 7))) > 0).all()


def test_pretty_midi_agrees_about_seconds() -> None:
    score = _score(4000, tempos=(Tempo(0, 97.0), Tempo(1000, 143.0), Tempo(2500, 61.5)))
    other = score.to_pretty_midi()
    assert all(
        abs(float(Clock(score).seconds(tick)) - other.tick_to_time(tick)) < 1e-4 for tick in (0, 999, 1700, 4000)
    )


def test_bars_and_beats() -> None:
    assert bars(_score(1921)) == ([0, 1920, 3840], [480, 960, 1440])
    assert bars(_score(1680, (0, 7, 8)))[0] == [0, 1680]
    assert bars(_score(1440, (0, 6, 8)))[1] == [720]
    pickup = bars(_score(2400, (0, 1, 4), (480, 4, 4)))
    assert pickup == ([0, 480, 2400], [960, 1440, 1920])
    assert bars(_score(3000, (0, 4, 4), (960, 3, 4)))[0] == [0, 960, 2400, 3840]  # a change in mid-bar begins a bar
    assert bars(_score(100, (5000, 3, 4)))[0] == [0, 1920]


def test_too_many_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "LIMITS", replace(LIMITS, max_bars=3))
    with pytest.raises(TooLarge, match="3 bars"):
        bars(_score(1920 * 4))


@pytest.mark.parametrize("silent", [0, 1, 4, 7, 8, 12, 15, 16, 20])
@pytest.mark.parametrize("cut", [None, 4, 12])
def test_bars_are_numbered_as_in_notation(silent: int, cut: int | None) -> None:
    marks = [TimeSignature(0, 4, 4)] if cut is None else [TimeSignature(0, cut // 4, 4), TimeSignature(cut, 4, 4)]
    onset = [silent + 4 * k for k in range(12)]
    score = make_score(4, onset, [4] * 12, [60] * 12, [80] * 12, [0] * 12, time_signatures=tuple(marks))
    number = notate(score).bars[0].number
    assert str(first_number(score, bars(score)[0])) == (number or "0")

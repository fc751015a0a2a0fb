"""Chorales from the installed music21."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from seqgen.core.errors import CorpusError
from seqgen.domains.midi import recipes
from seqgen.domains.midi.files import read
from seqgen.domains.midi.recipes import CHOIR, _encoding, _is_minor, _sung, bach_chorales
from seqgen.domains.midi.score import KeySignature, Score, Track, make_score


def ends(*chords: tuple[int, ...]) -> Score:
    """Chords of a quarter each."""
    notes = [(480 * at, pitch, voice) for at, chord in enumerate(chords) for voice, pitch in enumerate(chord)]
    onset, pitch, voice = zip(*notes, strict=True)
    return make_score(480, onset, [480] * len(onset), pitch, [80] * len(onset), voice, [Track()] * 4)


C, A_MINOR, G, E = (72, 67, 64, 48), (69, 64, 60, 45), (71, 67, 62, 43), (71, 68, 64, 52)


@pytest.mark.parametrize(
    ("chords", "fifths", "minor"),
    [
        ((G, C), 0, False),
        ((E, A_MINOR), 0, True),
        ((C, G), 1, False),
        ((A_MINOR, C, C, G), 0, False),
        ((A_MINOR, A_MINOR, E), 0, True),
    ],
)
def test_the_mode_is_told_from_where_the_bass_ends_or_from_what_is_heard(chords: Any, fifths: int, minor: bool) -> None:
    score = ends(*chords)
    assert _is_minor(score, KeySignature(0, fifths, False)) == minor
    assert _is_minor(score, KeySignature(0, fifths, True)), "what is stated holds"


def test_a_chorale_is_sung_in_the_mode_of_its_first_key() -> None:
    keys = (KeySignature(0, 0, False), KeySignature(480, 1, False))
    sung = _sung(replace(ends(E, A_MINOR), key_signatures=keys))
    assert sung.key_signatures == (replace(keys[0], minor=True), keys[1])
    assert [(t.program, t.is_drum, t.name) for t in sung.tracks] == [
        (CHOIR, False, name) for name in ("Soprano", "Alto", "Tenor", "Bass")
    ]
    assert _sung(ends(C)).key_signatures == ()


def test_of_several_encodings_the_one_with_measures_is_taken() -> None:
    assert _encoding([Path("a.krn"), Path("a.mxl")]) == "a.mxl"
    assert _encoding([Path("a.krn"), Path("b.krn")]) == _encoding(Path("a.krn")) == "a.krn"


@pytest.mark.slow
def test_chorales_of_four_voices_are_written_all_or_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from music21.corpus import chorales

    names = ["bach/bwv66.6", "bach/bwv10.7", "bach/bwv11.6"]  # the last has instruments besides
    monkeypatch.setattr(chorales, "Iterator", lambda returnType: iter(names))
    monkeypatch.setattr(recipes, "cores", lambda: 1)
    told: list[tuple[int, int]] = []
    (tmp_path / ".building").mkdir()
    (tmp_path / ".building" / "stale.mid").write_bytes(b"of an interrupted build")
    written = bach_chorales(tmp_path, lambda done, total: told.append((done, total)))
    files = sorted(path.name for path in tmp_path.iterdir())
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)] and written == len(files)
    assert {"bwv10.7.mid", "bwv66.6.mid"} <= set(files) and "stale.mid" not in files
    for file in files:
        (score,) = read(tmp_path / file)
        assert [track.name for track in score.tracks] == ["Soprano", "Alto", "Tenor", "Bass"]
    monkeypatch.setattr(chorales, "Iterator", lambda returnType: iter(()))
    with pytest.raises(CorpusError, match="no chorales that can be read"):
        bach_chorales(tmp_path, lambda done, total: None)
    assert sorted(path.name for path in tmp_path.iterdir()) == files

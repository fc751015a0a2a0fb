"""Which pieces are the same, and what is told of a piece."""

from __future__ import annotations

from dataclasses import replace

from seqgen.domains.midi.identity import describe, identity
from seqgen.domains.midi.score import KeySignature, Score, Track, make_score

TUNE = make_score(480, [0, 480, 960], [480, 480, 240], [60, 64, 67], [80, 90, 80], [0, 0, 0], [Track(0, False, "Tune")])


def moved(up: int = 0, later: int = 0, finer: int = 1, longer: int = 0) -> Score:
    return make_score(
        480 * finer,
        (TUNE.onset + later) * finer,
        (TUNE.duration + longer) * finer,
        TUNE.pitch + up,
        [1, 2, 3],
        [0, 1, 0],
        [Track(), Track()],
    )


def test_neither_names_nor_velocities_nor_when_it_begins_nor_ticks_make_another_piece() -> None:
    exact, shape = identity(TUNE)
    assert exact != shape
    for same in (moved(), moved(later=960), moved(finer=4), moved(longer=5)):  # 5 ticks of 480: under half of 1/24
        assert identity(same) == (exact, shape)


def test_a_transposed_piece_shares_its_shape_and_another_piece_nothing() -> None:
    exact, shape = identity(TUNE)
    assert identity(moved(up=5))[1] == shape and identity(moved(up=5))[0] != exact
    for other in (moved(longer=20), replace(TUNE, pitch=TUNE.pitch[::-1]), make_score(480, [], [], [], [], [])):
        assert not {exact, shape} & set(identity(other))


def test_notes_are_described_by_names_that_suit_the_key() -> None:
    score = make_score(
        480, [0, 720, 960], [240, 240, 480], [61, 38, 70], [80, 90, 100], [0, 1, 2],
        [Track(0, False, "Tune"), Track(0, True), Track(52)], key_signatures=(KeySignature(480, -3, False),),
    )  # fmt: skip
    rows = list(describe(score))
    assert [row["note"] for row in rows] == ["C#4", "drum 38", "Bb4"]
    assert [row["track"] for row in rows] == ["Tune", "drums", "program 52"]
    assert [row["quarter"] for row in rows] == [0, 1.5, 2] and [row["quarters"] for row in rows] == [0.5, 0.5, 1]
    assert [(row["pitch"], row["velocity"]) for row in rows] == [(61, 80), (38, 90), (70, 100)]

"""The REMI scheme: every law of a tokenizer, on drawn pieces, on drawn ids and on real files."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqgen.core.errors import BadInput, TooLarge, UsageError
from seqgen.domains.midi.canonical import canonical, microseconds_of, tempo_of
from seqgen.domains.midi.files import read
from seqgen.domains.midi.formats.serial import to_bytes
from seqgen.domains.midi.remi.grid import MAX_LAYERS, layers
from seqgen.domains.midi.remi.scheme import Remi, ranges_of
from seqgen.domains.midi.score import KeySignature, Score, Tempo, TimeSignature, Track, make_score

REMI = Remi()
DATA = Path(os.environ.get("SEQGEN_DATA", Path(__file__).parents[3].parent / "shared" / "data"))
Ids = npt.NDArray[np.int32]


@st.composite
def pieces(draw: st.DrawFn) -> Score:
    """Pieces on and off the grid, with any marks anywhere."""
    tracks = draw(st.lists(st.builds(Track, st.integers(0, 127) | st.just(0), st.booleans()), min_size=1, max_size=5))
    per_quarter = draw(st.sampled_from([480, 96, 100, 12, 1]))
    tick = st.integers(0, 16).map(lambda n: n * per_quarter // 2) | st.integers(0, 20 * per_quarter)
    note = st.tuples(
        tick, st.integers(1, 3 * per_quarter) | st.integers(1, 40 * per_quarter),
        st.integers(58, 64) | st.integers(0, 127),
        st.integers(1, 127), st.integers(0, len(tracks) - 1),
    )  # fmt: skip
    notes = draw(st.lists(note, min_size=1, max_size=30))
    signature = st.sampled_from([(4, 4), (3, 4), (6, 8), (7, 8), (1, 4), (10, 4), (17, 8), (5, 16), (3, 2), (9, 32)])
    return canonical(
        make_score(
            per_quarter,
            *zip(*notes, strict=True),
            tracks=tracks,
            tempos=tuple(draw(st.lists(st.builds(Tempo, tick, st.floats(10, 400)), max_size=4))),
            time_signatures=tuple(
                TimeSignature(t, *s) for t, s in draw(st.lists(st.tuples(tick, signature), max_size=4))
            ),
            key_signatures=tuple(
                draw(st.lists(st.builds(KeySignature, tick, st.integers(-7, 7), st.booleans()), max_size=2))
            ),
        )
    )


@st.composite
def legal_ids(draw: st.DrawFn, remi: Remi = REMI) -> Ids:
    """Ids that the grammar allows, up to anywhere."""
    seed, n = draw(st.integers(0, 2**32 - 1)), draw(st.integers(0, 120))
    often = draw(st.sampled_from([0.0, 0.5, 0.9]))  # how often a note goes on where it may
    generator = np.random.default_rng(seed)
    types = np.array(remi.vocabulary.types)
    states, ids = remi.grammar.start(1), []
    for _ in range(n):
        allowed = np.flatnonzero(remi.grammar.mask(states)[0])
        if not len(allowed):
            break
        kinds = sorted(set(types[allowed]))  # a type first, or positions would crowd out all else
        wanted = [k for k in kinds if k in ("Pitch", "Drum", "Position")] if generator.random() < often else []
        kind = generator.choice(wanted or kinds)
        ids.append(int(generator.choice(allowed[types[allowed] == kind])))
        states = remi.grammar.advance(states, np.array(ids[-1:]))
    return np.array(ids, np.int32)


@given(pieces())
@settings(max_examples=60, deadline=None)
def test_pieces_come_back_as_quantise_says(piece: Score) -> None:
    ids = REMI.encode(piece)
    assert ids.dtype == np.int32 and not len(REMI.grammar.violations(ids))
    kept = REMI.decode(ids)
    assert kept == REMI.quantise(piece) == canonical(kept)
    assert REMI.quantise(kept) == kept and list(read(to_bytes(kept))) == [kept]
    assert kept.n_notes == piece.n_notes - REMI.losses(piece).get("notes_dropped", 0)
    # The same without the scheme's own arithmetic: onsets to the nearest twelfth, pitches and programs as they are.
    programs = [128 if track.is_drum else track.program for track in piece.tracks]
    grid = np.floor(piece.onset * (12 / piece.ticks_per_quarter) + 0.5).astype(int) * 40
    wanted = sorted(zip(grid.tolist(), [programs[t] for t in piece.track], piece.pitch.tolist(), strict=True))
    theirs = [128 if track.is_drum else track.program for track in kept.tracks]
    got = sorted(zip(kept.onset.tolist(), [theirs[t] for t in kept.track], kept.pitch.tolist(), strict=True))
    assert got == wanted


@given(legal_ids())
@settings(max_examples=60, deadline=None)
def test_every_legal_prefix_decodes(ids: Ids) -> None:
    assert not [p for p in REMI.grammar.violations(ids) if p < len(ids)]
    for n in {0, 1, len(ids) // 3, len(ids) // 2, max(len(ids) - 1, 0), len(ids)}:
        piece = REMI.decode(ids[:n])
        assert canonical(piece) == piece
        if piece.n_notes:
            assert REMI.quantise(piece) == piece and list(read(to_bytes(piece))) == [piece]
    if len(ids) and REMI.grammar.final(REMI.grammar.states(ids)[-1:])[0]:
        assert REMI.decode(ids).n_notes


@given(st.lists(st.integers(0, len(REMI.vocabulary) - 1), max_size=60))
@settings(max_examples=60, deadline=None)
def test_illegal_ids_decode_too(ids: list[int]) -> None:
    piece = REMI.decode(np.array(ids, np.int32))
    assert canonical(piece) == piece
    REMI.context.of(np.array(ids, np.int32))


@given(legal_ids())
@settings(max_examples=30, deadline=None)
def test_stepped_context_equals_the_whole(ids: Ids) -> None:
    rows = REMI.context.of(ids)
    assert rows.shape == (len(ids) + 1, len(REMI.context.features))
    assert (rows >= 0).all() and (rows < [feature.size for feature in REMI.context.features]).all()
    cursor = REMI.context.start(np.zeros((2, 0), np.int32))
    for t, token in enumerate(ids):
        assert (cursor.row() == rows[t]).all()
        cursor.advance(np.array([token, token]))
    assert (cursor.row() == rows[-1]).all()
    assert (REMI.context.start(ids[None]).row()[0] == rows[-1]).all()


@given(pieces())
@settings(max_examples=40, deadline=None)
def test_transposed_pieces_are_legal(piece: Score) -> None:
    ids = REMI.encode(piece)
    augmentations = REMI.augmentations
    assert len(augmentations) == 12 and (augmentations.map[0] == np.arange(len(REMI.vocabulary))).all()
    admitted = augmentations.admits(ids)
    assert admitted[0]
    drums = np.array([track.is_drum for track in piece.tracks])[piece.track]
    for row in np.flatnonzero(admitted):
        moved = augmentations.map[row][ids]
        assert (moved >= 0).all() and not len(REMI.grammar.violations(moved))
        shift = int(augmentations.names[row].split()[0])
        kept = REMI.decode(moved)
        was_drum = np.array([track.is_drum for track in kept.tracks])[kept.track]
        assert sorted(kept.pitch[~was_drum]) == sorted(piece.pitch[~drums] + shift)
        assert sorted(kept.pitch[was_drum]) == sorted(piece.pitch[drums])


@given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 30), st.integers(1, 20), st.just(64)), min_size=1, max_size=60)
)
@settings(deadline=None)
def test_layers_are_free_of_overlaps_and_few(notes: list[tuple[int, int, int, int]]) -> None:
    columns = [np.array(c, np.int64) for c in zip(*notes, strict=True)]
    layer = layers(*columns)
    order = np.lexsort(columns[1::-1])
    voice, onset, duration, layer = (c[order] for c in (*columns[:3], layer))
    for v in (0, 1):
        begin, end, place = onset[voice == v], (onset + duration)[voice == v], layer[voice == v]
        for p in set(place.tolist()):
            assert (begin[place == p][1:] >= end[place == p][:-1]).all()
        most = max((int(((begin <= t) & (end > t)).sum()) for t in range(50)), default=0)
        assert place.max(initial=-1) + 1 == most


def on_grid() -> Score:
    ninety = tempo_of(microseconds_of(90))
    return make_score(
        480, [0, 160, 320, 480, 480, 1440, 2400], [160, 160, 160, 960, 240, 960, 480], [60, 62, 64, 65, 36, 67, 48],
        [64, 80, 100, 127, 112, 4, 80], [0, 0, 0, 0, 2, 1, 1], [Track(0), Track(40), Track(0, True)],
        tempos=(Tempo(0, ninety), Tempo(480, tempo_of(microseconds_of(120)))),
        time_signatures=(TimeSignature(0, 1, 4), TimeSignature(480, 4, 4), TimeSignature(2400, 6, 8)),
        key_signatures=(KeySignature(0, -3, True),),
    )  # fmt: skip


def test_on_the_grid_nothing_changes() -> None:
    piece = on_grid()
    assert REMI.quantise(piece) == piece
    assert REMI.losses(piece) == {}
    assert REMI.vocabulary.readable(REMI.encode(piece))[:16] == [
        "Key_Cm", "Length_3", "Density_1.5", "Bar", "TimeSignature_1/4", "Position_0", "Tempo_90", "Program_0",
        "Pitch_60",
        "Velocity_64", "Duration_0.04", "Position_4", "Pitch_62", "Velocity_80", "Duration_0.04", "Position_8",
    ]  # fmt: skip


def test_a_signature_within_a_bar_shortens_it() -> None:
    piece = make_score(
        480, [0, 4 * 480, 6 * 480], [480] * 3, [60] * 3, [64] * 3, [0] * 3,
        time_signatures=(TimeSignature(0, 4, 4), TimeSignature(6 * 480, 3, 4)),
    )  # fmt: skip
    assert REMI.quantise(piece).time_signatures == (
        TimeSignature(0, 4, 4), TimeSignature(4 * 480, 2, 4), TimeSignature(6 * 480, 3, 4)
    )  # fmt: skip


def test_losses_are_named() -> None:
    piece = make_score(
        480, [7, 480, 480, 480], [480, 500, 480, 480], [60, 60, 60, 60], [65, 64, 64, 64], [0, 0, 1, 1],
        [Track(0, name="left"), Track(0)], tempos=(Tempo(0, 91.3), Tempo(9000, 60.0)),
        time_signatures=(TimeSignature(0, 17, 8),), key_signatures=(KeySignature(0, 1), KeySignature(480, 2)),
        pedals=np.array([(0, 0, 1)]), bends=np.array([(0, 0, 1), (9, 0, 0)]),
    )  # fmt: skip
    assert REMI.losses(piece) == {
        "onsets_moved": 1, "mean_shift_in_quarters": 0.0036, "largest_shift_in_quarters": 0.0146,
        "durations_changed": 1, "velocities_changed": 1, "tempos_changed": 2, "time_signatures_changed": 1,
        "key_changes_dropped": 1, "marks_after_the_last_note": 1, "pedal_changes_dropped": 1,
        "pitch_bends_dropped": 2, "track_names_dropped": 1,
    }  # fmt: skip


def test_more_equal_notes_than_anyone_can_play_are_dropped() -> None:
    n = MAX_LAYERS + 3
    piece = make_score(480, [0] * n, [480] * n, [60] * n, [64] * n, [0] * n)
    assert REMI.quantise(piece).n_notes == MAX_LAYERS
    assert REMI.losses(piece)["notes_dropped"] == 3


def test_templates_and_lengths() -> None:
    free = REMI.template()
    assert free.tolist() == [-1, -1, -1]
    given = REMI.template(key="G major", bars="16", density="unknown")
    assert REMI.vocabulary.readable(given) == ["Key_G", "Length_16", "Density_Unknown"]
    prompt = REMI.template(on_grid(), key="D")
    whole = REMI.encode(on_grid())
    assert (prompt[3:] == whole[3:-1]).all() and REMI.vocabulary.tokens[prompt[0]] == "Key_D" and prompt[1] == -1
    length = REMI.length(16, "bars", prompt)
    assert length.amount == 16 and REMI.vocabulary.readable(np.flatnonzero(length.counted)) == ["Bar"]
    assert not REMI.length(5, "tokens", free).counted[whole[:3]].any()
    for wrong in ({"colour": "red"}, {"key": "H"}, {"bars": "many"}, {"density": "0"}):
        with pytest.raises(UsageError):
            REMI.template(**wrong)
    with pytest.raises(UsageError):
        REMI.length(5, "minutes", free)


def test_the_end_can_be_reached_from_everywhere() -> None:
    assert REMI.grammar.distance.max() == 8  # header, Bar, Position, Pitch, Velocity, Duration
    assert (REMI.unknown_of >= 0).sum() == (~REMI.vocabulary.scored).sum()
    assert {feature.name for feature in REMI.context.features} >= set(REMI.backoff)


def test_what_cannot_be_said() -> None:
    with pytest.raises(BadInput, match="holds no notes"):
        REMI.encode(make_score(480, [], [], [], [], []))
    with pytest.raises(TooLarge, match="bars"):
        REMI.encode(make_score(1, [90_000_000], [1], [60], [64], [0]))
    for wrong in (
        {"positions_per_quarter": 5},
        {"n_velocities": 0},
        {"ranges": [[1, 2]]},
        {"tempo": 3},
        {"max_duration": 1},
    ):
        with pytest.raises(UsageError):
            Remi(**wrong)


@pytest.mark.parametrize("per_quarter", [4, 6, 8, 16, 24])
def test_other_grids(per_quarter: int) -> None:
    remi = Remi(positions_per_quarter=per_quarter, n_velocities=8)
    again = Remi(**json.loads(json.dumps(remi.config())))
    assert again.vocabulary.fingerprint == remi.vocabulary.fingerprint != REMI.vocabulary.fingerprint
    kept = remi.quantise(on_grid())
    assert remi.quantise(kept) == kept and kept.n_notes == 7 and not len(remi.grammar.violations(remi.encode(kept)))


def test_transposition_keeps_to_learned_ranges() -> None:
    remi = Remi(ranges=ranges_of([on_grid()]))
    assert remi.settings.ranges == ((0, 60, 65), (40, 48, 67))
    ids = remi.encode(on_grid().take(np.array([1, 2])))  # 62 and 64 within 60 to 65
    names = [remi.augmentations.names[row].split()[0] for row in np.flatnonzero(remi.augmentations.admits(ids))]
    assert sorted(map(int, names)) == [-2, -1, 0, 1]


@pytest.mark.skipif(not (DATA / "midi").is_dir(), reason="SEQGEN_DATA holds no midi")
def test_real_files_lose_no_note() -> None:
    for path in sorted((DATA / "midi").rglob("*.mid"))[::3]:
        try:
            found = list(read(path))
        except BadInput:
            continue
        for piece in found:
            ids = REMI.encode(piece)
            kept = REMI.decode(ids)
            assert kept.n_notes == piece.n_notes and not len(REMI.grammar.violations(ids)), path.name
            assert REMI.quantise(kept) == kept and list(read(to_bytes(kept))) == [kept], path.name

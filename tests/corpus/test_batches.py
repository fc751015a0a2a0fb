"""Batches are a pure function of (seed, step), and every row is a part of a piece, with all that was known there."""

from __future__ import annotations

import copy
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from seqgen.core.augmentation import Order, no_augmentation
from seqgen.core.errors import CorpusError
from seqgen.corpus.batches import Batch, Crops, Streams, padded, whole
from seqgen.corpus.build import Prepared
from seqgen.domains.midi.score import Score
from seqgen.domains.midi.tokenizer import MidiTokenizer
from seqgen.domains.text.tokenizer import TextTokenizer

FIELDS = ("previous", "ids", "context", "states", "weights")


@pytest.fixture(params=["voices", "remi"])
def material(request: pytest.FixtureRequest, prepared: Prepared, chorales: list[Score]) -> tuple[Any, list[Any]]:
    """(tokenizer, pieces)."""
    if request.param == "voices":
        return prepared.tokenizer, prepared.store.of_split("train")
    remi = MidiTokenizer("remi")
    return remi, [remi.encode(score) for score in chorales[:6]]


def crops(material: tuple[Any, list[Any]], **given: Any) -> Crops:
    settings = {"batch_size": 8, "crop": 48, "seed": 3, **given}
    return Crops(material[1], material[0], **settings)


def equal(a: Batch, b: Batch) -> bool:
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in FIELDS)


def test_a_batch_is_a_function_of_seed_and_step(material: tuple[Any, list[Any]]) -> None:
    some, others = crops(material), crops(material)
    forwards = [some(step) for step in range(4)]
    backwards = [others(step) for step in reversed(range(4))][::-1]
    assert all(equal(a, b) for a, b in zip(forwards, backwards, strict=True))
    assert not equal(forwards[0], forwards[1])
    assert not equal(forwards[0], crops(material, seed=4)(0))


def test_nothing_kept_gives_the_same_batches(material: tuple[Any, list[Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    kept = [crops(material)(step) for step in range(3)]
    monkeypatch.setattr(Crops, "KEPT_BYTES", 0)
    bare = crops(material)
    assert all(equal(a, bare(step)) for step, a in enumerate(kept)) and not bare._known


def test_every_row_is_a_part_of_an_augmented_piece(material: tuple[Any, list[Any]]) -> None:
    """Nothing blanked: ids, previous ids, states and context are those of the whole augmented piece, cropped."""
    tokenizer, pieces = material
    made = crops(material, blank=0.0)
    known = [
        whole(tokenizer.augmentations.map[a][piece], tokenizer)
        for piece in pieces
        for a in np.flatnonzero(tokenizer.augmentations.admits(piece))
    ]
    starts = set()
    for step in range(4):
        batch = made(step)
        for b in range(len(batch.ids)):
            row = batch.rows(slice(b, b + 1))
            start = place(row, known)
            assert start is not None
            starts.add(start)
    assert 0 in starts and len(starts) > 8


def place(row: Batch, known: list[Batch]) -> int | None:
    """Where a row's content begins in one of the pieces, if it stands there."""
    n = int(np.flatnonzero(row.weights[0]).max()) + 1
    for piece in known:
        T = piece.ids.shape[1]
        for start in np.flatnonzero(piece.ids[0, : T - n + 1] == row.ids[0, 0]).tolist():
            part = slice(start, start + n)
            if all(np.array_equal(getattr(row, f)[0, :n], getattr(piece, f)[0, part]) for f in FIELDS[:4]):
                return start
    return None


def test_a_pass_draws_every_piece_once(material: tuple[Any, list[Any]]) -> None:
    """Of pieces of one length; in another order each time."""
    tokenizer, pieces = material
    same = [np.asarray(piece[:30]) for piece in pieces]
    made = Crops(same, tokenizer, batch_size=len(same), crop=30, seed=1, blank=0.0)
    rng = np.random.default_rng(0)
    passes = [[made._drawn(k, rng) for k in range(n * len(same), (n + 1) * len(same))] for n in range(3)]
    assert all(sorted(drawn) == list(range(len(same))) for drawn in passes)
    assert passes[0] != passes[1] != passes[2]


def test_longer_pieces_are_drawn_more_often(material: tuple[Any, list[Any]]) -> None:
    tokenizer, pieces = material
    made = Crops([pieces[0][:96], pieces[1][:32]], tokenizer, batch_size=4, crop=32, seed=1)
    rng = np.random.default_rng(0)
    assert sorted(made._drawn(k, rng) for k in range(8)) == [0, 0, 0, 0, 0, 0, 1, 1]


def test_pieces_are_said_in_every_order_by_its_share(material: tuple[Any, list[Any]]) -> None:
    tokenizer, pieces = copy.copy(material[0]), [np.asarray(piece[:20]) for piece in material[1]]
    swapped = pieces[0].copy()
    swapped[[3, 4]] = swapped[[4, 3]]
    tokenizer.orders = (Order("plain", 0.75, lambda ids: ids), Order("swapped", 0.25, lambda ids: swapped))
    tokenizer.augmentations = no_augmentation(len(tokenizer.vocabulary))
    batch = Crops(pieces, tokenizer, batch_size=400, crop=20, seed=0, blank=0.0)(0)
    rows = (batch.ids == swapped).all(axis=1)
    assert 0.18 < rows.mean() < 0.32
    expected = whole(swapped, tokenizer)
    first = batch.rows(slice(int(rows.argmax()), int(rows.argmax()) + 1))
    assert all(np.array_equal(getattr(first, f), getattr(expected, f)) for f in FIELDS[:4])


def test_targets_follow_their_previous_ids(material: tuple[Any, list[Any]]) -> None:
    batch = crops(material, blank=0.0)(0)
    for previous, ids, weights in zip(batch.previous, batch.ids, batch.weights, strict=True):
        n = int(weights.sum())
        assert (previous[1:n] == ids[: n - 1]).all()


def test_short_pieces_are_padded_without_weight(material: tuple[Any, list[Any]]) -> None:
    tokenizer, pieces = material
    short = pieces[0][:7]
    batch = Crops([short, pieces[1]], tokenizer, batch_size=400, crop=40, seed=0, blank=0.0)(0)
    rows = [b for b in range(400) if batch.weights[b].sum() == 7]
    assert rows
    for b in rows:
        assert (batch.weights[b] == [1] * 7 + [0] * 33).all()
        assert batch.previous[b, 0] == len(tokenizer.vocabulary)
        assert (batch.previous[b, 7:] == len(tokenizer.vocabulary)).all() and not batch.ids[b, 7:].any()


def test_only_the_beginning_of_a_piece_has_no_previous_id(material: tuple[Any, list[Any]]) -> None:
    tokenizer, _ = material
    for step in range(3):
        batch = crops(material)(step)
        begins = batch.previous == len(tokenizer.vocabulary)
        assert not begins[:, 1:][batch.weights[:, 1:] > 0].any()
        assert (batch.states[begins & (batch.weights > 0)] == 0).all()


def test_headers_are_blanked_in_what_is_seen_never_in_what_is_asked(material: tuple[Any, list[Any]]) -> None:
    tokenizer, pieces = material
    unknown = tokenizer.unknown_of
    said = {int(i) for piece in pieces for i in piece if unknown[i] == i}
    n_blank, n_seen = 0, 0
    for step in range(6):
        batch = crops(material, blank=0.5, crop=16, batch_size=32)(step)
        counted = batch.weights > 0
        assert not (unknown[batch.ids[counted]] == batch.ids[counted]).any()  # "not given" is not learned
        before = batch.previous[:, 1:][counted[:, 1:]]
        before = before[before < len(unknown)]
        headers = before[unknown[before] >= 0]
        n_seen += len(headers)
        n_blank += sum(int(i) not in said for i in headers[unknown[headers] == headers])
    assert 0.25 < n_blank / n_seen < 0.6  # one of the ways hides nothing


def test_without_blanking_headers_stay(material: tuple[Any, list[Any]]) -> None:
    tokenizer, pieces = material
    said = {int(i) for piece in pieces for i in piece}
    batch = crops(material, blank=0.0)(0)
    seen = batch.previous[batch.previous < len(tokenizer.vocabulary)]
    blanks = {int(i) for i in np.unique(seen) if tokenizer.unknown_of[i] == i}
    assert blanks <= said


def test_every_id_of_a_batch_is_legal_where_it_stands(material: tuple[Any, list[Any]]) -> None:
    tokenizer, _ = material
    for step in range(4):
        batch = crops(material)(step)
        counted = batch.weights > 0
        assert tokenizer.grammar.masks[batch.states[counted], batch.ids[counted]].all()
        sizes = [feature.size for feature in tokenizer.context.features]
        assert (batch.context >= 0).all() and (batch.context < sizes).all()


def test_a_crop_is_no_longer_than_the_longest_piece(material: tuple[Any, list[Any]]) -> None:
    made = crops(material, crop=100_000)
    assert made.crop == max(map(len, material[1])) == made(0).ids.shape[1]


def test_whole_pieces_weigh_their_scored_ids(material: tuple[Any, list[Any]]) -> None:
    tokenizer, pieces = material
    batch = padded([whole(piece, tokenizer) for piece in pieces[:3]])
    for b, piece in enumerate(pieces[:3]):
        alone = whole(piece, tokenizer)
        n = len(piece)
        assert all(np.array_equal(getattr(batch, f)[b, :n], getattr(alone, f)[0]) for f in FIELDS)
        assert not batch.weights[b, n:].any()
        assert batch.weights[b].sum() == tokenizer.vocabulary.scored[piece].sum()


def test_no_piece_is_an_error(prepared: Prepared) -> None:
    with pytest.raises(CorpusError):
        Crops([np.zeros(1, np.int32)], prepared.tokenizer, batch_size=1, crop=8, seed=0)


# --- streams


def read(text: str = "to be or not to be, that is the question. ", times: int = 9) -> tuple[Any, list[Any]]:
    """(tokenizer, two pieces)."""
    tokenizer = TextTokenizer.fit([text])
    return tokenizer, [tokenizer.encode(text * times), tokenizer.encode(text[::-1] * times)]


def test_readers_go_on_where_they_stopped_and_read_everything() -> None:
    tokenizer, pieces = read()
    streams = Streams(pieces, tokenizer, batch_size=3, crop=10, seed=0)
    tape = np.concatenate(pieces)
    begin, n_steps = len(tokenizer.vocabulary), -(-len(tape) // 30) + 1
    batches = [streams(step) for step in range(n_steps)]
    forgot = 0
    for before, after in pairwise(batches):
        fresh = after.previous[:, 0] == begin
        forgot += int(fresh.sum())
        assert (after.previous[~fresh, 0] == before.ids[~fresh, -1]).all()
        assert (after.previous[:, 1:] == after.ids[:, :-1])[after.previous[:, 1:] != begin].all()
    rows = np.concatenate([batch.ids for batch in batches], axis=1)
    twice = np.concatenate([tape, tape])
    for row in rows:
        assert any(np.array_equal(twice[start : start + len(row)], row) for start in range(len(tape)))
    assert sum((rows == i).sum() for i in range(begin)) >= len(tape) and 0 < forgot < n_steps


def test_a_stream_knows_at_every_place_what_the_whole_piece_knows() -> None:
    tokenizer, pieces = read()
    streams = Streams(pieces, tokenizer, batch_size=2, crop=16, seed=1)
    known = {tuple(row) for piece in pieces for row in tokenizer.context.of(piece)[:-1].tolist()}
    for step in (0, 5, 40):
        batch = streams(step)
        assert all(tuple(row) in known for rows in batch.context.tolist() for row in rows)
        assert (batch.weights == 1).all() and (batch.states == 0).all()


def test_streams_are_a_function_of_seed_and_step() -> None:
    tokenizer, pieces = read()
    a, b, other = (Streams(pieces, tokenizer, batch_size=2, crop=8, seed=seed) for seed in (3, 3, 4))
    assert equal(a(7), b(7)) and not equal(a(7), a(8)) and not equal(a(7), other(7))


def test_of_many_ids_only_what_is_being_read_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer, pieces = read()
    known = Streams(pieces, tokenizer, batch_size=3, crop=20, seed=2)
    monkeypatch.setattr(Streams, "KEPT_BYTES", 0)
    monkeypatch.setattr(Streams, "STRETCH", 17)
    monkeypatch.setattr(Streams, "BEFORE", 10**6)  # nothing is out of sight
    mapped = [piece.astype(np.uint16) for piece in pieces]
    streams = Streams(mapped, tokenizer, batch_size=3, crop=20, seed=2)
    assert all(equal(streams(step), known(step)) for step in range(40))
    assert streams._known.cache_info().currsize == 6
    monkeypatch.setattr(Streams, "BEFORE", 30)
    some = Streams(mapped, tokenizer, batch_size=3, crop=20, seed=2)
    for step in range(40):
        a, b = some(step), known(step)
        assert all(np.array_equal(getattr(a, f), getattr(b, f)) for f in FIELDS if f != "context")
        names = [f.name for f in tokenizer.context.features]
        short = [names.index(name) for name in ("last2", "last3", "word")]
        assert np.array_equal(a.context[..., short], b.context[..., short])

"""Copying, against a search letter by letter."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from seqgen.core.metrics import Contour
from seqgen.core.repetition import ngrams
from seqgen.evaluation.copying import Training, contour_copying, copying

texts = st.lists(st.integers(0, 2), max_size=25).map(lambda ids: np.array(ids, np.int32))


def stands(part: list[int], pieces: list[list[int]]) -> bool:
    return any(part == piece[i : i + len(part)] for piece in pieces for i in range(len(piece) - len(part) + 1))


@given(st.lists(texts, min_size=1, max_size=3), texts, st.integers(1, 9))
def test_ngrams_are_found_where_they_stand(pieces: list[np.ndarray], ids: np.ndarray, n: int) -> None:
    known, parts = [p.tolist() for p in pieces], [ids[i : i + n].tolist() for i in range(len(ids) - n + 1)]
    assert Training(pieces).found(ids, n).tolist() == [stands(part, known) for part in parts]


@given(st.lists(texts, min_size=1, max_size=3), texts)
def test_the_longest_stretch_is_the_longest(pieces: list[np.ndarray], ids: np.ndarray) -> None:
    known = [p.tolist() for p in pieces]
    lengths = [j - i for i in range(len(ids)) for j in range(i + 1, len(ids) + 1) if stands(ids[i:j].tolist(), known)]
    assert Training(pieces).longest(ids) == max(lengths, default=0)


def test_equal_stretches_have_equal_hashes_whatever_stands_around() -> None:
    rng = np.random.default_rng(0)
    part = rng.integers(0, 50, 30)
    for n in (1, 2, 3, 7, 30):
        around = ngrams(np.concatenate([rng.integers(0, 50, 11), part, rng.integers(0, 50, 5)]), n)
        assert np.array_equal(around[11 : 11 + 30 - n + 1], ngrams(part, n))


def test_the_report_counts_over_all_sequences() -> None:
    train = [np.arange(100)]
    found = copying(train, [np.arange(10, 50), np.arange(200, 240)], n=30)
    assert found == {"longest_overlap": 40, "share_of_30grams": 0.5}
    assert copying(train, [], n=30) == {"longest_overlap": 0, "share_of_30grams": 0.0}


def contour_of(codes: list[int]) -> Contour:
    return Contour(np.array(codes, np.int64), np.arange(len(codes) + 1) / 2)


@given(st.lists(texts, max_size=3), st.lists(texts, min_size=1, max_size=3))
def test_the_longest_stretch_of_contours_is_the_longest(pieces: list[np.ndarray], asked: list[np.ndarray]) -> None:
    known = [p.tolist() for p in pieces]
    longest = [
        max(
            (j - i for i in range(len(a)) for j in range(i + 1, len(a) + 1) if stands(a[i:j].tolist(), known)),
            default=0,
        )
        for a in asked
    ]
    events = [n + 1 if n else 0 for n in longest]
    found = contour_copying(
        [contour_of(p) for p in known], [contour_of(a.tolist()) for a in asked], ("notes", "quarters")
    )
    assert found["notes"] == max(events) and found["quarters"] == max(longest) / 2
    assert found["median_notes"] == np.median(events)


def test_without_contours_nothing_is_copied() -> None:
    nothing = {"events": 0, "places": 0.0, "median_events": 0.0, "median_places": 0.0}
    assert contour_copying([], []) == contour_copying([contour_of([1, 2])], []) == nothing
    assert contour_copying([contour_of([1, 2])], [Contour(np.zeros(0, np.int64), np.zeros(0))]) == nothing

"""Side inputs."""

from __future__ import annotations

import numpy as np

from seqgen.core.context import Feature, NoContext


def test_a_feature_is_embedded_unless_it_scores_ids() -> None:
    beat = Feature("beat", 4)
    assert beat.embedded and beat.n_classes == 0 and not beat.is_id and beat.maps is None
    against = Feature("last note", 2, classes=np.array([[0, 1, 2], [5, 0, 1]], np.int32))
    assert not against.embedded and against.n_classes == 6
    recalled = Feature("recalled", 9, is_id=True)
    assert not recalled.embedded and recalled.n_classes == 1


def test_where_ids_say_it_all_rows_are_empty() -> None:
    context, ids = NoContext(), np.array([3, 1, 2], np.int32)
    assert context.features == ()
    rows = context.of(ids)
    assert rows.shape == (4, 0) and rows.dtype == np.int32
    cursor = context.start(np.stack([ids, ids]))
    assert cursor.row().shape == (2, 0) and cursor.row().dtype == np.int32
    cursor.advance(ids[:2])
    assert cursor.row().shape == (2, 0)
    assert cursor.fork(np.array([1, 0, 1])).row().shape == (3, 0)

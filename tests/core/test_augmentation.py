"""Re-writings by table."""

from __future__ import annotations

import numpy as np

from seqgen.core.augmentation import Augmentation, no_augmentation

UP = [[0, 1, 2, 3], [1, 2, 3, -1], [-1, 0, 1, 2]]  # four steps of a scale: as they are, one up, one down


def test_rows_are_admitted_that_keep_every_id_in_the_vocabulary() -> None:
    steps = Augmentation(["as it is", "up", "down"], UP)
    assert len(steps) == 3 and steps.names == ("as it is", "up", "down")
    assert steps.map.dtype == np.int32 and steps.map.tolist() == UP
    for ids, admitted in (
        ([1, 2, 1], [True, True, True]),
        ([1, 3], [True, False, True]),
        ([0, 1], [True, True, False]),
        ([0, 3], [True, False, False]),
        ([], [True, True, True]),
    ):
        found = steps.admits(np.array(ids, np.int32))
        assert found.dtype == bool and found.tolist() == admitted


def test_no_augmentation_is_the_identity() -> None:
    none = no_augmentation(3)
    assert len(none) == 1 and none.names == ("as it is",) and none.map.tolist() == [[0, 1, 2]]
    assert none.admits(np.array([2, 0])).tolist() == [True]

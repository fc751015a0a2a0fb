"""The model is told which pitch would make parallel fifths or octaves, whichever voice is the lower one."""

from __future__ import annotations

import numpy as np
import pytest

from seqgen.domains.midi.tokenizer import MidiTokenizer


@pytest.mark.parametrize(
    ("soprano", "bass", "parallel"),
    [
        ((67, 69), 60, 62),  # a fifth below
        ((72, 74), 60, 62),  # an octave below
        ((60, 62), 60, 62),  # in unison
        ((60, 62), 67, 69),  # a fifth above, voices crossed
        ((65, 67), 60, None),  # a fourth
        ((69, 71), 60, None),  # a sixth
        ((67, 67), 60, None),  # nobody moves
    ],
)
def test_parallels_are_told(soprano: tuple[int, int], bass: int, parallel: int | None) -> None:
    tokenizer = MidiTokenizer("voices", n_voices=2, header=False, holds=False, end=False)
    low, high = tokenizer.config()["low"], tokenizer.config()["high"]
    ids = np.array([soprano[0], bass, soprano[1]], np.int32) - low
    column = [feature.name for feature in tokenizer.context.features].index("parallel0")
    n = high - low + 1
    assert tokenizer.context.of(ids)[-1, column] == (3 * n if parallel is None else n + parallel - low)

"""Parallel fifths and octaves are told to the model and shunned by samples, whichever voice is the lower one."""

from __future__ import annotations

import numpy as np
import pytest

from seqgen.domains.midi.tokenizer import MidiTokenizer


@pytest.mark.parametrize(
    ("soprano", "bass", "shunned"),
    [
        ((67, 69), 60, 62),  # a fifth below
        ((72, 74), 60, 62),  # an octave below
        ((60, 62), 60, 62),  # in unison
        ((60, 62), 67, 69),  # a fifth above, voices crossed
        ((65, 67), 60, -1),  # a fourth
        ((69, 71), 60, -1),  # a sixth
        ((67, 67), 60, -1),  # nobody moves
    ],
)
def test_parallels_are_shunned(soprano: tuple[int, int], bass: int, shunned: int) -> None:
    tokenizer = MidiTokenizer("voices", n_voices=2, header=False, holds=False, end=False)
    low = tokenizer.config()["low"]
    ids = np.array([soprano[0], bass, soprano[1]], np.int32) - low
    found = tokenizer.shunned(tokenizer.context.of(ids)[-1:])
    assert found.tolist() == [[shunned - low if shunned >= 0 else -1]]
    cursor = tokenizer.context.start(ids[None])
    assert np.array_equal(tokenizer.shunned(cursor.row()), found)


def test_other_tokenizations_shun_nothing() -> None:
    tokenizer = MidiTokenizer("remi")
    assert tokenizer.shunned(tokenizer.context.of(np.zeros(0, np.int32))).shape == (1, 0)

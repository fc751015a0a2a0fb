from __future__ import annotations

from typing import Any

import pytest

from seqgen.core.errors import UsageError
from seqgen.domains.midi.options import GRIDS, MidiOptions
from seqgen.domains.midi.tokenizer import MidiTokenizer


@pytest.mark.parametrize("grid", [0, -1, 5, 10**9, True, 4.0, "4", None, [4]])
def test_a_grid_that_is_none_is_refused_wherever_it_is_said(grid: Any) -> None:
    with pytest.raises(UsageError, match="choose 1, 2, 3, 4, 6, 8 or 12"):
        MidiOptions(steps_per_quarter=grid)
    with pytest.raises(UsageError, match="steps a quarter"):
        MidiTokenizer.from_config({"tokenization": "voices", "steps_per_quarter": grid})


@pytest.mark.parametrize("grid", GRIDS)
def test_what_may_be_asked_for_is_what_the_tokenizer_takes(grid: int) -> None:
    assert MidiOptions(steps_per_quarter=grid).steps_per_quarter == grid
    config = MidiTokenizer("voices", steps_per_quarter=grid).config()
    assert config["steps_per_quarter"] == grid and MidiTokenizer.from_config(config).config() == config

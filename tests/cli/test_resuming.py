"""What a run that goes on may be asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (("--cell", "gru"), "cell of lstm"), (("--learning-rate", 1), "learning rate"),
        (("--steps", 25), "steps of 24"), (("--minutes", 1), "minutes"), (("--preset", "base"), "width of 32"),
        (("--seed", 3), "seed of 0"), (("--from", "other"), "from"), (("--tokenizer", "remi"), "tokenizer"),
    ],
)  # fmt: skip
def test_a_run_that_goes_on_keeps_its_choices(cli: Cli, run: Path, corpus: Path, given: Any, named: str) -> None:
    refused = cli("train", "midi", corpus, "--resume", "--out", run, *given)
    assert refused.code == 2 and f"its own {named}" in refused.err and "--from" in refused.err and not refused.out


def test_a_run_goes_on_in_its_own_domain(cli: Cli, run: Path, corpus: Path) -> None:
    refused = cli("train", "text", corpus, "--resume", "--out", run)
    assert refused.code == 2 and "is a run of midi" in refused.err

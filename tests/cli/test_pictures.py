"""`--picture`: drawn beside what is said, and said no otherwise for it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seqgen.domains.sports.files import read
from seqgen.domains.sports.formats.table import to_table

LOGS = Path(__file__).parents[2] / "corpora" / "cricket"
Cli = Callable[..., Any]


@pytest.fixture(scope="module")
def sports_run(quick_trials: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on a few matches, trained for a moment."""
    import seqgen

    folder = tmp_path_factory.mktemp("pictures")
    (folder / "logs").mkdir()
    shutil.copy(LOGS / "2008-q1.csv.gz", folder / "logs")
    seqgen.train("sports", folder / "logs", steps=2, preset="tiny", out=folder / "run", width=32, crop=32)
    return folder / "run"


def test_a_forecast_is_drawn_and_said_as_without(sports_run: Path, cli: Cli, tmp_path: Path) -> None:
    log = tmp_path / "match.csv"
    log.write_bytes(to_table([next(read(LOGS / "2008-q1.csv.gz"))]))
    asked = (
        "predict",
        log,
        "--run",
        sports_run,
        "--at",
        "20",
        "--horizon",
        "6",
        "--paths",
        "20",
        "--top",
        "3",
        "--json",
    )
    plain, seen = cli(*asked), cli(*asked, "--picture", tmp_path / "new" / "out.svg")
    assert plain.code == seen.code == 0, seen.err
    drawn = (tmp_path / "new" / "out.svg").read_text()
    assert "Cricket: what comes next in match" in drawn and "after 20 events" in drawn
    found = json.loads(seen.out)
    for name, numbers in found["result"].items():
        if isinstance(numbers, dict) and "now" in numbers:
            fan = numbers.pop("fan")
            assert [f["ahead"] for f in fan] == [1, 2, 3, 4, 5, 6], name
            assert [fan[-1][key] for key in ("low", "median", "high")] == [
                numbers[key] for key in ("low", "median", "high")
            ]
            assert all(numbers["now"] <= f["low"] <= f["median"] <= f["high"] for f in fan)
    assert found == json.loads(plain.out)


def test_of_a_file_with_more_matches_the_first_is_said_to_be_asked_for(sports_run: Path, cli: Cli) -> None:
    log = LOGS / "2008-q1.csv.gz"
    n = len(list(read(log)))
    asked = cli("predict", log, "--run", sports_run, "--at", "20", "--json")
    assert n > 1 and asked.code == 0 and f"holds {n} pieces; this is about the first" in asked.err
    assert json.loads(asked.out)["predictions"]


def test_what_cannot_be_drawn_is_said_before_anything_is_worked_out(
    sports_run: Path, run: Path, corpus: Path, cli: Cli, tmp_path: Path
) -> None:
    log, out = LOGS / "2008-q1.csv.gz", tmp_path / "out.png"
    for arguments in (
        ("predict", log, "--run", sports_run, "--picture", "out.gif"),
        ("predict", log, "--run", sports_run, "--follow", "--picture", out),
        ("predict", corpus / "chorale03.mid", "--run", run, "--picture", out),
        ("evaluate", run, "--picture", out),
        ("evaluate", sports_run, "--picture", "out"),
    ):
        result = cli(*arguments)
        assert result.code == 2 and not result.out and "picture" in result.err + str(arguments), result
    assert not out.exists()


@pytest.mark.slow
def test_what_events_are_worth_is_drawn_over_the_match(sports_run: Path, cli: Cli, tmp_path: Path) -> None:
    first, out = next(read(LOGS / "2008-q1.csv.gz")), tmp_path / "out.svg"
    log = tmp_path / "match.csv"
    log.write_bytes(to_table([first]))
    asked = ("predict", log, "--run", sports_run, "--value", tmp_path / "table.csv", "--json", "--picture")
    result = cli(*asked, out)
    assert result.code == 0, result.err
    assert f"the chances to score in match {first.about['match']}" in out.read_text()
    assert (tmp_path / "table.csv").exists() and cli(*asked, "out").code == 2


def test_an_evaluation_is_drawn(sports_run: Path, cli: Cli, tmp_path: Path) -> None:
    asked = ("evaluate", sports_run, "--samples", 0, "--rollouts", 0, "--json")
    result = cli(*asked, "--picture", tmp_path / "out.png")
    assert result.code == 0, result.err
    assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")
    field = json.loads(result.out)["fields"]["Outcome"]
    assert sum(b["n"] for b in field["reliability"]) == field["tokens"]
    assert sum(b["n"] * b["came"] for b in field["reliability"]) / field["tokens"] == pytest.approx(
        field["accuracy"], abs=1e-3
    )

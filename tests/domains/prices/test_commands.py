"""Prices through the whole command line: trained on, forecast, looked into."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import seqgen
from seqgen.core.files import read_json
from seqgen.domains.prices.files import read, to_series
from seqgen.domains.prices.options import PricesOptions
from seqgen.training.run import Run

Cli = Callable[..., Any]
N = 400


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two prices on working days, one of them begun later."""
    rng = np.random.default_rng(0)
    days = np.datetime64("2020-01-01") + np.arange(2 * N)
    days = days[np.is_busday(days)][:N]
    prices = [level * np.exp(0.01 * rng.standard_normal(N).cumsum()) for level in (5, 80)]
    rows = [
        f"{day},{one:.6f},{f'{two:.6f}' if i >= 100 else ''}"
        for i, (day, one, two) in enumerate(zip(days, *prices, strict=True))
    ]
    path = tmp_path_factory.mktemp("prices") / "table.csv"
    path.write_text("\n".join(["date,gold,oil", *rows]) + "\n")
    return path


@pytest.fixture(scope="module")
def run(table: Path, quick_trials: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "prices"
    seqgen.train("prices", table, steps=6, out=out, width=16, n_evaluations=2)
    return out


def of_json(result: Any) -> Any:
    assert result.code == 0, result.err
    return json.loads(result.out)


def test_all_series_are_cut_at_the_same_days(run: Path) -> None:
    files = read_json(run / "corpus.json")["files"]
    assert [(f["split"], f["pieces"]) for f in files] == [("train", 2), ("valid", 2), ("test", 2)]
    # 700 prices of both: the last tenth of these are of the last 35 days.
    assert [f["tokens"] for f in files if f["split"] == "test"] == [2 * (34 + 5)]


def test_every_series_of_a_file_is_forecast(cli: Cli, run: Path, table: Path) -> None:
    found = of_json(cli("predict", table, "--run", run, "--horizon", 10, "--paths", 200, "--json"))
    assert [one["series"] for one in found["all"]] == ["gold", "oil"] and found["series"] == "gold"
    assert found["predictions"] and found["all"][0]["bands"] == found["bands"]
    for one in found["all"]:
        bands = one["bands"]
        assert len(bands["steps"]) == 10 and bands["name"] == "price"
        assert bands["steps"][0]["time"] > bands["time"]
        for step in bands["steps"]:
            levels = [value for name, value in step.items() if name.startswith("q")]
            assert levels == sorted(levels) and len(levels) == 9 and levels[0] < step["mean"] < levels[-1]
        assert bands["steps"][0]["q5"] < bands["now"] < bands["steps"][0]["q95"]
        assert bands["steps"][9]["q95"] - bands["steps"][9]["q5"] > bands["steps"][0]["q95"] - bands["steps"][0]["q5"]


def test_a_forecast_as_a_table_and_a_fan(cli: Cli, run: Path, table: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    command = ("predict", run, table, "--horizon", 3, "--paths", 50, "--picture", "fan.svg")
    shown = cli(*command, "--series", "oil", "--at", "2021-02-01")
    assert shown.code == 0, shown.err
    lines = shown.out.splitlines()
    assert lines[0].startswith("oil: price ") and "on 2021-02-01; 50 paths" in lines[0]
    assert lines[1].split() == ["ahead", "when", "5", "10", "25", "50", "75", "90", "95", "mean"]
    assert [line.split()[0] for line in lines[2:5]] == ["1", "2", "3"] and lines[2].split()[1] == "2021-02-02"
    assert lines[5] == "fan.svg" and "oil" in (tmp_path / "fan.svg").read_text()
    both = cli(*command)
    assert both.code == 0 and {path.name for path in tmp_path.glob("fan-*")} == {"fan-1.svg", "fan-2.svg"}


def test_one_day_ahead_is_the_default(cli: Cli, run: Path, table: Path) -> None:
    found = of_json(cli("predict", table, "--run", run, "--paths", 20, "--json"))
    assert len(found["bands"]["steps"]) == 1


@pytest.mark.parametrize(
    "arguments",
    [("--horizon", "end"), ("--horizon", "0"), ("--at", "never"), ("--at", "1"), ("--follow",), ("--series", "silver")],
)
def test_what_cannot_be_forecast_is_said(cli: Cli, run: Path, table: Path, arguments: tuple[str, ...]) -> None:
    refused = cli("predict", table, "--run", run, *arguments)
    assert refused.code in (2, 3) and refused.err.startswith("error: ") and refused.out == ""


def test_a_run_stands_before_its_file_or_is_an_option(cli: Cli, run: Path, table: Path) -> None:
    for arguments in ((run, table, "--run", run), (run, table, table)):
        assert cli("predict", *arguments).code == 2


def test_samples_go_on_from_the_last_price(cli: Cli, run: Path, table: Path) -> None:
    said = of_json(
        cli("sample", run, "--prompt", table, "--series", "oil", "--length", "20days", "-n", 2, "--seed", 1, "--json")
    )
    oil = next(read(table, "", PricesOptions(series="oil")))
    for file in said["files"]:
        path = to_series(file)
        assert np.array_equal(path.prices[:300], oil.prices) and 300 < len(path.prices) < 322 and path.name == "oil"
        assert path.dates is not None and path.dates[300] > path.dates[299]
    assert said["violations"] == 0
    wild, calm = (
        to_series(of_json(cli("sample", run, "-n", 1, "--volatility", v, "--seed", 1, "--json"))["files"][0])
        for v in ("5%", "0.1%")
    )
    assert np.std(wild.returns) > 10 * np.std(calm.returns)


def test_a_table_is_looked_into(cli: Cli, table: Path, tmp_path: Path) -> None:
    found = of_json(cli("inspect", table, "--json"))
    assert found["domain"] == "prices" and found["pieces"] == 2 and len(found["events"]) == N
    assert found["events"][0]["date"] == "2020-01-01" and found["events"][1]["return"] is not None
    pytest.importorskip("matplotlib")
    assert cli("inspect", table, "--series", "oil", "--picture", "oil.svg").code == 0
    assert (tmp_path / "oil.svg").stat().st_size > 1000


def test_a_run_is_evaluated_beside_counting(cli: Cli, run: Path) -> None:
    found = of_json(cli("evaluate", run, "--samples", 0, "--rollouts", 3, "--json"))
    assert found["nats_per_token"] > 0 and "trigram" in found["baselines"]
    assert found["forecasts"] == {}  # 35 days are too few for that


def test_forecasts_are_scored_beside_random_walks(cli: Cli, run: Path, table: Path) -> None:
    shown = cli("evaluate", run, "--file", table, "--samples", 0, "--rollouts", 6)
    assert shown.code == 0, shown.err
    lines = shown.out.splitlines()
    begin = next(i for i, line in enumerate(lines) if line.startswith("Forecasts 20 ahead from 6 places"))
    names = [line[:26].strip() for line in lines[begin + 3 : begin + 12]]
    assert names[0] == "this model" and {"last value", "AR on returns", "random walk"} < set(names)
    assert any(line.startswith("By WQL the model ") and "a random walk: " in line for line in lines[begin:])


def test_a_preset_says_how_large_the_model_is(cli: Cli, table: Path, tmp_path: Path) -> None:
    """What suits prices is the size of the default preset alone."""
    for preset, width in (("small", 64), ("tiny", 32)):
        trained = cli("train", "prices", table, "--steps", 1, "--preset", preset, "--out", preset, "--json")
        assert trained.code == 0, trained.err
        assert Run(tmp_path / preset).config().width == width


def test_few_prices_are_not_learned_by_heart(table: Path, tmp_path: Path) -> None:
    config = seqgen.train("prices", table, minutes=3, out=tmp_path / "run").run.config()
    n_tokens = read_json(tmp_path / "run" / "corpus.json")["counts"]["train"]["tokens"]
    assert 39 < config.steps * config.batch_size * config.crop / n_tokens < 60

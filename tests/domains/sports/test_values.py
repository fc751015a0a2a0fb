"""What events are worth, from a corpus in which goals follow corners."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from seqgen.core.domain import get_domain
from seqgen.core.errors import CorpusError, UsageError
from seqgen.core.sealed import write_sealed
from seqgen.domains.sports.formats.known import from_frame
from seqgen.domains.sports.known import SPORTS
from seqgen.domains.sports.match import Match
from seqgen.domains.sports.scoring import points
from seqgen.domains.sports.sport import Sport

COLUMNS = ["period", "time", "team", "player", "action", "outcome", "x", "y", "end_x", "end_y"]


def play(seed: int, n: int = 150) -> list[tuple[Any, ...]]:
    """Passes of two teams; now and then a corner, which the same team follows by a pass and a goal in two of three."""
    rng, rows, team = np.random.default_rng(seed), list[tuple[Any, ...]](), "A"
    coming: list[tuple[str, str]] = []
    for t in range(n):
        action, outcome = coming.pop(0) if coming else ("pass", "success")
        if action == "pass" and not coming and not (rows and rows[-1][4] == "corner"):
            team = str(rng.choice(["A", "B"])) if rng.random() < 0.3 else team
            if rng.random() < 0.05:
                action, coming = "corner", [("pass", "success"), ("shot", "goal" if rng.random() < 2 / 3 else "fail")]
        place = (float(rng.integers(1, 104)), float(rng.integers(1, 67)))
        rows.append((1, 2.0 * t, team, f"{team}{rng.integers(3)}", action, outcome, *place, *place))
    return rows


def made(rows: list[tuple[Any, ...]], match: str = "m") -> Match:
    (found,) = from_frame(pd.DataFrame(rows, columns=COLUMNS).assign(match=match), "soccer")
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("corners")
    for seed in range(24):
        get_domain("sports").write(made(play(seed), f"m{seed}"), found / f"{seed:02d}.csv")
    return found


@pytest.fixture(scope="module")
def corners(folder: Path, quick_trials: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    import seqgen

    out = tmp_path_factory.mktemp("runs") / "corners"
    seqgen.train("sports", folder, steps=100, preset="tiny", out=out, width=24, n_evaluations=1, crop=64)
    return out


def test_probabilities_rise_where_a_goal_comes(corners: Path) -> None:
    import seqgen

    match = made(play(99, 400), "other")
    frame = pd.DataFrame(seqgen.load(corners).value(match))
    assert len(frame) == 400 and frame["event"].tolist() == list(range(1, 401)) and set(frame["match"]) == {"other"}
    for column in ("time", "team", "player", "action", "outcome"):
        assert frame[column].tolist() == list(match.events[column])
    corner = frame["action"] == "corner"
    assert corner.sum() > 5
    assert frame.loc[corner, "scores_after"].mean() > 0.35
    plain = (frame["action"] == "pass") & (frame["action"].shift(1) != "corner")
    assert frame.loc[plain, ["scores_after", "concedes_after"]].mean().max() < 0.25
    assert frame.loc[corner, "value"].mean() > 0.2 > abs(frame.loc[plain, "value"].mean())
    goal = frame["outcome"] == "goal"
    assert (frame.loc[goal, "scores_after"] == 1).all() and frame.loc[goal, "value"].mean() > 0.1
    missed = (frame["action"] == "shot") & ~goal
    assert frame.loc[missed, "value"].mean() < -0.1
    changed = frame["scores_after"] - frame["scores_before"] - (frame["concedes_after"] - frame["concedes_before"])
    assert np.allclose(frame["value"], changed, atol=3e-6)
    same = frame["team"] == frame["team"].shift(1)
    before = np.where(same, frame["scores_after"].shift(1), frame["concedes_after"].shift(1))
    behind_goal = goal.shift(1, fill_value=True)  # a goal that is scored does not come again
    assert np.allclose(frame["scores_before"][~behind_goal], before[~behind_goal])


def test_what_was_learned_is_kept_with_the_run(corners: Path, folder: Path, tmp_path: Path) -> None:
    import seqgen

    copy = shutil.copytree(corners, tmp_path / "copy")
    (copy / "valuation.safetensors").unlink(missing_ok=True)
    about = json.loads((copy / "corpus.json").read_text())
    write_sealed(copy / "corpus.json", {**about, "path": str(tmp_path / "gone")})
    model, match = seqgen.load(copy), made(play(7))
    with pytest.raises(CorpusError) as refused:
        model.value(match)
    assert "corpus=PATH" in refused.value.hint
    first = model.value(match, corpus=folder)
    assert (copy / "valuation.safetensors").exists() and seqgen.load(copy).value(match) == first


def test_the_command_writes_a_table_of_all_matches(
    corners: Path, folder: Path, cli: Callable[..., Any], tmp_path: Path
) -> None:
    import seqgen

    both = tmp_path / "both.csv"
    pd.concat([pd.read_csv(folder / "03.csv"), pd.read_csv(folder / "04.csv")]).to_csv(both, index=False)
    done = cli("predict", both, "--run", corners, "--value", "values.csv", "--top", 3)
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert len(lines) == 5 and "concedes after" in lines[0] and lines[-1].startswith("values.csv: 300 events")
    with open("values.csv", newline="") as file:  # noqa: PTH123  in the command's folder
        rows = list(csv.DictReader(file))
    expected = [row for n in (3, 4) for row in seqgen.load(corners).value(folder / f"{n:02d}.csv")]
    assert [row["match"] for row in rows] == [row["match"] for row in expected] == ["m3"] * 150 + ["m4"] * 150
    for name in ("scores_before", "value"):
        assert [float(row[name]) for row in rows] == [row[name] for row in expected]
    best = max(expected, key=lambda row: row["value"])
    assert lines[1].split()[0] == str(best["event"]) and f"{best['value']:.3f}" in lines[1]
    found = json.loads(cli("predict", both, "--run", corners, "--value", "again.csv", "--json").out)
    assert found["events"] == expected and found["table"] == "again.csv"
    assert cli("predict", both, "--run", corners, "--value", "x.csv", "--horizon", "3").code == 2
    refused = cli("predict", both, "--run", corners, "--value", "x.csv", "--picture", "x.png")
    assert refused.code == 2 and "2 matches" in refused.err
    assert cli("predict", folder / "03.csv", "--run", corners, "--value", "x.csv", "--picture", "x.svg").code == 0
    assert "the chances to score" in Path("x.svg").read_text()


def test_what_scores_in_each_sport() -> None:
    match = made([
        (1, 0, "A", "a", "shot", "goal", 1, 1, 1, 1), (1, 1, "B", "b", "clearance", "own goal", 1, 1, 1, 1),
        (2, 2, "B", "b", "pass", "success", 1, 1, 1, 1), (5, 3, "A", "a", "penalty", "goal", 1, 1, 1, 1),
    ])  # fmt: skip
    assert points(match).tolist() == [[0, 1, 0], [1, 0, 1], [1, 0, 0], [0, 0, 0]]
    cricket = pd.DataFrame(
        [(1, 0, 1, "A", "4"), (1, 0, 2, "A", "wide"), (2, 0, 1, "B", "wicket")],
        columns=["period", "over", "ball", "team", "outcome"],
    )
    (of_cricket,) = from_frame(cricket)
    assert points(of_cricket).tolist() == [[0, 4, 0], [0, 1, 0], [1, 0, 0]]
    strokes = [(1, 1, "smash", "winner", "A"), (1, 2, "lob", "", "B"), (1, 2, "drop", "net", "A")]
    rally = pd.DataFrame(strokes, columns=["period", "rally", "action", "outcome", "server"])
    (badminton,) = from_frame(rally.assign(team=["A", "B", "A"]), "badminton")
    assert points(badminton)[:, 1:].tolist() == [[1, 0], [0, 0], [0, 1]]


@pytest.mark.parametrize(
    ("sport", "event", "gains"),
    [
        ("american football", {"outcome": "complete", "result": "touchdown"}, (6, 0)),
        ("american football", {"outcome": "", "result": "safety"}, (0, 2)),
        ("american football", {"outcome": "good", "result": ""}, (1, 0)),
        ("basketball", {"action": "dunk", "outcome": "made"}, (2, 0)),
        ("basketball", {"action": "free throw", "outcome": "missed"}, (0, 0)),
        ("hockey", {"action": "shot", "outcome": "goal"}, (1, 0)),
        ("hockey", {"action": "shoot-out shot", "outcome": "goal"}, (0, 0)),
        ("tennis", {"action": "forehand", "outcome": "winner", "server": "A", "team": "B"}, (1, 0)),
        ("tennis", {"action": "returner point", "outcome": "", "server": "A", "team": "A"}, (0, 1)),
        ("tennis", {"action": "second serve", "outcome": "fault net", "server": "A", "team": "A"}, (0, 1)),
    ],
)
def test_what_events_gain(sport: str, event: dict[str, str], gains: tuple[int, int]) -> None:
    scores = SPORTS[sport].points
    assert scores is not None and scores(event) == gains


def test_nothing_is_worth_anything_where_nothing_scores(monkeypatch: pytest.MonkeyPatch, model: Any) -> None:
    from dataclasses import replace

    soccer: Sport = SPORTS["soccer"]
    monkeypatch.setitem(SPORTS, "soccer", replace(soccer, points=None))
    with pytest.raises(UsageError, match="not declared"):
        points(made(play(1, 5)))
    with pytest.raises(UsageError, match="Nothing scores in midi"):
        model.value(None)

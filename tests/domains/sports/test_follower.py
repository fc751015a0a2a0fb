"""A log that grows says, event by event, what the whole of it says."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqgen.core.errors import BadInput
from seqgen.domains.sports.files import read, to_match
from seqgen.domains.sports.follower import follow
from seqgen.domains.sports.formats.table import to_table
from seqgen.domains.sports.known import SPORTS
from seqgen.domains.sports.match import Match, place_of
from seqgen.domains.sports.sport import Row, Sport
from seqgen.tokenizers import SportsTokenizer

CORPUS = Path(__file__).parents[3] / "corpora" / "cricket"


def events(tokenizer: SportsTokenizer, log: bytes) -> list[np.ndarray]:
    return list(follow(io.BytesIO(log), tokenizer, "log.csv"))


def same(tokenizer: SportsTokenizer, log: bytes, match: Match) -> None:
    found, whole = events(tokenizer, log), tokenizer.encode(match)
    assert len(found) == len(match)
    assert np.concatenate(found).tolist() == whole[:-1].tolist()


def rows_of(draw: Any, sport: Sport) -> list[Row]:
    """Events of one match in order: some values that are known, some that are not, some missing."""
    values: dict[str, list[Any]] = {"period": [1, 2, 3], "team": ["A", "B"], "server": ["A"], "match": ["m"]}
    for slot in sport.slots:
        values.setdefault(slot.column, [*slot.values[:20], "strange"])
    for name, column in sport.columns.items():
        if column.kind != "text":
            values[name] = [0, 1, 2, 3, 7] if column.kind == "whole" else [-1.0, 0.25, 3.5, 12.0, 60.0, 101.5]
        elif name in sport.match_columns:
            values[name] = values.get(name, ["2019"])
        known = values.setdefault(name, ["", "x", "y", "z"])
        if not column.required and name not in sport.match_columns and name != "server":
            known.append("" if column.kind == "text" else None)
    values = {c: values[c] for c in sport.columns}
    rows = draw(st.lists(st.fixed_dictionaries({c: st.sampled_from(known) for c, known in values.items()}), min_size=1))
    return sorted(rows, key=lambda row: place_of(sport, row))


@given(st.data(), st.sampled_from(sorted(SPORTS)), st.booleans())
@settings(max_examples=150, deadline=None)
def test_events_are_those_of_the_whole_match(data: Any, name: str, named: bool) -> None:
    sport = SPORTS[name]
    rows = rows_of(data.draw, sport)
    text = io.StringIO()
    table = csv.DictWriter(text, ["sport", *sport.columns], restval=name)
    table.writeheader()
    table.writerows(rows)
    match = to_match(text.getvalue().encode())
    names = {slot.kind: ["A", "x", "y"] for slot in sport.slots if slot.numbered and named}
    same(SportsTokenizer(sport, {sport.labels[0].kind: ["2019"]}, names), text.getvalue().encode(), match)


def test_real_matches() -> None:
    matches = list(read(CORPUS / "2008-q1.csv.gz"))
    tokenizer = SportsTokenizer.fit(matches)
    for match in matches:
        same(tokenizer, to_table([match]), match)


HEAD = "match,period,over,ball,team,player,bowler,outcome\n"


@pytest.mark.parametrize(
    ("text", "where", "reason"),
    [
        (HEAD + "m,1,0,2,A,x,y,4\nm,1,0,1,A,x,y,4\n", "row 3", "goes back"),
        (HEAD + "m,1,0,1,A,x,y,4\nn,1,0,1,A,x,y,4\n", "row 3", "another match"),
        (HEAD + "m,1,x,1,A,x,y,4\n", "row 2, column over", "whole number"),
        (HEAD + "m,1\n", "row 2", "2 values"),
        (HEAD + 'm,1,0,1,A,x,"' + "y\n" * 100_000, "row 2", "CSV"),
        ("match\nx\n", "column", "is missing"),
        ("ball_round,type\n1,short\n", "", "cannot be followed (badminton strokes)"),
        ("sport," + HEAD + "golf,m,1,0,1,A,x,y,4\n", "", "golf"),
        ("\0\n", "", "binary"),
    ],
)
def test_what_cannot_be_followed_is_refused(text: str, where: str, reason: str) -> None:
    with pytest.raises(BadInput) as error:
        events(SportsTokenizer("cricket"), text.encode())
    assert reason in error.value.message and where in error.value.message, error.value.message


def test_an_event_is_said_before_the_next_is_there() -> None:
    lines = iter((HEAD + "m,1,0,1,A,x,y,4\nm,1,0,2,A,x,y,6\n").encode().splitlines(keepends=True))
    tokenizer = SportsTokenizer("cricket")
    found = follow(lines, tokenizer, "log.csv")
    said = tokenizer.vocabulary.readable(next(found))
    assert list(said) == ["Side_1", "Bowler_1", "Batter_1", "Outcome_4"]
    assert len(list(lines)) == 1


@pytest.fixture(scope="module")
def run(quick_trials: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on four matches, trained for a moment."""
    import seqgen

    folder = tmp_path_factory.mktemp("follow")
    (folder / "logs").mkdir()
    shutil.copy(CORPUS / "2008-q1.csv.gz", folder / "logs")
    seqgen.train("sports", folder / "logs", steps=2, preset="tiny", out=folder / "run", width=32, crop=32)
    seqgen.load(folder / "run").calibrate()
    return folder / "run"


def test_each_event_is_answered_as_the_log_up_to_it_is(
    run: Path, cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    import seqgen

    model = seqgen.load(run)
    match = next(read(CORPUS / "2008-q1.csv.gz"))
    log = to_table([model.domain.until(match, "9")])
    found = list(model.follow(io.BytesIO(log), top=3))
    assert [f["event"] for f in found] == list(range(1, 10))
    for n in (1, 6, 9):
        whole = model.predict(model.domain.until(match, str(n)), top=3)
        assert [p["action"] for p in found[n - 1]["predictions"]] == [p["action"] for p in whole]
        for a, b in zip(found[n - 1]["predictions"], whole, strict=True):
            assert a["probability"] == pytest.approx(b["probability"], abs=5e-3)
            assert a["bigram"] == pytest.approx(b["bigram"], abs=5e-3)
    asked = ("predict", "-", "--run", run, "--follow", "--top", 3)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(log)))
    assert [json.loads(line) for line in cli(*asked, "--json").out.splitlines()] == found
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(log.rsplit(b",", 3)[0])))
    broken = cli(*asked)
    assert len(broken.out.splitlines()) == 8 and broken.code == 3 and "row 10" in broken.err
    assert cli(*asked, "--at", "10").code == 2

"""Logs with columns of their own, and maps that say which is which."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import seqgen
from seqgen.core.errors import BadInput, UsageError
from seqgen.domains.sports.files import read
from seqgen.domains.sports.follower import follow
from seqgen.domains.sports.formats.columns import column_map
from seqgen.domains.sports.formats.known import from_frame, read_columns
from seqgen.domains.sports.formats.records import read_lines
from seqgen.domains.sports.formats.table import to_table
from seqgen.domains.sports.known import SPORTS
from seqgen.domains.sports.options import SportsOptions
from seqgen.tokenizers import SportsTokenizer

LOG = """Game,Half,Seconds,Team Name,Event Type,Result,X,Y,action
7,1H,0.5,Reds,short pass,ok,60,40,ignored
7,1H,2,Reds,simple pass,lost,80,10,ignored
7,1H,4.25,Blues,dribble past,ok,30,70,ignored
7,2H,1,Blues,Schuss,goal,110,40,ignored
"""
MAP = """# ours = theirs
sport = "soccer"

[columns]
match = "Game"
period = "Half"
time = "Seconds"
team = "Team Name"
action = "Event Type"
outcome = "Result"

[values]
period = { 1 = "1H", 2 = "2H" }
outcome = { success = "ok", fail = "lost" }

[values.action]
pass = ["short pass", "simple pass"]
"take on" = "dribble past"
shot = "Schuss"

[scales]
x = [[0, 120], [0, 105]]
y = [[80, 0], [0, 68]]
"""
OURS = """sport,match,period,time,team,action,outcome,x,y
soccer,7,1,0.5,Reds,pass,success,52.5,34
soccer,7,1,2,Reds,pass,fail,70,59.5
soccer,7,1,4.25,Blues,take on,success,26.25,8.5
soccer,7,2,1,Blues,shot,goal,96.25,34
"""
PAIRS = "match=game,team=team name,action=event type"


def test_a_map_says_what_columns_values_and_places_are() -> None:
    (expected,) = read(OURS.encode(), "log.csv")
    options = SportsOptions(columns=MAP)
    assert options.sport == "soccer"
    (match,) = read(LOG.encode(), "log.csv", options)
    assert match == expected
    assert list(read(LOG.replace(",", ";").replace("0.5", "0,5").encode(), "log.csv", options)) == [expected]
    assert from_frame(pd.read_csv(io.StringIO(LOG)), columns=MAP) == [expected]
    assert list(read(to_table([expected]), "log.csv", options)) == [expected]  # what seqgen writes needs none


def test_pairs_name_columns_and_what_is_not_named_is_as_it_is() -> None:
    text = OURS.replace("sport,match", "sport,Game").replace("team,action", "Team Name,Event Type")
    (match,) = read(text.encode(), "log.csv", SportsOptions(columns=PAIRS))
    assert [match] == list(read(OURS.encode(), "log.csv"))
    frame = pd.read_csv(io.StringIO(text)).drop(columns="sport")
    pairs = {"match": "Game", "team": "Team Name", "action": "Event Type"}
    assert from_frame(frame, "soccer", pairs) == [match]
    assert SportsTokenizer.fit([frame], SportsOptions("soccer", PAIRS)).name == "soccer"


def test_a_log_that_grows_is_followed_under_its_map() -> None:
    (match,) = read(OURS.encode(), "log.csv")
    tokenizer = SportsTokenizer.fit([match])
    said = follow(io.BytesIO(LOG.encode()), tokenizer, "log.csv", SportsOptions(columns=MAP))
    assert [i for ids in said for i in ids.tolist()] == tokenizer.encode(match)[:-1].tolist()


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("action", "no map of columns"),
        ("action=,time=t", "no map of columns"),
        ("act=event_type", "No column 'act' is known"),
        ("[columns\n", "not TOML"),
        ("[places]\nx = 1\n", "has no 'places'"),
        ('sport = "chess"\n', "No sport 'chess'"),
        ("columns = 3\n", "cannot be read"),
        ('[values.action]\npass = "a"\nshot = "a"\n', "'a' is both 'pass' and 'shot'"),
        ("[scales]\nx = [0, 120]\n", "cannot be read"),
        ("[scales]\nx = [[1, 1], [0, 105]]\n", "runs from 1 to 1"),
        ("[scales]\naction = [[0, 1], [0, 105]]\n", "holds texts"),
    ],
)
def test_maps_that_are_none_are_refused(said: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        SportsOptions(columns=said)


def test_a_section_misspelt_is_told_what_there_may_be() -> None:
    with pytest.raises(UsageError) as error:
        SportsOptions(columns='[colums]\naction = "x"\n')
    assert error.value.hint == "It may have columns, scales, sport, values."


@pytest.mark.parametrize("said", ["ice hockey", "Ice_Hockey", "hockey", " HOCKEY "])
def test_a_sport_may_be_written_otherwise(said: str) -> None:
    assert SportsOptions(said).sport == SportsOptions(columns=f'sport = "{said}"\n').sport == "hockey"


def test_the_flag_names_every_sport() -> None:
    (flag,) = (field for field in fields(SportsOptions) if field.name == "sport")
    named = flag.metadata["help"].split(";")[0].lower().replace(" or ", ", ").split(", ")
    assert named == sorted(SPORTS)


def test_a_table_of_no_sport_is_told_what_it_has() -> None:
    with pytest.raises(BadInput, match="row 1: has no column of any sport") as error:
        list(read(b"a,b\n1,2\n", "log.csv"))
    assert "--sport" in error.value.hint and "--columns" in error.value.hint and "has a, b" in error.value.hint


def test_a_map_and_a_sport_that_disagree_are_refused() -> None:
    with pytest.raises(UsageError, match="for soccer, not cricket"):
        SportsOptions("cricket", MAP)


def test_what_a_map_misses_is_said_with_its_place(tmp_path: Path) -> None:
    def refusal(log: str, said: str = MAP) -> str:
        with pytest.raises(BadInput) as error:
            list(read(log.encode(), "log.csv", SportsOptions(columns=said)))
        return error.value.message

    assert refusal(LOG.replace("Result", "Outcome")) == "log.csv: row 1, column result: is missing"
    assert refusal(LOG.replace("4.25", "soon")) == "log.csv: row 4, column time: 'soon' is not a number"
    assert refusal(LOG.replace("2,Reds", "2,")) == "log.csv: row 3, column team: holds no value"
    assert refusal(LOG.replace("2H", "3H")) == "log.csv: row 5, column period: '3H' is not a whole number"
    with pytest.raises(BadInput, match=r"gone\.toml: does not exist"):
        SportsOptions(columns=str(tmp_path / "gone.toml"))


def test_a_map_with_a_number_of_thousands_of_digits_is_refused() -> None:
    with pytest.raises(UsageError, match="is not TOML"):
        column_map(f"[scales]\nx = [[0, {'1' * 5000}], [0, 105]]\n")


def test_a_map_has_no_value_for_what_is_missing() -> None:
    known = column_map(MAP)
    (row,) = (row for _, row in known.applied(["x", "y", "half", *known.columns.values()], rows(), "log")[1])
    assert row["x"] == "" and row["period"] is None and row["y"] == 34


def rows() -> Any:
    row = dict.fromkeys(column_map(MAP).columns.values(), "")
    yield 2, {**row, "half": None, "x": "", "y": "40"}


@pytest.mark.parametrize("flag", ["map.toml", pytest.param("pairs", marks=pytest.mark.slow)])
def test_a_run_knows_its_columns(
    flag: str, quick_trials: None, cli: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    log, said = (LOG, flag) if flag == "map.toml" else (OURS.replace("team,action", "team name,event type"), PAIRS)
    if flag == "pairs":
        log = log.replace("match", "game", 1)
    Path("logs").mkdir()
    for n in range(3):
        Path("logs", f"{n}.csv").write_text(log.replace("7,", f"{n},").replace("Reds", f"Reds{n}"))
    Path("map.toml").write_text(MAP)
    assert cli("train", "sports", "logs", "--columns", said, "--steps", 2, "--preset", "tiny", "--out", "run").code == 0
    Path("map.toml").unlink()
    recorded = json.loads(Path("run", "corpus.json").read_text())["options"]
    assert recorded["columns"] == (MAP if flag == "map.toml" else PAIRS)
    asked = json.loads(cli("predict", "logs/0.csv", "--run", "run", "--json").out)
    last = cli("predict", "logs/0.csv", "--run", "run", "--json", "--at", 3).out
    model = seqgen.load("run")
    assert asked["predictions"] == model.predict(model.read("logs/0.csv")[0], top=10)
    lines = io.BytesIO(Path("logs/0.csv").read_bytes())
    followed = [f["predictions"][0]["action"] for f in model.follow(lines, name="0.csv")]
    assert len(followed) == 4 and followed[2] == json.loads(last)["predictions"][0]["action"]
    assert len(json.loads(cli("inspect", "logs/0.csv", "--run", "run", "--json").out)["events"]) == 4
    assert json.loads(cli("evaluate", "run", "--samples", 0, "--file", "logs/0.csv", "--json").out)["pieces"] == 1
    Path("other.csv").write_text(log.replace("team name", "side").replace("Team Name", "side"))
    refused = cli("predict", "other.csv", "--run", "run")
    assert refused.code == 3 and "column team name: is missing" in refused.err
    assert cli("predict", "other.csv", "--run", "run", "--columns", "team=x").code != 0
    own = MAP.replace("Team Name", "side") if flag == "map.toml" else PAIRS.replace("team name", "side")
    Path("own.toml").write_text(own)
    again = cli("predict", "other.csv", "--run", "run", "--json", "--columns", "own.toml" if "\n" in own else own)
    assert json.loads(again.out)["predictions"] == asked["predictions"]


def test_other_domains_have_no_columns(cli: Callable[..., Any], run: Path, corpus: Path) -> None:
    refused = cli("predict", corpus / "chorale03.mid", "--run", run, "--columns", "action=a")
    assert refused.code == 2 and "midi has no option 'columns'" in refused.err


TITLES = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"], exclude_characters="\ufeff"), min_size=1)


@given(st.data())
@settings(max_examples=30, deadline=None)
def test_under_a_map_any_titles_and_names_say_the_same(data: Any) -> None:
    (expected,) = read(OURS.encode(), "log.csv")
    frame = pd.read_csv(io.StringIO(OURS), dtype=str).drop(columns="sport")
    fits = st.lists(TITLES.map(str.lower), min_size=8, max_size=8, unique_by=lambda title: title.strip().lower())
    titles = dict(zip(frame.columns, data.draw(fits.filter(lambda t: not set(t) & set(frame.columns))), strict=True))
    actions = sorted(set(frame.action))
    named = st.lists(TITLES.filter(lambda text: text not in actions), min_size=3, max_size=3, unique=True)
    names = dict(zip(actions, data.draw(named), strict=True))
    theirs = frame.assign(action=frame.action.map(names)).rename(columns=titles)[
        data.draw(st.permutations([*titles.values()]))
    ]
    said = {"columns": titles, "values": {"action": names}, "sport": "soccer"}
    assert from_frame(theirs, columns=said) == [expected]
    records = json.loads(theirs.to_json(orient="records"))
    lines = "\n".join(json.dumps(record) for record in records)
    columns, found = read_lines(lines.encode(), "log.jsonl")
    assert list(read_columns(columns, found, "log.jsonl", said=column_map(said), sport="soccer")) == [expected]

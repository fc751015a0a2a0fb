"""SPADL and atomic SPADL, by ids and by names, from the home team's side and from the acting team's."""

from __future__ import annotations

import io
import json

import pandas as pd
import pytest

from seqgen.core.errors import BadInput
from seqgen.domains.sports.files import read
from seqgen.domains.sports.formats.known import from_frame
from seqgen.domains.sports.match import Match
from seqgen.tokenizers import SportsTokenizer

REGULAR = """game_id,period_id,time_seconds,team_id,player_id,start_x,start_y,end_x,end_y,type_id,result_id,bodypart_id
8,1,0.5,11,101.0,52.5,34,70,20,0,1,5
8,1,2.0,11,102.0,70,20,90,30,21,1,0
8,1,4.0,11,102.0,90,30,105,34,11,0,5
8,1,5.0,22,,5,34,5,34,14,1,2
8,1,9.0,22,201.0,30,40,20,30,8,4,0
8,2,1.0,22,202.0,15,30,0,34,11,1,4
8,2,9.0,11,103.0,52.5,34,,,0,0,5
"""
ATOMIC = """game_id,period_id,time_seconds,team_id,player_id,x,y,dx,dy,type_id,bodypart_id
8,1,0.5,11,101,52.5,34,17.5,-14,0,5
8,1,1.2,11,102,70,20,0,0,23,0
8,1,2.0,11,102,70,20,20,10,21,0
8,1,3.0,11,102,90,30,5,0,0,5
8,1,3.5,22,201,95,30,0,0,24,0
8,1,4.0,11,102,90,30,15,4,11,5
8,1,4.0,11,102,105,34,0,0,27,0
8,1,6.0,22,202,40,30,0,0,8,0
8,1,6.0,22,202,40,30,0,0,29,0
"""


def one(text: str) -> Match:
    (match,) = read(text.encode(), "actions.csv")
    return match


def test_actions_are_turned_to_who_acts() -> None:
    match = one(REGULAR)
    assert match.events["action"] == ("pass", "carry", "shot", "save", "foul", "shot", "pass")
    assert match.events["outcome"] == ("success", "success", "fail", "success", "yellow card", "goal", "fail")
    assert match.events["x"][3:6] == (100, 75, 90) and match.events["y"][5] == 38 and match.events["x"][2] == 90
    assert match.events["end_x"][-1] == 52.5 and match.events["player"][3] == ""
    assert not len(SportsTokenizer.fit([match]).grammar.violations(SportsTokenizer.fit([match]).encode(match)))


def test_what_is_turned_already_stays() -> None:
    frame = pd.read_csv(io.StringIO(REGULAR))
    away = frame.team_id == 22
    for column, size in (("start_x", 105), ("end_x", 105), ("start_y", 68), ("end_y", 68)):
        frame.loc[away, column] = size - frame.loc[away, column]
    assert from_frame(frame) == [one(REGULAR)]


def test_names_say_what_ids_say() -> None:
    frame = pd.read_csv(io.StringIO(REGULAR))
    types = {0: "pass", 21: "dribble", 11: "shot", 14: "keeper_save", 8: "foul"}
    results = {0: "fail", 1: "success", 4: "yellow_card"}
    frame["type_name"], frame["result_name"] = frame.type_id.map(types), frame.result_id.map(results)
    named = frame.drop(columns=["type_id", "result_id"])
    records = json.loads(named.to_json(orient="records"))
    assert from_frame(named) == from_frame(frame) == [one(REGULAR)]
    assert list(read(json.dumps(records).encode(), "actions.json")) == [one(REGULAR)]


def test_atomic_actions_get_their_outcome_from_what_follows() -> None:
    match = one(ATOMIC)
    assert match.events["action"] == ("pass", "carry", "pass", "interception", "shot", "foul")
    assert match.events["outcome"] == ("success", "", "fail", "", "goal", "yellow card")
    assert match.events["end_x"][:3] == (70, 90, 95)


def test_unknown_ids_are_kept_as_other_and_counted() -> None:
    match = one(REGULAR.replace("20,30,8,4,0", "20,30,99,4,0"))
    assert match.events["action"][4] == "other" and match.notes == {"unknown_action_type 99": 1}


@pytest.mark.parametrize(
    ("text", "where", "reason"),
    [
        (REGULAR.replace("70,20,0,1,5", "70,x,0,1,5"), "row 2, column end_y", "'x' is not a number"),
        (REGULAR.replace("type_id", "kind"), "column type_name", "is missing"),
        (REGULAR.replace("8,2,1.0", "8,,1.0"), "period", "holds no value"),
        (REGULAR.replace("11,1,4", "first,1,4"), "row 7, column type_id", "'first' is not a number"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(text: str, where: str, reason: str) -> None:
    with pytest.raises(BadInput) as error:
        one(text)
    assert reason in error.value.message and where in error.value.message, error.value.message

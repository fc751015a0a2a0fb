"""Badminton: strokes of CoachAI's tables, and what is counted of a rally."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from seqgen.core.errors import BadInput
from seqgen.domains.sports.files import read
from seqgen.domains.sports.formats.shuttleset import metres, standardised
from seqgen.domains.sports.match import Match
from seqgen.tokenizers import SportsTokenizer

DATA = Path(__file__).parents[4] / "shared" / "data" / "badminton"

SET = """rally,ball_round,time,player,server,type,aroundhead,backhand,landing_area,landing_x,landing_y,lose_reason,\
player_location_area,opponent_location_area
1,1.0,0:11:54,A,1,發短球,,1.0,7,735.0,485.0,,8,8
1,2.0,0:11:55,B,2,挑球,,,4.0,760.0,285.0,,7,8
1,3.0,0:11:56,A,3,殺球,1.0,,14,874.0,640.0,出界,4,8
2,1.0,0:12:13,B,1,發長球,,,3,846.0,644.0,,8,8
2,2.0,0:12:14,A,3,未知球種,,,,771.0,334.0,對手落地致勝,3,8
"""
CHALLENGE = """match_id,set,rally,ball_round,player,type,landing_x,landing_y,landing_area,player_location_x,\
player_location_y,opponent_location_x,opponent_location_y,lose_reason,rally_length,rally_id
7,2,5,1,12,short service,0.5,0.5,7,170,300,230,675,,3,90
7,2,5,2,3,lob,1.0,-1.4,3,208,594,177,318,,3,90
7,2,5,3,12,drop,-1.0,,8,100,200,180,622,touched the net,3,90
"""


def one(text: str, name: str = "set1.csv") -> Match:
    (match,) = read(text.encode(), name)
    return match


def test_a_set_of_shuttleset_with_its_chinese_names() -> None:
    match = one(SET, "A_B_Final/set2.csv")
    events = match.events
    assert match.about["match"] == "A_B_Final set2" and match.about["one"] == "A" and match.about["two"] == "B"
    assert events["action"] == ("short service", "lob", "smash", "long service", "other")
    assert match.notes == {"unknown_action_未知球種": 1}
    assert events["outcome"] == ("", "", "out", "", "winner")
    assert events["hand"] == ("backhand", "forehand", "round the head", "forehand", "forehand")
    assert events["server"] == ("A", "A", "A", "B", "B") and events["period"] == (2,) * 5
    assert events["end_x"][:4] == (1.2, 5.8, None, 5.8)  # beyond the court, and without an area, there is no place
    assert events["x"][1] == -1.2 and events["time"][0] == 714


def test_the_challenges_places_are_turned_to_who_hits() -> None:
    events = one(CHALLENGE).events
    assert all(x is None or x > 0 for x in events["end_x"]) and events["end_x"][2] is None
    assert all(x < 0 for x in events["x"]) and all(x > 0 for x in events["opponent_x"])
    for x, y, turn in ((0.3, -1.2, 1), (-1.1, 0.7, -1)):
        assert standardised(*metres(x, y, turn), turn) == pytest.approx((x, y))


def test_a_rally_is_counted() -> None:
    match = one(SET)
    tokenizer = SportsTokenizer.fit([match])
    ids = tokenizer.encode(match)
    names = [f.name for f in tokenizer.context.features]
    rows = tokenizer.context.of(ids)
    strokes = np.isin(ids, tokenizer.vocabulary.of_type("Stroke"))
    assert rows[:-1][strokes][:, names.index("hits")].tolist() == [1, 2, 1, 2, 1]
    assert rows[:-1][strokes][:, names.index("stroke")].tolist() == [0, 1, 2, 0, 1]
    assert rows[-1, names.index("points")] == 1  # the second player won the first rally
    assert rows[-1, names.index("left")] == 0
    again = tokenizer.decode(ids, match)
    assert again.events["team"] == match.events["team"] and again.events["action"] == match.events["action"]
    assert not len(tokenizer.grammar.violations(ids))


def test_what_is_left_of_a_rally_of_known_length() -> None:
    tokenizer = SportsTokenizer("badminton", {"Length": ["3"]})
    said = "Length_3 Set_1 Server_1 Stroke_lob Outcome_none Land_none Hand_none At_none Facing_none"
    rows = tokenizer.context.of(tokenizer.vocabulary.ids(said.split()))
    assert rows[1:, [f.name for f in tokenizer.context.features].index("left")].tolist() == [4] * 8 + [3]


@pytest.mark.parametrize(
    ("text", "where", "reason"),
    [
        (SET.replace("rally,", "rallies,", 1), "row 1, column rally", "is missing"),
        (SET.replace("0:11:55", "noon"), "row 3, column time", "'noon' is not minutes and seconds"),
        (SET.replace(",4.0,760", ",north,760"), "row 3, column landing_area", "'north' is not a number"),
        (SET.replace("\n2,1.0", "\n2,first"), "row 5, column stroke", "'first' is not a whole number"),
        (SET[:-20], "row 6", "values for 14 columns"),
        (
            CHALLENGE.replace(",rally_id", "").replace(",90", "").replace("landing_y", "y"),
            "column landing_y",
            "missing",
        ),
        (CHALLENGE.replace("-1.4", "inf"), "row 3, column landing_y", "'inf' is not a number"),
        (CHALLENGE.splitlines()[0], "", "holds no events"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(text: str, where: str, reason: str) -> None:
    with pytest.raises(BadInput) as error:
        one(text)
    assert reason in error.value.message and where in error.value.message, error.value.message


@pytest.mark.skipif(not DATA.exists(), reason="the benchmark's data are not here")
def test_real_matches_are_legal_and_keep_who_hits() -> None:
    matches = list(read(DATA / "val_given.csv"))
    tokenizer = SportsTokenizer.fit(matches)
    assert len(matches) == 5 and sum(map(len, matches)) == 1400
    for match in matches:
        assert not len(tokenizer.grammar.violations(tokenizer.encode(match)))
        assert not {"team_not_kept", "action_not_kept", "hand_not_kept"} & set(tokenizer.losses(match))

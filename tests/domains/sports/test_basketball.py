"""Basketball: the NBA's play-by-play, what is counted of a match, who wins."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqgen.core.errors import BadInput
from seqgen.domains.sports.files import read, read_season
from seqgen.domains.sports.formats.known import from_frame
from seqgen.domains.sports.known import SPORTS
from seqgen.domains.sports.match import Match
from seqgen.domains.sports.moments import until
from seqgen.tokenizers import SportsTokenizer

HEAD = (
    "GAME_ID,EVENTNUM,EVENTMSGTYPE,EVENTMSGACTIONTYPE,PERIOD,WCTIMESTRING,PCTIMESTRING,HOMEDESCRIPTION,"
    "NEUTRALDESCRIPTION,VISITORDESCRIPTION,SCORE,SCOREMARGIN,PERSON1TYPE,PLAYER1_ID,PLAYER1_NAME,"
    "PLAYER1_TEAM_ABBREVIATION,PLAYER3_NAME,PLAYER3_TEAM_ABBREVIATION"
)


def row(kind: int, detail: int, clock: str, text: str = "", person: str = "", period: int = 1, other: str = "") -> str:
    """A row in which a player of home (4), of the visitors (5) or a whole side (2, 3) acts; other: who gets the ball,
    as side:name."""
    home = person[:1] in ("2", "4")
    who = {"4": "Ann,AAA", "5": "Bea,BBB"}.get(person[:1], ",")
    gets = {"4": "Amy,AAA", "5": "Bo,BBB"}.get(other, ",")
    said = f"{text},," if home else f",,{text}"
    return f"0021500001,1,{kind},{detail},{period},8:12 PM,{clock},{said},,,{person},1,{who},{gets}"


ROWS = [
    row(12, 0, "12:00"),
    row(10, 0, "12:00", "Jump Ball Ann vs. Bea: Tip to Bo", "4", other="5"),
    row(2, 42, "11:41", "MISS Bea 2' Driving Layup Ann BLOCK (1 BLK)", "5"),
    row(4, 0, "11:39", "Ann REBOUND (Off:0 Def:1)", "4"),
    row(5, 1, "11:30", "Ann Bad Pass Turnover (P1.T1) Bea STEAL (1 STL)", "4"),
    row(1, 79, "11:20", "Bea 25' 3PT Pullup Jump Shot (3 PTS)", "5"),
    row(6, 2, "11:05", "Bea S.FOUL (P1.T1)", "5"),
    row(8, 0, "11:05", "SUB: Abe FOR Ann", "4"),
    row(3, 11, "11:05", "MISS Ann Free Throw 1 of 2", "4"),
    row(4, 1, "11:05", "AAA Rebound", "2"),
    row(3, 12, "11:05", "MISS Ann Free Throw 2 of 2", "4"),
    row(4, 0, "11:03", "AAA Rebound", "2"),
    row(6, 26, "10:50", "Ann Offensive Charge Foul (P1.T1)", "4"),
    row(5, 37, "10:50", "Ann Offensive Foul Turnover (P1.T2)", "4"),
    row(9, 1, "10:50", "BBB Timeout: Regular", "3"),
    row(1, 52, "0:01", "Bea  Alley Oop Dunk (2 PTS)", "5", period=4),
    row(3, 16, "5:00", "Ann Free Throw Technical (1 PTS)", "4", period=5),
    row(7, 5, "0:00", "Ann Violation:Kicked Ball", "4", period=5),
    row(21, 0, "0:00", "Ann juggles", "4", period=5),
]
ACTIONS = (
    "jump ball", "layup", "defensive rebound", "bad pass", "three", "shooting foul", "free throw", "free throw",
    "offensive rebound", "offensive foul", "timeout", "dunk", "free throw", "violation", "other",
)  # fmt: skip


def log(rows: list[str] = ROWS, head: str = HEAD) -> bytes:
    return "\n".join([head, *rows, ""]).encode()


def one(rows: list[str] = ROWS) -> Match:
    (match,) = read(log(rows), "game.csv")
    return match


def known(tokenizer: SportsTokenizer, ids: np.ndarray, *names: str) -> list[tuple[int, ...]]:
    columns = [[f.name for f in tokenizer.context.features].index(name) for name in names]
    return [tuple(values) for values in tokenizer.context.of(ids)[:, columns].tolist()]


def test_what_the_nba_says() -> None:
    match = one()
    assert match.events["action"] == ACTIONS
    assert match.events["team"][:5] == ("BBB", "BBB", "AAA", "AAA", "BBB"), "a jump ball is of who gets it"
    assert match.events["venue"][:3] == ("away", "away", "home") and match.events["player"][0] == "Bo"
    assert match.events["outcome"][:6] == ("", "blocked", "", "stolen", "made", "")
    assert match.events["distance"][1:5] == (2.0, None, None, 25.0)
    assert match.events["throw"][6:8] == ("1 of 2", "2 of 2") and match.events["throw"][12] == "technical"
    assert match.events["time"][1:3] == (19.0, 21.0) and match.events["time"][11:13] == (719.0, 0.0)
    assert match.events["gap"][11] == 719.0 and match.events["score"][-1] == 1
    assert match.about == {"match": "0021500001", "date": "", "season": "2015"}
    assert match.notes == {"unknown_action_event 21": 1}


def test_it_comes_back_and_is_legal() -> None:
    match = one()
    tokenizer = SportsTokenizer.fit([match])
    ids = tokenizer.encode(match)
    assert not len(tokenizer.grammar.violations(ids))
    again = tokenizer.decode(ids, match)
    kept = ("team", "venue", "action", "outcome", "throw", "distance", "score", "opponent_score")
    assert {c: again.events[c] for c in kept} == {c: match.events[c] for c in kept}
    assert set(again.events["period"]) == {1, 2, 3}, "periods that were not logged are not counted"
    assert again.events["time"][:11] == match.events["time"][:11]
    assert tokenizer.encode(again).tolist() == ids.tolist()


@given(st.lists(st.tuples(st.sampled_from(ROWS[:-1]), st.integers(0, 719), st.integers(1, 5)), min_size=1, max_size=40))
@settings(max_examples=60, deadline=None)
def test_rows_in_any_order_are_legal_and_come_back(said: list[tuple[str, int, int]]) -> None:
    """What a game never is may still be logged."""
    rows = []
    for text, left, period in said:
        cells = text.split(",")
        cells[4], cells[6] = str(period), f"{left // 60}:{left % 60:02}"
        rows.append(",".join(cells))
    match = one([*rows, ROWS[2]])
    tokenizer = SportsTokenizer.fit([match])
    ids = tokenizer.encode(match)
    assert not len(tokenizer.grammar.violations(ids))
    again = tokenizer.decode(ids, match)
    for column in ("team", "venue", "action", "outcome", "throw", "score", "opponent_score"):
        assert again.events[column] == match.events[column], column
    assert tokenizer.encode(again).tolist() == ids.tolist()


def test_several_games_in_a_file_and_rows_out_of_order(tmp_path: Path) -> None:
    second = [text.replace("0021500001", "0021600002") for text in ROWS]
    games = list(read(log([*ROWS, *second])))
    assert [game.about["season"] for game in games] == ["2015", "2016"]
    mixed = one([*ROWS[5:9], *ROWS[:5], *ROWS[9:]])
    assert mixed.events["action"] == ACTIONS and mixed.notes["rows_out_of_order"] == 1
    path = tmp_path / "season.csv"
    path.write_bytes(b"\xef\xbb\xbf" + log([*ROWS, *second]))
    assert list(read_season(path)) == games


def test_what_is_counted() -> None:
    tokenizer = SportsTokenizer("basketball")
    said = "Start_1 Venue_away Action_jump-ball Team_same Gap_0 Action_three Team_same Gap_14 Distance_25 Outcome_made"
    said += " Action_foul Team_same Gap_5 Action_free-throw Team_other Gap_0 Throw_1-of-2 Outcome_missed"
    said += " Action_free-throw Team_same Gap_0 Throw_2-of-2 Outcome_made Start_1"
    ids = tokenizer.vocabulary.ids([token.replace("-", " ") for token in said.split()])
    rows = known(tokenizer, ids, "lead", "ball", "venue", "due")
    assert rows[5] == (20, 1, 2, 0)
    assert rows[10] == (23, 2, 2, 0), "three ahead, and the others have the ball"
    assert rows[15] == (17, 1, 1, 0), "as the others see it"
    assert rows[17] == (17, 1, 1, 1) and rows[23] == (18, 2, 1, 0), "one throw to come; the last gives the ball away"
    fouls = known(tokenizer, ids, "fouls", "their_fouls", "held")
    assert fouls[13] == (1, 0, 5) and fouls[15] == (0, 1, 5) and fouls[-1] == (0, 0, 0)


def test_who_wins() -> None:
    function = SPORTS["basketball"].result
    assert function is not None
    assert function(one()) == {"points_BBB": 5, "points_AAA": 1, "winner": "BBB"}
    assert function(until(one(), "1"))["winner"] == "tie"
    assert [len(until(one(), at)) for at in ("0:00", "1:00", "48:00", "49:00")] == [0, 9, 12, 13]


def test_a_log_of_ones_own() -> None:
    frame = pd.DataFrame({"period": [1, 1], "team": ["A", "B"], "action": ["three", "dunk"], "outcome": ["made", ""]})
    (match,) = from_frame(frame, "basketball")
    assert match.events["gap"] == (0, 0) and match.events["opponent_score"] == (0, 3)
    tokenizer = SportsTokenizer("basketball")
    assert tokenizer.decode(tokenizer.encode(match), match) == match


def change(i: int, old: str, new: str) -> list[str]:
    return [text.replace(old, new) if k == i else text for k, text in enumerate(ROWS)]


@pytest.mark.parametrize(
    ("data", "where", "reason"),
    [
        (log(change(3, "11:39", "11.39")), "row 5, column pctimestring", "is not minutes and seconds"),
        (log(change(3, "11:39", "")), "row 5, column pctimestring", "holds no value"),
        (log(change(2, ",2,42,1,", ",2,forty,1,")), "row 4, column eventmsgactiontype", "'forty' is not a number"),
        (log(change(2, ",2,42,1,", ",2.5,42,1,")), "row 4, column eventmsgtype", "is not a whole number"),
        (log(change(2, ",2,42,1,", ",2,42,0,")), "row 4, column period", "0 is no period"),
        (log([*ROWS[:2], "0021500001,1,2"]), "row 4", "has 3 values for 18 columns"),
        (log(head=HEAD.replace("PERIOD", "QUARTER")), "row 1, column period", "is missing"),
        (log([]), "", "holds no events"),
        (log(ROWS[:1]), "", "holds no events"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(data: bytes, where: str, reason: str) -> None:
    with pytest.raises(BadInput) as error:
        list(read(data, "game.csv"))
    assert reason in error.value.message and where in error.value.message, error.value.message


def test_a_column_that_is_a_number_in_another_program() -> None:
    """As pandas writes tables in which some values are missing."""
    frame = pd.read_csv(io.BytesIO(log()))
    frame["PERSON1TYPE"] = frame["PERSON1TYPE"].astype(float)
    data: Any = frame.to_csv(index=False)
    (match,) = read(data.encode())
    assert match.events == one().events and match.about == one().about

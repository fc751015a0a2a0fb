"""Ice hockey: the NHL's play-by-play as two programs write it, what is counted of a match, who wins."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqgen.core.errors import BadInput
from seqgen.domains.sports.files import read, read_season
from seqgen.domains.sports.hockey import RINK
from seqgen.domains.sports.known import SPORTS
from seqgen.domains.sports.match import Match
from seqgen.domains.sports.moments import until
from seqgen.tokenizers import SportsTokenizer

HEAD = (
    ",Game_Id,Date,Period,Event,Description,Time_Elapsed,Seconds_Elapsed,Strength,Ev_Zone,Type,Ev_Team,Away_Team,"
    "Home_Team,p1_name,Away_Score,Home_Score,xC,yC"
)
OTHER_HEAD = (
    "#,Description,Event,Per,Str,awayTeam,event,eventOwnerTeam,gameDate,gameId,homeTeam,periodType,playerName_1,"
    "shotType,strength,timeInPeriod_s,x,xCoord,y,yCoord,zoneCode"
)
# Period, event, what is said, seconds, strength at home first, zone, team, who, x, y. The home side attacks along -x at
# first.
EVENTS = (
    (1, "PSTR", "Period Start- Local time: 7:18 EDT", 0, "5x5", "", "", "", "", ""),
    (1, "FAC", "AAA won Neu. Zone - AAA #1 ANN vs HHH #2 HAL", 0, "5x5", "Neu", "AAA", "ANN", 0, 0),
    (1, "HIT", "HHH #2 HAL HIT AAA #1 ANN, Off. Zone", 8, "5x5", "Off", "HHH", "HAL", -96, 5),
    (1, "STOP", "ICING,TV TIMEOUT", 12, "5x5", "", "", "", "", ""),
    (1, "FAC", "HHH won Off. Zone - AAA #1 ANN vs HHH #2 HAL", 12, "5x5", "Off", "HHH", "HAL", -69, 22),
    (1, "SHOT", "HHH ONGOAL - #2 HAL, Wrist , Off. Zone, 20 ft.", 15, "5x5", "Off", "HHH", "HAL", -75, 0),
    (1, "BLOCK", "HHH #2 HAL BLOCKED BY AAA #3 ABE, Slap, Def. Zone", 20, "5x5", "Def", "AAA", "ABE", -60, -10),
    (1, "PENL", "AAA #3 ABE Hooking(2 min), Def. Zone Drawn By: HHH #2 HAL", 31, "5x4", "Def", "AAA", "ABE", -80, 1),
    (1, "MISS", "AAA #1 ANN, Tip-In, Wide of Net, Off. Zone, 9 ft.", 40, "5x4", "Off", "AAA", "ANN", 81, -7),
    (1, "CHL", "HHH Challenge - Offside", 40, "5x4", "", "", "", "", ""),
    (2, "FAC", "HHH won Neu. Zone - AAA #1 ANN vs HHH #2 HAL", 0, "5x5", "Neu", "HHH", "HAL", 0, 0),
    (2, "GOAL", "HHH #2 HAL(1), Snap, Off. Zone, 14 ft.", 95, "5x5", "Off", "HHH", "HAL", 75, 9),
    (2, "TAKE", "AAA\u00a0TAKEAWAY - #1 ANN, Neu. Zone", 99, "5x5", "Neu", "AAA", "ANN", 20, -21),
    (3, "GOAL", "AAA #1 ANN(1), Backhand, Off. Zone, 9 ft.", 1199, "5x6", "Off", "AAA", "ANN", 80, 0),
    (3, "WAVE", "AAA #1 ANN waves", 1199, "5x5", "", "AAA", "ANN", "", ""),
    (5, "GOAL", "HHH #2 HAL, Wrist, Off. Zone, 10 ft.", 0, "0x0", "Off", "HHH", "HAL", -79, 0),
    (5, "SHOT", "AAA ONGOAL - #1 ANN, Wrist, Off. Zone, 10 ft.", 0, "0x0", "Off", "AAA", "ANN", 79, 0),
)  # fmt: skip
ACTIONS = (
    "faceoff", "hit", "faceoff", "shot", "shot", "penalty", "shot", "faceoff", "shot", "takeaway", "shot", "other",
    "shoot-out shot", "shoot-out shot",
)  # fmt: skip
API = {"FAC": "faceoff", "SHOT": "shot-on-goal", "MISS": "missed-shot", "BLOCK": "blocked-shot", "STOP": "stoppage"}


def scraped(game: str = "2016020001") -> list[str]:
    """As Hockey-Scraper writes them."""
    return [
        f'0,{game},2016-10-12,{period},{event},"{text}",00:00,{seconds}.0,{strength},{zone or "NA"},NA,{team},AAA,HHH,'
        f"{who},0,0,{x},{y}"
        for period, event, text, seconds, strength, zone, team, who, x, y in EVENTS
    ]


def other(game: str = "2016020001") -> list[str]:
    """As hockey-scraper-by-max writes them: strength is of who acts first, some events have two names."""
    rows = []
    for period, event, text, seconds, strength, zone, team, who, x, y in EVENTS:
        ours, theirs = strength.split("x") if text.startswith("HHH") else strength.split("x")[::-1]
        rows.append(
            f'1,"{text}",{event},{period},EV,AAA,{API.get(event, event.lower())},{team},2016-10-12,{game},HHH,'
            f"{'SO' if period == 5 else 'REG'},{who},,{f'{ours}v{theirs}' if team else ''},{seconds}.0,7,{x},8,{y},"
            f"{zone[:1]}"
        )
    return rows


def log(rows: list[str], head: str = HEAD) -> bytes:
    return "\n".join([head, *rows, ""]).encode()


def one(rows: list[str], head: str = HEAD) -> Match:
    (match,) = read(log(rows, head), "game.csv")
    return match


def known(tokenizer: SportsTokenizer, ids: np.ndarray, *names: str) -> list[tuple[int, ...]]:
    columns = [[f.name for f in tokenizer.context.features].index(name) for name in names]
    return [tuple(values) for values in tokenizer.context.of(ids)[:, columns].tolist()]


def test_what_the_nhl_says() -> None:
    match = one(scraped())
    assert match.events["action"] == ACTIONS
    assert match.events["team"][4] == "HHH", "a blocked shot is of who shoots"
    assert match.events["outcome"][3:7] == ("saved", "blocked", "2 min", "missed")
    assert match.events["reason"][:4] == ("", "", "icing", "") and match.events["reason"][7] == ""
    assert match.events["kind"][3:7] == ("wrist", "slap", "", "tip-in")
    assert match.events["strength"][5:8] == ("4v5", "4v5", "5v5") and match.events["strength"][10] == "6v5"
    assert match.events["venue"][:3] == ("away", "home", "home")
    assert match.events["gap"][:5] == (0, 8, 4, 3, 5) and match.events["time"][8] == 95
    assert match.about == {"match": "2016020001", "date": "2016-10-12", "season": "2016"}
    assert match.notes == {"unknown_action_WAVE": 1}


def test_who_acts_attacks_along_x() -> None:
    x, y = (one(scraped()).events[c] for c in "xy")
    assert x[1:7] == (96, 69, 75, 60, -80, 81) and y[1:3] == (-5, -22), "the home side was turned in the first period"
    assert x[8:10] == (75, -20) and y[8:10] == (9, 21), "the visitors in the second"
    assert str(x[0]) == "0.0" and x[11] is None
    zones = one([row for row in scraped() if "SHOT" not in row and "MISS" not in row])
    assert zones.events["x"][1:3] == (96, 69), "where nobody has shot, zones say it"


def test_two_programs_say_the_same() -> None:
    match, again = one(scraped()), one(other(), OTHER_HEAD)
    assert {**again.events, "strength": ()} == {**match.events, "strength": ()} and again.about == match.about
    assert again.events["strength"][:10] == match.events["strength"][:10]


def test_it_comes_back_and_is_legal() -> None:
    match = one(scraped())
    tokenizer = SportsTokenizer.fit([match])
    ids = tokenizer.encode(match)
    assert not len(tokenizer.grammar.violations(ids))
    again = tokenizer.decode(ids, match)
    kept = ("team", "venue", "action", "reason", "strength", "kind", "outcome", "score", "opponent_score")
    assert {c: again.events[c] for c in kept} == {c: match.events[c] for c in kept}
    assert [RINK.cell(*at) for at in zip(again.events["x"], again.events["y"], strict=True)] == [
        RINK.cell(*at) for at in zip(match.events["x"], match.events["y"], strict=True)
    ]
    assert again.events["time"][:8] == match.events["time"][:8]
    assert tokenizer.encode(again).tolist() == ids.tolist()


@given(st.lists(st.tuples(st.integers(0, len(EVENTS) - 1), st.integers(0, 1200), st.integers(1, 5)), max_size=40))
@settings(max_examples=60, deadline=None)
def test_rows_in_any_order_are_legal_and_come_back(said: list[tuple[int, int, int]]) -> None:
    """What a game never is may still be logged."""
    rows = []
    for i, seconds, period in said:
        cells = scraped()[i].split(",2016-10-12,")
        event, _, text = cells[1].partition(",")[2].partition(',"')
        text, _, more = text.partition('",00:00,')
        rows.append(f'{cells[0]},2016-10-12,{period},{event},"{text}",00:00,{seconds},{more.partition(",")[2]}')
    match = one([*rows, scraped()[1]])
    tokenizer = SportsTokenizer.fit([match])
    ids = tokenizer.encode(match)
    assert not len(tokenizer.grammar.violations(ids))
    again = tokenizer.decode(ids, match)
    for column in ("team", "venue", "action", "reason", "strength", "kind", "outcome", "score", "opponent_score"):
        assert again.events[column] == match.events[column], column
    assert tokenizer.encode(again).tolist() == ids.tolist()


def test_what_is_counted() -> None:
    tokenizer = SportsTokenizer("hockey")
    said = "Start_1 Venue_away Action_faceoff Reason_none Team_same Strength_5v5 Gap_0 Place_9_3 "
    said += "Action_shot Team_same Strength_5v5 Gap_7 Place_16_3 Kind_wrist Outcome_goal "
    said += "Action_faceoff Reason_none Team_other Strength_5v5 Gap_0 Place_9_3 Action_hit"
    rows = known(tokenizer, tokenizer.vocabulary.ids(said.split()), "lead", "venue", "played")
    assert rows[8] == (5, 2, 0) and rows[15] == (6, 2, 5), "a goal ahead, seven seconds after the faceoff"
    assert rows[-1] == (4, 1, 0)


def test_several_games_rows_out_of_order_and_without_a_time(tmp_path: Path) -> None:
    second = scraped("2016030231")
    path = tmp_path / "season.csv"
    path.write_bytes(b"\xef\xbb\xbf" + log([*scraped(), *second]))
    games = list(read_season(path))
    assert [game.about["match"] for game in games] == ["2016020001", "2016030231"]
    assert games[1].events["action"][-1] == "shot", "in the playoffs overtime goes on"
    rows = scraped()
    mixed = one([*rows[8:], *rows[:8]])
    assert mixed.events["action"] == ACTIONS and mixed.notes["rows_out_of_order"] == 1
    untimed = one([row.replace(",8.0,", ",,") for row in rows])
    assert untimed.events["time"][:3] == (0, 0, 12) and untimed.events["action"] == ACTIONS


def test_who_wins() -> None:
    function, match = SPORTS["hockey"].result, one(scraped())
    assert function is not None
    assert function(match) == {"goals_AAA": 1, "goals_HHH": 1, "winner": "HHH"}, "the shoot-out decides"
    assert function(until(match, "12"))["winner"] == "draw" and function(until(match, "40:00"))["winner"] == "HHH"
    assert match.events["score"][-1] == 1 and match.events["opponent_score"][-1] == 1


def change(i: int, old: str, new: str) -> bytes:
    return log([row.replace(old, new) if k == i else row for k, row in enumerate(scraped())])


@pytest.mark.parametrize(
    ("data", "where", "reason"),
    [
        (change(2, ",8.0,", ",eight,"), "row 4, column seconds_elapsed", "'eight' is not a number"),
        (change(2, ",-96,", ",left,"), "row 4, column xc", "'left' is not a number"),
        (change(2, "2016-10-12,1,", "2016-10-12,1.5,"), "row 4, column period", "1.5 is not a whole number"),
        (change(2, "2016-10-12,1,", "2016-10-12,,"), "row 4, column period", "holds no period"),
        (log([*scraped()[:3], "1,2016020001,2016"]), "row 5", "has 3 values for 19 columns"),
        (log(scraped(), HEAD.replace("Seconds_Elapsed", "Sec")), "row 1, column seconds_elapsed", "is missing"),
        (log([]), "", "holds no events"),
        (log(scraped()[:1]), "", "holds no events"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(data: bytes, where: str, reason: str) -> None:
    with pytest.raises(BadInput) as error:
        list(read(data, "game.csv"))
    assert reason in error.value.message and where in error.value.message, error.value.message

"""Baseball: Retrosheet's event files, and what is counted of a plate appearance."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from seqgen.core.errors import BadInput
from seqgen.domains.sports.files import read
from seqgen.domains.sports.formats.retrosheet import read_retrosheet
from seqgen.domains.sports.formats.retrosheet_plays import Diamond
from seqgen.domains.sports.match import Match
from seqgen.tokenizers import SportsTokenizer

ARCHIVE = Path(__file__).parents[4] / "shared" / "data" / "baseball" / "retrosheet_2020.tar.gz"

GAME = """id,BOS202007240
version,2
info,visteam,BAL
info,hometeam,BOS
info,date,2020/07/24
start,haysa001,"Austin Hays",0,1,8
start,eovan001,"Nathan Eovaldi",1,0,1
start,milot001,"Tommy Milone",0,0,1
play,1,0,haysa001,32,CB*B.FB1B,W
play,1,0,santa003,11,BS,SB2
play,1,0,santa003,11,BS.>X,S7/L.2-H
com,"a remark"
play,1,0,iglej001,02,FTX,64(1)3/GDP
play,1,0,nuner001,00,,NP
sub,cortn001,"Nestor Cortes",1,0,1
play,1,0,nuner001,03,CCS,K
play,1,1,benia002,00,X,HR/F
data,er,eovan001,2
"""
HANDS = {"haysa001": ("L", "R"), "eovan001": ("R", "R"), "cortn001": ("R", "L")}


def one(text: str, name: str = "2020BOS.EVA") -> Match:
    (match,) = read(text.encode(), name)
    return match


@pytest.mark.parametrize(
    ("runners", "text", "expected"),
    [
        ("", "63/G", ("out", 1, 0, "---")),
        ("1", "64(1)3/GDP", ("out", 2, 0, "---")),
        ("1", "54(1)/FO", ("out", 1, 0, "1--")),
        ("12", "8(B)84(2)/LDP", ("out", 2, 0, "1--")),
        ("13", "S8/L.3-H;1-3", ("single", 0, 1, "1-3")),
        ("12", "HR/F.2-H;1-H", ("home run", 0, 3, "---")),
        ("1", "K+SB2", ("strikeout", 1, 0, "-2-")),
        ("", "K+WP.B-1", ("strikeout", 0, 0, "1--")),
        ("13", "SB2;SBH", ("stolen base", 0, 1, "-2-")),
        ("1", "CS2(2E4).1-3", ("caught stealing", 0, 0, "--3")),
        ("2", "POCS3(15)", ("caught stealing", 1, 0, "---")),
        ("1", "PO1(13)", ("pickoff", 1, 0, "---")),
        ("3", "FC6/G.3XH(62)", ("fielder's choice", 1, 0, "1--")),
        ("1", "D7/L.1XH(7E5)", ("double", 0, 1, "-2-")),
        ("", "E5/TH/G.B-2", ("error", 0, 0, "-2-")),
        ("", "6E3/G", ("out", 0, 0, "1--")),
        ("2", "WP.2-3", ("wild pitch", 0, 0, "--3")),
        ("2", "NP", ("", 0, 0, "-2-")),
    ],
)
def test_plays_move_runners(runners: str, text: str, expected: tuple[str, int, int, str]) -> None:
    diamond = Diamond(runners=set(map(int, runners)))
    done = diamond.play(text)
    assert done is not None and (*done, diamond.bases) == expected


def test_a_game_becomes_pitches_and_plays() -> None:
    match = one(GAME)
    events = match.events
    first = ("C", "B", "B", "F", "B", "B", "walk", "B", "S", "stolen base", "X", "single", "F", "T", "X", "out")
    assert events["action"] == (*first, "C", "C", "S", "strikeout", "X", "home run")
    assert events["appearance"][6:8] == (1, 2) and events["period"][-1] == 2 and not match.notes
    assert events["pitcher"][15:17] == ("eovan001", "cortn001") and events["team"][-1] == "BOS"
    assert events["outs"][9] == 0 and events["bases"][9] == "-2-" and events["runs"][11] == 1
    assert events["score"][-1] == 0 and events["opponent_score"][-1] == 1
    assert match.about == {"match": "BOS202007240", "date": "2020-07-24", "season": "2020"}
    (handed,) = read_retrosheet(GAME.encode(), "a", HANDS)
    assert handed.events["matchup"][0] == "L-R" and handed.events["matchup"][-3] == "?-L"


def test_the_count_is_counted() -> None:
    match = one(GAME)
    tokenizer = SportsTokenizer.fit([match])
    ids = tokenizer.encode(match)
    assert not len(tokenizer.grammar.violations(ids))
    assert set(tokenizer.losses(match)) <= {"matchup_not_kept"}
    names = [f.name for f in tokenizer.context.features]
    rows = tokenizer.context.of(ids)
    tokens = tokenizer.vocabulary.readable(ids)
    count = [tuple(row) for row in rows[:, [names.index(n) for n in ("balls", "strikes", "ends")]].tolist()]
    walk, strikeout = tokens.index("Play_walk"), tokens.index("Play_strikeout")
    assert count[walk] == (4, 2, 1) and count[walk + 1] == (4, 2, 2) and count[strikeout] == (0, 3, 1)
    assert rows[strikeout, names.index("outs")] == 2
    assert rows[-1, names.index("lead")] == 6  # level again


@pytest.mark.parametrize(
    ("text", "where", "reason"),
    [
        (GAME.replace("play,1,0,santa003,11,BS,SB2", "play,1,0,santa003"), "row 10", "play has 4 fields, not 7"),
        (GAME.replace("play,1,1", "play,first,1"), "row 17, field 2", "'first' is no inning"),
        (GAME.replace("play,1,1", "play,1,2"), "row 17, field 3", "'2' is neither 0 nor 1"),
        (GAME[: GAME.index("play")], "", "holds no plays"),
        (GAME[: GAME.index(",nuner001,03")], "row 16", "play has 3 fields, not 7"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(text: str, where: str, reason: str) -> None:
    with pytest.raises(BadInput) as error:
        one(text)
    assert reason in error.value.message and where in error.value.message, error.value.message


def test_what_is_not_known_is_kept_as_other_and_counted() -> None:
    match = one(GAME.replace("CCS,K", "CCZ,?!"))
    assert match.events["action"][-4:-2] == ("other", "other")
    assert match.notes == {"unknown_action_Z": 1, "unknown_action_?!": 1}


@pytest.mark.skipif(not ARCHIVE.exists(), reason="the benchmark's data are not here")
def test_half_innings_of_a_real_team_end_with_three_out() -> None:
    with tarfile.open(ARCHIVE) as archive:
        file = archive.extractfile("2020seve/2020BOS.EVA")
        assert file is not None
        games = list(read(file.read(), "2020BOS.EVA"))
    assert len(games) > 25 and not any(game.notes for game in games)
    for game in games:
        outs: dict[int, int] = {}
        for period, n in zip(game.events["period"], game.events["outs"], strict=True):
            outs[period] = outs.get(period, 0) + (n or 0)
        assert all(n == 3 for period, n in outs.items() if period < max(outs))

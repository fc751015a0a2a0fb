"""Tennis: three ways to write a match down, who serves and who wins."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqgen.core.errors import BadInput
from seqgen.domains.sports.files import read, read_season
from seqgen.domains.sports.follower import follow
from seqgen.domains.sports.formats.table import to_table
from seqgen.domains.sports.match import Match
from seqgen.domains.sports.tennis import result
from seqgen.domains.sports.tennis_score import GAME, SUPER, TIE_BREAK, Score
from seqgen.tokenizers import SportsTokenizer

ID = "20190706-M-Wimbledon-R32-Ann_Archer-Bo_van_Berg"
CHARTED = f"""match_id,Pt,Set1,Set2,Gm1,Gm2,Pts,Svr,1st,2nd,Notes,PtWinner,Gm1,Gm2
{ID},3,0,0,0,0,15-15,1,c4n,"6+b28f+1v2d@",,2,8,8
{ID},1,0,0,0,0,0-0,1,6*,,,1,8,8
{ID},2,0,0,0,0,15-0,1,5d,4w,,2,8,8
{ID},4,0,0,0,0,15-30,1,S,,,1,8,8
{ID},5,0,0,0,1,0-0,2,4f!39a2f1#,,"hit, and missed",2,8,8
{ID},6,0,0,0,1,15-0,2,0b3C,,,1,8,8
{ID},7,0,0,0,1,15-15,2,,5s-1w@,,2,8,8
{ID},8,0,0,0,1,30-15,2,6f2&b1*x,,,2,8,8
{ID},9,0,0,0,1,40-15,2,,,,,8,8
"""
STRINGS = """pbp_id,date,tny_name,tour,draw,server1,server2,winner,pbp,score
7,28 Jul 11,GentlemensWimbledonSingles,ATP,Main,Ann,Bo,1,SSRAS;DRRR.SSS;sR,6-4
8,2016-05-05,Madrid,WTA,Main,Cy,Di,2,SSSS;RX,
"""
SLAM_COLUMNS = (
    "match_id,ElapsedTime,SetNo,GameNo,PointNumber,PointWinner,PointServer,P1Score,P2Score,P1Ace,P2Ace,P1Winner,"
    "P2Winner,P1DoubleFault,P2DoubleFault,P1UnfErr,P2UnfErr,P1ForcedError,P2ForcedError,RallyCount,ServeNumber,"
    "ServeWidth"
)
SLAM = f"""{SLAM_COLUMNS}
2021-wimbledon-1101,0:00:00,1,1,0X,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,
2021-wimbledon-1101,0:00:09,1,1,1,1,1,15,0,1,0,1,0,0,0,0,0,0,0,1,1,C
2021-wimbledon-1101,0:00:40,1,1,3,1,1,30,15,0,0,0,0,0,0,0,1,0,0,4,2,W
2021-wimbledon-1101,0:00:20,1,1,2,2,1,15,15,0,0,0,0,1,0,0,0,0,0,0,2,
2021-wimbledon-1101,0:02:00,1,9,4,2,2,0,15,0,0,0,1,0,0,0,0,0,0,3,1,
2021-wimbledon-1101,0:02:30,1,9,5,1,2,GAME,15,0,0,0,0,0,0,0,0,0,1,5,1,B
2022-usopen-MD201,,1,1,1,2,3,0,1,0,0,0,0,0,0,0,0,0,0,,,
2022-usopen-MD201,,1,1,2,2,4,0,2,0,0,0,0,0,0,0,0,0,0,,,
"""
TIE = "S/RS/SS/RR/S"  # the first server wins seven to one


def all_of(text: str, name: str = "log.csv") -> list[Match]:
    return list(read(text.encode(), name))


def one(text: str, name: str = "log.csv") -> Match:
    (match,) = all_of(text, name)
    return match


def charted(*points: str) -> Match:
    """A game that the first player serves, of the codes of each point's serves, and an ace of the other."""
    rows = [f"{ID},{n},0,0,0,0,0-0,1,{point}" for n, point in enumerate(points, 1)]
    rows.append(f"{ID},{len(rows) + 1},0,0,1,0,0-0,2,5*,")
    return one("\n".join(["match_id,Pt,Set1,Set2,Gm1,Gm2,Pts,Svr,1st,2nd", *rows]))


def spread(n_sets: int, winner: str = "S") -> str:
    """Sets that the first player wins six to nil."""
    held, lost = winner * 4, "R" * 4
    return ".".join([";".join([held, lost] * 3)] * n_sets)


def test_a_charted_match_is_put_in_order() -> None:
    match = one(CHARTED)
    events = match.events
    assert match.about["one"] == "Ann Archer" and match.about["two"] == "Bo van Berg"
    assert (match.about["date"], match.about["best_of"], match.about["surface"]) == ("2019-07-06", "5", "grass")
    points = list(zip(events["game"], events["point"], events["shot"], events["team"], events["action"], strict=True))
    assert points[:9] == [
        (1, 1, 1, "Ann Archer", "first serve"),
        (1, 2, 1, "Ann Archer", "first serve"),
        (1, 2, 2, "Ann Archer", "second serve"),
        (1, 3, 1, "Ann Archer", "first serve"),
        (1, 3, 2, "Ann Archer", "second serve"),
        (1, 3, 3, "Bo van Berg", "backhand"),
        (1, 3, 4, "Ann Archer", "forehand"),
        (1, 3, 5, "Bo van Berg", "forehand volley"),
        (1, 4, 1, "Ann Archer", "server point"),
    ]
    assert events["outcome"][:5] == ("ace", "fault: deep", "double fault: wide", "fault: net", "")
    assert events["direction"][:6] == ("T", "body", "wide", "wide", "T", "middle")
    assert events["detail"][4] == "serve and volley" and events["detail"][6] == "approach"
    assert events["depth"][5] == "deep" and events["outcome"][7] == "unforced error: deep"


def test_what_reading_changes_is_counted_and_named() -> None:
    match = one(CHARTED)
    assert match.notes == {
        "rows_out_of_order": 1, "unknown_action_a": 1, "unknown_code_&": 1, "codes_after_the_end": 1,
        "empty_points": 1, "winners_that_shots_deny": 1,
    }  # fmt: skip
    last = [i for i, game in enumerate(match.events["game"]) if game == 2]
    assert [match.events["action"][i] for i in last[:4]] == ["first serve", "forehand", "other", "forehand"]
    assert match.events["detail"][last[1]] == "shank" and match.events["depth"][last[1]] == "very deep"
    assert match.events["outcome"][last[3]] == "forced error"
    assert match.events["outcome"][last[5]] == "won", "a challenge that stops the rally was wrong"


def test_a_point_that_does_not_say_how_it_ends_ends_as_it_was_won() -> None:
    text = "match_id,Pt,Set1,Set2,Gm1,Gm2,Pts,Svr,1st,2nd,PtWinner\n"
    match = one(text + f"{ID},1,0,0,0,0,0-0,1,4f18f2,,1\n{ID},2,0,0,0,0,15-0,1,6,,2\n{ID},3,0,0,0,0,15-15,1,4,5b2,1")
    assert [o for o in match.events["outcome"] if o] == ["won", "lost", "fault", "lost"]
    assert match.notes == {"ends_taken_from_the_winner": 3}


def test_the_score_goes_along() -> None:
    match = charted(*["6*,"] * 3, *["4n,5x"] * 3, "6*,", "6f1*,", "4#,", "5*,")
    first = [n for n, shot in enumerate(match.events["shot"][:-1]) if shot == 1]
    called = [f"{match.events['points'][n]}-{match.events['opponent_points'][n]}" for n in first]
    assert called == ["0-0", "15-0", "30-0", "40-0", "40-15", "40-30", "40-40", "AD-40", "40-40", "AD-40"]


def test_strings_of_points() -> None:
    first, second = all_of(STRINGS)
    assert first.about["date"] == "2011-07-28" and first.about["best_of"] == "5" and second.about["best_of"] == "3"
    events = first.events
    assert events["period"] == (1,) * 9 + (2,) * 5
    assert events["server"] == ("Ann",) * 5 + ("Bo",) * 4 + ("Ann",) * 3 + ("Bo",) * 2
    assert events["action"][3] == "ace" and events["action"][5] == "double fault"
    assert events["serve"][12] == "2" and events["serve"][13] == "1", "small letters are second serves"
    assert second.notes == {"unknown_point_X": 1} and second.events["action"][-1] == "unknown point"


def test_a_string_alone() -> None:
    match = one("SSRAS;DRRR.SSSS\n", "final.pbp")
    assert len(match) == 13 and match.about["match"] == "final 1"
    assert len(all_of("SSSS;RRRR\n\nAAAA;SSSS", "two.pbp")) == 2


def test_points_of_slams() -> None:
    singles, doubles = all_of(SLAM)
    events = singles.events
    assert events["action"] == (
        "ace", "double fault", "returner unforced error", "server winner", "server forced error",
    )  # fmt: skip
    assert events["game"] == (1, 1, 1, 2, 2), "games are counted in their set"
    assert events["direction"] == ("T", "", "wide", "", "body") and events["rally"] == (1, None, 4, 3, 5)
    assert events["serve"] == ("1", "2", "2", "1", "1") and events["time"][2] == 40
    assert singles.notes == {"rows_without_a_point": 1, "rows_out_of_order": 1} and singles.about["best_of"] == "5"
    assert events["kind"] == (GAME,) * 5
    assert doubles.events["kind"] == (TIE_BREAK,) * 2 and doubles.about["gender"] == "men"
    assert doubles.events["server"] == ("Player 1", "Player 2"), "partners serve for one"


def test_who_serves_a_tie_break_and_after_it() -> None:
    match = one(f"{';'.join(['SSSS'] * 12)};{TIE}.SSSS", "match.pbp")
    last = [i for i, game in enumerate(match.events["game"]) if game == 13]
    servers = [match.events["server"][i][-1] for i in last]
    assert "".join(servers) == "12211221"
    assert match.events["kind"][last[0]] == TIE_BREAK and match.events["server"][-1] == "Player 2"
    score = Score()
    score.new_game(TIE_BREAK)
    for server in servers:
        score.serve(int(server) - 1)
        score.points[0] += 1
        assert score.over() or score.server() == int(servers[sum(score.points)]) - 1


def test_the_rules_say_who_serves_where_a_log_does_not() -> None:
    rows = ["sport,period,game,point,action"]
    rows += [f"tennis,1,{game},{n},server point" for game in range(1, 13) for n in range(1, 5)]
    rows += [f"tennis,1,13,{n},returner point" for n in range(1, 9)]
    match = one("\n".join(rows))
    assert match.events["server"][::4][:3] == ("Server 1", "Server 2", "Server 1")
    assert match.events["kind"][-1] == TIE_BREAK
    assert "".join(server[-1] for server in match.events["server"][-8:]) == "12211221"


def test_a_tie_break_to_ten() -> None:
    match = one(f"SSSS;RRRR.{'S/RR/' * 4}SS", "match.pbp")
    assert match.events["kind"][-1] == SUPER and match.events["kind"][0] == GAME


def test_who_wins() -> None:
    assert result(one(spread(2), "m.pbp"))["winner"] == "Player 1"
    assert result(one(spread(2) + ".SSSS", "m.pbp"))["winner"] == "unfinished"
    text = STRINGS.splitlines()[0] + "\n7,,Wimbledon,ATP,Main,Ann,Bo,1,{},"
    assert result(one(text.format(spread(2)))) == {"sets_Ann": 2, "sets_Bo": 0, "winner": "unfinished"}
    assert result(one(text.format(spread(3))))["winner"] == "Ann"
    seven = f"{';'.join(['SSSS'] * 12)};{TIE}"
    assert result(one(text.replace("ATP", "WTA").format(f"{spread(1)}.{seven}")))["winner"] == "Ann"


def test_the_context_follows_the_score() -> None:
    match = charted("4n,6f1*", "6*,", "4b2n#,", "5f28f1d@,")
    tokenizer = SportsTokenizer.fit([match])
    ids = tokenizer.encode(match)
    names = [f.name for f in tokenizer.context.features]
    before = tokenizer.context.of(ids)[:-1][np.isin(ids, tokenizer.vocabulary.of_type("Stroke"))]
    assert before[:, names.index("stage")].tolist() == [0, 1, 2, 0, 0, 2, 0, 2, 3, 0]
    assert before[:, names.index("hits")].tolist() == [1, 1, 2, 1, 1, 2, 1, 2, 1, 1]
    assert before[:, names.index("court")].tolist() == [1, 1, 1, 2, 1, 1, 2, 2, 2, 1]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["4", "c6", "0", "5+", ""]),
            st.text("fbrsvzopuylmhijktq123789+-=;^!aX&", max_size=12),
            st.sampled_from(["n@", "#", "*", "d#", "C", "w", ""]),
            st.sampled_from(["", "4d", "5*", "6f37b1n@"]),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_what_is_read_is_legal_and_comes_back(points: list[tuple[str, str, str, str]]) -> None:
    match = charted("6*,", *(f"{serve}{rally}{ends},{second}" for serve, rally, ends, second in points))
    tokenizer = SportsTokenizer("tennis")
    ids = tokenizer.encode(match)
    assert not len(tokenizer.grammar.violations(ids))
    assert not {name for name in tokenizer.losses(match) if name.endswith("_not_kept")}


@given(st.text("SSSRRADsrad;;;../x ", min_size=1, max_size=300))
def test_any_string_is_read_or_refused(text: str) -> None:
    try:
        match = one(STRINGS.splitlines()[0] + f"\n7,,,,,Ann,Bo,1,{text},")
    except BadInput as error:
        assert "row 2, column pbp: holds no points" in error.message
        return
    tokenizer = SportsTokenizer("tennis")
    assert not len(tokenizer.grammar.violations(tokenizer.encode(match)))
    assert not {name for name in tokenizer.losses(match) if name.endswith("_not_kept")}
    assert len(match) == sum(letter in "SRADsradx" for letter in text)


@pytest.mark.parametrize("text", [CHARTED, STRINGS, SLAM])
def test_matches_come_back_and_can_be_followed(text: str) -> None:
    for match in all_of(text):
        tokenizer = SportsTokenizer.fit([match])
        ids = tokenizer.encode(match)
        assert not len(tokenizer.grammar.violations(ids))
        assert not {name for name in tokenizer.losses(match) if name.endswith("_not_kept")} - {"time_not_kept"}
        log = to_table([match])
        assert one(log.decode()) == match
        assert np.concatenate(list(follow(io.BytesIO(log), tokenizer, "log"))).tolist() == ids[:-1].tolist()


def test_a_season_is_read_a_match_at_a_time(tmp_path: Path) -> None:
    other = CHARTED.split("\n", 1)[1].replace("20190706", "20190708")
    (tmp_path / "season.csv").write_text(CHARTED + other)
    found = list(read_season(tmp_path / "season.csv"))
    assert [match.about["date"] for match in found] == ["2019-07-06", "2019-07-08"]
    assert found == all_of(CHARTED + other)
    with pytest.raises(BadInput, match="row 20, column match_id: goes back"):
        all_of(CHARTED + other + CHARTED.splitlines()[1])


@pytest.mark.parametrize(
    ("text", "where", "reason"),
    [
        (CHARTED.replace(",Pts,", ",Score,", 1), "row 1, column pts", "is missing"),
        (CHARTED.replace(",4,0,0,0,0,15-30", ",four,0,0,0,0,15-30"), "row 5, column pt", "'four' is not a whole"),
        (CHARTED.replace("15-0,1,5d", "15-0,3,5d"), "row 4, column svr", "'3' is neither 1 nor 2"),
        (CHARTED.replace(",2,0,0,0,0,15-0", ",2,,0,0,0,15-0"), "row 4, column set1", "holds no value"),
        (CHARTED + ",10,0,0,0,1,40-15,2,,,,,8,8\n", "row 11, column match_id", "holds no value"),
        (CHARTED[:-20], "row 10", "values for 14 columns"),
        (CHARTED.splitlines()[0], "", "holds no events"),
        (STRINGS.replace("server2", "other"), "row 1, column server2", "is missing"),
        (STRINGS.replace("SSSS;RX", ""), "row 3, column pbp", "holds no points"),
        (STRINGS.replace("SSSS;RX", "S" * 10_001), "row 3, column pbp", "more than a match"),
        (STRINGS.splitlines()[0], "", "holds no events"),
        (SLAM.replace("PointNumber", "Number"), "row 1, column pointnumber", "is missing"),
        (SLAM.replace("0:00:20,1,1,2,2", "0:00:20,1,x,2,2"), "row 5, column gameno", "'x' is not a whole number"),
        (SLAM_COLUMNS, "", "holds no events"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(text: str, where: str, reason: str) -> None:
    with pytest.raises(BadInput) as error:
        all_of(text)
    assert reason in error.value.message and where in error.value.message, error.value.message

"""What logs get wrong, whatever their sport: handled and said, or refused with one error that says where."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from seqgen.core.domain import get_domain
from seqgen.core.errors import BadInput, SeqgenError
from seqgen.corpus.build import read_bounded
from seqgen.domains.sports.files import read
from seqgen.domains.sports.match import Match
from seqgen.domains.sports.options import SportsOptions
from seqgen.tokenizers import SportsTokenizer

CORPUS = Path(__file__).parents[3] / "corpora" / "cricket"
HEAD = "match,period,time,team,player,action,outcome,x,y,end_x,end_y"
ROWS = [
    "a,1,0,Reds,Ann,pass,success,52.5,34,70,20",
    "a,1,2.5,Reds,Eve,pass,fail,70,20,90,30",
    "a,1,4,Blues,Zoë,interception,,15,38,15,38",
    "a,2,1,Blues,Zoë,shot,goal,90,30,105,34",
]


def log(*rows: str, head: str = HEAD) -> bytes:
    return "\n".join([head, *rows, ""]).encode()


def one(data: bytes) -> Match:
    (match,) = read(data, "log.csv", SportsOptions("soccer"))
    tokenizer = SportsTokenizer.fit([match])
    assert not len(tokenizer.grammar.violations(tokenizer.encode(match)))
    return match


WHOLE = one(log(*ROWS))


def test_rows_out_of_order_are_sorted_and_counted() -> None:
    match = one(log(*ROWS[::-1]))
    assert match == WHOLE and match.notes == {"rows_out_of_order": 3}


@pytest.mark.parametrize("nothing", ["", "nan", "NaN", "NULL", "None", "NA", "n/a", "<NA>"])
def test_places_that_are_missing_follow_from_the_event_before(nothing: str) -> None:
    match = one(log(ROWS[0], ROWS[1].replace("70,20", f"{nothing},{nothing}", 1), *ROWS[2:]))
    assert match == WHOLE  # the ball is where it was left
    first = one(log(ROWS[0].replace("52.5,34,70,20", ",,,"), *ROWS[1:]))
    assert first.events["x"][0] is None and first.events["end_x"][0] is None and not first.notes


def test_ends_that_are_missing_are_where_it_began() -> None:
    match = one(log(ROWS[0], ROWS[1].replace("90,30", ","), *ROWS[2:]))
    assert match.events["end_x"][1] == 70 and match.events["outcome"][1] == "fail"


def test_unknown_actions_are_kept_as_other_named_and_counted() -> None:
    match = one(
        log(
            ROWS[0].replace("pass", "rabona"),
            ROWS[1].replace("pass", "rabona"),
            ROWS[2].replace("interception", "nutmeg"),
        )
    )
    assert match.events["action"] == ("other",) * 3
    assert match.notes == {"unknown_action_rabona": 2, "unknown_action_nutmeg": 1}
    with pytest.raises(BadInput, match="row 4, column action: holds no value"):
        one(log(*ROWS[:2], ROWS[2].replace("interception", "")))


def test_of_rows_with_the_same_id_the_last_holds() -> None:
    named = [f"{row},e{n}" for n, row in enumerate(ROWS)]
    corrected = named[1].replace("fail", "success")
    match = one(log(*named, corrected, head=f"{HEAD},event_id"))
    assert match == one(log(ROWS[0], ROWS[1].replace("fail", "success"), *ROWS[2:]))  # the last is the correction
    assert match.notes == {"ids_twice": 1}


def test_what_is_said_twice_without_an_id_is_kept_and_counted() -> None:
    match = one(log(ROWS[0], *ROWS))
    assert len(match) == 5 and match.notes == {"rows_alike": 1}  # two free throws may be alike
    balls = "period,over,team,player,outcome\n" + "1,0,North,Ann,4\n" * 3
    (match,) = read(balls.encode(), "log.csv")
    assert match.events["outcome"] == ("4",) * 3 and not match.notes  # nothing tells these rows apart, nor need it


def test_matches_in_turns_are_told_apart() -> None:
    other = [row.replace("a,", "b,", 1) for row in ROWS]
    mixed = [row for pair in zip(ROWS, other, strict=True) for row in pair]
    first, second = read(log(*mixed), "log.csv", SportsOptions("soccer"))
    assert first == WHOLE and second.events == WHOLE.events and second.about["match"] == "b"


def test_a_match_alone_needs_neither_name_nor_players() -> None:
    rows = [",".join(value for i, value in enumerate(row.split(",")) if i not in (0, 4)) for row in ROWS]
    match = one(log(*rows, head=HEAD.replace("match,", "").replace("player,", "")))
    assert match.events["player"] == ("",) * 4 and match.events["x"] == WHOLE.events["x"]


def test_comma_decimals_marks_latin_names_and_clocks() -> None:
    assert one(b"\xef\xbb\xbf" + log(*ROWS)) == WHOLE
    assert one(log(*ROWS).decode().encode("latin-1")) == WHOLE
    assert one(log(*(row.replace(",", ";").replace(".", ",") for row in ROWS), head=HEAD.replace(",", ";"))) == WHOLE
    assert one(log(*ROWS[:1], ROWS[1].replace("2.5", "0:02.5"), ROWS[2].replace(",4,", ",0:00:04,"), ROWS[3])) == WHOLE
    with pytest.raises(BadInput, match="row 2, column time: '1:2:3:4' is not a number"):
        one(log(ROWS[0].replace("a,1,0", "a,1,1:2:3:4")))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_half_a_file_is_read_or_refused_in_our_words(share: float) -> None:
    match = next(read(CORPUS / "2007-q3.csv.gz"))
    ball = {"batter": "A", "bowler": "B", "runs": {"batter": 1, "extras": 0, "total": 1}}
    said = {"info": {"dates": ["2007-01-01"]}, "innings": [{"team": "N", "overs": [{"over": 0, "deliveries": [ball]}]}]}
    strokes = "rally,ball_round,player,type,landing_area\n1,1,A,發短球,7\n1,2,B,挑球,4\n".encode()
    for data in (log(*ROWS * 30), json.dumps(said).encode(), strokes, (CORPUS / "2007-q3.csv.gz").read_bytes()):
        try:
            assert all(len(found) for found in read(data[: int(share * len(data))], "half", SportsOptions("soccer")))
        except SeqgenError as error:
            assert "half" in error.message
    assert match.sport == "cricket"


def test_another_providers_file_under_the_wrong_name_is_told_by_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / "events.xml").write_bytes(log(*ROWS))
    assert read_bounded(tmp_path / "events.xml", get_domain("sports"), SportsOptions("soccer")) == [WHOLE]
    (tmp_path / "log.csv").write_bytes(b"%PDF-1.7\0\1\2")
    with pytest.raises(BadInput, match="binary"):
        read_bounded(tmp_path / "log.csv", get_domain("sports"))

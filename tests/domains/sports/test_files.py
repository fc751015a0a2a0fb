"""Logs as they come: tables from spreadsheets, Cricsheet's JSON and XML, whole and broken."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from seqgen.core.errors import BadInput, TooLarge, UsageError
from seqgen.domains.sports import files
from seqgen.domains.sports.files import read, write
from seqgen.domains.sports.formats.known import from_frame
from seqgen.domains.sports.match import Match
from seqgen.tokenizers import SportsTokenizer

CORPUS = Path(__file__).parents[3] / "corpora" / "cricket"

LOG = """match,date,period,over,ball,team,player,bowler,outcome,runs,extra,how
a,2016-05-01,1,0,1,North,Ann,Zoe,4,4,,
a,2016-05-01,1,0,2,North,Ann,Zoe,wide,2,wide,
a,2016-05-01,1,0,3,North,Ann,Zoe,wicket,1,,run out
a,2016-05-01,1,1,1,North,Eve,Yan,1,1,,
a,2016-05-01,2,0,1,South,Zoe,Ann,6,6,,
"""

XML = """<?xml version="1.0" encoding="UTF-8"?>
<cricsheet><info><dates><date>2016-05-01</date></dates><gender>female</gender><overs>20</overs></info><innings><inning>
<team>North</team><deliveries>
<delivery><over>0</over><ball>1</ball><batsman>Ann</batsman><bowler>Zoe</bowler>
<runs><batsman>4</batsman><extras>0</extras><total>4</total></runs></delivery>
<delivery><over>0</over><ball>2</ball><batsman>Ann</batsman><bowler>Zoe</bowler><extras><wides>2</wides></extras>
<runs><batsman>0</batsman><extras>2</extras><total>2</total></runs></delivery>
<delivery><over>0</over><ball>3</ball><batsman>Ann</batsman><bowler>Zoe</bowler>
<runs><batsman>1</batsman><extras>0</extras><total>1</total></runs>
<wickets><wicket><kind>run out</kind><player_out>Ann</player_out></wicket></wickets></delivery>
</deliveries></inning></innings></cricsheet>"""

BALLS: list[dict[str, Any]] = [
    {"runs": {"batter": 4, "extras": 0, "total": 4}},
    {"runs": {"batter": 0, "extras": 2, "total": 2}, "extras": {"wides": 2}},
    {"runs": {"batter": 1, "extras": 0, "total": 1}, "wickets": [{"kind": "run out", "player_out": "Ann"}]},
]
JSON = {
    "info": {"dates": ["2016-05-01"], "gender": "female", "overs": 20},
    "innings": [
        {
            "team": "North",
            "overs": [{"over": 0, "deliveries": [{"batter": "Ann", "bowler": "Zoe", **b} for b in BALLS]}],
        }
    ],
}


def one(data: bytes | str, name: str = "log") -> Match:
    (match,) = read(data.encode() if isinstance(data, str) else data, name)
    return match


def refusal(data: bytes | str) -> BadInput:
    with pytest.raises(BadInput) as error:
        list(read(data.encode() if isinstance(data, str) else data, "log.csv"))
    assert str(error.value).startswith("log.csv: ")
    return error.value


@pytest.mark.parametrize(
    "written",
    [
        LOG.encode(),
        gzip.compress(LOG.encode()),
        b"\xef\xbb\xbf" + LOG.encode(),
        LOG.replace(",", ";").encode(),
        LOG.replace(",", "\t").replace("\n", "\r\n").encode(),
        LOG.replace(",1,0,", ",1.0,0,").encode(),
    ],
    ids=["plain", "gzip", "mark", "semicolons", "tabs", "floats"],
)
def test_a_table_is_read_however_it_is_written(written: bytes) -> None:
    assert one(written) == one(LOG)


def test_latin_names_are_read() -> None:
    assert one(LOG.replace("Zoe", "Zoë").encode("latin-1")).events["player"][-1] == "Zoë"


def test_what_follows_from_the_rest_may_be_missing() -> None:
    short = "period,over,team,outcome\n1,0,North,4\n1,0,North,wide\n1,1,North,wicket\n"
    match = one(short)
    assert match.events["runs"] == (4, 1, 0) and match.events["ball"] == (1, 2, 1)
    assert match.events["extra"] == ("", "wide", "") and match.events["how"] == ("", "", "other")


def test_rows_out_of_order_are_sorted_and_said() -> None:
    head, *rows = LOG.splitlines()
    turned = one("\n".join([head, *rows[::-1]]))
    assert turned == one(LOG) and turned.notes == {"rows_out_of_order": 4} and not one(LOG).notes


def test_unknown_outcomes_are_kept_as_other_and_counted() -> None:
    match = one(LOG.replace(",6,6,,", ",hat trick,6,,"))
    assert match.events["outcome"][-1] == "other" and match.notes == {"unknown_outcome_hat trick": 1}
    assert SportsTokenizer.fit([match]).losses(match) == {"unknown_outcome_hat trick": 1.0}


def test_matches_of_one_file_are_told_apart() -> None:
    both = list(read((LOG + LOG.split("\n", 1)[1].replace("a,2016", "b,2017")).encode(), "log"))
    assert [(m.about["match"], m.about["season"], len(m)) for m in both] == [("a", "2016", 5), ("b", "2017", 5)]


@pytest.mark.parametrize(
    ("data", "where", "reason"),
    [
        (LOG.replace("outcome", "result"), "row 1, column outcome", "is missing"),
        (LOG.replace(",1,1,1,", ",1,x,1,"), "row 5, column over", "'x' is not a whole number"),
        (LOG.replace("North,Eve", ",Eve"), "row 5, column team", "holds no value"),
        (LOG.replace("Eve,Yan,1,1,,", "Eve"), "row 5", "has 7 values for 12 columns"),
        (LOG.replace("Eve", "E" * 999), "row 5, column player", "holds a value of 999 characters"),
        (LOG.replace(",1,1,1,", ",1,1e99,1,"), "row 5, column over", "is not a whole number"),
        (LOG.splitlines()[0], "", "holds no events"),
        ("", "", "holds no events"),
        ("sport," + LOG.replace("\n", "\nchess,"), "", "called 'chess'"),
        (b"\0\1\2" * 50, "", "binary"),
        (gzip.compress(LOG.encode())[:-9], "", "not whole gzip"),
        (b"\x1f\x8bjunk", "", "not whole gzip"),
        (XML[:200], "line", "is not XML"),
        (XML.replace("UTF-8", "UTQ-8"), "", "encoding"),
        ("<html><info/></html>", "", "is not a Cricsheet match"),
        (XML.replace("<over>0</over>", "", 1), "", "is not a Cricsheet match"),
        (XML.replace("<cricsheet>", '<!DOCTYPE x [<!ENTITY a "b">]><cricsheet>'), "", "declares"),
        ('{"info": {}}', "", "is not a Cricsheet match"),
        ('{"info": [}', "", "is not JSON"),
        ("[" * 100_000, "", "nested too deeply"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(data: bytes | str, where: str, reason: str) -> None:
    error = refusal(data)
    assert reason in error.message and where in error.message, error.message


def test_a_gzip_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seqgen.core.files.LIMITS", files.LIMITS.__class__(max_table_bytes=1000))
    with pytest.raises(TooLarge, match="1,000 table bytes"):
        list(read(gzip.compress(b"a" * 5000), "log"))


def test_cricsheet_says_the_same_in_both_its_formats() -> None:
    match = one(XML, "x/123.xml")
    assert match == one(json.dumps(JSON), "x/123.json")
    assert match.about == {
        "match": "123", "date": "2016-05-01", "gender": "female", "competition": "", "season": "2016", "overs": "20",
    }  # fmt: skip
    assert match.events["outcome"] == ("4", "wide", "wicket") and match.events["runs"] == (4, 2, 1)


def test_a_frame_gives_back_the_match_and_is_checked() -> None:
    match = one(LOG)
    frame = match.to_frame()
    assert from_frame(frame) == [match] == from_frame(frame.assign(extra=None))
    assert SportsTokenizer.fit([frame]).encode(frame).tolist() == SportsTokenizer.fit([match]).encode(match).tolist()
    with pytest.raises(BadInput, match="<DataFrame>: row 2, column over: 'x'"):
        from_frame(frame.astype({"over": object}).assign(over=["0", "x", "0", "0", "0"]))


def test_only_tables_are_written(tmp_path: Path) -> None:
    write(one(LOG), tmp_path / "a.csv")
    assert list(read(tmp_path / "a.csv")) == [one(LOG)]
    with pytest.raises(UsageError):
        write(one(LOG), tmp_path / "a.xml")


def test_a_table_of_the_corpus_is_read_without_a_note() -> None:
    found = list(read(CORPUS / "2007-q3.csv.gz"))
    assert len(found) > 20 and not any(match.notes for match in found)
    assert all(len(match) > 20 and match.about["date"].startswith("2007-0") for match in found)


def test_names_that_a_spreadsheet_would_execute_are_escaped_and_come_back(tmp_path: Path) -> None:
    names = {"Ann": "=1+cmd|' /C calc'!A0", "Zoe": "@SUM(A1)", "Eve": "''-Eve", "Yan": "'Yan", "North": "-North"}
    log = LOG
    for plain, name in names.items():
        log = log.replace(plain, name)
    match = one(log)
    assert {row["player"] for row in match.rows()} >= {names["Ann"], "'-Eve"}
    write(match, tmp_path / "log.csv")
    assert "'=1+cmd" in (tmp_path / "log.csv").read_text() and ",=" not in (tmp_path / "log.csv").read_text()
    assert list(read(tmp_path / "log.csv")) == [match]

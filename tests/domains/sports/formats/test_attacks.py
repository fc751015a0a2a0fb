"""Files made to break readers: each is read, or refused in our words, and soon."""

from __future__ import annotations

import gzip
import io
import json
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from seqgen.core.errors import BadInput
from seqgen.domains.sports.files import read, to_match
from seqgen.domains.sports.formats.gamecenter import _try
from seqgen.domains.sports.formats.known import format_of, from_frame
from seqgen.domains.sports.formats.point_strings import is_point_string
from seqgen.domains.sports.formats.retrosheet_plays import Diamond
from seqgen.domains.sports.formats.table import named
from seqgen.domains.sports.formats.xml import require_plain
from seqgen.domains.sports.known import SPORTS

ROWS = "match,period,over,team,player,bowler,outcome\na,1,0,North,Ann,Zoe,4\nb,1,0,North,Ann,Zoe,1\n"
POINTS = {"server1": "Ann", "server2": "Bo", "pbp": "SSRAS;DRRR"}
SPADL = (
    "game_id,period_id,time_seconds,team_id,start_x,start_y,end_x,end_y,type_id,result_id\n8,1,1,7,5,5,5,5,nan,nan\n"
)
EVENT = {
    "eventId": 8, "tags": [], "playerId": 1, "positions": [], "matchId": 7, "teamId": 1, "matchPeriod": "1H",
    "eventSec": 1, "subEventId": 85,
}  # fmt: skip
GAME = (
    b'{"2013090802": {"home": {"abbr": "S"}, "away": {"abbr": "R"}, "drives": {"1": {"plays": {"1": {"yrdln": "",'
    b'"desc": "", "posteam": "S", "players": {"0": [{"statId": 10, "yards": 1e999, "clubcode": "S"}]}}}}}}}'
)
OVERS = [{"over": 0, "deliveries": [{"batter": "A", "bowler": "B", "runs": {"batter": float("inf"), "total": 1}}]}]
INNINGS = json.dumps({"info": {"dates": ["2016-05-01"]}, "innings": [{"team": "N", "overs": OVERS}]}).encode()


def lines(*records: Any) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def test_a_table_of_one_match_of_points_may_have_one_row() -> None:
    (csv,) = read(b"server1,server2,pbp\nAnn,Bo,SSRAS;DRRR\n", "log")
    assert list(read(lines(POINTS), "log")) == from_frame(pd.DataFrame([POINTS]))
    assert len(csv) == 9
    with pytest.raises(BadInput, match="holds no events"):
        list(read(b"server1,server2,pbp\n", "log"))


def test_a_table_without_a_single_shot_is_refused() -> None:
    head = "match_id,Pt,Set1,Set2,Gm1,Gm2,Pts,Svr,1st,2nd\n"
    for row in ("a,1,0,0,0,0,0-0,1,,\n", ""):
        with pytest.raises(BadInput, match="holds no events"):
            to_match((head + row).encode())


def test_parts_of_gzip_are_read_one_after_the_other() -> None:
    head, rest = ROWS[:60].encode(), ROWS[60:].encode()
    assert list(read(gzip.compress(head) + gzip.compress(rest), "log")) == list(read(ROWS.encode(), "log"))
    for data in (gzip.compress(head) + gzip.compress(rest)[:-9], gzip.compress(head) + b"more", b"\x1f\x8b"):
        with pytest.raises(BadInput, match="is not whole gzip"):
            list(read(data, "log"))


def test_titles_that_are_there_twice_are_told_apart_however_a_table_is_written() -> None:
    assert named(["A", "a", "b", "a 1", "A"]) == ["a", "a 1", "b", "a 1 3", "a 4"]
    text = ROWS.replace("\n", ",X\n").replace(",X", ",team", 1)
    found = list(read(text.encode(), "log"))
    assert found[0].events["team"] == ("North",)
    frame = pd.read_csv(io.StringIO(text), header=None, dtype=str)
    frame = frame[1:].set_axis(frame.iloc[0].tolist(), axis=1)
    assert from_frame(frame) == found
    began = time.perf_counter()
    assert len(named(map(str, range(200_000)))) == 200_000 and time.perf_counter() - began < 5


def test_lines_are_a_table_whatever_provider_has_such_keys() -> None:
    for key in ("homeTeamId", "subEventId", "possession_team", "drives", "squadHome"):
        said = {"match": 1, "period": 1, "over": 0, "team": "N", "player": "A", "bowler": "B", "outcome": "4", key: 7}
        for data in (lines(said, said), json.dumps([said, said]).encode()):
            assert format_of(data).name in ("JSON lines", "JSON records")
            assert [len(match) for match in read(data, "log")] == [2]


@pytest.mark.parametrize(
    "data",
    [
        b'[{"a": ' + b"1" * 5000 + b"}]",
        b'{"a": ' + b"1" * 5000 + b"}\n",
        lines({"period": 1}, {"period": 1}) + b'{"period": ' + b"[" * 5000 + b"]" * 5000 + b"}\n",
        *(b'{"over": 1}\n{"over": ' + b"[" * n + b"]" * n + b"}\n" for n in range(750, 960, 15)),
        lines(*({f"{i} {j}": 1 for j in range(200)} for i in range(100))),
        b"\xef\xbb\xbfid,BOS202007240\nplay,1,0,\xff,,X,K\nplay," + b"1" * 5000 + b",0,a,,X,K\n",
        b"id,BOS202007240\nplay," + b"1" * 5000 + b",0,a,,X,K\n",
        b'{"subEventId": 1, "events": 5}',
        b'{"subEventId": 1, "events": null}',
        json.dumps([{**EVENT, "teamId": float("inf")}]).encode(),
        json.dumps([{**EVENT, "eventId": 1e300}]).encode(),
        json.dumps([{**EVENT, "eventSec": 10**400}]).encode(),
        json.dumps([{**EVENT, "eventSec": [1, 2]}] * 2).encode(),
        b"matchId,period,eventSec,teamId,playerId,eventId,subEventId,tags,x0,y0,x1,y1\n7,1H,a,1,1,8,85,"
        + b"1" * 200_000 + b",1,1,1,1\n",
        b"matchId,period,eventSec,teamId,playerId,eventId,subEventId,tags,x0,y0,x1,y1\n7,1H,1,inf,1,8,85,,1,1,1,1\n",
        GAME,
        INNINGS,
    ],
)  # fmt: skip
def test_what_no_reader_expects_is_refused(data: bytes) -> None:
    with pytest.raises(BadInput) as error:
        list(read(data, "log"))
    assert error.value.path == "log"


def test_an_action_without_a_number_is_one_that_is_not_known() -> None:
    with pytest.raises(BadInput, match="row 2, column action: holds no value"):
        list(read(SPADL.encode(), "log"))
    (match,) = read(SPADL.replace("nan", "0", 1).encode(), "log")
    assert match.events["outcome"] == ("",)


def test_parquet_with_texts_that_are_none_is_refused() -> None:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    broken = pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\2\0\0\0"), pa.py_buffer(b"\xff\xfe")])
    far = pa.array([2**40], pa.timestamp("s"))
    zone = pa.array([1], pa.timestamp("s", tz="No/Where"))
    for column in (broken, far, zone):
        buffer = io.BytesIO()
        columns = {"match": ["a"], "period": [1], "over": [0], "player": ["A"], "bowler": ["B"], "outcome": ["4"]}
        pq.write_table(pa.table({**columns, "team": column}), buffer, store_schema=True)
        with pytest.raises(BadInput, match="log"):
            list(read(buffer.getvalue(), "log"))


def test_nothing_takes_time_that_grows_with_the_square() -> None:
    began = time.perf_counter()
    assert not is_point_string(b"S" * 100_000 + b"x;")
    assert not list(_try("(kick " * 1 + "kick " * 100_000))
    assert Diamond().play("SB2(" * 50_000) is None
    assert time.perf_counter() - began < 2


def test_a_line_with_nothing_and_numbers_that_no_match_has() -> None:
    game = "id,BOS202007240\n\nplay,1,0,haysa001,32,CB,W\n\n"
    (match,) = read(game.encode(), "log")
    assert match.events["action"][-1] == "walk"
    said = [{**EVENT, "tags": [{"id": "1" * 5000}]}, {**EVENT, "tags": [{"id": 1801}]}]
    (match,) = read(json.dumps(said).encode(), "log")
    assert match.events["outcome"] == ("", "success")
    far = (
        ROWS.replace("a,1,", "a,999999999,")
        .replace("b,1,", "a,1000000000,")
        .replace("North,Ann,Zoe,1", "South,Zoe,Ann,1")
    )
    (match,) = read(far.encode(), "log")
    assert SPORTS["cricket"].result is not None and SPORTS["cricket"].result(match)["winner"] == "North"


def test_an_encoding_far_behind_is_seen(tmp_path: Path) -> None:
    for spaces in (0, 300, 1000):
        with pytest.raises(BadInput, match=r"encoding|declaration"):
            require_plain(b'<?xml version="1.0"' + b" " * spaces + b' encoding="utf-7"?><a/>', "log")
    require_plain(b'<?xml version="1.0" encoding="UTF-8"?><a encoding="utf-7"/>', "log")
    require_plain(b"<a/>", "log")

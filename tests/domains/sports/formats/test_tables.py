"""Tables however they are written: JSON lines, lists of records and Parquet say what CSV says; large ones in parts."""

from __future__ import annotations

import builtins
import gzip
import io
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from seqgen.core.errors import BadInput, MissingExtra, TooLarge
from seqgen.core.limits import Limits
from seqgen.domains.sports import files
from seqgen.domains.sports.files import read, read_season
from seqgen.domains.sports.follower import follow
from seqgen.domains.sports.formats import known as formats
from seqgen.domains.sports.formats.known import format_of, from_frame
from seqgen.domains.sports.match import Match
from seqgen.domains.sports.options import SportsOptions
from seqgen.tokenizers import SportsTokenizer

LOG = """sport,match,period,time,team,player,action,outcome,x,y
soccer,7,1,0.5,Reds,Zoë,pass,success,52.5,34
soccer,7,1,2,Reds,,pass,fail,,
soccer,8,1,4.25,Blues,Ann,take on,success,26.25,8.5
"""
FRAME = pd.read_csv(io.StringIO(LOG))
RECORDS = json.loads(FRAME.to_json(orient="records"))
STROKES = "rally,ball_round,player,type,landing_area\n1,1,A,發短球,7\n1,2,B,挑球,4\n"


def lines(records: list[Any] = RECORDS) -> bytes:
    return b"".join(json.dumps(record, ensure_ascii=False).encode() + b"\n" for record in records)


def whole(data: bytes, **said: Any) -> list[Match]:
    return list(read(data, "log", SportsOptions(**said)))


@pytest.mark.parametrize(
    "data",
    [
        lines(),
        lines().replace(b"\n", b"\r\n\n"),
        b"\xef\xbb\xbf" + lines(),
        lines().decode().encode("latin-1"),
        gzip.compress(lines()),
        json.dumps(RECORDS).encode(),
        json.dumps(RECORDS, indent=2).encode(),
        lines([{k: v for k, v in record.items() if v is not None} for record in RECORDS]),
    ],
    ids=["lines", "windows", "mark", "latin", "gzip", "list", "indented", "gaps"],
)
def test_json_says_what_csv_says(data: bytes) -> None:
    assert whole(data) == whole(LOG.encode()) == from_frame(FRAME) and len(whole(data)) == 2


def test_one_record_a_line_may_be_the_only_one() -> None:
    assert [len(match) for match in whole(lines(RECORDS[:1]))] == [1]


def test_what_is_nested_has_a_name() -> None:
    record = {"match": 7, "half": {"id": 1}, "team": {"name": "Reds"}, "type": "pass", "location": [52.5, 34.0]}
    said = "period=half.id,team=team.name,action=type,x=location.0,y=location.1"
    (match,) = whole(lines([record, record]), sport="soccer", columns=said)
    assert match.events["x"] == (52.5, 52.5) and match.events["team"] == ("Reds", "Reds")


def test_a_kind_of_table_is_told_from_its_columns_however_written() -> None:
    frame = pd.read_csv(io.StringIO(STROKES))
    (expected,) = read(STROKES.encode(), "set1.csv")
    assert expected.sport == "badminton"
    assert list(read(lines(json.loads(frame.to_json(orient="records"))), "set1.jsonl")) == [expected]


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b'{"info": {"dates": []}, "innings": []}\n', "Cricsheet JSON"),
        (b'{\n "info": {}\n}', "Cricsheet JSON"),
        (b'[{"id": 1, "type": {"id": 2}, "possession_team": {"id": 1}}]', "StatsBomb events"),
        (b'[{"eventId": 8, "subEventId": 85, "tags": [{"id": 1801}]}]', "Wyscout events"),
        (b'{"a": 1}\n{"a": 2}\n', "JSON lines"),
        (b'[{"a": 1}]', "JSON records"),
        (b"{a,b\n1,2\n", "JSON"),
    ],
)
def test_json_of_providers_is_no_table(data: bytes, name: str) -> None:
    assert format_of(data).name == name


@pytest.mark.parametrize(
    ("data", "where", "reason"),
    [
        (lines() + b'{"match": 8', "row 4", "is not JSON"),
        (lines() + b"[1]\n", "row 4", "is no object"),
        (lines().replace(b"4.25", b'"soon"'), "row 3, column time", "'soon' is not a number"),
        (json.dumps(RECORDS)[:-3].encode(), "", "is not JSON"),
        (json.dumps([*RECORDS, 3]).encode(), "row 4", "is no object"),
        (lines().replace(b'"team"', b'"side"'), "row 1, column team", "is missing"),
        (lines() + b'{"a":' * 50_000 + b"1" + b"}" * 50_000, "", ""),
    ],
)
def test_broken_json_is_refused_with_its_row(data: bytes, where: str, reason: str) -> None:
    with pytest.raises(BadInput) as error:
        whole(data)
    assert reason in error.value.message and where in error.value.message, error.value.message


def test_json_lines_are_followed() -> None:
    (match,) = whole(lines(RECORDS[:2]))
    tokenizer = SportsTokenizer.fit([match])
    said = follow(iter(lines(RECORDS[:2]).splitlines(keepends=True)), tokenizer, "log.jsonl")
    assert [i for ids in said for i in ids.tolist()] == tokenizer.encode(match)[:-1].tolist()


def test_a_table_of_any_size_is_read_match_by_match(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LIMITS", Limits(max_table_bytes=100))
    for name, data in (("a.csv", LOG.encode()), ("a.jsonl", lines()), ("a.csv.gz", gzip.compress(LOG.encode()))):
        path = tmp_path / name
        path.write_bytes(data)
        assert list(read_season(path)) == whole(LOG.encode())
    (tmp_path / "a.csv").write_text(LOG + "soccer,7,1,9,Reds,,pass,,,\n")
    with pytest.raises(BadInput, match="row 5: goes back to the match '7'"):
        list(read_season(tmp_path / "a.csv"))


def written(frame: pd.DataFrame, **how: Any) -> bytes:
    pytest.importorskip("pyarrow")
    return frame.to_parquet(None, index=False, **how) or b""


def test_parquet_says_what_csv_says(monkeypatch: pytest.MonkeyPatch) -> None:
    data = written(FRAME)
    assert whole(data) == whole(LOG.encode())
    assert whole(written(pd.concat([FRAME] * 5), row_group_size=2)) == whole(LOG.encode() + LOG[54:].encode() * 4)
    (strokes,) = read(written(pd.read_csv(io.StringIO(STROKES))), "set1.parquet")
    assert strokes.events["action"] == ("short service", "lob")
    renamed = FRAME.rename(columns={"action": "Event Type"})
    assert whole(written(renamed), columns="action=Event Type") == whole(LOG.encode())
    for limit in ({"max_events": 2}, {"max_table_bytes": 100}):
        monkeypatch.setattr("seqgen.domains.parquet.LIMITS", Limits(**limit))
        with pytest.raises(TooLarge, match=next(iter(limit)).removeprefix("max_").replace("_", " ")):
            whole(data)


def test_broken_parquet_is_refused(tmp_path: Path) -> None:
    data = written(FRAME)
    damaged = data[:100] + b"\xff" * 60 + data[160:]
    for broken in (data[:-9], data[:40], damaged, b"PAR1" * 4):
        with pytest.raises(BadInput):
            whole(broken)


def test_parquet_without_its_package_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    found = builtins.__import__

    def missing(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return found(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(MissingExtra) as error:
        whole(b"PAR1 and so on PAR1")
    assert "seqgen-toolkit[parquet]" in error.value.hint


def test_tables_that_are_told_apart_do_not_show_each_other() -> None:
    for table in formats.TABLES:
        assert all(column == column.lower() for column in table.columns)
        assert not any(other.columns <= table.columns for other in formats.TABLES if other is not table)

"""Small files of each notation, spoiled at random: what is read obeys the grammar, or is refused in our words."""

from __future__ import annotations

import functools
import io
import json
import zlib
from typing import Any

import numpy as np
import pandas as pd
import pytest

from seqgen.core.errors import BadInput, UsageError
from seqgen.domains.sports.files import read
from seqgen.domains.sports.known import SPORTS
from seqgen.domains.sports.options import SportsOptions
from seqgen.tokenizers import SportsTokenizer

FEW, MANY = 40, 3_000  # spoiled files of each
CRICKET = """match,date,period,over,ball,team,player,bowler,outcome,runs,extra,how
a,2016-05-01,1,0,1,North,Ann,Zoe,4,4,,
a,2016-05-01,1,0,2,North,Ann,Zoe,wide,2,wide,
a,2016-05-01,2,0,1,South,Zoe,Ann,6,6,,
"""
SOCCER = """sport,event_id,match,period,time,team,player,action,outcome,x,y
soccer,a,7,1,0.5,Reds,Zoë,pass,success,52.5,34
soccer,b,7,1,2,Reds,,pass,fail,,
soccer,c,8,1,0:04.25,Blues,Ann,take on,success,26.25,8.5
"""
XML = """<?xml version="1.0" encoding="UTF-8"?>
<cricsheet><info><dates><date>2016-05-01</date></dates><gender>female</gender><overs>20</overs></info><innings><inning>
<team>North</team><deliveries>
<delivery><over>0</over><ball>1</ball><batsman>Ann</batsman><bowler>Zoe</bowler>
<runs><batsman>4</batsman><extras>0</extras><total>4</total></runs></delivery>
<delivery><over>0</over><ball>2</ball><batsman>Ann</batsman><bowler>Zoe</bowler><extras><wides>2</wides></extras>
<runs><batsman>0</batsman><extras>2</extras><total>2</total></runs></delivery>
</deliveries></inning></innings></cricsheet>"""
BALL = {"batter": "Ann", "bowler": "Zoe", "runs": {"batter": 1, "extras": 2, "total": 3}, "extras": {"wides": 2}}
OVERS = [{"over": 0, "deliveries": [BALL, {**BALL, "wickets": [{"kind": "run out", "player_out": "Ann"}]}]}]
CRICSHEET = {
    "info": {"dates": ["2016-05-01"], "gender": "female", "overs": 20, "event": {"name": "Cup"}},
    "innings": [{"team": "North", "overs": OVERS}],
}
STATSBOMB = [
    {
        "id": f"{n}", "possession_team": {"name": "Reds"}, "period": 1, "timestamp": f"00:00:0{n}.500",
        "type": {"name": kind}, "team": {"name": "Reds"}, "player": {"name": "Zoë"}, "location": [60, 40],
        kind.lower(): {"end_location": [120.0, 38.0], "outcome": {"name": "Goal"}, "type": {"name": "Penalty"}},
    }
    for n, kind in enumerate(("Pass", "Duel", "Shot"))
]  # fmt: skip
WYSCOUT = [
    {
        "eventId": 8, "subEventName": "…", "tags": [{"id": 1801}], "playerId": 101, "matchId": 7, "teamId": 11,
        "positions": [{"y": 50, "x": 40}, {"y": 60, "x": 70}], "matchPeriod": "1H", "eventSec": n + 0.5,
        "subEventId": 85,
    }
    for n in range(3)
]  # fmt: skip
COMPACT = """matchId,period,eventSec,teamId,playerId,eventId,subEventId,tags,x0,y0,x1,y1
7,1H,2.76,11,101,8,85,1801,50,50,40,60
7,1H,5.5,12,201,1,12,503 701 1802,20,90,20,90
7,2H,4.0,12,0,6,,,95,50,,
"""
PLAY = {
    "posteam": "SEA", "qtr": 1, "time": "14:55", "down": 1, "ydstogo": 10, "yrdln": "SEA 25", "note": None,
    "desc": "pass short left for 12 yards",
    "players": {"0": [{"sequence": 1, "clubcode": "SEA", "statId": 15, "yards": 12}]},
}  # fmt: skip
GAME = {
    "2013090802": {
        "home": {"abbr": "SEA"}, "away": {"abbr": "RED"}, "drives": {"1": {"plays": {"37": PLAY, "58": PLAY}}},
        "scrsummary": {"58": {"desc": "A.B 30 yd. interception return (C.D kick is good)"}},
    }
}  # fmt: skip
NFLVERSE = """play_id,game_id,home_team,posteam,defteam,game_date,qtr,down,ydstogo,yardline_100,play_type,\
yards_gained,desc
1,2016_01_A_B,A,A,B,2016-09-08,1,,0,35,kickoff,0,B kicks 65 yards
2,2016_01_A_B,A,A,B,2016-09-08,1,1,10,75,pass,12,pass short left
"""
NBA = """GAME_ID,EVENTMSGTYPE,EVENTMSGACTIONTYPE,PERIOD,PCTIMESTRING,HOMEDESCRIPTION,VISITORDESCRIPTION,PERSON1TYPE,\
PLAYER1_NAME,PLAYER1_TEAM_ABBREVIATION
0021500001,2,42,1,11:41,,MISS Bea 2' Driving Layup,5,Bea,BBB
0021500001,4,0,1,11:39,Ann REBOUND (Off:0 Def:1),,4,Ann,AAA
0021500001,3,12,1,11:05,MISS Ann Free Throw 2 of 2,,4,Ann,AAA
"""
NHL = """,Game_Id,Date,Period,Event,Description,Seconds_Elapsed,Strength,Ev_Zone,Type,Ev_Team,Away_Team,Home_Team,\
p1_name,xC,yC
0,2016020001,2016-10-12,1,FAC,AAA won Neu. Zone - AAA #1 ANN vs HHH #2 HAL,0.0,5x5,Neu,NA,AAA,AAA,HHH,ANN,0,0
0,2016020001,2016-10-12,1,SHOT,"HHH ONGOAL - #2 HAL, Wrist, 20 ft.",15.0,5x5,Off,NA,HHH,AAA,HHH,HAL,-75,0
"""
SET = """rally,ball_round,time,player,type,aroundhead,backhand,landing_area,lose_reason,player_location_area
1,1.0,0:11:54,A,發短球,,1.0,7,,8
1,2.0,0:11:55,B,挑球,,,4.0,出界,7
"""
CHALLENGE = """match_id,set,rally,ball_round,player,type,landing_x,landing_y,landing_area,player_location_x,\
player_location_y,opponent_location_x,opponent_location_y,lose_reason
7,2,5,1,12,short service,0.5,0.5,7,170,300,230,675,
7,2,5,2,3,lob,1.0,-1.4,3,208,594,177,318,touched the net
"""
SPADL = """game_id,period_id,time_seconds,team_id,player_id,start_x,start_y,end_x,end_y,type_id,result_id
8,1,0.5,11,101.0,52.5,34,70,20,0,1
8,1,4.0,22,102.0,10,30,0,34,11,0
"""
ATOMIC = """game_id,period_id,time_seconds,team_id,player_id,x,y,dx,dy,type_id
8,1,0.5,11,101,52.5,34,17.5,-14,0
8,1,1.2,11,102,70,20,0,0,23
"""
KLOPPY = """event_type,period_id,timestamp,team_id,player_id,result,coordinates_x,coordinates_y,end_coordinates_x,\
set_piece_type
PASS,1,0 days 00:00:01,11,7,COMPLETE,0.5,0.5,0.7,
SHOT,1,0 days 00:00:03,11,8,GOAL,0.9,0.5,,FREE_KICK
"""
ID = "20190706-M-Wimbledon-R32-Ann_Archer-Bo_van_Berg"
CHARTED = f"""match_id,Pt,Set1,Set2,Gm1,Gm2,Pts,Svr,1st,2nd,Notes,PtWinner
{ID},1,0,0,0,0,0-0,1,c4n,6+b28f+1v2d@,,2
{ID},2,0,0,0,0,15-0,1,6*,,,1
{ID},3,0,0,0,1,0-0,2,4f!39a2f1#,,,2
"""
POINTS = """pbp_id,date,tny_name,tour,draw,server1,server2,winner,pbp,score
7,28 Jul 11,GentlemensWimbledonSingles,ATP,Main,Ann,Bo,1,SSRAS;DRRR.SSS;sR,6-4
"""
SLAM = """match_id,ElapsedTime,SetNo,GameNo,PointNumber,PointWinner,PointServer,P1Score,P2Score,P1Ace,P2Ace,P1Winner,\
P2Winner,P1DoubleFault,P2DoubleFault,P1UnfErr,P2UnfErr,RallyCount,ServeNumber,ServeWidth
2021-wimbledon-1101,0:00:09,1,1,1,1,1,15,0,1,0,1,0,0,0,0,0,1,1,C
2021-wimbledon-1101,0:00:40,1,1,2,2,1,15,15,0,0,0,0,0,0,0,0,4,2,W
"""
RETROSHEET = """id,BOS202007240
info,hometeam,BOS
info,date,2020/07/24
start,eovan001,"Nathan Eovaldi",1,0,1
play,1,0,haysa001,32,CB*B.FB1B,W
play,1,0,santa003,11,BS,SB2
play,1,0,santa003,11,BS.>X,S7/L.2-H
radj,benia002,2
play,1,1,benia002,00,X,HR/F
"""
TABLES = {
    "cricket": CRICKET, "soccer": SOCCER, "compact": COMPACT, "nflverse": NFLVERSE, "nba": NBA, "nhl": NHL, "set": SET,
    "challenge": CHALLENGE, "spadl": SPADL, "atomic": ATOMIC, "kloppy": KLOPPY, "charted": CHARTED, "points": POINTS,
    "slam": SLAM, "retrosheet": RETROSHEET,
}  # fmt: skip
TREES: dict[str, Any] = {
    "cricsheet": CRICSHEET, "statsbomb": STATSBOMB, "wyscout": WYSCOUT, "wyscout match": {"events": WYSCOUT},
    "gamecenter": GAME,
}  # fmt: skip
BYTES = {"xml": XML.encode(), "strings": b"SSRAS;DRRR.SSS;sR\nSSSS;RX\n"}
NASTY = [
    "", " ", "nan", "NA", "None", "null", "inf", "-inf", "1e999", "-1", "0", "0.5", "1,5", "1e9", "1e300",
    "99999999999",
    "1" * 5000, "²", "١٢", "true", "x" * 300, "\ud800", "\0", "\u2028", "a_b", "Unknown", "_", "0:00", "99:99:99",
    '"', ";", "\n", "'; --", "{", "[", "<a>", "1.0", "2", "3", "S", "GAME", "SO", "8:B", "no such thing",
]  # fmt: skip
VALUES = [
    *NASTY,
    None,
    True,
    -1,
    0,
    7,
    2.5,
    1e300,
    float("inf"),
    float("nan"),
    10**400,
    [],
    {},
    [1],
    [[2]],
    {"name": 1},
]


@functools.cache
def tokenizer(sport: str) -> SportsTokenizer:
    return SportsTokenizer(sport)


def survives(data: bytes, name: str) -> None:
    try:
        found = list(read(data, name, SportsOptions()))
    except (BadInput, UsageError) as error:
        assert error.message
        return
    assert found, "neither read nor refused"
    for match in found:
        ids = tokenizer(match.sport).encode(match)
        assert len(match) and not len(tokenizer(match.sport).grammar.violations(ids))
        assert len(tokenizer(match.sport).decode(ids, match)) == len(match)
        assert SPORTS[match.sport].result is None or SPORTS[match.sport].result(match) is not None


def encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def spoiled_bytes(data: bytes, rng: np.random.Generator) -> bytes:
    """Bytes changed, taken out, repeated or put in."""
    for _ in range(rng.integers(1, 4)):
        a, b = sorted(rng.integers(0, len(data) + 1, 2).tolist())
        b = min(b, a + 40)
        data = [
            data[:a] + rng.bytes(1) + data[a + 1 :],
            data[:a] + data[b:],
            data[:b] + data[a:],
            data[:a] + encoded(str(rng.choice(NASTY))) + data[b if rng.random() < 0.5 else a :],
            data[:a],
        ][rng.choice(5, p=(0.3, 0.25, 0.2, 0.2, 0.05))]
    return data


def spoiled_cells(text: str, rng: np.random.Generator) -> list[list[str]]:
    """Cells, rows and columns changed; the first row too, now and then."""
    rows = [line.split(",") for line in text.replace('"', "").splitlines()]
    for _ in range(rng.integers(1, 5)):
        i = int(rng.integers(rng.random() > 0.1, len(rows)))
        j, k = rng.integers(0, len(rows[i]), 2).tolist()
        what = rng.random()
        if what < 0.7:
            rows[i][j] = str(rng.choice(NASTY))
        elif what < 0.8:
            rows[i][j] = rows[i][k]
        elif what < 0.9:
            rows.insert(int(rng.integers(1, len(rows) + 1)), list(rows[i]))
        else:
            for row in rows:
                if rng.random() < 0.5 and max(j, k) < len(row):
                    row[j] = row[k]
    return rows


def spoiled_tree(tree: Any, rng: np.random.Generator) -> Any:
    """A tree of JSON with some of it changed or left out."""
    tree = json.loads(json.dumps(tree))
    for _ in range(rng.integers(1, 4)):
        at: Any = tree
        while at:
            key = list(at)[rng.integers(len(at))] if isinstance(at, dict) else int(rng.integers(len(at)))
            if isinstance(at[key], dict | list) and at[key] and rng.random() < 0.85:
                at = at[key]
                continue
            if rng.random() < 0.2:
                del at[key]
            else:
                at[key] = VALUES[rng.integers(len(VALUES))]
            break
    return tree


def as_csv(rows: list[list[str]]) -> bytes:
    def cell(value: str) -> str:
        return '"' + value.replace('"', '""') + '"' if set(value) & set(',"\n') else value

    return encoded("".join(",".join(map(cell, row)) + "\n" for row in rows))


def as_records(rows: list[list[str]], rng: np.random.Generator) -> bytes:
    """As JSON lines or a list, numbers as such, some values nested or left out."""

    def said(value: str) -> Any:
        try:
            return VALUES[rng.integers(len(VALUES))] if rng.random() < 0.02 else json.loads(value)
        except ValueError:
            return value

    records = [{c: said(v) for c, v in zip(rows[0], row, strict=False) if rng.random() < 0.99} for row in rows[1:]]
    if rng.random() < 0.3:
        return json.dumps(records).encode()
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def as_parquet(rows: list[list[str]], rng: np.random.Generator) -> bytes:
    plain = [[cell.encode("utf-8", "replace").decode() for cell in row] for row in rows]
    titles = list(dict.fromkeys(f"{title} " if rng.random() < 0.02 else title for title in plain[0]))
    frame = pd.DataFrame([(row + [""] * len(titles))[: len(titles)] for row in plain[1:]], columns=titles)
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    return spoiled_bytes(buffer.getvalue(), rng) if rng.random() < 0.3 else buffer.getvalue()


def spoil(name: str, rng: np.random.Generator) -> tuple[bytes, str]:
    if name in BYTES:
        return spoiled_bytes(BYTES[name], rng), name
    if name in TREES:
        if rng.random() < 0.3:
            return spoiled_bytes(json.dumps(TREES[name]).encode(), rng), f"{name}.json"
        return json.dumps(spoiled_tree(TREES[name], rng)).encode(), f"{name}.json"
    if rng.random() < 0.3:
        return spoiled_bytes(TABLES[name].encode(), rng), f"{name}.csv"
    rows, how = spoiled_cells(TABLES[name], rng), rng.random()
    if name != "retrosheet" and how < 0.3:
        return as_records(rows, rng), f"{name}.jsonl"
    if name not in ("retrosheet", "compact") and how < 0.4:
        return as_parquet(rows, rng), f"{name}.parquet"
    return as_csv(rows), f"{name}.csv"


def spoiled_files_survive(name: str, n: int) -> None:
    for seed in range(n):
        data, file = spoil(name, np.random.default_rng((zlib.crc32(name.encode()), seed)))
        try:
            survives(data, file)
        except Exception as error:
            raise AssertionError(f"{name} {seed}: {type(error).__name__}: {error}\n{data[:2000]!r}") from error


EVERY = [*TABLES, *TREES, *BYTES]


@pytest.mark.parametrize("name", EVERY)
def test_whole_files_are_read(name: str) -> None:
    data = BYTES.get(name) or (TABLES[name] if name in TABLES else json.dumps(TREES[name])).encode()
    assert list(read(data, name))
    survives(data, name)


@pytest.mark.parametrize("name", EVERY)
def test_spoiled_files_are_read_or_refused(name: str) -> None:
    spoiled_files_survive(name, FEW)


@pytest.mark.slow
@pytest.mark.parametrize("name", EVERY)
def test_many_spoiled_files_are_read_or_refused(name: str) -> None:
    spoiled_files_survive(name, MANY)

"""Small whole logs of matches, one or more of every notation that is read without another package."""

from __future__ import annotations

from typing import Any

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
STRINGS = b"SSRAS;DRRR.SSS;sR\nSSSS;RX\n"

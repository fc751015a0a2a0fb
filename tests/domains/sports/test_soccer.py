"""Soccer: Wyscout's events in their three forms, whole and broken, and what they say."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqgen.core.errors import BadInput
from seqgen.domains.sports import files
from seqgen.domains.sports.files import read, write
from seqgen.domains.sports.formats import wyscout
from seqgen.domains.sports.match import Match
from seqgen.tokenizers import SportsTokenizer

SHARED = Path(__file__).parents[4] / "shared" / "data" / "soccer"

# matchId, period, eventSec, teamId, playerId, eventId, subEventId, tags, x0, y0, x1, y1
ROWS: list[tuple[Any, ...]] = [
    (7, "1H", 2.76, 11, 101, 8, 85, "1801", 50, 50, 40, 60),
    (7, "1H", 4.0, 11, 102, 8, 83, "1802", 40, 60, 80, 10),
    (7, "1H", 5.5, 12, 201, 1, 12, "503 701 1802", 20, 90, 20, 90),
    (7, "1H", 5.5, 11, 103, 1, 11, "503 703 1801", 80, 10, 80, 10),
    (7, "1H", 9.0, 11, 103, 10, 100, "101 402 1801", 90, 45, 100, 100),
    (7, "2H", 1.0, 12, 201, 8, 80, "1801", 90, 5, 95, 50),
    (7, "2H", 2.0, 11, 104, 7, 72, "1401", 5, 50, 5, 50),
    (7, "2H", 3.0, 11, 104, 2, 20, "1702", 5, 50, "", ""),
    (7, "2H", 4.0, 12, 0, 6, "", "", 95, 50, "", ""),
]
TABLE = "\n".join([",".join(wyscout.COLUMNS), *(",".join(map(str, row)) for row in ROWS)]) + "\n"


def event(row: tuple[Any, ...]) -> dict[str, Any]:
    """A row as Wyscout's JSON has it."""
    match, period, sec, team, player, event, sub, tags, *places = row
    return {
        "eventId": event,
        "subEventName": "…",
        "tags": [{"id": int(tag)} for tag in tags.split()],
        "playerId": player,
        "positions": [{"y": y, "x": x} for x, y in (places[:2], places[2:]) if x != ""],
        "matchId": match,
        "teamId": team,
        "matchPeriod": period,
        "eventSec": sec,
        "subEventId": sub,
        "id": 1,
    }


def season(rows: list[tuple[Any, ...]] = ROWS) -> bytes:
    return json.dumps([event(row) for row in rows]).encode()


def one(data: bytes | str, name: str = "Italy.csv") -> Match:
    (match,) = read(data.encode() if isinstance(data, str) else data, name)
    return match


def test_what_wyscout_says() -> None:
    match = one(TABLE)
    assert match.about == {"match": "7", "date": "", "competition": "Italy", "kickoff": ""}
    assert match.events["action"] == (
        "pass", "high pass", "duel", "take on", "shot", "cross", "interception", "foul", "offside",
    )  # fmt: skip
    assert match.events["outcome"] == (
        "success", "fail", "fail", "success", "goal", "success", "", "yellow card", "",
    )  # fmt: skip
    assert match.events["gap"] == (0.0, 1.24, 1.5, 0.0, 3.5, 0.0, 1.0, 1.0, 1.0)
    assert match.events["x"][4] == 94.5 and match.events["end_y"][0] == 40.8
    assert match.events["end_x"][-1] == match.events["x"][-1] and match.notes == {"ends_missing": 2}
    assert match.events["player"][-1] == "" and match.events["team"][0] == "11"


def test_lists_files_and_tables_say_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    match = one(TABLE)
    assert one(season(), "events_Italy.json") == match
    assert one(b"\xef\xbb\xbf" + season().replace(b'"\\u2026"', '"\xe9"'.encode("latin-1")), "Italy.json") == match
    assert one(json.dumps({"events": [event(row) for row in ROWS]}), "Italy.json") == match
    assert one("\ufeff" + TABLE) == match
    parts = list(wyscout._parts(io.BytesIO(season(ROWS * 20)), "a", 1000))
    assert len(parts) > 10 and [e for part in parts for e in part] == [event(row) for row in ROWS * 20]


def test_what_wyscout_says_can_be_written_as_a_table(tmp_path: Path) -> None:
    match = one(TABLE)
    write(match, tmp_path / "a.csv")
    assert list(read(tmp_path / "a.csv")) == [match]


def test_rows_out_of_order_and_matches_in_turns_are_put_in_order() -> None:
    other = [(8, *row[1:]) for row in ROWS]
    mixed = [row for pair in zip(ROWS[::-1], other, strict=True) for row in pair]
    first, second = read(season(mixed), "Italy.json")
    assert first.notes["rows_out_of_order"] > 4 and "rows_out_of_order" not in second.notes
    assert sorted(first.events["time"]) == sorted(one(TABLE).events["time"]) and first.about["match"] == "7"
    assert second.events == one(TABLE).events


def test_unknown_events_are_kept_as_other_and_counted() -> None:
    match = one(TABLE.replace(",8,85,", ",77,7,"))
    assert match.events["action"][0] == "other" and match.notes["unknown_action_77/7"] == 1


@pytest.mark.parametrize(
    ("data", "where", "reason"),
    [
        (TABLE.replace("4.0,11", "x,11"), "row 3, column eventSec", "'x' is not a number"),
        (TABLE.replace("7,2H,1.0,12,", "7,2H,1.0,,"), "row 7, column teamId", "holds no value"),
        (TABLE.replace("7,1H,9.0", "7,9H,9.0"), "row 6, column period", "'9H' is not known"),
        (TABLE.replace("7,1H,9.0", "7,1H,nan"), "row 6, column eventSec", "holds no value"),
        (TABLE[: TABLE.index("7,2H")] + "7,2H", "row 7, column eventSec", "holds no value"),
        (TABLE.split("\n")[0], "", "holds no events"),
        (season()[:-40], "", "is not JSON"),
        (season().replace(b'"positions"', b'"places"'), "", "KeyError: 'positions'"),
        (season().replace(b'"eventSec": 9.0', b'"eventSec": "soon"'), "", "ValueError"),
        (b'[{"subEventId": ' + b"[" * 100_000, "", "nested too deeply"),
        (b'{"subEventId": []}', "", "KeyError: 'events'"),
        (b'[1, {"subEventId": 1}]', "", "not Wyscout's"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(data: bytes | str, where: str, reason: str) -> None:
    with pytest.raises(BadInput) as error:
        list(read(data.encode() if isinstance(data, str) else data, "log"))
    assert reason in error.value.message and where in error.value.message, error.value.message


def test_an_event_says_first_what_is_done() -> None:
    match = one(TABLE)
    tokenizer = SportsTokenizer.fit([match])
    ids = tokenizer.encode(match)
    tokens = tokenizer.vocabulary.readable(ids)
    assert tokens[:12] == [
        "Competition_Italy", "Start_1", "Action_pass", "Team_same", "Outcome_success", "Place_7_7", "Gap_0",
        "Action_high pass", "Team_same", "Outcome_fail", "Place_13_1", "Gap_1",
    ]  # fmt: skip
    assert len(ids) == 5 * len(match) + 4 and not len(tokenizer.grammar.violations(ids))
    again = tokenizer.decode(ids, match)
    assert again.events["team"] == match.events["team"] and again.events["period"] == match.events["period"]
    # What follows from the rest, within the size of a cell: the ball is where it was left, seen from the other end.
    assert np.abs(np.array(again.events["x"][1:4]) - np.array(match.events["x"][1:4])).max() < 5
    rows = tokenizer.context.of(ids)
    lead = [feature.name for feature in tokenizer.context.features].index("lead")
    assert (rows[-1, lead], rows[ids.tolist().index(tokenizer.vocabulary.id("Outcome_goal")) + 1, lead]) == (2, 4)


def test_the_other_side_of_the_pitch_is_as_good() -> None:
    match = one(TABLE)
    tokenizer = SportsTokenizer.fit([match])
    ids = tokenizer.encode(match)
    assert tokenizer.augmentations.names == ("as it is", "mirrored")
    mirrored = tokenizer.augmentations.map[1][ids]
    turned = tokenizer.decode(mirrored)
    assert np.allclose(np.array(turned.events["end_y"]), 68 - np.array(tokenizer.decode(ids).events["end_y"]))
    rows, expected = tokenizer.context.of(mirrored), tokenizer.context.of(ids)
    for f, feature in enumerate(tokenizer.context.features):
        table = feature.maps[1] if feature.maps is not None else np.arange(feature.size)
        assert (rows[:, f] == table[expected[:, f]]).all(), feature.name


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data is not here")
def test_a_season_is_read_whole() -> None:
    matches = list(read(SHARED / "European_Championship.csv.gz", "European_Championship.csv.gz"))
    assert len(matches) == 51 and sum(map(len, matches)) > 75_000
    tokenizer = SportsTokenizer.fit(matches)
    assert not any(len(tokenizer.grammar.violations(tokenizer.encode(match))) for match in matches[:5])
    goals = sum(outcome == "goal" for match in matches for outcome in match.events["outcome"])
    assert 90 < goals < 140  # of the tournament 108, and those of shoot-outs


def test_a_season_is_read_in_parts_however_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "events_Italy.json.gz"
    path.write_bytes(gzip.compress(season(ROWS * 50)))
    monkeypatch.setattr(files, "LIMITS", files.LIMITS.__class__(max_table_bytes=1000))
    (match,) = files.read_season(path)
    assert len(match) == 50 * len(ROWS) and match.about["competition"] == "Italy"
    path.write_bytes(gzip.compress(season(ROWS * 50))[:-20])
    with pytest.raises(BadInput, match="is not whole gzip"):
        list(files.read_season(path))
    (tmp_path / "a.csv").write_text(TABLE)
    assert list(files.read_season(tmp_path / "a.csv")) == [one(TABLE, "a.csv")]

"""The public set of Wyscout's events, from archives in its layout that are made here."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqgen.core.domain import get_domain
from seqgen.core.download import RemoteFile
from seqgen.core.errors import BadInput, CorpusError
from seqgen.core.files import sha256
from seqgen.corpus.folder import CorpusFolder
from seqgen.corpus.split import split_pieces
from seqgen.domains.sports.files import read, write
from seqgen.domains.sports.formats import wyscout_archive
from seqgen.domains.sports.formats.wyscout import read_columns
from seqgen.domains.sports.formats.wyscout_archive import to_compact
from seqgen.domains.sports.match import Match
from seqgen.tokenizers import SportsTokenizer

SHARED = Path(__file__).parents[5] / "shared" / "data" / "soccer"
Build = Callable[..., int]

# Home and away of match 1 are teams 11 and 12, of match 2 teams 12 and 11; team 11 begins both.
DATES = {1: ("2018-05-13 14:00:00", 11, 12), 2: ("2017-08-11 18:45:00", 12, 11)}


def event(match: int, period: str, sec: float, team: int, *places: tuple[float, float], **said: Any) -> dict[str, Any]:
    known = {"eventId": 8, "subEventName": "Simple pass", "tags": [{"id": 1801}], "playerId": 3, "eventName": "Pass"}
    known |= {"positions": [{"y": y, "x": x} for x, y in places], "matchId": match, "teamId": team, "id": 1}
    return {**known, "matchPeriod": period, "eventSec": sec, "subEventId": 85, **said}


EVENTS = [
    event(1, "1H", 2.7586489999999912, 11, (49, 49), (31, 78)),
    event(2, "1H", 1.25, 11, (50, 50), (40, 60)),
    event(1, "2H", 1.0, 12, (50, 50), (60, 1)),
    event(1, "1H", 2.7582, 11, (50, 50), (49, 49)),
    event(1, "1H", 9.5, 11, (95, 50), (100, 100), eventId=10, subEventId=100, tags=[{"id": 101}, {"id": 1801}]),
    event(2, "1H", 4.0, 12, (50, 50), eventId=6, subEventId="", tags=[], playerId=0),
]


def about(dates: dict[int, tuple[str, int, int]] = DATES) -> list[dict[str, Any]]:
    return [
        {
            "status": "Played",
            "wyId": match,
            "dateutc": when,
            "teamsData": {
                str(away): {"side": "away", "teamId": away, "score": 1},
                str(home): {"side": "home", "teamId": home, "score": 2},
            },
        }
        for match, (when, home, away) in dates.items()
    ]


def zipped(members: list[tuple[str, bytes]]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return data.getvalue()


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    """Makes the corpus from these archives of the World Cup, which are taken for those of figshare."""

    def run(events: bytes, matches: bytes = zipped([("matches_World_Cup.json", json.dumps(about()).encode())])) -> int:
        files = {"matches.zip": matches, "events.zip": events}
        for name, data in files.items():
            (tmp_path / name).write_bytes(data)
        known = tuple(RemoteFile(name, ("https://…",), len(data), sha256(data)) for name, data in files.items())
        monkeypatch.setattr(wyscout_archive, "ARCHIVES", known)
        monkeypatch.setattr(wyscout_archive, "COMPETITIONS", ("World_Cup",))
        return CorpusFolder(tmp_path, recipe="wyscout").build(get_domain("sports"), lambda done, total: None)

    return run


def world_cup(events: list[dict[str, Any]]) -> bytes:
    return zipped([("events_World_Cup.json", json.dumps(events).encode()), ("../outside.csv", b"a"), ("/b.csv", b"b")])


def matches(data: bytes | Path, name: str = "events_World_Cup.json") -> dict[str, Match]:
    return {match.about["match"]: match for match in read(data, name)}


def told(match: Match) -> dict[str, Any]:
    """What is told of a match beside its times, of which a table says the hundredths."""
    return {column: values for column, values in match.events.items() if column not in ("time", "gap")}


def test_a_table_says_what_the_archives_say(build: Build, tmp_path: Path) -> None:
    assert build(world_cup(EVENTS)) == 1
    assert {p.name for p in tmp_path.rglob("*")} == {"World_Cup.csv.gz", "events.zip", "matches.zip"}
    assert not (tmp_path.parent / "outside.csv").exists()
    found = matches(tmp_path / "World_Cup.csv.gz")
    assert list(found) == ["2", "1"]  # by their dates
    assert [m.about["date"] for m in found.values()] == ["2017-08-11", "2018-05-13"]
    assert [m.about["kickoff"] for m in found.values()] == ["away", "home"]
    assert found["1"].about["competition"] == "World_Cup"
    said = matches(json.dumps(EVENTS).encode())
    assert {name: told(match) for name, match in found.items()} == {n: told(m) for n, m in said.items()}
    assert said["1"].events["time"] == (2.758, 2.759, 9.5, 1.0) and said["1"].about["kickoff"] == ""
    assert found["1"].events["time"] == (2.76, 2.76, 9.5, 1.0)


def test_the_last_matches_are_held_out(build: Build, tmp_path: Path) -> None:
    dates = {i: (f"2018-01-{30 - i:02d} 12:00:00", 11, 12) for i in range(1, 11)}
    data = zipped([("matches_World_Cup.json", json.dumps(about(dates)).encode())])
    build(world_cup([event(i, "1H", float(i), 11, (50, i), (40, i)) for i in dates]), data)
    domain = get_domain("sports")
    found = list(read(tmp_path / "World_Cup.csv.gz"))
    assert domain.date is not None
    split = split_pieces([domain.identity(m) for m in found], (0.8, 0.1, 0.1), [domain.date(m) for m in found])
    assert split == ["train"] * 8 + ["valid", "test"]


def test_who_is_at_home_is_known_all_along(build: Build, tmp_path: Path) -> None:
    build(world_cup(EVENTS))
    found = matches(tmp_path / "World_Cup.csv.gz")
    tokenizer = SportsTokenizer.fit(list(found.values()))
    ids = tokenizer.encode(found["2"])
    names = [feature.name for feature in tokenizer.context.features]
    assert tokenizer.vocabulary.tokens[ids[1]] == "Kickoff_away"
    home = tokenizer.context.of(ids)[:, names.index("home")]
    acts = {t: tokenizer.vocabulary.tokens[i] for t, i in enumerate(ids.tolist(), 1)}
    assert [int(home[t]) for t, token in acts.items() if token.startswith("Team")] == [0, 2]
    assert home[0] == 1  # before anything is said
    unknown = tokenizer.context.of(np.append(ids[:1], tokenizer.unknown_of[ids[1]]))
    assert unknown[-1, names.index("home")] == 1
    assert tokenizer.decode(ids, found["2"]).about == found["2"].about
    write(found["2"], tmp_path / "2.csv")
    assert list(read(tmp_path / "2.csv")) == [found["2"]]


@settings(max_examples=25)
@given(
    st.lists(
        st.builds(
            event,
            st.sampled_from([1, 2]),
            st.sampled_from(["1H", "2H", "E1", "P"]),
            st.floats(0, 3000) | st.integers(0, 5).map(float),
            st.sampled_from([11, 12]),
            st.tuples(st.integers(-1, 101), st.integers(0, 100)),
            st.tuples(st.integers(0, 100) | st.floats(0, 100, width=32), st.integers(0, 100)),
            tags=st.lists(st.sampled_from([{"id": 101}, {"id": 1801}, {"id": 1401}]), max_size=3),
            subEventId=st.sampled_from([85, 72, 100, ""]),
            playerId=st.sampled_from([0, 3, 4]),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_what_is_written_reads_as_what_was_read(events: list[dict[str, Any]]) -> None:
    data = json.dumps(events).encode()
    table = to_compact(read_columns(io.BytesIO(data), "events_World_Cup.json"), {"1": ("2018-05-13", "12")})
    said, found = matches(data), matches(table, "World_Cup.csv")
    assert {name: told(match) for name, match in found.items()} == {n: told(m) for n, m in said.items()}
    for name, match in found.items():
        assert np.allclose(match.events["time"], said[name].events["time"], rtol=0, atol=0.0056)
    assert all("rows_out_of_order" not in match.notes for match in found.values())
    for name, match in found.items():
        first = "home" if match.events["team"][0] == "12" else "away"
        known = ("2018-05-13", first if "12" in match.events["team"] else "") if name == "1" else ("", "")
        assert (match.about["date"], match.about["kickoff"]) == known


TITLES = b"matchId,period,eventSec,teamId,playerId,eventId,subEventId,tags,x0,y0,x1,y1"


def test_columns_of_the_match_may_be_anywhere_or_on_every_row() -> None:
    row = b"7,1H,2.76,11,101,8,85,1801,50,50,40,60"
    plain = matches(TITLES + b"\n" + row, "Italy.csv")["7"]
    assert plain.about == {"match": "7", "date": "", "competition": "Italy", "kickoff": ""}
    both = b"home, date," + TITLES + b"\r\n" + (b"11,2018-01-01," + row + b"\r\n") * 2
    found = matches(both, "Italy.csv")["7"]
    assert (found.about["date"], found.about["kickoff"], len(found)) == ("2018-01-01", "home", 2)


def test_archives_that_are_missing_or_others_are_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"matches\.zip is not there") as failed:
        wyscout_archive.wyscout(tmp_path, lambda done, total: None)
    assert "seqgen corpus get wyscout" in failed.value.hint and "figshare.com" in failed.value.hint
    (tmp_path / "matches.zip").write_bytes(b"PK")
    with pytest.raises(CorpusError, match="another file than expected"):
        wyscout_archive.wyscout(tmp_path, lambda done, total: None)


def damaged(data: bytes) -> bytes:
    at = data.index(b"events_World_Cup.json") + 40
    return data[:at] + bytes([data[at] ^ 255]) + data[at + 1 :]


@pytest.mark.parametrize(
    ("archive", "error", "reason"),
    [
        (b"no archive", CorpusError, "not a zip file"),
        (damaged(world_cup(EVENTS)), CorpusError, "cannot be read"),
        (world_cup(EVENTS)[:-30], CorpusError, "not a zip file"),
        (zipped([("events_England.json", b"[]")]), CorpusError, "holds events_World_Cup.json 0 times"),
        (zipped([("events_World_Cup.json", b" " * 2_000_000)]), CorpusError, "would have 2,000,000 bytes"),
        (world_cup([]), BadInput, "is not Wyscout's events"),
        (world_cup([{**EVENTS[0], "positions": 3}]), BadInput, "events_World_Cup.json"),
    ],
)
def test_archives_that_hold_something_else_are_refused(
    build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, archive: bytes, error: type[Exception], reason: str
) -> None:
    monkeypatch.setattr(wyscout_archive, "_MOST_EVENT_BYTES", 1_000_000)
    with pytest.raises(error, match=reason):
        build(archive)
    assert not list(tmp_path.glob("*.csv.gz"))


@pytest.mark.parametrize("said", [[{"wyId": 1}], {"a": 1}, [{**about()[0], "teamsData": []}]])
def test_matches_that_say_something_else_are_refused(build: Build, said: Any) -> None:
    with pytest.raises(BadInput, match=r"matches_World_Cup\.json"):
        build(world_cup(EVENTS), zipped([("matches_World_Cup.json", json.dumps(said).encode())]))


def test_a_name_that_is_there_twice_is_refused(build: Build) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        twice = zipped([("events_World_Cup.json", b"[]")] * 2)
    with pytest.raises(CorpusError, match="2 times"):
        build(twice)


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the Wyscout data beside the project")
def test_real_matches_go_through_the_archives_unchanged(build: Build, tmp_path: Path) -> None:
    import pandas as pd

    frame = pd.read_csv(SHARED / "World_Cup.csv.gz", dtype={"tags": str}).fillna({"tags": ""})
    frame = frame[frame["matchId"].isin(frame["matchId"].unique()[:8])]
    places = [[(p, q) for p, q in ((r.x0, r.y0), (r.x1, r.y1)) if pd.notna(p)] for r in frame.itertuples()]
    events = [
        event(
            r.matchId, r.period, r.eventSec, r.teamId, *where, eventId=r.eventId, playerId=r.playerId,
            subEventId=int(r.subEventId) if pd.notna(r.subEventId) else "",
            tags=[{"id": int(tag)} for tag in r.tags.split()],
        )
        for r, where in zip(frame.itertuples(), places, strict=True)
    ]  # fmt: skip
    build(world_cup(events))
    found, whole = matches(tmp_path / "World_Cup.csv.gz"), matches(SHARED / "World_Cup.csv.gz")
    assert len(found) == 8 and all(match.events == whole[name].events for name, match in found.items())

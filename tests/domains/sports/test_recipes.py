"""The cricket corpus, from an archive of three files."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from seqgen.core.domain import get_domain
from seqgen.core.errors import CorpusError
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

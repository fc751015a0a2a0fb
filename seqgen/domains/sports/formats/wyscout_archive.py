"""The public set of Wyscout's events (Pappalardo et al. 2019): its archives on figshare, and the compact tables made of
them."""

from __future__ import annotations

import gzip
import json
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from seqgen.core.download import RemoteFile
from seqgen.core.errors import CorpusError
from seqgen.core.files import write_bytes
from seqgen.core.tables import escaped
from seqgen.domains.sports.formats.wyscout import COLUMNS, PERIODS, Rows, read_columns
from seqgen.domains.sports.match import as_json

# The second address serves the same files, should the first ask for a browser.
_ADDRESSES = ("https://ndownloader.figshare.com/files/{}", "https://api.figshare.com/v2/file/download/{}")
# Articles 7770599 and 7770422, version 1; figshare states the MD5 7c20e8647e7eda58d7838a0c7b1ec6ab and
# 51d80beb17480919f69a53a0152c2d71 of these files.
EVENTS = RemoteFile(
    "events.zip",
    tuple(address.format(14464685) for address in _ADDRESSES),
    77_323_413,
    "877e015b716ffdeea18f04418e3f24fed307ed03c37ff305cabe1f47c4822a45",
)
MATCHES = RemoteFile(
    "matches.zip",
    tuple(address.format(14464622) for address in _ADDRESSES),
    645_097,
    "c8f92bb7533e5c127e043cee764c991b5c25b4f5e70a65be931baae0b1765ce9",
)
ARCHIVES = (MATCHES, EVENTS)
COMPETITIONS = ("England", "European_Championship", "France", "Germany", "Italy", "Spain", "World_Cup")
_MOST_EVENT_BYTES = 250_000_000  # of one competition, unzipped; the largest has 191 million
_MOST_MATCH_BYTES = 10_000_000
_ORDER = {period: i for i, period in enumerate(PERIODS)}


def wyscout(folder: Path, report: Callable[[int, int], None]) -> int:
    """Write the matches of the archives in a folder, those of a competition in one table by their dates, with the day
    of each match and the team at home; returns how many tables. Raises CorpusError when an archive is not there, or is
    another, and BadInput."""
    for archive in ARCHIVES:
        path = folder / archive.name
        if not archive.is_at(path):
            raise CorpusError(
                f"{path} is {'another file than expected' if path.is_file() else 'not there'}.",
                f"`seqgen corpus get wyscout` downloads it; or download {archive.urls[0]} by hand into {folder}.",
            )
    tables: dict[str, bytes] = {}
    report(0, len(COMPETITIONS))
    try:
        with zipfile.ZipFile(folder / MATCHES.name) as matches, zipfile.ZipFile(folder / EVENTS.name) as events:
            for done, competition in enumerate(COMPETITIONS, 1):
                known = _known(matches, f"matches_{competition}.json")
                name = f"events_{competition}.json"
                with events.open(_member(events, name, _MOST_EVENT_BYTES)) as file:
                    rows = read_columns(file, name)
                tables[competition] = gzip.compress(to_compact(rows, known), mtime=0)
                report(done, len(COMPETITIONS))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise CorpusError(
            f"The archives in {folder} cannot be read ({error}).", "Delete them and get them again."
        ) from None
    # Everything is read before the first file is written, so that an interrupted build leaves no half corpus behind.
    for competition, table in tables.items():
        write_bytes(folder / f"{competition}.csv.gz", table)
    return len(tables)


def to_compact(rows: Rows, known: dict[str, tuple[str, str]]) -> bytes:
    """Columns as a compact CSV: matches by their dates, events in their order. known: of a match, the day it began and
    the number of the team at home, which its first row says."""
    import pandas as pd

    ids, period, time = rows.texts["matchId"], rows.texts["period"], rows.numbers["eventSec"]
    by_date = sorted(range(len(ids.table)), key=lambda i: (known.get(ids.table[i], ("", ""))[0], ids.table[i]))
    rank = np.empty(len(by_date), np.int64)
    rank[by_date] = np.arange(len(by_date))
    order = np.lexsort((time, period.each(lambda said: _ORDER.get(said, -1)), rank[ids.codes]))
    first = np.append(True, np.diff(rank[ids.codes[order]]) != 0)
    columns: dict[str, Any] = {
        c: pd.Categorical.from_codes(v.codes[order], list(map(escaped, v.table))) for c, v in rows.texts.items()
    }
    columns |= {c: pd.Series(values[order]).convert_dtypes() for c, values in rows.numbers.items()}
    columns["eventSec"] = np.round(time[order], 2)  # more would be twice the memory when read
    said = [
        known.get(str(match), ("", "")) if new else ("", "")
        for match, new in zip(columns["matchId"], first, strict=True)
    ]
    columns |= dict(zip(("date", "home"), zip(*said, strict=True), strict=True))
    text: str = pd.DataFrame(columns)[[*COLUMNS, "date", "home"]].to_csv(index=False, lineterminator="\n")
    return text.encode()


def _known(archive: zipfile.ZipFile, name: str) -> dict[str, tuple[str, str]]:
    """Of each match the day it began and the number of the team at home."""
    data = archive.read(_member(archive, name, _MOST_MATCH_BYTES))
    with as_json(name, "Wyscout's matches"):
        return {
            str(match["wyId"]): (
                str(match["dateutc"])[:10],
                next((str(team["teamId"]) for team in match["teamsData"].values() if team["side"] == "home"), ""),
            )
            for match in json.loads(data)
        }


def _member(archive: zipfile.ZipFile, name: str, most: int) -> zipfile.ZipInfo:
    """What an archive holds under a name; read, never unpacked to a path. Raises CorpusError."""
    found = [member for member in archive.infolist() if member.filename == name]
    if len(found) != 1:
        raise CorpusError(f"{archive.filename} holds {name} {len(found)} times.")
    if found[0].file_size > most:  # no more than it states is ever read
        raise CorpusError(f"{archive.filename}: {name} would have {found[0].file_size:,} bytes, more than {most:,}.")
    return found[0]

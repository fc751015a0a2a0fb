"""The formats that are read. What a file holds is told from its first bytes, whatever its name, and what a table holds
from its columns, however it is written; a new format is one reader and one line here."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from seqgen.core.errors import BadInput
from seqgen.domains.sports.formats.columns import ColumnMap, Rows, column_map
from seqgen.domains.sports.formats.cricsheet import read_json, read_xml
from seqgen.domains.sports.formats.gamecenter import is_gamecenter, read_gamecenter
from seqgen.domains.sports.formats.kloppy_frames import FRAME, read_kloppy_frame
from seqgen.domains.sports.formats.match_charting import CHARTING, read_charting
from seqgen.domains.sports.formats.nba import NBA, read_nba
from seqgen.domains.sports.formats.nflverse import PLAYS, read_plays
from seqgen.domains.sports.formats.nhl import NHL, SCRAPED, read_nhl
from seqgen.domains.sports.formats.parquet import is_parquet, read_parquet
from seqgen.domains.sports.formats.point_strings import POINTS, is_point_string, read_point_strings, read_point_table
from seqgen.domains.sports.formats.providers import PROVIDERS, is_beside, refuse
from seqgen.domains.sports.formats.records import is_lines, is_list, read_lines, read_list, rows_of_lines, text_of
from seqgen.domains.sports.formats.retrosheet import is_events, read_retrosheet
from seqgen.domains.sports.formats.shuttleset import read_strokes
from seqgen.domains.sports.formats.slam_points import SLAM, read_slam
from seqgen.domains.sports.formats.spadl import ATOMIC, SPADL, read_spadl
from seqgen.domains.sports.formats.statsbomb import read_statsbomb
from seqgen.domains.sports.formats.table import named, read_rows, read_table, rows_of
from seqgen.domains.sports.formats.wyscout import is_compact, is_wyscout, read_compact, read_events, read_wyscout
from seqgen.domains.sports.match import Match, as_json

if TYPE_CHECKING:
    import pandas as pd

HEAD = 100_000  # bytes in which a format shows itself


@dataclass(frozen=True)
class Format:
    """One format. shown: whether the first bytes of a file, from the first that is no space, show it. read: the whole
    bytes and a name for them -> the matches. stream: the same of an open file of any size, read in parts. rows:
    instead, of a table -> its columns, in lower case, and its rows by their number, texts. lines: the same of lines, of
    which it is read as rows are asked for. All raise BadInput."""

    name: str
    shown: Callable[[bytes], bool]
    read: Callable[[bytes, str], Iterator[Match]] | None = None
    stream: Callable[[BinaryIO, str], Iterator[Match]] | None = None
    rows: Callable[[bytes, str], tuple[list[str], Rows]] | None = None
    lines: Callable[[Iterable[bytes], str], tuple[list[str], Rows]] | None = None


@dataclass(frozen=True)
class Table:
    """One kind of table. columns: that show it, in lower case. read: columns, rows, a name for it and `apart` (see
    `matches`) -> the matches. Raises BadInput."""

    name: str
    columns: frozenset[str]
    read: Callable[[list[str], Rows, str, bool], Iterator[Match]]


def is_json(head: bytes) -> bool:
    """Whether it may be JSON."""
    return head.startswith((b"{", b"["))


def refuse_json(data: bytes, name: str) -> Iterator[Match]:
    """Raises BadInput: it is JSON that nobody here knows, or none."""
    with as_json(name, "JSON"):
        json.loads(data)
    hint = "Known are events of matches by Cricsheet, StatsBomb, Wyscout and others, and flat records of a table."
    raise BadInput(name, "is JSON of no kind that is read", hint=hint)


# The first that shows itself is read, so that the particular stand before the general.
FORMATS = (
    # Whose lines are each an object, or whose records are flat, is of no provider, whatever its columns are called.
    Format("JSON lines", is_lines, rows=read_lines, lines=rows_of_lines),
    Format("JSON records", is_list, rows=read_list),
    *(Format(provider.name, provider.shown, provider.read) for provider in PROVIDERS),
    Format("line-ups and the like", is_beside, refuse),
    Format("Cricsheet XML", lambda head: head.startswith(b"<"), read_xml),
    Format("Wyscout events", is_wyscout, read_wyscout, read_events),
    Format("StatsBomb events", lambda head: is_json(head) and b'"possession_team"' in head, read_statsbomb),
    Format("NFL GameCenter", is_gamecenter, read_gamecenter),
    Format("Cricsheet JSON", lambda head: is_json(head) and (b'"innings"' in head or b'"info"' in head), read_json),
    Format("JSON", is_json, refuse_json),
    Format("Parquet", is_parquet, rows=read_parquet),
    Format("Wyscout, compact", is_compact, read_compact),
    Format("Retrosheet events", is_events, read_retrosheet),
    Format("tennis points, strings alone", is_point_string, read_point_strings),
    Format("CSV", lambda head: True, rows=read_rows, lines=rows_of),
)
# The first whose columns are there is read; where there is none, the columns are a sport's.
TABLES = (
    Table("NBA play-by-play", NBA, read_nba),
    Table("NHL play-by-play", NHL, read_nhl),
    Table("NHL play-by-play, Hockey-Scraper", SCRAPED, read_nhl),
    Table("badminton strokes", frozenset({"ball_round"}), read_strokes),
    Table("SPADL", SPADL, read_spadl),
    Table("atomic SPADL", ATOMIC, read_spadl),
    Table("kloppy's frames", FRAME, read_kloppy_frame),
    Table("nflverse plays", PLAYS, read_plays),
    Table("Match Charting Project", CHARTING, read_charting),
    Table("grand slam points", SLAM, read_slam),
    Table("tennis points, a string a match", POINTS, read_point_table),
)


def format_of(data: bytes) -> Format:
    """What the first bytes show, beyond a byte order mark and space."""
    head = data[:HEAD].lstrip(b"\xef\xbb\xbf \t\r\n")
    return next(form for form in FORMATS if form.shown(head))


def read_columns(
    columns: list[str], rows: Rows, name: str, sport: str = "", said: ColumnMap | None = None, *, apart: bool = False
) -> Iterator[Match]:
    """The matches of a table. said: what its columns are called, and sport what it is of, where they do not show it.
    apart: see `matches`. Raises BadInput."""
    mapped, rows = (said or ColumnMap()).applied(columns, rows, name)
    kind = next((table for table in TABLES if mapped is columns and table.columns <= set(columns)), None)
    found = kind.read(columns, rows, name, apart) if kind else read_table(mapped, rows, name, sport, apart=apart)
    match = None
    for match in found:
        yield match
    if match is None:
        raise BadInput(name, "holds no events")


def from_frame(
    frame: pd.DataFrame, sport: str = "", columns: str | Mapping[str, Any] | ColumnMap | None = None
) -> list[Match]:
    """The matches of a DataFrame with the columns of a sport (see `Match.to_frame`) or of one of `TABLES`, or with
    others: columns: ours -> theirs, or all that a `ColumnMap` says, as a mapping or as its text. Raises BadInput, or
    UsageError."""
    said = column_map(columns)
    titles = named(frame.columns)
    records = zip(*(frame.iloc[:, i].tolist() for i in range(len(titles))), strict=True)
    rows = ((number, dict(zip(titles, map(text_of, values), strict=True))) for number, values in enumerate(records, 1))
    return list(read_columns(titles, rows, "<DataFrame>", sport or said.sport, said))

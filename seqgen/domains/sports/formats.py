"""The formats that are read. What a file holds is told from its first bytes, whatever its name; a new format is one
reader and one line here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from seqgen.domains.sports.cricsheet import read_json, read_xml
from seqgen.domains.sports.match import Match
from seqgen.domains.sports.nba import is_nba, read_nba, stream_nba
from seqgen.domains.sports.nhl import is_nhl, read_nhl, stream_nhl
from seqgen.domains.sports.retrosheet import is_events, read_retrosheet
from seqgen.domains.sports.shuttleset import is_strokes, read_strokes
from seqgen.domains.sports.statsbomb import read_statsbomb
from seqgen.domains.sports.table import read_table
from seqgen.domains.sports.wyscout import is_compact, is_wyscout, read_compact, read_events, read_wyscout

HEAD = 100_000  # bytes in which a format shows itself


@dataclass(frozen=True)
class Format:
    """One format. shown: whether the first bytes of a file, from the first that is no space, show it. read: the whole
    bytes and a name for them -> the matches. stream: the same of an open file of any size, read in parts. Both raise
    BadInput."""

    name: str
    shown: Callable[[bytes], bool]
    read: Callable[[bytes, str], Iterator[Match]]
    stream: Callable[[BinaryIO, str], Iterator[Match]] | None = None


def is_json(head: bytes) -> bool:
    """Whether it may be JSON."""
    return head.startswith((b"{", b"["))


# The first that shows itself is read, so that the particular stand before the general.
FORMATS = (
    Format("Cricsheet XML", lambda head: head.startswith(b"<"), read_xml),
    Format("Wyscout events", is_wyscout, read_wyscout, read_events),
    Format("StatsBomb events", lambda head: is_json(head) and b'"possession_team"' in head, read_statsbomb),
    Format("Cricsheet JSON", is_json, read_json),
    Format("Wyscout, compact", is_compact, read_compact),
    Format("Retrosheet events", is_events, read_retrosheet),
    Format("NBA play-by-play", is_nba, read_nba, stream_nba),
    Format("NHL play-by-play", is_nhl, read_nhl, stream_nhl),
    Format("badminton strokes", is_strokes, read_strokes),
    Format("table", lambda head: True, read_table),
)


def format_of(data: bytes) -> Format:
    """What the first bytes show, beyond a byte order mark and space."""
    head = data[:HEAD].lstrip(b"\xef\xbb\xbf \t\r\n")
    return next(format for format in FORMATS if format.shown(head))

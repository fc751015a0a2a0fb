"""Wyscout's events, version 2 (https://apidocs.wyscout.com, Pappalardo et al. 2019): lists of a season, files of one
match, and the compact CSV with the columns COLUMNS, and perhaps ABOUT: with the first event of a match the day it began
and the number of the team at home."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import IO, Any, BinaryIO

import numpy as np
import numpy.typing as npt

from seqgen.core.errors import BadInput, TooLarge, quoted
from seqgen.core.limits import LIMITS
from seqgen.core.tables import unescaped
from seqgen.domains.sports.match import Match, as_json
from seqgen.domains.sports.soccer import (
    ACTIONS,
    FAIL,
    GOAL,
    LENGTH,
    OUTCOMES,
    OWN_GOAL,
    SUCCESS,
    WIDTH,
    soccer,
)
from seqgen.domains.sports.sport import NONE, OTHER
from seqgen.domains.sports.values import Values

Floats = npt.NDArray[np.floating]

COLUMNS = (
    "matchId", "period", "eventSec", "teamId", "playerId", "eventId", "subEventId", "tags", "x0", "y0", "x1", "y1",
)  # fmt: skip
ABOUT = ("date", "home")
_TEXTS = ("matchId", "period", "tags")
_PLACES = ("x0", "y0", "x1", "y1")
_NUMBERS = ("eventSec", "teamId", "playerId", "eventId", "subEventId", *_PLACES)
_SIZES = (LENGTH, WIDTH, LENGTH, WIDTH)
_MOST = 1e12  # that a number may be
_SECONDS = 1e6  # of a period, at most
PERIODS = {"1H": 1, "2H": 2, "E1": 3, "E2": 4, "P": 5}
_ACTIONS = {
    10: "aerial duel", 11: "duel", 12: "duel", 13: "duel", 30: "corner", 31: "free kick", 32: "free kick cross",
    33: "free kick shot", 34: "goal kick", 35: "penalty", 36: "throw in", 40: "keeper", 50: "out", 51: "stop",
    70: "carry", 71: "clearance", 72: "touch", 80: "cross", 81: "pass", 82: "head pass", 83: "high pass",
    84: "long pass", 85: "pass", 86: "through pass", 90: "save", 91: "save", 100: "shot",
}  # fmt: skip
_EVENTS = {1: "duel", 2: "foul", 3: "free kick", 4: "keeper", 5: "stop", 6: "offside", 7: "touch", 8: "pass",
           9: "save", 10: "shot"}  # fmt: skip
_OUTCOMES = {  # the last that is tagged holds
    1801: SUCCESS, 1802: FAIL, 102: OWN_GOAL, 1702: "yellow card", 1703: "second yellow card", 1701: "red card",
}  # fmt: skip
_SHOTS = (33, 35, 100)
_ACTION = {value: i for i, value in enumerate(ACTIONS)}
_OUTCOME = {"" if value == NONE else value: i for i, value in enumerate(OUTCOMES)}


@dataclass(frozen=True)
class Rows:
    """Compact columns. texts: match, period, tags. numbers: float64 [N] each, places float32; NaN where there is none.
    about: what is said of matches, of each column of ABOUT that is there."""

    texts: dict[str, Values]
    numbers: dict[str, Floats]
    about: dict[str, dict[str, str]] = field(default_factory=dict)


def is_compact(head: bytes) -> bool:
    """Whether the first row names a compact table's columns."""
    return b"subEventId" in head[:256]


def is_wyscout(head: bytes) -> bool:
    """Whether JSON has the keys of these events."""
    return head.startswith((b"{", b"[")) and (b'"subEventId"' in head or b'"subEventName"' in head)


def read_compact(data: bytes, name: str) -> Iterator[Match]:
    """The matches of a compact CSV. Raises BadInput with row and column."""
    import pandas as pd

    data = data.removeprefix(b"\xef\xbb\xbf")
    columns = [title.strip(' \r"') for title in data[: data.find(b"\n")].decode("latin-1").split(",")]
    about = [c for c in ABOUT if c in columns]
    types = (
        dict.fromkeys((*_TEXTS, *about), "category")
        | dict.fromkeys(_NUMBERS[:5], "float64")
        | dict.fromkeys(_PLACES, "float32")
    )
    try:
        with np.errstate(over="ignore"):  # is infinite, and refused below
            frame = pd.read_csv(
                io.BytesIO(data),
                usecols=[*COLUMNS, *about],
                dtype=types,
                encoding_errors="replace",
                skipinitialspace=True,
            )
    except ValueError as error:  # pandas' own errors are such
        raise _located(data, name, type(error).__name__) from None
    said = {c: _of_matches(frame["matchId"], frame.pop(c).dropna()) for c in about}
    # What is taken is let go of: there is a limit on memory.
    texts = {c: _categories(frame.pop(c)) for c in _TEXTS}
    return _matches(Rows(texts, {c: frame[c].to_numpy() for c in _NUMBERS}, said), name, first_row=2)


def _of_matches(matches: Any, said: Any) -> dict[str, str]:
    """Of each match the first text that its rows say."""
    found: dict[str, str] = {}
    for match, text in zip(matches[said.index], said, strict=True):
        found.setdefault(unescaped(str(match)), unescaped(str(text)))
    return found


def _categories(column: Any) -> Values:
    """A pandas column of categories; no value is an empty text."""
    named = [*(unescaped(str(said)) for said in column.cat.categories), ""]  # -1 is the last
    return Values.of_array(column.cat.codes.to_numpy(), named.__getitem__)


def _located(data: bytes, name: str, reason: str) -> BadInput:
    """The first value that is no number, or what pandas calls it."""
    with contextlib.suppress(csv.Error):
        for row, said in enumerate(csv.DictReader(io.StringIO(data.decode("latin-1"), newline="")), 2):
            for column in _NUMBERS:
                try:
                    float(said.get(column) or 0)
                except (TypeError, ValueError):
                    where = f"row {row}, column {column}"
                    return BadInput(name, f"{quoted(str(said[column]))} is not a number", where=where)
    return BadInput(name, f"is not a table of Wyscout's events ({reason})")


def read_wyscout(data: bytes, name: str) -> Iterator[Match]:
    """`read_events` of bytes."""
    return read_events(io.BytesIO(data), name)


def read_events(source: BinaryIO, name: str) -> Iterator[Match]:
    """The matches of a season's list of events, or of a match's file, as JSON. Raises BadInput."""
    return _matches(read_columns(source, name), name)


def read_columns(source: IO[bytes], name: str) -> Rows:
    """The same as columns; parsed part by part, since what JSON becomes in memory is many times larger. Raises
    BadInput."""
    places: dict[str, dict[str, int]] = {c: {} for c in _TEXTS}
    texts: dict[str, list[npt.NDArray[np.int32]]] = {c: [] for c in _TEXTS}
    numbers: dict[str, list[Floats]] = {c: [] for c in _NUMBERS}
    n = 0
    for events in _parts(source, name):
        with as_json(name, "Wyscout's events"):
            n += len(events)
            if n > LIMITS.max_events:
                raise TooLarge(name, "max_events", LIMITS.max_events)
            for c, said in zip(_TEXTS, _said_in_texts(events), strict=True):
                known = places[c]
                texts[c].append(np.array([known.setdefault(text, len(known)) for text in said], np.int32))
            for c, amounts in zip(_NUMBERS, _said_in_numbers(events), strict=True):
                numbers[c].append(amounts)
    if not n:
        raise BadInput(name, "holds no events")
    # Parts are let go of as they are joined.
    coded = {c: Values.of_codes(np.concatenate(texts.pop(c)), places[c]) for c in _TEXTS}
    return Rows(coded, {c: np.concatenate(numbers.pop(c)) for c in _NUMBERS})


def _parts(source: IO[bytes], name: str, n_bytes: int = 1 << 22) -> Iterator[list[dict[str, Any]]]:
    """The events, some thousand at a time: a list is cut where an event begins with the key that the first has."""
    data = source.read(n_bytes).lstrip(b"\xef\xbb\xbf \t\r\n")
    with as_json(name, "Wyscout's events"):
        if not data.startswith(b"["):
            yield _listed(data + source.read(LIMITS.max_json_bytes))
            return
        key = data[: data.find(b":")].partition(b"{")[2].strip()  # such as "eventId"
        while data:
            more = source.read(n_bytes)
            cut = max(data.rfind(b"{" + key), 0) if more and key else 0
            if more and not cut:
                data += more
                if len(data) > LIMITS.max_json_bytes:
                    raise TooLarge(name, "max_json_bytes", LIMITS.max_json_bytes)
                continue
            yield json.loads(_text(data[:cut].rstrip().rstrip(b",") + b"]" if more else data))
            data = b"[" + data[cut:] + more if more else b""


def _listed(data: bytes) -> Any:
    """The list of events of a match's file; what else it says, such as who plays, is not parsed."""
    text = _text(data)
    start = text.find("[", text.index('"events"')) if '"events"' in text else -1
    return json.JSONDecoder().raw_decode(text, start)[0] if start >= 0 else json.loads(text)["events"]


def _text(data: bytes) -> str:
    """In UTF-8, or Latin-1 where it is not that."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _said_in_texts(events: Sequence[Mapping[str, Any]]) -> Iterator[list[str]]:
    yield [str(event["matchId"]) for event in events]
    yield [event["matchPeriod"] for event in events]
    yield [" ".join([str(tag["id"]) for tag in event["tags"]]) for event in events]


def _said_in_numbers(events: Sequence[Mapping[str, Any]]) -> Iterator[Floats]:
    for c in _NUMBERS[:5]:
        other = c.replace("Id", "Name")  # where files of one match have the number
        said = [event[c] if c in event else event.get(other) for event in events]
        try:
            yield np.array(said, np.float64).reshape(len(said))
        except (TypeError, ValueError):  # some say nothing
            yield np.array([np.nan if value in ("", None) else float(value) for value in said])
    nowhere = {"x": np.nan, "y": np.nan}
    places = [(*event["positions"], nowhere, nowhere)[:2] for event in events]
    with np.errstate(over="ignore"):  # is infinite, and refused later
        said_of_places = np.array([(a["x"], a["y"], b["x"], b["y"]) for a, b in places], np.float32)
    yield from said_of_places.T.copy()


def _matches(rows: Rows, name: str, first_row: int = 1) -> Iterator[Match]:
    """The matches in the order in which they appear. first_row: the number of the first. Raises BadInput with row and
    column."""
    ids, periods, time = rows.texts["matchId"], rows.texts["period"], rows.numbers["eventSec"]
    if not len(ids):
        raise BadInput(name, "holds no events")
    if len(ids) > LIMITS.max_events:
        raise TooLarge(name, "max_events", LIMITS.max_events)
    period = periods.each(lambda said: PERIODS.get(said, 0), np.int8)
    wrong = {
        "matchId": ids.each(lambda said: not said, np.bool_),
        "period": period == 0,
        "eventSec": ~(np.abs(time) < _SECONDS),
        **{c: ~(np.abs(rows.numbers[c]) < _MOST) for c in ("teamId", "eventId")},
        **{c: np.abs(rows.numbers[c]) >= _MOST for c in ("playerId", "subEventId", *_PLACES)},
    }
    for column, found in wrong.items():
        if found.any():
            row = int(found.argmax())
            said = str(rows.texts[column][row] if column in rows.texts else rows.numbers[column][row])
            reason = "holds no value" if said in ("", "nan") else f"{quoted(said)} is not known"
            raise BadInput(name, reason, where=f"row {row + first_row}, column {column}")
    stood = np.argsort(ids.codes, kind="stable")
    stops = np.cumsum(np.bincount(ids.codes, minlength=len(ids.table))).tolist()
    tags = _Tags(rows.texts["tags"].table)
    competition = PurePath(name).name.partition(".")[0].removeprefix("events_")
    dates, homes = (rows.about.get(c, {}) for c in ABOUT)
    for match, start, stop in zip(ids.table, [0, *stops[:-1]], stops, strict=True):
        at = stood[start:stop]
        moment = period[at] * _SECONDS + time[at]
        order = np.argsort(moment, kind="stable")  # rows of one time as they stand
        notes = {"rows_out_of_order": int((np.diff(moment) < 0).sum())}
        at = at[order]
        numbers = {c: values[at].astype(np.float64) for c, values in rows.numbers.items()}
        events = _events(period[at], numbers, rows.texts["tags"].codes[at], tags, notes)
        about = {"match": match, "date": dates.get(match, ""), "competition": competition}
        about["kickoff"] = _kickoff(events["team"], homes.get(match, ""))
        yield Match(soccer.name, about, events, {note: n for note, n in notes.items() if n})


def _kickoff(teams: Values, home: str) -> str:
    if home not in teams.table:
        return ""
    return "home" if teams[0] == home else "away"


class _Tags:
    """What different lists of tags say: arrays over them. outcome: places in soccer's list."""

    def __init__(self, texts: Sequence[str]) -> None:
        sets = [{int(tag) for tag in text.split() if tag.isdecimal() and len(tag) < 10} for text in texts]

        def tagged(*wanted: int) -> npt.NDArray[np.bool_]:
            return np.array([not found.isdisjoint(wanted) for found in sets], np.bool_)

        self.take_on, self.intercepted, self.goal = tagged(501, 502, 503, 504), tagged(1401), tagged(101)
        self.outcome = np.zeros(len(sets), np.int64)
        for tag, outcome in _OUTCOMES.items():
            self.outcome[tagged(tag)] = _OUTCOME[outcome]


def _events(
    period: npt.NDArray[Any], said: Mapping[str, Floats], tag: npt.NDArray[Any], tags: _Tags, notes: dict[str, int]
) -> dict[str, Values]:
    """The columns of one match's events from compact ones in their order; adds to the notes."""
    event, sub = (np.nan_to_num(said[c]).astype(np.int64) for c in ("eventId", "subEventId"))
    action = np.where(_coded(sub, _ACTIONS) >= 0, _coded(sub, _ACTIONS), _coded(event, _EVENTS))
    action[(sub == 11) & tags.take_on[tag]] = _ACTION["take on"]
    action[(sub == 72) & tags.intercepted[tag]] = _ACTION["interception"]
    unknown = Counter(zip(event[action < 0].tolist(), sub[action < 0].tolist(), strict=True))
    notes |= {f"unknown_action_{kind}/{part}": n for (kind, part), n in unknown.items()}
    action[action < 0] = _ACTION[OTHER]
    outcome = tags.outcome[tag]
    outcome[np.isin(sub, _SHOTS) & tags.goal[tag]] = _OUTCOME[GOAL]
    missing = np.isnan(said["x1"]) | np.isnan(said["y1"])
    notes["ends_missing"] = int(missing.sum())
    x, y, end_x, end_y = (np.round(said[c] * size / 100, 2) for c, size in zip(_PLACES, _SIZES, strict=True))
    time = np.round(said["eventSec"], 3)
    gap = np.round(np.append(0.0, np.diff(time)), 3)
    gap[1:][period[1:] != period[:-1]] = 0.0
    return {
        "period": Values.of_array(period),
        "time": Values.of_array(time),
        "gap": Values.of_array(gap),
        "team": Values.of_array(said["teamId"], lambda team: str(int(team))),
        "player": Values.of_array(np.nan_to_num(said["playerId"]), lambda player: str(int(player)) if player else ""),
        "action": Values.of_array(action, ACTIONS.__getitem__),
        "outcome": Values.of_array(outcome, list(_OUTCOME).__getitem__),
        "x": Values.of_array(x),
        "y": Values.of_array(y),
        "end_x": Values.of_array(np.where(missing, x, end_x)),
        "end_y": Values.of_array(np.where(missing, y, end_y)),
    }


def _coded(values: npt.NDArray[np.int64], names: Mapping[int, str]) -> npt.NDArray[np.int64]:
    """int [N]: the place of each value's action, -1 where it has none."""
    table = np.full(102, -1, np.int64)
    table[list(names)] = [_ACTION[name] for name in names.values()]
    return table[np.where((values > 0) & (values < 101), values, 101)]

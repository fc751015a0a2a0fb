"""Wyscout's events, version 2 (https://apidocs.wyscout.com, Pappalardo et al. 2019): lists of a season, files of one
match, and the compact CSV with the columns COLUMNS."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from seqgen.core.errors import BadInput, TooLarge
from seqgen.core.limits import LIMITS
from seqgen.domains.sports.match import Match
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

Columns = dict[str, npt.NDArray[Any]]

COLUMNS = (
    "matchId", "period", "eventSec", "teamId", "playerId", "eventId", "subEventId", "tags", "x0", "y0", "x1", "y1",
)  # fmt: skip
PERIODS = {"1H": 1, "2H": 2, "E1": 3, "E2": 4, "P": 5}
_ACTIONS = {
    10: "aerial duel", 11: "duel", 12: "duel", 13: "duel", 30: "corner", 31: "free kick", 32: "free kick cross",
    33: "free kick shot", 34: "goal kick", 35: "penalty", 36: "throw in", 40: "keeper", 50: "out", 51: "stop",
    70: "carry", 71: "clearance", 72: "touch", 80: "cross", 81: "pass", 82: "head pass", 83: "high pass",
    84: "long pass", 85: "pass", 86: "through pass", 90: "save", 91: "save", 100: "shot",
}  # fmt: skip
_EVENTS = {1: "duel", 2: "foul", 3: "free kick", 4: "keeper", 5: "stop", 6: "offside", 7: "touch", 8: "pass",
           9: "save", 10: "shot"}  # fmt: skip
_CARDS = {1701: "red card", 1702: "yellow card", 1703: "second yellow card"}
_SHOTS = (33, 35, 100)
_ACTION = {value: i for i, value in enumerate(ACTIONS)}
_OUTCOME = {"" if value == NONE else value: i for i, value in enumerate(OUTCOMES)}


def read_compact(data: bytes, name: str) -> Iterator[Match]:
    """The matches of a compact CSV. Raises BadInput with row and column."""
    import pandas as pd

    numbers = [c for c in COLUMNS if c not in ("matchId", "period", "tags")]
    try:
        frame = pd.read_csv(
            io.BytesIO(data),
            usecols=list(COLUMNS),
            dtype={"matchId": str, "period": str, "tags": str} | dict.fromkeys(numbers, "float64"),
            encoding_errors="replace",
            skipinitialspace=True,
        )
    except ValueError as error:  # pandas' own errors are such
        raise _located(data, name, numbers, str(error)) from None
    columns: Columns = {c: frame[c].to_numpy() for c in numbers}
    columns |= {c: frame[c].fillna("").to_numpy(object) for c in ("matchId", "period", "tags")}
    return matches(columns, name, first_row=2)


def _located(data: bytes, name: str, numbers: Sequence[str], reason: str) -> BadInput:
    """The first value that is no number, or what pandas says."""
    import csv

    for row, said in enumerate(csv.DictReader(io.StringIO(data.decode("latin-1"), newline="")), 2):
        for column in numbers:
            try:
                float(said.get(column) or 0)
            except (TypeError, ValueError):
                where = f"row {row}, column {column}"
                return BadInput(name, f"{str(said[column])[:40]!r} is not a number", where=where)
    return BadInput(name, f"is not a table of Wyscout's events ({reason})")


def read_events(source: BinaryIO, name: str) -> Iterator[Match]:
    """The matches of a season's list of events, or of a match's file, as JSON; read part by part, so that it may be
    larger than memory takes at once. Raises BadInput."""
    parts: dict[str, list[npt.NDArray[Any]]] = {c: [] for c in COLUMNS}
    n = 0
    for events in _parts(source, name):
        try:
            found = _columns(events)
        except (KeyError, TypeError, AttributeError, ValueError, IndexError) as error:
            raise BadInput(name, f"is not Wyscout's events ({type(error).__name__}: {error})") from None
        n += len(events)
        if n > LIMITS.max_events:
            raise TooLarge(name, "max_events", LIMITS.max_events)
        for c in COLUMNS:
            parts[c].append(found[c])
    if not n:
        raise BadInput(name, "holds no events")
    return matches({c: np.concatenate(arrays) for c, arrays in parts.items()}, name)


def _parts(source: BinaryIO, name: str, n_bytes: int = 1 << 22) -> Iterator[list[dict[str, Any]]]:
    """The events, some thousand at a time: a list is cut where an event begins with the key that the first has."""
    data = source.read(n_bytes).lstrip(b"\xef\xbb\xbf \t\r\n")
    try:
        if not data.startswith(b"["):
            said = _loads(data + source.read(LIMITS.max_json_bytes))
            yield said["events"]
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
            part = data[:cut].rstrip().rstrip(b",") + b"]" if more else data
            yield _loads(part)
            data = b"[" + data[cut:] + more if more else b""
    except json.JSONDecodeError as error:
        raise BadInput(name, f"is not JSON ({error})") from None
    except RecursionError:
        raise BadInput(name, "is nested too deeply") from None
    except (KeyError, TypeError) as error:
        raise BadInput(name, f"is not Wyscout's events ({type(error).__name__}: {error})") from None


def _loads(data: bytes) -> Any:
    """JSON in UTF-8, or Latin-1 where it is not that."""
    try:
        return json.loads(data.decode())
    except UnicodeDecodeError:
        return json.loads(data.decode("latin-1"))


def _columns(events: Sequence[Mapping[str, Any]]) -> Columns:
    """The compact columns of events as JSON has them."""
    places = np.full((len(events), 4), np.nan)
    for i, event in enumerate(events):
        for k, place in enumerate(event["positions"][:2]):
            places[i, 2 * k], places[i, 2 * k + 1] = place["x"], place["y"]
    found: Columns = {
        c: np.array([_number(event.get(c)) for event in events], np.float64)
        for c in ("eventSec", "teamId", "playerId", "eventId", "subEventId")
    }
    found["matchId"] = np.array([str(event["matchId"]) for event in events], object)
    found["period"] = np.array([event["matchPeriod"] for event in events], object)
    found["tags"] = np.array([" ".join([str(tag["id"]) for tag in event["tags"]]) for event in events], object)
    return found | dict(zip(("x0", "y0", "x1", "y1"), places.T, strict=True))


def _number(value: Any) -> float:
    return float(value) if value not in ("", None) else np.nan


def matches(columns: Columns, name: str, first_row: int = 1) -> Iterator[Match]:
    """The matches in compact columns. first_row: the number of the first. Raises BadInput with row and column."""
    n = len(columns["matchId"])
    if not n:
        raise BadInput(name, "holds no events")
    if n > LIMITS.max_events:
        raise TooLarge(name, "max_events", LIMITS.max_events)
    ids = Values.of_array(columns["matchId"])
    period = Values(columns["period"]).each(lambda said: PERIODS.get(said, 0))
    wrong = {
        "matchId": ids.each(lambda said: not said, np.bool_),
        "period": period == 0,
        "eventSec": ~(np.abs(columns["eventSec"]) < 1e6),
        "teamId": np.isnan(columns["teamId"]),
        "eventId": np.isnan(columns["eventId"]),
    }
    for column, rows in wrong.items():
        if rows.any():
            row = int(rows.argmax())
            said = columns[column][row]
            reason = "holds no value" if said in ("", None) or said != said else f"{str(said)[:40]!r} is not known"  # noqa: PLR0124  NaN
            raise BadInput(name, reason, where=f"row {row + first_row}, column {column}")
    # By match, those in the order in which they appear; in it by period and time, rows of one time as they stand.
    time = np.round(columns["eventSec"], 3)
    stood = np.argsort(ids.codes, kind="stable")
    moment = (period * 1e7 + time)[stood]
    turned = np.append(False, (moment[1:] < moment[:-1]) & (ids.codes[stood][1:] == ids.codes[stood][:-1]))
    order = np.lexsort((time, period, ids.codes))
    said = {c: values[order] for c, values in {"period": period, "time": time, **_said(columns)}.items()}
    stops = np.cumsum(np.bincount(ids.codes, minlength=len(ids.table))).tolist()
    for match, start, stop in zip(ids.table, [0, *stops[:-1]], stops, strict=True):
        notes = {"rows_out_of_order": int(turned[start:stop].sum())}
        yield _match(match, {c: values[start:stop] for c, values in said.items()}, notes, PurePath(name).stem)


def _said(columns: Columns) -> Columns:
    """What the events say, in columns: `action` and `outcome` as places in soccer's lists, places in metres."""
    tags = Values(columns["tags"])
    sets = [
        frozenset(map(int, tag)) if all(map(str.isdecimal, tag := text.split())) else frozenset() for text in tags.table
    ]

    def tagged(*wanted: int) -> npt.NDArray[np.bool_]:
        return np.array([not found.isdisjoint(wanted) for found in sets], np.bool_)[tags.codes]

    event, sub = (np.nan_to_num(columns[c], nan=0.0).astype(np.int64) for c in ("eventId", "subEventId"))
    action = _coded(event, _EVENTS, _ACTION)
    known = _coded(sub, _ACTIONS, _ACTION)
    action = np.where(known >= 0, known, action)
    action[(sub == 11) & tagged(501, 502, 503, 504)] = _ACTION["take on"]
    action[(sub == 72) & tagged(1401)] = _ACTION["interception"]
    outcome = np.zeros(len(event), np.int64)
    for tag, value in ((1801, SUCCESS), (1802, FAIL), (102, OWN_GOAL)):
        outcome[tagged(tag)] = _OUTCOME[value]
    outcome[np.isin(sub, _SHOTS) & tagged(101)] = _OUTCOME[GOAL]
    for tag, card in _CARDS.items():
        outcome[tagged(tag)] = _OUTCOME[card]
    x, y = columns["x0"] * (LENGTH / 100), columns["y0"] * (WIDTH / 100)
    end_x, end_y = columns["x1"] * (LENGTH / 100), columns["y1"] * (WIDTH / 100)
    missing = np.isnan(end_x) | np.isnan(end_y)
    found = {"x": x, "y": y, "end_x": np.where(missing, x, end_x), "end_y": np.where(missing, y, end_y)}
    found = {c: np.round(values, 2) for c, values in found.items()}
    kind = event * 1000 + sub  # to name those that are not known
    ids = {"team": columns["teamId"].astype(np.int64), "player": np.nan_to_num(columns["playerId"]).astype(np.int64)}
    return {**ids, "action": action, "outcome": outcome, **found, "missing": missing, "kind": kind}


def _coded(values: npt.NDArray[np.int64], names: Mapping[int, str], codes: Mapping[str, int]) -> npt.NDArray[np.int64]:
    """int [N]: the code of the name of each value, -1 where it has none."""
    table = np.full(1024, -1, np.int64)
    table[list(names)] = [codes[name] for name in names.values()]
    return np.where((values >= 0) & (values < len(table)), table[np.clip(values, 0, len(table) - 1)], -1)


def _match(match: str, said: Columns, notes: dict[str, int], competition: str) -> Match:
    """One match from its columns, in their order."""
    period, time, action = said["period"], said["time"], said["action"]
    gap = np.append(0.0, np.diff(time))
    gap[1:][period[1:] != period[:-1]] = 0.0
    unknown = Counter(said["kind"][action < 0].tolist())
    notes |= {f"unknown_action_{kind // 1000}/{kind % 1000}": n for kind, n in unknown.items()}
    notes["ends_missing"] = int(said["missing"].sum())
    action = np.where(action < 0, _ACTION[OTHER], action)
    events = {
        "period": Values.of_array(period),
        "time": Values.of_array(time),
        "gap": Values.of_array(np.round(gap, 3)),
        "team": Values.of_array(said["team"], str),
        "player": Values.of_array(said["player"], lambda player: str(player) if player else ""),
        "action": Values.of_array(action, ACTIONS.__getitem__),
        "outcome": Values.of_array(said["outcome"], list(_OUTCOME).__getitem__),
        **{c: Values.of_array(said[c]) for c in ("x", "y", "end_x", "end_y")},
    }
    about = {"match": match, "date": "", "competition": competition.partition(".")[0].removeprefix("events_")}
    return Match(soccer.name, about, events, {name: n for name, n in notes.items() if n})

"""A match in memory, made from the rows of any file or table: checked, in order, complete."""

from __future__ import annotations

import contextlib
import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from seqgen.core.errors import BadInput, TooLarge, fault, named, quoted
from seqgen.core.limits import LIMITS
from seqgen.domains.sports.known import KNOWN, SPORTS
from seqgen.domains.sports.sport import OTHER, Column, Row, Sport
from seqgen.domains.sports.values import Values

if TYPE_CHECKING:
    import pandas as pd

_NOTHING = ("None", "nan", "<NA>", "NaT")  # what pandas holds where there is no value
_MISSING = ("nan", "none", "null", "na", "n/a", "<na>")  # what other programs write for a number that is not there
_CLOCK = re.compile(r"(?:(\d{1,4}) days? )?(?:(\d{1,4}):)?(\d{1,4}):(\d{1,2}(?:[.,]\d{1,9})?)", re.ASCII)
_MOST = 1e9  # that a number may be
_TEXT = 200  # characters of a value
_KEPT = 100_000  # values of a column


@contextlib.contextmanager
def as_json(name: str, what: str) -> Iterator[None]:
    """What fails while JSON is read is a BadInput that says it is not `what`."""
    try:
        yield
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise BadInput(name, f"is not JSON ({error})") from None  # which says where, and nothing of what is there
    except RecursionError:
        raise BadInput(name, "is nested too deeply") from None
    except (KeyError, TypeError, IndexError, AttributeError, ValueError, ArithmeticError) as error:
        raise BadInput(name, f"is not {what} ({fault(error)})") from None


@dataclass(frozen=True)
class Match:
    """The events of one match, values for each column of its sport; None or "" where nothing is known.

    about: the columns that are the same for the whole match. notes: what reading changed, and how often.
    """

    sport: str
    about: Mapping[str, str]
    events: Mapping[str, Values]
    notes: Mapping[str, int] = field(default_factory=dict, compare=False)

    def __len__(self) -> int:
        return len(next(iter(self.events.values()), Values()))

    def rows(self) -> Iterator[Row]:
        """One event after the other."""
        for values in zip(*self.events.values(), strict=True):
            yield dict(zip(self.events, values, strict=True))

    def to_frame(self) -> pd.DataFrame:
        """A pandas DataFrame: a row an event, the columns of `SPORTS[sport].columns` (and `sport`), whole numbers as
        Int64."""
        import pandas as pd

        kinds = {"text": "object", "whole": "Int64", "number": "float64"}
        columns = SPORTS[self.sport].columns
        frame = {"sport": [self.sport] * len(self)}
        frame |= {name: [value] * len(self) for name, value in self.about.items()}
        frame |= {name: list(values) for name, values in self.events.items()}
        dtype = {name: kinds[columns[name].kind] if name in columns else "object" for name in frame}
        return pd.DataFrame({name: pd.Series(values, dtype=dtype[name]) for name, values in frame.items()})


def which(columns: list[str], sport: str, name: str) -> Sport:
    """The sport named, or the one whose required columns are there, and most of its others. Raises BadInput."""
    if sport and sport not in SPORTS:
        raise BadInput(name, f"no sport is known that is called {quoted(sport)}", hint=KNOWN)
    missing = {
        s.name: [c for c, about in s.columns.items() if about.required and c not in columns]
        for s in ([SPORTS[sport]] if sport else SPORTS.values())
    }
    best = min(missing, key=lambda s: (len(missing[s]), -len(SPORTS[s].columns.keys() & columns)))
    if missing[best]:
        # Of one column alone, the first line may be anything.
        has = f"the table has {named(*columns[:40])}" if len(columns) > 1 else "the table has one column"
        if not sport and not SPORTS[best].columns.keys() & columns:
            hint = f"Say with --sport which it is of, and with --columns what is called otherwise; {has}."
            raise BadInput(name, "has no column of any sport", where="row 1", hint=hint)
        raise BadInput(
            name,
            "is missing",
            where=f"row 1, column {missing[best][0]}",
            hint=f"A log of {best} has the columns {', '.join(SPORTS[best].columns)}; {has}. Where one is called "
            f"otherwise, say so: --columns {missing[best][0]}=NAME.",
        )
    return SPORTS[best]


def matches(
    sport: Sport, rows: Iterable[tuple[int, Mapping[str, Any]]], name: str, *, apart: bool = False
) -> Iterator[Match]:
    """The matches in numbered rows of values, or of their texts. name: how errors call the file. apart: the rows of a
    match stand together, so that it is given once they end and few are held at once. Of rows of a match with the same
    `event_id` the last holds, where the first stood. Raises BadInput with row and column."""
    found: dict[str, list[Row]] = {}
    given: set[str] = set()
    places: dict[tuple[str, str], int] = {}  # match and id of an event -> its place
    twice: Counter[str] = Counter()
    known: dict[str, dict[str, Any]] = {c: {} for c in sport.columns}  # what texts were read as
    n = 0
    for number, row in rows:
        n += 1
        if n > LIMITS.max_events:
            raise TooLarge(name, "max_events", LIMITS.max_events)
        values = {}
        for c, about in sport.columns.items():
            text = row.get(c)
            if isinstance(text, str) and text in known[c]:
                values[c] = known[c][text]
                continue
            values[c] = value_of(about, text, name, number, c)
            if isinstance(text, str) and len(known[c]) < _KEPT:
                known[c][text] = values[c]
        match = values["match"]
        if apart and match not in found:
            if match in given:
                hint = "A table of this size is read match by match: sort its rows by match."
                raise BadInput(name, f"goes back to the match {quoted(match)}", where=f"row {number}", hint=hint)
            for before, events in found.items():
                yield match_of(sport, events, twice[before])
            found.clear()
            places.clear()
            given.add(match)
            n = 1
        rows_of_match = found.setdefault(match, [])
        if event := row.get("event_id"):
            place = places.setdefault((match, str(event)), len(rows_of_match))
            if place < len(rows_of_match):
                rows_of_match[place] = values
                twice[match] += 1
                continue
        rows_of_match.append(values)
    if not n:
        raise BadInput(name, "holds no events")
    for match, events in found.items():
        yield match_of(sport, events, twice[match])


def match_of(sport: Sport, rows: list[Row], ids_twice: int = 0) -> Match:
    """The match of rows that have every column, their values checked. ids_twice: how many rows another replaced."""
    notes = Counter({"ids_twice": ids_twice, "rows_alike": _alike(rows)})
    keys = [place_of(sport, row) for row in rows]
    notes["rows_out_of_order"] = sum(a > b for a, b in pairwise(keys))
    rows = [rows[i] for i in sorted(range(len(rows)), key=keys.__getitem__)]
    for slot in sport.slots:
        if slot.kind == sport.main:
            for row in rows:
                if row[slot.column] not in slot.values:
                    notes[f"unknown_{slot.column}_{row[slot.column] or 'missing'}"] += 1
                    row[slot.column] = OTHER
    sport.fill(rows)
    about = {c: next((row[c] for row in rows if row[c]), "") for c in sport.match_columns}
    events = {c: Values(row[c] for row in rows) for c in sport.event_columns}
    return Match(sport.name, about, events, {k: v for k, v in notes.items() if v})


def _alike(rows: list[Row]) -> int:
    """How many rows with a time say what one before them says: they may stand twice, or happen twice, and are kept."""
    timed = [tuple(row.values()) for row in rows if row.get("time") is not None]
    return len(timed) - len(set(timed))


def place_of(sport: Sport, row: Row) -> tuple[float, ...]:
    """What events are sorted by."""
    return tuple(row[c] if row[c] is not None else -1 for c in sport.order)


def value_of(about: Column, value: Any, name: str, number: int, column: str) -> Any:
    """What a value of a row, or its text, says. Raises BadInput."""
    kind = about.kind
    if value is None and not about.required:
        return "" if kind == "text" else None
    if kind == "number" and type(value) is float and abs(value) <= _MOST:
        return value
    where = f"row {number}, column {column}"
    try:
        text = " ".join(value.split()) if isinstance(value, str) else str(value)
    except (RecursionError, ValueError):  # nested too deeply, or a number of thousands of digits
        raise BadInput(name, "holds no value that can be read", where=where) from None
    if not text or (not isinstance(value, str) and text in _NOTHING) or (kind != "text" and text.lower() in _MISSING):
        if about.required:
            raise BadInput(name, "holds no value", where=where)
        return "" if kind == "text" else None
    if len(text) > _TEXT:
        raise BadInput(name, f"holds a value of {len(text):,} characters", where=where)
    if kind == "text":
        return text if text.isprintable() else "".join(c if c.isprintable() else "\ufffd" for c in text)
    amount = _seconds(text) if ":" in text and kind == "number" else _float(text)
    if not abs(amount) <= _MOST or (kind == "whole" and (amount != int(amount) or amount < 0)):
        raise BadInput(name, f"{quoted(text)} is not a {'whole ' * (kind == 'whole')}number", where=where)
    return int(amount) if kind == "whole" else amount


def _float(text: str) -> float:
    try:
        return float(text.replace(",", ".", 1))
    except ValueError:
        return math.nan


def _seconds(text: str) -> float:
    """Of a time such as 45:12, 1:02:03.5 or pandas' 0 days 00:45:12."""
    said = _CLOCK.fullmatch(text)
    if said is None:
        return math.nan
    days, hours, minutes, seconds = (_float(part or "0") for part in said.groups())
    return round(86_400 * days + 3600 * hours + 60 * minutes + seconds, 6)

"""What the cells of a table say: numbers and times, in the ways that people write them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from seqgen.core.errors import BadInput, quoted
from seqgen.domains.prices.series import Dates, Floats

_LEAST, _MOST = 1e-101, 1e101  # of numbers
_MISSING = frozenset(("", ".", "-", "--", "na", "n/a", "#n/a", "nan", "nat", "null", "none", "..", ":", "?"))
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?")
_SIGNS = re.compile(r"[\s$€£¥%']")
_THOUSANDS = {"K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}
_ZONE = re.compile(r"(?<=\d)\s*(Z|UTC|GMT)$|(?<=:\d\d)(\.\d+)?\s*[+-]\d{2}:?\d{2}$")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?")
_FORMATS = (
    "%Y%m%d", "%Y/%m/%d", "%Y-%m", "%Y.%m.%d", "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y",
    "%m/%d/%y", "%d/%m/%y", "%d %b %Y", "%d-%b-%Y", "%d-%b-%y", "%b %d, %Y", "%B %d, %Y", "%d %B %Y",
    "%Y/%m/%d %H:%M", "%Y/%m/%d %H:%M:%S", "%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S", "%Y%m%d %H%M%S", "%b %Y", "%Y",
)  # fmt: skip
_DATE_LIKE = re.compile(r"\d{1,4}[-/. ](\d{1,2}|[A-Za-z]{3,9})([-/. ,]+\d{1,4})?\b.*|[A-Za-z]{3,9} \d{1,2},? \d{4}.*")
_YEAR = re.compile(r"[12]\d{3}(-?Q[1-4])?")
_EPOCHS = {
    10: 1,
    13: 1_000,
    16: 1_000_000,
    19: 1_000_000_000,
}  # digits of times counted since 1970 -> parts of a second


def is_missing(cell: str) -> bool:
    """Whether it says that there is nothing."""
    return cell.strip().lower() in _MISSING


def is_number(cell: str, decimal: str) -> bool:
    """Whether it is a number as people write them. decimal: a point or a comma."""
    return _plain(cell, decimal) is not None


def is_date(cell: str) -> bool:
    """Whether it looks like a time; of digits alone, like 20200131 or seconds since 1970."""
    text = cell.strip()
    if text.isdigit():
        return (len(text) == 8 and "1000" < text[:4] < "2200" and text[4:6] < "13") or len(text) in _EPOCHS
    return not _NUMBER.fullmatch(text) and _DATE_LIKE.fullmatch(text) is not None


def is_year(cell: str) -> bool:
    """Whether it is a year or a quarter, where a column of dates is meant."""
    return _YEAR.fullmatch(cell.strip()) is not None


def numbers(
    cells: Sequence[str], where: Callable[[int], str], name: str, decimal: str, *, strict: bool = True
) -> Floats:
    """float64 [N], NaN where none is said. Raises BadInput for what is none; where not strict, that is NaN, too."""
    found = np.full(len(cells), np.nan)
    for i, cell in enumerate(cells):
        value = _plain(cell, decimal)
        if value is not None and (not value or _LEAST < abs(value) < _MOST):
            found[i] = value
        elif value is not None and strict:
            raise BadInput(name, f"{quoted(cell.strip())} is out of range", where=where(i))
        elif strict and not is_missing(cell):
            raise BadInput(name, f"{quoted(cell.strip())} is not a number", where=where(i))
    return found


def _plain(cell: str, decimal: str) -> float | None:
    text = cell.strip()
    if _NUMBER.fullmatch(text) and decimal == ".":
        return float(text)
    text = _SIGNS.sub("", text)
    factor = _THOUSANDS.get(text[-1:].upper(), 1.0)
    text = text[:-1] if factor > 1 else text
    if decimal == "," and "," in text:
        text = text.replace(".", "").replace(",", ".")
    elif re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?", text):
        text = text.replace(",", "")
    return float(text) * factor if _NUMBER.fullmatch(text) else None


def parse_dates(cells: Sequence[str], where: Callable[[int], str], name: str) -> Dates:
    """datetime64[s] [N], NaT where none is said; with a zone, the time of the place, so that a day is the market's. All
    in one format. Raises BadInput."""
    texts = [_ZONE.sub("", cell.strip()) if not is_missing(cell) else "" for cell in cells]
    said = [i for i, text in enumerate(texts) if text]
    found = np.full(len(texts), np.datetime64("NaT"), "datetime64[s]")
    if not said:
        return found
    values = [texts[i] for i in said]
    parsed = _iso(values) if _ISO.fullmatch(values[0]) else _epoch(values) if _is_epoch(values[0]) else None
    if parsed is None and not _ISO.fullmatch(values[0]):
        parsed = _formatted(values)
    if parsed is None:
        bad = next((i for i in said if not _one(texts[i], values[0])), said[0])
        raise BadInput(name, f"{quoted(cells[bad].strip())} is no date like the others", where=where(bad))
    years = parsed.astype("datetime64[Y]").astype(np.int64) + 1970
    odd = np.flatnonzero((years < 1000) | (years > 2200))
    if len(odd):
        raise BadInput(name, f"a date in the year {years[odd[0]]}", where=where(said[int(odd[0])]))
    found[said] = parsed
    return found


def _one(text: str, like: str) -> bool:
    """Whether a date is written like another."""
    if _ISO.fullmatch(like):
        return _ISO.fullmatch(text) is not None and _iso([text]) is not None
    return re.sub(r"\d+", "0", text) == re.sub(r"\d+", "0", like)


def _is_epoch(text: str) -> bool:
    return text.isdigit() and len(text) in _EPOCHS


def _iso(texts: Sequence[str]) -> Dates | None:
    if not all(_ISO.fullmatch(text) for text in texts):
        return None
    try:
        return np.array([text.replace(" ", "T") for text in texts], "datetime64[us]").astype("datetime64[s]")
    except ValueError:
        return None


def _epoch(texts: Sequence[str]) -> Dates | None:
    if not all(text.isdigit() and len(text) in _EPOCHS for text in texts):
        return None
    seconds: npt.NDArray[np.int64] = np.array([int(text) // _EPOCHS[len(text)] for text in texts], np.int64)
    return seconds.astype("datetime64[s]")


def _formatted(texts: Sequence[str]) -> Dates | None:
    """In the one format that all are in; where days and months could be told either way, the one of fewer leaps."""
    import pandas as pd

    if all(is_year(text) and "Q" in text for text in texts):
        months = [f"{text[:4]}-{3 * int(text[-1]) - 2:02d}" for text in texts]
        return np.array(months, "datetime64[M]").astype("datetime64[s]")
    found: list[Dates] = []
    for form in _FORMATS:
        parsed = pd.to_datetime(pd.Series(texts[:50]), format=form, errors="coerce")
        if parsed.isna().any():
            continue
        parsed = pd.to_datetime(pd.Series(list(texts)), format=form, errors="coerce")
        if not parsed.isna().any():
            found.append(parsed.to_numpy().astype("datetime64[s]"))
    if not found:
        return None
    return min(found, key=lambda dates: float(np.abs(np.diff(dates).astype(np.int64)).sum()))

"""What the columns of a table say: a price each, or one a symbol, or the open, high, low, close and volume of one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from seqgen.core.errors import BadInput, named
from seqgen.domains.prices.cells import is_date, is_missing, is_number, is_year, numbers, parse_dates
from seqgen.domains.prices.options import PricesOptions
from seqgen.domains.prices.series import Dates, Series
from seqgen.domains.prices.table import Table, titled

_DATE = (
    "date", "day", "time", "timestamp", "datetime", "observation_date", "time_period", "trade date", "trading day",
    "month", "week", "year", "quarter", "period",
    "__index_level_0__",
)  # fmt: skip
_SYMBOL = ("symbol", "ticker", "instrument", "series", "series_id", "currency", "code", "asset", "isin", "name")
# The adjusted first: it has no jump where a share is split.
_PRICE = (
    "adj close", "adj_close", "adjclose", "adjusted close", "adjusted_close", "close", "closing price", "close/last",
    "price", "settle", "last", "obs_value", "value", "rate", "vwap",
)  # fmt: skip
_VOLUME = ("volume", "vol", "vol.", "total volume")
_BESIDE = (
    *_VOLUME,
    "recent",
    "usual",
    "open",
    "high",
    "low",
    "change",
    "change %",
    "adj factor",
    "dividends",
    "stock splits",
)
_FEWEST = 2  # prices of a series
_NOT_POSITIVE = 0.01  # of the prices, that may be left out; one always may
_SHOWN = 24


def looks_like_prices(rows: list[list[str]]) -> bool:
    """Whether rows are of prices: a date and numbers, or nothing but numbers."""
    if len(rows) < _FEWEST or any(len(row) != len(rows[0]) for row in rows):
        return False
    table = titled([list(row) for row in rows], list(range(len(rows))), "", ".")
    columns = {title.lower() for title in table.titles}
    date = _date_column(table)
    if date is not None and columns & {*_PRICE, "open"}:
        return True
    others = [cells for title, cells in table.cells.items() if title != date]
    numeric = [all(is_number(c, ".") or is_missing(c) for c in cells) for cells in others]
    return bool(numeric) and all(numeric) and (date is not None or rows[0][0].strip()[:1].isdigit())


def read_table(table: Table, name: str, options: PricesOptions) -> Iterator[Series]:
    """The series of a table, those asked for. A column that cannot be read costs the others nothing: it is left out,
    unless it is asked for, or the only one. Raises BadInput with row and column."""
    if not table.titles:
        raise BadInput(name, "holds no columns")
    asked = [part.strip() for part in options.series.split(",") if part.strip()]
    date = _date_column(table)
    when = (
        None
        if date is None
        else parse_dates(table.cells[date], lambda i: f"row {table.row(i)}, column {named(date)}", name)
    )
    by = {title.lower(): title for title in reversed(table.titles)}
    price = next((by[title] for title in _PRICE if title in by), None)
    symbol = next((by[t] for t in _SYMBOL if t in by and by[t] != date and _texts(table.cells[by[t]])), None)
    volume = next((by[title] for title in _VOLUME if title in by), None)
    if price is not None and symbol is not None:
        names = np.array(table.cells[symbol])
        parts = [(str(s), price, np.flatnonzero(names == s)) for s in dict.fromkeys(table.cells[symbol])]
    elif price is not None and not asked:
        parts = [("", price, np.arange(len(table.cells[price])))]
    else:
        columns = [title for title in table.titles if title != date and (asked or title.lower() not in _BESIDE)]
        parts = [(title, title, np.arange(len(table.cells[title]))) for title in columns]
        parts = [part for part in parts if not _counts(table, part[1], first=part[1] == table.titles[0])] or parts
        volume = volume if price is not None else None
    unknown = [one for one in asked if one not in {part[0] for part in parts}]
    if unknown:
        known = named(*(part[0] or part[1] for part in parts[:20]))
        raise BadInput(name, f"holds no series {named(unknown[0])!r}", hint=f"It holds {known}.")
    yield from _each(table, name, [part for part in parts if part[0] in asked or not asked], when, volume, bool(asked))


def _each(
    table: Table,
    name: str,
    parts: list[tuple[str, str, np.ndarray]],
    when: Dates | None,
    volume: str | None,
    strict: bool,
) -> Iterator[Series]:
    found: list[Series] = []
    refused: list[BadInput] = []
    for title, column, rows in parts:
        try:
            found.append(_series(table, name, title, column, rows, when, volume))
        except BadInput as error:
            if strict:
                raise
            refused.append(error)
    if not found:
        raise refused[0] if refused else BadInput(name, "holds no prices")
    for one in refused:
        reason = one.message.removeprefix(f"{name}: ")
        found[0].left_out[f"columns left out ({reason})"] = 1
    yield from found


def _series(
    table: Table, name: str, title: str, column: str, rows: np.ndarray, when: Dates | None, volume: str | None
) -> Series:
    """One of them: in order, each time once, without what is no price."""

    def where(i: int) -> str:
        return f"row {table.row(int(rows[i]))}, column {named(column)}"

    prices = numbers([table.cells[column][i] for i in rows], where, name, table.decimal)
    known = ~np.isnan(prices)
    positive = known & (prices > 0)
    bad = np.flatnonzero(known & ~positive)
    left_out: dict[str, int] = {}
    if len(bad) > max(1, _NOT_POSITIVE * known.sum()):
        raise BadInput(
            name,
            f"{prices[bad[0]]:g} is not a positive price; {len(bad):,} of {known.sum():,} are not",
            where=where(int(bad[0])),
            hint="Returns are of prices. Of rates or differences give the level they are about.",
        )
    if len(bad):
        left_out[f"prices that are not positive (the first: {where(int(bad[0]))})"] = len(bad)
    dates = None if when is None else when[rows]
    if dates is not None:
        positive &= ~np.isnat(dates)
    kept = np.flatnonzero(positive)
    if dates is not None:
        kept = kept[np.argsort(dates[kept], kind="stable")]
        again = np.append(dates[kept][1:] == dates[kept][:-1], False)  # of a time that is there twice, the last counts
        if again.any():
            left_out["prices of a time that comes again"] = int(again.sum())
            kept = kept[~again]
    if len(kept) < _FEWEST:
        raise BadInput(
            name,
            f"{len(kept) or 'no'} price{'s' * (len(kept) != 1)}; a series has at least {_FEWEST}",
            where=f"column {named(column)}",
        )
    volumes = None
    if volume is not None:
        volumes = numbers([table.cells[volume][i] for i in rows[kept]], lambda i: "", name, table.decimal, strict=False)
        volumes = np.where(volumes > 0, volumes, 0.0)
    return Series(
        title,
        prices[kept],
        None if dates is None else dates[kept],
        volumes if volumes is not None and volumes.any() else None,
        recent=_first(table, "recent", rows),
        usual=_first(table, "usual", rows),
        left_out=left_out,
    )


def _first(table: Table, title: str, rows: np.ndarray) -> float:
    """What the first row says in a column that we write ourselves; else 0."""
    cells = table.cells.get(title)
    if cells is None or not is_number(cells[rows[0]], "."):
        return 0.0
    value = float(cells[rows[0]])
    return value if 1e-12 < value < 1e3 else 0.0


def _date_column(table: Table) -> str | None:
    for title in table.titles:
        if title.lower() in _DATE or title.lower() in ("index", "unnamed: 0"):
            some = [cell for cell in table.cells[title] if not is_missing(cell)][:_SHOWN]
            if some and (is_date(some[0]) or is_year(some[0])):  # another that is none is an error
                return title
    first = table.titles[0]
    some = [cell for cell in table.cells[first] if not is_missing(cell)][:_SHOWN]
    if some and len(table.titles) > 1 and all(is_date(cell) and not cell.strip().isdigit() for cell in some):
        return first
    return None


def _texts(cells: list[str]) -> bool:
    """Whether a column says names rather than numbers."""
    return any(not is_number(cell, ".") and not is_missing(cell) for cell in cells[:1000])


def _counts(table: Table, title: str, *, first: bool) -> bool:
    """Whether a first column is only the number of each row."""
    cells = table.cells[title]
    start = cells[0] if cells else ""
    return (
        first
        and len(table.titles) > 1
        and title.lower() in ("1", "unnamed: 0", "index", "row", "id", "#")
        and start in ("0", "1")
        and all(cell == str(int(start) + i) for i, cell in enumerate(cells))
    )

"""Tables of prices, as people have them."""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqgen.core.domain import domain_of
from seqgen.core.errors import BadInput, UsageError
from seqgen.domains.prices.files import claims, read, to_series, write
from seqgen.domains.prices.options import PricesOptions
from seqgen.domains.prices.series import Series

WIDE = "Date,GBP,JPY\n2020-01-01,1.2,110\n2020-01-02,1.3,\n2020-01-03,1.25,112\n"


def of(text: str | bytes, series: str = "") -> list[Series]:
    data = text if isinstance(text, bytes) else text.encode()
    return list(read(data, "x.csv", PricesOptions(series=series)))


def days(series: Series) -> list[str]:
    assert series.dates is not None
    return [str(day)[:10] for day in series.dates]


def test_a_column_is_a_series_and_gaps_are_passed_over() -> None:
    gbp, jpy = of(WIDE)
    assert (gbp.name, gbp.prices.tolist()) == ("GBP", [1.2, 1.3, 1.25])
    assert (jpy.name, jpy.prices.tolist()) == ("JPY", [110, 112])
    assert days(jpy) == ["2020-01-01", "2020-01-03"]


def test_only_what_is_asked_for_is_read() -> None:
    assert [s.name for s in of(WIDE, "JPY")] == ["JPY"]
    assert {s.name for s in of(WIDE, " JPY, GBP")} == {"GBP", "JPY"}
    with pytest.raises(BadInput, match="no series 'USD'") as caught:
        of(WIDE, "USD")
    assert "GBP, JPY" in caught.value.hint


def test_a_long_table_has_a_series_a_symbol() -> None:
    text = "date,ticker,close,volume\n2020-01-01,A,1,10\n2020-01-01,B,5,7\n2020-01-02,A,2,11\n2020-01-02,B,6,0\n"
    a, b = of(text)
    assert (a.name, a.prices.tolist(), a.volume.tolist()) == ("A", [1, 2], [10, 11])  # type: ignore[union-attr]  # it has volumes
    assert (b.name, b.prices.tolist(), b.volume.tolist()) == ("B", [5, 6], [7, 0])  # type: ignore[union-attr]  # it has volumes
    assert [s.name for s in of(text, "B")] == ["B"]


@pytest.mark.parametrize("name", ["=HYPERLINK(A1)", "-GBP", "@A", "'=A", "'A", "^GSPC"])
def test_a_name_that_a_spreadsheet_would_execute_is_escaped_and_comes_back(name: str, tmp_path: Path) -> None:
    write(Series(name, np.array([1.0, 2.0, 1.5])), tmp_path / "a.csv")
    assert not any(cell.startswith(("=", "@", "-")) for cell in (tmp_path / "a.csv").read_text().split(",")[1:])
    assert [series.name for series in read(tmp_path / "a.csv")] == [name]


def test_of_open_high_low_and_close_the_adjusted_close_counts() -> None:
    text = "Date,Open,High,Low,Close,Adj Close,Volume\n2020-01-02,1,3,1,2,1.5,100\n2020-01-03,2,4,2,3,2.5,200\n"
    (one,) = of(text)
    assert one.prices.tolist() == [1.5, 2.5] and one.volume.tolist() == [100, 200]  # type: ignore[union-attr]  # it has volumes
    assert [(s.name, s.prices.tolist()) for s in of(text, "Open,Close")] == [("Open", [1, 2]), ("Close", [2, 3])]


def test_a_table_without_titles_or_dates() -> None:
    one, two = of("1.5,10\n1.6,11\n1.7,12\n")
    assert one.dates is None and one.name == "1" and two.prices.tolist() == [10, 11, 12]
    (single,) = of("5\n6\n7\n")
    assert single.prices.tolist() == [5, 6, 7]
    (dated,) = of("2020-01-01,5\n2020-01-02,6\n")
    assert days(dated) == ["2020-01-01", "2020-01-02"]
    (counted,) = of("Unnamed: 0,gold\n0,5\n1,6\n2,8\n")
    assert counted.name == "gold"


def test_rows_are_put_in_order_and_of_a_day_that_comes_twice_the_last_counts() -> None:
    (one,) = of("date,x\n2020-01-03,3\n2020-01-01,1\n2020-01-02,2\n2020-01-02,2.5\n")
    assert one.prices.tolist() == [1, 2.5, 3] and days(one) == ["2020-01-01", "2020-01-02", "2020-01-03"]
    assert one.left_out == {"prices of a time that comes again": 1}


@pytest.mark.parametrize(
    "cells",
    [
        ("2020-01-30", "2020-01-31"),
        ("20200130", "20200131"),
        ("2020/01/30", "2020/01/31"),
        ("01/30/2020", "01/31/2020"),
        ("30/01/2020", "31/01/2020"),
        ("30.01.2020", "31.01.2020"),
        ("Jan 30, 2020", "Jan 31, 2020"),
        ("30-Jan-2020", "31-Jan-2020"),
        ("2020-01-30 00:00:00+00:00", "2020-01-31 00:00:00+00:00"),
        ("2020-01-30T00:00:00Z", "2020-01-31T00:00:00Z"),
        ("2020-01-30 00:00:00-05:00", "2020-01-31 00:00:00-05:00"),
        ("2020-01-30T23:00:00+09:00", "2020-01-31T23:00:00+09:00"),
        ("1580342400", "1580428800"),
        ("1580342400000", "1580428800000"),
    ],
)
def test_dates_are_of_the_place_however_they_are_written(cells: tuple[str, str]) -> None:
    (one,) = of("".join(["date,x\n", *(f'"{cell}",{n}\n' for n, cell in enumerate(cells, 5))]))
    assert days(one) == ["2020-01-30", "2020-01-31"]


def test_days_and_months_are_told_apart_by_the_order_of_the_rows() -> None:
    cells = [f"{day:02d}/02/2020" for day in range(1, 12)]
    (one,) = of("date,x\n" + "".join(f"{cell},{n + 1}\n" for n, cell in enumerate(cells)))
    assert days(one)[:2] == ["2020-02-01", "2020-02-02"]


def test_prices_at_times_of_a_day_keep_them() -> None:
    (one,) = of("time,x\n2020-01-01 09:00,1\n2020-01-01 10:00,2\n2020-01-01 11:00,3\n")
    assert one.dates is not None and str(one.dates[-1]) == "2020-01-01T11:00:00"


@pytest.mark.parametrize(
    ("cell", "value"), [("1,234.5", 1234.5), ("$12.5", 12.5), ("1.5e3", 1500), (" 7 ", 7), ("1.2M", 1.2e6), ("12%", 12)]
)
def test_numbers_as_people_write_them(cell: str, value: float) -> None:
    (one,) = of(f'date,x\n2020-01-01,"{cell}"\n2020-01-02,5\n')
    assert one.prices[0] == value


def test_decimal_commas_between_semicolons() -> None:
    (one,) = of("Datum;Kurs\n01.02.2020;1.234,5\n02.02.2020;1.235,0\n".replace("Datum", "date"))
    assert one.prices.tolist() == [1234.5, 1235.0]


def test_a_bad_column_costs_the_others_nothing() -> None:
    gold = of("date,gold,silver\n2020-01-01,5,x\n2020-01-02,6,2\n")
    assert [s.name for s in gold] == ["gold"]
    assert gold[0].left_out == {"columns left out (row 2, column silver: 'x' is not a number)": 1}
    with pytest.raises(BadInput, match="row 2, column silver: 'x' is not a number"):
        of("date,gold,silver\n2020-01-01,5,x\n2020-01-02,6,2\n", "silver")


def test_a_price_that_fell_below_zero_is_left_out_many_are_refused() -> None:
    rows = [f"2020-{1 + n // 28:02d}-{1 + n % 28:02d},{20 + n % 3}\n" for n in range(200)]
    rows[150] = rows[150].split(",")[0] + ",-36.98\n"
    (oil,) = of("date,oil\n" + "".join(rows))
    assert len(oil.prices) == 199 and (oil.prices > 0).all()
    assert list(oil.left_out.values()) == [1] and "row 152, column oil" in next(iter(oil.left_out))
    with pytest.raises(BadInput, match=r"row 3, column spread: -0.5 is not a positive price; 2 of 4 are not"):
        of("date,spread\n2020-01-01,1\n2020-01-02,-.5\n2020-01-03,1\n2020-01-04,0\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("date,x\n", "no prices; a series has at least 2"),
        ("date,x\n2020-01-01,5\n", "column x: 1 price; a series has at least 2"),
        ("date,x\n2020-01-01,5\n2020-01-02,6,7\n", "row 3: has 3 values for 2 columns"),
        ("date,x\n2020-01-01,5\n2020-02-30,6\n", "'2020-02-30' is no date like the others"),
        ("date,x\n2020-01-01,5\nyesterday,6\n", "row 3, column date: 'yesterday' is no date"),
        ("date,x\n0001-01-01,5\n2020-01-02,6\n", "in the year 1"),
        ("date,x\n2020-01-01,1e300\n2020-01-02,6\n", "row 2, column x: '1e300' is out of range"),
        ("date,x\n2020-01-01,inf\n2020-01-02,nan\n", "not a number"),
        ("word,other\na,b\nc,d\n", "is not a number"),
        (b"\0\0\0", "zero byte"),
        (b"\x1f\x8b\x08garbage", "is not whole gzip"),
        (b"PAR1garbagePAR1", "is not Parquet"),
    ],
)
def test_what_is_refused_says_where_and_why(text: str | bytes, message: str) -> None:
    with pytest.raises(BadInput) as caught:
        of(text)
    assert message in caught.value.message and caught.value.message.startswith("x.csv: ")


def test_frames_and_parquet_are_read_as_csv_is(tmp_path: Path) -> None:
    pd: Any = pytest.importorskip("pandas")
    frame = pd.read_csv(io.StringIO(WIDE), parse_dates=["Date"])
    assert to_series(frame) == of(WIDE)[0] == to_series(frame.set_index("Date"))
    zoned = frame.set_index(frame.Date.dt.tz_localize("Asia/Tokyo"))[["GBP"]]
    assert to_series(zoned) == of(WIDE)[0]
    assert to_series(frame["GBP"]).prices.tolist() == [1.2, 1.3, 1.25]
    pytest.importorskip("pyarrow")
    frame.to_parquet(tmp_path / "x.parquet")
    assert list(read(tmp_path / "x.parquet")) == of(WIDE)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Price,Close,High,Volume\nTicker,A,A,A\nDate,,,\n2024-01-02,5,9,7\n2024-01-03,6,9,7\n", ["A"]),
        ("Price,Close,Close\nTicker,A,B\nDate,,\n2024-01-02,5,9\n2024-01-03,6,9\n", ["A", "B"]),
        ("Date,USD,CYP,\n2024-01-03,5,N/A,\n2024-01-02,6,N/A,\n", ["USD"]),
        ("CURRENCY,OBS,TIME_PERIOD,OBS_VALUE\nUSD,D,2024-01-01,1\nUSD,D,2024-01-02,2\n", ["USD"]),
        ("year,x\n1990,5\n1991,6\n", ["x"]),
        ("quarter,x\n1990-Q1,5\n1990-Q2,6\n", ["x"]),
    ],
)
def test_tables_as_others_write_them(text: str, names: list[str]) -> None:
    found = of(text)
    assert [one.name for one in found] == names and found[0].dates is not None
    assert of(text.encode("utf-16")) == found


def test_what_is_taken_for_a_series(tmp_path: Path) -> None:
    assert to_series([1.0, 2.0]).prices.tolist() == [1, 2] == to_series(np.array([1, 2])).prices.tolist()
    (tmp_path / "x.csv").write_text(WIDE)
    assert to_series(tmp_path / "x.csv").name == to_series(WIDE.encode()).name == "GBP"
    with pytest.raises(UsageError):
        to_series(5)
    with pytest.raises(BadInput):
        to_series([1.0, "x"])


def test_files_are_known_by_what_is_in_them(tmp_path: Path) -> None:
    for name, text, domain in (
        ("a.csv", WIDE, "prices"),
        ("b.csv", "match,team,action,x,y\n1,A,Pass,1,2\n", "sports"),
        ("c.txt", "0.5,0.6\n0.7,0.8\n", "prices"),
        ("d.txt", "To be, or not to be\nthat is\n", "text"),
        ("e.csv", "Date,Open,High,Low,Close,Volume\n2020-01-01,1,1,1,1,5\n2020-01-02,1,1,1,1,5\n", "prices"),
        ("f.csv", "", "sports"),
    ):
        (tmp_path / name).write_text(text)
        assert domain_of(tmp_path / name).name == domain, name
    zipped = gzip.compress(b"".join(b"1.%03d,2.5\n" % n for n in range(900)))
    assert claims(zipped) and claims(zipped[:800]) and not claims(b"\x1f\x8b???")


def test_parquet_with_texts_that_are_no_utf_8_is_refused() -> None:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    offsets, texts = np.array([0, 10, 20], np.int32).tobytes(), b"2020-01-0\xff2020-01-03"
    days = pa.Array.from_buffers(pa.string(), 2, [None, pa.py_buffer(offsets), pa.py_buffer(texts)])
    buffer = io.BytesIO()
    pq.write_table(pa.table({"date": days, "close": [1.0, 2.0]}), buffer)
    with pytest.raises(BadInput, match="is not Parquet"):
        of(buffer.getvalue())

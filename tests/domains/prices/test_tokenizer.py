"""Prices as ids, and back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqgen.core.errors import BadInput, CorpusError, UsageError
from seqgen.domains.prices.bins import Bins, learn_bins, measure
from seqgen.domains.prices.options import PricesOptions
from seqgen.domains.prices.series import Series, cut, moments, until
from seqgen.domains.prices.tokenizer import PriceTokenizer

DAYS = np.datetime64("2018-01-01") + np.arange(3000)
WORKDAYS = DAYS[np.is_busday(DAYS)].astype("datetime64[s]")


def walk(n: int = 1000, seed: int = 0, size: float = 0.01, start: float = 50.0) -> Series:
    """A random walk whose size itself walks, with days that do not move; on working days."""
    rng = np.random.default_rng(seed)
    sizes = size * np.exp(0.1 * rng.standard_normal(n - 1).cumsum() / np.sqrt(np.arange(1, n)))
    moves = sizes * rng.standard_t(5, n - 1) * (rng.random(n - 1) < 0.95)
    return Series("walk", start * np.exp(np.concatenate([[0], moves.cumsum()])), WORKDAYS[:n], rng.random(n) + 0.5)


SERIES = [walk(seed=seed) for seed in range(3)]
TOKENIZER = PriceTokenizer.fit(SERIES)


def test_ids_are_the_same_whatever_the_price_and_its_unit() -> None:
    series = walk(seed=5)
    for factor in (1e-3, 7.0, 1e6):
        assert np.array_equal(
            TOKENIZER.encode(replace(series, prices=factor * series.prices)), TOKENIZER.encode(series)
        )


def test_ids_hardly_depend_on_how_much_a_price_moves() -> None:
    """All but the header says how many times its usual size a return was."""
    calm, wild = (TOKENIZER.encode(walk(seed=5, size=size))[5:] for size in (0.002, 0.002 * 2**4))
    assert (calm == wild).mean() > 0.95


def test_bins_hold_about_as_many_returns_each() -> None:
    found = np.concatenate([TOKENIZER.measured(series).kinds for series in SERIES])
    counts = np.bincount(np.abs(found[found != 0]))[1:]
    assert len(counts) == 32 and counts[:28].min() > 0.8 * counts[:28].max()
    assert counts[-1] < counts[0] / 2  # few are large, and are told apart


def test_what_stands_for_bins_keeps_the_size_of_returns() -> None:
    for series in SERIES:
        again = TOKENIZER.decode(TOKENIZER.encode(series))
        assert np.std(again.returns) == pytest.approx(np.std(series.returns), rel=0.03)
        assert again.returns.sum() == pytest.approx(series.returns.sum(), abs=0.1 * np.abs(series.returns).sum())


def test_a_forecast_goes_on_from_the_last_price_and_day() -> None:
    series = walk(200)
    ids = TOKENIZER.encode(series)
    rise = TOKENIZER.vocabulary.ids(["Return_+20", "Off", "Return_0", "Return_-20"])
    for further in (TOKENIZER.continuation(ids, series)(rise), TOKENIZER.decode(np.concatenate([ids, rise]), series)):
        assert np.array_equal(further.prices[:200], series.prices) and further.name == "walk"
        assert further.prices[200] > further.prices[199] and further.prices[201] == further.prices[200]
        assert further.dates is not None
        assert np.array_equal(further.dates[200:], [*WORKDAYS[200:201], *WORKDAYS[202:204]])  # a day off between


def test_upside_down_rises_are_falls() -> None:
    ids = TOKENIZER.encode(walk(seed=4))
    mirrored = TOKENIZER.decode(TOKENIZER.augmentations.map[1][ids])
    assert mirrored.returns == pytest.approx(-TOKENIZER.decode(ids).returns, abs=1e-9)
    plain = PriceTokenizer.fit(SERIES, PricesOptions(mirror=False))
    assert len(plain.augmentations) == 1 and plain.context.features[4].maps.shape[0] == 1


def test_the_calendar_is_told_by_days_off() -> None:
    holidays = np.isin(np.arange(300), [20, 21, 100])
    series = Series("x", np.arange(1.0, 301)[~holidays], WORKDAYS[:300][~holidays])
    ids = TOKENIZER.encode(series)
    assert (ids == TOKENIZER.vocabulary.id("Off")).sum() == 3
    rows = TOKENIZER.context.of(ids)
    names = [feature.name for feature in TOKENIZER.context.features]
    returns = TOKENIZER.vocabulary.are("Return")[ids]
    weekday, month, gap = (rows[:-1][returns][:, names.index(name)] for name in ("weekday", "month", "gap"))
    days = series.dates[1:].astype("datetime64[D]")  # type: ignore[index]  # it has dates
    assert np.array_equal(weekday, (days.astype(int) + 3) % 7 + 1)
    # The model is told the week of the year, not the year: months are right but for a day or two at their ends.
    assert (month == days.astype("datetime64[M]").astype(int) % 12 + 1).mean() > 0.9
    assert np.array_equal(gap, np.minimum(np.diff(series.dates.astype("datetime64[D]").astype(int)), 5))  # type: ignore[union-attr]  # it has dates


def test_a_closed_market_is_told_so_that_weekdays_stay_right() -> None:
    closed = np.r_[0:50, 143:200]
    series = Series("x", np.arange(1.0, 108), WORKDAYS[closed])
    ids = TOKENIZER.encode(series)
    assert 0 < (ids == TOKENIZER.vocabulary.id("Off")).sum() <= 10
    weekday = TOKENIZER.context.of(ids)[:-1][TOKENIZER.vocabulary.are("Return")[ids]][:, -3]
    assert np.array_equal(weekday, (series.dates[1:].astype("datetime64[D]").astype(int) + 3) % 7 + 1)  # type: ignore[index]  # it has dates


@pytest.mark.parametrize("step", [7, 30])
def test_other_steps_than_days_have_no_calendar(step: int) -> None:
    dates = (np.datetime64("2001-01-31") + step * np.arange(100)).astype("datetime64[s]")
    series = Series("x", walk(100).prices, dates)
    tokens = TOKENIZER.vocabulary.readable(TOKENIZER.encode(series))
    assert tokens[2] == "Week_Unknown" and "Off" not in tokens
    further = TOKENIZER.continuation(TOKENIZER.encode(series), series)(TOKENIZER.vocabulary.ids(["Return_0"]))
    assert further.dates is not None and further.dates[-1] - dates[-1] >= np.timedelta64(min(step, 28), "D")


def test_months_go_on_by_months() -> None:
    dates = np.arange("2001-01", "2004-01", dtype="datetime64[M]").astype("datetime64[s]")
    series = Series("x", walk(36).prices, dates)
    further = TOKENIZER.continuation(TOKENIZER.encode(series), series)(TOKENIZER.vocabulary.ids(["Return_0"] * 3))
    assert [str(d)[:10] for d in further.dates[-3:]] == ["2004-01-01", "2004-02-01", "2004-03-01"]  # type: ignore[index]  # it has dates


def test_volumes_follow_returns_where_they_are_asked_for() -> None:
    tokenizer = PriceTokenizer.fit(SERIES, PricesOptions(volume=True))
    ids = tokenizer.encode(SERIES[0])
    assert tokenizer.vocabulary.are("Volume")[ids].sum() == len(SERIES[0])
    again = tokenizer.decode(ids, SERIES[0].part(slice(0, 2)))
    assert again.volume is not None and SERIES[0].volume is not None
    assert np.corrcoef(again.volume[1:], SERIES[0].volume[1:])[0, 1] > 0.95
    with pytest.raises(CorpusError):
        PriceTokenizer.fit([replace(s, volume=None) for s in SERIES], PricesOptions(volume=True))


def test_a_peg_that_breaks_is_told_and_forgotten() -> None:
    """Years of nothing, or of noise, then a fall: what follows is still told apart."""
    rng = np.random.default_rng(1)
    moves = np.concatenate([np.zeros(300), 1e-5 * rng.standard_normal(300), [-0.2], 0.01 * rng.standard_normal(300)])
    series = Series("peg", 8.0 * np.exp(np.concatenate([[0], moves.cumsum()])))
    found = TOKENIZER.measured(series)
    assert found.kinds[600] == -TOKENIZER.bins.n and len(set(found.kinds[700:].tolist())) > 30
    assert "returns beyond the outermost bins" in TOKENIZER.losses(series)


def test_what_is_no_series_of_prices() -> None:
    with pytest.raises(BadInput, match="a return needs two"):
        TOKENIZER.encode(Series("x", np.array([1.0])))
    with pytest.raises(CorpusError):
        PriceTokenizer.fit([Series("x", np.array([1.0, 1.0]))])
    for text in ("much", "-1", "500%", "nan"):
        with pytest.raises(UsageError):
            TOKENIZER.template(volatility=text)
    said = [TOKENIZER.vocabulary.tokens[TOKENIZER.template(**given)[0]] for given in ({}, {"volatility": "0.1%"})]
    assert said == ["Volatility_0.0116", "Volatility_0.00102"]


# --- bins


@settings(max_examples=30)
@given(st.lists(st.floats(-0.2, 0.2), min_size=1, max_size=60), st.integers(4, 64), st.floats(0.6, 0.99))
def test_any_returns_have_bins_that_hold_them(moves: list[float], n: int, decay: float) -> None:
    known = np.array(moves)
    bins = learn_bins([(known, 0.01, 0.01)], n, decay)
    found = measure(bins, known, 0.01, 0.01)
    assert np.array_equal(np.sign(found.kinds), np.sign(known / found.sizes[:-1]))
    edges = np.array([0.0, *bins.edges, np.inf])
    size = np.abs(found.multiples)
    k = np.abs(found.kinds)
    assert ((edges[np.maximum(k, 1) - 1] <= size) & (size <= edges[k + (k == 0)]) | (k == 0)).all()
    assert Bins(**bins.config()).config() == bins.config()


@pytest.mark.parametrize(
    "damaged",
    [
        {"edges": [1.0, 0.5], "values": [0.4, 0.7, 2.0], "decay": 0.9},
        {"edges": [1.0], "values": [0.5], "decay": 0.9},
        {"edges": [1.0], "values": [1.5, 2.0], "decay": 0.9},
        {"edges": [1.0], "values": [0.5, float("nan")], "decay": 0.9},
        {"edges": [1.0], "values": [0.5, 2.0], "decay": 1.0},
    ],
)
def test_bins_that_are_none(damaged: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        Bins(**damaged)  # type: ignore[arg-type]  # wrong on purpose


# --- parts of a series


def test_a_part_knows_how_large_returns_were_before_it() -> None:
    calm, wild = walk(500, size=0.001), walk(500, size=0.03, start=50)
    series = Series("x", np.concatenate([calm.prices, wild.prices]))
    assert series.part(slice(500, None)).recent < 0.005 < series.part(slice(900, None)).recent
    assert series.part(slice(0, 500)).recent == 0 and series.part(slice(500, 600)).first == 500
    again = series.part(slice(400, None)).part(slice(100, None))
    assert np.array_equal(again.prices, series.part(slice(500, None)).prices) and again.first == 500


def test_series_are_cut_at_days() -> None:
    series = walk(100)
    when = moments(series)
    early, late = cut(series, int(when[0]), int(when[60])), cut(series, int(when[60]), None)
    assert early is not None and late is not None
    assert len(early.prices) == 60 and np.array_equal(late.prices, series.prices[60:])
    assert cut(series, int(when[-1]), None) is None and cut(series, 0, int(when[0])) is None


def test_moments_are_days_or_numbers_of_prices() -> None:
    series = walk(100)
    assert len(until(series, "40").prices) == 40 and until(series, "last") == series
    long = Series("x", np.arange(1.0, 5001))
    assert np.array_equal(until(long, "last").prices, long.prices[-2000:]) and until(long, "last").first == 3000
    assert until(long, "4000").prices[-1] == 4000 and until(long, "4000").usual > 0
    day = str(WORKDAYS[30])[:10]
    assert np.array_equal(until(series, day).prices, series.prices[:31])
    for moment in ("1", "101", "0", "soon", "2017-01-01", "2018-13-01"):
        with pytest.raises(UsageError):
            until(series, moment)
    with pytest.raises(UsageError):
        until(replace(series, dates=None), day)

"""Prices: one or many, from day to day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqgen.core.domain import Domain
from seqgen.domains.prices.options import PricesOptions

if TYPE_CHECKING:
    from seqgen.core.tokenizer import Tokenizer

# Functions import what they need when they are called: `seqgen --help` names this domain and must be quick.


def _read(source: Path | bytes, name: str = "", options: Any = None) -> Iterator[Any]:
    from seqgen.domains.prices.files import read

    return read(source, name, options)


def _claims(head: bytes) -> bool:
    from seqgen.domains.prices.files import claims

    return claims(head)


def _write(series: Any, path: Path) -> None:
    from seqgen.domains.prices.files import write

    write(series, path)


def _fit(series: Iterable[Any], options: Any) -> Tokenizer[Any]:
    from seqgen.domains.prices.tokenizer import PriceTokenizer

    return PriceTokenizer.fit(series, options)


def _tokenizer(config: Mapping[str, Any]) -> Tokenizer[Any]:
    from seqgen.domains.prices.tokenizer import PriceTokenizer

    return PriceTokenizer.from_config(config)


def _identity(series: Any) -> tuple[str, ...]:
    from seqgen.domains.prices.identity import identity

    return identity(series)


def _describe(series: Any) -> Iterable[Mapping[str, Any]]:
    from seqgen.domains.prices.identity import describe

    return describe(series)


def _moments(series: Any) -> Any:
    from seqgen.domains.prices.series import moments

    return moments(series)


def _cut(series: Any, start: int, stop: int | None) -> Any:
    from seqgen.domains.prices.series import cut

    return cut(series, start, stop)


def _until(series: Any, moment: str) -> Any:
    from seqgen.domains.prices.series import until

    return until(series, moment)


def _course(series: Any, n: int) -> Any:
    from seqgen.domains.prices.identity import course

    return course(series, n)


def _picture(series: Any, found: Mapping[str, Any], given: Any, path: Path) -> None:
    from seqgen.domains.prices.picture import picture

    picture(series, found, given, path)


def _draw(series: Any, path: Path) -> None:
    from seqgen.domains.prices.picture import draw

    draw(series, path)


def _wti(folder: Path, report: Callable[[int, int], None]) -> int:
    from seqgen.domains.prices.recipes import wti

    return wti(folder, report)


domain = Domain(
    name="prices",
    about="prices: of shares, currencies or goods, day by day",
    suffixes=(".csv", ".csv.gz", ".tsv", ".txt", ".txt.gz", ".parquet"),
    read=_read,
    fit=_fit,
    tokenizer=_tokenizer,
    options=PricesOptions,
    identity=_identity,
    until=_until,
    course=_course,
    picture=_picture,
    draw=_draw,
    units=("days", "tokens"),
    default_length="250days",
    write=_write,
    written=(".csv",),
    describe=_describe,
    recipes={"wti": _wti},
    claims=_claims,
    split="date",
    moments=_moments,
    cut_moments=_cut,
    size_limit="max_table_bytes",
    controls={"volatility": "Of prices, how much they move a day, such as 1%."},
    readings=40,
    read_seconds=60.0,
    read_memory=512_000_000,
    # What can be learned of prices is little, and soon: of returns, when they are large, and when there are none.
    training={
        "streams": False,
        "width": 64,
        "n_layers": 1,
        "learning_rate": 2e-3,
        "feature_dropout": 0.1,
        "input_dropout": 0.2,
        "layer_dropout": 0.5,
        "perceptron_dropout": 0.4,
    },
)

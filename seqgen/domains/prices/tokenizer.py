"""Prices ↔ ids: day by day a return, measured by the running size of returns, in bins."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from seqgen.core.augmentation import Augmentation, no_augmentation
from seqgen.core.controls import Control, asked, header_ids
from seqgen.core.errors import BadInput, CorpusError, UsageError
from seqgen.core.tokenizer import Ids, Length, Tokenizer
from seqgen.domains.prices.bins import Bins, Measured, learn_bins, measure
from seqgen.domains.prices.context import PricesContext
from seqgen.domains.prices.days import week_of
from seqgen.domains.prices.decoder import Decoder
from seqgen.domains.prices.files import to_series
from seqgen.domains.prices.options import PricesOptions
from seqgen.domains.prices.series import Series, moments
from seqgen.domains.prices.volumes import Volumes, learn_volumes
from seqgen.domains.prices.words import (
    RECENTS,
    TYPICAL,
    VOLATILITIES,
    grammar,
    header_types,
    nearest,
    vocabulary,
)

UNITS = ("days", "tokens")


class PriceTokenizer(Tokenizer[Series]):
    """One id a day: the bin of its return, as a multiple of how large returns have been lately. Whatever the price and
    however it swings, ids are alike.

    A header says how large returns are (Volatility, and Recent: lately against the long run) and, with `calendar`, the
    day of the first price (Week, Weekday, Season); then an Off stands for each day of that week without a price. With
    `volumes`, a day's volume follows its return.

    volatility: of samples of which nothing is said; how large returns are is no matter of chance between few series.
    edges, values, decay: see Bins. mirror: whether series upside down are legal re-writings, which they are but for
    what is particular to falls.

    >>> tokenizer = PriceTokenizer.fit([Series("x", np.array([1.0, 1.1, 1.1, 1.0, 1.2]))])
    >>> tokenizer.vocabulary.readable(tokenizer.encode(Series("y", np.array([5.0, 5.0]))))
    ['Volatility_0.0116', 'Recent_1', 'Return_0']
    """

    domain = "prices"
    name = "returns"
    main = "Return"
    order = 3
    backoff = ("days", "recent")

    def __init__(
        self,
        edges: Iterable[float] = (0.3, 0.7, 1.2),
        values: Iterable[float] = (0.15, 0.5, 0.95, 1.7),
        decay: float = 0.97,
        *,
        mirror: bool = True,
        calendar: bool = False,
        volumes: Mapping[str, Any] | None = None,
        volatility: float = TYPICAL,
    ) -> None:
        self.bins = Bins(tuple(edges), tuple(values), decay)
        self.volumes = None if volumes is None else Volumes(**volumes)
        self.mirror, self.calendar = bool(mirror), bool(calendar)
        if not VOLATILITIES[0] <= volatility <= VOLATILITIES[-1]:
            raise UsageError(f"No price moves {volatility} a day.")
        self.volatility = VOLATILITIES[nearest(VOLATILITIES, volatility)]
        n_volumes = 0 if self.volumes is None else self.volumes.n
        self.vocabulary = words = vocabulary(self.bins.n, n_volumes, calendar=self.calendar)
        self.grammar = grammar(words)
        self._header = header_types(calendar=self.calendar)
        self.first_of = {kind: words.types.index(kind) for kind in dict.fromkeys(words.types)}
        self.augmentations = self._mirrored() if self.mirror else no_augmentation(len(words))
        self.context = context = PricesContext(words, self.bins, len(self.augmentations))
        self.moves = context.move  # [V] the bin that an id says
        self.unknown_of = np.full(len(words), -1, np.int32)
        for kind in self._header:
            self.unknown_of[words.of_type(kind)] = self.first_of[kind]
        self.controls = (
            Control("volatility", "How much a price moves a day, such as 1% or 0.01.", "1%", _volatility, "Volatility"),
        )

    def _mirrored(self) -> Augmentation:
        table = np.tile(np.arange(len(self.vocabulary)), (2, 1))
        returns = self.vocabulary.of_type("Return")
        table[1, returns[1:]] = returns[:0:-1]
        return Augmentation(["as it is", "upside down"], table)

    @classmethod
    def fit(cls, pieces: Iterable[Any], options: PricesOptions | None = None) -> PriceTokenizer:
        """The tokenizer that suits these series. Raises CorpusError when nothing in them moves."""
        o = options or PricesOptions()
        series = [to_series(piece) for piece in pieces]
        if not any(len(s) for s in series):
            raise CorpusError("No series has two prices to learn from.", "Give more days, or training a larger split.")
        if not any(s.returns.any() for s in series):
            raise CorpusError("No price moves: there is nothing to learn.")
        bins = learn_bins(((s.returns, *s.sizes()) for s in series), o.bins, o.decay)
        known = [s.volume for s in series if s.volume is not None and len(s) and s.volume.any()]
        if o.volume and not known:
            raise CorpusError("No volume is known.", "Leave --volume out, or name its column volume.")
        return cls(
            **bins.config(),
            mirror=o.mirror,
            calendar=o.calendar and any(s.dates is not None and week_of(moments(s)) is not None for s in series),
            volumes=learn_volumes(known).config() if o.volume else None,
            volatility=float(np.clip(np.median([s.sizes()[1] for s in series]), VOLATILITIES[0], VOLATILITIES[-1])),
        )

    def encode(self, piece: Any) -> Ids:
        """int32 [T] ids of a series, a path, a table or just prices. Raises BadInput."""
        series = to_series(piece)
        if not len(series):
            raise BadInput(series.name or "<prices>", f"holds {len(series.prices)} prices; a return needs two")
        usual, recent, found = self._measured(series)
        first = self.first_of
        header = {"Volatility": usual + 1, "Recent": recent + 1}
        days_off = [0] * len(series)
        week = week_of(moments(series)) if self.calendar and series.dates is not None else None
        if week is not None:
            days_off = week.off(moments(series))
            header |= week.header(int(moments(series)[0]))
        days = [[first["Return"] + int(kind) % (2 * self.bins.n + 1)] for kind in found.kinds]
        if self.volumes is not None:
            volume = series.volume if series.volume is not None else np.zeros(len(series.prices))
            for day, k in zip(days, self.volumes.classes(volume), strict=True):
                day.append(first["Volume"] + k)
        ids = [first[kind] + header.get(kind, 0) for kind in self._header]
        for off, day in zip(days_off, days, strict=True):
            ids += [first["Off"]] * off + day if off else day
        return np.array(ids, np.int32)

    def measured(self, series: Series) -> Measured:
        """What its returns are measured by, and the bins they are in."""
        return self._measured(series)[2]

    def _measured(self, series: Series) -> tuple[int, int, Measured]:
        """(class of the size in the long run, of that lately, the measured returns)."""
        recent, usual = series.sizes()
        volatility, ratio = nearest(VOLATILITIES, usual), nearest(RECENTS, recent / usual)
        size = VOLATILITIES[volatility]
        return volatility, ratio, measure(self.bins, series.returns, size * RECENTS[ratio], size)

    def decode(self, ids: npt.NDArray[np.integer], reference: Any = None) -> Series:
        """The series that ids say, from a price of 100 on. reference: one that it continues, or whose first price, days
        and name it shares; as far as the ids are the reference's, so are the prices."""
        return Decoder(self, None if reference is None else to_series(reference)).take(ids).series()

    def continuation(self, prompt: Ids, reference: Any = None) -> Callable[[Ids], Series]:
        begun = Decoder(self, None if reference is None else to_series(reference)).take(prompt).settle()
        return lambda ids: begun.fork().take(ids).series()

    def template(self, prompt: Any = None, length: tuple[int, str] | None = None, **given: Any) -> Ids:
        """int32 [T]: the header, and the ids of the series to continue. given: `volatility`."""
        said = header_ids(self.controls, self.vocabulary, asked(self.controls, given))
        ids = np.full(len(self._header), -1, np.int32) if prompt is None else self.encode(prompt)
        if prompt is None:
            usual = {"Volatility": f"{self.volatility:.3g}", "Recent": "1"}
            said = {kind: self.vocabulary.id(f"{kind}_{value}") for kind, value in usual.items()} | said
        for kind, i in said.items():
            ids[self._header.index(kind)] = i
        return ids

    def length(self, amount: int, unit: str, ids: Ids) -> Length:
        """So many trading days, those without a price included, or tokens. Raises UsageError."""
        if unit not in UNITS:
            raise UsageError(f"A length in {unit!r} is not known here.", f"Use {' or '.join(UNITS)}, like 30days.")
        counted = self.vocabulary.are("Return", "Off") if unit == "days" else self.vocabulary.scored
        return Length(counted, amount)

    def losses(self, piece: Any) -> Mapping[str, float]:
        """Rows of the file that are left out, and returns so large that their bin falls short of them."""
        series = to_series(piece)
        found = {reason: float(n) for reason, n in series.left_out.items()}
        beyond = int((np.abs(self.measured(series).multiples) > 2 * self.bins.edges[-1]).sum()) if len(series) else 0
        return found | ({"returns beyond the outermost bins": float(beyond)} if beyond else {})

    def sizes(self, ids: npt.NDArray[np.integer]) -> Mapping[str, float]:
        return {"day": float(self.vocabulary.are("Return")[ids].sum())}

    def config(self) -> Mapping[str, Any]:
        volumes = None if self.volumes is None else self.volumes.config()
        options = {"mirror": self.mirror, "calendar": self.calendar, "volatility": self.volatility}
        return {**self.bins.config(), **options, "volumes": volumes}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> PriceTokenizer:
        """Rebuild from `config()`. Raises UsageError."""
        try:
            if not all(isinstance(config[name], bool) for name in ("mirror", "calendar")):
                raise TypeError("mirror and calendar are true or false")
            return cls(**config)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise UsageError(f"The tokenizer's settings are damaged ({error}).") from None


def _volatility(text: str) -> str:
    """The nearest that the vocabulary has."""
    try:
        value = float(text.rstrip("% ")) / (100 if text.rstrip().endswith("%") else 1)
    except ValueError:
        value = math.nan
    if not 1e-7 < value < 4:
        raise UsageError(f"{text!r} is no volatility.", "Say how much a price moves a day, like 1% or 0.01.")
    return f"{VOLATILITIES[nearest(VOLATILITIES, value)]:.3g}"

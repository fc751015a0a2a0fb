"""Ids → prices, one after the other, from where a series begins or from where a known one ends."""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from seqgen.domains.prices.bins import after
from seqgen.domains.prices.clock import Clock
from seqgen.domains.prices.series import Series
from seqgen.domains.prices.words import RECENTS, TYPICAL, VOLATILITIES

if TYPE_CHECKING:
    from seqgen.domains.prices.tokenizer import PriceTokenizer

_START = 100.0  # the first price where none is known
_LOWEST, _HIGHEST = 1e-100, 1e100  # of prices


class Decoder:
    """Takes ids and says the series so far. reference: where the first price, the dates and the name come from; as long
    as the ids are its own, its prices are, too."""

    def __init__(self, tokenizer: PriceTokenizer, reference: Series | None = None) -> None:
        self._t, self._reference = tokenizer, reference
        self._known = [] if reference is None else tokenizer.encode(reference).tolist() if len(reference) else []
        self._n_ids, self._same = 0, reference is not None
        first = reference is not None and len(reference.prices) > 0
        self.prices = [float(reference.prices[0]) if reference is not None and first else _START]
        has_volume = tokenizer.volumes is not None
        volume = reference.volume if reference is not None else None
        self.volume = [float(volume[0]) if volume is not None and len(volume) else 1.0] if has_volume else None
        self._mean = self.volume[0] if self.volume else 0.0
        self._clock = Clock.of(None if reference is None else reference.dates)
        self.dates: list[np.datetime64] | None = [self._clock.now] if self._clock else None
        self._size, self._recent, self._usual = TYPICAL, 1.0, 1.0
        self._said: dict[str, int] = {}
        self._settled: dict[str, npt.NDArray[Any]] = {}
        self._n_returns = 0

    def settle(self) -> Decoder:
        """Lay what was said aside, for forks that do not copy it; returns itself."""
        n = len(self.prices) - 1  # of the last price, the volume may yet be said
        for name in ("prices", "volume", "dates"):
            values = getattr(self, name)
            if values is not None:
                self._settled[name] = self._joined(name, values[:n])
                setattr(self, name, values[n:])
        return self

    def _joined(self, name: str, values: list[Any]) -> npt.NDArray[Any]:
        """What was laid aside and what was said since."""
        since = np.array(values, "datetime64[s]" if name == "dates" else np.float64)
        return np.concatenate([self._settled[name], since]) if name in self._settled else since

    def fork(self) -> Decoder:
        """Another, at the same place."""
        other = copy.copy(self)
        other.prices, other._said = list(self.prices), dict(self._said)
        other.volume = None if self.volume is None else list(self.volume)
        other.dates, other._clock = None if self.dates is None else list(self.dates), copy.copy(self._clock)
        return other

    def take(self, ids: npt.NDArray[np.integer]) -> Decoder:
        """Go on by these ids; returns itself."""
        move, types = self._t.moves, self._t.vocabulary.types
        for i in np.asarray(ids).tolist():
            self._same = self._same and self._n_ids < len(self._known) and self._known[self._n_ids] == i
            self._n_ids += 1
            kind = types[i]
            if kind == "Return":
                self._return(int(move[i]))
            elif kind == "Volume":
                self._volume(i)
            elif kind == "Off":
                if self._clock and not self._same:
                    self._clock.skip()
            else:
                self._header(kind, i)
        return self

    def series(self) -> Series:
        """What was said."""
        reference = self._reference
        if not self._n_ids:
            return Series(reference.name if reference else "", np.zeros(0))
        return Series(
            reference.name if reference else "",
            self._joined("prices", self.prices),
            None if self.dates is None else self._joined("dates", self.dates),
            None if self.volume is None else self._joined("volume", [*self.volume, 0.0][: len(self.prices)]),
            first=reference.first if reference else 0,
            recent=self._begun[0] if not reference else reference.recent,
            usual=self._begun[1] if not reference else reference.usual,
        )

    @property
    def _begun(self) -> tuple[float, float]:
        """The sizes that the header says."""
        number = self._said.get("Recent", 0)
        return self._size * (RECENTS[number - 1] if number else 1.0), self._size

    def _header(self, kind: str, i: int) -> None:
        number = i - self._t.first_of[kind]  # 0 is unknown
        self._said[kind] = number
        if kind == "Volatility":
            self._size = VOLATILITIES[number - 1] if number else TYPICAL
        elif kind == "Recent":
            self._recent, self._usual = (RECENTS[number - 1] ** 2 if number else 1.0), 1.0
        elif kind == "Season" and self._reference is None:
            self._clock = Clock.begins(*(self._said.get(k, 0) for k in ("Week", "Weekday", "Season")))
            self.dates = [self._clock.now] if self._clock else None

    def _return(self, k: int) -> None:
        self._n_returns += 1
        n, reference = self._n_returns, self._reference
        size = self._size * math.sqrt(self._recent) * float(self._t.bins.sizes[k])
        self._recent, self._usual = after(self._t.bins, self._recent, self._usual, k)
        known = self._same and reference is not None and n < len(reference.prices)
        if known and reference is not None:
            self.prices.append(float(reference.prices[n]))
        else:
            price = self.prices[-1] * math.exp(min(max(size, -50.0), 50.0)) if k else self.prices[-1]
            self.prices.append(min(max(float(f"{price:.12g}"), _LOWEST), _HIGHEST))
        if self.dates is not None and self._clock:
            if known and reference is not None and reference.dates is not None:
                self._clock.set(reference.dates[n])
            else:
                self._clock.skip()
            self.dates.append(self._clock.now)

    def _volume(self, i: int) -> None:
        volumes, k = self._t.volumes, i - self._t.first_of["Volume"]
        if volumes is None or self.volume is None or len(self.volume) == len(self.prices):
            return
        n, reference = self._n_returns, self._reference
        if self._mean <= 0 and k:
            self._mean = 1.0
        said = volumes.volume(self._mean, k)
        known: Any = None if reference is None or not self._same else reference.volume
        self.volume.append(float(known[n]) if known is not None and n < len(known) else said)
        self._mean = volumes.after(self._mean, k)

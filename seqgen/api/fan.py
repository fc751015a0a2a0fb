"""How far what comes of paths lies apart, moment by moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from seqgen.core.tokenizer import Ids
from seqgen.sampling.rollout import Paths

if TYPE_CHECKING:
    from seqgen.api.model import Model

Result = Mapping[str, float | str]

_BAND = (0.1, 0.5, 0.9)  # quantiles: the outer ones hold 80 % between them
_FAN, _ENDED = 16, 0.95  # moments, until so many of the paths have ended


class Fan:
    """What has come of paths by some moments, at equal distances until nearly all have ended. What is later as it was
    before is taken to have been so in between, too: of goals, few moments are looked at."""

    def __init__(self, model: Model, prompt: Ids, drawn: Paths, now: Result, wanted: bool) -> None:
        self._now, self._then = now, dict[int, list[Result]]()
        if wanted and model.domain.until is not None and model.domain.result is not None:
            self._until, self._result = model.domain.until, model.domain.result
            ids = model.tokenizer.vocabulary.of_type(model.tokenizer.main)
            self._begin = int(np.isin(prompt, ids).sum())
            self._lasts = np.isin(drawn.ids, ids).sum(axis=1)
            end = np.quantile(self._lasts, _ENDED, method="inverted_cdf")
            moments = np.unique(np.linspace(0, end, _FAN + 1).round().astype(int))[1:]
            self._then = {ahead: [] for ahead in moments.tolist()}

    def see(self, n: int, path: Any, came: Result) -> None:
        """The path of that number, whole, and what came of it."""
        moments = [0, *self._then]

        def by(ahead: int) -> Result:
            return came if ahead >= self._lasts[n] else self._result(self._until(path, str(self._begin + ahead)))

        def between(first: int, before: Result, last: int, after: Result) -> None:
            if last - first < 2 or before == after:
                for k in range(first + 1, last):
                    self._then[moments[k]].append(before)
                return
            middle = (first + last) // 2
            found = by(moments[middle])
            between(first, before, middle, found)
            self._then[moments[middle]].append(found)
            between(middle, found, last, after)

        if self._then:
            after = by(moments[-1])
            between(0, self._now, len(moments) - 1, after)
            self._then[moments[-1]].append(after)

    def of(self, name: str) -> dict[str, Any]:
        """Of a number the band at each moment; nothing where there are none."""
        bands = {ahead: band([float(one.get(name) or 0) for one in then]) for ahead, then in self._then.items()}
        fan = [{"ahead": ahead, "low": low, "median": mid, "high": high} for ahead, (low, mid, high) in bands.items()]
        return {"fan": fan} if fan else {}


def band(values: Sequence[float]) -> list[float]:
    """The middle, and what holds 80 %: low, median, high."""
    found: list[float] = np.quantile(values, _BAND, method="inverted_cdf").tolist()
    return found

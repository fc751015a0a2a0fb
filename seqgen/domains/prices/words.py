"""The vocabulary and grammar of prices: a header, then day by day a return, perhaps its volume, and days off."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping

import numpy as np

from seqgen.core.grammar import Grammar, build_grammar
from seqgen.core.vocabulary import Vocabulary
from seqgen.domains.prices.days import DAYS, SEASONS, WEEKS

UNKNOWN = "Unknown"
# Sizes of a day's return, each √2 of the one before; and of what it was lately to the long run.
VOLATILITIES = tuple(float(f"{1e-6 * 2 ** (k / 2):.3g}") for k in range(37))
TYPICAL = VOLATILITIES[27]  # where none is said: about 1 %
RECENTS = tuple(float(f"{2 ** (k / 2):.3g}") for k in range(-6, 7))
MARKET = ("Volatility", "Recent")
CALENDAR = ("Week", "Weekday", "Season")
_VALUES: dict[str, tuple[str, ...]] = {
    "Volatility": tuple(f"{v:.3g}" for v in VOLATILITIES),
    "Recent": tuple(f"{v:g}" for v in RECENTS),
    "Week": tuple(WEEKS),
    "Weekday": DAYS,
    "Season": tuple(map(str, range(SEASONS))),
}


def vocabulary(n_bins: int, n_volumes: int, *, calendar: bool) -> Vocabulary:
    """Header values, then returns (none, the rises, the falls from the largest to the smallest), volumes, a day off."""
    header = header_types(calendar=calendar)
    tokens = [f"{kind}_{value}" for kind in header for value in (UNKNOWN, *_VALUES[kind])]
    tokens += [f"Return_{k:+d}" if k else "Return_0" for k in [*range(n_bins + 1), *range(-n_bins, 0)]]
    tokens += [f"Volume_{k}" for k in range(n_volumes)]
    tokens += ["Off"] if calendar else []
    return Vocabulary(tokens, unscored_types=header)


def header_types(*, calendar: bool) -> tuple[str, ...]:
    """The types of the header's ids, in their order."""
    return MARKET + (CALENDAR if calendar else ())


def grammar(words: Vocabulary) -> Grammar:
    """Header values in their order; then days. A day ends with its return, or with its volume."""
    header = [kind for kind in (*MARKET, *CALENDAR) if kind in words.types]
    classes: dict[Hashable, Iterable[int]] = {kind: words.of_type(kind).tolist() for kind in dict.fromkeys(words.types)}
    volumes, off = "Volume" in classes, "Off" in classes

    def follow(state: Hashable) -> Mapping[Hashable, Hashable]:
        if isinstance(state, int):
            return {header[state]: state + 1 if state + 1 < len(header) else "begin"}
        if state == "volume":
            return {"Volume": "day"}
        moves: dict[Hashable, Hashable] = {"Return": "volume" if volumes else "day"}
        return moves | ({"Off": "off"} if off else {})

    return build_grammar(classes, 0, follow, lambda state: state == "day")


def nearest(values: tuple[float, ...], value: float) -> int:
    """Which of some values that grow alike is nearest."""
    return int(np.argmin(np.abs(np.log(values) - np.log(max(value, 1e-300)))))

"""Bars of a piece made new, where a bar has no fixed number of ids."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from seqgen.core.errors import UsageError
from seqgen.core.narrowing import Barred
from seqgen.core.tokenizer import Gap
from seqgen.domains.midi.clock import bars as bar_lines
from seqgen.domains.midi.clock import first_number
from seqgen.domains.midi.remi.scheme import Remi
from seqgen.domains.midi.remi.words import KIND
from seqgen.domains.midi.score import Score

Ids = npt.NDArray[np.int32]


def gap(scheme: Remi, piece: Score, renew: tuple[int, int]) -> Gap:
    """See Tokenizer.outline. Bars are counted as in notation: a pickup is bar 0. What is behind the gap sounds as
    before: where other programs or tempos would now hold there, its own are said. Raises UsageError."""
    ids, words = scheme.encode(piece), scheme.words
    bars = np.flatnonzero(words.kind[ids] == KIND["Bar"])
    low = first_number(piece, bar_lines(piece)[0])
    first, last = (number + 1 - low for number in renew)
    if not 1 <= first <= last <= len(bars):
        has = f"It has bars {low} to {len(bars) + low - 1}."
        raise UsageError(f"Bars {renew[0]} to {renew[1]} are not in the piece.", has)
    start = int(bars[first - 1]) + 1
    start += int(words.kind[ids[start]] == KIND["TimeSignature"])
    stop = int(bars[last]) if last < len(bars) else len(ids) - 1
    if (words.kind[ids[start:stop]] == KIND["TimeSignature"]).any():
        raise UsageError("The time signature changes within these bars.", "Choose bars of one time signature.")
    before, old, after = ids[:start], ids[start:stop], ids[stop:]

    def whole(made: Ids) -> Ids:
        if last == len(bars):
            return np.concatenate([before, made])
        cut = np.flatnonzero(words.kind[made] == KIND["Bar"])[last - first]
        new = made[:cut]
        return np.concatenate([before, new, _said(scheme, before, old, new, after)])

    n = len(scheme.vocabulary)
    never = np.isin(words.kind, (KIND["TimeSignature"], KIND["Tempo"]))
    none = np.zeros(n, bool)
    # One bar more than is kept: a model told that the piece ends there would fill the last one up.
    amount = last - first + 1 + (last < len(bars))
    return Gap(before, (amount, "bars"), (Barred(never, none, none),), whole, len(after))


def _said(scheme: Remi, before: Ids, old: Ids, new: Ids, after: Ids) -> Ids:
    """What stands behind the gap, with the program and the tempo that held there."""
    for kind, wanted, at in (("Program", ("Pitch",), 0), ("Tempo", ("Position",), 1)):
        held, holds = (_last(scheme, np.concatenate([before, part]), kind) for part in (old, new))
        kinds = scheme.words.kind[after]
        places = np.flatnonzero(np.isin(kinds, [KIND[name] for name in wanted]))
        if held != holds and held >= 0 and len(places):
            place = int(places[0]) + at
            if not (kinds[: place + 1] == KIND[kind]).any():
                after = np.insert(after, place, held)
    return after.astype(np.int32)


def _last(scheme: Remi, ids: Ids, kind: str) -> int:
    """The last id of a kind, -1 without one."""
    found = ids[scheme.words.kind[ids] == KIND[kind]]
    return int(found[-1]) if len(found) else -1

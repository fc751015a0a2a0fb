"""Templates of whole pieces with gaps: some voices given, or some bars of a piece to be made new."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from seqgen.core.controls import asked, header_ids
from seqgen.core.errors import BadInput, UsageError
from seqgen.domains.midi.score import Score
from seqgen.domains.midi.voices.assignment import assign_voices, drums, monophonic, on_grid
from seqgen.domains.midi.voices.scheme import Ids, Voices

FREE = -1


def outline(
    scheme: Voices, piece: Score | None, fixed: Mapping[str, Score], renew: tuple[int, int] | None, **given: Any
) -> Ids:
    """See Tokenizer.outline. Bars are counted as in notation: a pickup of up to half a bar is bar 0.
    Raises UsageError."""
    tunes = {voice_number(scheme, name): tune for name, tune in fixed.items()}
    if len(tunes) < len(fixed):
        raise UsageError("A voice is given twice.")
    rows = {v: _row(scheme, v, tune) for v, tune in tunes.items()}
    if piece is None:
        header, grid = _from_tunes(scheme, next(iter(tunes.values())), rows)
    else:
        whole = scheme.grid(piece)
        header, silent = scheme.header(piece, whole)
        first, stop = _bars(scheme, header, whole.shape[1] - silent, renew)
        grid = _renewed(scheme, whole, rows, first + silent, stop + silent)[:, silent:]
    values = dict(zip(scheme.header_types, header.tolist(), strict=True))
    said = asked(scheme.controls, given)
    if "bars" in said:
        raise UsageError("What is given says how many bars there are.", "Leave bars out.")
    values |= header_ids(scheme.controls, scheme.vocabulary, said)
    if "Length" in values:
        values["Length"] = scheme.announced(grid.shape[1], scheme.metre(list(values.values()))[0])
    if not (grid == FREE).any():
        raise UsageError("Everything is given; nothing is left to find.", "Leave a voice out.")
    return scheme.joined(list(values.values()), grid)


def voice_number(scheme: Voices, name: str) -> int:
    """The index of a voice by its name, or its number from 1. Raises UsageError."""
    names = [n.casefold() for n in scheme.settings.names]
    wanted = str(name).strip().casefold()
    if wanted in names:
        return names.index(wanted)
    if wanted.isascii() and wanted.isdigit() and 1 <= int(wanted) <= len(names):
        return int(wanted) - 1
    known = ", ".join(scheme.settings.names)
    raise UsageError(f"There is no voice {str(name)[:40]!r}.", f"Voices, from 1 to {len(names)}: {known}.")


def _from_tunes(scheme: Voices, tune: Score, rows: Mapping[int, Ids]) -> tuple[Ids, Ids]:
    """Header and grid of a piece of which only some voices are known."""
    grid = np.full((scheme.settings.n_voices, max(map(len, rows.values()))), FREE, np.int32)
    for v, row in rows.items():
        grid[v] = scheme.rest
        grid[v, : len(row)] = row
    header, silent = scheme.header(tune, grid[list(rows)])
    for kind, known in (("Key", tune.key_signatures), ("Density", ())):
        if kind in scheme.header_types and not known:
            header[scheme.header_types.index(kind)] = FREE
    return header, grid[:, silent:]


def _bars(scheme: Voices, header: Ids, n_steps: int, renew: tuple[int, int] | None) -> tuple[int, int]:
    """The steps of the bars to be made new, from and to. Raises UsageError."""
    if renew is None:
        raise UsageError("Which bars of the piece shall be made new?", "Say so: --infill 5-8.")
    bar, pickup = scheme.metre(header.tolist())
    last = -(-(n_steps - pickup) // bar)
    longer = int(2 * pickup > bar)  # than half a bar: then notation counts it
    low = 0 if pickup and not longer else 1
    if not low <= renew[0] <= renew[1] <= last + longer:
        has = f"It has bars {low} to {last + longer}."
        raise UsageError(f"Bars {renew[0]} to {renew[1]} are not in the piece.", has)
    first, stop = (pickup + (number - longer) * bar for number in (renew[0] - 1, renew[1]))
    return max(0, first), min(n_steps, stop)


def _renewed(scheme: Voices, whole: Ids, rows: Mapping[int, Ids], start: int, stop: int) -> Ids:
    """The grid with free steps from start to stop, but for voices that are given."""
    grid = whole.copy()
    grid[:, start:stop] = FREE
    for v, row in rows.items():
        grid[v, start:stop] = np.pad(row, (0, max(0, stop - len(row))), constant_values=scheme.rest)[start:stop]
        _begin_anew(scheme, grid[v], row, start)
    for v in range(len(grid)):
        if stop < grid.shape[1]:
            _begin_anew(scheme, grid[v], whole[v], stop)
    return grid


def _begin_anew(scheme: Voices, row: Ids, whole: Ids, at: int) -> None:
    """Where a note would be held that is not there any more, begin it."""
    if row[at] == scheme.hold >= 0:
        begun = at - int((whole[at::-1] != scheme.hold).argmax())
        if not (row[begun:at] == whole[begun:at]).all():
            row[at] = whole[begun]


def _row(scheme: Voices, v: int, tune: Score) -> Ids:
    """int32 [steps] of one voice."""
    s = scheme.settings
    chosen = _track(scheme, v, tune)
    onset, stop = on_grid(chosen, s.steps_per_quarter)
    if not monophonic(onset, stop, np.ones(len(onset), bool)):
        raise BadInput(
            tune.name or "tune", "more than one note sounds at once", where=s.names[v], hint="Give one melody."
        )
    row: Ids = scheme.laid_out(chosen, np.full(len(onset), v, np.int32))[v]
    return row


def _track(scheme: Voices, v: int, tune: Score) -> Score:
    """The notes of the track that is meant: the only one, the one of the voice's name, or the voice that they make
    together where they are as many as the voices."""
    s, name = scheme.settings, tune.name or "tune"
    tune = tune.take(~drums(tune))
    used = np.unique(tune.track)
    if len(used) == 1:
        return tune
    named = [t for t in used if tune.tracks[t].name.casefold() == s.names[v].casefold()]
    if len(named) == 1:
        return tune.take(tune.track == named[0])
    if len(used) == s.n_voices:
        voice = assign_voices(tune, *on_grid(tune, s.steps_per_quarter), s.n_voices)
        return replace(tune.take(voice == v), name=name)
    if not len(used):
        raise BadInput(name, "holds no notes")
    has = ", ".join(tune.tracks[t].name or "without a name" for t in used[:16])
    raise BadInput(name, f"no track is called {s.names[v]}", hint=f"It has {has}.")

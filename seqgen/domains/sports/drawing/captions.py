"""What pictures of a match say in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from seqgen.core.pictures import shortened
from seqgen.domains.sports.baseball import BASES
from seqgen.domains.sports.known import SPORTS
from seqgen.domains.sports.match import Match
from seqgen.domains.sports.moments import on_clock
from seqgen.domains.sports.roster import called
from seqgen.domains.sports.sport import Row, Sport
from seqgen.domains.sports.tokenizer import SportsTokenizer

_NAME, _SHORT = 48, 24  # characters
_ENDED = 2  # an appearance: see BaseballCounters


def titles(match: Match, what: str, found: Mapping[str, Any]) -> tuple[str, str, str]:
    """What a picture shows, when that is, and what it is from; found: of a run, as `Domain.picture` has it."""
    sport, name = SPORTS[match.sport], shortened(match.about["match"], _NAME)
    events = f"{len(match):,} event{'s' * (len(match) != 1)}"
    title = f"{sport.name.capitalize()}: {what}{' in match ' + name if name else ''} after {events}"
    about = (match.about["date"], *_where(sport, match), *_stands(sport, match))
    run = (
        f"run {found['run']}" if found.get("run") else "",
        "" if "calibrated" not in found else "calibrated" if found["calibrated"] else "not calibrated",
        f"{found['paths']:,} paths, seed {found['seed']}" if "paths" in found else "",
    )
    return title, "  ·  ".join(filter(None, about)), "  ·  ".join(filter(None, run))


def _where(sport: Sport, match: Match) -> Iterator[str]:
    """The columns that order events, of the last one: period, over … and the clock."""
    last = last_of(match)
    for column in sport.order if last else ():
        if column != "time" and last[column] is not None:
            yield f"{column} {last[column]}"
        elif column == "time" and sport.clock and last[column] is not None:
            minutes, seconds = divmod(int(on_clock(sport.clock, last["period"], last[column])), 60)
            yield f"{minutes}:{seconds:02d}"


def _stands(sport: Sport, match: Match) -> Iterator[str]:
    """The numbers of a match so far."""
    if sport.result is not None and len(match):
        for name, value in sport.result(match).items():
            if not isinstance(value, str):
                yield f"{shortened(name.replace('_', ' '), _SHORT)}: {value:g}"


def last_of(match: Match) -> Row:
    """The last event; nothing where there is none."""
    return {column: values[-1] for column, values in match.events.items()} if len(match) else {}


def done(sport: Sport, event: Row) -> str:
    """What was done in an event."""
    action = str(event.get("action", ""))
    return shortened(sport.names.get(action, action), _SHORT)


def labels(match: Match, tokens: Iterable[str]) -> dict[str, str]:
    """How tokens read: what begins, by whom; or what is done."""
    sport, names = SPORTS[match.sport], called(SPORTS[match.sport], match)
    found = {}
    for token in tokens:
        kind, _, value = token.partition("_")
        slot = next((slot for slot in sport.slots if slot.kind == kind), None)
        who = names.get(token) or f"{kind.lower()} {value}"
        done = f"new {slot.on}, {who}" if slot and slot.on else sport.names.get(value, value)
        found[token] = done if slot else "the end"
    return found


def diamond_of(match: Match) -> tuple[str, str]:
    """Of a match of baseball which bases are taken, as in 1-3; and the same, outs and the count in words."""
    tokenizer = SportsTokenizer(match.sport)
    assert tokenizer.sport.counters is not None  # noqa: S101  # as baseball has it
    counters = tokenizer.sport.counters()
    for i in tokenizer.encode(match)[:-1]:
        counters.take(*tokenizer.vocabulary.values[i])
    counted = dict(zip(counters.sizes, counters.row(), strict=True))
    bases, balls, strikes = BASES[counted["bases"]], counted["balls"], counted["strikes"]
    taken = " and ".join(name for base, name in zip(bases, ("first", "second", "third"), strict=True) if base != "-")
    count = "" if counted["ends"] == _ENDED else f", count {balls}–{strikes}"
    return bases, f"{taken.capitalize() + ' base' if taken else 'No base'} taken, {counted['outs']} out{count}"

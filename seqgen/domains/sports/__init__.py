"""Sports: logs of matches, event by event."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqgen.core.domain import Domain
from seqgen.domains.sports.options import SportsOptions

if TYPE_CHECKING:
    from seqgen.core.download import RemoteFile
    from seqgen.core.tokenizer import Tokenizer

# Functions import what they need when they are called: `seqgen --help` names this domain and must be quick.


def _read(source: Path | bytes, name: str = "", options: Any = None) -> Iterator[Any]:
    from seqgen.domains.sports.files import read

    return read(source, name, options)


def _open(path: Path, options: Any = None) -> Iterator[Any]:
    from seqgen.domains.sports.files import read_season

    return read_season(path, options)


def _write(match: Any, path: Path) -> None:
    from seqgen.domains.sports.files import write

    write(match, path)


def _fit(matches: Iterable[Any], options: Any) -> Tokenizer[Any]:
    from seqgen.domains.sports.tokenizer import SportsTokenizer

    return SportsTokenizer.fit(matches, options)


def _tokenizer(config: Mapping[str, Any]) -> Tokenizer[Any]:
    from seqgen.domains.sports.tokenizer import SportsTokenizer

    return SportsTokenizer.from_config(config)


def _identity(match: Any) -> tuple[str, ...]:
    from seqgen.domains.sports.identity import identity

    return identity(match)


def _date(match: Any) -> str:
    from seqgen.domains.sports.identity import date

    return date(match)


def _describe(match: Any) -> Iterable[Mapping[str, Any]]:
    from seqgen.domains.sports.identity import describe

    return describe(match)


def _until(match: Any, moment: str) -> Any:
    from seqgen.domains.sports.moments import until

    return until(match, moment)


def _result(match: Any) -> Mapping[str, float | str]:
    from seqgen.domains.sports.known import SPORTS

    sport = SPORTS[match.sport]
    return sport.result(match) if sport.result is not None else {}


def _points(match: Any) -> Any:
    from seqgen.domains.sports.scoring import points

    return points(match)


def _table(match: Any) -> Iterable[Mapping[str, Any]]:
    return ({"match": match.about["match"], **row} for row in match.rows())


def _follow(lines: Iterable[bytes], tokenizer: Any, name: str, options: Any = None) -> Iterator[Any]:
    from seqgen.domains.sports.follower import follow

    return follow(lines, tokenizer, name, options)


def _picture(match: Any, found: Mapping[str, Any], given: Any, path: Path) -> None:
    from seqgen.domains.sports.files import to_match
    from seqgen.domains.sports.picture import picture

    picture(to_match(match), found, given, path)


def _timeline(match: Any, events: Sequence[Mapping[str, Any]], run: str, path: Path) -> None:
    from seqgen.domains.sports.files import to_match
    from seqgen.domains.sports.picture import match_timeline

    # Before each event: after a goal it is certain, which would hide the chances.
    scores, concedes = ([event[column] for event in events] for column in ("scores_before", "concedes_before"))
    match_timeline(to_match(match), scores, concedes, path, run)


def _cricket(folder: Path, report: Callable[[int, int], None]) -> int:
    from seqgen.domains.sports.recipes import cricket

    return cricket(folder, report)


def _nfl(folder: Path, report: Callable[[int, int], None]) -> int:
    from seqgen.domains.sports.recipes import nfl

    return nfl(folder, report)


def _wyscout(folder: Path, report: Callable[[int, int], None]) -> int:
    from seqgen.domains.sports.formats.wyscout_archive import wyscout

    return wyscout(folder, report)


def _wyscout_files() -> Iterable[RemoteFile]:
    from seqgen.domains.sports.formats.wyscout_archive import ARCHIVES

    return ARCHIVES


domain = Domain(
    name="sports",
    about="sports: logs of matches, event by event (American football, badminton, baseball, basketball, cricket, "
    "ice hockey, soccer, tennis)",
    suffixes=(
        ".csv",
        ".csv.gz",
        ".json",
        ".json.gz",
        ".jsonl",
        ".jsonl.gz",
        ".ndjson",
        ".ndjson.gz",
        ".parquet",
        ".xml",
        ".eva",
        ".evn",
        ".pbp",
    ),
    read=_read,
    fit=_fit,
    tokenizer=_tokenizer,
    options=SportsOptions,
    identity=_identity,
    date=_date,
    until=_until,
    result=_result,
    points=_points,
    table=_table,
    follow=_follow,
    picture=_picture,
    timeline=_timeline,
    units=("events", "games", "tokens"),
    default_length="1game",
    write=_write,
    written=(".csv",),
    describe=_describe,
    recipes={"cricket": _cricket, "nfl": _nfl, "wyscout": _wyscout},
    downloads={"wyscout": _wyscout_files},
    size_limit="max_table_bytes",
    open=_open,
    read_seconds=60.0,  # seasons have many events
    read_memory=512_000_000,
    # Most of a match is chance, and what is counted says the rest: with the dropout that music needs, little of that is
    # learned in minutes.
    training={"feature_dropout": 0.1, "input_dropout": 0.1, "layer_dropout": 0.3, "perceptron_dropout": 0.1},
)

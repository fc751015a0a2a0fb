"""What a domain brings: how its files are read and written, its tokenizer, its units. And where domains are found."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from seqgen.core.errors import BadInput, RunError, UsageError
from seqgen.core.files import read_head
from seqgen.core.sealed import read_sealed, write_sealed

if TYPE_CHECKING:  # numpy or sockets come with them, and `seqgen --help` should not wait for those
    from seqgen.core.course import Course
    from seqgen.core.download import RemoteFile
    from seqgen.core.metrics import Contour, Metrics
    from seqgen.core.tokenizer import Tokenizer

FORMAT = 1
READING = {"reading": True}  # the metadata of an option that says how files are read: whatever reads a file takes it


@dataclass(frozen=True)
class Domain:
    """The record a domain package exports as `domain`. Functions import what they need when called.

    Attributes:
        name: what stands after `seqgen train`.
        about: one line for `seqgen domains`.
        suffixes: of the files it reads, lower case with the dot.
        read: a file's path (or bytes), a name for it, options or None -> the pieces in it. Raises BadInput and nothing
            else.
        fit: training pieces and options -> a tokenizer. They may be more than memory holds, and are read anew each time
            that they are gone over.
        tokenizer: config of a saved tokenizer -> the tokenizer. Raises UsageError on a config that is not one.
        options: a frozen dataclass; its fields are the domain's flags, their metadata["help"] the help, `READING` in it
            for those that say how files are read.
        identity: a piece -> hashes; pieces that share one never sit in two splits.
        units: names that a length may carry, the first is the default. default_length: e.g. "16bars".
        date: a piece -> what sorts pieces by their time, "" where that is not known. Where all have one, the
            last are held out.
        controls: names of what may be asked of samples -> help; each is a flag of `seqgen sample`. Which of them a run
            takes, its tokenizer says.
        training: settings of the training by name, such as layer_dropout, where nothing else is asked for; sizes are
            those of the preset small.
        dropout: shares of dropout by name, such as layer_dropout, where pieces are read many times and nothing else is
            asked for; what is read but a few times gets less.
        readings: how often a training reads the corpus at most, where its time is given and not its steps: what tells
            little is soon learned by heart.
        sampling: how samples are drawn where nothing else is asked for: filters by name, such as temperature.
        write: a piece, a path whose suffix is in `written` -> the file.
        describe: a piece -> rows of events for `seqgen inspect`.
        sheet: pieces, a path whose suffix is in `written` -> one file that shows them all, where there is such.
        default_count: how many samples are drawn where nothing is said.
        beside: a file -> those beside it that say something of what is in it, such as labels.
        compare: a piece, options -> rows of a table: what each tokenizer that the domain has makes of what is in it.
        recipes: names in corpus.toml -> functions that build a corpus into a folder and say how it goes.
        downloads: of such a recipe, where it needs some: -> the files that `seqgen corpus get` downloads for it.
        split: what training and held-out data are told apart by. "position": a few long pieces are each cut in parts.
            "date": all pieces are cut at the same moments.
        cut: a piece, two shares of its length from 0 to 1 -> the part between, None when that is nothing.
        moments, cut_moments: split "date": a piece -> int [N] of each event when it was, in order; a piece, a moment, a
            later one or None -> the part from the one until before the other, None when that is nothing.
        size_limit: the field of Limits that bounds a file. any_suffix: a file given by its name is read whatever its
            suffix. textual: a piece is a str: it may be typed as a prompt, is printed, and ends at stop strings.
        claims: the first kilobytes of a file -> whether it is of this domain, asked where others read its suffix too.
        slow, heavy: seconds, and bytes of memory, that a file of these suffixes may take to read, where they are not
            read_seconds and read_memory.
        live: -> a module with what plays: ports, a Listener that turns messages into a piece, `call` that turns it into
            what a model continues, `timed` that turns its answer into messages; as seqgen.domains.midi.live has them.
        read_seconds, read_memory: how long a file may take to read, and how many bytes of memory; 0: as LIMITS has it.
        isolated: files are read in a worker that may hang or crash; False where nothing is parsed.
        until: a piece, a moment as the user writes it ("last", a number of events, a time) -> the piece up to there.
            Raises UsageError. Of what has a course, as much of it as says something of what comes.
        course: a piece, N -> how a number went on in it over its last N events, such as a price: what is then told of
            paths is where it lies. Samples go on from where their prompt stands.
        result: a piece, perhaps not whole -> what came of it by name: numbers, such as a total, that are known at any
            time, and texts, such as who won, that are known at its end.
        points: a piece -> int [N, 3] of each event: a number for the side that acts, what it gains by it and what the
            others gain. Raises UsageError where nothing scores.
        table: a piece -> a row of a table for each event, with what is the same for all of them.
        follow: lines of a file that grows (their bytes, as they come), the tokenizer, a name, options -> the ids of one
            event after the other, the first with the header. Together they are those of `encode`, but for the last
            that ends a piece. Raises BadInput.
        picture: a piece, what `Model.forecast` found to come after it and the run's name, how to ask for more (a type
            of id and a value -> the fields of a next event that says it), a path -> a picture. Raises UsageError,
            MissingExtra.
        draw: a piece, a path -> a picture of the piece as it is. Raises UsageError, MissingExtra.
        metrics: pieces, and those of the training part -> what is measured of the former, such as of samples.
        contour: a piece -> what stays of it however it is re-written, to find what was copied; contour_units: what its
            events are, and what its places count.
        timeline: a piece, what `Model.value` says of each of its events, the run's name, a path -> a picture.
        open: like `read`, for training, of a path and options: files, or pieces that stay in them, are read in parts,
            so that they may be larger than `size_limit` or memory. None: files are read whole.
    """

    name: str
    about: str
    suffixes: tuple[str, ...]
    read: Callable[[Path | bytes, str, Any], Iterator[Any]]
    fit: Callable[[Iterable[Any], Any], Tokenizer[Any]]
    tokenizer: Callable[[Mapping[str, Any]], Tokenizer[Any]]
    options: type
    identity: Callable[[Any], tuple[str, ...]]
    units: tuple[str, ...]
    default_length: str
    write: Callable[[Any, Path], None]
    written: tuple[str, ...]
    describe: Callable[[Any], Iterable[Mapping[str, Any]]]
    sheet: Callable[[Sequence[Any], Path], None] | None = None
    default_count: int = 4
    beside: Callable[[Path], Sequence[Path]] | None = None
    compare: Callable[[Any, Any], Iterable[Mapping[str, str]]] | None = None
    recipes: Mapping[str, Callable[[Path, Callable[[int, int], None]], int]] = field(default_factory=dict)
    downloads: Mapping[str, Callable[[], Iterable[RemoteFile]]] = field(default_factory=dict)
    split: Literal["piece", "position", "date"] = "piece"
    cut: Callable[[Any, float, float], Any | None] | None = None
    moments: Callable[[Any], Any] | None = None
    cut_moments: Callable[[Any, int, int | None], Any | None] | None = None
    size_limit: str = "max_file_bytes"
    any_suffix: bool = False
    textual: bool = False
    isolated: bool = True
    open: Callable[[Path, Any], Iterator[Any]] | None = None
    until: Callable[[Any, str], Any] | None = None
    course: Callable[[Any, int], Course] | None = None
    result: Callable[[Any], Mapping[str, float | str]] | None = None
    points: Callable[[Any], Any] | None = None
    table: Callable[[Any], Iterable[Mapping[str, Any]]] | None = None
    follow: Callable[[Iterable[bytes], Any, str, Any], Iterator[Any]] | None = None
    picture: Callable[[Any, Mapping[str, Any], Callable[[str, str], Mapping[str, Any]], Path], None] | None = None
    draw: Callable[[Any, Path], None] | None = None
    timeline: Callable[[Any, Sequence[Mapping[str, Any]], str, Path], None] | None = None
    metrics: Callable[[Sequence[Any], Sequence[Any]], Metrics] | None = None
    contour: Callable[[Any], Contour] | None = None
    contour_units: tuple[str, str] = ("events", "places")
    date: Callable[[Any], str] | None = None
    controls: Mapping[str, str] = field(default_factory=dict)
    training: Mapping[str, float] = field(default_factory=dict)
    dropout: Mapping[str, float] = field(default_factory=dict)
    readings: float = math.inf
    sampling: Mapping[str, float] = field(default_factory=dict)
    live: Callable[[], Any] | None = None
    claims: Callable[[bytes], bool] | None = None
    slow: Mapping[str, float] = field(default_factory=dict)
    heavy: Mapping[str, int] = field(default_factory=dict)
    read_seconds: float = 0.0
    read_memory: int = 0

    def parse_length(self, text: str) -> tuple[int, str]:
        """(16, "bars") from "16bars", "16 bars" or "16" (the first unit). Raises UsageError."""
        match = re.fullmatch(r"\s*(\d{1,9})\s*([a-z]*)\s*", text.lower())
        hint = f"Write it like 16{self.units[0]}; units: {', '.join(self.units)}."
        if not match or int(match[1]) < 1:
            raise UsageError(f"{text!r} is not a length.", hint)
        unit = next((u for u in self.units if match[2] in ("", u, u.removesuffix("s"))), None)
        if unit is None:
            raise UsageError(f"{self.name} has no unit {match[2]!r}.", hint)
        return int(match[1]), unit


@functools.cache
def domains() -> dict[str, Domain]:
    """Every installed domain by name: ours and those of other packages (entry point group `seqgen.domains`)."""
    found = {entry.name: entry for entry in entry_points(group="seqgen.domains")}
    return {name: found[name].load() for name in sorted(found)}


def domain_of(file: Path) -> Domain:
    """The domain that reads files of this name; where several do, the one that claims its content. Raises BadInput."""
    named = [domain for domain in domains().values() if file.name.lower().endswith(domain.suffixes)]
    if len(named) > 1:
        head = read_head(file)
        named.sort(key=lambda domain: 1 if domain.claims is None else 0 if domain.claims(head) else 2)
    if named:
        return named[0]
    for domain in domains().values():
        if domain.any_suffix:
            return domain
    known = ", ".join(s for d in domains().values() for s in d.suffixes)
    raise BadInput(file, "is of no kind that seqgen reads", hint=f"It reads files that end in {known}.")


def get_domain(name: str) -> Domain:
    """The domain of that name. Raises UsageError."""
    known = domains()
    if name not in known:
        raise UsageError(f"No domain {name!r}.", f"Known domains: {', '.join(known)}.")
    return known[name]


def save_tokenizer(tokenizer: Tokenizer[Any], path: Path) -> None:
    """Write a tokenizer as one JSON file."""
    write_sealed(path, describe_tokenizer(tokenizer))


def describe_tokenizer(tokenizer: Tokenizer[Any]) -> dict[str, Any]:
    """The JSON-ready form that `load_tokenizer` reads."""
    return {
        "format": FORMAT,
        "domain": tokenizer.domain,
        "name": tokenizer.name,
        "fingerprint": tokenizer.vocabulary.fingerprint,
        "config": dict(tokenizer.config()),
    }


def load_tokenizer(path: Path) -> Tokenizer[Any]:
    """The tokenizer that `save_tokenizer` wrote. Raises RunError when the file is none or is of another version."""
    try:
        saved = read_sealed(path, ("format", "domain", "name", "fingerprint", "config"))
    except BadInput as error:
        raise RunError(error.message, error.hint or "The run is incomplete; train it again.") from None
    if saved.get("format") != FORMAT or not isinstance(saved.get("config"), dict):
        raise RunError(f"{path} is not a tokenizer of this version of seqgen.", "Train the run again.")
    try:
        tokenizer = get_domain(str(saved.get("domain"))).tokenizer(saved["config"])
    except UsageError as error:
        raise RunError(f"{path}: {error.message}", error.hint) from None
    if tokenizer.vocabulary.fingerprint != saved.get("fingerprint"):
        raise RunError(
            f"{path} describes another vocabulary than this version of seqgen builds from it.",
            "Use the version of seqgen that trained the run.",
        )
    return tokenizer

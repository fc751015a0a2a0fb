"""From a folder of files to a tokenizer and a token store, cached so that the second time takes no time."""

from __future__ import annotations

import functools
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import platformdirs

from seqgen.core.domain import Domain, get_domain, load_tokenizer, save_tokenizer
from seqgen.core.drafts import remove_drafts
from seqgen.core.errors import BadInput, CorpusError, MissingExtra, RunError, SeqgenError, UsageError, printable
from seqgen.core.files import read_bytes, sha256, sha256_file, to_json
from seqgen.core.limits import LIMITS
from seqgen.core.sealed import read_sealed, write_sealed
from seqgen.core.tokenizer import Tokenizer
from seqgen.core.workers import Outcome, Workers, cores, run_bounded
from seqgen.corpus.folder import CorpusFolder
from seqgen.corpus.places import KEPT_BYTES, Place, Readable, taken
from seqgen.corpus.split import (
    Cut,
    cut_pieces,
    cut_pieces_at_moments,
    repetitions,
    said_again,
    split_by_names,
    split_pieces,
)
from seqgen.corpus.store import Split, TokenStore, load_store, write_store

FORMAT = 4
STORE = "tokens.safetensors"
# Fields of a run's corpus.json; `path` and `options` are the run's own.
RECORDED = (
    "format", "name", "path", "domain", "title", "origin", "licence", "citation", "tokenizer", "counts", "files",
    "skipped", "options",
)  # fmt: skip
FEW_PIECES = 10  # fewer are cut in parts, in a domain that splits by position


@dataclass(frozen=True)
class PieceFile:
    """What a worker read from one file: the pieces and, for each, its identities and its date."""

    sha256: str
    pieces: list[Any]
    identities: list[tuple[str, ...]]
    dates: list[str]


@dataclass(frozen=True)
class Prepared:
    """A corpus ready for training. about: corpus.json of a run: origin, files, hashes, split, skipped and why."""

    tokenizer: Tokenizer[Any]
    store: TokenStore
    about: dict[str, Any] = field(default_factory=dict)
    cached: bool = False


def prepare(
    corpus: CorpusFolder,
    domain: Domain,
    options: Any,
    report: Callable[[str, int, int], None] = lambda what, done, total: None,
    *,
    strict: bool = False,
) -> Prepared:
    """Build (if it has a recipe), read, split, fit and encode a corpus, or take all of it from the cache.

    report(what, done, total) tells how it goes. strict: the first bad file ends it. Raises CorpusError when nothing
    is left to learn from.
    """
    corpus.build(domain, lambda done, total: report("building the corpus", done, total))
    files = corpus.files(domain.suffixes)
    if not files:
        endings = ", ".join(domain.suffixes)
        raise CorpusError(f"{corpus.path} holds no files for {domain.name}.", f"It reads files that end in {endings}.")
    folder = cache_folder() / _key(corpus, domain, options, files)
    if not strict and (cached := _load(folder)) is not None:
        return cached
    remove_drafts(folder)  # of a process that was killed
    prepared = _build(corpus, domain, options, files, report, strict, folder)
    if _key(corpus, domain, options, files) != folder.name:
        raise CorpusError(f"{corpus.path} changed while it was read.", "Run the command again.")
    save_tokenizer(prepared.tokenizer, folder / "tokenizer.json")
    write_sealed(folder / "corpus.json", {"about": prepared.about})
    return prepared


def cache_folder() -> Path:
    """Where prepared corpora are kept: $SEQGEN_CACHE, or the system's place for caches."""
    given = os.environ.get("SEQGEN_CACHE")
    return Path(given) if given else Path(platformdirs.user_cache_dir("seqgen", appauthor=False)) / "corpora"


def read_file(domain: str, path: str, options: Any = None, *, stay: bool = False) -> PieceFile:
    """Read one file of a domain; runs in a worker unless nothing is parsed. options: the domain's. stay: where the
    domain can, its pieces stay in the file. Raises BadInput."""
    found = get_domain(domain)
    if stay and found.open is not None:
        pieces, digest = list(found.open(Path(path), options)), sha256_file(Path(path))
    else:
        data = read_bytes(path, limit=found.size_limit)
        pieces, digest = list(found.read(data, path, options)), sha256(data)
    for beside in _beside(found, Path(path)):
        digest = sha256((digest + sha256_file(beside)).encode())
    dates = [found.date(piece) if found.date is not None else "" for piece in pieces]
    return PieceFile(digest, pieces, [found.identity(piece) for piece in pieces], dates)


def read_bounded(path: Path, domain: Domain, options: Any = None) -> list[Any]:
    """The pieces of one file, read in a worker that can be killed where anything is parsed. options: the domain's.
    Raises BadInput."""
    if not path.name.lower().endswith(domain.suffixes) and not domain.any_suffix:
        endings = ", ".join(domain.suffixes)
        raise BadInput(path, f"is no file of {domain.name}", hint=f"A file for {domain.name} ends in {endings}.")
    if not domain.isolated:
        return read_file(domain.name, str(path), options).pieces
    task = functools.partial(read_file, domain.name, options=options)
    pieces: list[Any] = run_bounded(task, str(path), **_bounds(domain)).pieces
    return pieces


def _beside(domain: Domain, file: Path) -> Sequence[Path]:
    """The files that say something of what is in one."""
    return () if domain.beside is None else domain.beside(file)


def read_named(
    path: Path, domain: Domain, options: Any, skip: Callable[[Path, SeqgenError], None]
) -> list[tuple[Path, Any]]:
    """The pieces of a file, or of all files of a folder, each with the file it is from; those that are refused are
    passed to `skip`. Raises BadInput for one file, CorpusError for a folder without any, MissingExtra."""
    if not path.is_dir():
        return [(path, piece) for piece in read_bounded(path, domain, options)]
    files = CorpusFolder(path).files(domain.suffixes)
    found: list[tuple[Path, Any]] = []
    for outcome in _read_all(domain, options, [str(file) for file in files]) if files else ():
        if isinstance(outcome.error, MissingExtra):
            raise outcome.error
        if outcome.error is None:
            found += [(Path(outcome.item), piece) for piece in outcome.value.pieces]
        else:
            skip(Path(outcome.item), outcome.error)
    if not found:
        raise CorpusError(f"{path} holds no files for {domain.name} that can be read.")
    return found


def _bounds(domain: Domain) -> dict[str, Any]:
    """What a reader of its files may take."""
    seconds: Any = domain.read_seconds or LIMITS.read_seconds
    memory: Any = domain.read_memory or LIMITS.read_bytes
    if domain.slow:
        seconds = functools.partial(_by_suffix, {**domain.slow}, seconds)
    if domain.heavy:
        memory = functools.partial(_by_suffix, {**domain.heavy}, memory)
    return {"seconds": seconds, "memory": memory}


def _by_suffix(bounds: Mapping[str, Any], otherwise: Any, item: Any) -> Any:
    return bounds.get(Path(item).suffix.lower(), otherwise)


def options_of(about: Mapping[str, Any], domain: Domain, **given: Any) -> Any:
    """The options that a run's corpus was read and written with, as its corpus.json has them; some may be given
    otherwise. Raises RunError, or UsageError."""
    for name in given.keys() - {f.name for f in fields(domain.options)}:
        raise UsageError(f"{domain.name} has no option {name!r}.")
    try:
        options = domain.options(**about["options"])
    except (KeyError, TypeError, ValueError, UsageError, BadInput):
        raise RunError("The options in the run's corpus.json are damaged.", "Train the run again.") from None
    return replace(options, **given)


def n_workers() -> int:
    """Processes that read files: one for each core."""
    return cores()


def _build(
    corpus: CorpusFolder,
    domain: Domain,
    options: Any,
    files: list[Path],
    report: Callable[[str, int, int], None],
    strict: bool,
    folder: Path,
) -> Prepared:
    pieces: list[Any] = []  # or their places
    names: list[str] = []
    identities: list[tuple[str, ...]] = []
    dates: list[str] = []
    hashes: dict[str, str] = {}
    skipped: dict[str, str] = {}

    read = functools.partial(_read_all, domain, options)

    def skip(name: str, error: Exception) -> None:
        if strict or isinstance(error, MissingExtra):
            raise error
        skipped[name] = getattr(error, "reason", str(error))

    kept = domain.split != "piece" or sum(f.stat().st_size for f in files if f.is_file()) <= KEPT_BYTES
    for done, outcome in enumerate(read([str(f) for f in files]), 1):
        name = printable(Path(outcome.item).relative_to(corpus.folder).as_posix())
        if outcome.error is not None:
            skip(name, outcome.error)
        else:
            hashes[name] = outcome.value.sha256
            found = outcome.value.pieces
            pieces += found if kept else [Place(outcome.item, k) for k in range(len(found))]
            identities += outcome.value.identities
            dates += outcome.value.dates
            names += [name] * len(found)
        report("reading files", done, len(files))
    if not pieces:
        raise _nothing_left(corpus, skipped)
    said = split_by_names(names, identities, corpus.split)
    cut = _cut(domain, pieces, corpus) if said is None else None
    if cut is not None:
        # What is said twice, if only nearly so, would be cut at other places: learned from and held out.
        earlier = repetitions(identities)
        skipped |= {names[i]: f"says the same as {names[j]}" for i, j in enumerate(earlier) if j != i}
        cuts = [(i, s, part) for i, s, part in cut if earlier[i] == i]
        names, split, pieces = [names[i] for i, _, _ in cuts], [s for _, s, _ in cuts], [part for _, _, part in cuts]
    elif said is not None:
        twice = said_again(said, identities)
        skipped |= {
            name: f"{n} of its pieces held out elsewhere" for name, n in Counter(names[i] for i in twice).items()
        }
        rest = [i for i in range(len(pieces)) if i not in twice]
        names, split, pieces = [names[i] for i in rest], [said[i] for i in rest], [pieces[i] for i in rest]
    else:
        split = split_pieces(identities, corpus.split, dates)
    train = [piece for piece, part in zip(pieces, split, strict=True) if part == "train"]
    tokenizer = domain.fit(Readable(train, read), options)
    vocabulary, entries = tokenizer.vocabulary, dict[tuple[str, Split], dict[str, Any]]()
    with write_store(folder / STORE, len(vocabulary), vocabulary.fingerprint) as store:
        for i, piece in enumerate(taken(pieces, read)):
            try:
                if isinstance(piece, SeqgenError):
                    raise piece
                n = store.add(tokenizer.encode_stream(piece), split[i], names[i])
                new = {"file": names[i], "sha256": hashes[names[i]], "split": split[i], "pieces": 0, "tokens": 0}
                entry = entries.setdefault((names[i], split[i]), new)
                entry["pieces"] += 1
                entry["tokens"] += n
            except BadInput as error:
                skip(names[i], error)
            report("encoding", i + 1, len(pieces))
        if not any(part == "train" for _, part in entries):
            raise _nothing_left(corpus, skipped)
    written = load_store(folder / STORE)
    about = {
        "format": FORMAT,
        "name": corpus.name,
        "path": str(corpus.path),
        "domain": domain.name,
        "title": corpus.title,
        "origin": corpus.origin,
        "licence": corpus.licence,
        "citation": corpus.citation,
        "tokenizer": tokenizer.name,
        "counts": written.counts(),
        "files": list(entries.values()),
        "skipped": [{"file": name, "reason": reason} for name, reason in skipped.items()],
    }
    return Prepared(tokenizer, written, about)


def _cut(domain: Domain, pieces: list[Any], corpus: CorpusFolder) -> list[Cut] | None:
    """The parts of pieces that are learned from and held out; None where pieces stay whole."""
    if domain.split == "date" and domain.moments is not None and domain.cut_moments is not None:
        return cut_pieces_at_moments(pieces, corpus.split, domain.moments, domain.cut_moments)
    if domain.split == "position" and domain.cut is not None and len(pieces) < FEW_PIECES:
        return cut_pieces(pieces, corpus.split, domain.cut)
    return None


def _read_all(domain: Domain, options: Any, paths: Sequence[str]) -> Iterator[Outcome]:
    """What became of each file, in order."""
    read = functools.partial(read_file, domain.name, options=options, stay=True)
    if domain.isolated:
        with Workers(read, min(n_workers(), len(paths)), **_bounds(domain)) as workers:
            yield from workers.map(paths)
        return
    for path in paths:
        try:
            yield Outcome(path, read(path), None)
        except SeqgenError as error:
            yield Outcome(path, None, error)


def _nothing_left(corpus: CorpusFolder, skipped: dict[str, str]) -> CorpusError:
    first = next(iter(skipped.items()), None)
    reason = f" The first: {first[0]}: {first[1]}." if first else ""
    return CorpusError(
        f"No piece of {corpus.path} can be learned from; {len(skipped)} files were refused.{reason}",
        "`seqgen inspect FILE` says more about one of them.",
    )


def _load(folder: Path) -> Prepared | None:
    """The cached corpus, or None when there is none or it is damaged: it can always be built again."""
    try:
        tokenizer = load_tokenizer(folder / "tokenizer.json")
        store = load_store(folder / STORE)
        about = read_sealed(folder / "corpus.json", ("about",))["about"]
    except (BadInput, CorpusError, RunError, KeyError):
        return None
    if store.fingerprint != tokenizer.vocabulary.fingerprint:
        return None
    return Prepared(tokenizer, store, about, cached=True)


def _key(corpus: CorpusFolder, domain: Domain, options: Any, files: list[Path]) -> str:
    """Changes whenever the files, the options or seqgen do."""
    read = [f for file in files for f in (file, *_beside(domain, file))]
    stats = [(str(f), s.st_size, s.st_mtime_ns) for f in read if f.exists() for s in [f.stat()]]
    said = [
        FORMAT,
        version("seqgen-toolkit"),
        str(corpus.path.resolve()),
        domain.name,
        asdict(options),
        corpus.split,
        stats,
    ]
    return f"{corpus.name}-{sha256(to_json(said))[:16]}"

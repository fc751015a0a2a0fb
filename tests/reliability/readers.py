"""Every reader of a file that seqgen has: what a whole file of it is, how it is damaged, and what must become of it."""

from __future__ import annotations

import functools
import importlib.util
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from reliability import mutation
from reliability import mutation_of_formats as formats
from reliability import whole_files as whole
from reliability import whole_logs as logs
from reliability.mutation import Mutator
from seqgen.core.domain import get_domain
from seqgen.core.errors import BadInput, CorpusError, UsageError
from seqgen.corpus.build import read_file
from seqgen.corpus.folder import open_corpus
from seqgen.domains.sports.formats.columns import column_map
from seqgen.domains.sports.known import SPORTS
from seqgen.tokenizers import MidiTokenizer, SportsTokenizer

_KLOPPY = importlib.util.find_spec("kloppy")
_PROVIDED = Path(str(_KLOPPY.origin)).parent / "tests" / "files" if _KLOPPY else Path("nowhere")


@dataclass(frozen=True)
class Reader:
    """file: a name as its files have. whole: files that are read. mutate: damage to one. read: a path -> how many
    pieces were in it; raises BadInput. beside: other files that it looks for, changed by mutate_beside."""

    domain: str
    file: str
    whole: tuple[bytes, ...]
    mutate: Mutator
    beside: Mapping[str, bytes] = field(default_factory=dict)
    mutate_beside: Mutator | None = None
    read: Callable[[Path, int], int] | None = None

    def place(self, folder: Path, seed: int) -> Path:
        """Put a damaged file, or a whole one with a damaged one beside it, into a folder."""
        rng = np.random.default_rng((zlib.crc32(self.file.encode()), seed))
        data = mutation.one_of(rng, self.whole)
        beside = self.mutate_beside is not None and rng.random() < 0.5
        for other, content in self.beside.items():
            damaged = self.mutate_beside(content, rng) if self.mutate_beside and beside else content
            (folder / other).write_bytes(damaged)
        path = folder / self.file
        path.write_bytes(data if beside else self.mutate(data, rng))
        return path

    def survives(self, path: Path, seed: int) -> int:
        """Read a file as a corpus does, and encode what is in it: how many pieces it held. Raises BadInput; anything
        else is a fault, as is what breaks a grammar."""
        if self.read is not None:
            return self.read(path, seed)
        found = read_file(self.domain, str(path), stay=bool(seed % 2)).pieces
        assert found, "neither read nor refused"
        for piece in found[:3]:
            said(self.domain, piece, seed)
        return len(found)


@functools.cache
def _of_sport(sport: str) -> SportsTokenizer:
    return SportsTokenizer(sport)


@functools.cache
def _of_music(n: int) -> MidiTokenizer:
    return MidiTokenizer(("remi", "voices", "performance")[n])


def said(domain: str, piece: Any, seed: int) -> None:
    """What a tokenizer makes of a piece obeys the grammar."""
    if domain == "sports":
        tokenizer: Any = _of_sport(piece.sport)
    elif domain == "midi":
        assert piece.n_notes > 0
        tokenizer = _of_music(seed % 3)
    else:
        try:
            known = get_domain(domain)
            tokenizer = known.fit([piece], known.options())
        except CorpusError:  # nothing in it moves, or it is empty
            return
    try:
        ids = tokenizer.encode(piece)
    except BadInput:
        return
    assert not len(tokenizer.grammar.violations(ids)), "breaks the grammar"
    if domain == "sports":
        assert len(piece) and len(tokenizer.decode(ids, piece)) == len(piece)
        result = SPORTS[piece.sport].result
        assert result is None or result(piece) is not None


def _corpus_toml(path: Path, seed: int) -> int:
    try:
        corpus = open_corpus(path.parent)
        corpus.files(())
        if corpus.recipe:
            corpus.build(get_domain("text"), lambda done, total: None)
    except CorpusError as error:
        raise BadInput(path, error.message) from None
    return 1


def _column_map(path: Path, seed: int) -> int:
    said = str(path) if seed % 2 else path.read_bytes().decode("utf-8", "surrogateescape")
    try:
        column_map(said)
    except UsageError as error:
        raise BadInput(path, error.message) from None
    return 1


def _music() -> Iterator[tuple[str, Reader]]:
    yield "midi", Reader("midi", "x.mid", (whole.tune(), whole.band(), *whole.played(".mid")), formats.midi)
    scores = (whole.MUSICXML, *(data for data in whole.played(".musicxml") if data.startswith(b"<")))
    yield "musicxml", Reader("midi", "x.musicxml", scores, formats.xml)
    packed = whole.make.archive({"score.musicxml": whole.MUSICXML, "cover.png": b"png"})
    yield "mxl", Reader("midi", "x.mxl", (packed, *whole.played(".mxl")), formats.archive)
    yield "abc", Reader("midi", "x.abc", (whole.ABC, *whole.played(".abc")), mutation.lines)
    yield "kern", Reader("midi", "x.krn", (whole.KERN, *whole.played(".krn")), mutation.lines)


def _sports() -> Iterator[tuple[str, Reader]]:
    tables = tuple(said.encode() for name, said in logs.TABLES.items() if name not in ("retrosheet", "compact"))
    yield "JSON lines", Reader("sports", "x.jsonl", tables, mutation.json_lines)
    yield "JSON records", Reader("sports", "x.json", tables, mutation.json_list)
    yield "parquet", Reader("sports", "x.parquet", tables, mutation.parquet)
    for name, said in logs.TABLES.items():
        data = (said.encode(),)
        mutate = mutation.lines if name == "retrosheet" else mutation.table
        yield name, Reader("sports", f"{name}.csv", data, mutate)
    for name, tree in logs.TREES.items():
        yield name, Reader("sports", f"{name}.json", (mutation.json.dumps(tree).encode(),), mutation.document)
    yield "cricsheet xml", Reader("sports", "x.xml", (logs.XML.encode(),), formats.xml)
    yield "strings", Reader("sports", "x.pbp", (logs.STRINGS,), mutation.lines)
    yield "sports gzip", Reader("sports", "x.csv.gz", (logs.CRICKET.encode(), logs.NBA.encode()), formats.zipped)
    for name, (events, *beside) in _OF_PROVIDERS.items():
        if _PROVIDED.is_dir():
            files = {file: _small(file) for file in (events, *beside)}
            mutate = formats.xml if events.endswith("xml") else mutation.document
            others = mutation.mutated if beside else None
            yield name, Reader("sports", events, (files.pop(events),), mutate, files, others)


_OF_PROVIDERS = {
    "opta": ("opta_f24.xml", "opta_f7.xml"),
    "statsperform": ("statsperform_event_ma3.json", "statsperform_event_ma1.json"),
    "sportec": ("sportec_events.xml", "sportec_meta.xml"),
    "datafactory": ("datafactory_events.json",),
    "metrica": ("metrica_events.json", "epts_metrica_metadata.xml"),
    "impect": ("impect_events.json", "impect_lineups.json"),
    "wyscout 3": ("wyscout_events_v3.json",),
}


def _small(file: str) -> bytes:
    data = (_PROVIDED / file).read_bytes().removeprefix(b"\xef\xbb\xbf")
    return whole.shrunk(data) if file.endswith("_events.json") or "ma3" in file or "v3" in file else data


def _others() -> Iterator[tuple[str, Reader]]:
    yield "text", Reader("text", "x.txt", (whole.TEXT,), mutation.text)
    yield "prices", Reader("prices", "x.csv", (whole.PRICES, whole.SHARES), mutation.table)
    yield "prices parquet", Reader("prices", "x.parquet", (whole.PRICES, whole.SHARES), mutation.parquet)
    yield "prices gzip", Reader("prices", "x.csv.gz", (whole.PRICES,), formats.zipped)
    labels = {"x-labels-idx1-ubyte": whole.IDX_LABELS}
    yield "idx", Reader("images", "x-images-idx3-ubyte", (whole.idx(),), mutation.mutated, labels, mutation.mutated)
    if importlib.util.find_spec("PIL"):
        for suffix, files in whole.photos().items():
            mutate = formats.png if suffix == ".png" else mutation.mutated
            yield suffix[1:], Reader("images", f"x{suffix}", tuple(files), mutate)
    yield "corpus.toml", Reader("", "corpus.toml", (whole.CORPUS_TOML,), mutation.lines, read=_corpus_toml)
    maps = (whole.COLUMNS_TOML, whole.COLUMNS)
    yield "columns", Reader("sports", "x.toml", maps, mutation.lines, read=_column_map)


READERS: dict[str, Reader] = dict((*_music(), *_sports(), *_others()))

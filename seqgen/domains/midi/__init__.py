"""Music, as MIDI files and notation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqgen.core.domain import Domain
from seqgen.domains.midi.asking import CONTROLS
from seqgen.domains.midi.options import MidiOptions

if TYPE_CHECKING:
    from seqgen.core.metrics import Contour, Metrics
    from seqgen.core.tokenizer import Tokenizer

# Functions import what they need when they are called: `seqgen --help` names this domain and must be quick.


def _read(source: Path | bytes, name: str = "", options: Any = None) -> Iterator[Any]:
    from seqgen.domains.midi.files import read

    return read(source, name)


def _write(piece: Any, path: Path) -> None:
    from seqgen.domains.midi.files import write

    write(piece, path)


def _draw(piece: Any, path: Path) -> None:
    from seqgen.domains.midi.picture import draw

    draw(piece, path)


def _fit(pieces: Iterable[Any], options: Any) -> Tokenizer[Any]:
    from seqgen.domains.midi.tokenizer import MidiTokenizer

    return MidiTokenizer.fit(pieces, options)


def _tokenizer(config: Mapping[str, Any]) -> Tokenizer[Any]:
    from seqgen.domains.midi.tokenizer import MidiTokenizer

    return MidiTokenizer.from_config(config)


def _identity(piece: Any) -> tuple[str, ...]:
    from seqgen.domains.midi.identity import identity

    return identity(piece)


def _describe(piece: Any) -> Iterable[Mapping[str, Any]]:
    from seqgen.domains.midi.identity import describe

    return describe(piece)


def _metrics(pieces: Sequence[Any], training: Sequence[Any]) -> Metrics:
    from seqgen.domains.midi.metrics import metrics

    return metrics(pieces, training)


def _contour(piece: Any) -> Contour:
    from seqgen.domains.midi.metrics.contour import contour

    return contour(piece)


def _compare(piece: Any, options: Any) -> Iterable[Mapping[str, str]]:
    from seqgen.domains.midi.keeping import compared

    return compared(piece, options)


def _bach_chorales(folder: Path, report: Callable[[int, int], None]) -> int:
    from seqgen.domains.midi.recipes import bach_chorales

    return bach_chorales(folder, report)


def _live() -> Any:
    from seqgen.domains.midi import live

    return live


def _claims(head: bytes) -> bool:
    return b"<score-partwise" in head.replace(b"\0", b"") or b"<score-timewise" in head.replace(b"\0", b"")


domain = Domain(
    name="midi",
    about="music: melodies, chorales, multitrack pieces",
    suffixes=(".mid", ".midi", ".musicxml", ".mxl", ".xml", ".abc", ".krn"),
    read=_read,
    fit=_fit,
    tokenizer=_tokenizer,
    options=MidiOptions,
    identity=_identity,
    units=("bars", "seconds", "tokens"),
    default_length="16bars",
    write=_write,
    written=(".mid", ".midi", ".wav", ".html", ".png", ".svg", ".pdf", ".musicxml", ".mxl", ".abc"),
    draw=_draw,
    describe=_describe,
    metrics=_metrics,
    contour=_contour,
    contour_units=("notes", "quarters"),
    claims=_claims,
    live=_live,
    # music21 is slow; its readers stop by themselves, at a time that depends on the file's size, nearly everywhere.
    slow=dict.fromkeys((".musicxml", ".mxl", ".xml", ".abc", ".krn"), 120.0),
    heavy=dict.fromkeys((".musicxml", ".mxl", ".xml", ".abc", ".krn"), 1_000_000_000),
    compare=_compare,
    recipes={"bach-chorales": _bach_chorales},
    controls=CONTROLS,
    # As learned, small models drift: one unlikely note makes the next likelier. So drawn, chorales sampled after three
    # minutes of training are about as consonant as held-out ones. Sharper still (0.8, 0.1), notes are fewer and longer.
    sampling={"temperature": 0.9, "min_p": 0.05},
)

"""Text, as plain text files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqgen.core.domain import Domain
from seqgen.domains.text.options import TextOptions

if TYPE_CHECKING:
    from seqgen.core.tokenizer import Tokenizer

# Functions import what they need when they are called: `seqgen --help` names this domain and must be quick.


def _read(source: Path | bytes, name: str = "", options: Any = None) -> Iterator[str]:
    from seqgen.domains.text.files import read

    return read(source, name)


def _open(path: Path, options: Any = None) -> Iterator[Any]:
    from seqgen.domains.text.files import open_text

    return open_text(path)


def _write(text: str, path: Path) -> None:
    from seqgen.domains.text.files import write

    write(text, path)


def _fit(texts: Iterable[str], options: Any) -> Tokenizer[Any]:
    from seqgen.domains.text.tokenizer import TextTokenizer

    return TextTokenizer.fit(texts, options)


def _tokenizer(config: Mapping[str, Any]) -> Tokenizer[Any]:
    from seqgen.domains.text.tokenizer import TextTokenizer

    return TextTokenizer.from_config(config)


def _identity(text: Any) -> tuple[str, ...]:
    from seqgen.domains.text.identity import identity

    return identity(text)


def _describe(text: str) -> Iterable[Mapping[str, Any]]:
    from seqgen.domains.text.identity import describe

    return describe(text)


def _cut(text: Any, start: float, stop: float) -> Any:
    from seqgen.domains.text.identity import cut

    return cut(text, start, stop)


def _shakespeare(folder: Path, report: Callable[[int, int], None]) -> int:
    from seqgen.domains.text.recipes import shakespeare

    return shakespeare(folder, report)


domain = Domain(
    name="text",
    about="text: a long one, or a folder of them",
    suffixes=(".txt", ".text", ".md", ".markdown", ".rst", ".tex", ".org"),
    read=_read,
    open=_open,
    fit=_fit,
    tokenizer=_tokenizer,
    options=TextOptions,
    identity=_identity,
    units=("characters", "tokens"),
    default_length="400characters",
    write=_write,
    written=(".txt",),
    describe=_describe,
    recipes={"shakespeare": _shakespeare},
    split="position",
    cut=_cut,
    size_limit="max_text_bytes",
    any_suffix=True,
    textual=True,
    sampling={"temperature": 0.8},
    isolated=False,
)

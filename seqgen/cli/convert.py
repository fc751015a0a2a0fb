"""`seqgen convert FILE OUT`: the same piece as another kind of file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from seqgen.cli import console
from seqgen.cli.targets import targets
from seqgen.core.domain import Domain, domain_of, domains
from seqgen.core.errors import UsageError


def command(
    file: Annotated[Path, typer.Argument(help="The file to read.")],
    out: Annotated[Path, typer.Argument(help="The file to write; its suffix says what becomes of it.")],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    **reading: Any,
) -> None:
    """Write what a file holds as another kind of file: music as notation, sound, a page; several pieces numbered."""
    from seqgen.corpus.build import options_of, read_bounded

    domain = domain_of(file)
    _check(file, domain, out)
    ((first, *_),) = targets(out, domain, 1)  # what cannot be written is said before anything is read
    pieces = read_bounded(file, domain, options_of({"options": {}}, domain, **reading))
    files = [first] if len(pieces) == 1 else [path for (path,) in targets(out, domain, len(pieces))]
    for piece, path in zip(pieces, files, strict=True):
        domain.write(piece, path)
    if json:
        console.out_json({"path": str(file), "domain": domain.name, "files": [str(path) for path in files]})
        return
    console.out("\n".join(map(str, files)))


def _check(file: Path, domain: Domain, out: Path) -> None:
    """Raises UsageError where the names say already that nothing can come of it."""
    if not out.suffix:
        raise UsageError(f"{out}: no suffix says what is to be written.", f"Choose {', '.join(domain.written)}.")
    for other in domains().values():
        if out.suffix.lower() in other.written and out.suffix.lower() not in domain.written:
            kinds = f"It is made of {', '.join(other.suffixes)}."
            raise UsageError(f"{file} is read as {domain.name}, of which no {out.suffix} is made.", kinds)

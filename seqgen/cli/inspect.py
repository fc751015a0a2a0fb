"""`seqgen inspect FILE`: what is in a file, as events, tokens and ids."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seqgen.cli import console
from seqgen.core.controls import taken
from seqgen.core.domain import Domain, domain_of, get_domain, load_tokenizer
from seqgen.core.errors import RunError, SeqgenError, UsageError
from seqgen.core.files import read_json

if TYPE_CHECKING:
    from seqgen.core.tokenizer import Tokenizer

_SHOWN = 3  # pieces of a file that holds more
_ON_A_SHEET = 100


def command(
    file: Annotated[Path, typer.Argument(help="The file to look into.")],
    run: Annotated[str | None, typer.Option(help="Use this run's tokenizer; else one fitted to the file.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="Show at most so many events and tokens.")] = 24,
    number: Annotated[
        int | None, typer.Option("--piece", min=1, help="Of a file of many pieces, which; 1 is the first.")
    ] = None,
    picture: Annotated[Path | None, typer.Option(help="Draw the piece into this file: .png, .svg or .pdf.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object, whole.")] = False,
    **reading: Any,
) -> None:
    """Show a file's events, its tokens and ids, and what the tokenizer changes or leaves out."""
    from seqgen.corpus.build import options_of, read_bounded

    about: Any = {"options": {}}
    if run is None:
        domain, tokenizer = domain_of(file), None
    else:
        tokenizer = load_tokenizer(_run_folder(run) / "tokenizer.json")
        domain, about = get_domain(tokenizer.domain), read_json(_run_folder(run) / "corpus.json")
    options = options_of(about, domain, **reading)
    if picture is not None and domain.draw is None:
        raise UsageError(f"{domain.name} knows no pictures of a whole piece.", "Leave --picture out.")
    pieces = read_bounded(file, domain, options)
    looked = pieces[:_SHOWN] if number is None else [console.Console().one(pieces, file, number)]
    if picture is not None:
        _draw(pieces if number is None else looked, domain, file, picture)
    found = [_look(piece, domain, options, tokenizer) for piece in (looked[:1] if json else looked)]
    if json:
        asked = {} if tokenizer is None else {"controls": [control.name for control in tokenizer.controls]}
        console.out_json({"path": str(file), "domain": domain.name, "pieces": len(pieces), **found[0], **asked})
        return
    for piece in found:
        console.out(f"{file}: {domain.name}, {len(piece['events']):,} events, tokenizer {piece['tokenizer']}\n")
        rows = list(islice(piece["events"], limit))
        if rows:
            console.table([["" if v is None else v for v in row.values()] for row in rows], list(rows[0]))
        if len(piece["events"]) > limit:
            console.out(f"… {len(piece['events']) - limit:,} more")
        shown = " ".join(f"{token}" for token in piece["tokens"][:limit])
        console.out(f"\ntokens ({len(piece['tokens']):,}): {shown}{' …' if len(piece['tokens']) > limit else ''}")
        console.out(f"ids: {' '.join(map(str, piece['ids'][:limit]))}{' …' if len(piece['ids']) > limit else ''}\n")
        for problem in piece["problems"] or ["nothing is changed or left out"]:
            console.out(f"- {problem}")
        if kept := piece.get("kept"):
            console.out("\nwhat each tokenizer keeps (-: it cannot say this piece):")
            console.table([list(row.values()) for row in kept], list(kept[0]))
    if number is None and len(pieces) > _SHOWN:
        console.out(f"\n… {len(pieces) - _SHOWN:,} more pieces; --piece NUMBER shows one")
    if tokenizer is not None:
        console.out(f"\nwhat samples of this run may be asked for: {taken(tokenizer.controls)}")


def _draw(pieces: list[Any], domain: Domain, file: Path, picture: Path) -> None:
    """One piece as it is; of several, where the domain has such, a sheet."""
    if len(pieces) == 1 and domain.draw is not None:
        domain.draw(pieces[0], picture)
    elif domain.sheet is not None:
        domain.sheet(pieces[:_ON_A_SHEET], picture)
    else:
        raise UsageError(f"{file} holds {len(pieces)} pieces; a picture is of one.", "Say which: --piece NUMBER.")


def _look(piece: Any, domain: Domain, options: Any, tokenizer: Tokenizer[Any] | None) -> dict[str, Any]:
    found: dict[str, Any] = {"events": list(domain.describe(piece)), "tokens": [], "ids": [], "problems": []}
    if domain.compare is not None:
        found["kept"] = [dict(row) for row in domain.compare(piece, options)]
    try:
        tokenizer = tokenizer or domain.fit([piece], options)
        found["tokenizer"] = tokenizer.name
        ids = tokenizer.encode(piece)
        found["ids"] = ids.tolist()
        found["tokens"] = tokenizer.vocabulary.readable(ids)
        found["problems"] = tokenizer.problems(piece)
    except SeqgenError as error:
        found.setdefault("tokenizer", "none")
        found["problems"] = [error.message]
    return found


def _run_folder(run: str) -> Path:
    for path in (Path(run), Path("runs") / run):
        if (path / "tokenizer.json").is_file():
            return path
    raise RunError(f"There is no run {run!r}.", "`seqgen runs` lists the runs here.")

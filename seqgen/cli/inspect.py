"""`seqgen inspect FILE`: what is in a file, as events, tokens and ids."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seqgen.cli import console
from seqgen.core.domain import Domain, domains, get_domain, load_tokenizer
from seqgen.core.errors import BadInput, RunError, SeqgenError
from seqgen.core.files import read_json

if TYPE_CHECKING:
    from seqgen.core.tokenizer import Tokenizer


def command(
    file: Annotated[Path, typer.Argument(help="The file to look into.")],
    run: Annotated[str | None, typer.Option(help="Use this run's tokenizer; else one fitted to the file.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="Show at most so many events and tokens.")] = 24,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object, whole.")] = False,
    **reading: Any,
) -> None:
    """Show a file's events, its tokens and ids, and what the tokenizer changes or leaves out."""
    from seqgen.corpus.build import options_of, read_bounded

    about: Any = {"options": {}}
    if run is None:
        domain, tokenizer = _domain_of(file), None
    else:
        tokenizer = load_tokenizer(_run_folder(run) / "tokenizer.json")
        domain, about = get_domain(tokenizer.domain), read_json(_run_folder(run) / "corpus.json")
    options = options_of(about, domain, **reading)
    found = [_look(piece, domain, options, tokenizer) for piece in read_bounded(file, domain, options)]
    if json:
        first = found[0]
        console.out_json({"path": str(file), "domain": domain.name, "pieces": len(found), **first})
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


def _domain_of(file: Path) -> Domain:
    for domain in domains().values():
        if file.name.lower().endswith(domain.suffixes):
            return domain
    for domain in domains().values():
        if domain.any_suffix:
            return domain
    known = ", ".join(s for d in domains().values() for s in d.suffixes)
    raise BadInput(file, "is of no kind that seqgen reads", hint=f"It reads files that end in {known}.")


def _look(piece: Any, domain: Domain, options: Any, tokenizer: Tokenizer[Any] | None) -> dict[str, Any]:
    found: dict[str, Any] = {"events": list(domain.describe(piece)), "tokens": [], "ids": [], "problems": []}
    try:
        tokenizer = tokenizer or domain.fit([piece], options)
        found["tokenizer"] = tokenizer.name
        ids = tokenizer.encode(piece)
        found["ids"] = ids.tolist()
        found["tokens"] = tokenizer.vocabulary.readable(ids)
        found["problems"] = [f"{what.replace('_', ' ')}: {n:g}" for what, n in tokenizer.losses(piece).items()]
    except SeqgenError as error:
        found.setdefault("tokenizer", "none")
        found["problems"] = [error.message]
    return found


def _run_folder(run: str) -> Path:
    for path in (Path(run), Path("runs") / run):
        if (path / "tokenizer.json").is_file():
            return path
    raise RunError(f"There is no run {run!r}.", "`seqgen runs` lists the runs here.")

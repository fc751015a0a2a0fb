"""`seqgen corpus build PATH` and `seqgen corpus get NAME`: corpora that are made on this machine. `get` is the only
command that uses the network."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Annotated

import typer

from seqgen.cli import console
from seqgen.core.domain import get_domain
from seqgen.core.errors import UsageError
from seqgen.core.files import write_bytes

app = typer.Typer(help="Make a corpus on this machine.", no_args_is_help=True)

_PACKAGE = Path(__file__).parents[1]
# In a wheel the recipes lie inside the package, in a checkout beside it, there with the texts that need no recipe.
_SHIPPED = next((p for p in (_PACKAGE / "corpora", _PACKAGE.parent / "corpora") if p.is_dir()), _PACKAGE / "corpora")


@app.command("build")
def build(
    path: Annotated[Path, typer.Argument(help="A folder with a corpus.toml that names a recipe.")],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Run the recipe of a corpus unless its files are there."""
    from seqgen.corpus.folder import open_corpus

    corpus = open_corpus(path)
    if not corpus.recipe:
        raise UsageError(f"{path} has no corpus.toml with a recipe.", "Train on it directly: seqgen train DOMAIN PATH")
    domain = get_domain(corpus.domain)
    reporter = console.Console()
    written = corpus.build(domain, lambda done, total: reporter.working("building the corpus", done, total))
    files = len(corpus.files(domain.suffixes))
    if json:
        console.out_json({"path": str(path), "domain": domain.name, "written": written, "files": files})
    else:
        console.out(f"{path}: {files} files" + (f", {written} of them new" if written else ", all there already"))


@app.command("get")
def get(
    name: Annotated[str | None, typer.Argument(help="A corpus that seqgen knows; none lists them.")] = None,
    out: Annotated[Path, typer.Option(help="Where its folder goes.")] = Path("corpora"),
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Make a folder for a known corpus and build it there, from files that are downloaded where it needs some."""
    known = sorted(p.parent.name for p in _SHIPPED.glob("*/corpus.toml"))
    if name is None:
        if json:
            console.out_json({"corpora": known})
        else:
            console.out("\n".join(known))
        return
    if name not in known:
        raise UsageError(f"No corpus {name!r}.", f"Known: {', '.join(known)}.")
    target = out / name
    for source in sorted(_SHIPPED.joinpath(name).iterdir()):
        if source.is_file() and not source.name.startswith(".") and not (target / source.name).exists():
            write_bytes(target / source.name, source.read_bytes())
    _download(target)
    build(target, json)


def _download(path: Path) -> None:
    """What the recipe in a folder needs, unless the corpus is there."""
    from seqgen.corpus.folder import open_corpus

    corpus = open_corpus(path)
    domain = get_domain(corpus.domain)
    if corpus.recipe not in domain.downloads or corpus.files(domain.suffixes):
        return
    from seqgen.core.download import download

    reporter = console.Console()
    for file in domain.downloads[corpus.recipe]():
        download(file, path, functools.partial(reporter.working, f"downloading {file.name}"))

"""The tree of commands: verb, then noun."""

from __future__ import annotations

import typer

from seqgen.cli import (
    console,
    convert,
    corpus,
    doctor,
    domains,
    evaluate,
    explain,
    flags,
    inspect,
    play,
    predict,
    runs,
    sample,
    train,
)

app = typer.Typer(
    help="Learn sequences and continue them. Begin with: seqgen train midi corpora/bach",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from seqgen import __version__

        console.out(__version__)
        raise typer.Exit


@app.callback()
def root(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="The version, and end."),
) -> None:
    """Nothing to do before a command."""


for module in (sample, predict, play, evaluate, explain, inspect, convert, runs, domains, doctor):
    app.command(module.__name__.rsplit(".", 1)[1])(flags.with_reading(module.command, asking=module is sample))
app.add_typer(train.app, name="train")
app.add_typer(corpus.app, name="corpus")

"""`seqgen`: verb, then noun."""

from __future__ import annotations

import signal
import sys
from typing import Any

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
    signals,
    train,
)
from seqgen.core.errors import SeqgenError, UsageError

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


# What the parser raises; its module differs between versions of typer.
_ParserError: type[Exception] = next(k for k in typer.BadParameter.__mro__ if k.__name__ == "ClickException")


def main() -> None:
    """The entry point: renders errors, sets the exit code."""
    try:
        with signals.handled(signals.end):
            code = app(standalone_mode=False, prog_name="seqgen")
            console.flush()
        sys.exit(code)
    except SeqgenError as error:
        sys.exit(console.fail(error))
    except _ParserError as error:
        sys.exit(_refuse(error))
    except signals.Ended as ended:
        signals.leave(ended.number)
    except (KeyboardInterrupt, typer.Abort):
        signals.leave(signal.SIGINT)
    except console.Unread:
        signals.leave_unread()


def _refuse(error: Any) -> int:
    """Say what the parser says as all errors are said; returns the exit code."""
    if type(error).__name__ == "NoArgsIsHelpError":
        error.show()
        return int(error.exit_code)
    context = getattr(error, "ctx", None)
    name = context.command_path if context else "seqgen"
    return console.fail(UsageError(error.format_message(), f"`{name} --help` says what it takes."))

"""`seqgen`: runs a command, renders its errors."""

from __future__ import annotations

import os
import sys
from typing import Any

import typer

from seqgen.cli import console
from seqgen.core.errors import SeqgenError, UsageError

# What the parser raises; its module differs between versions of typer.
_ParserError: type[Exception] = next(k for k in typer.BadParameter.__mro__ if k.__name__ == "ClickException")


def main() -> None:
    """The entry point: renders errors, sets the exit code."""
    try:
        # Here, so that a limit in the environment that is no number is an error like others.
        from seqgen.cli.tree import app

        sys.exit(app(standalone_mode=False, prog_name="seqgen"))
    except SeqgenError as error:
        sys.exit(console.fail(error))
    except _ParserError as error:
        sys.exit(_refuse(error))
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the last flush complains
        sys.exit(0)


def _refuse(error: Any) -> int:
    """Say what the parser says as all errors are said; returns the exit code."""
    if type(error).__name__ == "NoArgsIsHelpError":
        error.show()
        return int(error.exit_code)
    context = getattr(error, "ctx", None)
    name = context.command_path if context else "seqgen"
    return console.fail(UsageError(error.format_message(), f"`{name} --help` says what it takes."))

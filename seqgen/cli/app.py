"""`seqgen`: runs a command, renders its errors."""

from __future__ import annotations

import signal
import sys
from typing import Any

import typer

from seqgen.cli import console, signals
from seqgen.core.errors import SeqgenError, UsageError

# What the parser raises; its module differs between versions of typer.
_ParserError: type[Exception] = next(k for k in typer.BadParameter.__mro__ if k.__name__ == "ClickException")


def main() -> None:
    """The entry point: renders errors, sets the exit code."""
    try:
        # Here, so that a limit in the environment that is no number is an error like others.
        from seqgen.cli.tree import app

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

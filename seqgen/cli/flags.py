"""Flags of commands that come from the options of domains."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import MISSING, fields
from inspect import Parameter, Signature, signature
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import typer

from seqgen.core.domain import READING, domains

Command = Callable[..., None]


def of_options(options: type, *, reading: bool = False) -> list[Parameter]:
    """One flag for each field of a domain's options. reading: only for those that say how files are read, and without
    a default."""
    hints = get_type_hints(options)
    flags = []
    for field in fields(options):
        if reading and not READING.items() <= field.metadata.items():
            continue
        kind, default = hints[field.name], field.default if field.default is not MISSING else None
        text = field.metadata.get("help", "")
        if get_origin(kind) is Literal:
            text = f"{', '.join(get_args(kind))}: {text}"
            kind = str
        if reading:
            kind, default = kind | None, None
        annotation: Any = Annotated[kind, typer.Option(help=text)]
        flags.append(Parameter(field.name, Parameter.KEYWORD_ONLY, default=default, annotation=annotation))
    return flags


def with_flags(command: Command, flags: Iterable[Parameter]) -> Command:
    """A command with flags for what it takes by any name."""
    known = signature(command, eval_str=True).parameters.values()
    parameters = [*(p for p in known if p.kind is not Parameter.VAR_KEYWORD), *flags]
    command.__signature__ = Signature(parameters)  # type: ignore[attr-defined]  # typer reads it there
    command.__annotations__ = {p.name: p.annotation for p in parameters}
    return command


def controls() -> dict[str, str]:
    """What may be asked of samples by a flag: name -> help, of all domains."""
    return {name: text for domain in domains().values() for name, text in domain.controls.items()}


def _of_controls() -> dict[str, Parameter]:
    found = {}
    for name, text in controls().items():
        annotation: Any = Annotated[str | None, typer.Option(help=text)]
        found[name] = Parameter(name, Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
    return found


def with_reading(command: Command, *, asking: bool = False) -> Command:
    """A command that reads a file (it takes `**reading`), with the flags of all domains that say how, and passed those
    that are given; others are as they were. asking: also with those that say what samples shall be."""
    if all(p.kind is not Parameter.VAR_KEYWORD for p in signature(command).parameters.values()):
        return command
    flags = {flag.name: flag for d in domains().values() for flag in of_options(d.options, reading=True)}
    if asking:
        flags = _of_controls() | flags

    @functools.wraps(command)
    def reads(**said: Any) -> None:
        command(**{name: value for name, value in said.items() if name not in flags or value is not None})

    return with_flags(reads, flags.values())

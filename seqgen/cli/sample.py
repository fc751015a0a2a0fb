"""`seqgen sample [RUN]`: new pieces from a trained model."""

from __future__ import annotations

import time
from collections.abc import Sequence
from inspect import signature
from pathlib import Path
from typing import Annotated, Any

import typer

from seqgen.cli import console, flags
from seqgen.cli.targets import targets, together
from seqgen.core.domain import Domain
from seqgen.core.errors import UsageError


def command(
    run: Annotated[str | None, typer.Argument(help="A run's folder or name; the newest by default.")] = None,
    count: Annotated[
        int | None,
        typer.Option("--count", "-n", help="How many; 4, of images 64, of text or with --beam, --given or --infill 1."),
    ] = None,
    length: Annotated[str | None, typer.Option(help="Like 16bars; with a prompt, so much is added.")] = None,
    prompt: Annotated[str | None, typer.Option(help="A file to continue, or of text the text itself.")] = None,
    fixed: Annotated[
        list[str] | None,
        typer.Option(
            "--given", metavar="NAME=FILE", help="A voice that is given, like soprano=tune.mid; several may be."
        ),
    ] = None,
    infill: Annotated[
        str | None, typer.Option(help="Bars of the prompt to make new, like 5-8; the rest stays.")
    ] = None,
    candidates: Annotated[
        int | None,
        typer.Option(
            help="One of so many stays: with --given, --infill the likeliest, else one that ends well, shows --label."
        ),
    ] = None,
    stop: Annotated[list[str] | None, typer.Option(help="Text: end with this; may be given several times.")] = None,
    stream: Annotated[bool, typer.Option("--stream", help="Text: print it as it is drawn.")] = False,
    temperature: Annotated[
        str | None,
        typer.Option(help="1: as learned; below safer, above bolder. 1.2:0.8 moves from one to the other."),
    ] = None,
    top_k: Annotated[int | None, typer.Option(help="Draw from the k likeliest.")] = None,
    top_p: Annotated[float | None, typer.Option(help="Draw from the likeliest that reach this share.")] = None,
    min_p: Annotated[float | None, typer.Option(help="Leave out what is so much less likely than the best.")] = None,
    repetition_penalty: Annotated[float | None, typer.Option(help="Above 1: less of what was said.")] = None,
    seed: Annotated[int | None, typer.Option(help="Same seed, same pieces.")] = None,
    beam: Annotated[
        int | None, typer.Option(help="Not at random: search the likeliest pieces, so many ways at once.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="A folder, or a file for one piece; RUN/samples by default.")] = None,
    formats: Annotated[
        list[str] | None, typer.Option("--format", "-f", help="Like html; several may be given. `seqgen domains`.")
    ] = None,
    given: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help='What a run takes by name, like key="G major".'),
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "cpu",
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    **reading: Any,
) -> None:
    """Draw new pieces: written as files, or printed where they are texts."""
    import secrets

    from seqgen import api
    from seqgen.training.machine import choose_machine

    reporter = console.Console()
    controls = {name: reading.pop(name) for name in flags.controls() if name in reading}
    model = api.load(run, choose_machine(device)["device"], **reading)
    reporter.fallen_back(model)
    header: dict[str, Any] = _pairs(given or []) | controls
    for name in header.keys() & signature(api.Model.sample).parameters.keys():
        raise UsageError(
            f"--set gives what a run takes by name, and {name!r} is an option.", "`seqgen sample --help` lists options."
        )
    textual = model.domain.textual
    searched = bool(beam is not None or fixed or infill)
    count = (1 if searched or textual else model.domain.default_count) if count is None else count
    seed = secrets.randbelow(2**32) if seed is None and beam is None else seed
    how = f"seed {seed}" if beam is None else f"beam {beam}"
    asked: dict[str, Any] = {
        "prompt": None if prompt is None else _piece(prompt, model, reporter),
        "temperature": _temperature(temperature),
        "top_k": top_k,
        "top_p": top_p,
        "min_p": min_p,
        "repetition_penalty": repetition_penalty,
        "seed": seed,
        "stop": stop or (),
    }
    if stream:
        if json or out or formats or header or count != 1 or searched:
            raise UsageError(
                "--stream prints one text as it is drawn.",
                "Leave out --json, --out, -f, --set, --given, --infill, -n and --beam.",
            )
        _stream(model, length, asked)
        return
    asked["fixed"] = {name: _piece(file, model, reporter) for name, file in _pairs(fixed or [], "--given").items()}
    asked |= {"infill": infill, "candidates": candidates}
    files, sheet = _places(model, out, count, formats or (), how.replace(" ", ""))
    begin = time.monotonic()
    samples = model.sample(
        count, length, beam=beam, report=lambda n: reporter.working("sampling, tokens", n, n + 1), **asked, **header
    )
    written = _write(model.domain, [drawn.piece for drawn in samples], files, sheet)
    said = _about(model, samples, written, seed, time.monotonic() - begin)
    if json:
        console.out_json(said)
        return
    console.out("\n".join(said["files"]) if written else "\n\n".join(said["texts"]))
    reporter.note(f"{said['tokens']:,} tokens in {said['seconds']:.1f} s, {how}, from {said['run']}")


def _stream(model: Any, length: str | None, asked: dict[str, Any]) -> None:
    """Print a text as it is drawn, behind its prompt."""
    parts = model.stream(length, **asked)  # what cannot be is refused before anything is printed
    console.write(asked["prompt"] or "")
    for part in parts:
        console.write(part)
    console.out()


def _places(
    model: Any, out: Path | None, count: int, formats: Sequence[str], named: str
) -> tuple[list[list[Path]], Path | None]:
    """(the files of each piece, the sheet of all): small pieces of which many are drawn are written as one sheet, and
    each by itself where a format is asked for; texts are printed unless a place is."""
    folder, domain = out or model.run.folder("samples"), model.domain
    sheet = together(folder, domain, named) if domain.sheet is not None and count > 1 else None
    if formats or (sheet is None and (out or not domain.textual)):
        return targets(folder, domain, count, formats, named), sheet
    return [], sheet


def _write(domain: Domain, pieces: list[Any], files: list[list[Path]], sheet: Path | None) -> list[Path]:
    """Write the pieces; returns what was written."""
    for piece, paths in zip(pieces, files, strict=False):
        for path in paths:
            domain.write(piece, path)
    if sheet is not None and domain.sheet is not None:
        domain.sheet(pieces, sheet)
    return [*([] if sheet is None else [sheet]), *(path for paths in files for path in paths)]


def _about(model: Any, samples: list[Any], files: list[Path], seed: int | None, seconds: float) -> dict[str, Any]:
    """What --json says."""
    tokens = sum(len(drawn.ids) for drawn in samples)
    return {
        "files": [str(path) for path in files],
        "seed": seed,
        "seconds": round(seconds, 3),
        "tokens": tokens,
        "tokens_per_second": round(tokens / seconds),
        "violations": sum(len(model.tokenizer.grammar.violations(drawn.ids)) for drawn in samples),
        "run": str(model.run.path),
        **({"texts": [drawn.piece for drawn in samples]} if model.domain.textual else {}),
    }


def _piece(prompt: str, model: Any, reporter: console.Console) -> Any:
    """The file of that name, or of text the text itself."""
    if not model.domain.textual or _is_file(prompt):
        return reporter.one(model.read(prompt), prompt)
    for what, n in model.tokenizer.losses(prompt).items():
        reporter.note(
            f"the prompt has {n:g} {what.replace('_', ' ')}; they are kept, but the model knows little of them"
        )
    return prompt


def _is_file(name: str) -> bool:
    try:
        return Path(name).is_file()
    except (OSError, ValueError):  # too long, or what no name may hold
        return False


def _temperature(text: str | None) -> float | tuple[float, float] | None:
    if text is None:
        return None
    try:
        values = [float(part) for part in text.split(":")]
    except ValueError:
        values = []
    if len(values) not in (1, 2):
        raise UsageError(f"{text!r} is no temperature.", "Give one like 0.9, or two like 1.2:0.8.")
    return values[0] if len(values) == 1 else (values[0], values[1])


def _pairs(texts: list[str], option: str = "--set") -> dict[str, str]:
    pairs = dict(text.split("=", 1) for text in texts if "=" in text)
    if len(pairs) < len(texts):
        example = {"--set": 'key="G major"', "--given": "soprano=tune.mid"}[option]
        raise UsageError(f"{option} takes a name and what it is, each name once.", f"{option} {example}")
    return pairs

"""`seqgen predict FILE`: what may come next."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seqgen.cli import console, courses
from seqgen.cli.each import write_each
from seqgen.cli.values import write_values
from seqgen.core.errors import UsageError

if TYPE_CHECKING:
    from seqgen.api import Model

_SHOWN = 20  # events ahead
_LIKELY = 0.001  # of a field that is shown


def command(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="[RUN] FILE", help="The file whose continuation is asked for; before it a run."),
    ],
    run: Annotated[str | None, typer.Option(help="A run's folder or name; the newest by default.")] = None,
    at: Annotated[str, typer.Option(help="A moment: last, a number of events, or a time like 45:00.")] = "last",
    horizon: Annotated[str, typer.Option(help="How many events ahead, or end: rolled out on many paths.")] = "1",
    top: Annotated[int, typer.Option(min=1, help="How many of the likeliest.")] = 10,
    paths: Annotated[int, typer.Option(min=1, help="How many are rolled out.")] = 1000,
    seed: Annotated[int, typer.Option(help="Same seed, same paths.")] = 0,
    follow: Annotated[
        bool, typer.Option("--follow", help="Answer every event of a growing log, or of - (stdin).")
    ] = False,
    picture: Annotated[Path | None, typer.Option(help="Draw it into this file: .png, .svg or .pdf.")] = None,
    value: Annotated[
        Path | None, typer.Option(help="Write a CSV table of all events of the file, with what each is worth.")
    ] = None,
    number: Annotated[int, typer.Option("--piece", min=1, help="Of a file of many pieces, which; 1 is the first.")] = 1,
    each: Annotated[
        Path | None, typer.Option(help="Write a CSV table of all pieces of the file, or folder, and what comes next.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object; with --follow one an event.")] = False,
    **reading: Any,
) -> None:
    """Print what may come next, with probabilities."""
    from seqgen import api

    run, file = _split(files, run)
    model = api.load(run, **reading)
    reporter = console.Console()
    reporter.fallen_back(model)
    if value is not None:
        if follow or at != "last" or horizon != "1":
            raise UsageError("--value is of all events of a file.", "Leave --follow, --at and --horizon out.")
        write_values(model, file, value, picture, top, reporter, json)
        return
    if each is not None:
        if follow or at != "last" or horizon != "1" or picture is not None:
            raise UsageError("--each is of all pieces of a file.", "Leave --follow, --at, --horizon and --picture out.")
        write_each(model, file, each, reporter, json)
        return
    if follow:
        if at != "last" or horizon != "1" or picture is not None:
            raise UsageError("--follow predicts the next event of each.", "Leave --at, --horizon and --picture out.")
        _follow(model, file, top, json)
        return
    if model.domain.course is not None:
        courses.command(
            model,
            file,
            {"at": at, "horizon": horizon, "top": top, "paths": paths, "seed": seed},
            picture,
            reporter,
            json,
        )
        return
    piece = reporter.one(model.read(file), file, number)
    found = model.forecast(
        piece, at=at, horizon=horizon, top=top, paths=paths, seed=seed, picture=picture, report=reporter.working
    )
    if json:
        console.out_json({"run": str(model.run.path), "file": str(file), **found})
        return
    if model.tokenizer.main and not (found["bigram"] and found["calibrated"]):
        what = "calibration" if found["bigram"] else "bigram"
        reporter.note(f"no {what} is kept with this run: `seqgen evaluate` makes it")
    console.table(
        [(p["action"], *_numbers(p), _bar(p["probability"])) for p in found["predictions"]],
        ("next", "probability", "bigram", ""),
        right=[1, 2],
    )
    fields = found.get("fields", {})
    for kind, field in fields.items() if len(fields) > 1 else ():  # one alone is the table above
        if field["said"] >= _LIKELY:
            _field(kind, field)
    if "steps" in found:
        _steps(found["steps"])
    for name, values in found.get("result", {}).items():
        _result(name, values)


def _split(files: list[Path], run: str | None) -> tuple[str | None, Path]:
    """The run, which may stand before the file, and the file. Raises UsageError."""
    if len(files) > 2 or (len(files) == 2 and run is not None):
        raise UsageError("predict takes one file, and before it at most a run.", "seqgen predict FILE --run RUN")
    return (run if len(files) == 1 else str(files[0])), files[-1]


def _follow(model: Model, file: Path, top: int, json: bool) -> None:
    """Until the log ends, or Ctrl-C."""
    from seqgen.core.files import growing_lines

    with contextlib.suppress(KeyboardInterrupt):
        for found in model.follow(growing_lines(file), name=str(file), top=top):
            if json:
                console.out_json(found)
            else:
                said = "  ".join(f"{p['action']} {p['probability']:.3f}" for p in found["predictions"])
                console.out(f"{found['event']:>6}  {said}")
            console.flush()


def _field(kind: str, field: dict[str, Any]) -> None:
    said = field["said"]
    console.out(f"\n{kind}{'' if said > 0.9995 else f', said with probability {said:.3f}'}")
    rows = [(f"  {_named(v)}", *_numbers(v), _bar(v["probability"])) for v in field["values"]]
    console.table(rows, right=[1, 2])


def _named(value: dict[str, Any]) -> str:
    said = value["value"] or "-"
    return f"{said}  {value['name']}" if "name" in value else said


def _numbers(p: dict[str, Any]) -> tuple[str, str]:
    return f"{p['probability']:.4f}", "" if p["bigram"] is None else f"{p['bigram']:.4f}"


def _bar(p: float) -> str:
    return "█" * round(40 * p)


def _steps(steps: list[dict[str, Any]]) -> None:
    console.out()
    rows = [
        (s["ahead"], f"{s['share']:.3f}", *(f"{a['action']} {a['probability']:.3f}" for a in s["actions"]))
        for s in steps[:_SHOWN]
    ]
    most = max(len(row) for row in rows)
    header = ("ahead", "played", "likeliest", *[""] * (most - 3))
    console.table([(*row, *[""] * (most - len(row))) for row in rows], header, right=[0, 1])
    if len(steps) > _SHOWN:
        console.out(f"… {len(steps) - _SHOWN:,} more; --json has them all")


def _result(name: str, values: Any) -> None:
    if isinstance(values, float):
        console.out(f"\n{name.replace('_', ' ')}: {values:.1%} of the paths")
    elif "mean" in values:
        console.out(
            f"{name.replace('_', ' ')}: {values['now']:g} now, {values['median']:g} expected, 80 % between "
            f"{values['low']:g} and {values['high']:g}; grows on {values['grows']:.1%} of the paths"
        )
    elif values:
        console.out(f"{name}: " + ", ".join(f"{text} {share:.1%}" for text, share in values.items()))

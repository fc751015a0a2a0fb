"""`seqgen play [RUN]`: answers what is played on a MIDI keyboard, phrase by phrase."""

from __future__ import annotations

import contextlib
from typing import Annotated, Any

import typer

from seqgen.cli import console
from seqgen.core.domain import domains
from seqgen.core.errors import UsageError


def command(
    run: Annotated[str | None, typer.Argument(help="A run's folder or name; the newest by default.")] = None,
    source: Annotated[str | None, typer.Option("--in", help="The keyboard's port, or a part of its name.")] = None,
    target: Annotated[str | None, typer.Option("--out", help="The port that sounds, or a part of its name.")] = None,
    ports: Annotated[bool, typer.Option("--ports", help="List the ports there are, and end.")] = False,
    length: Annotated[str, typer.Option(help="Of an answer, like 4bars.")] = "4bars",
    tempo: Annotated[float | None, typer.Option(help="Quarters a minute; else estimated from each phrase.")] = None,
    pause: Annotated[float, typer.Option(help="Seconds of silence that end a phrase.")] = 1.0,
    thru: Annotated[bool, typer.Option("--thru", help="Also send what is played to the output.")] = False,
    phrases: Annotated[int | None, typer.Option(min=1, help="End after so many; else with Ctrl-C.")] = None,
    key: Annotated[str | None, typer.Option(help='Like "G major"; else that of each phrase.')] = None,
    temperature: Annotated[float | None, typer.Option(help="1: as learned; below safer, above bolder.")] = None,
    seed: Annotated[int | None, typer.Option(help="Same seed and phrases, same answers.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "cpu",
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object at the end.")] = False,
) -> None:
    """Answer each phrase played on a MIDI keyboard with a new one; play again to be listened to."""
    if ports:
        inputs, outputs = next(d.live for d in domains().values() if d.live)().port_names()
        if json:
            console.out_json({"inputs": inputs, "outputs": outputs})
            return
        if not inputs and not outputs:
            console.Console().note("there are none; connect a keyboard and a synthesizer")
            return
        console.table([["in", name] for name in inputs] + [["out", name] for name in outputs], ["", "port"])
        return
    from seqgen import api
    from seqgen.api.play import Player
    from seqgen.training.machine import choose_machine

    reporter = console.Console()
    model = api.load(run, choose_machine(device)["device"])
    reporter.fallen_back(model)
    if model.domain.live is None:
        raise UsageError(f"{model.run.name} is of {model.domain.name}, which cannot be played.", "Train one of music.")
    keyboard, sound = model.domain.live().open_ports(source, target)
    asked = {name: value for name, value in (("key", key), ("temperature", temperature)) if value is not None}
    played: list[Any] = []
    try:
        player = Player(model, keyboard, sound, tempo, pause, length, thru, seed, asked=asked)
        reporter.note(f"{model.run.name} listens; a phrase ends with {pause:g} s of silence, all with Ctrl-C")
        with contextlib.closing(player.play(lambda: phrases is None or len(played) < phrases)) as duet:
            for one in duet:
                played.append(one)
                reporter.note(_said(len(played), one))
    except KeyboardInterrupt:
        pass  # how one stops playing
    finally:
        keyboard.close()
        sound.close()
    if json:
        console.out_json(_about(model, played))


def _said(number: int, one: Any) -> str:
    heard = f"phrase {number}: {one.phrase.n_notes} notes at {one.phrase.tempos[0].quarters_per_minute:.0f}"
    if one.problem:
        return f"{heard}; no answer: {one.problem}"
    return f"{heard}; answered with {one.answer.n_notes} notes" + (
        f" after {1000 * one.latency:.0f} ms" if one.latency is not None else ""
    )


def _about(model: Any, played: list[Any]) -> dict[str, Any]:
    waits = sorted(1000 * one.latency for one in played if one.latency is not None)

    def at(share: float) -> float | None:
        return round(waits[min(int(share * len(waits)), len(waits) - 1)], 1) if waits else None

    return {
        "run": str(model.run.path),
        "phrases": len(played),
        "answered": sum(not one.problem for one in played),
        "latency_ms": {"median": at(0.5), "p95": at(0.95)},
    }

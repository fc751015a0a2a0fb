"""`seqgen train DOMAIN PATH`: learn a corpus."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from shlex import quote
from types import FrameType
from typing import Annotated, Any

import typer

from seqgen.cli import console, flags, signals
from seqgen.cli.measures import all_ids
from seqgen.core.domain import Domain, domains

app = typer.Typer(help="Learn a corpus: seqgen train midi corpora/bach", no_args_is_help=True)


def _command(
    domain: Domain,
) -> Callable[..., None]:
    """The train command of one domain: the common flags and those of its options."""

    def command(
        path: Annotated[Path, typer.Argument(help="A folder of files, one file, or a pattern in quotes.")],
        minutes: Annotated[float | None, typer.Option(help="How long; 3 by default.")] = None,
        steps: Annotated[int | None, typer.Option(help="How long, in steps, instead of minutes.")] = None,
        preset: Annotated[str, typer.Option(help="The model's size: tiny, small or base.")] = "small",
        cell: Annotated[
            str | None, typer.Option(help="What the layers are made of: lstm (the default), gru or rnn.")
        ] = None,
        seed: Annotated[int, typer.Option(help="Same seed, same weights.")] = 0,
        device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
        out: Annotated[Path | None, typer.Option(help="The run's folder; runs/CORPUS-TIME by default.")] = None,
        resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in --out, or the newest.")] = False,
        start_from: Annotated[str | None, typer.Option("--from", help="Begin with this run's weights.")] = None,
        strict: Annotated[bool, typer.Option("--strict", help="End at the first file that is refused.")] = False,
        learning_rate: Annotated[float | None, typer.Option(help="Peak learning rate.")] = None,
        batch_size: Annotated[int | None, typer.Option(help="Sequences a step.")] = None,
        json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
        **options: Any,
    ) -> None:
        from seqgen import api
        from seqgen.training.run import find_run

        reporter = console.Console()
        stop = _Stop(reporter)
        with signals.handled(stop.take):
            model = api.train(
                domain.name,
                path,
                minutes=minutes,
                steps=steps,
                preset=preset,
                seed=seed,
                device=device,
                out=out,
                resume=resume,
                start_from=start_from,
                strict=strict,
                options=domain.options(**options),
                reporter=reporter,  # type: ignore[arg-type]  # it has the methods
                stop=stop,
                cell=cell,
                learning_rate=learning_rate,
                batch_size=batch_size,
            )
        _end(api, find_run(model.run.path).path, model, reporter, json, stopped=stop())

    command.__doc__ = f"Learn {domain.about}."
    return flags.with_flags(command, flags.of_options(domain.options))


def _end(api: Any, path: Path, model: Any, reporter: console.Console, json: bool, *, stopped: bool) -> None:
    """Say how good the model is and what to type next."""
    from seqgen.training.checkpoint import latest_state

    named = quote(str(path))
    numbers = None if stopped else api.finish(model, reporter)
    state = latest_state(path / "checkpoints")  # the model's own checkpoint is the best, not the last
    baselines = {} if numbers is None else {k: v["nats_per_token"] for k, v in numbers["baselines"].items()}
    best = min(baselines.items(), key=lambda item: item[1], default=None)
    if json:
        console.out_json(
            {
                "run": str(path),
                "steps": state["step"],
                "seconds": state["seconds"],
                "tokens_per_second": state["tokens_per_second"],
                "valid_nats": state["best_nats"],
                "test_nats": numbers and numbers["nats_per_token"],
                "baseline_nats": best and best[1],
                "main": numbers and numbers.get("main"),
                **_headline(numbers),
                "checkpoint": str(model.checkpoint.path),
            }
        )
        return
    if stopped:
        console.out(
            f"Stopped and saved at step {state['step']}. Go on with:\n  seqgen train {model.domain.name} "
            f"{quote(model.run.corpus()['path'])} --resume --out {named}"
        )
        return
    if numbers is not None and best is not None:
        pieces = f"{numbers['pieces']} piece{'s' * (numbers['pieces'] != 1)}"
        console.out(f"\n{pieces} never seen in training, nats (lower is better):")
        if "main" in numbers:
            _main(numbers)
            console.out(f"\n{all_ids(model.tokenizer)}:")
        share = 1 - numbers["nats_per_token"] / best[1]
        rows = [("this model", f"{numbers['nats_per_token']:.4f}")]
        rows += [(name, f"{nats:.4f}") for name, nats in baselines.items()]
        console.table(rows, right=[1])
        console.out(_beside(share, best[0]))
    # Of events one asks what comes next; of a tune or a text, for new ones.
    other = f"sample {named} --count 8 --temperature 0.9" if not model.tokenizer.main else f"predict FILE --run {named}"
    console.out(f"\nThe run is in {path}. Next:\n  seqgen sample\n  seqgen {other}")


def _headline(numbers: dict[str, Any] | None) -> dict[str, Any]:
    """Of sequences of events: nats and accuracy of what is predicted of them."""
    if not numbers or numbers.get("main") not in numbers.get("fields", {}):
        return {}
    field = numbers["fields"][numbers["main"]]
    lowest = min((b["nats"] for b in field["baselines"].values()), default=None)
    return {"main_nats": field["nats"], "main_accuracy": field["accuracy"], "main_baseline_nats": lowest}


def _main(numbers: dict[str, Any]) -> None:
    """What is predicted of events, beside counting."""
    field = numbers["fields"].get(numbers["main"])
    if field is None:  # no held-out piece says one
        return
    compared = {"this model": field, **field["baselines"]}
    rows = [(name, f"{n['nats']:.4f}", f"{n['accuracy']:.1%}") for name, n in compared.items()]
    console.table(rows, (numbers["main"], "nats", "accuracy"), right=[1, 2])
    name, best = min(field["baselines"].items(), key=lambda item: item[1]["nats"])
    console.out(_beside(1 - field["nats"] / best["nats"], name))


def _beside(share: float, name: str) -> str:
    """share: of the best n-gram's nats that the model saves."""
    return (
        f"{share:.1%} below the best n-gram ({name})." if share > 0 else f"{-share:.1%} above the best n-gram ({name})."
    )


class _Stop:
    """Becomes true at the first signal that asks to end while the training goes on, which is then saved; before that
    begins, and at the second one, the program ends at once."""

    def __init__(self, reporter: console.Console) -> None:
        self._reporter = reporter
        self._asked = self._begun = False

    def __call__(self) -> bool:
        self._begun = True
        return self._asked

    def take(self, number: int, frame: FrameType | None) -> None:
        if self._asked or not self._begun:
            signals.end(number, frame)
        signals.forget_terminal(number)
        self._asked = True
        self._reporter.note("stopping after this step; once more to leave at once")


for _domain in domains().values():
    app.command(_domain.name)(_command(_domain))

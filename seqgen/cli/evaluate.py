"""`seqgen evaluate [RUN]`: held-out numbers beside baselines."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from seqgen.cli import console
from seqgen.cli.courses import show_forecasts
from seqgen.cli.measures import all_ids, show_copying, show_measures
from seqgen.core.errors import UsageError


def command(
    run: Annotated[str | None, typer.Argument(help="A run's folder or name; the newest by default.")] = None,
    split: Annotated[str, typer.Option(help="test or valid.")] = "test",
    corpus: Annotated[Path | None, typer.Option(help="Where the corpus lies now, if it has moved.")] = None,
    file: Annotated[Path | None, typer.Option(help="Score this file instead of the held-out pieces.")] = None,
    dynamic: Annotated[bool, typer.Option("--dynamic", help="Also let the model adapt to what it reads.")] = False,
    ensemble: Annotated[
        bool, typer.Option("--ensemble", help="Also average over every re-writing, such as music in all keys.")
    ] = False,
    samples: Annotated[
        int | None, typer.Option(help="How many are drawn to be measured, and to see what they copy; 0 for none.")
    ] = None,
    rollouts: Annotated[int, typer.Option(help="Of events: from how many places to look far ahead; 0: none.")] = 200,
    picture: Annotated[
        Path | None, typer.Option(help="Of events: draw how reliable probabilities are: .png, .svg or .pdf.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    **reading: Any,
) -> None:
    """Score the held-out pieces of the run's corpus, beside n-grams counted on its training pieces."""
    from seqgen import api

    if split not in ("test", "valid"):
        raise UsageError(f"No split {split!r}.", "Choose test or valid.")
    model = api.load(run, **reading)
    reporter: Any = console.Console()
    reporter.fallen_back(model)
    numbers = model.evaluate(
        split,  # type: ignore[arg-type]  # checked by the api
        corpus,
        reporter,
        file=file,
        dynamic=dynamic,
        ensemble=ensemble,
        n_samples=samples,
        rollouts=rollouts,
        picture=picture,
    )
    if json:
        console.out_json(numbers)
        return
    pieces = f"{numbers['pieces']} piece{'s' * (numbers['pieces'] != 1)}"
    about = f"{pieces} of {numbers['split']}, {numbers['tokens']:,} scored tokens"
    console.out(f"{model.run.path}: {about}; every distribution is renormalised")
    console.out("over what the grammar allows, header values are not counted.\n")
    units = [
        key.removeprefix("nats_per_") for key in numbers if key.startswith("nats_per_") and key != "nats_per_token"
    ]
    for unit in units:
        per = f"{numbers[f'nats_per_{unit}']:.4f} nats, {numbers[f'bits_per_{unit}']:.4f} bits a {unit}"
        console.out(f"{numbers[f'{unit}s']:,} {unit}s: {per}")
    if units:
        console.out()
    said = {
        "this model": numbers,
        "adapting as it reads": numbers.get("dynamic"),
        "averaged over re-writings": numbers.get("ensemble"),
        **numbers["baselines"],
    }
    shown = ["nats_per_token", "bits_per_token", *(f"nats_per_{unit}" for unit in units)]
    rows = [(name, *(f"{n[key]:.4f}" for key in shown), *_plain(n)) for name, n in said.items() if n is not None]
    if "fields" in numbers:
        _fields(numbers["fields"], numbers["main"])
        console.out(f"\n{all_ids(model.tokenizer)}:\n")
    header = ("", *(key.replace("_per_", "/") for key in shown), "perplexity", "accuracy")
    console.table(rows, header, right=range(1, len(header)))
    console.out()
    console.table(
        [(k, f"{v['tokens']:,}", f"{v['nats_per_token']:.4f}") for k, v in numbers["by_type"].items()],
        ("type", "tokens", "nats/token"),
        right=[1, 2],
    )
    if numbers.get("forecasts"):
        show_forecasts(numbers["forecasts"])
    if "ahead" in numbers:
        _ahead(numbers["ahead"], numbers["main"])
    show_measures(numbers)
    if "copying" in numbers:
        show_copying(numbers["copying"], model.domain.contour_units)


def _plain(numbers: Mapping[str, Any]) -> tuple[str, str]:
    """Perplexity and accuracy, which are only known of the model."""
    if "perplexity" not in numbers:
        return "", ""
    return f"{numbers['perplexity']:.3f}", f"{numbers['accuracy']:.1%}"


def _fields(fields: Mapping[str, Any], main: str) -> None:
    """Each type of id; first the one that a prediction is asked for."""
    rows = []
    for kind, model in sorted(fields.items(), key=lambda item: item[0] != main):
        for name, n in {kind: model, **model["baselines"]}.items():
            shares = [f"{n[key]:.1%}" for key in ("accuracy", "top3_accuracy", "macro_f1")]
            ece = [f"{n[key]:.4f}" for key in ("ece", "ece_by_chance", "ece_excess") if key in n]
            label = name if n is model else f"  {name}"
            rows.append((label, f"{n['nats']:.4f}", *shares, *(ece or ("", "", ""))))
    console.out(f"Of each type of id, calibrated; {main} is what is predicted:\n")
    header = ("", "nats", "accuracy", "among three", "macro-F1", "ECE", "by chance", "excess")
    console.table(rows, header, right=range(1, 8))


def _ahead(ahead: Mapping[str, Any], main: str) -> None:
    console.out(
        f"\n{main} of an event further ahead, by {ahead['paths']} paths from each of {ahead['places']} places:\n"
    )
    rows = [
        (int(n), *(f"{of[name]:.1%}" for name in ("accuracy", "majority", "trigram")), of["n"])
        for n, of in ahead.items()
        if isinstance(of, dict)
    ]
    header = ("events ahead", "accuracy", "most frequent", "trigram", "places")
    console.table(rows, header, right=range(5))

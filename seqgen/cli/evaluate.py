"""`seqgen evaluate [RUN]`: held-out numbers beside baselines."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from seqgen.cli import console
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
    samples: Annotated[int, typer.Option(help="How many are drawn to see what they copy; 0 for none.")] = 4,
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
        split,  # type: ignore[arg-type]
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
    if "characters" in numbers:
        per = f"{numbers['nats_per_character']:.4f} nats, {numbers['bits_per_character']:.4f} bits a character"
        console.out(f"{numbers['characters']:,} characters: {per}\n")
    rows = [
        (
            "this model",
            f"{numbers['nats_per_token']:.4f}",
            f"{numbers['bits_per_token']:.4f}",
            f"{numbers['perplexity']:.3f}",
            f"{numbers['accuracy']:.1%}",
        )
    ]
    for key, name in (("dynamic", "adapting as it reads"), ("ensemble", "averaged over re-writings")):
        if key in numbers:
            apart = numbers[key]
            rows.append((name, f"{apart['nats_per_token']:.4f}", f"{apart['bits_per_token']:.4f}", "", ""))
    rows += [
        (name, f"{b['nats_per_token']:.4f}", f"{b['bits_per_token']:.4f}", "", "")
        for name, b in numbers["baselines"].items()
    ]
    if "fields" in numbers:
        _fields(numbers["fields"], numbers["main"])
        console.out("\nAll ids, who acts and what follows from the rest among them:\n")
    console.table(rows, ("", "nats/token", "bits/token", "perplexity", "accuracy"), right=[1, 2, 3, 4])
    console.out()
    console.table(
        [(k, f"{v['tokens']:,}", f"{v['nats_per_token']:.4f}") for k, v in numbers["by_type"].items()],
        ("type", "tokens", "nats/token"),
        right=[1, 2],
    )
    if "ahead" in numbers:
        _ahead(numbers["ahead"], numbers["main"])
    if "copying" not in numbers:
        return
    console.out()
    console.table(
        [
            (name.replace("_", " "), c["longest_overlap"], f"{c['share_of_30grams']:.2%}")
            for name, c in numbers["copying"].items()
        ],
        ("found in the training pieces", "longest, tokens", "of 30 tokens in a row"),
        right=[1, 2],
    )


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

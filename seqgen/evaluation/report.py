"""What a run says about itself to people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seqgen.training.checkpoint import Checkpoint
from seqgen.training.run import Run


def model_card(
    run: Run, checkpoint: Checkpoint, corpus: Mapping[str, Any], numbers: Mapping[str, Any] | None = None
) -> str:
    """Markdown: what it was trained on, how, and how good it is."""
    config = run.config()
    counts = corpus.get("counts", {})
    lines = [
        f"# {run.name}",
        "",
        f"A stacked {config.cell.upper()} ({config.n_layers} × {config.width}) for {run.domain}, trained with seqgen.",
        "",
        "## Corpus",
        "",
        f"- {corpus.get('title') or corpus.get('name')}",
        *(f"- {name.capitalize()}: {corpus[name]}" for name in ("origin", "licence", "citation") if corpus.get(name)),
        *(f"- {split}: {c['pieces']} pieces, {c['tokens']:,} tokens" for split, c in counts.items()),
        f"- {len(corpus.get('skipped', []))} files left out (named in corpus.json)",
        "",
        "## Training",
        "",
        f"- {checkpoint.step} of {config.steps} steps of {config.batch_size} × {config.crop}, seed {config.seed}",
        f"- {config.device}, {config.replicas} threads, {config.precision}",
        "",
    ]
    if numbers:
        field = numbers.get("fields", {}).get(numbers.get("main"))
        which = "All ids of held" if field else "Held"
        if field:
            lines += [
                f"## {numbers['main']}, the next of held-out pieces ({numbers['split']}, {field['tokens']:,})",
                "",
                "| | nats | accuracy |",
                "|---|---|---|",
                *(
                    f"| {name} | {n['nats']:.4f} | {n['accuracy']:.1%} |"
                    for name, n in {"this model": field, **field["baselines"]}.items()
                ),
                "",
            ]
        lines += [
            f"## {which}-out pieces ({numbers['split']}, {numbers['tokens']:,} scored tokens)",
            "",
            "| | nats per token |",
            "|---|---|",
            f"| this model | {numbers['nats_per_token']:.4f} |",
            *(f"| {name} | {b['nats_per_token']:.4f} |" for name, b in numbers["baselines"].items()),
            "",
        ]
    return "\n".join(lines)

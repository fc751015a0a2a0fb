"""What benchmarks share: a training whose best weights are kept."""

from __future__ import annotations

import sys

import torch

from seqgen.model import SequenceModel
from seqgen.training.loop import Progress, Trainer


def train_to_best(trainer: Trainer, label: str = "") -> SequenceModel:
    """Train to the end, a line on stderr at each evaluation; the model with the weights that were best on valid."""
    best: dict[str, torch.Tensor] = {}

    def report(p: Progress) -> None:
        if p.at_evaluation:
            print(
                f"{label}{p.seconds:6.0f} s  step {p.step:6d}/{p.steps}  {p.tokens_per_second:,.0f} ids/s  "
                f"train {p.train_nats:.4f}  valid {p.valid_nats:.4f}",
                file=sys.stderr,
                flush=True,
            )

    trainer.run(
        report,
        lambda is_best: best.update({k: t.clone() for k, t in trainer.model_tensors().items()}) if is_best else None,
    )
    trainer.close()
    trainer.mean_model.load_state_dict(best)
    return trainer.mean_model

"""How good a run's predictions of events are, field by field and further ahead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from seqgen.api.reporter import Reporter
from seqgen.core.tokenizer import Ids
from seqgen.evaluation.ahead import accuracy_ahead
from seqgen.evaluation.fields import evaluate_fields

if TYPE_CHECKING:
    from seqgen.api.model import Model


def compare_events(
    model: Model, train: Sequence[Ids], pieces: Sequence[Ids], rollouts: int, reporter: Reporter
) -> dict[str, Any]:
    """main: the type of id that says what an event is. fields: type -> its numbers, see `evaluate_fields`. ahead, where
    something is rolled out: see `accuracy_ahead`."""
    tokenizer, temperatures = model.tokenizer, model.temperatures
    fields = evaluate_fields(model.network, tokenizer, train, pieces, temperatures, reporter.working)
    found: dict[str, Any] = {"main": tokenizer.main, "fields": fields}
    if rollouts:
        ahead = accuracy_ahead(
            model.network, tokenizer, train, pieces, temperatures, places=rollouts,
            report=lambda done, total: reporter.working("rolling out", done, total),
        )  # fmt: skip
        if ahead["places"]:  # pieces of few events have none
            found["ahead"] = ahead
    return found

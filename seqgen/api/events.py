"""How good a run's predictions of events are, field by field and further ahead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from seqgen.api.reporter import Reporter
from seqgen.core.tokenizer import Ids
from seqgen.evaluation.ahead import accuracy_ahead
from seqgen.evaluation.fields import evaluate_fields
from seqgen.evaluation.rolling import forecast_scores

if TYPE_CHECKING:
    from seqgen.api.model import Model


def compare_events(
    model: Model, train: Sequence[Ids], pieces: Sequence[Ids], rollouts: int, reporter: Reporter
) -> dict[str, Any]:
    """main: the type of id that says what an event is. fields: type -> its numbers, see `evaluate_fields`. ahead, where
    something is rolled out: see `accuracy_ahead`; or forecasts, where a number goes on: see `forecast_scores`."""
    tokenizer, temperatures = model.tokenizer, model.temperatures
    fields = evaluate_fields(model.network, tokenizer, train, pieces, temperatures, reporter.working)
    found: dict[str, Any] = {"main": tokenizer.main, "fields": fields}
    if rollouts and model.domain.course is not None:
        found["forecasts"] = forecast_scores(
            model.network, tokenizer, model.domain.course, pieces, temperatures, places=rollouts,
            report=lambda done, total: reporter.working("forecasting", done, total),
        )  # fmt: skip
    elif rollouts:
        ahead = accuracy_ahead(
            model.network, tokenizer, train, pieces, temperatures, places=rollouts,
            report=lambda done, total: reporter.working("rolling out", done, total),
        )  # fmt: skip
        if ahead["places"]:  # pieces of few events have none
            found["ahead"] = ahead
    return found

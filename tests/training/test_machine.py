"""What is chosen for this machine, and what it cannot do."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from seqgen.core.errors import UsageError
from seqgen.training import machine
from seqgen.training.config import TrainConfig
from seqgen.training.machine import MAX_REPLICAS, calibrate, choose_machine


def test_a_device_that_is_there_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "cores", lambda: 64)
    for there in (False, True):
        monkeypatch.setattr(torch.cuda, "is_available", lambda there=there: there)
        assert choose_machine("cpu") == {"device": "cpu", "replicas": MAX_REPLICAS}
        assert choose_machine("cpu", 7) == {"device": "cpu", "replicas": 7}
        assert choose_machine()["device"] == ("cuda" if there else "cpu")
    assert choose_machine("cuda", 7) == {"device": "cuda", "replicas": 1}
    monkeypatch.setattr(machine, "cores", lambda: 2)
    assert choose_machine("cpu")["replicas"] == 2


def test_a_device_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UsageError, match="no CUDA device"):
        choose_machine("cuda")
    with pytest.raises(UsageError, match="No device 'tpu'"):
        choose_machine("tpu")


@pytest.fixture
def trial(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A training of which a step takes so many seconds in each precision, None where it is not to be had."""
    found = SimpleNamespace(step={"float32": 1.0, "bfloat16": 0.5}, evaluation=2.0, closed=0, now="", tried=[])

    def begin(name: str) -> None:
        found.now = name
        found.tried.append(name)

    def timed(trainer: Any, seconds: float) -> float:
        if found.step[found.now] is None:
            raise RuntimeError("could not create a primitive")
        return float(found.step[found.now])

    def close() -> None:
        found.closed += 1

    trainer = SimpleNamespace(replicas=SimpleNamespace(compute_in=begin), close=close)
    monkeypatch.setattr(machine, "Trainer", lambda *_: trainer)
    monkeypatch.setattr(machine, "_seconds_per_step", timed)
    monkeypatch.setattr(machine, "_seconds_per_evaluation", lambda trainer: found.evaluation)
    return found


def calibrated(seconds: float | None, precision: str | None = None) -> TrainConfig:
    return calibrate(TrainConfig(n_evaluations=20), None, [], [], seconds, precision=precision)  # type: ignore[arg-type]  # nothing is trained


@pytest.mark.parametrize(("bfloat16", "chosen"), [(0.8, "bfloat16"), (0.95, "float32"), (None, "float32")])
def test_the_coarser_arithmetic_is_taken_where_it_is_faster(
    trial: SimpleNamespace, bfloat16: float | None, chosen: str
) -> None:
    trial.step["bfloat16"] = bfloat16
    assert calibrated(None).precision == chosen and trial.closed == 1
    found = calibrated(1000.0)
    assert found.precision == trial.now == chosen
    evaluations = 20 * trial.evaluation
    assert found.steps == int((1000 - evaluations) / (trial.step[chosen])) and found.n_evaluations == 20


def test_a_short_time_is_spent_on_steps_before_evaluations(trial: SimpleNamespace) -> None:
    trial.evaluation = 10.0
    found = calibrated(30.0, "float32")
    assert trial.tried == ["float32"] * 2 and (found.steps, found.n_evaluations) == (10, 3)
    trial.step["float32"] = 0.01
    assert calibrated(30.0, "float32").steps == 900  # 0.3 of the time, though evaluations would take all of it


def test_a_precision_that_is_asked_for_needs_no_trial_unless_time_is(trial: SimpleNamespace) -> None:
    assert calibrated(None, "bfloat16").precision == "bfloat16" and not trial.tried
    trial.step["bfloat16"] = None
    with pytest.raises(UsageError, match="cannot train in bfloat16"):
        calibrated(60.0, "bfloat16")
    trial.step["float32"] = None
    with pytest.raises(RuntimeError):
        calibrated(60.0)
    assert trial.closed == 2

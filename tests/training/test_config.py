from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from seqgen.core.errors import RunError, UsageError
from seqgen.training.config import PRESETS, TrainConfig, default_config, regularised


def test_a_configuration_comes_back_from_json() -> None:
    config = TrainConfig(steps=7, learning_rate=1e-3, precision="bfloat16")
    assert TrainConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": 0}, {"width": -1}, {"batch_size": 0}, {"replicas": 0}, {"crop": 1}, {"layer_dropout": 1.0},
        {"blank": -0.1}, {"seed": -1}, {"seed": 2**63}, {"steps": 10**10}, {"width": 8193}, {"n_layers": 65},
        {"batch_size": 10**6}, {"crop": 10**7}, {"replicas": 257}, {"n_evaluations": 10**6}, {"patience": 10**30},
        {"width": 8192, "n_layers": 64}, {"batch_size": 65_536, "crop": 1_000_000}, {"cell": "elman"},
    ],
)  # fmt: skip
def test_impossible_settings_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        TrainConfig(**wrong)


@pytest.mark.parametrize(
    "damaged",
    [
        {"steps": "7"}, {"steps": 0}, {"steps": True}, {"nonsense": 1}, {"device": 3}, [], "x", None, {"crop": 2.5},
        {"width": 10**30}, {"cell": "mlp"}, {"cell": 3},
    ],
)  # fmt: skip
def test_a_damaged_record_is_refused(damaged: Any) -> None:
    with pytest.raises(RunError):
        TrainConfig.from_dict(damaged)


def test_a_record_without_a_cell_is_of_an_lstm() -> None:
    saved = TrainConfig(cell="gru").to_dict()
    assert TrainConfig.from_dict(saved).cell == "gru"
    del saved["cell"]
    assert TrainConfig.from_dict(saved).cell == "lstm"


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_set_the_size(preset: str) -> None:
    config = default_config(n_tokens=1000, n_augmentations=1, preset=preset)
    assert (config.width, config.n_layers) == PRESETS[preset]


def test_what_is_given_wins_and_nothing_is_not_given() -> None:
    config = default_config(n_tokens=1000, n_augmentations=12, steps=5, learning_rate=None, width=64)
    assert config.steps == 5 and config.width == 64 and config.learning_rate == TrainConfig().learning_rate


def test_large_corpora_are_dropped_out_less() -> None:
    shares = [default_config(n_tokens=n, n_augmentations=1).layer_dropout for n in (10**5, 10**7, 10**9)]
    assert shares == sorted(shares, reverse=True) and len(set(shares)) == 3


def test_an_unknown_preset_names_the_known_ones() -> None:
    with pytest.raises(UsageError) as caught:
        default_config(n_tokens=1, n_augmentations=1, preset="huge")
    assert "tiny, small, base" in caught.value.hint


def test_streams_that_are_read_often_are_dropped_out_more() -> None:
    def shares(steps: int, **given: Any) -> list[float]:
        config = default_config(n_tokens=1_024_000, n_augmentations=1, streams=True, steps=steps, **given)
        assert config.streams
        chosen = regularised(config, 1_024_000, list(given))
        return [chosen.layer_dropout, chosen.input_dropout, chosen.feature_dropout, chosen.perceptron_dropout]

    per_reading = 1_024_000 / (32 * 64)
    found = [shares(round(times * per_reading)) for times in (1, 3, 10, 60, 1000)]
    assert found == sorted(found) and found[0] == found[1] == [0.2, 0.1, 0.2, 0.1]
    assert found[-1] == found[-2] == [0.5, 0.3, 0.4, 0.2]
    assert shares(10_000, layer_dropout=0.05)[0] == 0.05


def test_crops_that_are_read_but_a_few_times_are_hardly_dropped_out() -> None:
    config = default_config(n_tokens=1_024_000, n_augmentations=1)
    per_reading = 1_024_000 // (config.batch_size * config.crop)
    shares = [regularised(replace(config, steps=n * per_reading), 1_024_000).layer_dropout for n in (1, 5, 8, 15, 99)]
    assert shares[:2] == [0.05, 0.05] and shares[3:] == [config.layer_dropout] * 2
    assert 0.05 < shares[2] < config.layer_dropout

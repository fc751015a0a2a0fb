"""Every choice of a training, given or automatic, in one record that a resumed run reuses."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import numpy as np

from seqgen.cells import CELLS
from seqgen.core.errors import RunError, UsageError
from seqgen.model import Dropout

# Up to so many training tokens: dropout of the layers, of their inputs, of context features, of the perceptron.
_DROPOUT = ((3e6, 0.5, 0.4, 0.4, 0.2), (3e7, 0.25, 0.1, 0.1, 0.1), (float("inf"), 0.1, 0.0, 0.0, 0.0))
# Crops that are read but a few times, and from so many times on as the table above has it.
_FEW_READINGS, _FEW = (5.0, 15.0), (0.05, 0.0, 0.0, 0.05)
# Streams: of the same, after so many readings of the text; between them, by the logarithm of the readings.
_READINGS = ((3.0, 0.2, 0.1, 0.2, 0.1), (12.0, 0.35, 0.2, 0.3, 0.15), (60.0, 0.5, 0.3, 0.4, 0.2))
PRESETS: dict[str, tuple[int, int]] = {"tiny": (128, 1), "small": (192, 2), "base": (512, 2)}  # width, layers
# Sizes are bounded by what a file may ask for without the memory or the time of any machine running out.
_RANGES = (
    ("steps", 1, 10**9), ("width", 1, 8192), ("n_layers", 1, 64), ("batch_size", 1, 65_536), ("crop", 2, 10**6),
    ("n_evaluations", 1, 10_000), ("patience", 1, 10**9), ("replicas", 1, 256), ("seed", 0, 2**63 - 1),
    ("learning_rate", 0.0, 1e30), ("final_rate", 0.0, 1.0), ("beta1", 0.0, 0.9999), ("beta2", 0.0, 0.999999),
    ("weight_decay", 0.0, 100.0), ("clip", 1e-9, 1e9), ("ema_share", 0.0, 1.0), ("warm_up", 0, 10**9),
    ("save_seconds", 0.0, 1e9),
)  # fmt: skip
_MAX_LAYER_WEIGHTS = 2**30  # of all layers
_MAX_BATCH_IDS = 2**24


@dataclass(frozen=True)
class TrainConfig:
    """steps: how long. cell: lstm, gru or rnn. replicas: threads that share the weights and split each batch.
    Rates and shares as named.

    ema_share: the running mean of weights reaches over this share of the steps.
    streams: read the pieces from end to end with the state carried from batch to batch, instead of random crops.
    blank: how often each header value is hidden. n_evaluations: how often the validation pieces are scored.
    patience: stop after so many evaluations without a better one.
    """

    steps: int = 1000
    seed: int = 0
    width: int = 192
    n_layers: int = 2
    cell: str = "lstm"
    batch_size: int = 16
    crop: int = 128
    learning_rate: float = 5e-3
    warm_up: int = 50
    final_rate: float = 0.05
    beta1: float = 0.9
    beta2: float = 0.99
    weight_decay: float = 0.1
    clip: float = 1.0
    ema_share: float = 0.07
    embedding_dropout: float = 0.0
    feature_dropout: float = 0.4
    input_dropout: float = 0.4
    layer_dropout: float = 0.5
    perceptron_dropout: float = 0.2
    weight_dropout: float = 0.0
    streams: bool = False
    blank: float = 0.25
    n_evaluations: int = 20
    patience: int = 8
    device: str = "cpu"
    replicas: int = 1
    precision: str = "float32"
    save_seconds: float = 60.0

    def __post_init__(self) -> None:
        if self.cell not in CELLS:
            raise UsageError(f"There is no cell {self.cell!r}.", f"Cells: {', '.join(CELLS)}.")
        for name, low, high in _RANGES:
            if not low <= getattr(self, name) <= high:  # nor is it a number
                raise UsageError(
                    f"{name.replace('_', ' ')} is {getattr(self, name)}; it must lie from {low:,} to {high:,}."
                )
        for name in (f.name for f in fields(self) if f.name.endswith("dropout") or f.name == "blank"):
            if not 0 <= getattr(self, name) < 1:
                raise UsageError(f"{name.replace('_', ' ')} is {getattr(self, name)}; it must lie in [0, 1).")
        if 8 * self.width**2 * self.n_layers > _MAX_LAYER_WEIGHTS:
            raise UsageError(
                f"{self.n_layers} layers of width {self.width} have more than {_MAX_LAYER_WEIGHTS:,} weights."
            )
        if self.batch_size * self.crop > _MAX_BATCH_IDS:
            raise UsageError(f"{self.batch_size} crops of {self.crop} are more than {_MAX_BATCH_IDS:,} ids a batch.")
        if self.device not in ("cpu", "cuda") or self.precision not in ("float32", "bfloat16"):
            raise UsageError(f"There is no training on {self.device} in {self.precision}.")

    @property
    def dropout(self) -> Dropout:
        """The shares of dropout in one record."""
        return Dropout(
            embedding=self.embedding_dropout,
            features=self.feature_dropout,
            inputs=self.input_dropout,
            layers=self.layer_dropout,
            perceptron=self.perceptron_dropout,
            weights=self.weight_dropout,
        )

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it; `from_dict` reads it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> TrainConfig:
        """Raises RunError for what is not such a record."""
        types = {f.name: f.type for f in fields(cls)}
        if not isinstance(saved, dict) or set(saved) - set(types):
            raise RunError("The run's configuration has settings that this version of seqgen does not know.")
        for name, value in saved.items():
            expected = {"int": int, "float": (int, float), "str": str, "bool": bool}[str(types[name])]
            if not isinstance(value, expected) or (expected is not bool and isinstance(value, bool)):  # type: ignore[arg-type]  # a type or two
                raise RunError(f"The run's configuration is damaged: {name} is not {types[name]}.")
        try:
            return cls(**saved)
        except UsageError as error:
            raise RunError(f"The run's configuration is damaged: {error.message}") from None


def default_config(
    *, n_tokens: int, n_augmentations: int, streams: bool = False, preset: str = "small", **given: Any
) -> TrainConfig:
    """Defaults for a corpus of that many training tokens; `given` wins where it is not None.

    Small corpora are read many times over and need more dropout than large ones. Raises UsageError.
    """
    if preset not in PRESETS:
        raise UsageError(f"No preset {preset!r}.", f"Presets: {', '.join(PRESETS)}.")
    width, n_layers = PRESETS[preset]
    effective = n_tokens * min(4.0, n_augmentations) ** 0.5
    layers, inputs, context, perceptron = next(shares for most, *shares in _DROPOUT if effective < most)
    if streams:
        width = max(width, 256) if preset == "small" else width
    chosen = {
        "streams": streams,
        "crop": 64 if streams else TrainConfig.crop,
        # 16 sequences a core keep its units fed: more is learned in a minute than with half of them and half the rate.
        "batch_size": 32 if streams else TrainConfig.batch_size,
        "learning_rate": 7e-3 if streams else TrainConfig.learning_rate,
        "width": width,
        "n_layers": n_layers,
        "layer_dropout": layers,
        "input_dropout": inputs,
        "feature_dropout": context,
        "perceptron_dropout": perceptron,
        **{name: value for name, value in given.items() if value is not None},
    }
    return TrainConfig(**chosen)


def regularised(config: TrainConfig, n_tokens: int, given: Collection[str] = ()) -> TrainConfig:
    """Dropout by how often the training's steps read the corpus: what is read but a few times needs little. What is in
    `given` stays as it is."""
    readings = max(1e-9, config.steps * config.batch_size * config.crop / max(1, n_tokens))
    names = ("layer_dropout", "input_dropout", "feature_dropout", "perceptron_dropout")
    if config.streams:
        times, table = zip(*((times, shares) for times, *shares in _READINGS), strict=True)
    else:
        times, table = _FEW_READINGS, (_FEW, tuple(getattr(config, name) for name in names))
    places = [math.log(n) for n in times]
    chosen = {
        name: round(float(np.interp(math.log(readings), places, values)), 3)
        for name, values in zip(names, zip(*table, strict=True), strict=True)
        if name not in given
    }
    return replace(config, **chosen)  # type: ignore[arg-type]  # all of them are shares

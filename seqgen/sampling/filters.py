"""What narrows or sharpens a distribution before an id is drawn: pure functions logits [B, V] → logits.

Ids that are out get -inf. Each row keeps at least its likeliest id.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from seqgen.core.errors import UsageError

_OUT = float("-inf")


def temperature(logits: Tensor, value: float) -> Tensor:
    """Divide by `value`: below 1 sharper, above 1 flatter; 0 keeps only the likeliest id."""
    if value == 0:
        return top_k(logits, 1)
    # Seen from the likeliest, so that the smallest values overflow to "out" and not to no number.
    return (logits - logits.amax(dim=-1, keepdim=True)) / max(value, 1e-30)


def top_k(logits: Tensor, k: int) -> Tensor:
    """Keep the k likeliest ids (Fan et al. 2018)."""
    k = min(k, logits.shape[-1])
    kept = logits.topk(k, dim=-1)
    return torch.full_like(logits, _OUT).scatter(-1, kept.indices, kept.values)


def top_p(logits: Tensor, p: float) -> Tensor:
    """Keep the smallest set of likeliest ids whose probabilities reach p: the nucleus (Holtzman et al. 2020)."""
    ordered, places = logits.sort(dim=-1, descending=True)
    probabilities = ordered.softmax(dim=-1)
    before = probabilities.cumsum(dim=-1) - probabilities
    out = before >= p
    out[..., 0] = False  # however small p is
    kept = ordered.masked_fill(out, _OUT)
    return torch.full_like(logits, _OUT).scatter(-1, places, kept)


def min_p(logits: Tensor, share: float) -> Tensor:
    """Keep ids at least `share` times as likely as the likeliest (Nguyen et al. 2024)."""
    probabilities = logits.softmax(dim=-1)
    return logits.masked_fill(probabilities < share * probabilities.amax(dim=-1, keepdim=True), _OUT)


@dataclass(frozen=True)
class Filters:
    """Which filters apply, in this order: temperature, top-k, top-p, min-p. Raises UsageError."""

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None
    min_p: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.temperature <= 100:
            raise UsageError(f"A temperature of {self.temperature} makes no sense.", "Choose 0 to 2; 1 is as learned.")
        if self.top_k is not None and self.top_k < 1:
            raise UsageError(f"top-k is {self.top_k}; it must be at least 1.")
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise UsageError(f"top-p is {self.top_p}; it must lie in (0, 1].")
        if self.min_p is not None and not 0 <= self.min_p <= 1:
            raise UsageError(f"min-p is {self.min_p}; it must lie in [0, 1].")

    def __call__(self, logits: Tensor) -> Tensor:
        """[B, V] -> [B, V]."""
        if self.temperature != 1:
            logits = temperature(logits, self.temperature)
        if self.top_k is not None:
            logits = top_k(logits, self.top_k)
        if self.top_p is not None and self.top_p < 1:
            logits = top_p(logits, self.top_p)
        if self.min_p:
            logits = min_p(logits, self.min_p)
        return logits

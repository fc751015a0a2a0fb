"""What narrows or sharpens a distribution before an id is drawn: pure functions logits [B, V] → logits. And how one is.

Ids that are out get -inf. Each row keeps at least its likeliest id.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from seqgen.core.errors import UsageError

_OUT = float("-inf")


def drawn(weights_BV: npt.NDArray[np.floating], uniforms_B: npt.NDArray[np.floating]) -> npt.NDArray[np.int64]:
    """One id each, as probable as its weight; uniforms: random numbers from 0 to 1. Where a row weighs nothing, any."""
    total = weights_BV.cumsum(axis=1, dtype=np.float64)
    ids: npt.NDArray[np.int64] = (total <= uniforms_B[:, None] * total[:, -1:]).sum(axis=1)
    # Rounding may point beyond the last id that has some weight: it is that one.
    for b in np.flatnonzero(ids >= weights_BV.shape[1]):
        ids[b] = weights_BV.shape[1] - 1 - (weights_BV[b, ::-1] > 0).argmax()
    return ids


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


def repetition_penalty(logits: Tensor, seen: Tensor, value: float) -> Tensor:
    """Make ids that were `seen` (bool [B, V]) less likely: positive logits are divided by `value`, others multiplied
    (Keskar et al. 2019)."""
    return torch.where(seen, torch.where(logits > 0, logits / value, logits * value), logits)


def ban(logits: Tensor, ids: Tensor) -> Tensor:
    """Leave some ids (int64 [n]) out, unless nothing else is left in a row."""
    banned = logits.index_fill(-1, ids, _OUT)
    return torch.where(torch.isfinite(banned).any(dim=-1, keepdim=True), banned, logits)


@dataclass(frozen=True)
class Filters:
    """Which filters apply, in this order: bans, repetition penalty, temperature, top-k, top-p, min-p.

    temperature: one, or a pair that it moves between from the beginning of what is drawn to its end. banned: ids.
    Raises UsageError for values out of range.
    """

    temperature: float | tuple[float, float] = 1.0
    top_k: int | None = None
    top_p: float | None = None
    min_p: float | None = None
    repetition_penalty: float = 1.0
    banned: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for value in self._ends:
            if not 0 <= value <= 100:
                raise UsageError(f"A temperature of {value} makes no sense.", "Choose 0 to 2; 1 is as learned.")
        if not 0 < self.repetition_penalty <= 100:
            raise UsageError(f"A repetition penalty of {self.repetition_penalty} makes no sense.", "Choose 1 to 2.")
        if self.top_k is not None and self.top_k < 1:
            raise UsageError(f"top-k is {self.top_k}; it must be at least 1.")
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise UsageError(f"top-p is {self.top_p}; it must lie in (0, 1].")
        if self.min_p is not None and not 0 <= self.min_p <= 1:
            raise UsageError(f"min-p is {self.min_p}; it must lie in [0, 1].")

    @property
    def _ends(self) -> tuple[float, float]:
        t = self.temperature
        return t if isinstance(t, tuple) else (t, t)

    @property
    def needs_seen(self) -> bool:
        """Whether it matters which ids came before."""
        return self.repetition_penalty != 1

    def __call__(self, logits: Tensor, done: float = 0.0, seen: Tensor | None = None) -> Tensor:
        """[B, V] -> [B, V]. done: the share of what is to be drawn. seen: bool [B, V], ids drawn so far."""
        if self.banned:
            logits = ban(logits, torch.tensor(self.banned, device=logits.device))
        if self.needs_seen and seen is not None:
            logits = repetition_penalty(logits, seen, self.repetition_penalty)
        start, end = self._ends
        now = start + (end - start) * min(1.0, done)
        if now != 1:
            logits = temperature(logits, now)
        if self.top_k is not None:
            logits = top_k(logits, self.top_k)
        if self.top_p is not None and self.top_p < 1:
            logits = top_p(logits, self.top_p)
        if self.min_p:
            logits = min_p(logits, self.min_p)
        return logits

"""A new training that begins with another run's weights: what both know by the same name is taken over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from seqgen.core.tokenizer import Tokenizer
from seqgen.model import SequenceModel


@dataclass(frozen=True)
class Transfer:
    """n_ids: ids of the new vocabulary that the old one knows too, by their tokens. fresh: parameters, or parts of
    them, that stay as they were initialised."""

    n_ids: int
    fresh: tuple[str, ...]


@torch.no_grad()
def transfer(
    old: Mapping[str, Tensor], old_tokenizer: Tokenizer[Any], model: SequenceModel, tokenizer: Tokenizer[Any]
) -> Transfer:
    """Copy weights of `old` (by name, as a checkpoint has them) into a model of the same width and layers, in place.

    Ids are matched by token, context features by name and size; parameters of another shape stay fresh.
    """
    known = {token: i for i, token in enumerate(old_tokenizer.vocabulary.tokens)}
    new_ids = [i for i, token in enumerate(tokenizer.vocabulary.tokens) if token in known]
    old_ids = [known[tokenizer.vocabulary.tokens[i]] for i in new_ids]
    begins = ([len(tokenizer.vocabulary)], [len(old_tokenizer.vocabulary)])
    rows = {
        "embedding.weight": (new_ids + begins[0], old_ids + begins[1]),
        "bias": (new_ids, old_ids),
        "context.weight": _shared_features(old_tokenizer, tokenizer),
    }
    heads = _heads(old_tokenizer, tokenizer)
    fresh = []
    for name, parameter in model.named_parameters():
        source = heads.get(name, name)
        if source not in old or old[source].shape[1:] != parameter.shape[1:]:
            fresh.append(name)
            continue
        values = old[source].to(parameter.device)
        if name in rows:
            here, there = rows[name]
            if here:
                parameter[here] = values[there]
        elif values.shape == parameter.shape:
            parameter.copy_(values)
        else:
            fresh.append(name)
    return Transfer(len(new_ids), tuple(fresh))


def _shared_features(old: Tokenizer[Any], new: Tokenizer[Any]) -> tuple[list[int], list[int]]:
    """Rows of the new and of the old context table that embed the same values of the same features."""
    tables = []
    for tokenizer in (new, old):
        offset, table = 0, {}
        for feature in tokenizer.context.features:
            if feature.embedded:
                table[feature.name, feature.size] = offset
                offset += feature.size
        tables.append(table)
    here: list[int] = []
    there: list[int] = []
    for (name, size), offset in tables[0].items():
        if (name, size) in tables[1]:
            here += range(offset, offset + size)
            there += range(tables[1][name, size], tables[1][name, size] + size)
    return here, there


def _heads(old: Tokenizer[Any], new: Tokenizer[Any]) -> dict[str, str]:
    """Names of the new class heads' parameters -> those of the old heads of the same features; "" without such."""
    order = [f.name for f in old.context.features if not f.embedded]
    names = {}
    for k, feature in enumerate(f for f in new.context.features if not f.embedded):
        for part in ("weight", "bias"):
            source = f"class_heads.{order.index(feature.name)}.{part}" if feature.name in order else ""
            names[f"class_heads.{k}.{part}"] = source
    return names

"""Nats of whole pieces under the masked distribution: what validation, evaluation and scoring share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from seqgen.core.tokenizer import Tokenizer
from seqgen.corpus.batches import Batch, padded, whole
from seqgen.model import SequenceModel, masked_log_probabilities

Ids = npt.NDArray[np.int32]
CHUNK_NUMBERS = 16_000_000  # probabilities held at once; the state is carried on from chunk to chunk
CHUNK_TOKENS = 1024  # positions at once: more are no faster, and take memory
BATCH_TOKENS = 32_768  # of pieces read side by side; fewer where there would be only one batch
N_BATCHES = 4
LONG = 16_384  # ids; longer pieces are read in rows side by side
ROW, WARM_UP = 2048, 512  # ids of such a row, and how many before it are read first


@dataclass(frozen=True)
class _Row:
    """A part of a piece: ids from `start` to `stop` are scored, after those from `begin` were read."""

    piece: int
    begin: int
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.begin


See = Callable[[int, npt.NDArray[np.float32], slice], None]


def piece_log_probabilities(
    model: SequenceModel,
    tokenizer: Tokenizer[Any],
    pieces: Sequence[Ids],
    see: See | None = None,
    *,
    exact: bool = False,
    each: Callable[[Callable[[list[_Row]], None], list[list[_Row]]], Iterable[None]] = map,
    wholes: dict[int, Batch] | None = None,
) -> list[npt.NDArray[np.float32]]:
    """float32 [T] for each piece: ln p(id | before) of every id, under the grammar's mask, from a fresh state.

    Pieces of more than LONG ids are read in rows side by side, each after a warm-up of the ids before it; exact:
    from their beginning in one row, which is many times slower.
    see(i, log_probabilities_TV, positions) is shown the whole distribution of piece i, part by part.
    each: how the parts of the work are done, such as by several threads. wholes: kept for the next time, since a
    piece's context costs more than scoring it.
    """
    found = [np.zeros(len(piece), np.float32) for piece in pieces]
    masks = torch.from_numpy(tokenizer.grammar.masks.copy())
    known: dict[int, Batch] = {} if wholes is None else wholes

    def piece(i: int) -> Batch:
        if i not in known:
            known[i] = whole(pieces[i], tokenizer)
        return known[i]

    def score(group: list[_Row]) -> None:
        batch = padded([piece(row.piece) for row in group], [slice(row.begin, row.stop) for row in group])
        state = model.start(len(group))
        chunk = max(16, min(CHUNK_TOKENS, CHUNK_NUMBERS // len(tokenizer.vocabulary)) // len(group))
        for start in range(0, batch.ids.shape[1], chunk):
            part = slice(start, start + chunk)
            log_p, state = _chunk(model, masks, batch, part, state)
            ids = torch.from_numpy(batch.ids[:, part])
            picked = log_p.gather(-1, ids[..., None].to(log_p.device))[..., 0].cpu().numpy()
            for b, row in enumerate(group):
                at = row.begin + start
                scored = slice(max(row.start, at), min(row.stop, at + ids.shape[1]))
                if scored.start < scored.stop:
                    here = slice(scored.start - at, scored.stop - at)
                    found[row.piece][scored] = picked[b, here]
                    if see is not None:
                        see(row.piece, log_p[b, here].cpu().numpy(), scored)

    for _ in each(score, _groups(_rows(pieces, exact))):
        pass
    return found


@torch.inference_mode()
def _chunk(model: SequenceModel, masks: Any, batch: Any, part: slice, state: Any) -> tuple[torch.Tensor, Any]:
    device = model.bias.device
    previous, context, states = (
        torch.from_numpy(np.ascontiguousarray(values[:, part])).to(device)
        for values in (batch.previous, batch.context, batch.states)
    )
    logits, state = model(previous, context, state)
    return masked_log_probabilities(logits, masks.to(device)[states]), state


def nats_per_id(model: SequenceModel, tokenizer: Tokenizer[Any], pieces: Sequence[Ids]) -> float:
    """Mean nats of the scored ids of these pieces."""
    log_p = piece_log_probabilities(model, tokenizer, pieces)
    return mean_nats(log_p, pieces, tokenizer)


def mean_nats(log_p: Iterable[npt.NDArray[np.floating]], pieces: Sequence[Ids], tokenizer: Tokenizer[Any]) -> float:
    """From log-probabilities of every id to mean nats of the scored ones."""
    total, count = 0.0, 0
    for values, ids in zip(log_p, pieces, strict=True):
        scored = tokenizer.vocabulary.scored[ids]
        total -= float(values[scored].sum(dtype=np.float64))
        count += int(scored.sum())
    return total / max(1, count)


def _rows(pieces: Sequence[Ids], exact: bool) -> list[_Row]:
    rows = []
    for i, piece in enumerate(pieces):
        n = len(piece)
        length = ROW if n > LONG and not exact else n
        rows += [_Row(i, max(0, a - WARM_UP), a, min(n, a + length)) for a in range(0, n, max(1, length))]
    return rows


def _groups(rows: list[_Row]) -> list[list[_Row]]:
    """Rows of like length together, at most BATCH_TOKENS with padding; several such groups, for several threads."""
    groups: list[list[_Row]] = []
    most = min(BATCH_TOKENS, sum(map(len, rows)) // N_BATCHES + 1)
    for row in sorted(rows, key=len):
        if groups and (len(groups[-1]) + 1) * len(row) <= most:
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups

"""How often the action n events ahead is foretold by rolling out, beside the most frequent one and a trigram."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from seqgen.core.tokenizer import Tokenizer
from seqgen.model import SequenceModel
from seqgen.sampling.reader import Reader
from seqgen.sampling.rollout import roll_out

Ids = npt.NDArray[np.int32]
AHEAD = (1, 3, 10, 20)
_A_PIECE = 8  # places, at most: a piece is read up to its last


def accuracy_ahead(
    model: SequenceModel,
    tokenizer: Tokenizer[Any],
    train: Sequence[Ids],
    pieces: Sequence[Ids],
    temperatures: npt.NDArray[np.float32] | None = None,
    *,
    places: int = 200,
    paths: int = 64,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, Any]:
    """places, paths, and of each distance (as text) n, how many places have an event there, and the accuracy of model,
    majority and trigram.

    What is foretold is the most frequent action of the paths at that distance. The trigram is one of actions alone; its
    most probable action is that of endlessly many paths. Places are spread evenly over the pieces.
    """
    main = np.array(tokenizer.vocabulary.types) == tokenizer.main
    chain = ActionChain(tokenizer, train)
    majority = chain.majority
    right = np.zeros((len(AHEAD), 3))
    n_seen, done = np.zeros(len(AHEAD)), 0
    for piece, begins in _places(tokenizer, pieces, places):
        reader, at = Reader(model, tokenizer, temperatures), 0
        for begin in begins:
            reader.read(piece[at:begin])
            at = begin
            drawn = roll_out(reader, tokenizer, count=paths, events=max(AHEAD), seed=begin)
            foretold = drawn.of_type(tokenizer, tokenizer.main, max(AHEAD))
            by_chain = chain.likeliest(piece[:begin][main[piece[:begin]]], max(AHEAD))
            truth = piece[begin:][main[piece[begin:]]]
            for k, ahead in enumerate(AHEAD):
                said = foretold[:, ahead - 1]
                if ahead > len(truth) or not (said >= 0).any():
                    continue
                guesses = (np.bincount(said[said >= 0]).argmax(), majority, by_chain[ahead - 1])
                right[k] += np.array(guesses) == truth[ahead - 1]
                n_seen[k] += 1
            done += 1
            report(done, places)
    found: dict[str, Any] = {"places": done, "paths": paths}
    for k, ahead in enumerate(AHEAD):
        shares = [round(float(x), 4) for x in right[k] / max(1, n_seen[k])]
        found[str(ahead)] = {"n": int(n_seen[k]), **dict(zip(("accuracy", "majority", "trigram"), shares, strict=True))}
    return found


def _places(tokenizer: Tokenizer[Any], pieces: Sequence[Ids], n: int) -> list[tuple[Ids, list[int]]]:
    """Pieces, with places in each behind whole events: n in all, evenly spread."""
    main = np.array(tokenizer.vocabulary.types) == tokenizer.main
    long = [p for p in pieces if main[p].sum() > max(AHEAD) // 2]
    n_pieces = min(len(long), -(-n // _A_PIECE)) if long else 0
    found, left = [], n
    for k in range(n_pieces):
        piece = long[k * len(long) // n_pieces]
        ends = np.flatnonzero(tokenizer.grammar.final_states[tokenizer.grammar.states(piece)[1:]] & (piece >= 0)) + 1
        ends = ends[: max(1, len(ends) - 1)]  # the last is the end of the piece
        wanted = -(-left // (n_pieces - k))
        chosen = np.unique(ends[(np.arange(wanted) * len(ends)) // wanted]).tolist()
        found.append((piece, chosen))
        left -= len(chosen)
    return found


class ActionChain:
    """A trigram of the main ids alone, smoothed as `NGram` is."""

    def __init__(self, tokenizer: Tokenizer[Any], pieces: Sequence[Ids]) -> None:
        self._ids = tokenizer.vocabulary.of_type(tokenizer.main)
        K = self._n = len(self._ids)
        code = np.full(len(tokenizer.vocabulary), -1)
        code[self._ids] = np.arange(K)
        self._code = code
        count = np.zeros((K + 1, K + 1, K))  # K: nothing yet
        for piece in pieces:
            said = code[piece][code[piece] >= 0]
            before = np.concatenate([[K, K], said])
            np.add.at(count, (before[:-2], before[1:-1], said), 1)
        p = np.full(K, 1 / K)
        for counted in (count.sum(axis=(0, 1)), count.sum(axis=0), count):
            total, kinds = counted.sum(axis=-1, keepdims=True), (counted > 0).sum(axis=-1, keepdims=True)
            p = np.where(total > 0, (counted + kinds * p) / np.maximum(1, total + kinds), p)
        self._p = p  # [before the last, last, next]
        self.majority = int(self._ids[count.sum(axis=(0, 1)).argmax()])

    def likeliest(self, said: Ids, n: int) -> Ids:
        """int32 [n]: the most probable action at each distance from 1 to n, after these."""
        codes = np.concatenate([[self._n] * 2, self._code[said]])[-2:]
        p, found = self._p[codes[0], codes[1]], []
        pairs = np.zeros((self._n + 1, self._n))
        pairs[codes[1]] = p
        for _ in range(n):
            found.append(self._ids[pairs.sum(axis=0).argmax()])
            pairs = np.concatenate([np.einsum("ab,abc->bc", pairs, self._p[:, :-1]), np.zeros((1, self._n))])
        return np.array(found, np.int32)

"""What events are worth: how probably the side that acts scores, and concedes, soon.

VAEP's question (Decroos et al. 2019, "Actions speak louder than goals"), answered from what the model knows after each
event: two logistic regressions on its hidden state, fitted on pieces that it has learned from.

Shapes: N events, H numbers that the model knows after each; of two, the first is that the side scores, the second
that it concedes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors.numpy import save
from torch.nn import functional

from seqgen.core.errors import CorpusError, RunError
from seqgen.core.files import sha256, write_bytes
from seqgen.core.tokenizer import Ids, Tokenizer
from seqgen.corpus.batches import padded, whole
from seqgen.evaluation.arrays import load_arrays
from seqgen.model import SequenceModel

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.integer]
Bools = npt.NDArray[np.bool_]

AHEAD = 10  # events
COLUMNS = ("scores_before", "scores_after", "concedes_before", "concedes_after", "value")
_SIDE_BY_SIDE, _PART = 16, 256  # pieces, and positions of each, that are read at once
_PENALTIES = (1e-5, 1e-4, 1e-3)  # of the squares of weights on features of variance 1
_ENOUGH = 20  # events with each answer, or no weights are fitted
_ITERATIONS = 40  # more gain nothing on held-out events
_KEPT = 10_000_000  # bytes
_AGAIN = "Delete it: it is made again where the corpus is."


def soon(points_N3: Ints, ahead: int = AHEAD) -> Bools:
    """bool [N, 2]: whether the side that acts scores, and whether it concedes, in the `ahead` events after each.
    points: which side acts in each event, what it gains by it and what the others gain."""
    side, gains = points_N3[:, 0], points_N3[:, 1:] > 0
    found = np.zeros((len(side), 2), bool)
    for k in range(1, min(ahead, len(side) - 1) + 1):
        same = (side[k:] == side[:-k])[:, None]
        found[:-k] |= np.where(same, gains[k:], gains[k:, ::-1])
    return found


@torch.inference_mode()
def known_after(
    model: SequenceModel, tokenizer: Tokenizer[Any], pieces: Sequence[Ids]
) -> list[npt.NDArray[np.float32]]:
    """float32 [N, H] of each whole piece: what the model knows after each of its events. They are read side by side."""
    batch, device = padded([whole(piece, tokenizer) for piece in pieces]), model.bias.device
    after = tokenizer.grammar.final_states[batch.states]
    for row, piece in zip(after, pieces, strict=True):
        row[len(piece) :] = False
    state, found = model.start(len(pieces)), [np.zeros((int(row.sum()), model.n_known), np.float32) for row in after]
    done = np.zeros(len(pieces), int)
    for start in range(0, after.shape[1], _PART):
        part = slice(start, start + _PART)
        previous, context = (torch.from_numpy(v[:, part].copy()).to(device) for v in (batch.previous, batch.context))
        x, state = model.known(previous, context, state)
        for k, row in enumerate(after[:, part]):
            known = x[k].float().cpu().numpy()[row]
            found[k][done[k] : done[k] + len(known)] = known
            done[k] += len(known)
    return found


class Valuer:
    """Says from what is known after events how probably the side that acted scores, and concedes, soon.

    weights: float32 [2, H]. bias: float32 [2].
    """

    def __init__(self, weights: Floats, bias: Floats) -> None:
        self.weights, self.bias = np.asarray(weights, np.float32), np.asarray(bias, np.float32)

    @classmethod
    def fit(cls, known_NH: Floats, soon_N2: Bools, known_valid: Floats, soon_valid: Bools) -> Valuer:
        """How much weights are held down is chosen on the validation events. What hardly ever comes, or hardly ever
        does not, is as probable everywhere. Raises CorpusError without events."""
        if not len(soon_N2):
            raise CorpusError("There are no events to learn from what leads to a score.")
        if not len(soon_valid):
            known_valid, soon_valid = known_NH, soon_N2
        n = np.maximum(soon_N2.sum(axis=0), 0.5)
        weights, bias = np.zeros((2, known_NH.shape[1])), np.log(n / np.maximum(len(soon_N2) - n, 0.5))
        fitted_HP2, bias_P2 = _logistic(known_NH, soon_N2)
        scores_NP2 = np.einsum("nh,hpk->npk", known_valid, fitted_HP2, optimize=True) + bias_P2
        nats_P2 = np.logaddexp(0, np.where(soon_valid[:, None], -scores_NP2, scores_NP2)).mean(axis=0)
        for k, best in enumerate(nats_P2.argmin(axis=0).tolist()):
            if _ENOUGH <= n[k] <= len(soon_N2) - _ENOUGH:
                weights[k], bias[k] = fitted_HP2[:, best, k], bias_P2[best, k]
        return cls(weights, bias)

    def __call__(self, known_NH: Floats) -> npt.NDArray[np.float64]:
        """float64 [N, 2] probabilities."""
        scores = np.asarray(known_NH, np.float64) @ self.weights.T.astype(np.float64) + self.bias
        return 1 / (1 + np.exp(-scores))

    def save(self, path: Path, checkpoint: str) -> None:
        """checkpoint: the name of the one that they were fitted to."""
        said = {"checkpoint": checkpoint, "sha256": self._sha256(checkpoint)}
        write_bytes(path, save({"weights": self.weights, "bias": self.bias}, said))

    def _sha256(self, checkpoint: str) -> str:
        return sha256(self.weights.tobytes() + self.bias.tobytes() + checkpoint.encode())

    @classmethod
    def load(cls, path: Path, width: int, checkpoint: str) -> Valuer | None:
        """What `save` wrote; None where that was for another checkpoint. Raises RunError where it is damaged."""
        damaged = RunError(f"{path} is damaged, or of another run.", _AGAIN)
        try:
            arrays, said = load_arrays(path, _KEPT)
            found = cls(arrays["weights"], arrays["bias"])
            whole_file = said["sha256"] == found._sha256(said["checkpoint"])
            if not whole_file or found.weights.shape != (2, width) or found.bias.shape != (2,):
                raise damaged
        except (LookupError, ValueError, TypeError, AttributeError):
            raise damaged from None
        return found if said["checkpoint"] == checkpoint else None


def events_of(
    model: SequenceModel,
    tokenizer: Tokenizer[Any],
    points: Callable[[Any], Ints],
    pieces: Sequence[Ids],
    report: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[npt.NDArray[np.float32], Bools]:
    """(what is known after each event of these whole pieces, what comes soon)."""
    known, came = [np.zeros((0, model.n_known), np.float32)], [np.zeros((0, 2), bool)]
    for n in range(0, len(pieces), _SIDE_BY_SIDE):
        part = pieces[n : n + _SIDE_BY_SIDE]
        known += known_after(model, tokenizer, part)
        came += [soon(points(tokenizer.decode(piece))) for piece in part]
        report(n + len(part), len(pieces))
    return np.concatenate(known), np.concatenate(came)


def values(points_N3: Ints, after_N2: Floats) -> npt.NDArray[np.float64]:
    """float64 [N, 5], in the order of `COLUMNS`: of each event how probably the side that acts scores before and after
    it, concedes before and after it, and what the event is worth.

    after: what comes in the events behind each. By an event that scores itself a side has scored, whatever comes.
    Before an event it is what was so after the last one, for the side that acts now; before the first, what is so
    after it.
    """
    side, gains = points_N3[:, 0], points_N3[:, 1:] > 0
    found = np.zeros((len(side), 5))
    if not len(side):
        return found
    same = (side[1:] == side[:-1])[:, None]
    done = np.where(gains, 1.0, after_N2)
    before = np.concatenate([done[:1], np.where(same, after_N2[:-1], after_N2[:-1, ::-1])])
    found[:, 0], found[:, 1], found[:, 2], found[:, 3] = before[:, 0], done[:, 0], before[:, 1], done[:, 1]
    found[:, 4] = (done[:, 0] - before[:, 0]) - (done[:, 1] - before[:, 1])
    return found


def _logistic(x_NH: npt.NDArray[np.float32], came_N2: Bools) -> tuple[Floats, Floats]:
    """Weights [H, P, 2] and biases [P, 2] of least loss, under each of the penalties: all at once, since to go through
    what is known is what takes long."""
    x, y = torch.from_numpy(x_NH), torch.from_numpy(came_N2.astype(np.float32))
    y, penalties = y[:, None].expand(-1, len(_PENALTIES), -1), torch.tensor(_PENALTIES)[:, None]
    mean, spread = x.mean(dim=0), x.std(dim=0) + 1e-6
    u = torch.zeros(x.shape[1] + 1, len(_PENALTIES), 2)
    u[-1] = torch.logit(y.mean(dim=0), eps=1e-6)  # where nothing is known
    u.requires_grad_()
    optimizer = torch.optim.LBFGS([u], max_iter=_ITERATIONS, history_size=20, line_search_fn="strong_wolfe")

    def on_numbers() -> tuple[torch.Tensor, torch.Tensor]:
        """From weights on numbers of mean 0 and variance 1, which need no copy of them all."""
        w = u[:-1] / spread[:, None, None]
        return w, u[-1] - torch.tensordot(mean, w, dims=1)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        w, bias = on_numbers()
        scores = (x @ w.flatten(1)).view(y.shape) + bias
        losses = functional.binary_cross_entropy_with_logits(scores, y, reduction="none").mean(dim=0)
        loss = (losses + penalties * (u[:-1] ** 2).sum(dim=0)).sum()
        loss.backward()  # type: ignore[no-untyped-call]  # torch states no types here
        return loss

    optimizer.step(closure)  # type: ignore[no-untyped-call]  # likewise
    w, bias = on_numbers()
    return w.detach().double().numpy(), bias.detach().double().numpy()

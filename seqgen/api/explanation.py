"""How the layers of trained runs remember: gradients against distance, gates over a piece."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from seqgen.api.corpora import same_corpus
from seqgen.api.model import Model
from seqgen.api.reporter import Reporter
from seqgen.core.errors import CorpusError, UsageError
from seqgen.core.pictures import check_picture
from seqgen.core.tokenizer import Ids
from seqgen.evaluation.cell_picture import POSITIONS, draw_gates, draw_gradients, labels_of
from seqgen.evaluation.gates import gates_over, saturation
from seqgen.evaluation.gradients import choose_places, gradient_norms, reach, relative
from seqgen.sampling.sampler import one_thread
from seqgen.training.loop import new_model

_READ = 30_000  # held-out ids
_PIECE = 2048  # ids of the piece over which gates are shown
_PLACES, _FEWEST = 384, 64  # looked back from: the more the less far
_FARTHEST = 2000


def explain(
    models: Sequence[Model],
    out: str | Path | None = None,
    *,
    file: str | Path | None = None,
    corpus: str | Path | None = None,
    distance: int = 100,
    reporter: Reporter | None = None,
) -> dict[str, Any]:
    """Draw gradient norms against distance, of these runs in one picture, and the gates of each run's layers over a
    held-out piece; returns the numbers and the files.

    out: the folder of the pictures; `explain` within the first run's by default. file: look at its pieces instead of
    the held-out ones. corpus: where the corpus lies now, if not where it was. distance: how far back.

    Raises UsageError, CorpusError when the corpus is gone or has changed, BadInput for a file that is refused,
    MissingExtra.
    """
    if not models:
        raise UsageError("There is no run to explain.")
    if not 1 <= distance <= _FARTHEST:
        raise UsageError(f"A distance of {distance} cannot be looked back over.", f"Choose from 1 to {_FARTHEST:,}.")
    reporter = reporter or Reporter()
    folder = models[0].run.folder("explain") if out is None else Path(out)
    check_picture(folder / "gradients.png")
    names = _distinct(model.run.name for model in models)
    found, pictures = [], []
    for model, name in zip(models, names, strict=True):
        pieces, said = _pieces(model, file, corpus, reporter)
        about = {"run": str(model.run.path), "name": name, "cell": model.network.cell.name, "pieces": said}
        with one_thread():
            gradients = _gradients(model, name, pieces, distance, reporter)
            gates, drawn = _gates(model, about, pieces, folder)
        found.append({**about, **gradients, **gates})
        pictures += drawn
    draw_gradients(found, folder / "gradients.png")
    return {"runs": found, "pictures": [str(folder / "gradients.png"), *map(str, pictures)]}


def _pieces(
    model: Model, file: str | Path | None, corpus: str | Path | None, reporter: Reporter
) -> tuple[list[Ids], str]:
    """What is looked at, and what that is."""
    if file is not None:
        return [model.tokenizer.encode(piece) for piece in model.read(file)], Path(file).name
    store = same_corpus(model.run, corpus, reporter).store
    for split in ("test", "valid"):
        if pieces := store.of_split(split, _READ):
            return pieces, f"held-out pieces ({split})"
    raise CorpusError(f"The corpus of {model.run.name} has no held-out pieces.", "Look at a file's: --file FILE.")


def _gradients(model: Model, name: str, pieces: list[Ids], distance: int, reporter: Reporter) -> dict[str, Any]:
    places = choose_places(
        pieces, model.tokenizer.vocabulary.scored, distance, max(_FEWEST, _PLACES * 100 // max(100, distance))
    )
    found: dict[str, Any] = {"places": len(places), "distances": list(range(places.distance + 1))}
    fresh = new_model(model.tokenizer, replace(model.run.config(), device=model.network.bias.device.type)).eval()
    for kind, network in (("trained", model.network), ("fresh", fresh)):
        report = partial(reporter.working, f"looking back, {name}, {kind} weights")
        shares = relative(gradient_norms(network, model.tokenizer, pieces, places, report))
        found[kind] = [float(f"{share:.4g}") for share in shares]
        found["reach" if kind == "trained" else "reach_fresh"] = reach(shares)
    return found


def _gates(model: Model, about: dict[str, Any], pieces: list[Ids], folder: Path) -> tuple[dict[str, Any], list[Path]]:
    """Of each layer, over one piece."""
    n, ids = next(
        ((n, p) for n, p in enumerate(pieces) if len(p) > 128), max(enumerate(pieces), key=lambda p: len(p[1]))
    )
    ids = np.asarray(ids[:_PIECE], np.int32)
    vocabulary = model.tokenizer.vocabulary
    layers, nats_T = gates_over(model.network, model.tokenizer, ids)
    ends = model.tokenizer.grammar.final_states[model.tokenizer.grammar.states(ids)[1:]]
    start = _begin(vocabulary.scored[ids], ends)
    tokens = labels_of([vocabulary.values[i] for i in ids.tolist()])
    paths = []
    for k, found in enumerate(layers, 1):
        paths.append(folder / f"gates-{about['name']}-{k}.png")
        shown = {**about, "layer": k, "layers": len(layers), "piece": f"piece {n + 1} of {about['pieces']}"}
        draw_gates(shown, found, nats_T, tokens, ends, start, paths[-1])
    return {"layers": [saturation(about["cell"], found) for found in layers]}, paths


def _begin(scored_T: npt.NDArray[np.bool_], ends_T: npt.NDArray[np.bool_]) -> int:
    """Where what is shown of a piece begins: behind its header, or with an event in the midst of a longer one."""
    if len(scored_T) < 4 * POSITIONS:
        return int(np.argmax(scored_T))
    at = len(scored_T) // 4
    return at + int(np.argmax(ends_T[at - 1 : -POSITIONS]))


def _distinct(names: Iterable[str]) -> list[str]:
    """Names of files: of equal ones the later are numbered."""
    taken: list[str] = []
    for name in names:
        n = 1 + sum(t == name or (t.startswith(f"{name}-") and t[len(name) + 1 :].isdigit()) for t in taken)
        taken.append(name if n == 1 else f"{name}-{n}")
    return taken

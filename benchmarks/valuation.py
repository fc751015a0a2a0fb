"""How well a run says which side scores within the next ten events, on matches that it has not learned.

    python benchmarks/valuation.py --run RUN [--data FOLDER] [--places 40] [--json]

Beside what the model knows: the share of events that are followed by a score, and the same regression on what the last
event alone says (action, outcome, place, who acts, time). places: events from which it is also rolled out.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

import seqgen
from seqgen.api.corpora import same_corpus
from seqgen.api.valuation import valuer_of
from seqgen.evaluation.valuation import AHEAD, Valuer, events_of, soon
from seqgen.sampling.reader import Reader
from seqgen.sampling.rollout import roll_out

PROTOCOL = (
    "of each event of the test matches: whether the side that acts scores, and concedes, in the ten events after it; "
    "regressions fitted on training matches, penalties chosen on valid"
)
_PATHS = 256


def scores(p: np.ndarray, came: np.ndarray) -> dict[str, float]:
    """Brier score, nats and area under the curve of the first answer (scores), then of the second (concedes)."""
    found = {}
    for k, name in enumerate(("scores", "concedes")):
        y, q = came[:, k], np.clip(p[:, k], 1e-7, 1 - 1e-7)
        values, places = np.unique(q, return_inverse=True)
        counts = np.bincount(places, minlength=len(values))
        rank = (np.cumsum(counts) - (counts - 1) / 2)[places]  # ties share their ranks
        n = int(y.sum())
        found |= {
            f"{name}_brier": round(float(((q - y) ** 2).mean()), 6),
            f"{name}_nats": round(float(-np.log(np.where(y, q, 1 - q)).mean()), 5),
            f"{name}_auc": round(float((rank[y].sum() - n * (n + 1) / 2) / max(1, n * (len(y) - n))), 4),
            f"{name}_mean": round(float(q.mean()), 5),
            f"{name}_came": round(float(y.mean()), 5),
        }
    return found


def last_events(tokenizer: Any, pieces: list[np.ndarray]) -> np.ndarray:
    """float32 [N, V]: which ids each event says."""
    rows = []
    for piece in pieces:
        after = np.flatnonzero(tokenizer.grammar.final_states[tokenizer.grammar.states(piece)[:-1]])
        event = np.searchsorted(after, np.arange(after[-1]), side="right")
        found = np.zeros((len(after), len(tokenizer.vocabulary)), np.float32)
        found[event, piece[: after[-1]]] = 1
        rows.append(found)
    return np.concatenate(rows)


def rolled_out(model: Any, pieces: list[np.ndarray], p: np.ndarray, came: np.ndarray, n: int) -> dict[str, Any]:
    """How probable a score is by paths, from n places half of which are among the likeliest, beside the regression."""
    tokenizer, points = model.tokenizer, model.domain.points
    begins = [np.flatnonzero(tokenizer.grammar.final_states[tokenizer.grammar.states(x)[:-1]]) for x in pieces]
    first = np.concatenate([[0], np.cumsum([len(b) for b in begins])])
    rng = np.random.default_rng(0)
    likely = rng.choice(np.argsort(-p[:, 0])[: len(p) // 50], n // 2, replace=False)
    asked = np.sort(np.concatenate([likely, rng.choice(len(p), n - n // 2, replace=False)]))
    shares = []
    for event in asked.tolist():
        k = int(np.searchsorted(first, event, side="right")) - 1
        prompt = pieces[k][: begins[k][event - first[k]]]
        drawn = roll_out(
            Reader(model.network, tokenizer, model.temperatures).read(prompt), tokenizer, count=_PATHS, events=AHEAD
        )
        continued = tokenizer.continuation(prompt)
        shares.append(
            np.mean([soon(points(continued(drawn.path(i))))[event - first[k]] for i in range(_PATHS)], axis=0)
        )
    paths, said = np.array(shares), p[asked]
    return {
        "places": n,
        "paths": _PATHS,
        "mean_by_paths": round(float(paths[:, 0].mean()), 4),
        "mean_by_regression": round(float(said[:, 0].mean()), 4),
        "correlation": round(float(np.corrcoef(paths[:, 0], said[:, 0])[0, 1]), 4),
        "brier_by_paths": round(float(((paths[:, 0] - came[asked, 0]) ** 2).mean()), 4),
        "brier_by_regression": round(float(((said[:, 0] - came[asked, 0]) ** 2).mean()), 4),
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--run", required=True, help="a trained run of a sport")
    options.add_argument("--data", type=Path, help="where its corpus lies, if not where it was")
    options.add_argument("--places", type=int, default=0, help="from so many events it is rolled out, too")
    options.add_argument("--json", action="store_true", help="print one JSON object")
    args = options.parse_args()

    begin = time.monotonic()
    model, reporter = seqgen.load(args.run), seqgen.Reporter()
    tokenizer, points = model.tokenizer, model.domain.points
    store = same_corpus(model.run, args.data, reporter).store
    train, valid, test = (store.of_split(split) for split in ("train", "valid", "test"))
    valuer = valuer_of(model, points, args.data, reporter)
    known, came = events_of(model.network, tokenizer, points, test)
    p = valuer(known)
    metrics: dict[str, Any] = scores(p, came)
    labels = {
        name: np.concatenate([soon(points(tokenizer.decode(piece))) for piece in pieces])
        for name, pieces in (("train", train), ("valid", valid))
    }
    share = labels["train"].mean(axis=0)
    alone = Valuer.fit(last_events(tokenizer, train), labels["train"], last_events(tokenizer, valid), labels["valid"])
    baselines = {
        "share": scores(np.tile(share, (len(came), 1)), came),
        "last_event": scores(alone(last_events(tokenizer, test)), came),
    }
    if args.places:
        metrics["rolled_out"] = rolled_out(model, test, p, came, args.places)
    result = {
        "name": "valuation", "protocol": PROTOCOL, "seconds": round(time.monotonic() - begin, 1),
        "events": {"train": len(labels["train"]), "test": len(came)}, "metrics": metrics, "baselines": baselines,
    }  # fmt: skip
    if args.json:
        print(json.dumps(result))
        return
    print(PROTOCOL)
    print(f"{'':<20}{'model':>12}{'last event':>12}{'share':>12}")
    for name, value in metrics.items():
        if name in baselines["share"]:
            print(f"{name:<20}{value:>12}{baselines['last_event'][name]:>12}{baselines['share'][name]:>12}")
    for name, value in metrics.get("rolled_out", {}).items():
        print(f"rolled out, {name:<20}{value:>12}")


if __name__ == "__main__":
    main()

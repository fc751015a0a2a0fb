"""The next delivery of Twenty20 matches beside n-grams on the state of the innings, and innings played to their end.

    python benchmarks/cricket.py --data corpora/cricket --minutes 5 [--json]

nats: of the outcome, given all deliveries before and who bats and bowls by the order in which they appeared (known
before the ball). Innings: the first of the test matches are played 39 times each from their beginning, second innings
after the first as it was; the band from the 4th to the 36th total holds 80 % of what is drawn alike.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from seqgen.core.domain import get_domain
from seqgen.domains.sports.options import SportsOptions
from seqgen.evaluation.baselines import NGram
from seqgen.evaluation.calibration import calibration_excess
from seqgen.sampling.sampler import Request, draw
from seqgen.tokenizers import SportsTokenizer
from seqgen.training.config import default_config
from seqgen.training.loop import Trainer
from seqgen.training.machine import calibrate, choose_machine
from seqgen.training.validation import piece_log_probabilities
from training import train_to_best

PROTOCOL = (
    "T20 matches by (date, id), 80/10/10; outcome of each delivery in {0-6, wide, no-ball, bye, wicket}, each match "
    "from a fresh state; weights chosen on valid; n-gram: the best of several sets of conditions on test"
)
# What counting is told, most telling first. "last" is the last two outcomes; "before" the last.
CONDITIONS = (
    ("over", "wickets"),
    ("over", "wickets", "before"),
    ("over", "before", "wickets"),
    ("before", "over", "wickets", "last"),
    ("over", "batter", "faced"),
    ("over", "faced", "wickets"),
    ("faced", "over", "wickets", "before"),
    ("over", "wickets", "faced", "before", "last"),
)
PATHS, LOW, HIGH = 39, 3, 35  # of 39 sorted totals the 4th and the 36th


def conditions(tokenizer: SportsTokenizer, pieces: list[np.ndarray]) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Name -> value at each delivery, and the outcomes."""
    names = [feature.name for feature in tokenizer.context.features]
    outcome = np.array(tokenizer.vocabulary.types) == "Outcome"
    rows = np.concatenate([tokenizer.context.of(p)[:-1][outcome[p]] for p in pieces])
    known = {name: rows[:, i].astype(np.int64) for i, name in enumerate(names)}
    return {**known, "before": known["last"] // 13}, np.concatenate([p[outcome[p]] for p in pieces]).astype(np.int64)


def ngrams(tokenizer: SportsTokenizer, train: list[np.ndarray], test: list[np.ndarray]) -> dict[str, float]:
    """Nats of each set of conditions."""
    (seen, outcomes), (asked, came) = conditions(tokenizer, train), conditions(tokenizer, test)
    n = np.full(len(came), len(tokenizer.vocabulary.of_type("Outcome")))
    found = {}
    for names in CONDITIONS:
        model = NGram(tokenizer, len(names)).fit(np.stack([seen[name] for name in names], axis=1), outcomes)
        p = model.probabilities(np.stack([asked[name] for name in names], axis=1), came, n)
        found[" ".join(names)] = round(float(-np.log(p).mean()), 4)
    counts = np.bincount(outcomes, minlength=len(tokenizer.vocabulary))
    found["nothing"] = round(float(-np.log((counts / counts.sum())[came]).mean()), 4)
    return found


def scores(model: Any, tokenizer: SportsTokenizer, pieces: list[np.ndarray]) -> dict[str, float]:
    """nats, accuracy and calibration of the outcomes."""
    outcome = np.array(tokenizer.vocabulary.types) == "Outcome"
    top, right, nats = [], [], []

    def see(i: int, log_p: np.ndarray, part: slice) -> None:
        ids = pieces[i][part]
        at = np.flatnonzero(outcome[ids])
        nats.append(-log_p[at, ids[at]])
        top.append(np.exp(log_p[at].max(axis=1)))
        right.append(log_p[at].argmax(axis=1) == ids[at])

    piece_log_probabilities(model, tokenizer, pieces, see)
    calibration = calibration_excess(np.concatenate(top), np.concatenate(right))
    return {
        "nats": float(np.concatenate(nats).mean()),
        "accuracy": float(np.concatenate(right).mean()),
        **calibration,
    }


def innings_coverage(model: Any, tokenizer: SportsTokenizer, pieces: list[np.ndarray], n: int, seed: int) -> tuple:
    """(share of innings whose total lies in its band, how many innings)."""
    sides = tokenizer.vocabulary.of_type("Side")
    inside = []
    for piece in pieces:
        opens = np.flatnonzero(np.isin(piece, sides))
        for k, start in enumerate(opens[:2].tolist()):
            if len(inside) >= n:
                break
            stop = int(opens[k + 1]) if k + 1 < len(opens) else len(piece)

            def until(ids: np.ndarray, most: int = k + 1) -> bool:
                return int(np.isin(ids, sides).sum()) > most

            known = start + 1 + int(piece[start + 1] in tokenizer.name_ids.get("Side", {}).values())  # who bats
            template = piece[:known].astype(np.int32)
            request = Request(template, max_tokens=1500, until=until)
            drawn = draw(model, tokenizer, request, count=PATHS, seed=seed + len(inside))
            totals = sorted(total(tokenizer, d.ids, k + 1) for d in drawn)
            inside.append(totals[LOW] <= total(tokenizer, piece[:stop], k + 1) <= totals[HIGH])
            if len(inside) % 20 == 0:
                print(f"{len(inside)} innings, {np.mean(inside):.1%} inside", file=sys.stderr, flush=True)
    return float(np.mean(inside)), len(inside)


def total(tokenizer: SportsTokenizer, ids: np.ndarray, period: int) -> int:
    """Runs of one innings."""
    events = tokenizer.decode(ids).events
    return sum(runs for runs, of in zip(events["runs"], events["period"], strict=True) if of == period)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, required=True, help="a folder of tables of matches")
    options.add_argument("--minutes", type=float, default=5)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--innings", type=int, default=200, help="how many are played; 0 for none")
    options.add_argument("--players", action="store_true", help="tell players and teams by name")
    options.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="training settings to override")
    options.add_argument("--json", action="store_true", help="print one JSON object")
    args = options.parse_args()

    domain = get_domain("sports")
    matches = [m for path in sorted(args.data.glob("*.csv*")) for m in domain.read(path, str(path))]
    matches.sort(key=lambda m: (m.about["date"], m.about["match"]))
    cuts = (int(len(matches) * 0.8), int(len(matches) * 0.9))
    tokenizer = SportsTokenizer.fit(matches[: cuts[0]], SportsOptions(players=args.players))
    ids = [tokenizer.encode(match) for match in matches]
    train, valid, test = ids[: cuts[0]], ids[cuts[0] : cuts[1]], ids[cuts[1] :]

    begin = time.monotonic()
    given = {**domain.training, **{name: json.loads(value) for name, value in (pair.split("=") for pair in args.set)}}
    n_tokens = sum(map(len, train))
    config = default_config(n_tokens=n_tokens, n_augmentations=1, seed=args.seed, **choose_machine("cpu"), **given)
    config = calibrate(config, tokenizer, train, valid, args.minutes * 60)
    trainer = Trainer(config, tokenizer, train, valid)
    model = train_to_best(trainer)
    seconds = time.monotonic() - begin
    metrics: dict[str, Any] = {name: round(value, 4) for name, value in scores(model, tokenizer, test).items()}
    baselines = ngrams(tokenizer, train, test)
    metrics["ngram_nats"] = min(baselines.values())
    metrics["below_ngram"] = round(1 - metrics["nats"] / metrics["ngram_nats"], 4)
    if args.innings:
        share, n = innings_coverage(model, tokenizer, test, args.innings, args.seed)
        metrics |= {"innings": n, "innings_coverage_80": round(share, 4)}
    result = {
        "name": "cricket",
        "protocol": PROTOCOL,
        "seconds": round(seconds, 1),
        "seed": args.seed,
        "players": args.players,
        "steps": trainer.step,
        "matches": {"train": len(train), "valid": len(valid), "test": len(test)},
        "metrics": metrics,
        "baselines": {name: {"nats": nats} for name, nats in baselines.items()},
    }
    if args.json:
        print(json.dumps(result))
        return
    print(f"{PROTOCOL}\n{seconds:.0f} s, seed {args.seed}, {config.replicas} threads, {trainer.step} steps")
    for name, value in [*metrics.items(), *((f"n-gram on {name}", nats) for name, nats in baselines.items())]:
        print(f"{name:<48}{value:>10}")


if __name__ == "__main__":
    main()

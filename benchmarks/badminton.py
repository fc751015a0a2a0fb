"""The rest of rallies of which four strokes are known, six predictions each: CoachAI Badminton Challenge, Track 2.

    python benchmarks/badminton.py --data ../shared/data/badminton --minutes 6 [--json]
    python benchmarks/badminton.py --data ../shared/data/badminton --minutes 6 --split test --answers test_gt.csv

A piece is a rally with its players and its length. Several models, each held back by other matches of the training
file, play every rally on many times; the six predictions are those that together are nearest to what was played: the
paths fall into six groups, each predicted by its own probabilities of strokes and the medians of its landings. Answers
have the columns rally_id, ball_round, type, landing_x, landing_y.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import sys
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from seqgen.core.domain import get_domain
from seqgen.domains.sports.badminton import LANDING, STROKES, badminton
from seqgen.domains.sports.formats.shuttleset import NET_Y, standardised
from seqgen.domains.sports.match import Match, matches
from seqgen.model import SequenceModel
from seqgen.tokenizers import SportsTokenizer
from seqgen.training.config import default_config
from seqgen.training.loop import Trainer
from seqgen.training.machine import calibrate, choose_machine
from training import train_to_best

PROTOCOL = (
    "CoachAI Track 2: trained on train.csv.gz alone, weights chosen on matches held back from it; of each rally the "
    "first four strokes and its length are given; mean over rallies of the least of six CE + MAE"
)
GIVEN, GUESSES, TYPES = 4, 6, 10
PATHS = (160, 1500, 1800)  # of each rally: at least, at most, and strokes of all its paths together
PRIOR, FLOOR = 20.0, 1e-4  # what the model itself says of a stroke counts as so many paths; least probability
SETTINGS = {
    "width": 64, "n_layers": 1, "layer_dropout": 0.35, "input_dropout": 0.25, "feature_dropout": 0.2,
    "perceptron_dropout": 0.2, "weight_decay": 0.3, "learning_rate": 0.004, "blank": 0.6,
}  # fmt: skip


@dataclass(frozen=True)
class Rally:
    """A rally as a piece; match: which it is of; down: 1 where its server hits down the picture, else -1; n: how many
    strokes it has, of which the piece may hold the first."""

    piece: Match
    match: str
    down: int
    n: int

    def turns(self, until: int) -> np.ndarray:
        """[until - GIVEN] 1 for each later stroke that is hit down the picture, -1 for those hit up."""
        return self.down * np.where(np.arange(GIVEN, until) % 2, -1, 1)


@dataclass(frozen=True)
class Played:
    """Paths of one rally: strokes int [P, n], landings float [P, n, 2] as standardised, p float [P, n, TYPES] what the
    model said of each stroke."""

    strokes: np.ndarray
    landings: np.ndarray
    p: np.ndarray


def rallies(path: Path) -> dict[str, Rally]:
    """By rally_id."""
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
    lines = list(csv.DictReader(text.splitlines()))
    keys = {(x["match_id"], int(x["set"]), int(x["rally"])): (x["rally_id"], x["rally_length"]) for x in lines}
    down: dict[str, int] = defaultdict(int)
    for x in lines:
        turn = 1 if int(x["ball_round"]) % 2 else -1
        down[x["rally_id"]] += turn * (1 if float(x["player_location_y"]) < NET_Y else -1)
    rows: dict[tuple[str, int, int], list[dict[str, Any]]] = defaultdict(list)
    for match in get_domain("sports").read(path, str(path)):
        for row in match.rows():
            rows[match.about["match"], row["period"], row["rally"]].append({**row, "one": "", "two": ""})
    found = {}
    for key, (name, n) in keys.items():
        said = [{**row, "match": name, "length": n} for row in rows[key]]
        (piece,) = matches(badminton, enumerate(said, 1), str(path))
        found[name] = Rally(piece, key[0], 1 if down[name] >= 0 else -1, int(n))
    return found


def answers(path: Path, given: dict[str, Rally]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """rally_id -> strokes int [n] and landings [n, 2] behind those given."""
    with path.open() as file:
        lines = sorted(csv.DictReader(file), key=lambda x: (x["rally_id"], int(x["ball_round"])))
    found: dict[str, tuple[list[int], list[tuple[float, float]]]] = defaultdict(lambda: ([], []))
    for x in lines:
        found[x["rally_id"]][0].append(STROKES.index(x["type"]))
        found[x["rally_id"]][1].append((float(x["landing_x"]), float(x["landing_y"])))
    wrong = [name for name, rally in given.items() if len(found[name][0]) != rally.n - GIVEN]
    if wrong or len(found) != len(given):
        sys.exit(f"error: {path} does not hold the rest of the rallies given, as of {(wrong or ['others'])[0]}.")
    return {name: (np.array(strokes), np.array(landings)) for name, (strokes, landings) in found.items()}


# --- the model


def train(tokenizer: SportsTokenizer, known: dict[str, Rally], seconds: float, seed: int, n: int, given: Any) -> Any:
    """One of n models; its matches held back are every eleventh from its number."""
    names = sorted({rally.match for rally in known.values()}, key=int)
    held = set(names[(11 * seed) // n :: 11])
    parts: tuple[list[Any], list[Any]] = ([], [])
    for rally in known.values():
        parts[rally.match in held].append(tokenizer.encode(rally.piece))
    learned, valid = parts
    config = default_config(
        n_tokens=sum(map(len, learned)), n_augmentations=1, seed=seed, **choose_machine("cpu"), **given
    )
    config = calibrate(config, tokenizer, learned, valid, seconds)
    trainer = Trainer(config, tokenizer, learned, valid)
    return train_to_best(trainer, f"{seed}: ").eval()


@torch.inference_mode()
def play(
    model: SequenceModel, tokenizer: SportsTokenizer, begun: np.ndarray, n: int, paths: int, random: torch.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """strokes [R, paths, n], cells of landings [R, paths, n] and p [R, paths, n, TYPES] behind int [R, T] ids of as
    many rallies' beginnings."""
    R, v = len(begun), tokenizer.vocabulary
    context = torch.from_numpy(np.stack([tokenizer.context.of(ids)[:-1] for ids in begun]).astype(np.int64))
    before = torch.from_numpy(np.concatenate([np.full((R, 1), model.begin), begun[:, :-1]], axis=1).astype(np.int64))
    _, state = model(before, context)
    state = [(h.repeat_interleave(paths, 1), c.repeat_interleave(paths, 1)) for h, c in state]
    ids = np.repeat(begun, paths, axis=0)
    cursor, previous = tokenizer.context.start(ids), torch.from_numpy(ids[:, -1].astype(np.int64))
    slots = [slot.kind for slot in badminton.slots if not slot.on]
    of = {kind: torch.from_numpy(v.of_type(kind).astype(np.int64)) for kind in slots}
    of["Stroke"] = of["Stroke"][:TYPES]
    strokes, cells = np.zeros((R * paths, n), np.int64), np.zeros((R * paths, n), np.int64)
    said = np.zeros((R * paths, n, TYPES), np.float32)
    for k in range(n):
        for kind in slots if k + 1 < n else slots[: slots.index("Land") + 1]:
            row = torch.from_numpy(cursor.row().astype(np.int64))
            logits, state = model(previous[:, None], row[:, None], state)
            p = logits[:, 0, of[kind]].softmax(dim=-1)
            drawn = torch.multinomial(p, 1, generator=random)[:, 0]
            if kind == "Stroke":
                strokes[:, k], said[:, k] = drawn.numpy(), p.numpy()
            elif kind == "Land":
                cells[:, k] = drawn.numpy()
            previous = of[kind][drawn]
            cursor.advance(previous.numpy())
    return tuple(values.reshape(R, paths, *values.shape[1:]) for values in (strokes, cells, said))  # type: ignore[return-value]  # three


def play_all(
    models: list[SequenceModel], tokenizer: SportsTokenizer, given: dict[str, Rally], known: dict[str, Rally], seed: int
) -> dict[str, Played]:
    """Paths of every rally, of all models together. A cell is a place of it at which a shuttle fell in training."""
    random, rng = torch.Generator().manual_seed(seed), np.random.default_rng(seed)
    points = landings(known)
    by_length: dict[int, list[str]] = defaultdict(list)
    for name, rally in given.items():
        by_length[rally.n - GIVEN].append(name)
    found = {}
    for n, names in sorted(by_length.items()):
        paths = int(np.clip(PATHS[2] // n, *PATHS[:2])) // len(models)
        begun = np.stack([tokenizer.encode(given[name].piece)[:-1] for name in names])
        parts = [play(model, tokenizer, begun, n, paths, random) for model in models]
        strokes, cells, p = (np.concatenate(values, axis=1) for values in zip(*parts, strict=True))
        for r, name in enumerate(names):
            places = fallen(cells[r], given[name].turns(n + GIVEN), points, rng)
            found[name] = Played(strokes[r], places, p[r])
    return found


def landings(known: dict[str, Rally]) -> list[np.ndarray]:
    """Of each cell of the court: float [m, 2] where shuttles fell, along and across."""
    found: list[list[tuple[float, float]]] = [[] for _ in LANDING.tokens()]
    number = {cell: i for i, cell in enumerate(LANDING.tokens())}
    for rally in known.values():
        for place in zip(rally.piece.events["end_x"], rally.piece.events["end_y"], strict=True):
            found[number[LANDING.cell(*place)]].append(place)
    return [np.array(places or [(0.0, 0.0)], float) for places in found]


def fallen(cells: np.ndarray, turns: np.ndarray, points: list[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """[P, n] cells to [P, n, 2] landings as standardised."""
    places = np.zeros((*cells.shape, 2))
    for cell in np.unique(cells):
        here = cells == cell
        places[here] = points[cell][rng.integers(len(points[cell]), size=int(here.sum()))]
    return np.stack(standardised(places[..., 0], places[..., 1], turns), axis=-1)


# --- six predictions


def six(played: Played, rng: np.random.Generator, starts: int = 4, rounds: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """p [6, n, TYPES] and landings [6, n, 2] with a small expected least cost over the paths: groups as in k-means, a
    path belonging to the prediction that costs it least; the best of several starts."""
    best: tuple[float, np.ndarray, np.ndarray] | None = None
    P = len(played.strokes)
    one = np.eye(TYPES, dtype=np.float32)[played.strokes]
    for _ in range(starts):
        centres = _spread(played, rng)
        costs = np.stack([_distance(played, centre) for centre in centres], axis=1)
        groups = costs.argmin(axis=1)
        for _ in range(rounds):
            p, places = np.zeros((GUESSES, *one.shape[1:])), np.zeros((GUESSES, *played.landings.shape[1:]))
            for k in range(GUESSES):
                mine = groups == k
                if not mine.any():
                    mine = np.arange(P) == rng.integers(P)
                p[k] = one[mine].sum(axis=0) + PRIOR * played.p[mine].mean(axis=0)
                places[k] = np.median(played.landings[mine], axis=0)
            p = np.maximum(p / p.sum(axis=-1, keepdims=True), FLOOR)
            p /= p.sum(axis=-1, keepdims=True)
            costs = np.stack([_cost(played, p[k], places[k]) for k in range(GUESSES)], axis=1)
            if (costs.argmin(axis=1) == groups).all():
                break
            groups = costs.argmin(axis=1)
        value = float(costs.min(axis=1).mean())
        if best is None or value < best[0]:
            best = (value, p, places)
    assert best is not None
    return best[1:]


def one(played: Played) -> tuple[np.ndarray, np.ndarray]:
    """The same of a single prediction."""
    return played.p.mean(axis=0)[None], np.median(played.landings, axis=0)[None]


def _cost(played: Played, p: np.ndarray, places: np.ndarray) -> np.ndarray:
    """[P] CE + MAE of one prediction for each path."""
    ce = -np.log(p[np.arange(len(p)), played.strokes]).mean(axis=1)
    return np.asarray(ce + np.abs(played.landings - places).mean(axis=(1, 2)))


def _distance(played: Played, centre: int) -> np.ndarray:
    """[P] of every path from one of them."""
    apart = np.abs(played.landings - played.landings[centre]).mean(axis=(1, 2))
    return np.asarray(apart + 2 * (played.strokes != played.strokes[centre]).mean(axis=1))


def _spread(played: Played, rng: np.random.Generator) -> list[int]:
    """Paths far from each other (k-means++, Arthur & Vassilvitskii 2007)."""
    P = len(played.strokes)
    chosen = [int(rng.integers(P))]
    nearest = _distance(played, chosen[0])
    while len(chosen) < GUESSES:
        weights = nearest**2 + 1e-12
        chosen.append(int(rng.choice(P, p=weights / weights.sum())))
        nearest = np.minimum(nearest, _distance(played, chosen[-1]))
    return chosen


def score(p: np.ndarray, places: np.ndarray, strokes: np.ndarray, fell: np.ndarray) -> tuple[float, float, float]:
    """(CE + MAE, CE, MAE) of the best of some predictions of one rally."""
    ce = -np.log(p[:, np.arange(len(strokes)), strokes]).mean(axis=1)
    mae = np.abs(places - fell).mean(axis=(1, 2))
    k = int((ce + mae).argmin())
    return float(ce[k] + mae[k]), float(ce[k]), float(mae[k])


# --- the baseline


def trigram(
    known: dict[str, Rally], given: dict[str, Rally], truth: dict[str, tuple[np.ndarray, np.ndarray]], by_turns: bool
) -> np.ndarray:
    """[3] score, CE and MAE: strokes by the two before, rolled out exactly; landings at six areas, each the same for
    all strokes, which suit the training rallies best. by_turns: on one side of the net and the other by turns."""
    counts = np.zeros((TYPES, TYPES, TYPES))
    fell = []
    for rally in known.values():
        strokes = [STROKES.index(action) for action in rally.piece.events["action"]]
        np.add.at(counts, (strokes[:-2], strokes[1:-1], strokes[2:]), 1)
        events, turns = rally.piece.events, rally.turns(rally.n)
        along, across = (np.array(events[name][GIVEN:]) for name in ("end_x", "end_y"))
        fell.append(np.stack(standardised(along, across, turns), axis=-1) * _sides(turns, by_turns))
    two = counts.sum(axis=0) + 1.0  # whatever came before the two
    p = counts + 5 * two / two.sum(axis=-1, keepdims=True)
    p /= p.sum(axis=-1, keepdims=True)
    areas = _six_areas(fell)
    found = []
    for name, rally in given.items():
        a, b = (STROKES.index(action) for action in rally.piece.events["action"][GIVEN - 2 : GIVEN])
        pairs = np.zeros((TYPES, TYPES))
        pairs[a, b] = 1
        said = np.zeros((rally.n - GIVEN, TYPES))
        for k in range(len(said)):
            pairs = np.einsum("ab,abc->bc", pairs, p)
            said[k] = pairs.sum(axis=0)
        places = areas[:, None] * _sides(rally.turns(rally.n), by_turns)
        found.append(score(np.repeat(said[None], GUESSES, axis=0), places, *truth[name]))
    return np.array(found).mean(axis=0)


def _sides(turns: np.ndarray, by_turns: bool) -> np.ndarray:
    """[n, 2] what the coordinates of a place are multiplied by."""
    return np.stack([np.ones(len(turns)), turns if by_turns else np.ones(len(turns))], axis=1)


def _six_areas(fell: list[np.ndarray], rounds: int = 30) -> np.ndarray:
    """[6, 2] places, of which the best for each rally costs least on the whole."""
    everywhere = np.concatenate(fell)
    best: tuple[float, np.ndarray] | None = None
    for seed in range(8):
        areas = everywhere[np.random.default_rng(seed).choice(len(everywhere), GUESSES, replace=False)]
        for _ in range(rounds):
            costs = np.array([np.abs(rally[None] - areas[:, None]).mean(axis=(1, 2)) for rally in fell])
            of = costs.argmin(axis=1)
            groups = [[areas[[i]], *(r for r, k in zip(fell, of, strict=True) if k == i)] for i in range(GUESSES)]
            areas = np.array([np.median(np.concatenate(group), axis=0) for group in groups])
        value = float(costs.min(axis=1).mean())
        if best is None or value < best[0]:
            best = (value, areas)
    assert best is not None
    return best[1]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, required=True, help="the folder of the challenge's files")
    options.add_argument("--split", choices=("valid", "test"), default="valid")
    options.add_argument("--answers", type=Path, help="the strokes to be predicted; of valid they are in the folder")
    options.add_argument("--minutes", type=float, default=6, help="of training, all models together")
    options.add_argument("--models", type=int, default=3)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="training settings to override")
    options.add_argument("--json", action="store_true", help="print one JSON object")
    args = options.parse_args()
    if args.split == "test" and args.answers is None:
        options.error("the answers of test are not among the data: give --answers FILE")

    known = rallies(args.data / "train.csv.gz")
    given = rallies(args.data / ("val_given.csv" if args.split == "valid" else "test_given.csv"))
    truth = answers(args.answers or args.data / "val_gt.csv", given)
    tokenizer = SportsTokenizer.fit([rally.piece for rally in known.values()])
    settings = {
        **get_domain("sports").training,
        **SETTINGS,
        **{name: json.loads(value) for name, value in (pair.split("=") for pair in args.set)},
    }
    begin = time.monotonic()
    seconds = 60 * args.minutes / args.models
    models = [
        train(tokenizer, known, seconds, args.seed * args.models + i, args.models, settings) for i in range(args.models)
    ]
    trained = time.monotonic() - begin
    played = play_all(models, tokenizer, given, known, args.seed)
    rng = np.random.default_rng(args.seed)
    scores = np.array([score(*six(played[name], rng), *truth[name]) for name in given])
    plain = np.array([score(*one(played[name]), *truth[name]) for name in given])
    metrics = {
        name: round(float(value), 4)
        for name, value in zip(("track2_score", "ce", "mae"), scores.mean(axis=0), strict=True)
    }
    metrics["standard_error"] = round(float(scores[:, 0].std() / len(scores) ** 0.5), 4)
    baselines = {
        "trigram, six areas": trigram(known, given, truth, by_turns=False),
        "trigram, six areas by turns": trigram(known, given, truth, by_turns=True),
        "one prediction of the models": plain.mean(axis=0),
    }
    result = {
        "name": "badminton",
        "protocol": PROTOCOL,
        "seconds": round(trained, 1),
        "seconds_in_all": round(time.monotonic() - begin, 1),
        "split": args.split,
        "seed": args.seed,
        "models": args.models,
        "rallies": len(given),
        "metrics": metrics,
        "baselines": {
            name: dict(zip(("track2_score", "ce", "mae"), values.round(4).tolist(), strict=True))
            for name, values in baselines.items()
        },
    }
    if args.json:
        print(json.dumps(result))
        return
    print(f"{PROTOCOL}\n{args.split}, {len(given)} rallies, {args.models} models, {trained:.0f} s, seed {args.seed}")
    for name, value in metrics.items():
        print(f"{name:<40}{value:>10}")
    for name, values in baselines.items():
        print(f"{name:<40}{values[0]:>10.4f}   ce {values[1]:.4f}  mae {values[2]:.4f}")


if __name__ == "__main__":
    main()

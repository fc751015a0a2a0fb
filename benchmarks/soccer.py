"""The next of nine actions in five leagues of Wyscout's events, beside n-grams, and ten actions ahead by roll-outs.

    python benchmarks/soccer.py --data ../shared/data/soccer --minutes 15 [--task actions|logged] [--json]

The nine actions follow OpenSTARLab's preprocessing of Wyscout's events, as the protocol has it, air duels of those who
have the ball among the dribbles. actions: the model is told the earlier actions; logged: also what was logged of them,
where they ended, how, and when; nothing of the row to be predicted.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from seqgen.domains.sports.match import Match
from seqgen.domains.sports.memory import Last, Lead, Share, Total
from seqgen.domains.sports.sport import CORE, OTHER, Column, Grid, Slot, Sport
from seqgen.domains.sports.values import Values
from seqgen.evaluation.calibration import calibration_excess
from seqgen.tokenizers import SportsTokenizer
from seqgen.training.config import default_config
from seqgen.training.loop import Trainer
from seqgen.training.machine import calibrate, choose_machine
from seqgen.training.validation import piece_log_probabilities
from training import train_to_best

PROTOCOL = (
    "nine actions, five leagues of Wyscout 2017/18, per league by matchId 80/10/10; every action, ends of possessions "
    "included, with two before it in its period; each match from a fresh state; weights chosen on valid"
)
LEAGUES = ("England", "France", "Germany", "Italy", "Spain")
END = "end of possession"
ACTIONS = ("short pass", "long pass", "high pass", "shot", "carry", "dribble", "cross", "goal", END)
N_KINDS = 120  # kinds of events with what is tagged, that are told apart
# Right, wrong, lost, neutral, won, sides and kinds of duels, intercepted, missed, assist, key pass, through, blocked …
TAGS = (1801, 1802, 701, 702, 703, 501, 502, 503, 504, 1401, 1302, 301, 302, 901, 2101, 1901, 801)
GAPS = (0.0, 1.0, 1.7, 2.8, 4.5, 8.0, 16.0, 40.0)  # seconds
GRID = Grid(
    tuple(1.05 * x for x in (0, 1, 6, 12, 18, 25, 33, 42, 50, 58, 67, 75, 82, 88, 94, 99, 100)),
    tuple(0.68 * y for y in (0, 1, 10, 20, 30, 40, 50, 60, 70, 80, 90, 99, 100)),
    mirrored=True,
)
SHARES = {  # thousandths of all actions
    "short pass": tuple(range(440, 680, 20)),
    "dribble": tuple(range(70, 250, 15)),
    "high pass": tuple(range(20, 90, 8)),
    END: tuple(range(140, 320, 15)),
}
SINCE = ("Start", f"Action_{END}")
STEPS, PATHS, EVERY = 10, 200, 50  # of roll-outs


def kept_rows(path: Path) -> pd.DataFrame:
    """The rows that are actions, in file order; `action` is the place in ACTIONS."""
    frame = pd.read_csv(path, dtype={"tags": str})
    codes, texts = pd.factorize(frame["tags"].fillna(""))
    sets = [set(map(int, text.split())) for text in texts]

    def tagged(*wanted: int) -> np.ndarray:
        return np.array([not found.isdisjoint(wanted) for found in sets])[codes]

    event, sub = (frame[c].fillna(0).to_numpy().astype(int) for c in ("eventId", "subEventId"))
    team = frame["teamId"].to_numpy()
    distance = np.hypot((frame["x0"] - frame["x1"]) * 1.05, (frame["y0"] - frame["y1"]) * 0.68).to_numpy()
    dribble = ((event == 1) & tagged(501, 502, 503, 504)) | (
        (sub == 72) & np.array([not found for found in sets])[codes]
    )
    acts = (event == 10) | np.isin(sub, [*range(30, 37), 70, 71, *range(80, 87)]) | dribble
    action = np.full(len(frame), -1)
    for name, rows in (
        ("short pass", np.isin(sub, [31, 34, 36, 80, 81, 82, 85, 86])),
        ("long pass", np.isin(sub, [31, 34, 36, 80, 81, 82, 85, 86]) & (distance >= 45)),
        ("high pass", sub == 83),
        ("shot", (event == 10) | np.isin(sub, [33, 35])),
        ("carry", sub == 70),
        ("dribble", dribble | (sub == 10)),
        ("cross", np.isin(sub, [30, 32])),
        ("goal", (event == 10) & tagged(101)),
    ):
        action[rows] = ACTIONS.index(name)
    has_ball = acts | np.append(True, team[1:] == team[:-1])
    said = [sub.astype(str), *(np.where(tagged(tag), f" {tag}", "") for tag in TAGS)]
    frame["kind"] = ["".join(row) for row in zip(*(part.tolist() for part in said), strict=True)]
    return frame.assign(action=action)[has_ball & (action >= 0)]


def matches(frame: pd.DataFrame) -> Iterator[Match]:
    """The matches of a league by ascending matchId, with the ends of possessions."""
    for match, rows in frame.groupby("matchId", sort=True):
        period = pd.factorize(rows["period"])[0] + 1
        team = rows["teamId"].to_numpy()
        last = np.append((period[1:] != period[:-1]) | (team[1:] != team[:-1]), True)
        gap = np.append(0.0, np.diff(rows["eventSec"]) * (period[1:] == period[:-1]))
        at = np.repeat(np.arange(len(rows)), 1 + last)
        ends = np.append(False, at[1:] == at[:-1])
        action = np.where(ends, ACTIONS.index(END), rows["action"].to_numpy()[at])
        kind = rows["kind"].to_numpy()
        events = {
            "period": Values.of_array(period[at]),
            "team": Values(map(str, team[at])),
            "action": Values.of_array(action, ACTIONS.__getitem__),
        }
        said = [a if a == END else f"{a}|{k}" for a, k in zip(events["action"], kind[at].tolist(), strict=True)]
        # What is said in one id is read in one step: where and when together.
        bins = np.abs(gap[:, None] - np.array(GAPS)).argmin(axis=1)
        x, y = (rows[f"{c}1"].fillna(rows[f"{c}0"]).to_numpy() * metres for c, metres in (("x", 1.05), ("y", 0.68)))
        where = [f"{GRID.cell(*place)} {k}" for *place, k in zip(x.tolist(), y.tolist(), bins.tolist(), strict=True)]
        events |= {"kind": Values(said), "where": Values([where[i] for i in at.tolist()])}
        yield Match("nine actions", {"match": str(match), "date": ""}, events)


def told_apart(matches: list[Match], kinds: tuple[str, ...]) -> list[Match]:
    """The same with kinds that are not among these said as other ones of their action."""
    known = set(kinds)

    def said(kind: str) -> str:
        return kind if kind in known else f"{action_of(kind)}|{OTHER}"

    return [replace(m, events={**m.events, "kind": Values(map(said, m.events["kind"]))}) for m in matches]


def action_of(kind: str) -> str:
    """The action of a kind of event."""
    return kind.partition("|")[0]


def sport(task: str, kinds: tuple[str, ...] = ()) -> Sport:
    """The nine actions, as a sport. kinds: of events, that are told apart in `logged`."""
    columns = {
        **{name: CORE[name] for name in ("match", "date", "period", "team", "action")},
        "kind": Column("text", "the action, Wyscout's kind of event and some of its tags"),
        "where": Column("text", "where it ends, and the time since the one before"),
    }
    wheres = tuple(f"{cell} {k}" for cell in GRID.tokens() for k in range(len(GAPS)))
    logged = (
        # An action is said by its kinds; its probability is the sum of theirs.
        Slot("Action", "kind", values=kinds),
        Slot("Where", "where", values=wheres, after=tuple(kind for kind in kinds if kind != END), weight=0.0),
    )
    return Sport(
        name="nine actions",
        columns=columns,
        order=("period",),
        labels=(),
        slots=(
            Slot("Start", "team", numbered=2, within="match", on="period"),
            *(logged if task == "logged" else (Slot("Action", "action", values=ACTIONS),)),
        ),
        main="Action",
        filler=lambda: lambda row: None,
        memory=(*memory(kinds), *(logged_memory() if task == "logged" else ())),
    )


def memory(kinds: tuple[str, ...]) -> tuple[Any, ...]:
    """What is remembered of the actions. kinds: by which they are said, in place of their names."""
    shots = [f"Action_{kind}" for kind in kinds or ACTIONS if action_of(kind) in ("shot", "goal")]

    def events(kind: str, value: str) -> int:
        return int(kind == "Action")

    def are(name: str) -> Any:
        return lambda kind, value: int(kind == "Action" and action_of(value) == name)

    def turns(kind: str, value: str) -> int:
        return 1 + int(value) if kind == "Start" else int(value == END)

    return (
        *(Last(f"action{back}", "Action", back, lambda v: 1 + ACTIONS.index(action_of(v))) for back in (1, 2, 3, 4)),
        Total("length", events, (1, 2, 3, 4, 5, 6, 8, 10, 13, 17, 22, 30), SINCE),
        Total("played", events, tuple(range(20, 900, 40)), ("Start",)),
        Total("period", lambda kind, value: int(kind == "Start"), (1, 2)),
        Total("since shot", events, (1, 2, 3, 5, 8, 13, 20, 40, 80), (*shots, "Start")),
        Lead("lead", are("goal"), turns),
        # How this match is played, and logged: some log more dribbles than others.
        *(Share(f"share of {name}", are(name), events, edges, 40) for name, edges in SHARES.items()),
    )


def logged_memory() -> tuple[Any, ...]:
    """What is remembered of what was logged of the actions."""
    cells = {cell: place for place, cell in enumerate(GRID.tokens(), 1)}

    def place(where: str) -> int:
        return cells[where.split(maxsplit=1)[0]]

    def along(where: str) -> int:
        return 1 if where.startswith("none") else 2 + int(where.partition("_")[0])

    def gap(where: str) -> int:
        return 1 + int(where[-1])

    def seconds(of: str, where: str) -> int:
        return round(GAPS[int(where[-1])]) if of == "Where" else 0

    return (
        *(Last(f"kind{back}", "Action", back) for back in (1, 2, 3)),
        *(Last(f"gap{back}", "Where", back, gap) for back in (1, 2)),
        *(Last(f"place{back}", "Where", back, place) for back in (1, 2, 3)),
        Last("along", "Where", said=along),
        Total("minute", seconds, tuple(range(300, 3600, 300)), ("Start",)),
        Total("held", seconds, (1, 2, 3, 5, 8, 12, 18, 25, 35, 50), SINCE),
    )


class Actions:
    """The actions of pieces of ids. place: of each id that says one, in ACTIONS. of: int [n] of each piece, such
    places. at: where they stand. scored: which have two before them in their period."""

    def __init__(self, tokenizer: SportsTokenizer, pieces: list[np.ndarray]) -> None:
        self.ids = tokenizer.vocabulary.of_type("Action")
        self.place = np.array([ACTIONS.index(action_of(tokenizer.vocabulary.values[i][1])) for i in self.ids.tolist()])
        starts = tokenizer.vocabulary.of_type("Start")
        self.at = [np.flatnonzero(np.isin(ids, self.ids)) for ids in pieces]
        self.of = [self.place[ids[at] - self.ids[0]] for ids, at in zip(pieces, self.at, strict=True)]
        self.period = [np.cumsum(np.isin(ids, starts))[at] for ids, at in zip(pieces, self.at, strict=True)]
        self.scored = [np.append([False] * 2, period[2:] == period[:-2]) for period in self.period]


def scores(p_NA: np.ndarray, truth_N: np.ndarray) -> dict[str, float]:
    """ce, accuracy, macro-F1 and calibration of probabilities of the nine."""
    top = p_NA.argmax(axis=1)
    f1 = [
        2 * ((top == a) & (truth_N == a)).sum() / max(1, (top == a).sum() + (truth_N == a).sum())
        for a in range(len(ACTIONS))
    ]
    return {
        "ce": float(-np.log(p_NA[np.arange(len(top)), truth_N]).mean()),
        "accuracy": float((top == truth_N).mean()),
        "macro_f1": float(np.mean(f1)),
        **calibration_excess(p_NA.max(axis=1), top == truth_N),
    }


def ngram(train: Actions, order: int) -> np.ndarray:
    """float [9, …, 9]: p(next | the actions before)."""
    counts = np.full((len(ACTIONS),) * order, 0.1)
    for of, scored in zip(train.of, train.scored, strict=True):
        at = np.flatnonzero(scored)
        np.add.at(counts, tuple(of[at - back] for back in range(order - 1, -1, -1)), 1)
    return counts / counts.sum(axis=-1, keepdims=True)


def asked(actions: Actions, n: int) -> tuple[np.ndarray, ...]:
    """The last n actions at each scored place, oldest first."""
    found = [
        [of[np.flatnonzero(s) - back] for of, s in zip(actions.of, actions.scored, strict=True)] for back in range(n)
    ]
    return tuple(np.concatenate(columns) for columns in found[::-1])


def model_scores(model: Any, tokenizer: SportsTokenizer, pieces: list[np.ndarray]) -> dict[str, float]:
    """Of the model on whole pieces."""
    actions = Actions(tokenizer, pieces)
    found = [np.zeros((len(at), len(ACTIONS)), np.float32) for at in actions.at]
    sums = np.eye(len(ACTIONS), dtype=np.float32)[actions.place]

    def see(i: int, log_p: np.ndarray, part: slice) -> None:
        inside = (actions.at[i] >= part.start) & (actions.at[i] < part.stop)
        found[i][inside] = np.exp(log_p[actions.at[i][inside] - part.start][:, actions.ids]) @ sums

    piece_log_probabilities(model, tokenizer, pieces, see)
    p = np.concatenate([rows[scored] for rows, scored in zip(found, actions.scored, strict=True)]).astype(np.float64)
    (truth,) = asked(actions, 1)
    return scores(p / p.sum(axis=1, keepdims=True), truth)  # that the period ends is not asked


def trained(
    task: str, split: dict[str, list[Match]], args: argparse.Namespace
) -> tuple[Any, SportsTokenizer, dict, int]:
    """(model, tokenizer, pieces of each split, steps) after the ordinary training."""
    counts = Counter(kind for match in split["train"] for kind in match.events["kind"])
    kinds = {kind for kind, _ in counts.most_common(N_KINDS)} | {f"{name}|{OTHER}" for name in ACTIONS[:-1]}
    tokenizer = SportsTokenizer(sport(task, tuple(sorted(kinds)) if task == "logged" else ()))
    pieces = {name: list(map(tokenizer.encode, told_apart(found, tuple(kinds)))) for name, found in split.items()}
    given = {
        "n_layers": 1,
        "batch_size": 32,
        "layer_dropout": 0.25,
        "input_dropout": 0.0,
        "feature_dropout": 0.1,
        "perceptron_dropout": 0.15,
    }
    given |= {name: json.loads(value) for name, value in (pair.split("=") for pair in args.set)}
    valid = pieces["valid"][:: 1 + len(pieces["valid"]) // 40]  # enough to choose the weights by
    n_tokens = sum(map(len, pieces["train"]))
    config = default_config(n_tokens=n_tokens, n_augmentations=1, seed=args.seed, **choose_machine("cpu"), **given)
    config = calibrate(config, tokenizer, pieces["train"], valid, args.minutes * 60)
    trainer = Trainer(config, tokenizer, pieces["train"], valid)
    model = train_to_best(trainer, f"{task} ")
    return model, tokenizer, pieces, trainer.step


def rollouts(model: Any, tokenizer: SportsTokenizer, pieces: list[np.ndarray], trigram: np.ndarray, seed: int) -> dict:
    """Accuracy of the most frequent action STEPS ahead: of roll-outs, the majority, and roll-outs of the trigram."""
    actions, rng = Actions(tokenizer, pieces), np.random.default_rng(seed)
    places = [(i, k) for i, scored in enumerate(actions.scored) for k in np.flatnonzero(scored).tolist()][::EVERY]
    places = [
        (i, k)
        for i, k in places
        if k + STEPS <= len(actions.of[i]) and actions.period[i][k] == actions.period[i][k + STEPS - 1]
    ]
    truth = np.array([actions.of[i][k + STEPS - 1] for i, k in places])
    ours, counted = [], []
    for i in range(len(pieces)):
        asked_here = [k for piece, k in places if piece == i]
        ours += model_paths(model, tokenizer, pieces[i], actions.at[i][asked_here], rng)
        for k in asked_here:
            a, b = np.full(PATHS, actions.of[i][k - 2]), np.full(PATHS, actions.of[i][k - 1])
            for _ in range(STEPS):
                a, b = b, drawn(trigram[a, b], rng)
            counted.append(np.bincount(b, minlength=len(ACTIONS)).argmax())
        if i % 20 == 19:
            right = [np.mean(np.array(found) == truth[: len(found)]) for found in (ours, counted)]
            print(
                f"{len(ours)} of {len(truth)} roll-outs: {right[0]:.4f}, trigram {right[1]:.4f}",
                file=sys.stderr,
                flush=True,
            )
    return {
        "rollout_accuracy_10": float((np.array(ours) == truth).mean()),
        "rollout_majority_10": float((truth == ACTIONS.index("short pass")).mean()),
        "rollout_trigram_10": float((np.array(counted) == truth).mean()),
        "rollouts": len(truth),
    }


def drawn(p_NA: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """int [N] from each row of probabilities."""
    reached = np.cumsum(p_NA, axis=1)
    return (rng.random((len(p_NA), 1)) * reached[:, -1:] > reached).sum(axis=1)


@torch.inference_mode()
def model_paths(
    model: Any, tokenizer: SportsTokenizer, piece: np.ndarray, at: np.ndarray, rng: np.random.Generator
) -> list[int]:
    """The most frequent action STEPS ahead of each place of a piece, each asked before the id that stands there."""
    if not len(at):
        return []
    first = int(tokenizer.vocabulary.of_type("Action")[0])
    ids, context = piece.astype(np.int64), tokenizer.context.of(piece).astype(np.int64)
    previous = np.append(model.begin, ids)
    known = [memory.start(1) for memory in tokenizer.context.memory]
    state, read, before, remembered = None, 0, [], []
    for place in at.tolist():
        part = slice(read, place)
        _, state = model(torch.from_numpy(previous[None, part]), torch.from_numpy(context[None, part]), state)
        for i in ids[part].tolist():
            for memory, row in zip(tokenizer.context.memory, known, strict=True):
                memory.advance(row, np.array([i]))
        before.append(state)
        remembered.append([row.copy() for row in known])
        read = place
    # Paths that are the same so far are one row: path p stands in row `row_P[p]`.
    state = [
        tuple(torch.cat(parts, dim=1) for parts in zip(*layer, strict=True)) for layer in zip(*before, strict=True)
    ]
    known = [np.concatenate(rows) for rows in zip(*remembered, strict=True)]
    last, row_P = previous[at], np.repeat(np.arange(len(at)), PATHS)
    for _ in range(STEPS):
        features = np.stack([m.row(row) for m, row in zip(tokenizer.context.memory, known, strict=True)], axis=1)
        logits, state = model(torch.from_numpy(last[:, None]), torch.from_numpy(features[:, None]), state)
        p = logits[:, 0, first : first + len(ACTIONS)].double().softmax(dim=-1).numpy()
        said, row_P = np.unique(row_P * len(ACTIONS) + drawn(p[row_P], rng), return_inverse=True)
        parents, action = np.divmod(said, len(ACTIONS))
        last, state = action + first, [tuple(part[:, parents] for part in layer) for layer in state]
        known = [row[parents] for row in known]
        for memory, row in zip(tokenizer.context.memory, known, strict=True):
            memory.advance(row, last)
    found = action[row_P].reshape(len(at), PATHS)
    return [int(np.bincount(paths, minlength=len(ACTIONS)).argmax()) for paths in found]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, required=True, help="the folder of the leagues' tables")
    options.add_argument("--minutes", type=float, default=15, help="of training, each task")
    options.add_argument("--task", choices=("actions", "logged"), help="one of the two; without it both")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="training settings to override")
    options.add_argument("--json", action="store_true", help="print one JSON object")
    args = options.parse_args()

    begin = time.monotonic()
    split: dict[str, list[Match]] = {"train": [], "valid": [], "test": []}
    for league in LEAGUES:
        found = list(matches(kept_rows(args.data / f"{league}.csv.gz")))
        cuts = (int(len(found) * 0.8), int(len(found) * 0.9))
        for name, part in zip(split, (found[: cuts[0]], found[cuts[0] : cuts[1]], found[cuts[1] :]), strict=True):
            split[name] += part
    n_actions = sum(len(match) for part in split.values() for match in part)
    print(f"{n_actions:,} actions read in {time.monotonic() - begin:.0f} s", file=sys.stderr)

    metrics: dict[str, float] = {}
    seconds, steps, excess = 0.0, {}, []
    for task, name in (("logged", "action"), ("actions", "action_only")):
        if args.task in (None, task):
            begin = time.monotonic()
            model, tokenizer, pieces, steps[task] = trained(task, split, args)
            seconds += time.monotonic() - begin
            found_scores = model_scores(model, tokenizer, pieces["test"])
            print(task, found_scores, file=sys.stderr, flush=True)
            excess.append(found_scores["ece_excess"])
            metrics |= {f"{name}_{metric}": found_scores[metric] for metric in ("ce", "accuracy", "macro_f1")}
    actions = {name: Actions(tokenizer, pieces[name]) for name in ("train", "test")}
    (truth,) = asked(actions["test"], 1)
    grams = {name: ngram(actions["train"], order) for order, name in enumerate(("majority", "bigram", "trigram"), 1)}
    baselines = {}
    for order, (name, gram) in enumerate(grams.items(), 1):
        p = np.broadcast_to(gram[asked(actions["test"], order)[:-1]], (len(truth), len(ACTIONS)))
        baselines[name] = {metric: round(value, 4) for metric, value in scores(p, truth).items()}
    metrics["ece_excess"] = max(excess)
    if args.task != "logged":
        metrics |= rollouts(model, tokenizer, pieces["test"], grams["trigram"], args.seed)
    result = {
        "name": "soccer",
        "protocol": PROTOCOL,
        "seconds": round(seconds, 1),
        "seed": args.seed,
        "steps": steps,
        "actions": n_actions,
        "scored": len(truth),
        "metrics": {name: round(value, 4) for name, value in metrics.items()},
        "baselines": baselines,
    }
    if args.json:
        print(json.dumps(result))
        return
    print(f"{PROTOCOL}\n{seconds:.0f} s, seed {args.seed}, {result['actions']:,} actions, {len(truth):,} scored")
    for name, value in result["metrics"].items():
        print(f"{name:<32}{value:>10}")
    for name, found in baselines.items():
        print(f"{name:<32}" + "".join(f"  {metric} {value}" for metric, value in found.items()))


if __name__ == "__main__":
    main()

"""The next pitch, or the end of the plate appearance, beside n-grams on the pitches before and on the count.

    python benchmarks/baseball.py --data ../shared/data/baseball/retrosheet_2020.tar.gz --minutes 5 [--json]

nats: of the pitch letter or the end, given everything logged before; what runners do in between is passed over. Hands
of batters and pitchers come from the rosters in the archive.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import tarfile
import time
from collections.abc import Sequence
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import numpy as np

from seqgen.core.domain import get_domain
from seqgen.domains.sports.baseball import PITCHES, RESULTS
from seqgen.domains.sports.formats.retrosheet import MARKS, read_retrosheet, read_roster
from seqgen.domains.sports.match import Match
from seqgen.evaluation.baselines import NGram
from seqgen.evaluation.calibration import calibration_excess
from seqgen.tokenizers import SportsTokenizer
from seqgen.training.config import default_config
from seqgen.training.loop import Trainer
from seqgen.training.machine import calibrate, choose_machine
from seqgen.training.validation import piece_log_probabilities
from training import train_to_best

PROTOCOL = (
    "Retrosheet, games by (date, id), 80/10/10; pitch letters of a plate appearance and its end, whatever comes of it; "
    f"left out: {' '.join(sorted(MARKS - {' '}))} and plays of runners; weights chosen on valid"
)
CONDITIONS = {  # what counting is told, most telling first
    "nothing": (),
    "one letter": ("letter1",),
    "two letters": ("letter1", "letter2"),
    "three letters": ("letter1", "letter2", "letter3"),
    "count": ("ends", "strikes", "balls"),
    "count, one letter": ("ends", "strikes", "balls", "letter1"),
    "count, two letters": ("ends", "strikes", "balls", "letter1", "letter2"),
    "count, outs, bases": ("ends", "strikes", "balls", "outs", "bases"),
    "count, hands": ("ends", "strikes", "balls", "matchup"),
}


def read(path: Path) -> tuple[list[Match], list[tuple[tuple[str, str], str]]]:
    """Games by (date, id); of every play record with pitches the game and these."""
    with tarfile.open(path, "r:gz") as archive:  # read, never unpacked
        files = {m.name: archive.extractfile(m).read() for m in archive if m.isfile()}  # type: ignore[union-attr]  # files only
    rosters = (read_roster(data) for name, data in files.items() if name.endswith(".ROS"))
    hands = dict(chain.from_iterable(roster.items() for roster in rosters))
    events = {name: data for name, data in files.items() if name.endswith((".EVA", ".EVN"))}
    found = [match for name, data in sorted(events.items()) for match in read_retrosheet(data, name, hands)]
    games = {match.about["match"]: (match.about["date"], match.about["match"]) for match in found}
    records, game = [], ""
    for line in chain.from_iterable(csv.reader(io.StringIO(data.decode("latin-1"))) for data in events.values()):
        if line[0] == "id":
            game = line[1]
        elif line[0] == "play" and (letters := "".join(c for c in line[5] if c not in MARKS)):
            records.append((games[game], letters))
    return sorted(found, key=lambda m: games[m.about["match"]]), records


class Scored:
    """The places of some pieces that count: at, of each piece; came, [N] the letter's number or END for the end."""

    END = len(PITCHES)

    def __init__(self, tokenizer: SportsTokenizer, pieces: Sequence[np.ndarray]) -> None:
        v = tokenizer.vocabulary
        self.letters = v.ids(f"Play_{pitch}" for pitch in PITCHES)
        self.ends = v.ids(f"Play_{result}" for result in RESULTS)
        number = np.full(len(v), -1)
        number[self.letters], number[self.ends] = np.arange(len(PITCHES)), self.END
        self.at = [np.flatnonzero(number[piece] >= 0) for piece in pieces]
        self.came = np.concatenate([number[piece[at]] for piece, at in zip(pieces, self.at, strict=True)])
        names = [feature.name for feature in tokenizer.context.features]
        rows = np.concatenate([tokenizer.context.of(p)[at] for p, at in zip(pieces, self.at, strict=True)])
        self.known = {name: rows[:, i].astype(np.int64) for i, name in enumerate(names)}
        self.known |= before(self.came, self.known["thrown"])


def before(came: np.ndarray, thrown: np.ndarray) -> dict[str, np.ndarray]:
    """The letters before each place in its own appearance, of which `thrown` had been thrown; 0 where there is none."""
    found = {}
    for k in (1, 2, 3):
        found[f"letter{k}"] = np.where(thrown >= k, np.concatenate([np.zeros(k, np.int64), came[:-k] + 1]), 0)
    return found


def ngrams(tokenizer: SportsTokenizer, train: Scored, test: Scored) -> dict[str, float]:
    """Nats of each set of conditions."""
    return {
        name: counted(tokenizer, names, (train.known, train.came), (test.known, test.came))
        for name, names in CONDITIONS.items()
    }


def counted(
    tokenizer: SportsTokenizer,
    names: Sequence[str],
    train: tuple[dict[str, np.ndarray], np.ndarray],
    test: tuple[dict[str, np.ndarray], np.ndarray],
) -> float:
    """Nats of an n-gram on these conditions."""
    rows, asked = (
        np.stack([np.zeros_like(came), *(known[name] for name in names)], axis=1) for known, came in (train, test)
    )
    model = NGram(tokenizer, rows.shape[1]).fit(rows, train[1])
    p = model.probabilities(asked, test[1], np.full(len(asked), Scored.END + 1))
    return round(float(-np.log(p).mean()), 4)


def by_record(
    tokenizer: SportsTokenizer, records: Sequence[tuple[tuple[str, str], str]], games: Sequence[tuple[str, str]]
) -> float:
    """Nats of three letters where each record is taken for a sequence, although a plate appearance with plays of
    runners has several, each with all its pitches so far."""
    parts = []
    for first, last in ((games[0], games[int(len(games) * 0.8) - 1]), (games[int(len(games) * 0.9)], games[-1])):
        chosen = [letters for game, letters in records if first <= game <= last]
        came = np.array([n for letters in chosen for n in (*map(PITCHES.index, letters), Scored.END)])
        thrown = np.array([n for letters in chosen for n in range(len(letters) + 1)])
        parts.append((before(came, thrown), came))
    return counted(tokenizer, ("letter1", "letter2", "letter3"), *parts)


def scores(model: Any, tokenizer: SportsTokenizer, pieces: Sequence[np.ndarray], scored: Scored) -> dict[str, float]:
    """nats, accuracy and calibration of pitch or end."""
    found: list[list[np.ndarray]] = [[] for _ in pieces]

    def see(i: int, log_p: np.ndarray, part: slice) -> None:
        at = scored.at[i]
        p = np.exp(log_p[at[(at >= part.start) & (at < part.stop)] - part.start])
        both = np.concatenate([p[:, scored.letters], p[:, scored.ends].sum(axis=1, keepdims=True)], axis=1)
        found[i].append(both / both.sum(axis=1, keepdims=True))  # a runner's play is no answer

    piece_log_probabilities(model, tokenizer, pieces, see)
    p = np.concatenate(list(chain.from_iterable(found)))
    right = p.argmax(axis=1) == scored.came
    return {
        "nats": float(-np.log(p[np.arange(len(p)), scored.came]).mean()),
        "accuracy": float(right.mean()),
        **calibration_excess(p.max(axis=1), right),
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, required=True, help="a season of Retrosheet's event files as .tar.gz")
    options.add_argument("--minutes", type=float, default=5)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="training settings to override")
    options.add_argument("--json", action="store_true", help="print one JSON object")
    args = options.parse_args()

    domain = get_domain("sports")
    matches, records = read(args.data)
    cuts = (0, int(len(matches) * 0.8), int(len(matches) * 0.9), len(matches))
    tokenizer = SportsTokenizer.fit(matches[: cuts[1]])
    ids = [tokenizer.encode(match) for match in matches]
    train, valid, test = (ids[a:b] for a, b in pairwise(cuts))

    begin = time.monotonic()
    given = {**domain.training, "width": 128, **{k: json.loads(v) for k, v in (pair.split("=") for pair in args.set)}}
    config = default_config(
        n_tokens=sum(map(len, train)), n_augmentations=1, seed=args.seed, **choose_machine("cpu"), **given
    )
    config = calibrate(config, tokenizer, train, valid, args.minutes * 60)
    trainer = Trainer(config, tokenizer, train, valid)
    model = train_to_best(trainer)
    seconds = time.monotonic() - begin
    counts = [Scored(tokenizer, pieces) for pieces in (train, valid, test)]
    metrics: dict[str, Any] = {
        name: round(value, 4) for name, value in scores(model, tokenizer, test, counts[2]).items()
    }
    metrics["valid_nats"] = round(scores(model, tokenizer, valid, counts[1])["nats"], 4)
    baselines = ngrams(tokenizer, counts[0], counts[2])
    metrics["ngram_nats"] = min(baselines.values())
    games = [(match.about["date"], match.about["match"]) for match in matches]
    baselines["three letters, record by record"] = by_record(tokenizer, records, games)
    result = {
        "name": "baseball",
        "protocol": PROTOCOL,
        "seconds": round(seconds, 1),
        "seed": args.seed,
        "steps": trainer.step,
        "games": {"train": len(train), "valid": len(valid), "test": len(test)},
        "scored": len(counts[2].came),
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

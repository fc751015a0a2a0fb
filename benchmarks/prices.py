"""Forecasts of exchange rates: quantiles 30 days ahead and the next return, beside random walks and autoregression.

    python benchmarks/prices.py --data ../shared/data --minutes 1 [--json]

Eight currencies, 7,588 days. Of the first 80 % of the days all but the last tenth are learned from; that tenth says
which weights are best. From 50 origins, evenly spread over the last 20 %, each series is forecast 30 days ahead, by
paths of the model. NLL of the next return: minus the logarithm of the probability of the interval that holds it, on 64
intervals of equal mass of each series' returns before the last 20 %, at every day of these; parameters of the baselines
are fitted anew at each origin. Many returns are exactly zero, which a normal distribution does not know: nll_moves is
that of the other days. --tune: the same within the first 80 %, held out from 70 % on.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

from seqgen.core.domain import get_domain
from seqgen.domains.prices.options import PricesOptions
from seqgen.domains.prices.series import Series
from seqgen.evaluation.autoregression import fit_autoregression
from seqgen.evaluation.fields import fit_temperatures
from seqgen.evaluation.forecasts import (
    DECILES,
    bootstrap_interval,
    coverage,
    naive_scale,
    quantile_losses,
    scaled_errors,
    weighted_quantile_loss,
)
from seqgen.evaluation.walks import BASELINES, running_sizes
from seqgen.model import SequenceModel
from seqgen.sampling.reader import Reader
from seqgen.sampling.rollout import roll_out
from seqgen.tokenizers import PriceTokenizer
from seqgen.training.config import default_config
from seqgen.training.loop import Trainer
from seqgen.training.machine import calibrate, choose_machine
from seqgen.training.validation import piece_log_probabilities
from training import train_to_best

Floats = npt.NDArray[np.float64]

PROTOCOL = (
    "exchange_rate, 8 series, horizon 30, {origins} origins in the last 20 % of the days, WQL over deciles, MASE "
    "against the naive error before the origin, {paths} paths; NLL of the next return on 64 equal-mass intervals "
    "of each series' returns before the last 20 %; weights chosen by the last tenth of the first 80 %"
)
HORIZON, N_INTERVALS = 30, 64
BANDS = {50: (0.25, 0.75), 80: (0.1, 0.9), 95: (0.025, 0.975)}
LEVELS = np.array(sorted({*DECILES.round(3).tolist(), *(level for band in BANDS.values() for level in band)}))


@dataclass(frozen=True)
class Task:
    """series: whole, up to the end of what is held out. first: the row where that begins. origins: rows of the first
    price to be forecast."""

    series: list[Series]
    first: int
    origins: list[int]


def task(all_series: list[Series], n_origins: int, *, tune: bool) -> Task:
    n = len(all_series[0].prices)
    end, first = (int(0.8 * n), int(0.7 * n)) if tune else (n, int(0.8 * n))
    origins = np.linspace(first, end - HORIZON, n_origins).astype(int).tolist()
    return Task([s.part(slice(0, end)) for s in all_series], first, origins)


@dataclass(frozen=True)
class Learned:
    """temperatures: of each state of the grammar, as `seqgen predict` has them. steps: of the training."""

    tokenizer: PriceTokenizer
    model: SequenceModel
    temperatures: npt.NDArray[np.float32]
    steps: int


def learn(t: Task, minutes: float, seed: int, options: PricesOptions, settings: dict[str, Any]) -> Learned:
    """By what is before `first`."""
    held = int(0.9 * t.first)
    train = [s.part(slice(0, held)) for s in t.series]
    valid = [s.part(slice(held, t.first)) for s in t.series]
    tokenizer = PriceTokenizer.fit(train, options)
    encoded = [tokenizer.encode(s) for s in train], [tokenizer.encode(s) for s in valid]
    chosen = {"streams": False, **choose_machine("cpu"), **get_domain("prices").training, "seed": seed, **settings}
    n_tokens = sum(map(len, encoded[0]))
    config = default_config(n_tokens=n_tokens, n_augmentations=len(tokenizer.augmentations), **chosen)
    config = calibrate(config, tokenizer, *encoded, None if settings.get("steps") else minutes * 60)
    trainer = Trainer(config, tokenizer, *encoded)
    model = train_to_best(trainer, f"seed {seed}: ")
    return Learned(tokenizer, model, fit_temperatures(model, tokenizer, encoded[1]).of_state, trainer.step)


def forecast(learned: Learned, t: Task, n_paths: int) -> Floats:
    """[S, O, H, Q] quantiles of prices by paths of the model."""
    tokenizer = learned.tokenizer
    found = np.zeros((len(t.series), len(t.origins), HORIZON, len(LEVELS)))
    for s, series in enumerate(t.series):
        ids, read = tokenizer.encode(series), 0
        reader = Reader(learned.model, tokenizer, learned.temperatures)
        begins = len(ids) - len(series)
        for o, origin in enumerate(t.origins):
            place = begins + origin - 1
            reader.read(ids[read:place])
            read = place
            drawn = roll_out(reader, tokenizer, count=n_paths, events=HORIZON, seed=o)
            continued = tokenizer.continuation(ids[:place], series.part(slice(0, origin)))
            paths = np.stack([continued(drawn.path(n)).prices[origin:] for n in range(n_paths)])
            found[s, o] = np.quantile(paths, LEVELS, axis=0).T
    return found


def nll(learned: Learned, t: Task, edges: list[Floats]) -> Floats:
    """[S, D] of each day held out, by the model's distribution of bins, within each as training returns are spread."""
    tokenizer = learned.tokenizer
    encoded = [tokenizer.encode(s) for s in t.series]
    seen: list[npt.NDArray[np.float32]] = [
        np.zeros((len(ids), len(tokenizer.vocabulary)), np.float32) for ids in encoded
    ]

    def see(i: int, log_p: npt.NDArray[np.float32], part: slice) -> None:
        seen[i][part] = log_p

    piece_log_probabilities(learned.model, tokenizer, encoded, see)
    temperature = learned.temperatures[tokenizer.grammar.states(encoded[0])[-1]]
    multiples = np.concatenate([tokenizer.measured(s.part(slice(0, t.first))).multiples for s in t.series])
    spread = np.sort(np.abs(multiples[multiples != 0]))
    returns, found = tokenizer.vocabulary.of_type("Return"), []
    for s, series in enumerate(t.series):
        measured = tokenizer.measured(series)
        days = np.arange(t.first - 1, len(series))  # returns whose day is held out
        scores = seen[s][len(encoded[s]) - len(series) :][days][:, returns].astype(np.float64) / temperature
        p = np.exp(scores - np.logaddexp.reduce(scores, axis=1, keepdims=True))
        bounds = interval(edges[s], measured.moves[days]) / measured.sizes[days, None]
        found.append(-np.log(np.maximum(mass(tokenizer, p, bounds, spread), 1e-12)))
    return np.array(found)


def mass(tokenizer: PriceTokenizer, p_DV: Floats, bounds_D2: Floats, spread: Floats) -> Floats:
    """[D] how probable it is that a return, as a multiple of its size, is above the first bound and not the second."""
    n, edges = tokenizer.bins.n, np.array(tokenizer.bins.edges)
    falls, none, rises = p_DV[:, n + 1 :][:, ::-1], p_DV[:, :1], p_DV[:, 1 : n + 1]  # smallest first
    starts = np.searchsorted(spread, [0, *edges], side="left")
    counts = np.diff([*starts, len(spread)])

    def below(z: Floats) -> Floats:
        """[D] P(multiple <= z)."""
        size = np.abs(z)
        k = np.searchsorted(edges, size, side="right")
        within = (np.searchsorted(spread, size, side="right") - starts[k]) / np.maximum(counts[k], 1)
        within = np.clip(within, 0, 1)

        def to(p_Dn: Floats) -> Floats:
            total = np.concatenate([np.zeros((len(p_Dn), 1)), p_Dn.cumsum(axis=1)], axis=1)
            rows = np.arange(len(k))
            return total[rows, k] + within * p_Dn[rows, k]

        up = falls.sum(axis=1) + none[:, 0] + to(rises)
        return np.where(z >= 0, up, falls.sum(axis=1) - to(falls))

    return below(bounds_D2[:, 1]) - below(bounds_D2[:, 0])


def interval(edges: Floats, values: Floats) -> Floats:
    """[D, 2] the bounds of the interval (a, b] that each value is in."""
    k = np.searchsorted(edges, values, side="left")
    bounds = np.array([-np.inf, *edges, np.inf])
    return np.stack([bounds[k], bounds[k + 1]], axis=1)


def baseline_nll(t: Task, edges: list[Floats]) -> dict[str, Floats]:
    """[S, D] of each baseline."""
    found: dict[str, list[list[Floats]]] = {}
    cdf = np.vectorize(NormalDist().cdf)
    for s, series in enumerate(t.series):
        returns = series.returns
        sizes = running_sizes(returns)
        stops = [*t.origins[1:], len(series.prices)]
        rows: dict[str, list[Floats]] = {}
        for origin, stop in zip(t.origins, stops, strict=True):
            part = slice(origin - 1, stop - 1)
            bounds = interval(edges[s], returns[part])
            before = returns[: origin - 1]
            model = fit_autoregression(before)
            means = model.one_step(returns)[part]
            z = (bounds - means[:, None]) / model.sigma
            rows.setdefault("AR on returns", []).append(np.diff(cdf(z), axis=1)[:, 0])
            z = bounds / sizes[part, None]
            rows.setdefault("normal of the running size", []).append(np.diff(cdf(z), axis=1)[:, 0])
            recent = np.sort(before[-2000:])
            counted = np.searchsorted(recent, bounds, side="right") / len(recent)
            rows.setdefault("random walk", []).append(np.diff(counted, axis=1)[:, 0])
            multiples = np.sort((before / sizes[: origin - 1])[-2000:])
            counted = np.searchsorted(multiples, z, side="right") / len(multiples)
            rows.setdefault("scaled random walk", []).append(np.diff(counted, axis=1)[:, 0])
        for name, parts in rows.items():
            smooth = 0.98 * np.concatenate(parts) + 0.02 / N_INTERVALS if "walk" in name else np.concatenate(parts)
            found.setdefault(name, []).append(-np.log(np.maximum(smooth, 1e-12)))
    return {name: np.array(values) for name, values in found.items()}


def scores(quantiles: Floats, came: Floats, scales: Floats) -> dict[str, float]:
    """Of [S, O, H, Q]."""
    deciles = quantiles[..., np.searchsorted(LEVELS, DECILES - 1e-9)]
    found = {
        "wql": weighted_quantile_loss(deciles.reshape(-1, HORIZON, 9), came.reshape(-1, HORIZON), DECILES),
        "mase": float(scaled_errors(deciles[..., 4], came, scales).mean()),
    }
    for share, (low, high) in BANDS.items():
        places = np.searchsorted(LEVELS, [low - 1e-9, high - 1e-9])
        found[f"coverage_{share}"] = coverage(quantiles[..., places[0]], quantiles[..., places[1]], came)
    return {name: round(value, 5) for name, value in found.items()}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, required=True, help="the folder that has prices/exchange_rate.txt.gz")
    options.add_argument("--minutes", type=float, default=1)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--origins", type=int, default=50)
    options.add_argument("--paths", type=int, default=200)
    options.add_argument("--tune", action="store_true", help="hold out a part of the first 80 % instead")
    options.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="training settings to override")
    options.add_argument("--options", nargs="*", default=[], metavar="NAME=VALUE", help="options of the domain")
    options.add_argument("--json", action="store_true", help="print one JSON object")
    args = options.parse_args()
    given, said = ({k: json.loads(v) for k, v in (p.split("=") for p in pairs)} for pairs in (args.set, args.options))
    begin = time.monotonic()
    t = task(
        list(get_domain("prices").read(args.data / "prices/exchange_rate.txt.gz", "", None)),
        args.origins,
        tune=args.tune,
    )
    learned = learn(t, args.minutes, args.seed, PricesOptions(**said), given)
    trained = time.monotonic() - begin

    edges = [
        np.unique(np.quantile(s.returns[: t.first - 1], np.arange(1, N_INTERVALS) / N_INTERVALS)) for s in t.series
    ]
    came = np.array([[s.prices[o : o + HORIZON] for o in t.origins] for s in t.series])
    scales = np.array([[naive_scale(s.prices[:o]) for o in t.origins] for s in t.series])
    moved = np.array([s.returns[t.first - 1 :] != 0 for s in t.series])
    quantiles = {"model": forecast(learned, t, args.paths)}
    for name, baseline in BASELINES.items():
        quantiles[name] = np.array([[baseline(s.prices[:o], HORIZON, LEVELS) for o in t.origins] for s in t.series])
    nats = {"model": nll(learned, t, edges), **baseline_nll(t, edges)}
    found: dict[str, dict[str, Any]] = {name: scores(q, came, scales) for name, q in quantiles.items()}
    for name, values in nats.items():
        found.setdefault(name, {})["nll"] = round(float(values.mean()), 4)
        found[name]["nll_moves"] = round(float(values[moved].mean()), 4)
    metrics = found.pop("model")
    rivals = {n: b["wql"] for n, b in found.items() if n.startswith(("AR", "random")) and "wql" in b}
    best = min(rivals, key=lambda name: rivals[name])
    metrics |= {"best_baseline_wql": rivals[best], "ar_nll": found["AR on returns"]["nll"], "outcomes": int(came.size)}
    metrics |= intervals(quantiles, came, nats, best, t)
    result = {
        "name": "prices",
        "protocol": PROTOCOL.format(origins=args.origins, paths=args.paths),
        "seconds": round(time.monotonic() - begin, 1),
        "train_seconds": round(trained, 1),
        "seed": args.seed,
        "steps": learned.steps,
        "best_baseline": best,
        "metrics": metrics,
        "baselines": found,
    }
    show(result, as_json=args.json)


def intervals(
    quantiles: dict[str, Floats], came: Floats, nats: dict[str, Floats], best: str, t: Task
) -> dict[str, Any]:
    """Where the differences to the baselines lie, when origins are drawn anew (95 %)."""
    deciles = np.searchsorted(LEVELS, DECILES - 1e-9)

    def losses(name: str) -> Floats:
        return quantile_losses(quantiles[name][..., deciles], came, DECILES).sum(axis=0)

    weights = np.abs(came).sum(axis=(0, 2))
    wql, scaled_wql = (
        bootstrap_interval(losses("model"), losses(name), weights) for name in (best, "scaled random walk")
    )
    groups = np.searchsorted(t.origins, np.arange(nats["model"].shape[1]) + t.first, side="right") - 1
    by_origin = {
        n: np.bincount(groups, nats[n].sum(axis=0), len(t.origins))
        for n in ("model", "AR on returns", "scaled random walk")
    }
    days = np.bincount(groups, minlength=len(t.origins)) * float(len(t.series))
    nll = bootstrap_interval(by_origin["model"], by_origin["AR on returns"], days)
    scaled = bootstrap_interval(by_origin["model"], by_origin["scaled random walk"], days)
    return {
        "wql_less_best_baseline_95": [round(v, 5) for v in wql],
        "wql_less_scaled_walk_95": [round(v, 5) for v in scaled_wql],
        "nll_less_ar_95": [round(v, 4) for v in nll],
        "nll_less_scaled_walk_95": [round(v, 4) for v in scaled],
    }


def show(result: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(result))
        return
    metrics = result["metrics"]
    print(f"{result['protocol']}\n{result['seconds']} s, seed {result['seed']}, {result['steps']} steps")
    columns = ("wql", "mase", "coverage_50", "coverage_80", "coverage_95", "nll", "nll_moves")
    print(f"{'':<28}" + "".join(f"{name:>13}" for name in columns))
    for name, row in {"model": metrics, **result["baselines"]}.items():
        print(f"{name:<28}" + "".join(f"{row.get(column, ''):>13}" for column in columns))
    for name, values in metrics.items():
        if name.endswith("_95") and isinstance(values, list):
            print(f"{name}: {values[0]} to {values[1]}")
    low, high = metrics["wql_less_best_baseline_95"]
    verdict = "better than" if high < 0 else "worse than" if low > 0 else "no better or worse, beyond chance, than"
    print(f"By WQL the model is {verdict} the best baseline ({result['best_baseline']}).")
    naive, mine = result["baselines"]["last value"]["mase"], metrics["mase"]
    said = "no better than" if mine >= naive else "hardly better than" if mine > 0.98 * naive else "better than"
    print(f"As a single guess its median is {said} the last price: MASE {mine:.3f} and {naive:.3f}.")


if __name__ == "__main__":
    main()

"""What may come after a piece: of the next event, of the events after it, of the whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from seqgen.api.bands import bands
from seqgen.api.fan import Fan, band
from seqgen.core.errors import UsageError
from seqgen.core.limits import LIMITS
from seqgen.core.pictures import check_picture
from seqgen.core.tokenizer import Ids, Tokenizer
from seqgen.sampling.prediction import next_event, next_probabilities, without_gaps
from seqgen.sampling.reader import Predictor, Reader
from seqgen.sampling.rollout import Paths, roll_out
from seqgen.sampling.sampler import one_thread

if TYPE_CHECKING:
    from seqgen.api.model import Model

_MOST_STEPS = 1000
OPEN = "open"  # what is known at the end, of paths that have not ended
_LEAST = 1e-3  # of what is looked through, while a log is followed


def forecast(
    model: Model,
    piece: Any,
    *,
    at: str = "last",
    horizon: int | str = 1,
    top: int = 5,
    paths: int = 1000,
    seed: int = 0,
    picture: str | Path | None = None,
    report: Callable[[str, int, int], None] = lambda what, done, total: None,
) -> dict[str, Any]:
    """See `Model.forecast`."""
    domain, tokenizer = model.domain, model.tokenizer
    events, shown = steps_of(horizon), top
    if picture is not None:
        if domain.picture is None:
            raise UsageError(f"Pieces of {domain.name} are not drawn.", "Leave --picture out.")
        picture, top = check_picture(picture), len(tokenizer.vocabulary)
    if events != 1 and not tokenizer.main:
        raise UsageError(
            f"Pieces of {domain.name} are predicted one step ahead.", "Leave --horizon out, or use seqgen sample."
        )
    if not 1 <= paths * (events or 100) <= 10 * LIMITS.max_sample_tokens:
        raise UsageError(f"{paths:,} paths are too many.", "Ask for fewer paths, or for a nearer horizon.")
    if events is None and domain.course is not None:
        raise UsageError(f"{domain.name} do not end.", "Say how many events --horizon is.")
    if at != "last" or (domain.until is not None and domain.course is not None):
        if domain.until is None:
            raise UsageError(f"Pieces of {domain.name} know no moments.", "Leave --at out.")
        piece = domain.until(piece, at)
    prompt = without_gaps(tokenizer, tokenizer.template(piece))
    reader = Reader(model.network, tokenizer, model.temperatures).read(prompt)
    counted = None if model.bigram is None else model.bigram.start().read(prompt)
    found: dict[str, Any] = {
        "predictions": next_ids(model, reader, counted, top),
        "calibrated": model.temperatures is not None,
        "bigram": counted is not None,
    }
    if not found["predictions"]:
        raise UsageError(f"Nothing comes after a whole piece of {domain.name}.", "`seqgen sample` draws new ones.")
    if tokenizer.main:
        found["fields"] = fields(model, reader, counted, top)
        _call(found["fields"], model.tokenizer, piece)
    if events != 1 or domain.course is not None:
        drawn = roll_out(
            reader, tokenizer, count=paths, events=events, seed=seed,
            report=lambda done, total: report("rolling out", done, total),
        )  # fmt: skip
        found |= {"paths": paths, "seed": seed, "steps": steps(model, drawn, events or _MOST_STEPS, top)}
        if domain.course is not None:
            found["bands"] = bands(model, piece, prompt, drawn, events or 0)
        if domain.result is not None:
            found["result"] = results(model, piece, prompt, drawn, fans=picture is not None)
    if picture is not None and domain.picture is not None:
        vocabulary = tokenizer.vocabulary

        def given(kind: str, value: str) -> dict[str, Any]:
            return fields(model, reader, None, top, given=vocabulary.id(f"{kind}_{value}"))

        domain.picture(piece, {"run": model.run.name, **found}, given, picture)
        _shorten(found, shown)
    return found


def _shorten(found: dict[str, Any], top: int) -> None:
    """Leave the likeliest of each."""
    found["predictions"] = found["predictions"][:top]
    for field in found.get("fields", {}).values():
        field["values"] = field["values"][:top]
    for step in found.get("steps", ()):
        step["actions"] = step["actions"][:top]


def follow(model: Model, lines: Iterable[bytes], *, name: str, top: int) -> Iterator[dict[str, Any]]:
    """See `Model.follow`."""
    if model.domain.follow is None:
        raise UsageError(f"{model.domain.name} cannot be followed.", "Pieces of it are read whole.")
    reader = Reader(model.network, model.tokenizer, model.temperatures)
    counted = None if model.bigram is None else model.bigram.start()
    with one_thread():
        for n, ids in enumerate(model.domain.follow(lines, model.tokenizer, name, model.options), 1):
            reader.read(ids)
            if counted is not None:
                counted.read(ids)
            yield {"event": n, "predictions": next_ids(model, reader, counted, top, least=_LEAST)}


def steps_of(horizon: int | str) -> int | None:
    """How many events ahead; None for all that come. Raises UsageError."""
    text = str(horizon).strip().lower()
    if text == "end":
        return None
    if not text.isdecimal() or not 1 <= int(text) <= _MOST_STEPS:
        raise UsageError(f"{horizon!r} is no horizon.", f"Say 1 to {_MOST_STEPS:,} events, or end.")
    return int(text)


def next_ids(
    model: Model, reader: Predictor, counted: Predictor | None, top: int, least: float = 0
) -> list[dict[str, Any]]:
    """[{action, probability, bigram}] of the next id, the likeliest first. least: see `next_probabilities`."""
    p = next_probabilities(reader, model.tokenizer, least)
    counts = None if counted is None else next_probabilities(counted, model.tokenizer, least)
    tokens = model.tokenizer.vocabulary.tokens
    order = np.argsort(-p, kind="stable")[:top]
    return [{"action": tokens[i], **_beside(p[i], None if counts is None else counts[i])} for i in order if p[i] > 0]


def fields(
    model: Model, reader: Predictor, counted: Predictor | None, top: int, given: int | None = None
) -> dict[str, Any]:
    """Of the next event, type of id -> said, how probably it says one, and values, how probable each then is. given: of
    an event that says this id, of the types behind it."""
    vocabulary = model.tokenizer.vocabulary
    p = next_event(reader, model.tokenizer, given=given)
    counts = None if counted is None else next_event(counted, model.tokenizer)
    found = {}
    for kind in dict.fromkeys(vocabulary.types):
        ids = vocabulary.of_type(kind)
        said = float(p[ids].sum())
        if said < 5e-7:
            continue
        beside = None if counts is None else counts[ids] / max(counts[ids].sum(), 1e-30)
        order = np.argsort(-p[ids], kind="stable")[:top]
        values = [
            {
                "value": vocabulary.values[ids[i]][1],
                **_beside(p[ids[i]] / said, None if beside is None else beside[i]),
            }
            for i in order
            if p[ids[i]] > 0
        ]
        found[kind] = {"said": round(min(said, 1.0), 6), "values": values}
    return found


def _call(found: dict[str, Any], tokenizer: Tokenizer[Any], piece: Any) -> None:
    """Names beside the values that stand for someone, unless they are likelier to stand for others by then."""
    if any(found[kind]["said"] > 0.5 for kind in tokenizer.renumbers if kind in found):
        return
    names = tokenizer.called(piece)
    for kind, field in found.items():
        for value in field["values"]:
            name = names.get(f"{kind}_{value['value']}")
            if name is not None:
                value["name"] = name


def _beside(p: Any, counted: Any) -> dict[str, float | None]:
    return {"probability": round(float(p), 6), "bigram": None if counted is None else round(float(counted), 6)}


def steps(model: Model, drawn: Paths, n: int, top: int) -> list[dict[str, Any]]:
    """Of each event ahead: share of the paths that come so far, and of these the likeliest actions."""
    actions = drawn.of_type(model.tokenizer, model.tokenizer.main, min(n, drawn.ids.shape[1]))
    found = []
    for ahead, column in enumerate(actions.T, 1):
        said = column[column >= 0]
        if not len(said):
            break
        likeliest = [
            {"action": model.tokenizer.vocabulary.tokens[i], "probability": round(k / len(said), 6)}
            for i, k in Counter(said.tolist()).most_common(top)
        ]
        found.append({"ahead": ahead, "share": round(len(said) / len(column), 6), "actions": likeliest})
    return found


def results(model: Model, piece: Any, prompt: Ids, drawn: Paths, *, fans: bool = False) -> dict[str, Any]:
    """What comes of the paths, by name: of numbers `now`, mean, median, the band that holds 80 %, and the share of
    paths where they grow, with `fans` also the band at moments until then; of texts, known only at the end, the share
    of all paths with each, and of those still open."""
    result = model.domain.result
    assert result is not None  # noqa: S101  # asked only of domains that have one
    now = result(model.tokenizer.decode(prompt, piece))
    continued = model.tokenizer.continuation(prompt, piece)
    came, fan = list[Mapping[str, float | str]](), Fan(model, prompt, drawn, now, fans)
    for n in range(len(drawn)):
        path = continued(drawn.path(n))
        came.append(result(path))
        fan.see(n, path, came[-1])
    found: dict[str, Any] = {"ended": round(float(drawn.ended.mean()), 6)}
    for name in dict.fromkeys(name for one in came for name in one):
        values = [one.get(name) for one in came]
        if any(isinstance(value, str) for value in values):
            texts = [v for v, ended in zip(values, drawn.ended, strict=True) if ended and isinstance(v, str)]
            ranked = Counter(texts).most_common()
            found[name] = {text: round(k / len(values), 6) for text, k in ranked}
            if len(texts) < len(values):
                found[name][OPEN] = round(1 - len(texts) / len(values), 6)
        else:
            found[name] = _spread([0.0 if v is None else float(v) for v in values], now.get(name)) | fan.of(name)
    return found


def _spread(values: Sequence[float], now: Any) -> dict[str, Any]:
    low, median, high = band(values)
    start = 0.0 if now is None else float(now)
    return {
        "now": start,
        "mean": round(float(np.mean(values)), 4),
        "low": low,
        "median": median,
        "high": high,
        "grows": round(float(np.mean(np.array(values) > start)), 6),
    }

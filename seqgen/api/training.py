"""A training from the corpus to the loaded model, new or resumed."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path
from shlex import quote
from typing import Any

import torch

from seqgen.api.corpora import prepare_corpus, same_corpus
from seqgen.api.model import Model
from seqgen.api.reporter import Reporter
from seqgen.core.domain import Domain, get_domain
from seqgen.core.errors import CorpusError, Diverged, RunError, UsageError
from seqgen.core.files import write_json, write_text
from seqgen.core.tokenizer import Ids, Tokenizer
from seqgen.corpus.batches import Batches
from seqgen.corpus.build import Prepared, options_of
from seqgen.corpus.folder import open_corpus
from seqgen.evaluation.report import model_card
from seqgen.training.checkpoint import checkpoints
from seqgen.training.config import PRESETS, TrainConfig, default_config, regularised
from seqgen.training.loop import Trainer, new_batches
from seqgen.training.machine import calibrate, choose_machine
from seqgen.training.run import Run, find_run, new_run_path

_VALIDATED = 250_000  # held-out ids at most that are scored in the course of a training


def train(
    domain: str,
    path: str | Path,
    *,
    minutes: float | None = None,
    steps: int | None = None,
    preset: str = "small",
    seed: int = 0,
    device: str = "auto",
    out: str | Path | None = None,
    resume: bool = False,
    start_from: str | Path | None = None,
    strict: bool = False,
    options: Any = None,
    reporter: Reporter | None = None,
    stop: Callable[[], bool] = lambda: False,
    **settings: Any,
) -> Model:
    """Learn a corpus and return the trained model.

    Args:
        domain: "midi", "text", or another of `seqgen domains`.
        path: a folder of files (with or without a corpus.toml), or one file.
        minutes: how long, on this machine; 3 by default. It becomes a number of steps after a short trial.
        steps: how long, in steps, instead of minutes.
        preset: tiny, small or base.
        seed: the same seed, corpus, version, machine and config.json give the same weights. Trials of the machine's
            speed choose the steps that fill some minutes, and the precision unless it is among the settings.
        device: auto, cpu or cuda.
        out: the run's folder; runs/<corpus>-<time> by default.
        resume: go on with the run in `out` (or the newest) exactly where its last checkpoint stands.
        start_from: a run whose weights the new training begins with, as far as both know the same ids and context;
            of another cell, the layers begin fresh.
        strict: end at the first file that cannot be read instead of leaving it out.
        options: the domain's options (MidiOptions …), or give its fields by name among the settings.
        reporter: told how it goes. stop: asked after every step; True saves and ends.
        settings: fields of TrainConfig, such as learning_rate.

    Raises:
        UsageError, CorpusError, RunError, Diverged.
    """
    reporter = reporter or Reporter()
    found = get_domain(domain)
    options, settings = _split_options(found, options, settings)
    if resume:
        given = {"minutes": minutes, "steps": steps, "from": start_from, **settings}
        given |= {"seed": seed or None, "device": None if device == "auto" else device}
        _refuse_changes(find_run(out), preset, given, options)
        return _resume(out, path, reporter, stop)
    seconds = _seconds(minutes, steps)
    before = None if start_from is None else find_run(start_from)
    if before is not None:
        taken = before.config()
        settings |= {"width": taken.width, "n_layers": taken.n_layers, "cell": settings.get("cell") or taken.cell}
    chosen = {
        "streams": found.split != "piece",
        "preset": preset,
        "seed": seed,
        "steps": steps,
        **choose_machine(device, settings.pop("replicas", None)),
        **found.dropout,
        **{k: v for k, v in found.training.items() if preset == "small" or k not in ("width", "n_layers")},
        **settings,
    }
    # To read the corpus may take long: what can be refused without it is refused now.
    default_config(n_tokens=1, n_augmentations=1, **chosen)
    if out is not None:
        Run(Path(out)).require_untrained()
    corpus = open_corpus(Path(path))
    if corpus.domain and corpus.domain != domain:
        raise UsageError(f"{path} is a corpus for {corpus.domain}.", f"seqgen train {corpus.domain} {path}")
    prepared = prepare_corpus(corpus, found, options, reporter, strict=strict)
    _say_corpus(prepared, reporter)
    training, valid = prepared.store.of_split("train"), prepared.store.of_split("valid", _VALIDATED)
    reporter.note("trying this machine's speed")
    free = [name for name in found.dropout if settings.get(name) is None]
    config, batches = _configure(chosen, free, prepared.tokenizer, training, valid, seconds, found.readings)
    run = Run(Path(out) if out is not None else new_run_path(corpus.name, Path("runs")))
    # What comes from the cache may have been read under another name of the same place.
    about = {**prepared.about, "path": str(path), "options": asdict(options)}
    with run.lock():
        run.create(prepared.tokenizer, config, about)
        trainer = Trainer(config, prepared.tokenizer, training, valid, batches)
        if before is not None:
            _take_over(before, trainer, reporter)
            run.save(trainer)
        return _go_on(run, trainer, reporter, stop, prepared)


def _seconds(minutes: float | None, steps: int | None) -> float | None:
    """How long the training shall take; None where the steps are given. Raises UsageError."""
    if steps is not None:
        if minutes is not None:
            raise UsageError("Both minutes and steps are given.", "Give one of them.")
        return None
    minutes = 3.0 if minutes is None else minutes
    if not 0 < minutes < 60 * 24 * 60:
        raise UsageError(f"{minutes} minutes is not a time to train for.")
    return 60 * minutes


def _configure(
    chosen: dict[str, Any],
    free: Sequence[str],
    tokenizer: Tokenizer[Any],
    training: Sequence[Ids],
    valid: Sequence[Ids],
    seconds: float | None,
    readings: float,
) -> tuple[TrainConfig, Batches]:
    """What was chosen, completed by what suits the corpus and by trials of the machine; and the batches drawn by it.
    free: of what was chosen, what may be less where the corpus is read but a few times. readings: of the corpus at
    most, in the given seconds."""
    n_tokens = sum(map(len, training))
    config = default_config(n_tokens=n_tokens, n_augmentations=len(tokenizer.augmentations), **chosen)
    batches = new_batches(config, tokenizer, training)
    config = replace(config, crop=batches.crop)  # of short pieces it is shorter
    config = calibrate(config, tokenizer, training, valid, seconds, precision=chosen.get("precision"), batches=batches)
    if seconds is not None and readings < math.inf:
        most = math.ceil(readings * n_tokens / (config.batch_size * config.crop))
        config = replace(config, steps=max(1, min(config.steps, most)))
    fixed = [name for name, value in chosen.items() if value is not None and name not in free]
    return regularised(config, n_tokens, fixed), batches


def _take_over(before: Run, trainer: Trainer, reporter: Reporter) -> None:
    """Begin with another run's weights."""
    taken = trainer.start_from(dict(before.model()[0].named_parameters()), before.tokenizer())
    reporter.note(
        f"begins with the weights of {before.path}: {taken.n_ids} of {len(trainer.tokenizer.vocabulary)} ids "
        f"are known there{', fresh: ' + ', '.join(taken.fresh) if taken.fresh else ''}"
    )


def _refuse_changes(run: Run, preset: str, given: Mapping[str, Any], options: Any) -> None:
    """Raises UsageError when a run that goes on is asked for what it was not begun with."""
    kind: Any = type(options)
    if get_domain(run.domain).options is not kind:
        raise UsageError(f"{run.path} is a run of {run.domain}.", f"seqgen train {run.domain} PATH --resume")
    config, defaults = run.config().to_dict(), kind()
    asked = {name: value for name, value in given.items() if value is not None}
    if preset != "small" and preset in PRESETS:
        asked = dict(zip(("width", "n_layers"), PRESETS[preset], strict=True)) | asked
    wrong = [name for name, value in asked.items() if name not in config or config[name] != value]
    said = options_of(run.corpus(), get_domain(run.domain)) if options != defaults else defaults
    wrong += [
        f.name
        for f in fields(options)
        if getattr(options, f.name) not in (getattr(defaults, f.name), getattr(said, f.name, None))
    ]
    if wrong:
        name = wrong[0].replace("_", " ")
        had = f" of {config[wrong[0]]}" if wrong[0] in config else ""
        raise UsageError(
            f"{run.path} goes on with its own {name}{had}: it cannot be changed when a training is resumed.",
            f"Leave it out, or begin a new training with the run's weights: --from {quote(str(run.path))}",
        )


def _resume(out: str | Path | None, path: str | Path, reporter: Reporter, stop: Callable[[], bool]) -> Model:
    run = find_run(out)
    config = run.config()
    if config.device == "cuda" and not torch.cuda.is_available():
        raise RunError(f"{run.path} was trained on CUDA, which is not there now.", "Resume it on such a machine.")
    again = f"seqgen train {run.domain} PATH --resume --out {quote(str(run.path))}"
    prepared = same_corpus(run, path, reporter, f"If the corpus has moved, say where to: {again}")
    training, valid = prepared.store.of_split("train"), prepared.store.of_split("valid", _VALIDATED)
    with run.lock():
        run.check(prepared.tokenizer)
        run.moved_corpus(path)
        trainer = Trainer(config, prepared.tokenizer, training, valid)
        if checkpoints(run.path / "checkpoints"):
            for problem in run.resume(trainer):
                reporter.note(f"{problem.message} An earlier checkpoint is used.")
        reporter.note(f"going on with {run.path} at step {trainer.step} of {config.steps}")
        return _go_on(run, trainer, reporter, stop, prepared)


def _go_on(run: Run, trainer: Trainer, reporter: Reporter, stop: Callable[[], bool], prepared: Prepared) -> Model:
    c, model = trainer.config, trainer.mean_model
    reporter.note(
        f"{run.path}: {model.n_parameters:,} weights, {c.steps} steps, {c.device}, "
        f"{c.replicas} {'thread' if c.replicas == 1 else 'threads'}, {c.precision}"
    )
    try:
        trainer.run(reporter.training, lambda is_best: run.save(trainer), stop)
    except Diverged as error:
        raise run.after(error) from None
    finally:
        trainer.close()
    loaded = Model(run, "cpu")
    write_text(run.path / "MODEL_CARD.md", model_card(run, loaded.checkpoint, prepared.about))
    return loaded


def finish(model: Model, reporter: Reporter) -> dict[str, Any] | None:
    """Evaluate a run that has just been trained and write evaluation.json; None, and why is said, where that cannot
    be: without held-out pieces, or when the corpus has changed meanwhile."""
    try:
        model.calibrate(reporter=reporter)
        numbers = model.evaluate("test", reporter=reporter, n_samples=0)
    except CorpusError as error:
        reporter.note(f"not evaluated: {error.message}")
        return None
    write_json(model.run.path / "evaluation.json", numbers)
    write_text(
        model.run.path / "MODEL_CARD.md",
        model_card(model.run, model.checkpoint, model.run.corpus(), numbers),
    )
    return numbers


def _split_options(domain: Domain, options: Any, settings: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Settings that belong to the domain, and those that belong to the training."""
    names = {f.name for f in fields(domain.options)}
    mine = {k: v for k, v in settings.items() if k in names}
    rest = {k: v for k, v in settings.items() if k not in names}
    known = {f.name for f in fields(TrainConfig)}
    for name in rest:
        if name not in known:
            raise UsageError(f"There is no setting {name!r}.", f"Known: {', '.join(sorted(known | names))}.")
    chosen = replace(options, **mine) if options is not None else domain.options(**mine)
    return chosen, rest


def _say_corpus(prepared: Prepared, reporter: Reporter) -> None:
    counts, skipped = prepared.about["counts"], prepared.about["skipped"]
    shown = ", ".join(f"{c['pieces']} {name}" for name, c in counts.items())
    reporter.note(
        f"{prepared.about['name']}: {shown} pieces, {counts['train']['tokens']:,} tokens to learn from, "
        f"tokenizer {prepared.tokenizer.name}{', from the cache' if prepared.cached else ''}"
    )
    for entry in skipped[:5]:
        reporter.note(f"skipped {entry['file']}: {entry['reason']}")
    if len(skipped) > 5:
        reporter.note(f"skipped {len(skipped) - 5} more files; corpus.json of the run names them all")
    if not counts["valid"]["pieces"]:
        reporter.note("too few pieces to hold some out: how good the model is cannot be told")

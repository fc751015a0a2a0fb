"""What the package's public names do: train, load, and what a loaded model can."""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch

from seqgen.core.domain import Domain, get_domain
from seqgen.core.errors import CorpusError, RunError, SeqgenError, UsageError
from seqgen.core.files import write_bytes, write_json
from seqgen.core.tokenizer import Tokenizer
from seqgen.corpus.build import Prepared, prepare, read_bounded
from seqgen.corpus.folder import open_corpus
from seqgen.evaluation.comparison import compare
from seqgen.evaluation.report import model_card
from seqgen.model import SequenceModel
from seqgen.sampling.beam import draw_beam
from seqgen.sampling.filters import Filters
from seqgen.sampling.prediction import next_probabilities
from seqgen.sampling.sampler import Request, draw, draw_one
from seqgen.training.checkpoint import checkpoints
from seqgen.training.config import TrainConfig, default_config, regularised
from seqgen.training.loop import Progress, Trainer, new_batches
from seqgen.training.machine import calibrate, choose_machine
from seqgen.training.run import Run, find_run, new_run_path
from seqgen.training.validation import piece_log_probabilities

Ids = npt.NDArray[np.int32]
# Ids at most: held-out ones scored in the course of a training and by an evaluation, training ones counted by it.
_VALIDATED, _SCORED, _COUNTED = 250_000, 1_000_000, 10_000_000


class Reporter:
    """Told how things go; this one says nothing."""

    def working(self, what: str, done: int, total: int) -> None:
        """A part of something that takes a while: done of total."""

    def note(self, text: str) -> None:
        """Something worth knowing."""

    def training(self, progress: Progress) -> None:
        """About twice a second, and after every evaluation."""


@dataclass(frozen=True)
class Sample:
    """One sequence drawn from a model: its ids, and the piece they say (for music: `.write("x.mid")`).

    log_probabilities: float32 [T], of each id as learned; None unless they were asked for.
    """

    ids: Ids
    piece: Any
    log_probabilities: npt.NDArray[np.float32] | None = None


class Model:
    """A trained run, ready to use: `seqgen.load("runs/bach-…")`."""

    def __init__(self, run: Run, device: str = "cpu") -> None:
        self.run = run
        self.tokenizer: Tokenizer[Any] = run.tokenizer()
        self.domain: Domain = get_domain(self.tokenizer.domain)
        self.network: SequenceModel
        self.network, self.checkpoint, self.problems = run.model(device)

    def sample(
        self,
        count: int = 1,
        length: str | None = None,
        *,
        prompt: Any = None,
        temperature: float | tuple[float, float] | None = None,
        top_k: int | None = None,
        top_p: float | None = None,
        min_p: float | None = None,
        repetition_penalty: float | None = None,
        seed: int | None = None,
        beam: int | None = None,
        stop: Sequence[str] = (),
        log_probabilities: bool = False,
        report: Callable[[int], None] = lambda n_tokens: None,
        **given: str,
    ) -> list[Sample]:
        """Draw `count` new pieces; every one is legal by the tokenizer's grammar.

        Args:
            count: how many.
            length: like "16bars", in one of the domain's units; after a prompt, so much is added to it.
            prompt: a piece (or what the tokenizer's `encode` takes, such as a path) to continue.
            temperature, top_k, top_p, min_p, repetition_penalty: see seqgen.sampling.filters; what is None is as the
                domain has it (temperature=1, min_p=0 are as learned).
            seed: the same seed gives the same pieces; None takes a new one.
            beam: search for the likeliest pieces with so many beams (seqgen.sampling.beam), rather than draw at random;
                filters and seed are then not to be given.
            stop: texts; a sample ends with the first that it says (of text only).
            log_probabilities: give them with each sample.
            given: header values, such as key="G major"; what is not given the model chooses.

        Raises:
            UsageError: for values out of range, unknown header names, or what does not go together.
            BadInput: for a prompt that is refused.
        """
        request = self._request(length, prompt, given, stop)
        asked = {
            "temperature": temperature,
            "top_k": top_k,
            "top_p": top_p,
            "min_p": min_p,
            "repetition_penalty": repetition_penalty,
        }
        if beam is None:
            drawn = draw(
                self.network, self.tokenizer, request, count=count, filters=self._filters(**asked),
                seed=secrets.randbelow(2**32) if seed is None else seed, log_probabilities=log_probabilities,
                report=report,
            )  # fmt: skip
        else:
            for name, value in {**asked, "seed": seed}.items():
                if value is not None:
                    raise UsageError(f"Beam search draws nothing at random: it takes no {name}.", "Leave one out.")
            drawn = draw_beam(self.network, self.tokenizer, request, width=beam, count=count, report=report)
        return [
            Sample(d.ids, self.tokenizer.decode(d.ids), d.log_probabilities if log_probabilities else None)
            for d in drawn
        ]

    def stream(
        self,
        length: str | None = None,
        *,
        prompt: Any = None,
        seed: int | None = None,
        stop: Sequence[str] = (),
        **asked: float | tuple[float, float] | None,
    ) -> Iterator[str]:
        """One new text, part by part as it is drawn, without the prompt; arguments, `asked` being those of the filters
        by name, as `sample` has them. Raises UsageError where pieces are no texts."""
        if not self.domain.textual:
            raise UsageError(f"{self.domain.name} cannot be streamed.", "Pieces of it are whole or not at all.")
        request = self._request(length, prompt, {}, stop)
        filters = self._filters(**asked)
        seed = secrets.randbelow(2**32) if seed is None else seed
        waiting: list[int] = []  # bytes of a character that is not whole yet
        for i in draw_one(self.network, self.tokenizer, request, filters=filters, seed=seed):
            waiting.append(i)
            text = self.tokenizer.decode(np.array(waiting, np.int32))
            if not text.endswith("\ufffd") or len(waiting) > 3:
                yield text
                waiting = []

    def _request(self, length: str | None, prompt: Any, given: Mapping[str, str], stop: Sequence[str]) -> Request:
        amount, unit = self.domain.parse_length(length or self.domain.default_length)
        template = self.tokenizer.template(prompt, (amount, unit), **given)
        if not stop:
            return Request(template, (amount, unit))
        if not self.domain.textual:
            raise UsageError(f"{self.domain.name} knows no stop strings.", "They are for text.")
        longest = max(len(text.encode()) for text in stop)

        def until(ids: Ids) -> bool:
            said = self.tokenizer.decode(ids[max(len(template), len(ids) - longest) :])
            return any(text in said for text in stop)

        return Request(template, (amount, unit), until=until)

    def _filters(self, **asked: Any) -> Filters:
        """What is None is as the domain has it. Raises UsageError."""
        for name in asked.keys() - {f.name for f in fields(Filters)}:
            raise UsageError(f"There is no filter {name!r}.")
        return Filters(**{**self.domain.sampling, **{k: v for k, v in asked.items() if v is not None}})

    def predict(self, piece: Any, top: int = 10) -> list[dict[str, Any]]:
        """What may come next after a piece: [{action, probability}], the likeliest first."""
        p = next_probabilities(self.network, self.tokenizer, self.tokenizer.template(piece))
        order = np.argsort(-p, kind="stable")[:top]
        return [
            {"action": self.tokenizer.vocabulary.tokens[i], "probability": round(float(p[i]), 6)}
            for i in order
            if p[i] > 0
        ]

    def score(self, piece: Any) -> dict[str, float]:
        """How likely a piece is: tokens (scored ids), nats, nats_per_token; of a text also characters, nats and bits a
        character."""
        ids = self.tokenizer.encode(piece)
        (log_p,) = piece_log_probabilities(self.network, self.tokenizer, [ids])
        scored = self.tokenizer.vocabulary.scored[ids]
        n, nats = int(scored.sum()), -float(log_p[scored].sum(dtype=np.float64))
        found: dict[str, float] = {"tokens": n, "nats": nats, "nats_per_token": nats / max(1, n)}
        return found | self._per_character([ids], nats)

    def _per_character(self, pieces: Sequence[Ids], nats: float) -> dict[str, float]:
        """characters, nats and bits a character, of texts."""
        if not self.domain.textual:
            return {}
        n = sum(len(self.tokenizer.decode(ids)) for ids in pieces)
        per = nats / max(1, n)
        return {"characters": n, "nats_per_character": per, "bits_per_character": per / math.log(2)}

    def evaluate(
        self,
        split: Literal["valid", "test"] = "test",
        corpus: str | Path | None = None,
        reporter: Reporter | None = None,
        *,
        file: str | Path | None = None,
        dynamic: bool = False,
        n_samples: int = 4,
    ) -> dict[str, Any]:
        """Numbers on held-out pieces of the run's corpus beside n-gram baselines counted on its training pieces.

        Of more than a million held-out ids some are scored, of more than ten million to learn from some are counted.

        corpus: where the corpus lies now, if not where it was. file: score its pieces instead of the held-out ones.
        dynamic: also let the model adapt to what it reads (Krause et al. 2018), reported apart. n_samples: how many are
        drawn to see what they copy.
        Raises CorpusError when the corpus is gone or has changed, BadInput for a file that is refused.
        """
        reporter = reporter or Reporter()
        prepared = _same_corpus(self.run, corpus, reporter)
        if file is not None:
            pieces = [self.tokenizer.encode(piece) for piece in read_bounded(Path(file), self.domain)]
        else:
            pieces = prepared.store.of_split(split, _SCORED)
        if not pieces:
            raise CorpusError(f"This corpus has no {split} pieces.", "Train on more files, or evaluate another split.")
        reporter.working("sampling", 0, 1)
        samples = [drawn.ids for drawn in self.sample(n_samples, seed=0)] if n_samples else []
        reporter.working("sampling", 1, 1)
        numbers = compare(
            self.network,
            self.tokenizer,
            prepared.store.of_split("train", _COUNTED),
            pieces,
            samples,
            dynamic=dynamic,
            report=reporter.working,
        )
        numbers |= self._per_character(pieces, numbers["nats_per_token"] * numbers["tokens"])
        return {"run": str(self.run.path), "split": split if file is None else str(file), **numbers}


def load(run: str | Path | None = None, device: str = "cpu") -> Model:
    """A trained run by path or name; the newest in ./runs when none is given. Raises RunError."""
    return Model(find_run(run), device)


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
        start_from: a run whose weights the new training begins with, as far as both know the same ids and context.
        strict: end at the first file that cannot be read instead of leaving it out.
        options: the domain's options (MidiOptions …), or give its fields by name among the settings.
        reporter: told how it goes. stop: asked after every step; True saves and ends.
        settings: fields of TrainConfig, such as learning_rate.

    Raises:
        UsageError, CorpusError, RunError, Diverged.
    """
    reporter = reporter or Reporter()
    found = get_domain(domain)
    if resume:
        return _resume(out, path, reporter, stop)
    if minutes is not None and steps is not None:
        raise UsageError("Both minutes and steps are given.", "Give one of them.")
    if minutes is not None and not 0 < minutes < 60 * 24 * 60:
        raise UsageError(f"{minutes} minutes is not a time to train for.")
    options, settings = _split_options(found, options, settings)
    before = None if start_from is None else find_run(start_from)
    if before is not None:
        settings = {**settings, "width": before.config().width, "n_layers": before.config().n_layers}
    machine = choose_machine(device, settings.pop("replicas", None))
    corpus = open_corpus(Path(path))
    if corpus.domain and corpus.domain != domain:
        raise UsageError(f"{path} is a corpus for {corpus.domain}.", f"seqgen train {corpus.domain} {path}")
    prepared = prepare(corpus, found, options, reporter.working, strict=strict)
    _say_corpus(prepared, reporter)
    training, valid = prepared.store.of_split("train"), prepared.store.of_split("valid", _VALIDATED)
    n_tokens = sum(map(len, training))
    config = default_config(
        n_tokens=n_tokens,
        n_augmentations=len(prepared.tokenizer.augmentations),
        streams=found.split != "piece",
        preset=preset,
        seed=seed,
        steps=steps,
        **machine,
        **settings,
    )
    reporter.note("trying this machine's speed")
    seconds = None if steps is not None else 60 * (3.0 if minutes is None else minutes)
    batches = new_batches(config, prepared.tokenizer, training)
    config = calibrate(
        config, prepared.tokenizer, training, valid, seconds, precision=settings.get("precision"), batches=batches
    )
    config = regularised(config, n_tokens, [name for name, value in settings.items() if value is not None])
    run = Run(Path(out) if out is not None else new_run_path(corpus.name, Path("runs")))
    about = {**prepared.about, "options": {f.name: getattr(options, f.name) for f in fields(options)}}
    with run.lock():
        run.create(prepared.tokenizer, config, about)
        trainer = Trainer(config, prepared.tokenizer, training, valid, batches)
        if before is not None:
            taken = trainer.start_from(dict(before.model()[0].named_parameters()), before.tokenizer())
            reporter.note(
                f"begins with the weights of {before.path}: {taken.n_ids} of {len(prepared.tokenizer.vocabulary)} ids "
                f"are known there{', fresh: ' + ', '.join(taken.fresh) if taken.fresh else ''}"
            )
            run.save(trainer)
        return _go_on(run, trainer, reporter, stop, prepared)


def _resume(out: str | Path | None, path: str | Path, reporter: Reporter, stop: Callable[[], bool]) -> Model:
    run = find_run(out)
    config = run.config()
    if config.device == "cuda" and not torch.cuda.is_available():
        raise RunError(f"{run.path} was trained on CUDA, which is not there now.", "Resume it on such a machine.")
    prepared = _same_corpus(run, path, reporter)
    training, valid = prepared.store.of_split("train"), prepared.store.of_split("valid", _VALIDATED)
    with run.lock():
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
    finally:
        trainer.close()
    loaded = Model(run, "cpu")
    write_bytes(run.path / "MODEL_CARD.md", model_card(run, loaded.checkpoint, prepared.about).encode())
    return loaded


def finish(model: Model, reporter: Reporter) -> dict[str, Any] | None:
    """Evaluate a run that has just been trained and write evaluation.json; None without held-out pieces."""
    try:
        numbers = model.evaluate("test", reporter=reporter, n_samples=0)
    except CorpusError:
        return None
    write_json(model.run.path / "evaluation.json", numbers)
    write_bytes(
        model.run.path / "MODEL_CARD.md",
        model_card(model.run, model.checkpoint, model.run.corpus(), numbers).encode(),
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


def _same_corpus(run: Run, path: str | Path | None, reporter: Reporter) -> Prepared:
    """The run's corpus as it was. Raises CorpusError when it is gone or has changed."""
    about = run.corpus()
    domain = get_domain(run.domain)
    try:
        options = domain.options(**about["options"])
        then = {(str(f["sha256"]), str(f["split"])) for f in about["files"]}
        corpus = open_corpus(Path(path if path is not None else about["path"]))
    except (KeyError, TypeError, ValueError, AttributeError, OSError, UsageError):
        raise RunError(f"{run.path / 'corpus.json'} is damaged.", "Train the run again.") from None
    except CorpusError as error:
        raise CorpusError(error.message, "If the corpus has moved, say where to: --corpus PATH.") from None
    prepared = prepare(corpus, domain, options, reporter.working)
    now = {(f["sha256"], f["split"]) for f in prepared.about["files"]}
    if then != now or prepared.store.fingerprint != run.tokenizer().vocabulary.fingerprint:
        raise CorpusError(
            f"{corpus.path} has changed since {run.name} was trained ({len(then ^ now)} files differ).",
            "Bring the files back, or train a new run.",
        )
    return prepared


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


__all__: Sequence[str] = ["Model", "Reporter", "Sample", "SeqgenError", "load", "train"]

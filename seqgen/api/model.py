"""A trained run, loaded: sample, stream, predict, score, evaluate."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from seqgen.api.corpora import same_corpus
from seqgen.api.each import predict_each
from seqgen.api.events import compare_events
from seqgen.api.filling import fill_in
from seqgen.api.prediction import follow, forecast, next_ids
from seqgen.api.reporter import Reporter
from seqgen.api.showing import draw_showing
from seqgen.api.valuation import value_events
from seqgen.core.controls import asked
from seqgen.core.domain import Domain, get_domain
from seqgen.core.errors import CorpusError, SeqgenError, UsageError
from seqgen.core.pictures import check_picture
from seqgen.core.tokenizer import Tokenizer
from seqgen.corpus.build import Prepared, options_of, read_bounded, read_named
from seqgen.evaluation.calibration import Temperatures
from seqgen.evaluation.comparison import compare
from seqgen.evaluation.counts import Counts
from seqgen.evaluation.fields import fit_temperatures
from seqgen.evaluation.measures import measure
from seqgen.evaluation.metrics import in_plural, in_units
from seqgen.evaluation.picture import draw_reliability
from seqgen.model import SequenceModel
from seqgen.sampling.beam import draw_beam
from seqgen.sampling.endings import draw_ended
from seqgen.sampling.filling import check
from seqgen.sampling.filters import Filters
from seqgen.sampling.prediction import without_gaps
from seqgen.sampling.reader import Reader
from seqgen.sampling.sampler import Drawn, Request, draw, draw_one
from seqgen.training.run import Run, find_run
from seqgen.training.validation import piece_log_probabilities

Ids = npt.NDArray[np.int32]
# Ids at most: held-out ones scored by an evaluation, training ones counted by it.
_SCORED, _COUNTED = 1_000_000, 10_000_000
_SAMPLES, _MEASURED = 4, 32  # drawn by an evaluation: to see what they copy, and where a domain measures them
_CALIBRATED = 300_000  # validation ids
CALIBRATION, BIGRAM = "calibration.json", "bigram.safetensors"  # kept with a run, for predictions


@dataclass(frozen=True)
class Sample:
    """One sequence drawn from a model: its ids, and the piece they say (for music: `.write("x.mid")`).

    log_probabilities: float32 [T], of each id as learned; None unless they were asked for.
    """

    ids: Ids
    piece: Any
    log_probabilities: npt.NDArray[np.float32] | None = None


class Model:
    """A trained run, ready to use: `seqgen.load("runs/bach-…")`. reading: see `load`."""

    def __init__(self, run: Run, device: str = "cpu", **reading: Any) -> None:
        self.run = run
        self.tokenizer: Tokenizer[Any] = run.tokenizer()
        self.domain: Domain = get_domain(self.tokenizer.domain)
        self.reading = reading
        self.network: SequenceModel
        self.network, self.checkpoint, self.problems = run.model(device)

    def sample(
        self,
        count: int = 1,
        length: str | None = None,
        *,
        prompt: Any = None,
        fixed: Mapping[str, Any] | None = None,
        infill: str | None = None,
        candidates: int | None = None,
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
        **given: Any,
    ) -> list[Sample]:
        """Draw `count` new pieces; every one is legal by the tokenizer's grammar.

        Args:
            count: how many.
            length: like "16bars", in one of the domain's units; after a prompt, so much is added to it.
            prompt: a piece (or what the tokenizer's `encode` takes, such as a path) to continue.
            fixed: parts that are given by name, such as fixed={"soprano": "tune.mid"}: the piece is made around them,
                as long as they are, each the likeliest of so many `candidates` drawn side by side.
            candidates: of so many a sample without fixed parts is one, by how probable its end is, or by how probably
                it shows what is asked for; None: as the tokenizer has it, 1: as it is drawn.
            infill: like "5-8": make these bars of the prompt new, but for what is fixed, and leave the others.
            temperature, top_k, top_p, min_p, repetition_penalty: see seqgen.sampling.filters; what is None is as the
                domain has it (temperature=1, min_p=0 are as learned).
            seed: the same seed gives the same pieces; None takes a new one.
            beam: search for the likeliest pieces with so many beams (seqgen.sampling.beam), rather than draw at random;
                filters and seed are then not to be given.
            stop: texts; a sample ends with the first that it says (of text only).
            log_probabilities: give them with each sample.
            given: what the tokenizer's `controls` name, such as key="G major", tempo=96; what is not given the model
                chooses. A unit among them, such as bars=16, is a length.

        Raises:
            UsageError: for values out of range, unknown header names, or what does not go together.
            BadInput: for a prompt that is refused.
        """
        filters = {
            "temperature": temperature,
            "top_k": top_k,
            "top_p": top_p,
            "min_p": min_p,
            "repetition_penalty": repetition_penalty,
        }
        drawing: dict[str, Any] = {"count": count, "log_probabilities": log_probabilities, "report": report}
        if beam is None:
            drawing["filters"] = self._filters(**filters)
            drawing["seed"] = secrets.randbelow(2**32) if seed is None else seed
        if fixed or infill is not None:
            if length is not None or beam is not None or stop:
                raise UsageError("What is given says how long a piece is.", "Leave out length, beam and stop.")
            drawn = fill_in(self, prompt, fixed or {}, infill, given, candidates=candidates, **drawing)
            return self._decoded(drawn, log_probabilities)
        request = self._request(length, prompt, given, stop)
        if beam is None:
            drawn = self._drawn(request, candidates, **drawing)
        else:
            for name, value in {**filters, "seed": seed, "candidates": candidates}.items():
                if value is not None:
                    raise UsageError(f"Beam search draws nothing at random: it takes no {name}.", "Leave one out.")
            drawn = draw_beam(self.network, self.tokenizer, request, width=beam, count=count, report=report)
        return self._decoded(drawn, log_probabilities, prompt if self.domain.course is not None else None)

    def _drawn(self, request: Request, candidates: int | None, log_probabilities: bool, **drawing: Any) -> list[Drawn]:
        said = self.tokenizer.asked_last(request.template)
        n = self.tokenizer.candidates if said is None else self.tokenizer.tries
        n = n if candidates is None else candidates
        check(drawing["count"], n)
        if said is not None and n > 1:
            return draw_showing(self, request, said, candidates=n, log_probabilities=log_probabilities, **drawing)
        if n == 1 or request.until is not None:
            return draw(self.network, self.tokenizer, request, log_probabilities=log_probabilities, **drawing)
        return draw_ended(self.network, self.tokenizer, request, candidates=n, **drawing)

    def _decoded(self, drawn: Iterable[Drawn], log_probabilities: bool, reference: Any = None) -> list[Sample]:
        return [
            Sample(d.ids, self.tokenizer.decode(d.ids, reference), d.log_probabilities if log_probabilities else None)
            for d in drawn
        ]

    def answer(self, phrase: Any, length: str = "4bars", *, seed: int | None = None, **asked: Any) -> Any:
        """A new piece that goes on where a phrase ends, from its first note on; None when the model stays silent.

        phrase: a piece of the domain, of which a phrase of one voice is the highest of a model for several. length: as
        for `sample`. asked: filters and what the tokenizer's `controls` name, such as temperature=1, key="G major".
        Raises UsageError where pieces are not played, BadInput for a phrase that the model cannot take.
        """
        from seqgen.api.play import answers

        *_, (answer, _) = answers(self, phrase, length, seed=seed, **asked)
        return answer

    def sort_asked(self, asked: Mapping[str, Any]) -> tuple[Filters, dict[str, Any]]:
        """Filters, and controls, among what is asked for by name."""
        names = {f.name for f in fields(Filters)}
        filters = self._filters(**{name: value for name, value in asked.items() if name in names})
        return filters, {name: value for name, value in asked.items() if name not in names}

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

    def _request(self, length: str | None, prompt: Any, given: Mapping[str, Any], stop: Sequence[str]) -> Request:
        given = dict(given)
        length = self._one_length(length, given)
        amount, unit = self.domain.parse_length(length or self.domain.default_length)
        template = self.tokenizer.template(prompt, (amount, unit), **given)
        barred = self.tokenizer.barred(prompt, **given)
        if not stop:
            return Request(template, (amount, unit), barred=barred)
        if not self.domain.textual:
            raise UsageError(f"Pieces of {self.domain.name} know no stop strings.", "They are for text.")
        longest = max(len(text.encode()) for text in stop)

        def until(ids: Ids) -> bool:
            said = self.tokenizer.decode(ids[max(len(template), len(ids) - longest) :])
            return any(text in said for text in stop)

        return Request(template, (amount, unit), until=until, barred=barred)

    def _one_length(self, length: str | None, given: dict[str, Any]) -> str | None:
        """The length, which may also be given by the name of its unit; that is then taken out. Raises UsageError."""
        for control in self.tokenizer.controls:
            if control.name in self.domain.units and str(given.get(control.name, "unknown")).lower() != "unknown":
                if length is not None:
                    raise UsageError(f"A length of {length}, and {control.name} besides.", "Give one of them.")
                asked([control], {control.name: given[control.name]})
                length = f"{float(given.pop(control.name)):.0f}{control.name}"
        return length

    def _filters(self, **asked: Any) -> Filters:
        """What is None is as the domain has it. Raises UsageError."""
        for name in asked.keys() - {f.name for f in fields(Filters)}:
            raise UsageError(f"There is no filter {name!r}.")
        return Filters(**{**self.domain.sampling, **{k: v for k, v in asked.items() if v is not None}})

    def predict(self, piece: Any, top: int = 10) -> list[dict[str, Any]]:
        """What may come next after a piece: [{action, probability, bigram}], the likeliest first. bigram: its
        probability where the run's training pieces are only counted; None where nothing is kept of them."""
        ids = without_gaps(self.tokenizer, self.tokenizer.template(piece))
        reader = Reader(self.network, self.tokenizer, self.temperatures).read(ids)
        return next_ids(self, reader, None if self.bigram is None else self.bigram.start().read(ids), top)

    def forecast(
        self,
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
        """What may come after a piece.

        Args:
            piece: what the tokenizer's `encode` takes. at: a moment of it, as the domain's `until` has it.
            horizon: so many events ahead, or "end"; more than one are rolled out on so many paths.
            top: how many of the likeliest of each. picture: a file to draw all this into (.png, .svg, .pdf).

        Returns:
            predictions: as `predict` has them. Where sequences are of events, also fields: type of id -> said, how
            probably the next event says one, and values: [{value, probability, bigram}], whatever is said before it,
            with the name of whom a value stands for, where the piece says it.
            Of what has a course, such as prices, also bands: {name, now, time, steps: [{ahead, time, mean, q5, q50,
            …}]}, where it lies on the paths.
            Of further events also steps: [{ahead, share, actions}], and result: what comes of the piece, by name; of
            its numbers, with a picture, also their fan: [{ahead, low, median, high}].
            calibrated, bigram: whether the run keeps temperatures, and counts, for this.

        Raises:
            UsageError: for a moment that is not there, or a domain without events, moments or pictures. MissingExtra.
        """
        return forecast(
            self, piece, at=at, horizon=horizon, top=top, paths=paths, seed=seed, picture=picture, report=report
        )

    def predict_each(
        self, pieces: Sequence[Any], *, report: Callable[[str, int, int], None] = lambda what, done, total: None
    ) -> list[dict[str, Any]]:
        """What comes next in each of these pieces, such as the labels of images: a row each, with its number, from 1,
        what came ("" where the piece does not say), what was predicted and how probable that was, right (None where
        that is not known), and the probability of each that may come. Raises UsageError where nothing comes after a
        piece, BadInput."""
        return predict_each(self, pieces, report)

    def follow(self, lines: Iterable[bytes], *, name: str = "<lines>", top: int = 10) -> Iterator[dict[str, Any]]:
        """What may come next after each event of a log that grows, as soon as its line is there: {event, its number,
        and predictions, as `predict` has them}. The time an event takes, and the memory, do not grow.

        lines: bytes of the log, line by line, such as an open file. name: how errors call it. Whoever acts with a
        probability of less than .001 is left out. Raises UsageError for a domain whose files do not grow, BadInput.
        """
        return follow(self, lines, name=name, top=top)

    def read(self, path: str | Path) -> list[Any]:
        """The pieces of a file, read as those of the run's corpus were. Raises BadInput."""
        return read_bounded(Path(path), self.domain, self.options)

    def read_named(
        self, path: str | Path, skip: Callable[[Path, SeqgenError], None] = lambda file, error: None
    ) -> list[tuple[Path, Any]]:
        """The same of a file, or of all files of a folder, each piece with the file it is from; of a folder, files that
        are refused are passed to `skip`. Raises BadInput, CorpusError."""
        return read_named(Path(path), self.domain, self.options, skip)

    @cached_property
    def options(self) -> Any:
        """The domain's options that the run was trained with, but for what `load` was given. Raises RunError."""
        return options_of(self.run.corpus(), self.domain, **self.reading)

    def value(
        self,
        piece: Any,
        *,
        corpus: str | Path | None = None,
        picture: str | Path | None = None,
        reporter: Reporter | None = None,
    ) -> list[dict[str, Any]]:
        """A row for each event of a piece (or of the first of a path): what is said of it, and how probably the side
        that acts scores (scores_before, scores_after) and concedes (concedes_before, concedes_after) within the next
        ten events, before and after it; value: by how much the event makes the one likelier than the other.

        What leads to scores is learned once, from the run's corpus (corpus: where it lies now), and kept with the run.
        picture: a file to draw their course into. Raises UsageError where nothing scores, CorpusError when the corpus
        is needed and gone or changed.
        """
        return value_events(self, piece, corpus, picture, reporter or Reporter())

    @cached_property
    def temperatures(self) -> npt.NDArray[np.float32] | None:
        """float32 [S]: what the scores of each state of the grammar are divided by in predictions, so that
        probabilities mean what they say; None where none were fitted. Raises RunError."""
        path = self.run.path / CALIBRATION
        if not path.exists():
            return None
        found = Temperatures.load(path, self.tokenizer, self.checkpoint.path.name)
        return None if found is None else found.of_state

    @cached_property
    def bigram(self) -> Counts | None:
        """What stood after what in the training pieces: kept with the run, or else counted where the corpus is still
        there; None otherwise, and where sequences are not of events. Raises RunError."""
        path = self.run.path / BIGRAM
        if path.exists():
            return Counts.load(path, self.tokenizer)
        if not self.tokenizer.main:
            return None
        try:
            store = same_corpus(self.run, None, Reporter()).store
        except CorpusError:
            return None
        return Counts.of(self.tokenizer, store.of_split("train", _COUNTED))

    def score(self, piece: Any) -> dict[str, float]:
        """How likely a piece is: tokens (scored ids), nats, nats_per_token; and, where the tokenizer counts in such,
        characters or notes and sixteenths, and nats and bits by each."""
        ids = self.tokenizer.encode(piece)
        (log_p,) = piece_log_probabilities(self.network, self.tokenizer, [ids])
        scored = self.tokenizer.vocabulary.scored[ids]
        n, nats = int(scored.sum()), -float(log_p[scored].sum(dtype=np.float64))
        sizes = self.tokenizer.sizes(ids)
        found: dict[str, float] = {"tokens": n, "nats": nats, "nats_per_token": nats / max(1, n)}
        return found | in_plural(sizes) | in_units(nats, sizes)

    def evaluate(
        self,
        split: Literal["valid", "test"] = "test",
        corpus: str | Path | None = None,
        reporter: Reporter | None = None,
        *,
        file: str | Path | None = None,
        dynamic: bool = False,
        ensemble: bool = False,
        n_samples: int | None = None,
        rollouts: int = 0,
        picture: str | Path | None = None,
    ) -> dict[str, Any]:
        """Numbers on held-out pieces of the run's corpus beside n-gram baselines counted on its training pieces.

        Of more than a million held-out ids some are scored, of more than ten million to learn from some are counted.

        corpus: where the corpus lies now, if not where it was. file: score its pieces instead of the held-out ones.
        dynamic: also let the model adapt to what it reads (Krause et al. 2018), reported apart. ensemble: also average
        its probabilities over every re-writing of a piece, such as music in all keys, reported apart. n_samples: how
        many are drawn to see what they copy, and how what the domain measures of them lies beside held-out and training
        pieces; 0 to leave that out, None: 32 where the domain measures anything, else 4. rollouts: where sequences are
        of events, from so many places it is rolled out what comes 1, 3, 10 and 20 events later.

        Where sequences are of events, each field's numbers are added, calibrated; what that needs is kept with the run.
        picture: a file (.png, .svg, .pdf) to draw into how reliable the probabilities of the main field are.

        Raises CorpusError when the corpus is gone or has changed, BadInput for a file that is refused, UsageError,
        MissingExtra.
        """
        if n_samples is None:
            n_samples = _SAMPLES if self.domain.metrics is None else _MEASURED
        if n_samples < 0:
            raise UsageError(f"{n_samples} samples cannot be drawn.", "0 leaves out what they copy.")
        if rollouts < 0:
            raise UsageError(f"From {rollouts} places nothing can be rolled out.", "0 leaves it out.")
        if picture is not None:
            if not self.tokenizer.main:
                raise UsageError(
                    f"{self.domain.name} has no events, whose reliability is drawn.", "Leave --picture out."
                )
            picture = check_picture(picture)
        if ensemble and len(self.tokenizer.augmentations) < 2:
            raise UsageError(f"Pieces of {self.domain.name} are not re-written.", "Leave --ensemble out.")
        reporter = reporter or Reporter()
        prepared = same_corpus(self.run, corpus, reporter)
        if file is not None:
            pieces = [self.tokenizer.encode(piece) for piece in self.read(file)]
        else:
            pieces = prepared.store.of_split(split, _SCORED)
        if not pieces:
            raise CorpusError(f"This corpus has no {split} pieces.", "Train on more files, or evaluate another split.")
        samples = self._samples(n_samples, reporter) if n_samples else []
        train = prepared.store.of_split("train", _COUNTED)
        numbers = compare(
            self.network,
            self.tokenizer,
            train,
            pieces,
            samples,
            dynamic=dynamic,
            ensemble=ensemble,
            report=reporter.working,
        )
        if samples:
            reporter.working("measuring", 0, 1)
            numbers |= measure(self.domain, self.tokenizer, train, pieces, samples, numbers["copying"])
            reporter.working("measuring", 1, 1)
        if self.tokenizer.main:
            if self.temperatures is None or not (self.run.path / BIGRAM).exists():
                self._keep_for_predictions(prepared, reporter)
            numbers |= compare_events(self, train, pieces, rollouts, reporter)
        numbers = {"run": str(self.run.path), "split": split if file is None else str(file), **numbers}
        if picture is not None:
            draw_reliability(numbers, picture)
        return numbers

    def _samples(self, count: int, reporter: Reporter) -> list[Ids]:
        """Drawn as `sample` does where nothing is asked for."""

        def report(n_tokens: int) -> None:
            reporter.working("sampling, tokens", n_tokens, n_tokens + 1)  # how many there will be is not known

        drawn = self.sample(count, seed=0, report=report)
        reporter.working("sampling, tokens", 1, 1)
        return [sample.ids for sample in drawn]

    def calibrate(self, corpus: str | Path | None = None, reporter: Reporter | None = None) -> None:
        """Fit temperatures on the validation pieces of the run's corpus and count the bigrams of its training pieces;
        both are kept with the run, for predictions. Of sequences that are not of events: nothing. Raises CorpusError
        when the corpus is gone or has changed."""
        if self.tokenizer.main:
            reporter = reporter or Reporter()
            self._keep_for_predictions(same_corpus(self.run, corpus, reporter), reporter)

    def _keep_for_predictions(self, prepared: Prepared, reporter: Reporter) -> None:
        store, checkpoint = prepared.store, self.checkpoint.path.name
        valid = store.of_split("valid", _CALIBRATED)
        fitted = fit_temperatures(self.network, self.tokenizer, valid, reporter.working)
        fitted.save(self.run.path / CALIBRATION, checkpoint)
        Counts.of(self.tokenizer, store.of_split("train", _COUNTED)).save(self.run.path / BIGRAM)
        for name in ("temperatures", "bigram"):
            self.__dict__.pop(name, None)


def load(run: str | Path | None = None, device: str = "cpu", **reading: Any) -> Model:
    """A trained run by path or name; the newest in ./runs when none is given. reading: options of its domain by name,
    such as columns, for files that are to be read otherwise than its corpus was. Raises RunError, or UsageError."""
    return Model(find_run(run), device, **reading)

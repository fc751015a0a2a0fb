"""A corpus made ready: for a new training, or again for a run that learned it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from seqgen.api.reporter import Reporter
from seqgen.core.domain import Domain, get_domain
from seqgen.core.errors import CorpusError, RunError, SeqgenError, printable
from seqgen.corpus.build import Prepared, cache_folder, options_of, prepare
from seqgen.corpus.folder import CorpusFolder, open_corpus
from seqgen.training.run import Run


def prepare_corpus(
    corpus: CorpusFolder, domain: Domain, options: Any, reporter: Reporter, *, strict: bool = False
) -> Prepared:
    """See `prepare`; when the cache cannot be written, the hint says how to move it."""
    try:
        return prepare(corpus, domain, options, reporter.working, strict=strict)
    except SeqgenError as error:
        cache = cache_folder()
        if isinstance(error.__cause__, OSError) and error.message.startswith(str(cache)):
            hint = f"Free some space, or keep prepared corpora elsewhere than in {cache}: SEQGEN_CACHE=FOLDER."
            raise SeqgenError(error.message, hint) from error.__cause__
        raise


def same_corpus(
    run: Run,
    path: str | Path | None,
    reporter: Reporter,
    hint: str = "If the corpus has moved, say where to: --corpus PATH.",
) -> Prepared:
    """The run's corpus as it was. Raises CorpusError when it is gone (with that hint) or has changed,
    RunError where the run does not say which it was."""
    about = run.corpus()
    domain = get_domain(run.domain)
    options = options_of(about, domain)
    try:
        then = {(str(f["sha256"]), str(f["split"])) for f in about["files"]}
        known = {str(f["file"]) for f in about["files"]}
        corpus = open_corpus(Path(path if path is not None else about["path"]))
    except (KeyError, TypeError, ValueError, AttributeError, OSError):
        raise RunError(f"{run.path / 'corpus.json'} is damaged.", "Train the run again.") from None
    except CorpusError as error:
        raise CorpusError(error.message, hint) from None
    # Before all is read that stands there: a run's word for where its corpus is may lead anywhere.
    there = {printable(file.relative_to(corpus.folder).as_posix()) for file in corpus.files(domain.suffixes)}
    if there and known - there:
        raise _changed(corpus, run, len(known - there))
    prepared = prepare_corpus(corpus, domain, options, reporter)
    now = {(f["sha256"], f["split"]) for f in prepared.about["files"]}
    if then != now or prepared.store.fingerprint != run.tokenizer().vocabulary.fingerprint:
        raise _changed(corpus, run, len(then ^ now))
    return prepared


def _changed(corpus: CorpusFolder, run: Run, n_files: int) -> CorpusError:
    return CorpusError(
        f"{corpus.path} has changed since {run.name} was trained ({n_files} files differ).",
        "Bring the files back, or train a new run.",
    )

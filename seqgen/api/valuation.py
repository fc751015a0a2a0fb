"""What the events of a piece are worth."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqgen.api.corpora import same_corpus
from seqgen.api.reporter import Reporter
from seqgen.core.errors import SeqgenError, UsageError
from seqgen.core.pictures import check_picture
from seqgen.core.tokenizer import Ids
from seqgen.evaluation.valuation import COLUMNS, Valuer, events_of, known_after, values

if TYPE_CHECKING:
    from seqgen.api.model import Model

VALUATION = "valuation.safetensors"  # kept with a run
_LEARNED, _VALIDATED = 700_000, 200_000  # ids, about: what is known of them takes 300 MB


def value_events(
    model: Model, piece: Any, corpus: str | Path | None, picture: str | Path | None, reporter: Reporter
) -> list[dict[str, Any]]:
    """See `Model.value`."""
    domain, tokenizer = model.domain, model.tokenizer
    if domain.points is None or domain.table is None:
        raise UsageError(f"Nothing scores in {domain.name}.", "Events of sports can be valued.")
    path = None if picture is None else check_picture(picture)
    if isinstance(piece, str | Path):
        piece = model.read(piece)[0]
    points = domain.points(piece)
    valuer = valuer_of(model, domain.points, corpus, reporter)
    found = values(points, valuer(known_after(model.network, tokenizer, [tokenizer.encode(piece)])[0]))
    rows = [
        {"event": n, **row, **{name: round(float(x), 6) for name, x in zip(COLUMNS, of, strict=True)}}
        for n, (row, of) in enumerate(zip(domain.table(piece), found, strict=True), 1)
    ]
    if path is not None:
        if domain.timeline is None:
            raise UsageError(f"The course of {domain.name} is not drawn.", "Leave --picture out.")
        domain.timeline(piece, rows, model.run.name, path)
    return rows


def valuer_of(model: Model, points: Callable[[Any], Any], corpus: str | Path | None, reporter: Reporter) -> Valuer:
    """What says how probable scores are: as it is kept with the run, or else fitted now. Raises CorpusError."""
    path, checkpoint = model.run.path / VALUATION, model.checkpoint.path.name
    if path.exists():
        kept = Valuer.load(path, model.network.n_known, checkpoint)
        if kept is not None:
            return kept
    hint = f"It is needed once; `seqgen.load({str(model.run.path)!r}).value(FILE, corpus=PATH)` says where it is now."
    store = same_corpus(model.run, corpus, reporter, hint).store
    train, valid = _some(store.of_split("train"), _LEARNED), _some(store.of_split("valid"), _VALIDATED)

    def events(pieces: Sequence[Ids]) -> tuple[Any, Any]:
        return events_of(
            model.network, model.tokenizer, points, pieces,
            lambda done, total: reporter.working("reading what leads to scores", done, total),
        )  # fmt: skip

    learned, held_out = events(train), events(valid)
    reporter.working("learning what leads to scores", 0, 1)
    fitted = Valuer.fit(*learned, *held_out)
    reporter.working("learning what leads to scores", 1, 1)
    try:
        fitted.save(path, checkpoint)
    except SeqgenError as error:
        reporter.note(f"what leads to scores is not kept with the run: {error.message}")
    return fitted


def _some(pieces: Sequence[Ids], most: int) -> Sequence[Ids]:
    """Whole ones, evenly chosen, of so many ids about."""
    return pieces[:: max(1, math.ceil(sum(map(len, pieces)) / most))]

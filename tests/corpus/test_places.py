"""Corpora larger than memory become what they would be if memory held them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from contract.tokenizers import TOKENIZERS, n_events, walks
from seqgen.core.domain import get_domain
from seqgen.core.errors import BadInput
from seqgen.core.workers import Outcome
from seqgen.corpus import build
from seqgen.corpus.build import PieceFile, prepare
from seqgen.corpus.folder import open_corpus
from seqgen.corpus.places import Place, Readable, taken
from seqgen.domains.midi.options import MidiOptions
from seqgen.domains.midi.score import Score
from seqgen.domains.midi.tokenizer import MidiTokenizer


def read(files: Any) -> Any:
    """Each file holds its name in three forms; none is called bad."""
    for file in files:
        bad = BadInput(file, "is bad") if file == "bad" else None
        yield Outcome(file, None if bad else PieceFile("", [file, file.upper(), file * 2], [], []), bad)


def test_places_are_read_and_what_is_read_stays() -> None:
    places = [Place("a", 0), Place("a", 2), "kept", Place("b", 1), "also"]
    assert list(taken(places, read)) == ["a", "aa", "kept", "B", "also"]
    readable = Readable(places, read)
    assert list(readable) == list(readable) == ["a", "aa", "kept", "B", "also"]
    assert list(taken([], read)) == []


def test_what_can_be_read_no_more_is_an_error_in_its_place() -> None:
    places = [Place("a", 1), Place("bad", 0), Place("bad", 1), Place("c", 0)]
    first, *errors, last = taken(places, read)
    assert (first, last) == ("A", "c") and [str(e) for e in errors] == ["bad: is bad"] * 2
    assert list(Readable(places, read)) == ["A", "c"]


@pytest.mark.parametrize(
    ("name", "options"), [("midi", {}), ("midi", {"tokenizer": "remi"}), ("images", {}), ("sports", {})]
)
def test_a_corpus_that_is_read_again_is_the_same(
    name: str,
    options: dict[str, Any],
    corpus: Path,
    forked_workers: None,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    domain = get_domain(name)
    folder = tmp_path / "pieces"
    if name == "midi":
        shutil.copytree(corpus, folder)
    else:
        tokenizer = next(t for t in TOKENIZERS.values() if t.domain == name)
        pieces = [p for p in map(tokenizer.decode, walks(tokenizer)) if n_events(p) > 5]
        for i, piece in enumerate(pieces[:12]):
            domain.write(piece, folder / f"{i:02d}{domain.written[0]}")
    (folder / f"broken{domain.suffixes[0]}").write_bytes(b"nothing that can be read")
    found = []
    for kept in (10**9, 0):
        monkeypatch.setattr(build, "KEPT_BYTES", kept)
        monkeypatch.setenv("SEQGEN_CACHE", str(tmp_path / str(kept)))
        found.append(prepare(open_corpus(folder), domain, domain.options(**options)))
    one, other = found
    assert len(one.store) > 8 and one.about == other.about and len(one.about["skipped"]) == 1
    assert np.array_equal(one.store.ids, other.store.ids) and np.array_equal(one.store.offsets, other.store.offsets)
    assert one.tokenizer.config() == other.tokenizer.config()


def test_music_that_is_not_always_read_in_time_is_fitted_all_the_same(chorales: list[Score]) -> None:
    class Late:
        """Without another piece each time."""

        late = 0

        def __iter__(self) -> Iterator[Score]:
            self.late += 1
            return (score for i, score in enumerate(chorales) if i != self.late)

    for name in ("auto", "voices", "remi"):
        assert MidiTokenizer.fit(Late(), MidiOptions(name)).name == ("remi" if name == "remi" else "voices")  # type: ignore[arg-type]  # iterable

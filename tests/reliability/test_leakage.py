"""Pieces that are equal up to transposition or repetition never sit in two splits, over all corpora.

Asked of the token stores themselves, in words of this test's own: nothing here calls what splits them.
"""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqgen.core.domain import get_domain
from seqgen.core.errors import CorpusError, MissingExtra
from seqgen.corpus import build
from seqgen.corpus.build import Prepared, prepare
from seqgen.corpus.folder import open_corpus
from seqgen.corpus.store import SPLITS
from seqgen.domains.midi.files import write
from seqgen.domains.midi.score import Score, Tempo, make_score

pytestmark = pytest.mark.slow
CORPORA = Path(__file__).parents[2] / "corpora"
SHARED = Path(__file__).parents[3] / "shared" / "data"


def prepared(path: Path, name: str, **options: Any) -> Prepared:
    domain = get_domain(name)
    try:
        return prepare(open_corpus(path), domain, domain.options(**options))
    except (MissingExtra, CorpusError) as error:
        pytest.skip(error.message)  # its package is not installed, or it has not been downloaded


def contents(found: Prepared) -> Iterator[tuple[str, list[bytes]]]:
    """(split, what must not be in another) of each stored piece."""
    tokenizer = found.tokenizer
    scored = tokenizer.vocabulary.scored
    for i in range(len(found.store)):
        ids = found.store.piece(i)
        said = [np.asarray(ids[scored[ids]], np.int32).tobytes()]
        piece = tokenizer.decode(ids)
        if isinstance(piece, Score):
            said = [notes(piece, intervals=False), notes(piece, intervals=True)]
        yield SPLITS[found.store.split[i]], said


def notes(score: Score, *, intervals: bool) -> bytes:
    """When and what sounds, from the first onset on; intervals: by its distance from the lowest first note."""
    quarters = (score.onset - score.onset.min()) / score.ticks_per_quarter, score.duration / score.ticks_per_quarter
    heights = score.pitch - score.pitch[score.onset == score.onset.min()].min() if intervals else score.pitch
    return repr(sorted({*zip(*(np.round(q, 2).tolist() for q in quarters), heights.tolist(), strict=True)})).encode()


def leaks(found: Prepared) -> int:
    """Pieces of which another split holds the same."""
    splits: dict[bytes, set[str]] = {}
    pieces = list(contents(found))
    for split, said in pieces:
        for one in said:
            splits.setdefault(one, set()).add(split)
    assert {split for split, _ in pieces} == set(SPLITS)
    return sum(any(len(splits[one]) > 1 for one in said) for _, said in pieces)


@pytest.mark.parametrize("name", [path.parent.name for path in sorted(CORPORA.glob("*/corpus.toml"))])
def test_corpora(name: str, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(CORPORA / name, tmp_path / name))
    assert not leaks(prepared(folder, open_corpus(folder).domain))


@pytest.mark.parametrize(
    ("path", "domain", "options"),
    [
        ("midi/freedoom", "midi", {"tokenizer": "remi"}),
        ("midi/real", "midi", {"tokenizer": "remi"}),
        ("midi/real", "midi", {"tokenizer": "performance"}),
        ("soccer/World_Cup.csv.gz", "sports", {}),
        ("soccer/European_Championship.csv.gz", "sports", {}),
        ("badminton/train.csv.gz", "sports", {}),
        ("baseball/retrosheet_2020.tar.gz", "sports", {}),
        ("prices/exchange_rate.txt.gz", "prices", {}),
        ("text/input.txt", "text", {}),
    ],
)
def test_other_data(path: str, domain: str, options: dict[str, Any], tmp_path: Path) -> None:
    if not (SHARED / path).exists():
        pytest.skip("the data are not beside the project")
    source = SHARED / path
    if path.endswith(".tar.gz"):
        with tarfile.open(source) as archive:
            archive.extractall(tmp_path / "unpacked", filter="data")
        source = tmp_path / "unpacked"
    assert not leaks(prepared(source, domain, **options))


def test_every_piece_in_twelve_keys_and_twice_over(chorales: list[Score], tmp_path: Path) -> None:
    """And with other names, other tempos, other velocities, later begins."""
    rng = np.random.default_rng(0)
    for score in chorales:
        for shift in range(-5, 7):
            other = make_score(
                score.ticks_per_quarter, score.onset + 480 * int(rng.integers(4)), score.duration, score.pitch + shift,
                rng.integers(1, 128, score.n_notes), score.track, score.tracks, tempos=(Tempo(0, 60.0 + shift),),
                time_signatures=score.time_signatures, key_signatures=(), name="",
            )  # fmt: skip
            write(other, tmp_path / f"{rng.integers(10**9)}.mid")
    found = prepared(tmp_path, "midi", tokenizer="remi")
    assert len(found.store) == 12 * len(chorales) and not leaks(found)


def test_a_leak_is_seen(chorales: list[Score], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or the others would hold of anything."""
    for i, score in enumerate(chorales):
        for name in ("a", "b"):
            write(score, tmp_path / f"{name}{i}.mid")
    split = ["train"] * len(chorales) + [SPLITS[1 + i % 2] for i in range(len(chorales))]  # a, then b
    monkeypatch.setattr(build, "split_pieces", lambda *_: split)
    assert leaks(prepared(tmp_path, "midi", tokenizer="remi"))

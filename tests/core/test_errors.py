from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from seqgen.core import errors

EXAMPLES = [
    errors.SeqgenError("what", "how"),
    errors.UsageError("what", "how"),
    errors.BadInput(Path("a.mid"), "is odd", where="byte 3", hint="how"),
    errors.TooLarge("a.mid", "max_notes", 5, 6),
    errors.CorpusError("what"),
    errors.RunError("what", "how"),
    errors.Diverged("what"),
    errors.MissingExtra("Reading", "music21"),
]


def test_every_error_has_an_example() -> None:
    def below(kind: type[Exception]) -> set[type[Exception]]:
        return {kind, *(k for child in kind.__subclasses__() for k in below(child))}

    ours = {kind for kind in below(errors.SeqgenError) if kind.__module__ == errors.__name__}
    assert {type(error) for error in EXAMPLES} == ours


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda e: type(e).__name__)
def test_errors_cross_processes_unchanged(error: errors.SeqgenError) -> None:
    again = pickle.loads(pickle.dumps(error))  # noqa: S301  ours
    assert type(again) is type(error)
    assert again.__dict__ == error.__dict__ and str(again) == str(error)


def test_exit_codes() -> None:
    codes = {type(error).__name__: error.exit_code for error in EXAMPLES}
    assert codes == {
        "SeqgenError": 1, "UsageError": 2, "BadInput": 3, "TooLarge": 3, "CorpusError": 4, "RunError": 5, "Diverged": 6,
        "MissingExtra": 7,
    }  # fmt: skip


def test_a_refused_file_says_where_and_why() -> None:
    error = errors.BadInput("a.mid", "is odd", where="byte 3")
    assert error.message == "a.mid: byte 3: is odd" and error.hint == ""
    assert (error.path, error.where, error.reason) == ("a.mid", "byte 3", "is odd")


def test_a_limit_says_its_value_and_how_to_raise_it() -> None:
    error = errors.TooLarge("a.mid", "max_notes", 1000, 2000)
    assert error.message == "a.mid: over the limit of 1,000 notes (2,000 found)"
    assert error.limit == "max_notes" and error.hint == "Raise it for files you trust: SEQGEN_MAX_NOTES=NUMBER."
    assert errors.TooLarge("a.mid", "max_notes", 5).message == "a.mid: over the limit of 5 notes"


def test_a_missing_package_is_installed_by_its_extra_where_there_is_one() -> None:
    assert errors.MissingExtra("Reading", "music21").hint == "pip install music21"
    error = errors.MissingExtra("The level bpe", "tokenizers", extra="bpe")
    assert error.hint == "pip install 'seqgen-toolkit[bpe]'" and "needs the package tokenizers" in error.message


def test_no_hint_installs_a_stranger() -> None:
    """The name seqgen on the public index belongs to another project."""
    source = Path(errors.__file__).parents[1]
    for path in source.rglob("*.py"):
        assert "pip install seqgen" not in path.read_text(encoding="utf-8"), path

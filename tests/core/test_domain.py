"""What a domain is asked for by name, and how its tokenizer is kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from seqgen.core import domain as module
from seqgen.core.domain import Domain, domain_of, get_domain, load_tokenizer, save_tokenizer
from seqgen.core.errors import BadInput, RunError, UsageError
from seqgen.core.sealed import sealed, write_sealed

OTHER = "{} describes another vocabulary than this version of seqgen builds from it."


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("16words", (16, "words")),
        ("16 words", (16, "words")),
        (" 1 Word ", (1, "words")),
        ("16", (16, "letters")),
        ("999999999letters", (999_999_999, "letters")),
        ("2 LETTER", (2, "letters")),
    ],
)
def test_a_length_is_a_number_and_a_unit(letters: Domain, text: str, length: tuple[int, str]) -> None:
    assert letters.parse_length(text) == length


@pytest.mark.parametrize("text", ["", "words", "0", "0words", "-1", "1.5", "1000000000", "16 words more", "16words!"])
def test_what_is_no_length_is_refused(letters: Domain, text: str) -> None:
    with pytest.raises(UsageError, match=r"is not a length\.$") as caught:
        letters.parse_length(text)
    assert repr(text) in caught.value.message
    assert caught.value.hint == "Write it like 16letters; units: letters, words."


def test_a_unit_of_another_domain_is_refused(letters: Domain) -> None:
    with pytest.raises(UsageError, match=r"^letters has no unit 'bars'\.$") as caught:
        letters.parse_length("16bars")
    assert caught.value.hint == "Write it like 16letters; units: letters, words."


def test_installed_domains_are_found_by_name_in_order() -> None:
    found = module.domains()
    assert list(found) == sorted(found) and {"images", "midi", "prices", "sports", "text"} <= set(found)
    assert all(get_domain(name) is domain and domain.name == name for name, domain in found.items())


def several(monkeypatch: pytest.MonkeyPatch, make: Any, **claims: Any) -> None:
    found = {name: make(name, (".csv", f".{name}"), claims=claim) for name, claim in claims.items()}
    monkeypatch.setattr(module, "domains", lambda: found)


def test_a_domain_that_is_not_there_is_refused_with_those_that_are(
    letters_like: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    several(monkeypatch, letters_like, one=None, two=None)
    assert get_domain("two").name == "two"
    with pytest.raises(UsageError, match=r"^No domain 'numbers'\.$") as caught:
        get_domain("numbers")
    assert caught.value.hint == "Known domains: one, two."


def test_a_file_belongs_to_the_domain_of_its_suffix(letters_like: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    several(monkeypatch, letters_like, one=None, two=pytest.fail)  # whose content is not asked
    assert domain_of(Path("A.TWO")).name == "two" and domain_of(Path("b.one")).name == "one"
    with pytest.raises(BadInput, match=r"^c\.txt: is of no kind that seqgen reads$") as caught:
        domain_of(Path("c.txt"))
    assert caught.value.hint == "It reads files that end in .csv, .one, .csv, .two."


def test_where_several_read_a_suffix_the_one_that_claims_the_content_does(
    letters_like: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    several(
        monkeypatch, letters_like, refuses=lambda head: False, takes=None, claims=lambda head: head.startswith(b"mine")
    )
    for content, name in ((b"mine, 1", "claims"), (b"other", "takes"), (b"", "takes")):
        (tmp_path / "a.csv").write_bytes(content)
        assert domain_of(tmp_path / "a.csv").name == name
    assert domain_of(tmp_path / "missing.csv").name == "takes"
    several(monkeypatch, letters_like, takes=None, claims=lambda head: True)
    assert domain_of(tmp_path / "a.csv").name == "claims"


def test_a_file_of_any_suffix_goes_to_who_reads_any(letters_like: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    found = {"one": letters_like("one", (".one",)), "any": letters_like("any", (".any",), any_suffix=True)}
    monkeypatch.setattr(module, "domains", lambda: found)
    assert domain_of(Path("a.txt")).name == domain_of(Path("one")).name == "any"
    assert domain_of(Path("a.one")).name == "one"


def test_a_tokenizer_is_kept_whole(letters: Domain, tmp_path: Path) -> None:
    tokenizer, path = letters.tokenizer({"letters": "abc"}), tmp_path / "tokenizer.json"
    save_tokenizer(tokenizer, path)
    said = {
        "format": 1,
        "domain": "letters",
        "name": "plain",
        "fingerprint": tokenizer.vocabulary.fingerprint,
        "config": {"letters": "abc"},
    }
    assert json.loads(path.read_text()) == sealed(said)
    again = load_tokenizer(path)
    assert again.vocabulary.tokens == ("a", "b", "c")


@pytest.mark.parametrize(
    ("changed", "message", "hint"),
    [
        ({"format": 2}, "{} is not a tokenizer of this version of seqgen.", "Train the run again."),
        ({"config": []}, "{} is not a tokenizer of this version of seqgen.", "Train the run again."),
        ({"config": {}}, "{}: There are no letters.", "Give some."),
        ({"domain": "numbers"}, "{}: No domain 'numbers'.", "Known domains: letters."),
        ({"config": {"letters": "abd"}}, OTHER, "Use the version of seqgen that trained the run."),
        ({"fingerprint": None}, OTHER, "Use the version of seqgen that trained the run."),
    ],
)
def test_a_tokenizer_that_is_none_of_ours_is_refused(
    letters: Domain, tmp_path: Path, changed: dict[str, Any], message: str, hint: str
) -> None:
    path = tmp_path / "tokenizer.json"
    save_tokenizer(letters.tokenizer({"letters": "abc"}), path)
    write_sealed(path, json.loads(path.read_text()) | changed)
    with pytest.raises(RunError) as caught:
        load_tokenizer(path)
    assert (caught.value.message, caught.value.hint) == (message.format(path), hint)


@pytest.mark.parametrize("content", ["[]", "{"])
def test_a_file_that_is_no_tokenizer_is_refused(letters: Domain, tmp_path: Path, content: str) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text(content)
    with pytest.raises(RunError, match=str(path)) as caught:
        load_tokenizer(path)
    assert caught.value.hint == "The run is incomplete; train it again."

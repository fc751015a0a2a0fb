"""Texts come back as they were, on every level, whole and in parts."""

from __future__ import annotations

import functools
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqgen.core.errors import BadInput, CorpusError, MissingExtra, UsageError
from seqgen.domains.text import characters, naming, words
from seqgen.domains.text.bpe import BytePairs, byte_names, learn_merges
from seqgen.domains.text.files import open_text
from seqgen.domains.text.options import LEVELS, LevelName, TextOptions
from seqgen.tokenizers import TextTokenizer

SAMPLE = (
    "The cat sat on the mat, and the cat's hat sat on the cat.\r\n\n\n"
    "Don't say that 'tis the rogue’s own fault — the cat isn't that fat!  \t\n"
    "Ö, naïve Zoë: 日本語のテキスト、日本語。 नमस्ते 🐈‍⬛ the end\n"
) * 3
TOKENIZERS = {level: TextTokenizer.fit([SAMPLE], TextOptions(level=level, size=60)) for level in LEVELS}
TOKENIZERS |= {"only bytes to fall back on": TextTokenizer(), "few": TextTokenizer("words", words=[" the", "the cat"])}
LIKELY = st.text(st.sampled_from("thecat 'S’\n\t-é日\U0001f408\x00\ufeff\ufffd"))
TEXTS = st.one_of(LIKELY, st.text(), st.lists(st.sampled_from(words.split(SAMPLE))).map("".join))


every_tokenizer = pytest.mark.parametrize("tokenizer", TOKENIZERS.values(), ids=TOKENIZERS)


@every_tokenizer
@given(text=TEXTS)
def test_every_text_comes_back_as_it_was(tokenizer: TextTokenizer, text: str) -> None:
    ids = tokenizer.encode(text)
    assert ids.dtype == np.int32
    assert tokenizer.decode(ids) == text
    assert not len(tokenizer.grammar.violations(ids))
    if len(text) > 1:
        assert not len(tokenizer.grammar.violations(ids[:-1])), "without its end it is complete too"


@every_tokenizer
@given(text=TEXTS, places=st.lists(st.integers(0, 60), max_size=8))
def test_in_parts_it_is_what_it_is_whole(tokenizer: TextTokenizer, text: str, places: list[int]) -> None:
    cuts = [0, *sorted(min(p, len(text)) for p in places), len(text)]
    parts = [text[a:b] for a, b in pairwise(cuts)]
    assert np.concatenate(list(tokenizer.encode_stream(parts))).tolist() == tokenizer.encode(text).tolist()


@every_tokenizer
@given(text=TEXTS)
def test_letter_by_letter_it_is_what_it_is_whole(tokenizer: TextTokenizer, text: str) -> None:
    assert (
        np.concatenate([np.zeros(0, int), *tokenizer.encode_stream(list(text))]).tolist()
        == tokenizer.encode(text).tolist()
    )


@every_tokenizer
def test_large_blocks_meet_without_a_seam(tokenizer: TextTokenizer, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = tokenizer.encode(SAMPLE)
    for size in (1, 7, 64):
        monkeypatch.setattr(characters, "BLOCK", size)
        assert tokenizer.encode(SAMPLE).tolist() == whole.tolist()
        assert next(tokenizer.encode_stream([SAMPLE[:50], SAMPLE[50:]])).size <= 4 * (words.MAX_WORD + size)


@every_tokenizer
@given(ids=st.lists(st.integers(0, 10**6)))
def test_any_ids_decode(tokenizer: TextTokenizer, ids: list[int]) -> None:
    text = tokenizer.decode(np.array(ids, np.int64) % len(tokenizer.vocabulary))
    assert isinstance(text, str) and text.encode().decode() == text


def test_a_character_cut_in_two_is_shown_as_such() -> None:
    tokenizer = TextTokenizer(characters="ab")
    ids = tokenizer.encode("aé")[:-1]
    assert tokenizer.decode(ids) == "aé"
    assert tokenizer.decode(ids[:-1]) == "a\ufffd"


GOLDEN = {
    "characters": [1, 5, 4, 0, 3, 2, 6, 0, 7 + 0x7E, 7 + 193, 7 + 0xA9, 250],  # é is C3 A9; C0 and C1 have no id
    "bytes": [*b"The cat ~\xc3\xa9", 256],
    "words": [1, 0, 2, 3, 4 + 193, 4 + 0xA9, 247],
    "bpe": [257, 258, *b"at ~\xc3\xa9", 259],
}


def test_golden_ids() -> None:
    tokenizers = {
        "characters": TextTokenizer(characters=" Taceht"),
        "bytes": TextTokenizer("bytes"),
        "words": TextTokenizer("words", words=[" cat", "The"], characters=" ~"),
        "bpe": TextTokenizer("bpe", merges=[[84, 104], [256, 101], [32, 99]]),
    }
    assert {level: t.encode("The cat ~é").tolist() for level, t in tokenizers.items()} == GOLDEN
    assert tokenizers["words"].vocabulary.readable(GOLDEN["words"]) == [
        "Word_The", r"Word_\scat", r"Char_\s", "Char_~", "Byte_C3", "Byte_A9", "End",
    ]  # fmt: skip
    assert tokenizers["bpe"].vocabulary.readable([257, 258, 0x61, 0xC3]) == [
        "Subword_The", r"Subword_\sc", "Subword_a", r"Subword_\xc3",
    ]  # fmt: skip
    plain = TextTokenizer(characters="cba\n", fallback=False, end=False)
    assert plain.vocabulary.tokens == (r"Char_\n", "Char_a", "Char_b", "Char_c")
    assert plain.encode("abc\n").tolist() == [1, 2, 3, 0]


def test_what_is_in_the_vocabulary() -> None:
    tokens = TextTokenizer(characters="b a").vocabulary.tokens
    assert tokens[:5] == (r"Char_\s", "Char_a", "Char_b", "Byte_00", "Byte_01") and tokens[-2:] == ("Byte_F4", "End")
    assert len(tokens) == 3 + 243 + 1
    assert len(TextTokenizer("bytes").vocabulary) == 257 and len(TextTokenizer("bytes", end=False).vocabulary) == 256


@given(st.lists(st.binary(min_size=1, max_size=6), unique=True))
def test_names_are_readable_and_differ(strings: list[bytes]) -> None:
    names = [naming.readable(string) for string in strings]
    assert len(set(names)) == len(names)
    assert all(name.isprintable() or max(name) >= "\u0378" for name in names)  # some are not assigned yet
    assert naming.readable("a é\n\\\x85\xa0".encode() + b"\x85") == r"a\sé\n\\\u0085\u00a0\x85"


# --- splitting


@given(text=TEXTS)
def test_words_lose_nothing_and_are_short(text: str) -> None:
    found = words.split(text)
    assert "".join(found) == text and all(0 < len(word) <= words.MAX_WORD for word in found)


def test_words() -> None:
    assert words.split("Don't  stop,\n\nnaïve rogue’s नमस्ते! --x_1") == [
        "Don't", " ", " stop", ",", "\n\n", "naïve", " rogue’s", " नमस्ते", "!", " -", "-", "x_1",
    ]  # fmt: skip


def test_long_words_are_cut() -> None:
    assert [len(word) for word in words.split("a" * 100 + "\n" * 20)] == [32, 32, 32, 4, 8, 8, 4]


# --- byte pairs


@given(text=TEXTS)
def test_byte_pairs_are_merged_as_the_package_tokenizers_merges_them(text: str) -> None:
    expected = [i for word in words.split(text) for i in theirs().encode(word).ids]
    assert BytePairs(TOKENIZERS["bpe"].settings.merges).ids(text, 0).tolist() == expected


@functools.cache
def theirs() -> Any:
    """The package's own tokenizer with our merges and ids."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    merges = TOKENIZERS["bpe"].settings.merges
    names = ["".join(byte_names()[b] for b in string) for string in BytePairs(merges).strings]
    pairs = [(names[left], names[right]) for left, right in merges]
    found = Tokenizer(models.BPE(vocab={name: i for i, name in enumerate(names)}, merges=pairs))
    found.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    return found


def test_merges_are_learned_without_regard_to_how_the_text_comes() -> None:
    assert learn_merges([SAMPLE], 40) == learn_merges([SAMPLE], 60)[:40] == TOKENIZERS["bpe"].settings.merges[:40]
    assert len(TOKENIZERS["bpe"].encode(SAMPLE)) < 0.6 * len(SAMPLE.encode())


def test_without_the_package_merges_are_used_but_not_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    again = TextTokenizer.from_config(TOKENIZERS["bpe"].config())
    assert again.encode(SAMPLE).tolist() == TOKENIZERS["bpe"].encode(SAMPLE).tolist()
    with pytest.raises(MissingExtra) as caught:
        TextTokenizer.fit([SAMPLE], TextOptions(level="bpe"))
    assert caught.value.hint == "pip install 'seqgen-toolkit[bpe]'"


# --- fitting


def test_characters_are_those_of_the_texts_in_order() -> None:
    tokenizer = TextTokenizer.fit(["cab", "d"])
    assert tokenizer.settings.characters == "abcd" and tokenizer.name == "characters"
    assert TextTokenizer.fit("cab").settings.characters == "abc", "a text is one text, not a list of letters"


def test_of_too_many_characters_the_most_frequent_have_ids() -> None:
    few = TextTokenizer.fit(["aaabbbcd"], TextOptions(size=2))
    assert few.settings.characters == "ab" and few.decode(few.encode("abcd")) == "abcd"
    assert TextTokenizer.fit(["aaabbbcd"], TextOptions(size=2, fallback=False)).settings.characters == "abcd"


def test_words_are_the_most_frequent_ones() -> None:
    found = TOKENIZERS["words"].settings.words
    assert found[0] == " the" and "naïve" not in found and len(found) <= 60
    assert all(len(word) > 1 for word in found)


@pytest.mark.parametrize("level", LEVELS)
def test_what_is_fitted_to_files_is_fitted_to_their_texts(
    level: LevelName, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = [SAMPLE[:200], SAMPLE[200:]]
    options = TextOptions(level=level, size=60)
    whole = TextTokenizer.fit(parts, options)
    monkeypatch.setattr("seqgen.domains.text.files._CHUNK", 11)
    for i, part in enumerate(parts):
        (tmp_path / f"{i}").write_bytes(part.encode())
    files = [text for i in range(2) for text in open_text(tmp_path / f"{i}")]
    assert TextTokenizer.fit(files, options).config() == whole.config()
    for text, part in zip(files, parts, strict=True):
        expected = whole.encode(part).tolist()
        assert np.concatenate(list(whole.encode_stream(text))).tolist() == expected == whole.encode(text).tolist()


def test_of_too_many_words_the_rarest_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "".join(f" often{'' if n % 3 else ' now'} rare{n}" for n in range(2000))
    monkeypatch.setattr(words, "_COUNTED", 100)
    monkeypatch.setattr(words, "_TOGETHER", 64)
    counts = words.count_words([text], 2)
    assert len(counts) <= 164 and counts[" often"] == 2000 and counts[" now"] == 667
    assert words.count_words([list(text)], 2) == counts


@pytest.mark.parametrize("texts", [[], [""], ["", ""]])
def test_there_must_be_a_text(texts: list[str]) -> None:
    with pytest.raises(CorpusError, match="no text"):
        TextTokenizer.fit(texts)


# --- what is refused


@pytest.mark.parametrize("level", LEVELS)
def test_half_a_surrogate_pair_is_refused_with_its_place(level: str) -> None:
    for parts, place in ((["ab\ud800c"], 2), (["ab" * 40, "\udfff"], 80)):
        with pytest.raises(BadInput, match=rf"character {place}: U\+D[8F][0F][0F] is half"):
            list(TOKENIZERS[level].encode_stream(parts))


@pytest.mark.parametrize("level", ["characters", "words"])
def test_without_fallback_an_unknown_character_is_refused_with_its_place(level: str) -> None:
    tokenizer = TextTokenizer.fit(["abc abc abc"], TextOptions(level=level, fallback=False))  # type: ignore[arg-type]  # parametrized
    assert tokenizer.decode(tokenizer.encode("cab abc")) == "cab abc"
    with pytest.raises(BadInput, match=r"character 8: 'é' \(U\+00E9\) is not among the characters") as caught:
        tokenizer.encode("abc abc é abc")
    assert "fallback" in caught.value.hint


@pytest.mark.parametrize(
    "settings",
    [
        {"level": "letters"}, {"level": ["words"]}, {"characters": 3}, {"characters": "\ud800"}, {"fallback": 1},
        {"end": "yes"}, {"words": "the"}, {"words": [""]}, {"words": ["a" * 1000]}, {"words": ["\udc00"]},
        {"words": ["a", "a"], "level": "words"}, {"merges": [[0, 256]]}, {"merges": [[True, 1]]}, {"merges": [[1]]},
        {"merges": [[256 + k - 1 if k else 65] * 2 for k in range(60)]}, {"merges": {}}, {"unheard_of": 1},
        {"fallback": False},
    ],
    ids=",".join,
)  # fmt: skip
def test_impossible_settings_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        TextTokenizer.from_config({"level": "characters", **settings})


@pytest.mark.parametrize("options", [{"level": "letters"}, {"size": 0}, {"size": 10**9}])
def test_impossible_options_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        TextOptions(**options)


# --- templates and lengths


@every_tokenizer
def test_a_template_is_the_prompt_without_its_end(tokenizer: TextTokenizer) -> None:
    assert tokenizer.template().size == 0
    assert tokenizer.decode(tokenizer.template("the cat", (10, "characters"))) == "the cat"
    assert (tokenizer.template("the cat") != tokenizer.end).all()
    with pytest.raises(UsageError, match="takes no 'key'"):
        tokenizer.template(key="G major")


@every_tokenizer
@given(text=TEXTS)
def test_characters_are_counted_where_they_begin(tokenizer: TextTokenizer, text: str) -> None:
    ids = tokenizer.encode(text)
    assert tokenizer.length(400, "characters", ids).counted[ids].sum() == len(text)
    assert tokenizer.length(400, "characters", ids).amount == 400
    assert tokenizer.length(400, "tokens", ids).counted[ids].sum() == len(ids) - 1


@every_tokenizer
def test_other_units_are_refused(tokenizer: TextTokenizer) -> None:
    with pytest.raises(UsageError, match="'bars'"):
        tokenizer.length(4, "bars", tokenizer.template())


# --- what may be encoded


@every_tokenizer
def test_a_text_is_a_str_and_a_file_a_path_or_its_bytes(tokenizer: TextTokenizer, tmp_path: Path) -> None:
    path = tmp_path / "any.suffix"
    path.write_bytes(b"\xef\xbb\xbfthe\r\ncat")
    expected = tokenizer.encode("the\r\ncat").tolist()
    assert tokenizer.encode(path).tolist() == tokenizer.encode(path.read_bytes()).tolist() == expected
    assert np.concatenate(list(tokenizer.encode_stream(path))).tolist() == expected
    with pytest.raises(UsageError, match="int is no text"):
        tokenizer.encode(3)  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(BadInput, match="does not exist"):
        tokenizer.encode(tmp_path / "missing")
    with pytest.raises(BadInput, match="does not exist"):
        list(tokenizer.encode_stream(tmp_path / "missing"))

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqgen.core.errors import UsageError
from seqgen.core.vocabulary import Vocabulary

TOKENS = ["Key_C", "Key_Unknown", "Pitch_60", "Pitch_61", "Rest"]


def test_a_tokens_place_is_its_id() -> None:
    v = Vocabulary(TOKENS, ["Key"])
    assert len(v) == 5 and [v.id(t) for t in TOKENS] == [0, 1, 2, 3, 4]
    assert v.ids(["Rest", "Key_C"]).tolist() == [4, 0]
    assert v.readable([3, 4]) == ["Pitch_61", "Rest"]
    assert "Rest" in v and "Hold" not in v


def test_types_come_from_the_names() -> None:
    v = Vocabulary(TOKENS, ["Key"])
    assert v.types == ("Key", "Key", "Pitch", "Pitch", "Rest")
    assert v.of_type("Pitch").tolist() == [2, 3] and v.of_type("Nothing").tolist() == []
    assert v.of_type("Pitch").dtype == v.ids(["Rest"]).dtype == np.int32
    assert v.are("Pitch", "Rest").tolist() == [False, False, True, True, True] and not v.are().any()
    assert Vocabulary(["Zone_3_2", "A"]).values == (("Zone", "3_2"), ("A", ""))
    assert v.scored.tolist() == [False, False, True, True, True]


def test_an_unknown_token_is_refused_with_its_neighbours() -> None:
    with pytest.raises(UsageError) as caught:
        Vocabulary(TOKENS).id("Pitch_99")
    assert caught.value.message == "No token 'Pitch_99'." and caught.value.hint == "Known: Pitch_60, Pitch_61"
    with pytest.raises(UsageError, match="No token 'Tempo_9'") as caught:
        Vocabulary(TOKENS).id("Tempo_9")
    assert caught.value.hint == ""


@pytest.mark.parametrize(("n", "end"), [(12, "Zone_11_0"), (13, "Zone_11_0 …")])
def test_of_many_neighbours_some_are_shown(n: int, end: str) -> None:
    vocabulary = Vocabulary([*(f"Zone_{i}_0" for i in range(n)), "Zones_1", "Zon_2"])
    with pytest.raises(UsageError) as caught:
        vocabulary.id("Zone_3_2")
    assert caught.value.hint == f"Known: {', '.join(f'Zone_{i}_0' for i in range(11))}, {end}"


def test_a_token_may_not_stand_twice() -> None:
    with pytest.raises(UsageError, match=r"^A vocabulary holds the same token twice\.$"):
        Vocabulary(["A", "B", "A"])


def test_a_vocabulary_may_be_empty() -> None:
    empty = Vocabulary([])
    assert len(empty) == 0 and empty.scored.dtype == bool and not empty.ids([]).size


words = st.lists(st.text("aB_1é", min_size=1, max_size=3), unique=True, max_size=8)


@given(words, words)
def test_fingerprints_are_equal_exactly_when_the_tokens_are(some: list[str], others: list[str]) -> None:
    same = Vocabulary(some).fingerprint == Vocabulary(others).fingerprint
    assert same == (some == others)


def test_what_is_scored_belongs_to_the_fingerprint() -> None:
    assert Vocabulary(TOKENS).fingerprint != Vocabulary(TOKENS, ["Key"]).fingerprint


def test_fingerprints_are_those_of_earlier_versions() -> None:
    """Or no run of them would load."""
    assert Vocabulary(["Key_C", "Pitch_60"], ["Key"]).fingerprint == "da67eb7e968fe780"

"""What may be asked for by name."""

from __future__ import annotations

import pytest

from seqgen.core.controls import UNKNOWN, Control, asked, header_ids
from seqgen.core.errors import UsageError
from seqgen.core.vocabulary import Vocabulary


def even(text: str) -> str:
    if not text.isdigit() or int(text) % 2:
        raise UsageError(f"{text!r} is not even.")
    return text


CONTROLS = (Control("size", "How large.", "4", even, "Size"), Control("mood", "How it feels.", "glad", str.lower))


def test_texts_and_numbers_are_read_alike() -> None:
    for value in ("4", 4, 4.0, " 4 "):
        assert asked(CONTROLS, {"size": value, "mood": "SAD"}) == {"size": "4", "mood": "sad"}
    assert asked(CONTROLS, {"size": "Unknown"}) == {"size": UNKNOWN}
    assert asked(CONTROLS, {"mood": "Unknown"}) == {"mood": "unknown"}, "only a header has ids for what is not known"


def test_only_values_of_the_header_have_ids() -> None:
    vocabulary = Vocabulary(["Size_2", "Size_4", "Size_Unknown"])
    assert header_ids(CONTROLS, vocabulary, {"size": "4", "mood": "sad"}) == {"Size": 1}
    assert header_ids(CONTROLS, vocabulary, {}) == {}


def test_who_asks_wrongly_is_told_what_can_be_asked() -> None:
    with pytest.raises(UsageError, match="takes no 'colour'") as caught:
        asked(CONTROLS, {"colour": "red"})
    assert "size=4; mood=glad" in caught.value.hint
    with pytest.raises(UsageError, match="not even"):
        asked(CONTROLS, {"size": 3})
    with pytest.raises(UsageError, match="takes no 'size'") as caught:
        asked((), {"size": 4})
    assert caught.value.hint == "It takes no values by name; what samples begin with, a prompt says."

"""What every tokenizer has of itself."""

from __future__ import annotations

import numpy as np
import pytest

from seqgen.core.domain import Domain
from seqgen.core.errors import UsageError
from seqgen.core.tokenizer import Tokenizer


@pytest.fixture
def tokenizer(letters: Domain) -> Tokenizer[str]:
    return letters.tokenizer({"letters": "abc"})


def test_a_piece_is_its_own_only_part(tokenizer: Tokenizer[str]) -> None:
    (ids,) = tokenizer.encode_stream("cab")
    assert ids.tolist() == tokenizer.encode("cab").tolist() == [2, 0, 1]


def test_a_continuation_is_decoded_with_what_it_continues(tokenizer: Tokenizer[str]) -> None:
    go_on = tokenizer.continuation(tokenizer.encode("ab"), "of: ")
    assert [go_on(tokenizer.encode(more)) for more in ("c", "ba")] == ["of: abc", "of: abba"]
    assert tokenizer.continuation(tokenizer.encode("ab"))(tokenizer.encode("")) == "ab"


def test_what_a_tokenizer_does_not_offer_is_refused_or_nothing(tokenizer: Tokenizer[str]) -> None:
    with pytest.raises(UsageError, match="with the tokenizer plain of letters") as caught:
        tokenizer.outline("abc", renew=(1, 2))
    assert caught.value.hint == "Voices of music take both, remi bars to fill in."
    ids = tokenizer.encode("abc")
    assert tokenizer.barred("abc") == () and tokenizer.asked_last(ids) is None
    assert tokenizer.called("abc") == {} and tokenizer.sizes(ids) == {}
    assert Tokenizer.losses(tokenizer, "abc") == {}


def test_what_is_lost_is_told_in_lines(tokenizer: Tokenizer[str]) -> None:
    assert tokenizer.problems("abc") == ["silent letters: 2", "seconds: 0.25"]


def test_unless_it_says_so_a_tokenizer_asks_for_nothing_special(tokenizer: Tokenizer[str]) -> None:
    assert (tokenizer.orders, tokenizer.controls, tokenizer.once, tokenizer.backoff) == ((), (), (), ())
    assert (tokenizer.candidates, tokenizer.tries, tokenizer.main, tokenizer.loss_weights) == (1, 1, "", None)
    assert np.array_equal(tokenizer.unknown_of, [-1, -1, -1])

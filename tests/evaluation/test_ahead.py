"""What is foretold of events further ahead, by counting."""

from __future__ import annotations

import numpy as np
import torch

from seqgen.evaluation.ahead import ActionChain, accuracy_ahead
from seqgen.model import SequenceModel
from seqgen.tokenizers import SportsTokenizer

TOKENIZER = SportsTokenizer("cricket", {"Overs": ["20"]})
OUTCOMES = ("0", "0", "4")  # over and over


def piece(n: int) -> np.ndarray:
    overs = [
        f"Bowler_{1 + over % 2} " + " ".join(f"Batter_1 Outcome_{OUTCOMES[ball % 3]}" for ball in range(6))
        for over in range(n)
    ]
    return TOKENIZER.vocabulary.ids(["Overs_20", "Side_1", *" ".join(overs).split(), "End"])


def test_a_chain_goes_on_with_what_it_has_seen() -> None:
    chain = ActionChain(TOKENIZER, [piece(4)] * 50)
    nought, four = (TOKENIZER.vocabulary.id(f"Outcome_{x}") for x in "04")
    assert chain.majority == nought
    assert chain.likeliest(np.array([four, nought]), 7).tolist() == [nought, four, nought, nought, four, nought, nought]
    assert chain.likeliest(np.array([], np.int32), 3).tolist() == [nought, nought, four]


def test_accuracy_ahead_is_told_beside_counting() -> None:
    torch.manual_seed(0)
    model = SequenceModel(len(TOKENIZER.vocabulary), TOKENIZER.context.features, 8, 1).eval()
    found = accuracy_ahead(model, TOKENIZER, [piece(4)] * 20, [piece(6)], places=4, paths=4)
    assert found["places"] == 4 and set(found) == {"places", "paths", "1", "3", "10", "20"}
    for ahead in ("1", "3", "10"):
        of = found[ahead]
        assert of["trigram"] == 1.0 and 0 <= of["accuracy"] <= 1 and 0 < of["n"] <= 4, ahead
    assert found["20"]["n"] <= found["1"]["n"]

"""Matches as ids: what is kept, what is counted, what may be asked for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from seqgen.core.errors import BadInput, CorpusError, UsageError
from seqgen.domains.sports.files import read
from seqgen.domains.sports.match import Match
from seqgen.tokenizers import SportsTokenizer

CORPUS = Path(__file__).parents[3] / "corpora" / "cricket"


@pytest.fixture(scope="module")
def matches() -> list[Match]:
    return list(read(CORPUS / "2008-q1.csv.gz"))


@pytest.fixture(scope="module")
def tokenizer(matches: list[Match]) -> SportsTokenizer:
    return SportsTokenizer.fit(matches)


def known(tokenizer: SportsTokenizer, ids: np.ndarray, *names: str) -> list[tuple[int, ...]]:
    """The values of some features before each id and after the last."""
    columns = [[f.name for f in tokenizer.context.features].index(name) for name in names]
    return [tuple(row) for row in tokenizer.context.of(ids)[:, columns].tolist()]


def test_real_matches_are_legal_and_come_back(tokenizer: SportsTokenizer, matches: list[Match]) -> None:
    assert len(matches) == 4
    for match in matches:
        ids = tokenizer.encode(match)
        assert not len(tokenizer.grammar.violations(ids))
        assert set(tokenizer.losses(match)) <= {"bowler_not_kept"}  # an over is said to be bowled by one
        assert tokenizer.decode(ids, match).about == match.about


def test_a_delivery_is_few_ids(tokenizer: SportsTokenizer, matches: list[Match]) -> None:
    tokens = tokenizer.vocabulary.readable(tokenizer.encode(matches[0]))
    assert tokens[:5] == ["Gender_male", "Season_2008", "Overs_20", "Side_1", "Bowler_1"]
    assert len(tokens) < 2.6 * len(matches[0])


def test_the_state_of_an_innings_is_counted(tokenizer: SportsTokenizer) -> None:
    said = "Side_1 Bowler_1 Batter_1 Outcome_4 Batter_1 Outcome_wide Runs_2 Batter_2 Outcome_wicket Runs_0 How_caught"
    said += " Extra_none Bowler_2 Batter_2 Outcome_1 Side_2 Bowler_1 Batter_1 Outcome_6"
    ids = tokenizer.vocabulary.ids(said.split())
    rows = known(tokenizer, ids, "innings", "over", "ball", "wickets")
    assert rows[4] == (1, 1, 2, 0)  # one legal ball
    assert rows[7] == (1, 1, 2, 0)  # a wide is none
    assert rows[12] == (1, 1, 3, 1)
    assert rows[15] == (1, 2, 2, 1)
    assert rows[16] == (2, 0, 0, 0)
    # 4 + 2 + 0 + 1 runs: 8 to win, 2 after a six; in 119 balls that is a tenth of a run an over.
    assert known(tokenizer, ids, "chase")[-1] == (1,) and known(tokenizer, ids, "strike")[5] == (1,)


def test_retired_hurt_is_no_wicket_and_a_stumping_off_a_wide_no_ball_of_the_over(tokenizer: SportsTokenizer) -> None:
    start = "Side_1 Bowler_1 Batter_1 Outcome_wicket Runs_0"
    for end, expected in (("How_retired hurt|Extra_none", (2, 0)), ("How_stumped|Extra_wide", (1, 1))):
        ids = tokenizer.vocabulary.ids([*start.split(), *end.split("|")])
        assert known(tokenizer, ids, "ball", "wickets")[-1] == expected


def test_a_header_can_be_asked_for(tokenizer: SportsTokenizer, matches: list[Match]) -> None:
    assert tokenizer.template().tolist() == [-1, -1, -1]
    given = tokenizer.template(season="2031", gender="unknown")
    assert tokenizer.vocabulary.readable(given[:2]) == ["Gender_Unknown", "Season_2008"]
    assert (tokenizer.template(matches[0]) == tokenizer.encode(matches[0])[:-1]).all()
    for wrong in ({"venue": "Lord's"}, {"gender": "mixed"}):
        with pytest.raises(UsageError):
            tokenizer.template(**wrong)


def test_lengths_are_events_or_a_whole_match(tokenizer: SportsTokenizer) -> None:
    from seqgen.sampling.sampler import Request, draw
    from seqgen.training.config import TrainConfig
    from seqgen.training.loop import new_model

    model = new_model(tokenizer, TrainConfig(width=16, n_layers=1)).eval()
    for drawn in draw(model, tokenizer, Request(tokenizer.template(), (30, "events")), count=5, seed=1):
        assert len(tokenizer.decode(drawn.ids)) == 30 and not len(tokenizer.grammar.violations(drawn.ids))
    for drawn in draw(model, tokenizer, Request(tokenizer.template(), (1, "games")), count=5, seed=1):
        assert tokenizer.vocabulary.tokens[drawn.ids[-1]] == "End"
    with pytest.raises(UsageError):
        tokenizer.length(2, "games", tokenizer.template())


def test_predictions_are_of_outcomes_whoever_bats(tokenizer: SportsTokenizer, matches: list[Match]) -> None:
    from seqgen.sampling.prediction import next_probabilities
    from seqgen.sampling.reader import Reader
    from seqgen.training.config import TrainConfig
    from seqgen.training.loop import new_model
    from seqgen.training.validation import piece_log_probabilities

    model = new_model(tokenizer, TrainConfig(width=16, n_layers=1)).eval()
    ids = tokenizer.encode(matches[0])[:40]
    ids = ids[: np.flatnonzero(np.isin(ids, tokenizer.vocabulary.of_type("Batter")))[-1]]
    p = next_probabilities(Reader(model, tokenizer).read(ids), tokenizer)
    kinds = {tokenizer.vocabulary.types[i] for i in np.flatnonzero(p)}
    assert kinds == {"Outcome", "Side", "End"} and abs(p.sum() - 1) < 1e-5
    # The sum over who bowls and who bats, by the probability of whole sequences.
    six = tokenizer.vocabulary.id("Outcome_6")
    batters, bowlers = (tokenizer.vocabulary.of_type(kind) for kind in ("Batter", "Bowler"))
    ways = [[b] for b in batters] + [[o, b] for o in bowlers for b in batters]
    found = piece_log_probabilities(model, tokenizer, [np.array([*ids, *w, six], np.int32) for w in ways])
    way = sum(float(np.exp(log_p[len(ids) :].sum())) for log_p in found)
    assert abs(way - p[six]) < 2e-3


def test_what_the_domain_says_of_training_can_be_trained_with() -> None:
    from seqgen.core.domain import get_domain
    from seqgen.training.config import TrainConfig

    assert TrainConfig(**get_domain("sports").training).layer_dropout == 0.3


def test_nothing_to_learn_from_is_refused() -> None:
    with pytest.raises(CorpusError):
        SportsTokenizer.fit([])
    with pytest.raises(UsageError):
        SportsTokenizer("quidditch")
    with pytest.raises(BadInput):
        SportsTokenizer().encode(b"nothing")


def test_states_have_the_same_numbers_in_every_process() -> None:
    script = """
import zlib
from seqgen.domains.sports.known import SPORTS
from seqgen.domains.sports.tokenizer import SportsTokenizer
print(*(zlib.crc32(SportsTokenizer(name).grammar.transitions.tobytes()) for name in SPORTS))
"""
    said = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(said) == 1 and said.pop().strip()

"""What came of a match, and a match up to a moment."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from seqgen.core.errors import UsageError
from seqgen.domains.sports.formats.known import from_frame
from seqgen.domains.sports.known import SPORTS
from seqgen.domains.sports.match import Match
from seqgen.domains.sports.moments import until
from seqgen.tokenizers import SportsTokenizer


def made(columns: str, *rows: Any, sport: str = "") -> Match:
    (match,) = from_frame(pd.DataFrame(rows, columns=columns.split()), sport)
    return match


def result(match: Match) -> Any:
    function = SPORTS[match.sport].result
    assert function is not None
    return function(match)


def over(period: int, team: str, *outcomes: str) -> list[tuple[Any, ...]]:
    return [(period, 0, n, team, outcome) for n, outcome in enumerate(outcomes, 1)]


CRICKET = "period over ball team outcome"
SOCCER = "period time team action outcome"
FIRST = (
    (1, 60.0, "A", "pass", "success"),
    (1, 2000.0, "A", "shot", "goal"),
    (1, 2790.0, "B", "shot", "fail"),  # in stoppage time
    (2, 30.0, "A", "clearance", "own goal"),
    (2, 900.0, "B", "pass", "success"),
)


def test_who_wins_at_cricket() -> None:
    tied = [*over(1, "A", "4", "wicket", "wide"), *over(2, "B", "4", "1")]
    found = result(made(CRICKET, *tied))
    assert found == {"runs_1": 5, "wickets_1": 1, "runs_2": 5, "wickets_2": 0, "winner": "tie"}
    assert result(made(CRICKET, *tied[:-1]))["winner"] == "A"
    super_over = [*over(3, "B", "6"), *over(4, "A", "2")]
    assert result(made(CRICKET, *tied, *super_over))["winner"] == "B"


def test_who_wins_at_soccer() -> None:
    match = made(SOCCER, *FIRST)
    assert result(match) == {"goals_A": 1, "goals_B": 1, "winner": "draw"}, "an own goal is the other side's"
    assert result(until(match, "3")) == {"goals_A": 1, "goals_B": 0, "winner": "A"}
    shoot_out = made(SOCCER, *FIRST, (5, 10.0, "A", "penalty", "fail"), (5, 20.0, "B", "penalty", "goal"))
    assert result(shoot_out) == {"goals_A": 1, "goals_B": 1, "winner": "B"}


def test_sides_keep_their_names_in_periods_still_to_come() -> None:
    tokenizer = SportsTokenizer("soccer")
    match = made(SOCCER, *FIRST)
    again = tokenizer.decode(tokenizer.encode(match), until(match, "45:01"))
    assert again.events["team"] == match.events["team"] and result(again) == result(match)


def test_who_wins_at_baseball() -> None:
    columns = "period team player pitcher action outs bases runs"
    half = (1, "V", "p", "q", "home run", 0, "---", 1), (2, "H", "r", "s", "X", None, "", None)
    assert result(made(columns, *half, sport="baseball")) == {"runs_V": 1, "runs_H": 0, "winner": "V"}
    level = made(columns, *half, (2, "H", "r", "s", "home run", 0, "---", 1), sport="baseball")
    assert result(level)["winner"] == "tie"


@pytest.mark.parametrize(
    ("moment", "events"), [("last", 5), ("0", 0), ("4", 4), ("33:20", 1), ("45:00", 2), ("45:31", 4), ("120:00", 5)]
)
def test_a_moment_of_a_match(moment: str, events: int) -> None:
    match = made(SOCCER, *FIRST)
    cut = until(match, moment)
    assert len(cut) == events and cut.about == match.about
    assert cut.events["action"] == match.events["action"][:events]


def test_the_clock_of_extra_time() -> None:
    match = made(SOCCER, (3, 899.0, "A", "pass", ""), (4, 1.0, "B", "pass", ""), (5, 5.0, "A", "penalty", "goal"))
    assert [len(until(match, at)) for at in ("104:00", "105:00", "106:00", "121:00")] == [0, 1, 2, 3]


@pytest.mark.parametrize("moment", ["6", "-1", "half", "45:0", "²", ""])
def test_moments_that_are_not_there(moment: str) -> None:
    with pytest.raises(UsageError):
        until(made(SOCCER, *FIRST), moment)


def test_a_sport_without_a_clock_has_no_minutes() -> None:
    with pytest.raises(UsageError, match="no clock"):
        until(made(CRICKET, *over(1, "A", "4")), "1:00")

"""StatsBomb's events: what they say, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from seqgen.core.errors import BadInput
from seqgen.domains.sports.files import read
from seqgen.domains.sports.match import Match


def event(
    kind: str, second: float, team: str = "Reds", place: tuple[float, float] | None = (60, 40), **about: Any
) -> Any:
    said = {
        "possession_team": {"id": 1, "name": "Reds"},
        "period": 1,
        "timestamp": f"00:00:{second:06.3f}",
        "type": {"id": 0, "name": kind},
        "team": {"id": 2, "name": team},
        "player": {"id": 3, "name": "Zoë"},
        **about,
    }
    return said if place is None else {**said, "location": list(place)}


def named(**names: str) -> dict[str, Any]:
    return {key: {"id": 1, "name": name} for key, name in names.items()}


EVENTS = [
    event("Starting XI", 0, place=None, tactics={}),
    event("Pass", 0.5, **{"pass": {"end_location": [120.0, 0.0], **named(height="High Pass")}}),
    event("Ball Receipt*", 1),
    event(
        "Pass", 2, **{"pass": {"end_location": [30.0, 80.0], **named(type="Free Kick", outcome="Out"), "cross": True}}
    ),
    event("Duel", 3, "Blues", duel=named(type="Aerial Lost")),
    event("Dribble", 4, "Blues", dribble=named(outcome="Complete")),
    event("Foul Committed", 5, foul_committed=named(card="Second Yellow")),
    event("Shot", 6, "Blues", shot={"end_location": [120.0, 38.0, 1.5], **named(type="Penalty", outcome="Goal")}),
    event("Goal Keeper", 6.5, goalkeeper=named(type="Shot Saved")),
    event("Rain Dance", 7, place=None),
]


def one(events: list[Any]) -> Match:
    (match,) = read(json.dumps(events).encode(), "3788741.json")
    return match


def test_what_statsbomb_says() -> None:
    match = one(EVENTS)
    assert match.events["action"] == (
        "high pass", "free kick cross", "aerial duel", "take on", "foul", "penalty", "save", "other",
    )  # fmt: skip
    assert match.events["outcome"] == (
        "success", "fail", "fail", "success", "second yellow card", "goal", "", "",
    )  # fmt: skip
    assert (match.events["x"][0], match.events["end_x"][0], match.events["end_y"][1]) == (52.5, 105.0, 68.0)
    assert match.events["gap"][:2] == (0.0, 1.5) and match.notes == {"unknown_action_Rain Dance": 1}
    assert match.events["player"][0] == "Zoë" and match.about["match"] == "3788741"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (json.dumps(EVENTS)[:-30], "is not JSON"),
        (json.dumps(EVENTS).replace('"timestamp"', '"when"'), "KeyError: 'timestamp'"),
        (json.dumps(EVENTS).replace("00:00:02.000", "half past"), "ValueError"),
        ('[{"possession_team": ' + "[" * 100_000, "nested too deeply"),
        ('[{"possession_team": {}}]', "KeyError: 'type'"),
    ],
)
def test_what_cannot_be_read_is_refused(data: str, reason: str) -> None:
    with pytest.raises(BadInput) as error:
        list(read(data.encode(), "log.json"))
    assert reason in error.value.message

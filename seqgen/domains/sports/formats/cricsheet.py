"""Cricsheet's ball-by-ball files, JSON (https://cricsheet.org/format/json/) and XML: one match each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any
from xml.etree import ElementTree

from seqgen.core.errors import BadInput, fault
from seqgen.domains.sports.cricket import BYE, NO_BALL, WICKET, WIDE, cricket
from seqgen.domains.sports.formats.xml import require_plain
from seqgen.domains.sports.match import Match, as_json, matches

_EXTRAS = (("wides", WIDE), ("noballs", NO_BALL), ("byes", BYE), ("legbyes", BYE))
_MOST_RUNS = 6  # off the bat that have an outcome of their own


def read_json(data: bytes, name: str) -> Iterator[Match]:
    """The match of a Cricsheet JSON file. Raises BadInput."""
    with as_json(name, "a Cricsheet match"):
        said = json.loads(data)
        info, innings = said["info"], said["innings"]
        about = _about(name, info["dates"][0], info.get("gender"), info.get("event", {}).get("name"), info.get("overs"))
        rows = [
            _row(about, period, over["over"], turn["team"], ball, ball["runs"], ball.get("extras", {}), _how(ball))
            for period, turn in enumerate(innings, 1)
            for over in turn.get("overs", [])
            for ball in over["deliveries"]
        ]
    return matches(cricket, enumerate(rows, 1), name)


def _how(ball: Mapping[str, Any]) -> list[str]:
    return [str(wicket["kind"]) for wicket in ball.get("wickets", ())]


def read_xml(data: bytes, name: str) -> Iterator[Match]:
    """The match of a Cricsheet XML file. Raises BadInput, also for any declaration of a document type or entity."""
    require_plain(data, name)
    try:
        root = ElementTree.fromstring(data)  # noqa: S314  it can refer to nothing
    except ElementTree.ParseError as error:
        line, column = error.position
        raise BadInput(name, "is not XML", where=f"line {line}, column {column + 1}") from None
    except (LookupError, ValueError):
        raise BadInput(name, "is in an encoding that is not read") from None
    info = root.find("info")
    if root.tag != "cricsheet" or info is None:
        raise BadInput(name, "is not a Cricsheet match")

    def text(path: str) -> str | None:
        return info.findtext(path)

    about = _about(name, text("dates/date"), text("gender"), text("competition"), text("overs"))
    rows = []
    try:
        for period, turn in enumerate(root.iterfind("innings/inning"), 1):
            for ball in turn.iterfind("deliveries/delivery"):
                said = {field.tag: field.text for field in ball}
                runs, extras = (
                    {f.tag: int(f.text or 0) for f in ball.iterfind(f"{tag}/*")} for tag in ("runs", "extras")
                )
                how = [kind.text or "" for kind in ball.iterfind("wickets/wicket/kind")]
                rows.append(_row(about, period, said["over"], turn.findtext("team"), said, runs, extras, how))
    except (KeyError, ValueError) as error:
        raise BadInput(name, f"is not a Cricsheet match ({fault(error)})") from None
    return matches(cricket, enumerate(rows, 1), name)


def _about(name: str, date: Any, gender: Any, competition: Any, overs: Any) -> dict[str, Any]:
    return {
        "match": PurePath(name).stem,
        "date": date,
        "gender": gender,
        "competition": competition,
        "overs": overs,
    }


def _row(
    about: Mapping[str, Any],
    period: int,
    over: Any,
    team: Any,
    ball: Mapping[str, Any],
    runs: Mapping[str, int],
    extras: Mapping[str, int],
    how: list[str],
) -> dict[str, Any]:
    """One delivery. Those of an innings stand in their order, so the number of the ball is left to be counted."""
    extra = next((ours for theirs, ours in _EXTRAS if theirs in extras), "")
    off_bat = runs.get("batter", runs.get("batsman", 0))
    return {
        **about,
        "period": period,
        "over": over,
        "team": team,
        "player": ball.get("batter", ball.get("batsman")),
        "bowler": ball["bowler"],
        "outcome": WICKET if how else extra or str(min(int(off_bat), _MOST_RUNS)),
        "runs": runs["total"],
        "extra": extra,
        "how": how[0] if how else "",
    }

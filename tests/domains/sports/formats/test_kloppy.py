"""What kloppy reads and what we read of the same files, those of its installed tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from seqgen.core.errors import BadInput
from seqgen.domains.sports.files import read, to_match
from seqgen.domains.sports.match import Match

kloppy = pytest.importorskip("kloppy")
FILES = Path(kloppy.__file__).parent / "tests" / "files"
pytestmark = [
    pytest.mark.skipif(not FILES.is_dir(), reason="kloppy is installed without its tests"),
    pytest.mark.filterwarnings("ignore"),
]


def moments(match: Match) -> dict[tuple[int, float], list[dict[str, Any]]]:
    found: dict[tuple[int, float], list[dict[str, Any]]] = {}
    for row in match.rows():
        found.setdefault((row["period"], row["time"]), []).append(row)
    return found


def agreement(ours: Match, theirs: Match) -> tuple[float, float, float]:
    """Shares of our events that kloppy has at that moment; of these, at that place (to 2.5 m: kloppy stretches a pitch
    by its lines); and called the same."""
    known, at, near, same = moments(theirs), 0, 0, 0
    for row in ours.rows():
        there = known.get((row["period"], row["time"]), [])
        close = [other for other in there if abs(other["x"] - row["x"]) < 2.5 and abs(other["y"] - row["y"]) < 2.5]
        at, near = at + bool(there), near + bool(close)
        same += any(other["action"] == row["action"] for other in close)
    return at / len(ours), near / at, same / near


def test_wyscout_is_read_as_kloppy_reads_it() -> None:
    from kloppy import wyscout

    path = FILES / "wyscout_events_v2.json"
    (ours,) = read(path)
    theirs = to_match(wyscout.load(event_data=str(path), data_version="V2"))
    at, near, same = agreement(ours, theirs)
    assert at > 0.99 and near > 0.995 and same > 0.9  # ours names take-ons, touches and crosses from free kicks
    assert theirs.about["match"] == ours.about["match"] == "2499773"


def test_statsbomb_is_read_as_kloppy_reads_it() -> None:
    from kloppy import statsbomb

    path = FILES / "statsbomb_event.json"
    (ours,) = read(path)
    theirs = to_match(statsbomb.load(event_data=str(path), lineup_data=str(FILES / "statsbomb_lineup.json")))
    at, near, same = agreement(ours, theirs)
    assert at > 0.98 and near > 0.985 and same > 0.96
    goals = [[row["team"] for row in match.rows() if row["outcome"] == "goal"] for match in (ours, theirs)]
    assert goals[0] == goals[1] and len(goals[0]) == 3


@pytest.mark.slow
def test_a_frame_of_kloppy_says_what_the_dataset_says(tmp_path: Path) -> None:
    from kloppy import statsbomb

    dataset = statsbomb.load(
        event_data=str(FILES / "statsbomb_event.json"), lineup_data=str(FILES / "statsbomb_lineup.json")
    )
    whole, frame = to_match(dataset), dataset.to_df()
    table = tmp_path / "frame.csv"
    frame.to_csv(table, index=False)
    for match in (to_match(frame), to_match(table)):
        for column in ("period", "time", "action", "x", "y", "end_x"):  # a frame has one kind of a pass
            same = sum(a == b for a, b in zip(match.events[column], whole.events[column], strict=True))
            assert same >= (0.96 if column == "action" else 0.995) * len(whole), column
        assert match.events["outcome"].count("goal") == 3
    broken = frame.assign(coordinates_x=frame.coordinates_x * 105)
    with pytest.raises(BadInput, match=r"column coordinates_x: .* is not from 0 to 1"):
        to_match(broken)

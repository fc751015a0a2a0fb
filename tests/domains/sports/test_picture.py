"""Pictures of matches draw what they are given."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from seqgen.domains.sports import picture as module
from seqgen.domains.sports.drawing.captions import diamond_of, labels
from seqgen.domains.sports.drawing.fields import FIELDS
from seqgen.domains.sports.drawing.places import next_places
from seqgen.domains.sports.files import to_match
from seqgen.domains.sports.known import SPORTS
from seqgen.domains.sports.match import Match
from seqgen.domains.sports.moments import marks_of, minutes_of, until
from seqgen.domains.sports.picture import match_timeline, picture, timeline
from seqgen.domains.sports.sport import Sport

SOCCER = """match,period,time,team,action,outcome,end_x,end_y
Cup $final_1,1,3,A,pass,success,60,20
Cup $final_1,1,60,A,shot,goal,105,34
Cup $final_1,1,70,B,pass,success,50,34
Cup $final_1,2,10,B,shot,goal,105,34
Cup $final_1,2,40,A,pass,fail,30,10
"""
BASEBALL = """period,team,player,action,outs,bases,runs
1,A,a,single,0,1--,0
1,A,b,B,,,
1,A,b,C,,,
1,A,b,stolen base,0,-2-,0
1,A,b,B,,,
"""
CRICKET = """period,over,team,outcome
1,0,A,4
1,0,A,1
1,0,A,wicket
2,0,B,6
2,0,B,2
"""
BADMINTON = """period,rally,team,action,end_x,end_y
1,1,A,short service,2,0.5
1,1,B,lob,5,-1
"""
LOGS = {"soccer": SOCCER, "baseball": BASEBALL, "cricket": CRICKET, "badminton": BADMINTON}
AHEAD = 8


def match_of(name: str) -> Match:
    """A match of a sport; of those without a log here one event."""
    if name in LOGS:
        header, *rows = LOGS[name].splitlines()
        return to_match("\n".join([f"sport,{header}", *(f"{name},{row}" for row in rows)]).encode())
    sport = SPORTS[name]
    main = next(slot for slot in sport.slots if slot.kind == sport.main)
    row = {c: "1" for c, about in sport.columns.items() if about.required and about.kind != "text"}
    row |= {c: "A" for c, about in sport.columns.items() if about.required and about.kind == "text"}
    row |= {main.column: main.values[0], "sport": name}
    return to_match(f"{','.join(row)}\n{','.join(row.values())}\n".encode())


def said(values: Mapping[str, float], much: float = 1.0) -> dict[str, Any]:
    return {"said": much, "values": [{"value": v, "probability": p, "bigram": None} for v, p in values.items()]}


def found_of(sport: Sport, match: Match, far: bool = True) -> dict[str, Any]:
    """As a forecast finds it: values of each slot, all alike; the first of the main slot becomes rarer."""
    tokens = {slot.kind: slot.tokens() for slot in sport.slots}
    main = [f"{sport.main}_{value}" for value in tokens[sport.main][:8]]
    shares = [*np.linspace(0.3, 0.1, len(main) - 1), 0.1]
    predictions = [
        {"action": token, "probability": float(p), "bigram": 0.05} for token, p in zip(main, shares, strict=True)
    ]
    found = {
        "run": "some-run",
        "calibrated": True,
        "bigram": True,
        "predictions": predictions,
        "fields": {kind: said(dict.fromkeys(values, 1 / len(values))) for kind, values in tokens.items()},
    }
    if far:
        actions = [{"action": token, "probability": 0.2} for token in main[:4]]
        found["steps"] = [{"ahead": n, "share": 1 - n / 100, "actions": actions} for n in range(1, AHEAD + 1)]
        now = sport.result(match) if sport.result else {}
        numbers = {name: value for name, value in now.items() if not isinstance(value, str)}
        found |= {"paths": 1000, "seed": 3, "result": {"ended": 0.5, "winner": {"A": 0.75, "B": 0.25}}}
        for name, value in numbers.items():
            fan = [{"ahead": n, "low": value, "median": value + n / 4, "high": value + n} for n in (4, AHEAD)]
            found["result"][name] = {"now": value, **fan[-1], "mean": 1.0, "grows": 0.5, "fan": fan}
    return found


def given_of(found: Mapping[str, Any]) -> Any:
    return lambda kind, value: found["fields"]


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """Figures that would have been written."""
    figures: list[Figure] = []
    monkeypatch.setattr(module, "write_picture", lambda figure, path: figures.append(figure))
    return figures


def drawn(name: str, kept: list[Figure], found: dict[str, Any], given: Any = None) -> Figure:
    picture(match_of(name), found, given or given_of(found), Path("out.png"))
    return kept.pop()


def of_title(figure: Figure, words: str) -> Any:
    """The axes whose title has these words."""
    (axes,) = (axes for axes in figure.axes if words in axes.get_title(loc="left"))
    return axes


DRAWN = {"cricket": False, "soccer": True}  # rendered each time the tests run


@pytest.mark.parametrize(
    ("name", "far"),
    [
        pytest.param(name, far, marks=[] if DRAWN.get(name) is far else pytest.mark.slow)
        for name in sorted(SPORTS)
        for far in (False, True)
    ],
)
def test_every_sport_is_drawn_to_a_file(name: str, far: bool, tmp_path: Path) -> None:
    found = found_of(SPORTS[name], match_of(name), far)
    for n in ("last", "0"):
        picture(until(match_of(name), n), found, given_of(found), tmp_path / "out.png")
        data = (tmp_path / "out.png").read_bytes()
        assert data.startswith(b"\x89PNG")
        assert int.from_bytes(data[16:20]) == 1440 and int.from_bytes(data[20:24]) == (1152 if far else 660)


@pytest.mark.parametrize("name", sorted(SPORTS))
def test_bars_are_the_probabilities_beside_the_bigrams(name: str, kept: list[Figure]) -> None:
    sport, found = SPORTS[name], found_of(SPORTS[name], match_of(name))
    axes = of_title(drawn(name, kept, found), f"The next {sport.main.lower()}")
    model, bigram = axes.containers
    assert [bar.get_width() for bar in model] == [p["probability"] for p in found["predictions"]]
    assert [bar.get_width() for bar in bigram] == [p["bigram"] for p in found["predictions"]]
    said = labels(match_of(name), (p["action"] for p in found["predictions"]))
    assert [text.get_text() for text in axes.get_yticklabels()] == [text[:22] for text in said.values()]


def test_what_begins_is_said_by_whom() -> None:
    said = labels(match_of("soccer"), ("Start_1", "Start_2", "Action_pass", "End"))
    assert list(said.values()) == ["new period, A", "new period, B", "pass", "the end"]
    assert labels(until(match_of("soccer"), "0"), ("Start_1",)) == {"Start_1": "new period, start 1"}


def test_a_title_says_what_when_and_of_which_run(kept: list[Figure]) -> None:
    figure = drawn("soccer", kept, found_of(SPORTS["soccer"], match_of("soccer")))
    title, about, foot = (text.get_text() for text in figure.texts)
    assert title == "Soccer: what comes next in match Cup $final_1 after 5 events"
    assert about == "period 2  ·  45:40  ·  goals A: 1  ·  goals B: 1"
    assert foot == "run some-run  ·  calibrated  ·  1,000 paths, seed 3"


def test_places_of_the_others_are_turned() -> None:
    """The same side ends in the corner of cells 0_0 with .75, the others in their own 0_0 with .25."""
    soccer, slot = SPORTS["soccer"], next(slot for slot in SPORTS["soccer"].slots if slot.grid)
    assert slot.grid is not None
    fields = {"Team": said({"same": 0.75, "other": 0.25}), "Place": said({})}
    cells = {"same": {"0_0": 0.9, "none": 0.1}, "other": {"0_0": 0.6, "2_3": 0.4}}
    found = next_places(soccer, {"fields": fields}, lambda kind, value: {"Place": said(cells[value])})
    assert found is not None and found.turned
    i, j = len(slot.grid.x) - 2, len(slot.grid.y) - 2
    assert found.nowhere == pytest.approx(0.075)
    assert found.cells[0, 0] == pytest.approx(0.675) and found.cells[i, j] == pytest.approx(0.15)
    assert found.cells[i - 2, j - 3] == pytest.approx(0.1)
    assert found.cells.sum() + found.nowhere == pytest.approx(1)
    assert next_places(SPORTS["cricket"], {"fields": {}}, lambda kind, value: {}) is None


@pytest.mark.parametrize("name", ["soccer", "badminton"])
def test_a_map_is_the_density_of_its_cells(name: str, kept: list[Figure]) -> None:
    found = found_of(SPORTS[name], match_of(name), far=False)
    figure = drawn(name, kept, found)
    axes = of_title(figure, "Where the next event ends")
    places = next_places(SPORTS[name], found, given_of(found))
    assert places is not None and places.slot.grid is not None
    (mesh,) = (
        axes.collections[-1:] if name == "badminton" else [c for c in axes.collections if c.get_array() is not None]
    )
    area = np.outer(np.diff(places.slot.grid.x), np.diff(places.slot.grid.y))
    density = 100 * places.cells / area * FIELDS[name].patch
    assert np.allclose(mesh.get_array(), density if FIELDS[name].upright else density.T)
    bars = [a for a in axes.child_axes if "of the next events per" in a.get_xlabel() + a.get_ylabel()]
    assert len(bars) == 1


def test_a_fan_goes_on_from_what_has_been(kept: list[Figure]) -> None:
    match = match_of("cricket")
    found = found_of(SPORTS["cricket"], match)
    axes = of_title(drawn("cricket", kept, found), "runs 2: 8 now")
    past, median = (line.get_xydata() for line in axes.lines[:2])
    assert past[-1].tolist() == [5, 8] and past[0].tolist() == [0, 0]
    assert median.tolist() == [[5, 8], [9, 9], [13, 10]]
    band = axes.collections[0].get_paths()[0].vertices
    assert band[:, 1].max() == 16 and band[:, 1].min() == 8 and band[:, 0].max() == 13


def test_numbers_that_hardly_grow_are_bars(kept: list[Figure]) -> None:
    found = found_of(SPORTS["soccer"], match_of("soccer"))
    for name, grows in (("goals_A", 0.02), ("goals_B", 0.06)):
        of = found["result"][name]
        flat = dict.fromkeys(("low", "median", "high"), of["now"])
        of.update(flat, grows=grows, fan=[{"ahead": AHEAD, **flat}])
    axes = of_title(drawn("soccer", kept, found), f"Chance of more within {AHEAD} events")
    assert [bar.get_width() for bar in axes.containers[0]] == [0.06, 0.02]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["goals B", "goals A"]


def test_a_stack_adds_up_to_the_paths_that_go_on(kept: list[Figure]) -> None:
    found = found_of(SPORTS["cricket"], match_of("cricket"))
    axes = of_title(drawn("cricket", kept, found), "The outcomes from now on")
    tops = [patch.get_data().values for patch in axes.patches]
    assert np.allclose(tops[-1], [step["share"] for step in found["steps"]])
    assert np.allclose(tops[0], [0.2 * step["share"] for step in found["steps"]])
    assert [t.get_text() for t in axes.get_legend().get_texts()][::-1] == [
        "0 runs", "1 run", "2 runs", "3 runs", "any other",
    ]  # fmt: skip
    found["steps"] = [{**found["steps"][0], "ahead": n, "share": 1.0} for n in range(1, 500)]
    axes = of_title(drawn("cricket", kept, found), "The outcomes from now on")
    assert axes.patches[0].get_data().edges.tolist()[-1] == 499.5
    assert np.allclose(axes.patches[-1].get_data().values, 1)


def test_who_wins_is_shown_once_most_paths_have_ended(kept: list[Figure]) -> None:
    found = found_of(SPORTS["soccer"], match_of("soccer"))
    axes = of_title(drawn("soccer", kept, found), "Winner")
    assert [bar.get_width() for bar in axes.containers[0]] == [0.75, 0.25]
    found["result"]["winner"] = {"A": 0.3, "open": 0.7}
    assert not [a for a in drawn("soccer", kept, found).axes if a.get_title(loc="left") == "Winner"]


def test_bases_outs_and_the_count_are_shown(kept: list[Figure]) -> None:
    assert diamond_of(match_of("baseball")) == ("-2-", "Second base taken, 0 out, count 2–1")
    assert diamond_of(until(match_of("baseball"), "0")) == ("---", "No base taken, 0 out, count 0–0")
    assert diamond_of(until(match_of("baseball"), "1")) == ("1--", "First base taken, 0 out")
    figure = drawn("baseball", kept, found_of(SPORTS["baseball"], match_of("baseball"), far=False))
    axes = of_title(figure, "Second base taken")
    colours = {
        tuple(np.round(line.get_xydata()[0]).tolist()): line.get_color()
        for line in axes.lines
        if line.get_marker() == "D"
    }
    assert colours.pop((0.0, 127.0)) != "white" and set(colours.values()) == {"white"} and len(colours) == 2


def test_the_last_place_of_who_takes_turns_is_seen_from_the_other_side(kept: list[Figure]) -> None:
    figure = drawn("badminton", kept, found_of(SPORTS["badminton"], match_of("badminton"), far=False))
    axes = of_title(figure, "who hits is below")
    (mark,) = (line for line in axes.lines if line.get_marker() == "o")
    assert mark.get_xydata().tolist() == [[1.0, -5.0]]


def test_a_timeline_is_its_values_and_marks(kept: list[Figure], tmp_path: Path) -> None:
    moments, ours, theirs = [0.0, 1.0, 2.0], [0.01, 0.3, 0.02], [0.05, 0.0, 0.1]
    timeline(moments, ours, theirs, tmp_path / "x.svg", sides=("A", "B"), marks=[(1.0, 0, "1–0")], breaks=[(2.0, "p")])
    (axes,) = kept.pop().axes
    up, down = (c.get_paths()[0].vertices[:, 1] for c in axes.collections[:2])
    assert up.max() == 0.3 and up.min() == 0 and down.min() == -0.1 and down.max() == 0
    assert {text.get_text() for text in axes.texts} == {"1–0", "p"}
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["A", "B"]


def test_marks_close_together_have_the_label_of_the_last(kept: list[Figure], tmp_path: Path) -> None:
    marks = [(1.0, 0, "6–0"), (1.1, 0, "7–0"), (1.2, 1, "7–3"), (9.9, 1, "7–6")]
    timeline([0.0, 10.0], [0.1, 0.2], [0.1, 0.2], tmp_path / "x.svg", sides=("A", "B"), marks=marks)
    (axes,) = kept.pop().axes
    assert {text.get_text(): text.get_ha() for text in axes.texts} == {"7–0": "left", "7–3": "left", "7–6": "right"}


def test_a_timeline_of_a_match_turns_what_the_second_side_is_said(kept: list[Figure], tmp_path: Path) -> None:
    match = match_of("soccer")
    minutes, breaks = minutes_of(match)
    assert np.allclose(minutes, [3 / 60, 1, 70 / 60, 80 / 60, 110 / 60]) and breaks == [(70 / 60, "period 2")]
    assert marks_of(match, minutes, ("A", "B")) == [(minutes[1], 0, "1–0"), (minutes[3], 1, "1–1")]
    match_timeline(match, [0.1, 0.9, 0.2, 0.8, 0.1], [0.0, 0.01, 0.02, 0.03, 0.04], tmp_path / "x.png", "r")
    figure = kept.pop()
    up, down = (c.get_paths()[0].vertices for c in figure.axes[0].collections[:2])
    assert set(np.round(up[:, 1], 6)) == {0, 0.1, 0.9, 0.02, 0.03} and set(np.round(-down[:, 1], 6)) >= {0.2, 0.8, 0.01}
    assert figure.texts[2].get_text() == "run r" and figure.axes[0].get_xlabel() == "minutes played"
    match_timeline(match_of("cricket"), [0.5] * 5, [0.1] * 5, tmp_path / "x.png")
    assert kept.pop().axes[0].get_xlabel() == "events"
    match_timeline(until(match, "0"), [], [], tmp_path / "x.png")
    match_timeline(match_of("badminton"), [0.5, 0.5], [0.5, 0.5], tmp_path / "x.png")

"""Baseball: what its logs hold, what a pitch or a play says in ids, what is counted.

An event is a pitch, by Retrosheet's letter, or what comes of the plate appearance, or what runners do meanwhile; plays
say how many were put out, who is then on base, and how many scored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from seqgen.domains.sports.sport import CORE, NONE, OTHER, Column, Label, Row, Slot, Sport
from seqgen.domains.sports.two_sides import winner

if TYPE_CHECKING:
    from seqgen.domains.sports.match import Match

PITCH_NAMES = {
    "B": "ball", "C": "called strike", "F": "foul", "S": "swinging strike", "X": "in play", "T": "foul tip",
    "H": "hit batter", "V": "automatic ball", "L": "foul bunt", "M": "missed bunt", "P": "pitchout",
    "O": "foul tip on a bunt", "I": "intentional ball", "K": "strike unknown how", "Q": "swinging on a pitchout",
    "R": "foul on a pitchout", "Y": "in play on a pitchout", "A": "automatic strike", "U": "unknown pitch",
}  # fmt: skip
PITCHES = tuple(PITCH_NAMES)
RESULTS = (
    "out", "strikeout", "walk", "intentional walk", "hit by pitch", "single", "double", "triple", "home run", "error",
    "fielder's choice", "interference", OTHER,
)  # fmt: skip
RUNNING = ("stolen base", "caught stealing", "pickoff", "wild pitch", "passed ball", "balk", "advance", "foul error")
BASES = ("---", "1--", "-2-", "--3", "12-", "1-3", "-23", "123")
_HANDS = ("R", "L", "B", "?")
MATCHUPS = (NONE, *(f"{bats}-{throws}" for bats in _HANDS for throws in "RL?"))
_PLAYS = (*PITCHES, *RESULTS, *RUNNING)
_CODE = {value: i + 1 for i, value in enumerate(_PLAYS)}
_BALLS, _FOULS = frozenset("BIPV"), frozenset("FR")
_LAST = frozenset("XYH")  # pitches that end a plate appearance whatever the count
_BATTERS, _PITCHERS = 30, 20  # of a match that are told apart
_LEAD = 6
_N = len(PITCHES) + 2  # pitches of an appearance: none, each, and a runner's play


def filler() -> Callable[[Row], None]:
    """Appearances and events by number, what a play did, and the score before it, where a log does not say it."""
    scores: dict[str, int] = {}
    period, appearance, number, over = None, 0, 0, False

    def complete(row: Row) -> None:
        nonlocal period, appearance, number, over
        if row["period"] != period:
            period, appearance, number, over = row["period"], 1, 0, False
        elif row["appearance"] not in (None, appearance) or (over and row["appearance"] is None):
            appearance, number, over = appearance + 1, 0, False
        number += 1
        row["appearance"] = appearance if row["appearance"] is None else row["appearance"]
        appearance = row["appearance"]
        row["number"] = number if row["number"] is None else row["number"]
        if row["action"] in PITCHES:
            row["outs"], row["bases"], row["runs"] = None, "", None
        else:
            over = over or row["action"] in RESULTS
            row["outs"], row["runs"] = (min(row[c] or 0, most) for c, most in (("outs", 3), ("runs", 4)))
            row["bases"] = row["bases"] if row["bases"] in BASES else BASES[0]
        row["matchup"] = row["matchup"] if row["matchup"] in MATCHUPS[1:] else ""
        team = row["team"]
        scores.setdefault(team, 0)
        others = sum(points for name, points in scores.items() if name != team)
        row["score"] = scores[team] if row["score"] is None else row["score"]
        row["opponent_score"] = others if row["opponent_score"] is None else row["opponent_score"]
        scores[team] += row["runs"] or 0

    return complete


class BaseballCounters:
    """The state of a match between two ids.

    lead: runs ahead of the batting side, from -6 to 6. spot: of the batting order, by plate appearances. last: two
    pitches of the appearance. thrown, fouls: of it. ends: 1 when by the count or the pitch it must end, 2 when it has.
    faced, tired: batters and tens of pitches of the pitcher. wild, whiffs: of eight, his balls and swinging strikes so
    far. before: what came of the batter's last appearance.
    """

    sizes: ClassVar = {
        "inning": 13, "half": 3, "outs": 4, "bases": len(BASES), "balls": 5, "strikes": 4, "lead": 2 * _LEAD + 1,
        "spot": 10, "matchup": len(MATCHUPS), "last": _N**2, "thrown": 13, "fouls": 6, "ends": 3, "faced": 31,
        "tired": 13, "wild": 10, "whiffs": 10, "before": len(RESULTS) + 1, "pitcher": _PITCHERS + 1,
    }  # fmt: skip

    def __init__(self) -> None:
        self.period, self.half = 0, 0
        self.runs = [0, 0]
        self.up = [0, 0]
        self.outs, self.bases, self.play = 0, 0, ""
        self.batter = self.pitcher = self.matchup = 0
        self.results: dict[int, int] = {}
        self.pitchers: dict[int, list[int]] = {}  # batters faced, pitches, balls, swinging strikes
        self._appearance()

    def _appearance(self) -> None:
        self.balls = self.strikes = self.thrown = self.fouls = self.ends = 0
        self.last = [0, 0]

    def take(self, kind: str, value: str) -> None:
        if kind == "Side":
            self.period, self.half = self.period + 1, int(value)
            self.outs, self.bases = 0, 0
            self._appearance()
        elif kind == "Batter":
            self.batter = int(value)
            self.up[self.half - 1] += 1
            self._appearance()
        elif kind == "Pitcher":
            self.pitcher = int(value)
            self._thrown()[0] += 1
        elif kind == "Matchup":
            self.matchup = MATCHUPS.index(value)
        elif kind == "Play":
            self.play = value
            self._play(value)
        elif kind == "Outs":
            self.outs = min(3, self.outs + int(value))
        elif kind == "Bases":
            self.bases = BASES.index(value)
        elif kind == "Runs":
            self.runs[self.half - 1] += int(value)

    def _thrown(self) -> list[int]:
        return self.pitchers.setdefault(self.pitcher, [0, 0, 0, 0])

    def _play(self, value: str) -> None:
        if value in RESULTS:
            self.ends, self.results[self.batter] = 2, RESULTS.index(value) + 1
        if value not in PITCHES:
            self.last = [_N - 1, self.last[0]]
            return
        self.last = [_CODE[value], self.last[0]]
        self.thrown += 1
        thrown = self._thrown()
        thrown[1], thrown[2], thrown[3] = thrown[1] + 1, thrown[2] + (value in _BALLS), thrown[3] + (value == "S")
        if value in _BALLS:
            self.balls = min(4, self.balls + 1)
        elif value in _FOULS and self.strikes >= 2:
            self.fouls += 1
        elif value not in _LAST:
            self.strikes = min(3, self.strikes + 1)
        self.ends = max(self.ends, int(value in _LAST or self.balls == 4 or self.strikes == 3))

    def row(self) -> list[int]:
        ours = self.runs[self.half - 1] - self.runs[self.half % 2] if self.half else 0
        faced, pitches, balls, whiffs = self.pitchers.get(self.pitcher, (0, 0, 0, 0))
        return [
            min(12, (self.period + 1) // 2),
            self.half,
            self.outs,
            self.bases,
            self.balls,
            self.strikes,
            max(-_LEAD, min(_LEAD, ours)) + _LEAD,
            1 + (self.up[self.half - 1] - 1) % 9 if self.half and self.up[self.half - 1] else 0,
            self.matchup,
            _N * self.last[0] + self.last[1],
            min(12, self.thrown),
            min(5, self.fouls),
            self.ends,
            min(30, faced),
            min(12, pitches // 10),
            1 + 8 * balls // pitches if pitches > 9 else 0,
            1 + min(8, 32 * whiffs // pitches) if pitches > 9 else 0,
            self.results.get(self.batter, 0),
            self.pitcher,
        ]


def result(match: Match) -> dict[str, float | str]:
    """Of each side its runs, and who won."""
    runs = Counter[str]()
    for team, n in zip(match.events["team"], match.events["runs"], strict=True):
        runs[team] += n or 0
    return {**{f"runs_{team}": n for team, n in runs.items()}, "winner": winner(runs, "tie")}


_WHAT = "a pitch by Retrosheet's letter, or a play: "

baseball = Sport(
    name="baseball",
    columns={
        "match": CORE["match"],
        "date": CORE["date"],
        "season": Column("text", "the year"),
        "period": Column("whole", "the half inning, from 1; the visitors bat in odd ones", required=True),
        "appearance": Column("whole", "of a batter, by its number in the half inning, from 1"),
        "number": Column("whole", "of the event within the appearance, from 1"),
        "team": Column("text", "who bats", required=True),
        "player": Column("text", "the batter"),
        "pitcher": Column("text", "who pitches to him"),
        "matchup": Column("text", "the hands of batter and pitcher, as in L-R; B for both"),
        "action": Column("text", _WHAT + ", ".join((*RESULTS, *RUNNING)), required=True),
        "outs": Column("whole", "made by the play"),
        "bases": Column("text", f"those taken after it: {', '.join(BASES)}"),
        "runs": Column("whole", "scored on it"),
        "score": CORE["score"],
        "opponent_score": CORE["opponent_score"],
    },
    order=("period", "appearance", "number"),
    labels=(Label("Season", "season", ordered=True),),
    slots=(
        Slot("Side", "team", numbered=2, within="match", on="period"),
        Slot("Batter", "player", numbered=_BATTERS, within="match", on="appearance"),
        Slot("Pitcher", "pitcher", numbered=_PITCHERS, within="match", on="appearance"),
        Slot("Matchup", "matchup", values=MATCHUPS, on="appearance"),
        Slot("Play", "action", values=_PLAYS),
        Slot("Outs", "outs", values=("0", "1", "2", "3"), after=(*RESULTS, *RUNNING)),
        Slot("Bases", "bases", values=BASES, after=(*RESULTS, *RUNNING)),
        Slot("Runs", "runs", values=("0", "1", "2", "3", "4"), after=(*RESULTS, *RUNNING)),
    ),
    main="Play",
    filler=filler,
    counters=BaseballCounters,
    backoff=("last", "balls", "strikes", "ends"),
    result=result,
    names=PITCH_NAMES,
    points=lambda event: (event["runs"] or 0, 0),
)

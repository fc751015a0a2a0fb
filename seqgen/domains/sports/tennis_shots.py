"""What is said of a shot and of a point at tennis, who hits it and who wins."""

from __future__ import annotations

from seqgen.domains.sports.sport import NONE, OTHER
from seqgen.domains.sports.tennis_score import GAME, TIE_BREAK, Score

FIRST, SECOND = "first serve", "second serve"
SERVES = (FIRST, SECOND)
UNKNOWN = "unknown stroke"
STROKES = (
    "forehand", "backhand", "forehand slice", "backhand slice", "forehand volley", "backhand volley", "smash",
    "backhand smash", "forehand drop shot", "backhand drop shot", "forehand lob", "backhand lob",
    "forehand half-volley", "backhand half-volley", "forehand swinging volley", "backhand swinging volley",
    "trick shot", UNKNOWN, OTHER,
)  # fmt: skip
SERVER_WINS = ("ace", "server winner", "returner unforced error", "returner forced error", "server point")
RETURNER_WINS = ("double fault", "returner winner", "server unforced error", "server forced error", "returner point")
UNKNOWN_POINT = "unknown point"
POINTS = (*SERVER_WINS, *RETURNER_WINS, UNKNOWN_POINT)
ACTIONS = (*SERVES, *STROKES, *POINTS)
DIRECTIONS = (NONE, "wide", "body", "T", "forehand side", "middle", "backhand side")
DEPTHS = (NONE, "short", "deep", "very deep")
SERVE_AND_VOLLEY, APPROACH, AT_NET, AT_BASELINE, STOP, SHANK, CORD = DETAILS = (
    "serve and volley", "approach", "at the net", "at the baseline", "stop volley", "shank", "net cord",
)  # fmt: skip
# What ends a point with a shot: for whoever hit it, and against him, of the last with the kind of error.
WON = "won"
WINNING = ("ace", "service winner", "winner", WON)
ERRORS = ("net", "wide", "deep", "wide and deep", "shank", "foot")
LOSSES = FAULT, DOUBLE_FAULT, UNFORCED, FORCED, LOST = (
    "fault", "double fault", "unforced error", "forced error", "lost",
)  # fmt: skip
_OF = {what: (what, *(f"{what}: {how}" for how in ERRORS)) for what in LOSSES}
LOSING = frozenset(said for what in (DOUBLE_FAULT, UNFORCED, FORCED, LOST) for said in _OF[what])
OUTCOMES = (NONE, *WINNING, *(said for kinds in _OF.values() for said in kinds), OTHER)
BEST_OF = ("1", "3", "5")
LENGTHS = (NONE, *map(str, range(1, 16)), "18", "21", "25", "30")  # of rallies


def winner_of(action: str, outcome: str, hitter: int, server: int) -> int:
    """Who wins the point with this event, of players 0 and 1; -1: it goes on."""
    if action in SERVER_WINS:
        return server
    if action in RETURNER_WINS:
        return 1 - server
    if outcome in WINNING:
        return hitter
    if outcome in LOSING or (action == SECOND and outcome.startswith(FAULT)):
        return 1 - hitter
    return -1


class Play:
    """A match followed from event to event: who serves and hits, of players 0 and 1, and the score."""

    def __init__(self, best_of: str = "") -> None:
        self.score = Score(int(best_of) if best_of in BEST_OF else 0)
        self.place = (0, 0, 0)
        self.server = self.hitter = self.shots = 0
        self._won = False

    def begin(self, place: tuple[int, int, int], kind: str, server: int | None) -> None:
        """A new point at this set, game and point; server: by the rules where None."""
        if place[0] != self.place[0]:
            self.score.new_set()
        if place[:2] != self.place[:2]:
            self.score.end_game()
            self.score.new_game(kind or (TIE_BREAK if self.score.games == [6, 6] else GAME))
        self.place, self.shots, self._won = place, 0, False
        self.server = self.hitter = self.score.server() if server is None else server
        self.score.serve(self.server)

    def hit(self, action: str) -> int:
        """Who hits, with this action."""
        self.shots += 1
        self.hitter = 1 - self.hitter if action in _IS_STROKE else self.server
        return self.hitter

    def end(self, action: str, outcome: str) -> None:
        """What comes of it."""
        winner = winner_of(action, outcome, self.hitter, self.server)
        if winner >= 0 and not self._won:
            self.score.points[winner] += 1
            self._won = True


_IS_STROKE = frozenset(STROKES)

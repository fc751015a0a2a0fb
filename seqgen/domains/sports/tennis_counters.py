"""What is counted in a match of tennis."""

from __future__ import annotations

from typing import ClassVar

from seqgen.domains.sports.tennis_score import STATES, Score
from seqgen.domains.sports.tennis_shots import BEST_OF, FAULT, POINTS, SERVES, STROKES, winner_of

BEFORE, AGAIN, RETURN, RALLY, DONE = range(5)  # what comes: a serve, a second one, the return, a stroke, a new point
_MOST_GAMES, _MOST_SHOTS, _STEPS, _LEAST = 7, 20, 8, 8


class TennisCounters:
    """The state of a match between two ids.

    sets, games, points: of the server and of the other. over: what the last point ended, as in `Score.over`. stage:
    what comes. serves: who serves next, by the rules. hits: who hits next, the server 1 or the other 2. court: deuce 1,
    advantage 2. shots: of the point. aimed: where the server's last two serves to that court went. holds, breaks:
    of eight, the points that the server has won serving, and the other. log: of shots 1, or of points 2.
    """

    sizes: ClassVar = {
        "sets": 16, "games": (_MOST_GAMES + 1) ** 2, "points": STATES, "over": 4, "stage": 5, "server": 3, "serves": 3,
        "hits": 3, "court": 3, "shots": _MOST_SHOTS + 1, "aimed": 16, "holds": _STEPS + 2, "breaks": _STEPS + 2,
        "log": 3,
    }  # fmt: skip

    def __init__(self) -> None:
        self.score = Score()
        self.server, self.hitter = -1, 0
        self.action, self.stage, self.shots, self.log = "", BEFORE, 0, 0
        self.served, self.held = [0, 0], [0, 0]
        self.aim = [[0, 0], [0, 0], [0, 0], [0, 0]]  # by server and court: the last two
        self._known: list[int] = []

    def take(self, kind: str, value: str) -> None:
        if kind == "Stroke":
            self.action = value
            self.shots += 1
            self.hitter = 1 - self.hitter if value in _IS_STROKE else max(0, self.server)
            self.log = 2 if value in _IS_POINT else 1
            if self.log == 2:
                self._won(winner_of(value, "", self.hitter, max(0, self.server)))
        elif kind == "To":
            if value in _SERVED and self.action not in _IS_STROKE:
                self._aims().append(_SERVED[value])
                del self._aims()[0]
        elif kind == "Outcome":
            winner = winner_of(self.action, value, self.hitter, max(0, self.server))
            if winner >= 0:
                self._won(winner)
            elif self.stage != DONE:
                self.stage = RALLY if self.action not in SERVES else AGAIN if value.startswith(FAULT) else RETURN
        elif kind == "Server":
            self.server = self.hitter = int(value) - 1
            self.score.serve(self.server)
            self.stage, self.shots = BEFORE, 0
        elif kind == "Game":
            self.score.new_game(value)
        elif kind == "Set":
            self.score.new_set()
        elif kind == "Best":
            self.score.need = int(value) // 2 + 1 if value in BEST_OF else 2
        else:
            return
        self._known = []

    def _won(self, winner: int) -> None:
        if self.stage == DONE:
            return
        self.stage = DONE
        if winner >= 0:
            server = max(0, self.server)
            self.score.points[winner] += 1
            self.served[server] += 1
            self.held[server] += winner == server

    def _aims(self) -> list[int]:
        return self.aim[2 * max(0, self.server) + self._court() % 2]

    def _court(self) -> int:
        """Of the point that is played: deuce 1, advantage 2."""
        return 1 + (sum(self.score.points) - (self.stage == DONE)) % 2

    def row(self) -> list[int]:
        if not self._known:
            self._known = self._row()
        return list(self._known)

    def _row(self) -> list[int]:
        score, server = self.score, max(0, self.server)
        sets, games, other = score.sets, score.games, 1 - server
        next_hits = 3 - self._hits() if self.stage == RALLY else 2 if self.stage == RETURN else 1
        return [
            4 * min(sets[server], 3) + min(sets[other], 3),
            (_MOST_GAMES + 1) * min(games[server], _MOST_GAMES) + min(games[other], _MOST_GAMES),
            score.state(server),
            score.over() if self.stage == DONE else 0,
            self.stage,
            self.server + 1,
            1 + score.server(),
            next_hits if self.server >= 0 else 0,
            self._court() if self.server >= 0 else 0,
            min(self.shots, _MOST_SHOTS),
            4 * self._aims()[0] + self._aims()[1],
            self._share(server),
            self._share(other),
            self.log,
        ]

    def _hits(self) -> int:
        """Who hit last: the server 1, the other 2."""
        return 1 + (self.hitter != self.server)

    def _share(self, player: int) -> int:
        if self.served[player] < _LEAST:
            return 0
        return 1 + _STEPS * self.held[player] // self.served[player]


_IS_STROKE, _IS_POINT = frozenset(STROKES), frozenset(POINTS)
_SERVED = {"wide": 1, "body": 2, "T": 3}

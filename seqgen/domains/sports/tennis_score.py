"""How tennis is scored and who serves next."""

from __future__ import annotations

GAME, TIE_BREAK, SUPER = "game", "tie-break", "super tie-break"
KINDS = (GAME, TIE_BREAK, SUPER)
_TARGET = {GAME: 4, TIE_BREAK: 7, SUPER: 10}
_CALLED = ("0", "15", "30", "40")


class Score:
    """Sets, games and points of the two players, called 0 and 1, as a log goes by.

    When a game or a set begins is told, not reckoned: formats differ, and logs have gaps. What goes before is then won
    by whoever leads in it. need: sets that win the match. first: who served first in the game, -1 before it begins.
    """

    def __init__(self, best_of: int = 0) -> None:
        self.need = best_of // 2 + 1 if best_of else 2
        self.sets, self.games, self.points = [0, 0], [0, 0], [0, 0]
        self.kind, self.first, self.opened = GAME, -1, False

    def new_set(self) -> None:
        """The next set begins."""
        self.end_game()
        a, b = self.games
        if a != b:
            self.sets[a < b] += 1
        self.games = [0, 0]

    def new_game(self, kind: str) -> None:
        """The next game begins."""
        self.end_game()
        self.kind = kind

    def end_game(self) -> None:
        """The game is over."""
        a, b = self.points
        if a != b:
            self.games[a < b] += 1
        self.points = [0, 0]
        self.opened = False

    def serve(self, player: int) -> None:
        """A point begins that this player serves."""
        if not self.opened:
            self.opened, self.first = True, player

    def over(self) -> int:
        """What is over: nothing 0, the game 1, with it the set 2, with it the match 3."""
        a, b = self.points
        most = max(a, b)
        if most < _TARGET[self.kind] or abs(a - b) < 2:
            return 0
        games = [self.games[0] + (a > b), self.games[1] + (a < b)]
        if self.kind == GAME and (max(games) < 6 or abs(games[0] - games[1]) < 2):
            return 1
        leads = games[0] < games[1]
        return 3 if self.sets[leads] + 1 >= self.need else 2

    def server(self) -> int:
        """Who serves the next point."""
        if self.first < 0:
            return 0
        if not self.opened or self.over():
            return 1 - self.first
        if self.kind == GAME:
            return self.first
        return self.first ^ ((sum(self.points) + 1) // 2 % 2)

    def called(self) -> tuple[str, str]:
        """The points of both players, as they are called."""
        a, b = self.points
        if self.kind != GAME:
            return str(a), str(b)
        if a >= 3 and b >= 3:
            return ("AD" if a > b else "40"), ("AD" if b > a else "40")
        return _CALLED[min(a, 3)], _CALLED[min(b, 3)]

    def state(self, player: int) -> int:
        """The same as one of `STATES` numbers, where only what is still to be won tells tie-breaks apart."""
        a, b = self.points[player], self.points[1 - player]
        target = _TARGET[self.kind]
        less = max(0, min(a, b) - target + 1)  # from deuce on it is the lead that counts
        a, b = min(a - less, target), min(b - less, target)
        if self.kind == GAME:
            return 5 * a + b
        return 25 + 11 * (target - a) + target - b


STATES = 25 + 11 * 11

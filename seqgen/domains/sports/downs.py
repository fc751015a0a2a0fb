"""What follows from a play of American football by the rules: whose ball it is, which down, how far to go, where."""

from __future__ import annotations

from typing import ClassVar

_TURNED = ("turnover", "turnover on downs")
_KICKS = ("kickoff", "punt", "field goal")
_TRIES = ("extra point", "two-point")
_MOST = 40  # yards to go that are told apart
_SIDES = 2


class Downs:
    """The situation that is to be expected.

    ball: 1 the same side has it, 2 the other; 0 before the first play. then_down, then_to_go, then_yard: the situation,
    from 1; 0 of the yard where a return decides. calls: of eight, how many plays of the side that has the ball are
    passes so far, from 1; 0 until there are ten.
    """

    sizes: ClassVar = {"ball": 3, "then_down": 6, "then_to_go": _MOST + 2, "then_yard": 101, "calls": 10}

    def __init__(self) -> None:
        self.side = 0
        self.calls = [0] * (2 * _SIDES)  # passes and plays of each side
        self.down = self.to_go = self.yard = self.yards = 0
        self.play = self.outcome = self.result = ""

    def __deepcopy__(self, memo: object) -> Downs:
        """Paths fork at every prediction, and what copy does by itself takes ten times as long."""
        other = Downs.__new__(Downs)
        other.__dict__ |= self.__dict__
        other.calls = self.calls.copy()
        return other

    def take(self, kind: str, value: str) -> None:
        if kind == "Start":
            self.side = int(value) - 1
        elif kind == "Team":
            self.side = self.side if value == "same" else 1 - self.side
        elif kind == "Down":
            self.down = int(value)
        elif kind == "ToGo":
            self.to_go = int(value) if value != "none" else 0
        elif kind == "Yard":
            self.yard = int(value) if value != "none" else 0
        elif kind == "Play":
            self.play, self.outcome, self.result, self.yards = value, "", "", 0
            if value in ("run", "pass"):
                self.calls[_SIDES * self.side] += value == "pass"
                self.calls[_SIDES * self.side + 1] += 1
        elif kind == "Outcome":
            self.outcome = value
        elif kind == "Yards":
            self.yards = int(value)
        elif kind == "Result":
            self.result = value

    def row(self) -> list[int]:
        passes, plays = self.calls[_SIDES * self.side : _SIDES * self.side + 2]
        share = 1 + 8 * passes // plays if plays > 9 else 0
        if not self.play:
            return [0, 0, 0, 0, share]
        turned, down, to_go, yard = self._then()
        return [1 + turned, 1 + down, 1 + min(_MOST, max(0, to_go)), min(100, max(0, yard)), share]

    def _then(self) -> tuple[bool, int, int, int]:
        """(whether the other side has the ball, down, yards to go, yards to the goal line or 0)."""
        play, outcome, came = self.play, self.outcome, self.result
        spot = self.yard - self.yards
        if came in ("touchdown", "opponent touchdown"):
            return came != "touchdown", 0, 0, 0
        if play in _TRIES or outcome == "made" or came == "safety":
            return False, 0, 0, 0
        if play in _KICKS and outcome != "recovered":
            if play == "field goal":
                return True, 1, 10, 100 - self.yard - 7
            at = 80 if outcome == "touchback" else 0 if outcome == "returned" else 100 - spot
            return True, 1, 10, at
        if came in _TURNED:
            return True, 1, 10, 100 - spot if came == "turnover on downs" else 0
        if came == "first down" or play in _KICKS:
            return False, 1, min(10, spot), spot
        return False, min(4, self.down + (play != "penalty")), self.to_go - self.yards, spot

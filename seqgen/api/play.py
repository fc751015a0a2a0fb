"""Answers phrases that are played, one by one; what a message, a phrase or a port is, the domain says (`Live`)."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from seqgen.core.errors import BadInput, UsageError
from seqgen.sampling.sampler import Request, draw_growing

if TYPE_CHECKING:
    from seqgen.api.model import Model

_POLL = 0.002  # seconds between two looks at the input
_EVERY = 8  # ids read or drawn between two looks at the keyboard
_AHEAD = 0.02  # seconds before a message is due, from which on nothing more is drawn
_TRIES = 3  # an answer may turn out to be silence


class Port(Protocol):
    """One end of a line to an instrument."""

    def iter_pending(self) -> Iterator[Any]:
        """Messages that have come, without waiting."""
        ...

    def send(self, message: Any) -> None:
        """Send one."""
        ...


class Clock(Protocol):
    """Time, which tests make up."""

    def now(self) -> float:
        """In seconds."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class RealClock:
    """The system's."""

    def now(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


@dataclass
class Played:
    """What became of a phrase. latency: seconds from the decision that it is over to the first note; None when nothing
    was played, and problem says why."""

    phrase: Any
    answer: Any = None
    latency: float | None = None
    problem: str = ""


@dataclass
class _Coming:
    """An answer that is being drawn. messages: of it, as far as they are certain."""

    timed: Callable[[Any, bool], Iterator[tuple[float, Any]]]
    played: Played
    growing: Iterator[tuple[Any, bool]]
    messages: list[tuple[float, Any]] = field(default_factory=list)
    whole: bool = False

    def unheard(self) -> bool:
        """Whether nothing of it can be played yet, and more is to come."""
        return not self.messages and not self.whole

    def draw(self) -> None:
        """A little more of it."""
        try:
            self.played.answer, self.whole = next(self.growing)
        except BadInput as error:
            self.whole, self.played.problem = True, error.reason
            return
        if self.played.answer is not None:
            self.messages = list(self.timed(self.played.answer, self.whole))
        elif self.whole:
            self.played.problem = "the model stays silent"


@dataclass
class Player:
    """Plays with someone: listens until a phrase is over, then answers it; who begins to play again is listened to.

    tempo: quarters a minute; None estimates it from each phrase. pause: seconds of silence that end a phrase. length:
    of an answer, like "4bars". through: also send what is played to the output. seed: the same phrases get the same
    answers; None takes a new one. asked: filters and controls by name, such as temperature, key. Raises UsageError.
    """

    model: Model
    source: Port
    target: Port
    tempo: float | None = None
    pause: float = 1.0
    length: str = "4bars"
    through: bool = False
    seed: int | None = None
    clock: Clock = field(default_factory=RealClock)
    asked: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0.05 <= self.pause <= 60:
            raise UsageError(f"A pause of {self.pause:g} s ends no phrase.", "Choose from 0.05 to 60.")
        if self.tempo is not None and not 20 <= self.tempo <= 400:
            raise UsageError(f"{self.tempo:g} quarters a minute is no tempo to play in.", "Choose from 20 to 400.")
        if self.model.domain.live is None:
            raise UsageError(f"{self.model.domain.name} cannot be played.", "Music can.")
        self.model.domain.parse_length(self.length)
        self._live = self.model.domain.live()
        self._listener = self._live.Listener(self.pause)
        self._sounding: dict[Any, Any] = {}  # what was sent and not ended yet -> the message that ends it
        self._number = 0
        self._coming: _Coming | None = None

    def play(self, more: Callable[[], bool] = lambda: True) -> Generator[Played, None, None]:
        """What became of each phrase, after its answer; until `more` says no. Whatever ends it, nothing goes on
        sounding.

        An answer begins to be drawn in the silence that may turn out to be the end of a phrase, and to sound before it
        is whole."""
        try:
            while more():
                if self._take():
                    self._coming = None
                now = self.clock.now()
                if self._listener.over(now):
                    coming = self._coming or self._begun()
                    self._listener.clear()
                    self._coming, self._number = None, self._number + 1
                    self._sound(coming, now)
                    yield coming.played
                elif self._listener.pausing(now) and (self._coming is None or self._coming.unheard()):
                    self._coming = self._coming or self._begun()
                    self._coming.draw()
                else:
                    self.clock.sleep(_POLL)
        finally:
            self._hush()

    def _take(self) -> bool:
        """What has come in; whether music was among it."""
        music = False
        for message in self.source.iter_pending():
            music |= self._listener.take(self.clock.now(), message)
            if self.through:
                self._send(message)
        return music

    def _begun(self) -> _Coming:
        phrase = self._listener.phrase(self.tempo)
        seed = None if self.seed is None else self.seed + 1000 * self._number
        growing = answers(self.model, phrase, self.length, seed=seed, **self.asked)
        return _Coming(self._live.timed, Played(phrase), growing)

    def _sound(self, coming: _Coming, begin: float) -> None:
        """Send an answer as it comes, until it ends or someone plays."""
        sent, start = 0, begin
        while sent < len(coming.messages) or not coming.whole:
            if self._take():
                self._hush()
                return
            left = start + coming.messages[sent][0] - self.clock.now() if sent < len(coming.messages) else _AHEAD
            if left >= _AHEAD and not coming.whole:
                coming.draw()
                start = start if sent else self.clock.now()
            elif left > 0:
                self.clock.sleep(min(left, _POLL))
            else:
                message = coming.messages[sent][1]
                self._send(message)
                sent += 1
                if coming.played.latency is None and message.type == "note_on":
                    coming.played.latency = self.clock.now() - begin

    def _send(self, message: Any) -> None:
        self.target.send(message)
        if message.type in ("note_on", "note_off"):
            place = (message.channel, message.note)
            if message.type == "note_on" and message.velocity:
                self._sounding[place] = message.copy(velocity=0)
            else:
                self._sounding.pop(place, None)

    def _hush(self) -> None:
        """End whatever sounds."""
        for message in self._sounding.values():
            with contextlib.suppress(Exception):  # the port may be gone, and the others are to end all the same
                self.target.send(message)
        self._sounding = {}


def answers(
    model: Model, phrase: Any, length: str, *, seed: int | None = None, **asked: Any
) -> Iterator[tuple[Any, bool]]:
    """(a new piece that answers a phrase, as far as it is drawn, whether it is whole); None where there is nothing of
    it. The last is whole. See `Model.answer`."""
    if model.domain.live is None:
        raise UsageError(f"{model.domain.name} has no phrases to answer.", "Music has.")
    filters, given = model.sort_asked(asked)
    amount = model.domain.parse_length(length)
    call = model.domain.live().call(model.tokenizer, phrase, amount, **given)
    request = Request(call.template, amount, barred=model.tokenizer.barred(phrase, **given))
    seed = secrets.randbelow(2**31) if seed is None else seed
    answer = None
    for again in range(_TRIES):
        for ids in draw_growing(model.network, model.tokenizer, request, _EVERY, filters=filters, seed=seed + again):
            yield answer, False
            if len(ids) > len(call.template):
                answer = call.answer(model.tokenizer.decode(ids))
        if answer is not None:
            break
    yield answer, True

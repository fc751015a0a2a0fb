"""Answers phrases that are played, one by one; what a message, a phrase or a port is, the domain says (`Live`)."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from seqgen.core.errors import BadInput, UsageError
from seqgen.sampling.sampler import Request, draw

if TYPE_CHECKING:
    from seqgen.api.model import Model

_POLL = 0.002  # seconds between two looks at the input
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

    def play(self, more: Callable[[], bool] = lambda: True) -> Iterator[Played]:
        """What became of each phrase, after its answer; until `more` says no. Whatever ends it, nothing goes on
        sounding."""
        try:
            while more():
                self._take()
                if not self._listener.over(self.clock.now()):
                    self.clock.sleep(_POLL)
                    continue
                yield self._answer()
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

    def _answer(self) -> Played:
        begin = self.clock.now()
        phrase = self._listener.phrase(self.tempo)
        self._number += 1
        seed = None if self.seed is None else self.seed + 1000 * self._number
        try:
            answer = answer_phrase(self.model, phrase, self.length, seed=seed, **self.asked)
        except BadInput as error:
            return Played(phrase, problem=error.reason)
        if answer is None:
            return Played(phrase, problem="the model stays silent")
        latency = None
        start = self.clock.now()
        for seconds, message in self._live.timed(answer):
            while (left := start + seconds - self.clock.now()) > 0:
                if self._take():  # whoever plays is listened to
                    self._hush()
                    return Played(phrase, answer, latency)
                self.clock.sleep(min(left, _POLL))
            self._send(message)
            if latency is None and message.type == "note_on":
                latency = self.clock.now() - begin
        return Played(phrase, answer, latency)

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


def answer_phrase(model: Model, phrase: Any, length: str, *, seed: int | None = None, **asked: Any) -> Any:
    """A new piece that answers a phrase, from its first note on; None where the model has none. See `Model.answer`."""
    if model.domain.live is None:
        raise UsageError(f"{model.domain.name} has no phrases to answer.", "Music has.")
    filters, given = model.sort_asked(asked)
    amount = model.domain.parse_length(length)
    call = model.domain.live().call(model.tokenizer, phrase, amount, **given)
    request = Request(call.template, amount, barred=model.tokenizer.barred(phrase, **given))
    seed = secrets.randbelow(2**31) if seed is None else seed
    for again in range(_TRIES):
        (drawn,) = draw(model.network, model.tokenizer, request, filters=filters, seed=seed + again)
        answer = call.answer(model.tokenizer.decode(drawn.ids))
        if answer is not None:
            return answer
    return None

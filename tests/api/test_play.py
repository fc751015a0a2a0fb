"""Playing with a model: in-memory ports, a clock that only waits when told to."""

from __future__ import annotations

import json
import sys
from collections import deque
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from mido import Message
from mido.ports import BaseInput, BaseOutput

from seqgen.api.play import Player
from seqgen.core.errors import BadInput, UsageError
from seqgen.domains.midi import ports
from seqgen.domains.midi.score import make_score

MELODY = (67, 69, 71, 72)


class FakeClock:
    """Time passes by sleeping alone."""

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


class Keyboard(BaseInput):  # type: ignore[misc]  # mido states no types
    """Messages come at their time. When there is no more to come and nothing has for a while, Ctrl-C is pressed."""

    def __init__(self, clock: FakeClock, notes: list[tuple[float, float, int]], interrupt: float = 1e9) -> None:
        super().__init__("keyboard")
        self.clock, self.interrupt = clock, interrupt
        events = [(on, Message("note_on", note=p, velocity=70)) for on, _, p in notes]
        events += [(off, Message("note_off", note=p)) for _, off, p in notes]
        self.coming = deque(sorted(events, key=lambda event: (event[0], event[1].type == "note_on")))

    def _receive(self, block: bool = True) -> Message | None:
        if self.clock.now() > self.interrupt:
            raise KeyboardInterrupt
        return self.coming.popleft()[1] if self.coming and self.coming[0][0] <= self.clock.now() else None


class Synthesizer(BaseOutput):  # type: ignore[misc]  # likewise
    """Keeps what it is sent, with the time."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__("synthesizer")
        self.clock, self.sent = clock, list[tuple[float, Message]]()

    def _send(self, message: Message) -> None:
        self.sent.append((self.clock.now(), message))

    def sounding(self) -> set[tuple[int, int]]:
        found: set[tuple[int, int]] = set()
        for _, m in self.sent:
            if m.type == "note_on" and m.velocity:
                found.add((m.channel, m.note))
            elif m.type in ("note_on", "note_off"):
                found.discard((m.channel, m.note))
        return found


def phrase(at: float, pitches: tuple[int, ...] = MELODY) -> list[tuple[float, float, int]]:
    return [(at + i / 2, at + i / 2 + 0.45, p) for i, p in enumerate(pitches)]


def duet(model: Any, notes: list[Any], interrupt: float = 1e9, **options: Any) -> tuple[Player, Synthesizer]:
    clock = FakeClock()
    sound = Synthesizer(clock)
    options = {"tempo": 120.0, "length": "1bars", "seed": 1, **options}
    return Player(model, Keyboard(clock, notes, interrupt), sound, clock=clock, **options), sound


def test_phrases_are_answered(model: Any) -> None:
    player, sound = duet(model, phrase(1) + phrase(12))
    play = player.play()
    played = [next(play), next(play)]
    play.close()
    assert [one.phrase.n_notes for one in played] == [4, 4]
    assert all(one.answer.n_notes and one.latency is not None and not one.problem for one in played)
    first = next(at for at, m in sound.sent if m.type == "note_on")
    assert 3.95 <= first < 4.05  # the last key is let go at 2.95
    on = sum(m.type == "note_on" and m.velocity > 0 for _, m in sound.sent)
    assert 0 < on <= sum(one.answer.n_notes for one in played)
    assert sound.sounding() == set()


def test_an_answer_is_ready_when_the_phrase_is_over(model: Any) -> None:
    player, _ = duet(model, phrase(1))
    assert next(player.play()).latency == 0  # by a clock that drawing takes no time of, and nothing was slept for
    # A pause within a phrase is none: what was begun meanwhile is forgotten.
    player, _ = duet(model, [*phrase(1), *phrase(3.7)])
    assert next(player.play()).phrase.n_notes == 8


def test_the_same_seed_gives_the_same_answers(model: Any) -> None:
    def first(seed: int) -> Any:
        player, _ = duet(model, phrase(1, MELODY[:2]), seed=seed)
        return next(player.play()).answer

    assert first(3) == first(3)
    assert any(first(3) != first(seed) for seed in (4, 5, 6))


def test_whoever_plays_again_is_listened_to(model: Any) -> None:
    player, sound = duet(model, [*phrase(1), (4.2, 4.5, 60)], length="2bars")
    play = player.play()
    first = next(play)
    assert player.clock.now() < 4.3 and sound.sounding() == set() and first.answer is not None
    assert next(play).phrase.pitch.tolist() == [60]


def test_nothing_sounds_after_an_interrupt(model: Any) -> None:
    player, sound = duet(model, phrase(1), interrupt=4.2, length="2bars")
    with pytest.raises(KeyboardInterrupt):
        list(player.play())
    assert any(m.type == "note_on" for _, m in sound.sent) and sound.sounding() == set()


def test_thru_passes_on_what_is_played(model: Any) -> None:
    player, sound = duet(model, phrase(1), through=True)
    next(player.play())
    assert [m.note for at, m in sound.sent if m.type == "note_on" and at < 3] == list(MELODY)


def test_a_phrase_that_the_model_cannot_take_is_said_to_be_none(model: Any) -> None:
    player, sound = duet(model, [(1, 2, p) for p in range(60, 67)] + phrase(8))
    play = player.play()
    assert "more than 4 notes" in next(play).problem and sound.sent == []
    assert next(play).answer is not None


@pytest.mark.parametrize("options", [{"pause": 0}, {"tempo": 1}, {"length": "many"}])
def test_impossible_options(model: Any, options: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        duet(model, [], **options)


def test_answers_without_a_keyboard(model: Any) -> None:
    tune = make_score(480, [0, 480, 960, 1440], [480] * 4, MELODY, [80] * 4, [0] * 4)
    answer = model.answer(tune, "1bars", seed=2, temperature=1.0, key="G major")
    assert answer == model.answer(tune, "1bars", seed=2, temperature=1.0, key="G major")
    assert int(answer.onset.min()) == 0 and answer.n_notes
    with pytest.raises(UsageError, match="colour"):
        model.answer(tune, colour="blue")
    with pytest.raises(BadInput):
        model.answer(b"no music")


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A mido backend whose keyboard plays one phrase as fast as it is read."""
    module = ModuleType("fake_midi")

    class Input(BaseInput):  # type: ignore[misc]  # likewise
        def __init__(self, name: str, **options: Any) -> None:
            super().__init__(name)
            for _, message in Keyboard(FakeClock(), phrase(0)).coming:
                self._messages.append(message)

    module.Input, module.Output = Input, BaseOutput  # type: ignore[attr-defined]  # a module made here
    module.get_devices = lambda **_: [  # type: ignore[attr-defined]  # likewise
        {"name": "Grand 1", "is_input": True, "is_output": False},
        {"name": "Synth A", "is_input": False, "is_output": True},
        {"name": "Synth B", "is_input": False, "is_output": True},
    ]
    monkeypatch.setitem(sys.modules, "fake_midi", module)
    monkeypatch.setenv("MIDO_BACKEND", "fake_midi")
    return module


def test_a_port_that_is_gone_is_one_error(backend: ModuleType) -> None:
    source, target = ports.opened("grand", "Synth A")

    def gone(*_: Any, **options: Any) -> None:
        raise OSError("unplugged")

    source.port._receive = gone
    target.port._send = gone
    assert [m.type for m in islice(source.iter_pending(), 8)].count("note_on") == 4  # what had come
    with pytest.raises(UsageError, match="unplugged"):
        list(source.iter_pending())
    with pytest.raises(UsageError, match="unplugged"):
        target.send(Message("note_on"))


@pytest.mark.usefixtures("backend")
def test_the_command_line_plays(cli: Callable[..., Any], run: Path) -> None:
    listed = json.loads(cli("play", "--ports", "--json").out)
    assert listed == {"inputs": ["Grand 1"], "outputs": ["Synth A", "Synth B"]}
    assert "Synth B" in cli("play", "--ports").out
    result = cli("play", run, "--out", "b", "--length", "2tokens", "--pause", "0.05", "--phrases", 1, "--json")
    assert result.code == 0, result.err
    said = json.loads(result.out)
    assert said["phrases"] == 1 and set(said["latency_ms"]) == {"median", "p95"} and "phrase 1: 4 notes" in result.err
    refused = cli("play", run)
    assert refused.code == 2 and "2 MIDI outputs" in refused.err and "--out" in refused.err
    assert cli("play", run, "--out", "organ").code == 2


def test_without_a_backend_the_extra_is_named(cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIDO_BACKEND", "no_such_backend")
    result = cli("play", "--ports")
    assert result.code == 7 and "seqgen-toolkit[play]" in result.err

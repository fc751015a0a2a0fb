"""Ports of MIDI devices: which one is meant, and what is said when the system refuses."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from seqgen.core.errors import MissingExtra, UsageError
from seqgen.domains.midi import ports


def fails(*_: Any) -> Any:
    raise OSError("device is busy\nor gone")


class Port:
    def __init__(self, name: str) -> None:
        self.name, self.waiting, self.sent, self.closed = name, ["one", "two"], [], False

    def poll(self) -> Any:
        return self.waiting.pop(0) if self.waiting else None

    def send(self, message: Any) -> None:
        self.sent.append(message)

    def close(self) -> None:
        self.closed = True
        raise OSError("already gone")


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A system with these devices."""
    found = SimpleNamespace(
        get_input_names=lambda: ["Keys 1", "Keys 1", "Keys 10", "Pads"],
        get_output_names=lambda: ["Synth"],
        open_input=Port,
        open_output=Port,
    )
    monkeypatch.setattr(ports, "_backend", lambda: found)
    return found


def test_each_port_is_named_once(system: SimpleNamespace) -> None:
    assert ports.names() == (["Keys 1", "Keys 10", "Pads"], ["Synth"])


@pytest.mark.parametrize(
    ("wanted", "name"), [("Keys 1", "Keys 1"), ("pad", "Pads"), ("10", "Keys 10"), ("KEYS 10", "Keys 10")]
)
def test_a_port_is_meant_by_its_name_its_beginning_or_a_part(system: SimpleNamespace, wanted: str, name: str) -> None:
    keyboard, synthesizer = ports.opened(wanted, None)
    assert (keyboard.port.name, synthesizer.port.name) == (name, "Synth")


@pytest.mark.parametrize("wanted", ["keys", "Organ"])
def test_a_name_of_none_or_of_several_is_refused_with_those_there_are(system: SimpleNamespace, wanted: str) -> None:
    with pytest.raises(UsageError, match=f"No one MIDI input is named '{wanted}'") as caught:
        ports.opened(wanted, None)
    assert caught.value.hint == "There are: 'Keys 1', 'Keys 10', 'Pads'."


def test_which_of_several_ports_has_to_be_said(system: SimpleNamespace) -> None:
    with pytest.raises(UsageError, match=r"There are 3 MIDI inputs: 'Keys 1', .*") as caught:
        ports.opened(None, None)
    assert caught.value.hint == "Choose one with --in."
    system.get_output_names = list
    with pytest.raises(UsageError, match="There is no MIDI output on this machine"):
        ports.opened("Pads", None)


def test_messages_come_and_go(system: SimpleNamespace) -> None:
    line, _ = ports.opened("Pads", None)
    assert list(line.iter_pending()) == ["one", "two"] and list(line.iter_pending()) == []
    line.send("three")
    line.close()  # gone or not
    assert line.port.sent == ["three"] and line.port.closed


@pytest.mark.parametrize(
    "act",
    [
        lambda system: (setattr(system, "get_input_names", fails), ports.names()),
        lambda system: (setattr(system, "open_input", fails), ports.opened("Pads", None)),
        lambda system: ports.Line(SimpleNamespace(poll=fails)).iter_pending().__next__(),
        lambda system: ports.Line(SimpleNamespace(send=fails)).send("one"),
    ],
    ids=["names", "open", "poll", "send"],
)
def test_what_the_system_refuses_is_said_in_a_line(system: SimpleNamespace, act: Callable[[Any], Any]) -> None:
    with pytest.raises(UsageError, match=r"MIDI cannot be used \(device is busy or gone\)\.$"):
        act(system)


def test_a_keyboard_is_let_go_of_when_there_is_no_sound(system: SimpleNamespace) -> None:
    opened: list[Port] = []
    system.open_input = lambda name: opened.append(Port(name)) or opened[0]
    system.open_output = fails
    with pytest.raises(UsageError, match="cannot be used"):
        ports.opened("Pads", None)
    assert opened[0].closed


def test_the_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIDO_BACKEND", "seqgen.there_is_no_such_backend")
    with pytest.raises(MissingExtra, match="there_is_no_such_backend"):
        ports.names()
    monkeypatch.setitem(sys.modules, "mido.backends.backend", None)
    with pytest.raises(MissingExtra, match="needs the package mido") as caught:
        ports.names()
    assert caught.value.hint == "pip install 'seqgen-toolkit[play]'"

"""The ports of MIDI devices, through mido; which library talks to them, MIDO_BACKEND may say."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from typing import Any

from seqgen.core.errors import MissingExtra, UsageError

_BACKENDS = ("mido.backends.rtmidi", "mido.backends.pygame")


def names() -> tuple[list[str], list[str]]:
    """Names of the inputs and of the outputs there are. Raises MissingExtra."""
    backend = _backend()
    try:
        return list(dict.fromkeys(backend.get_input_names())), list(dict.fromkeys(backend.get_output_names()))
    except Exception as error:  # noqa: BLE001  # each library raises its own
        raise _no_midi(error) from None


def opened(input_name: str | None, output_name: str | None) -> tuple[Line, Line]:
    """The ports whose names begin with, or else hold, these texts; None is the only one. Raises UsageError."""
    inputs, outputs = names()
    backend = _backend()
    chosen = _chosen(input_name, inputs, "input", "--in"), _chosen(output_name, outputs, "output", "--out")
    try:
        source = Line(backend.open_input(chosen[0]))
    except Exception as error:  # noqa: BLE001  # each library raises its own
        raise _no_midi(error) from None
    try:
        return source, Line(backend.open_output(chosen[1]))
    except Exception as error:  # noqa: BLE001  # each library raises its own
        source.close()
        raise _no_midi(error) from None


class Line:
    """A port whose errors, such as those of one that is unplugged, are ours."""

    def __init__(self, port: Any) -> None:
        self.port = port

    def iter_pending(self) -> Iterator[Any]:
        """Messages that have come. Raises UsageError."""
        while (message := self._done(self.port.poll)) is not None:
            yield message

    def send(self, message: Any) -> None:
        """Raises UsageError."""
        self._done(self.port.send, message)

    def close(self) -> None:
        """Let go of it, gone or not."""
        with contextlib.suppress(Exception):
            self.port.close()

    def _done(self, act: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return act(*arguments)
        except Exception as error:  # noqa: BLE001  # each library raises its own
            raise _no_midi(error) from None


def _chosen(wanted: str | None, there: list[str], kind: str, flag: str) -> str:
    listed = ", ".join(repr(name) for name in there)
    if not there:
        raise UsageError(f"There is no MIDI {kind} on this machine.", "Connect one; `seqgen play --ports` lists them.")
    if wanted is None:
        if len(there) > 1:
            raise UsageError(f"There are {len(there)} MIDI {kind}s: {listed}.", f"Choose one with {flag}.")
        return there[0]
    if wanted in there:
        return wanted
    for found in (
        [name for name in there if name.lower().startswith(wanted.lower())],
        [name for name in there if wanted.lower() in name.lower()],
    ):
        if len(found) == 1:
            return found[0]
    raise UsageError(f"No one MIDI {kind} is named {wanted!r}.", f"There are: {listed}.")


def _backend() -> Any:
    try:
        from mido.backends.backend import Backend
    except ImportError:
        raise MissingExtra("Playing live", "mido", "play") from None
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")  # stdout is for results
    said = os.environ.get("MIDO_BACKEND")
    for name in (said,) if said else _BACKENDS:
        try:
            return Backend(name, load=True)
        except ImportError:
            continue
    raise MissingExtra("Playing live", said or "python-rtmidi", "play")


def _no_midi(error: Exception) -> UsageError:
    said = " ".join(str(error).split())[:200]
    return UsageError(f"The system's MIDI cannot be used ({said or type(error).__name__}).", "Is a device connected?")

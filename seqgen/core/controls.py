"""What may be asked of a sample by name, such as its key: in every domain by the same means."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seqgen.core.errors import UsageError

if TYPE_CHECKING:  # numpy comes with it, and `seqgen --help` should not wait for that
    from seqgen.core.vocabulary import Vocabulary

UNKNOWN = "Unknown"


@dataclass(frozen=True)
class Control:
    """One thing that may be asked for.

    name: as users write it, `time_signature`. help: what it is, in a line. example: a value, as users write it.
    read: such a text -> the value as tokens say it; raises UsageError that says how to write one.
    kind: the type of the header id that says it; then it may also be "unknown". "": the tokenizer sees to it otherwise.
    """

    name: str
    help: str
    example: str
    read: Callable[[str], str]
    kind: str = ""


def asked(controls: Iterable[Control], given: Mapping[str, Any]) -> dict[str, str]:
    """The values that texts or numbers by name ask for, as tokens say them.

    Raises UsageError for a name that is none of the controls, and for a value that cannot be read.
    """
    known = {control.name: control for control in controls}
    found = {}
    for name, value in given.items():
        if name not in known:
            raise UsageError(f"This run takes no {name!r}.", f"It takes {taken(known.values())}.")
        text = _text(value)
        control = known[name]
        found[name] = UNKNOWN if control.kind and text.lower() == "unknown" else control.read(text)
    return found


def taken(controls: Iterable[Control]) -> str:
    """What may be asked for, with an example of each."""
    examples = "; ".join(f"{control.name}={control.example}" for control in controls)
    return examples or "no values by name; what samples begin with, a prompt says"


def header_ids(controls: Iterable[Control], vocabulary: Vocabulary, values: Mapping[str, str]) -> dict[str, int]:
    """Type of header id -> the id that says what was asked for; only of what is said by one."""
    kinds = {control.name: control.kind for control in controls if control.kind}
    return {kinds[name]: vocabulary.id(f"{kinds[name]}_{value}") for name, value in values.items() if name in kinds}


def _text(value: Any) -> str:
    """A value as a user would write it: 4 for 4.0."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()

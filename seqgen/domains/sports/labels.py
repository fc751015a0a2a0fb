"""The header of a match: which values of its labels have an id."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from seqgen.core.controls import UNKNOWN, Control
from seqgen.core.errors import UsageError
from seqgen.domains.sports.match import Match
from seqgen.domains.sports.sport import Label, Sport

_MOST_LABELS = 1000


def learned_labels(sport: Sport, matches: Sequence[Match]) -> dict[str, list[str]]:
    """Type of a label -> its most frequent values, sorted."""
    labels = {}
    for label in sport.labels:
        counts = Counter(match.about[label.column] for match in matches)
        ranked = sorted((-n, value) for value, n in counts.items() if _sayable(label, value))
        labels[label.kind] = sorted(value for _, value in ranked[: label.most])
    return labels


def label_value(label: Label, known: Sequence[str], value: str) -> str:
    """What its token says of a value: the value, the nearest, or Unknown."""
    if value in known:
        return value
    if label.ordered and value.isdecimal():
        return min(known, key=lambda other: (abs(int(other) - int(value)), other))
    return UNKNOWN


def control(label: Label, known: Sequence[str]) -> Control:
    """How a label is asked for: by one of its values, or by a number near one."""

    def read(text: str) -> str:
        value = label_value(label, known, text)
        if value == UNKNOWN:
            shown = ", ".join(known[:24]) + (" …" if len(known) > 24 else "")
            raise UsageError(f"No {label.column} {text[:60]!r} was learned.", f"Known: {shown}.")
        return value

    return Control(label.column, f"The match's {label.column.replace('_', ' ')}.", known[0], read, label.kind)


def _sayable(label: Label, value: str) -> bool:
    if label.ordered:
        return value.isdecimal() and value.isascii() and len(value) < 10
    return value not in ("", "Unknown") and value.isprintable() and value == value.strip()


def checked_labels(sport: Sport, labels: Any) -> dict[str, tuple[str, ...]]:
    """The values of the labels that have some: a header says only what can be known. Raises UsageError."""
    if not isinstance(labels, Mapping) or set(labels) - {label.kind for label in sport.labels}:
        raise UsageError(f"The labels of {sport.name} must be among {', '.join(x.kind for x in sport.labels)}.")
    found = {}
    for label in sport.labels:
        values = labels.get(label.kind, ())
        if not isinstance(values, list | tuple) or len(values) > _MOST_LABELS:
            raise UsageError(f"The values of {label.kind} must be a list of at most {_MOST_LABELS} texts.")
        if not all(isinstance(value, str) and _sayable(label, value) for value in values):
            raise UsageError(f"Some values of {label.kind} are no values of it.")
        if values:
            found[label.kind] = tuple(values)
    return found

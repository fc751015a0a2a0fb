"""Everything seqgen raises on purpose.

SeqgenError(message, hint)            exit code
├── UsageError    impossible options        2
├── BadInput      a file we refuse          3
│   └── TooLarge  over a limit              3
├── CorpusError   nothing left to learn     4
├── RunError      missing or corrupt run    5
├── Diverged      non-finite loss           6
└── MissingExtra  a package to install      7
"""

from __future__ import annotations

import os
import re

_NAMED = 40  # characters of a name that an error shows
_LONGEST = 2000  # and of all that one says
# What is shown of a value that is refused: a number or a time, a word such as "soon" or "outcome", a few characters.
_SHOWN = re.compile(r"[\d\s.,:;/+%eE-]{0,20}|[^\W\d]{0,20}|.{0,3}", re.DOTALL)


def printable(text: str) -> str:
    """As a terminal shows it and does nothing else: what is no printable character is escaped."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def named(*names: object) -> str:
    """Names that a file has, such as those of its columns, by commas; long ones are cut off."""
    texts = map(str, names)
    return ", ".join(text if len(text) <= _NAMED else f"{text[:_NAMED]}…" for text in texts)


def quoted(text: str) -> str:
    """A value that a file holds where something else should stand. What is in users' files is nobody's business: of
    what is more than a number or a word only the length is said."""
    return repr(text) if _SHOWN.fullmatch(text) else f"a text of {len(text):,} characters"


def fault(error: Exception) -> str:
    """What another's error is, without what it says, which may be what the file says; but for a key that is missing."""
    said = str(error.args[0]) if isinstance(error, KeyError) and error.args else ""
    return f"KeyError: {said!r}" if said and _SHOWN.fullmatch(said) else type(error).__name__


class SeqgenError(Exception):
    """Base of every error that seqgen raises on purpose.

    message: what happened, and where. hint: how to mend it (may be empty). Both are printable, whatever is in them.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        self.message, self.hint = (_shortened(printable(text)) for text in (message, hint))
        super().__init__(self.message)

    def __reduce__(self) -> tuple[object, ...]:
        # Errors cross process borders: made again without __init__, which in subclasses takes other arguments.
        return _again, (type(self), self.message), self.__dict__


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _again(kind: type[SeqgenError], message: str) -> SeqgenError:
    return kind.__new__(kind, message)


class UsageError(SeqgenError):
    """Options that cannot be met together, or a value out of range."""

    exit_code = 2


class BadInput(SeqgenError):
    """A file that is refused: path, where in it, why."""

    exit_code = 3

    def __init__(self, path: str | os.PathLike[str], reason: str, *, where: str = "", hint: str = "") -> None:
        self.path = os.fspath(path)
        self.reason, self.where = printable(reason), printable(where)
        super().__init__(f"{self.path}: {f'{where}: ' if where else ''}{reason}", hint)


class TooLarge(BadInput):
    """A file over a limit; names the limit, its value and how to raise it."""

    def __init__(self, path: str | os.PathLike[str], limit: str, allowed: float, found: float | None = None) -> None:
        self.limit = limit
        amount = f" ({found:,} found)" if found is not None else ""
        super().__init__(
            path,
            f"over the limit of {allowed:,} {limit.removeprefix('max_').replace('_', ' ')}{amount}",
            hint=f"Raise it for files you trust: SEQGEN_{limit.upper()}=NUMBER.",
        )


class CorpusError(SeqgenError):
    """A corpus with nothing left to learn from, or that cannot be prepared."""

    exit_code = 4


class RunError(SeqgenError):
    """A run directory that is missing, corrupt or incompatible."""

    exit_code = 5


class Diverged(SeqgenError):
    """Training met a non-finite loss; the last good checkpoint stays."""

    exit_code = 6


class MissingExtra(SeqgenError):
    """An optional package that this feature needs is not installed. extra: the extra of ours that brings it, if any."""

    exit_code = 7

    def __init__(self, feature: str, package: str, extra: str = "") -> None:
        wanted = f"'seqgen-toolkit[{extra}]'" if extra else package
        super().__init__(f"{feature} needs the package {package}, which is not installed.", f"pip install {wanted}")

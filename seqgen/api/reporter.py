"""What a caller is told while something takes its time."""

from __future__ import annotations

from seqgen.training.loop import Progress


class Reporter:
    """Told how things go; this one says nothing."""

    def working(self, what: str, done: int, total: int) -> None:
        """A part of something that takes a while: done of total."""

    def note(self, text: str) -> None:
        """Something worth knowing."""

    def training(self, progress: Progress) -> None:
        """About twice a second, and after every evaluation."""

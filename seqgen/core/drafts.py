"""Hidden drafts, in which files and folders are made before they take their place."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
from pathlib import Path

from seqgen.core.processes import alive, started

# Version 0.1.0 did not write when a process began.
_DRAFT = re.compile(r"\.(?P<name>.+)\.(?P<pid>[0-9]+)(-(?P<start>[0-9]*))?\.[0-9a-f]{8}\.(tmp|old)")


def draft_beside(path: Path) -> Path:
    """A hidden name beside a file or folder that says which process fills it."""
    me = os.getpid()
    return path.with_name(f".{path.name}.{me}-{started(me)}.{secrets.token_hex(4)}.tmp")


def remove_drafts(folder: Path) -> None:
    """Clear what killed processes left of unfinished writes in `folder`, but not what others are writing, nor what is
    not ours; what was moved away and not replaced goes back."""
    if not folder.is_dir():
        return
    for leftover in folder.iterdir():
        said = _DRAFT.fullmatch(leftover.name)
        if said is None or alive(int(said["pid"]), said["start"] or ""):
            continue
        with contextlib.suppress(OSError):
            if leftover.suffix == ".old" and not (place := folder / said["name"]).exists():
                leftover.rename(place)
            elif leftover.is_dir():
                shutil.rmtree(leftover, ignore_errors=True)
            else:
                leftover.unlink(missing_ok=True)

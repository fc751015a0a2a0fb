"""Where pieces are written to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from seqgen.core.domain import Domain
from seqgen.core.drafts import remove_drafts
from seqgen.core.errors import UsageError


def targets(out: Path, domain: Domain, count: int, formats: Sequence[str] = (), stem: str = "") -> list[list[Path]]:
    """The files of each piece: of one name, which is that of `out` when it has a suffix, else a name in that folder.

    formats: suffixes, with the dot or without; of none the domain's first, or that of `out`. Raises UsageError.
    """
    if count < 1:
        raise UsageError(f"{count} samples: ask for at least one.")
    suffixes = [f".{suffix.lstrip('.')}" for suffix in formats]
    if out.suffix:
        suffixes.insert(0, out.suffix)
        bases = [out] if count == 1 else [out.with_stem(f"{out.stem}-{i + 1}") for i in range(count)]
    else:
        bases = [out / f"{stem}-{i + 1}.x" for i in range(count)]
    wanted: dict[str, str] = {}  # each kind once, spelled as it was first
    for suffix in suffixes or domain.written[:1]:
        if suffix.lower() not in domain.written:
            refused = out if suffix == out.suffix else suffix
            raise UsageError(f"{refused}: pieces of {domain.name} are written as {', '.join(domain.written)}.")
        wanted.setdefault(suffix.lower(), suffix)
    remove_drafts(bases[0].parent)  # of a process that was killed
    return [[base.with_suffix(suffix) for suffix in wanted.values()] for base in bases]


def together(out: Path, domain: Domain, stem: str) -> Path:
    """The one file of many pieces: `out` when it has a suffix, else one in that folder. Raises UsageError."""
    file = out if out.suffix else out / f"{stem}{domain.written[0]}"
    return targets(file, domain, 1)[0][0]

"""Corpora built on the user's machine from installed packages."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path

from seqgen.core.errors import BadInput, CorpusError, MissingExtra
from seqgen.core.files import read_bytes, write_bytes
from seqgen.core.tables import to_csv


def wti(folder: Path, report: Callable[[int, int], None]) -> int:
    """Write the price of West Texas crude oil that the installed package arch carries as a CSV file; returns 1.
    Raises CorpusError and MissingExtra."""
    found = find_spec("arch")
    if found is None or found.origin is None:
        raise MissingExtra("The corpus of oil prices", "arch", "corpora")
    path = Path(found.origin).parent / "data" / "wti" / "wti.csv.gz"  # a file: arch itself takes seconds to import
    try:
        lines = gzip.decompress(read_bytes(path)).decode("ascii").splitlines()
    except (BadInput, OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise CorpusError(f"{path} cannot be read ({error}).", "pip install -U arch") from None
    if not lines or lines[0] != "Date,DCOILWTICO":
        raise CorpusError(f"{path} is another file than expected.", "pip install -U arch")
    rows = [line.split(",") for line in lines[1:]]
    days = [datetime.strptime(day, "%m/%d/%Y").date() for day, _ in rows]  # noqa: DTZ007  # days have no zone
    table = [(day, price) for day, (_, price) in zip(days, rows, strict=True) if price != "."]
    write_bytes(folder / "wti.csv", to_csv([("date", "WTI"), *table]))
    report(1, 1)
    return 1

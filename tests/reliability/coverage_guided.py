"""A search, led by which lines are reached, for files that break a reader:

    pip install atheris  # wheels for some Pythons only, so no dependency of ours
    python tests/reliability/coverage_guided.py midi 60 [FOLDER]

names a reader of `readers.READERS` and how many seconds. It ends at the first fault, leaves that file in FOLDER, and
says how many files were tried. What is found is mended and kept: as a test, or by tests/assets/make_broken.py.
"""

from __future__ import annotations

import pkgutil
import sys
import tempfile
import warnings
from importlib import import_module
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[1]))
with atheris.instrument_imports(include=["seqgen"]):
    import seqgen.domains

    for module in pkgutil.walk_packages(seqgen.domains.__path__, "seqgen.domains."):
        import_module(module.name)
    from reliability.readers import READERS, said
    from seqgen.core.domain import get_domain
    from seqgen.core.errors import BadInput, UsageError
    from seqgen.corpus.folder import open_corpus
    from seqgen.domains.sports.formats.columns import column_map

import numpy as np

name, seconds = sys.argv[1], sys.argv[2]
folder = Path(sys.argv[3] if len(sys.argv) > 3 else tempfile.mkdtemp())
reader = READERS[name]
own = name in ("parquet", "prices parquet", "JSON lines", "JSON records")  # whose whole files are CSV, made into these


def read(data: bytes) -> None:
    """Anything but a refusal is a fault."""
    try:
        if name == "columns":
            column_map(data.decode("utf-8", "surrogateescape"))
        elif name == "corpus.toml":
            (folder / "corpus.toml").write_bytes(data)
            open_corpus(folder)
        else:
            for i, piece in enumerate(get_domain(reader.domain).read(data, reader.file, None)):
                if i < 3:
                    said(reader.domain, piece, len(data))
    except (BadInput, UsageError):
        return
    except seqgen.core.errors.CorpusError:
        if name != "corpus.toml":
            raise


def mutate(data: bytes, most: int, seed: int) -> bytes:
    """Half by one who knows the format, half by one who does not."""
    rng = np.random.default_rng(seed)
    if not own and rng.random() < 0.5:
        try:
            return reader.mutate(data, rng)[:most]
        except Exception:  # noqa: BLE001, S110  # what is already damaged cannot be taken apart
            pass
    return bytes(atheris.Mutate(data, most))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    (folder / "begin").mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    for i, whole in enumerate(reader.whole):
        (folder / "begin" / str(i)).write_bytes(reader.mutate(whole, rng) if own else whole)
    atheris.Setup(
        [
            sys.argv[0],
            f"-max_total_time={seconds}",
            "-timeout=60",
            "-rss_limit_mb=4000",
            "-max_len=200000",
            "-print_final_stats=1",
            "-verbosity=0",
            f"-artifact_prefix={folder}/fault-",
            str(folder / "begin"),
        ],
        read,
        custom_mutator=mutate,
    )
    atheris.Fuzz()

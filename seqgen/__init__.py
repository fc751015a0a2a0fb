"""seqgen learns sequences and continues them: `seqgen.train("midi", "corpora/bach")`, `seqgen.load().sample()`.

The tokenizers alone, without torch: `from seqgen.tokenizers import MidiTokenizer`.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seqgen.api import Model, Reporter, Sample, explain, load, train
    from seqgen.core.errors import SeqgenError

__all__ = ["Model", "Reporter", "Sample", "SeqgenError", "__version__", "explain", "load", "train"]
__version__ = version("seqgen-toolkit")


def __getattr__(name: str) -> Any:
    # torch takes a second to import: only those who train or sample wait for it.
    if name in __all__:
        from seqgen import api

        return getattr(api, name)
    raise AttributeError(f"module 'seqgen' has no attribute {name!r}")

"""Arrays that are kept with a run as one file, and what is said of them there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load

from seqgen.core.errors import BadInput
from seqgen.core.files import read_bytes


def load_arrays(path: Path, most: int) -> tuple[dict[str, npt.NDArray[Any]], dict[str, str]]:
    """(arrays, metadata) of a safetensors file of at most so many bytes. Raises ValueError where it is damaged."""
    try:
        data = read_bytes(path, most)
        arrays: dict[str, npt.NDArray[np.generic]] = load(data)
        said: dict[str, str] = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]
    except (BadInput, SafetensorError, LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} is damaged ({error})") from None
    return arrays, said

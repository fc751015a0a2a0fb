"""The token store: the ids of all pieces of a corpus, with their split, in one checked file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load, save

from seqgen.core.errors import CorpusError
from seqgen.core.files import sha256, write_bytes

FORMAT = 1
Split = Literal["train", "valid", "test"]
SPLITS: tuple[Split, ...] = ("train", "valid", "test")
Ids = npt.NDArray[np.int32]


@dataclass(frozen=True)
class TokenStore:
    """ids: int [N], all pieces in a row. offsets: int64 [P + 1]. split: uint8 [P], index into SPLITS.

    fingerprint: of the vocabulary. names: [P] where each piece came from.
    """

    ids: npt.NDArray[np.integer]
    offsets: npt.NDArray[np.int64]
    split: npt.NDArray[np.uint8]
    fingerprint: str
    names: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, pieces: Sequence[Ids], split: Sequence[Split], fingerprint: str, names: Sequence[str] = ()
    ) -> TokenStore:
        """From the ids of each piece."""
        lengths = [len(piece) for piece in pieces]
        ids = np.concatenate(pieces) if pieces else np.zeros(0, np.int32)
        small = np.uint16 if ids.size == 0 or ids.max() < 2**16 else np.int32
        return cls(
            ids.astype(small),
            np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            np.array([SPLITS.index(s) for s in split], np.uint8),
            fingerprint,
            tuple(names),
        )

    def __len__(self) -> int:
        return len(self.split)

    def piece(self, index: int) -> Ids:
        """int32 [T] the ids of one piece."""
        return self.ids[self.offsets[index] : self.offsets[index + 1]].astype(np.int32)

    def of_split(self, split: Split) -> list[Ids]:
        """The pieces of one split."""
        return [self.piece(int(i)) for i in np.flatnonzero(self.split == SPLITS.index(split))]

    def counts(self) -> dict[str, dict[str, int]]:
        """Pieces and tokens of each split."""
        lengths = np.diff(self.offsets)
        return {
            name: {"pieces": int((self.split == i).sum()), "tokens": int(lengths[self.split == i].sum())}
            for i, name in enumerate(SPLITS)
        }

    def save(self, path: Path) -> str:
        """Write the store; returns the sha256 of its content, which `load_store` checks."""
        arrays = {"ids": self.ids, "offsets": self.offsets, "split": self.split}
        digest = _digest(arrays, self.fingerprint, json.dumps(self.names))
        header = {
            "format": str(FORMAT),
            "dtype": str(self.ids.dtype),
            "counts": json.dumps(self.counts()),
            "fingerprint": self.fingerprint,
            "names": json.dumps(self.names),
            "sha256": digest,
        }
        write_bytes(path, save(arrays, header))
        return digest


def load_store(path: Path) -> TokenStore:
    """Read and check a store. Raises CorpusError when it is missing, cut, altered or of another version."""
    broken = f"The prepared corpus {path} is damaged"
    hint = "Delete it and run the command again; it is rebuilt from the files."
    try:
        data = path.read_bytes()
        size = int.from_bytes(data[:8], "little")
        header: Mapping[str, Any] = json.loads(data[8 : 8 + size]).get("__metadata__", {})
        arrays = load(data)
    except FileNotFoundError:
        raise CorpusError(f"There is no prepared corpus at {path}.", hint) from None
    except (OSError, SafetensorError, ValueError, AttributeError) as error:
        raise CorpusError(f"{broken} ({type(error).__name__}).", hint) from None
    if header.get("format") != str(FORMAT) or set(arrays) != {"ids", "offsets", "split"}:
        raise CorpusError(f"{broken}: it is not a token store of this version.", hint)
    fingerprint, names = str(header.get("fingerprint")), str(header.get("names"))
    if header.get("sha256") != _digest(arrays, fingerprint, names):
        raise CorpusError(f"{broken}: its checksum differs.", hint)
    return TokenStore(arrays["ids"], arrays["offsets"], arrays["split"], fingerprint, tuple(json.loads(names)))


def _digest(arrays: Mapping[str, npt.NDArray[Any]], fingerprint: str, names: str) -> str:
    """Of all that `load_store` takes from the file."""
    parts = [fingerprint.encode(), names.encode()]
    for name in sorted(arrays):
        values = np.ascontiguousarray(arrays[name])
        parts += [f"{name} {values.dtype} {values.shape}".encode(), values.tobytes()]
    return sha256("".join(sha256(part) for part in parts).encode())

"""The token store: the ids of all pieces of a corpus, with their split, in one checked file.

The file is a safetensors file whose ids come first, so that they are written as they come, and mapped where they are
many: a corpus may be larger than memory.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import mmap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open

from seqgen.core.errors import CorpusError
from seqgen.core.files import sha256, writing

FORMAT = 2
MAPPED_FROM = 100_000_000  # bytes of ids; fewer are read into memory
Split = Literal["train", "valid", "test"]
SPLITS: tuple[Split, ...] = ("train", "valid", "test")
Ids = npt.NDArray[np.int32]

_HEADER = 2048  # bytes, with room to spare: it is written last, when all is known
_SPREAD = 10  # pieces that a part of many is taken from at least
_TYPES: Mapping[str, type] = {"U16": np.uint16, "I32": np.int32, "I64": np.int64, "U8": np.uint8}


@dataclass(frozen=True)
class TokenStore:
    """ids: int [N], all pieces in a row. offsets: int64 [P + 1]. split: uint8 [P], index into SPLITS.

    fingerprint: of the vocabulary. names: [P] where each piece came from. mapped: the ids lie in the file.
    """

    ids: npt.NDArray[np.integer]
    offsets: npt.NDArray[np.int64]
    split: npt.NDArray[np.uint8]
    fingerprint: str
    names: tuple[str, ...] = ()
    mapped: bool = False

    def __len__(self) -> int:
        return len(self.split)

    def piece(self, index: int) -> Ids:
        """int32 [T] the ids of one piece; where they are mapped, as they lie in the file (perhaps uint16)."""
        ids = self.ids[self.offsets[index] : self.offsets[index + 1]]
        return ids if self.mapped else ids.astype(np.int32)  # type: ignore[return-value]  # narrower integers

    def of_split(self, split: Split, most: int | None = None) -> list[Ids]:
        """The pieces of one split; of more than `most` ids together only some, spread evenly and whole, or of a few
        long ones only their beginnings."""
        chosen, lengths = np.flatnonzero(self.split == SPLITS.index(split)), np.diff(self.offsets)
        total = int(lengths[chosen].sum())
        if most is None or total <= most:
            return [self.piece(int(i)) for i in chosen]
        n = len(chosen) * most // total
        if n < _SPREAD:
            chosen = chosen[:: max(1, len(chosen) // _SPREAD)]
            return [self.piece(int(i))[: most // len(chosen)].astype(np.int32) for i in chosen]
        found, left = [], most
        for i in chosen[np.arange(n) * len(chosen) // n].tolist():
            if lengths[i] <= left:
                found.append(self.piece(i).astype(np.int32))
                left -= int(lengths[i])
        return found

    def counts(self) -> dict[str, dict[str, int]]:
        """Pieces and tokens of each split."""
        lengths = np.diff(self.offsets)
        return {
            name: {"pieces": int((self.split == i).sum()), "tokens": int(lengths[self.split == i].sum())}
            for i, name in enumerate(SPLITS)
        }


class StoreWriter:
    """Takes the pieces of a store one after the other, each in parts."""

    def __init__(self, file: BinaryIO, n_ids: int) -> None:
        """n_ids: of the vocabulary."""
        self._file, self._dtype = file, "U16" if n_ids <= 2**16 else "I32"
        self._hash = hashlib.sha256()
        self._offsets, self._split, self._names = [0], list[int](), list[str]()
        file.write(bytes(_HEADER))

    def add(self, parts: Iterable[Ids], split: Split, name: str) -> int:
        """Write a piece; returns how many ids it has. Where its parts end in an error, it is as if it had not begun."""
        before, hashed, n = self._file.tell(), self._hash.copy(), 0
        try:
            for part in parts:
                data = part.astype(_TYPES[self._dtype]).tobytes()
                hashed.update(data)
                self._file.write(data)
                n += len(part)
        except BaseException:
            self._file.seek(before)
            self._file.truncate()
            raise
        self._hash = hashed
        self._offsets.append(self._offsets[-1] + n)
        self._split.append(SPLITS.index(split))
        self._names.append(name)
        return n

    def end(self, fingerprint: str) -> None:
        """Write what is known now: what lies where, and the sha256 of it all."""
        names = json.dumps(self._names).encode()
        sizes = {"ids": (self._dtype, self._offsets[-1])}
        for name, dtype, values in (("offsets", "I64", self._offsets), ("split", "U8", self._split)):
            self._append(np.array(values, _TYPES[dtype]).tobytes())
            sizes[name] = (dtype, len(values))
        self._append(names)
        sizes["names"] = ("U8", len(names))
        header: dict[str, Any] = {"__metadata__": {"format": str(FORMAT), "fingerprint": fingerprint}}
        place = 0
        for name, (dtype, n) in sizes.items():
            after = place + n * np.dtype(_TYPES[dtype]).itemsize
            header[name] = {"dtype": dtype, "shape": [n], "data_offsets": [place, after]}
            place = after
        header["__metadata__"]["sha256"] = _digest(header, self._hash.hexdigest())
        self._file.seek(0)
        self._file.write((_HEADER - 8).to_bytes(8, "little") + json.dumps(header).encode().ljust(_HEADER - 8))

    def _append(self, data: bytes) -> None:
        self._hash.update(data)
        self._file.write(data)


@contextlib.contextmanager
def write_store(path: Path, n_ids: int, fingerprint: str) -> Iterator[StoreWriter]:
    """A store that appears whole or not at all. n_ids, fingerprint: of the vocabulary. Raises SeqgenError."""
    with writing(path) as file:
        writer = StoreWriter(file, n_ids)
        yield writer
        writer.end(fingerprint)


def load_store(path: Path) -> TokenStore:
    """Read, or map, and check a store. Raises CorpusError when it is missing, cut, altered or of another version."""
    broken = f"The prepared corpus {path} is damaged"
    hint = "Delete it and run the command again; it is rebuilt from the files."
    try:
        with safe_open(path, framework="numpy") as arrays:  # refuses what is cut
            offsets, split, names = (arrays.get_tensor(name) for name in ("offsets", "split", "names"))
        with path.open("rb") as file:
            header: dict[str, Any] = json.loads(file.read(int.from_bytes(file.read(8), "little")))
            start = file.tell()
            said = header["__metadata__"]
            whole = said.pop("sha256") == _digest(header, hashlib.file_digest(file, "sha256").hexdigest())
            if not whole or said["format"] != str(FORMAT):
                raise CorpusError(f"{broken}, or of another version: its checksum differs.", hint)
            dtype, n = _TYPES[header["ids"]["dtype"]], header["ids"]["shape"][0]
            ids: npt.NDArray[np.integer]
            mapped = n * np.dtype(dtype).itemsize >= MAPPED_FROM
            if mapped:
                ids = np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), dtype, n, start)
            else:
                file.seek(start)
                ids = np.fromfile(file, dtype, n)
    except FileNotFoundError:
        raise CorpusError(f"There is no prepared corpus at {path}.", hint) from None
    except (OSError, SafetensorError, ValueError, AttributeError, LookupError, TypeError) as error:
        raise CorpusError(f"{broken} ({type(error).__name__}).", hint) from None
    return TokenStore(ids, offsets, split, said["fingerprint"], tuple(json.loads(names.tobytes())), mapped)


def _digest(header: Mapping[str, Any], data_sha256: str) -> str:
    """Of all that `load_store` takes from the file."""
    return sha256(f"{json.dumps(header, sort_keys=True)} {data_sha256}".encode())

"""Records of ours in JSON that notice when they are altered: their last field is the sha256 of all the others."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from typing import Any

from seqgen.core.errors import BadInput
from seqgen.core.files import from_json, read_bytes, sha256, to_json, write_json

SEAL = "sha256"


def sealed(value: Mapping[str, Any]) -> dict[str, Any]:
    """The record with its seal, or with a new one."""
    rest = {name: said for name, said in value.items() if name != SEAL}
    return {**rest, SEAL: sha256(to_json(rest))}


def write_sealed(path: str | os.PathLike[str], value: Mapping[str, Any]) -> None:
    """Write a record whole or not at all. Raises SeqgenError."""
    write_json(path, sealed(value))


def read_sealed(path: str | os.PathLike[str], fields: Collection[str]) -> dict[str, Any]:
    """A record with no other than these fields, without its seal. One that has none, because an older version wrote it
    or someone took it out to edit it, is taken as it is. Raises BadInput."""
    data = read_bytes(path, limit="max_json_bytes")
    value = from_json(data, path)
    if not isinstance(value, dict):
        raise BadInput(path, "is damaged: it is no record")
    said = value.pop(SEAL, None)
    for name in value.keys() - set(fields):
        raise BadInput(path, f"is damaged, or of another version of seqgen: it has a field {name[:40]!r}")
    if said is not None and not _holds(data, value, said):
        hint = f'If you changed it on purpose, take out its line "{SEAL}".'
        raise BadInput(path, "is damaged: its checksum differs", hint=hint)
    return value


def _holds(data: bytes, value: dict[str, Any], seal: Any) -> bool:
    """To the byte, so that nothing else stands in the file either."""
    try:
        return bool(seal == sha256(to_json(value)) and data == to_json({**value, SEAL: seal}))
    except (ValueError, RecursionError):  # numbers and letters that we do not write
        return False

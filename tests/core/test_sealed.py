from __future__ import annotations

import json
from pathlib import Path

import pytest

from seqgen.core.errors import BadInput
from seqgen.core.files import to_json
from seqgen.core.sealed import SEAL, read_sealed, write_sealed

VALUE = {"format": 1, "names": ["a", "ä"], "rate": 0.1}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    write_sealed(tmp_path / "x.json", VALUE)
    return tmp_path / "x.json"


def test_a_record_comes_back_without_its_seal(file: Path) -> None:
    assert read_sealed(file, VALUE) == VALUE
    write_sealed(file, json.loads(file.read_text()) | {"format": 2})  # sealed anew
    assert read_sealed(file, VALUE) == VALUE | {"format": 2}


def test_a_flipped_bit_and_an_early_end_are_noticed(file: Path) -> None:
    whole = file.read_bytes()
    changed = [whole[:-n] for n in (1, 2, 3, 50)]
    changed += [whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1 :] for at in range(len(whole))]
    for data in changed:
        file.write_bytes(data)
        with pytest.raises(BadInput):
            read_sealed(file, VALUE)


def test_what_we_do_not_write_is_noticed(file: Path) -> None:
    for odd in ("1e999", "NaN", '"\\ud800"', "[" * 800 + "]" * 800):
        file.write_text(file.read_text().replace("0.1", odd))
        with pytest.raises(BadInput):
            read_sealed(file, VALUE)
        write_sealed(file, VALUE)


def test_one_without_a_seal_is_taken_and_one_of_another_kind_is_not(file: Path) -> None:
    file.write_bytes(to_json(VALUE))
    assert read_sealed(file, VALUE) == VALUE
    with pytest.raises(BadInput, match="field 'rate'"):
        read_sealed(file, ("format", "names"))
    file.write_text("[]")
    with pytest.raises(BadInput, match="no record"):
        read_sealed(file, VALUE)


def test_what_was_changed_on_purpose_is_told_how_to_be_taken(file: Path) -> None:
    file.write_text(file.read_text().replace("0.1", "0.2"))
    with pytest.raises(BadInput, match="checksum") as caught:
        read_sealed(file, VALUE)
    assert SEAL in caught.value.hint

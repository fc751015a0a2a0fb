"""`seqgen convert`: the same piece as another kind of file."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

from seqgen.domains.midi.files import read
from seqgen.domains.midi.formats.serial import to_bytes
from seqgen.domains.midi.score import Score

Cli = Callable[..., Any]


def test_a_piece_stays_what_it_is(cli: Cli, corpus: Path, tmp_path: Path) -> None:
    file = next(iter(sorted(corpus.glob("*.mid"))))
    out = tmp_path / "new" / "tune.midi"
    found = json.loads(cli("convert", file, out, "--json").out)
    assert found == {"path": str(file), "domain": "midi", "files": [str(out)]}
    assert next(read(out)) == next(read(file))


def test_several_pieces_are_numbered(cli: Cli, chorales: list[Score], tmp_path: Path) -> None:
    tracks = [to_bytes(score) for score in chorales[:2]]
    # A file of format 2: each track is a piece of its own.
    chunks = [data[data.index(b"MTrk", 20) :] for data in tracks]
    chunks = [chunk[: 8 + struct.unpack(">I", chunk[4:8])[0]] for chunk in chunks]
    (tmp_path / "two.mid").write_bytes(b"MThd" + struct.pack(">IHHH", 6, 2, 2, 480) + b"".join(chunks))
    assert cli("convert", tmp_path / "two.mid", tmp_path / "out.mid").out.split() == [
        str(tmp_path / f"out-{i}.mid") for i in (1, 2)
    ]


def test_what_cannot_be_written_or_read_is_said(cli: Cli, corpus: Path, tmp_path: Path) -> None:
    file = next(iter(sorted(corpus.glob("*.mid"))))
    refused = cli("convert", file, tmp_path / "x.doc")
    assert refused.code == 2 and "pieces of midi are written as .mid" in refused.err
    refused = cli("convert", file, tmp_path / "nothing")
    assert refused.code == 2 and "no suffix" in refused.err and ".musicxml" in refused.err
    refused = cli("convert", tmp_path / "sound.wav", tmp_path / "x.mid")
    assert refused.code == 2 and "read as text, of which no .mid is made" in refused.err and ".abc" in refused.err
    assert cli("convert", tmp_path / "none.mid", tmp_path / "x.mid").code == 3
    assert not list(tmp_path.iterdir())
    assert cli("inspect", file, "--picture", tmp_path / "x.txt").code == 2

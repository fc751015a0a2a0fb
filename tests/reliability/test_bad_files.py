"""Bad files among good ones: each costs itself, and is named with its reason; strict refuses the first."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reliability import whole_files as whole
from reliability import whole_logs as logs
from seqgen.core.domain import domain_of, get_domain
from seqgen.core.errors import BadInput, CorpusError
from seqgen.corpus.build import prepare, read_bounded
from seqgen.corpus.folder import open_corpus
from seqgen.domains.images.png import png
from seqgen.domains.midi.files import write
from seqgen.domains.midi.score import make_score
from seqgen.domains.text.files import chunks

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="makes pipes, devices and names that are no text")
BROKEN = sorted((Path(__file__).parents[1] / "assets" / "broken").glob("refused_*"))
SHORT = ("--steps", 2, "--preset", "tiny", "--batch-size", 2)


def no_files(folder: Path, suffix: str) -> int:
    """What has a file's name and holds nothing, or has a name that is no text; returns how many there are."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"empty{suffix}").write_bytes(b"")
    (folder / f"folder{suffix}").mkdir()
    (folder / f"gone{suffix}").symlink_to("nowhere")
    (folder / f"itself{suffix}").symlink_to(f"itself{suffix}")
    (folder / f"endless{suffix}").symlink_to("/dev/zero")
    os.mkfifo(folder / f"pipe{suffix}")
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(folder / f"socket{suffix}"))
    for name in (b"undecodable\xff\xfe", b"two\nlines", b"\x1b[2Jclears \x1b]0;title\x07", b"-n 3", b"a" * 200):
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name + suffix.encode())).write_bytes(b"\0\1 none of this")
    if os.geteuid():  # who may do everything may read everything
        (folder / f"secret{suffix}").write_bytes(b"")
        (folder / f"secret{suffix}").chmod(0)
    return len(list(folder.iterdir()))


@pytest.fixture
def music(tmp_path: Path) -> tuple[Path, int]:
    """50 good files and 50 bad ones; and how many of these are no files."""
    folder = tmp_path / "music"
    rng = np.random.default_rng(0)
    for number in range(50):
        onset = np.arange(12) * 240
        write(
            make_score(480, onset, [240] * 12, rng.integers(48, 84, 12), [80] * 12, [0] * 12), folder / f"{number}.mid"
        )
    n = no_files(folder / "bad", ".mid")
    for file in BROKEN[: 50 - n]:
        shutil.copy(file, folder / "bad")
    assert len(list((folder / "bad").iterdir())) == 50
    return folder, n


@pytest.mark.slow
def test_fifty_good_files_are_learned_and_fifty_bad_ones_named(
    cli: Callable[..., Any], music: tuple[Path, int], tmp_path: Path
) -> None:
    begin = time.monotonic()
    result = cli("train", "midi", music[0], *SHORT, "--out", "r")
    assert result.code == 0, result.err
    about = json.loads((tmp_path / "r" / "corpus.json").read_text())
    assert len(about["files"]) == 50
    skipped = {entry["file"]: entry["reason"] for entry in about["skipped"]}
    assert len(skipped) == 50 and all(reason.strip() for reason in skipped.values())
    assert all(name.isprintable() for name in skipped)
    assert {"bad/two\\nlines.mid", "bad/undecodable\\udcff\\udcfe.mid"} < skipped.keys()
    assert [skipped[f"bad/{name}.mid"] for name in ("pipe", "gone", "folder", "endless", "socket", "empty")] == [
        "is not a file", "does not exist", "is not a file", "is not a file", "is not a file", "is empty",
    ]  # fmt: skip
    assert "\x1b" not in result.err + result.out and result.err.count("skipped") == 6
    strict = cli("train", "midi", music[0], *SHORT, "--strict", "--out", "strict")
    assert strict.code == 3 and "error: " in strict.err and not (tmp_path / "strict").exists()
    assert time.monotonic() - begin < 120


def drawn(n: int) -> bytes:
    return png(np.random.default_rng(n).integers(0, 256, (6, 5), dtype=np.uint8), {})


GOOD: dict[str, tuple[str, Callable[[int], bytes]]] = {
    "text": (".txt", lambda n: whole.TEXT * (n + 1) + b"%d" % n),
    "sports": (".csv", lambda n: logs.CRICKET.replace("a,", f"{n},").replace(",4,4,", f",{n},{n},").encode()),
    "prices": (".csv", lambda n: b"".join(b"2020-01-%02d,%d\n" % (d, 9 + d * n % 11) for d in range(1, 29))),
    "images": (".png", drawn),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", GOOD)
def test_of_every_domain_bad_files_cost_themselves(name: str, tmp_path: Path, forked_workers: None) -> None:
    suffix, good = GOOD[name]
    folder, domain = tmp_path / "corpus", get_domain(name)
    n = no_files(folder / "bad", suffix)
    for number in range(1, 9):
        (folder / f"{number}{suffix}").write_bytes(good(number))
    prepared = prepare(open_corpus(folder), domain, domain.options())
    assert len({entry["file"] for entry in prepared.about["files"]}) == 8
    skipped = {entry["file"] for entry in prepared.about["skipped"]}
    assert len(skipped) == n and all(file.startswith("bad/") for file in skipped)
    with pytest.raises(BadInput) as refused:
        prepare(open_corpus(folder), domain, domain.options(), strict=True)
    assert refused.value.exit_code == 3 and refused.value.message.isprintable()


def test_pipes_and_devices_are_refused_at_once(cli: Callable[..., Any], tmp_path: Path) -> None:
    begin = time.monotonic()
    for suffix in (".mid", ".csv", ".xml", ".txt", ".png", ".parquet"):
        no_files(tmp_path / "all", suffix)
        for stem in ("pipe", "endless", "socket", "gone", "folder"):
            path = tmp_path / "all" / f"{stem}{suffix}"
            with pytest.raises(BadInput, match=r"is not a file|does not exist"):
                read_bounded(path, domain_of(path)) if suffix == ".txt" else next(domain_of(path).read(path, "", None))
    with pytest.raises(BadInput):
        next(chunks(tmp_path / "all" / "pipe.txt"))
    sports = get_domain("sports")
    assert sports.open is not None
    with pytest.raises(BadInput, match="is not a file"):
        next(sports.open(tmp_path / "all" / "pipe.csv", None))
    for path in (tmp_path / "all" / "pipe.mid", Path("/dev/zero"), Path("a" * 5000), tmp_path / "all" / "itself.mid"):
        with pytest.raises(CorpusError):
            open_corpus(path)
    assert time.monotonic() - begin < 5


def test_names_are_said_so_that_a_terminal_only_shows_them(cli: Callable[..., Any], tmp_path: Path) -> None:
    no_files(tmp_path / "all", ".mid")
    for path in sorted((tmp_path / "all").iterdir()):
        if path.name[0] not in "\x1btu":
            continue
        result = cli("inspect", path)
        assert result.code == 3 and "\x1b" not in result.err and "\x07" not in result.err, result.err
        assert result.err.count("\n") == 1 + ("hint" in result.err)

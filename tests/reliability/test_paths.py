"""Two hundred names made to lead elsewhere: nothing is written but where it was asked to be."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest

import seqgen
from contract.tokenizers import TOKENIZERS, n_events, walks
from seqgen.core.domain import domains, get_domain
from seqgen.core.errors import BadInput, SeqgenError
from seqgen.core.files import safe_join, sha256, to_json
from seqgen.core.sealed import sealed
from seqgen.corpus.folder import open_corpus
from seqgen.domains.midi.score import Score
from seqgen.domains.sports.match import Match
from seqgen.training.run import new_run_path

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:Duplicate name")]
Cli = Callable[..., Any]

OUT = f"{tempfile.gettempdir()}/seqgen-led-out"
NAMES = (
    "../out", "../../out", OUT, f"/{OUT}", f"../../../../../../..{OUT}", "./../out", "a/../../out", "....//out",
    "..", ".", "...", "", " ", ". ", "../", "/", "//", "~", "~/out", "~root/out", "$HOME/out", "${HOME}", "%HOME%",
    "..\\out", "..\\..\\out", "C:\\out", "C:out", "\\\\host\\share\\out", "\\\\?\\C:\\out", "%2e%2e%2fout",
    "..%2fout", "%252e%252e/out", "\uff0e\uff0e\uff0fout", "\u2025/out", "\u2215out", "\x00", "../out\x00.mid",
    "a\x00/../../out", "a\nb", "\r\nout", "a\tb", "\x1b[2J\x1b]0;out\x07", "\u202etuo/..", "\ufeff../out", "-rf",
    f"--out={OUT}", f"-o{OUT}", "`touch out`", "$(touch out)", "; touch out", "| tee out", "> out", "& touch out",
    "'; touch out '", '"; touch out "', "*", "?", "[a-z]", "{a,b}", "con", "nul.mid", "aux", "lpt1.txt", ".hidden",
    ".ssh/authorized_keys", ".git/hooks/post-checkout", f"file://{OUT}", "http://127.0.0.1/out", "out:stream",
    "a" * 300, "é" * 200, "/".join("a" * 200), "../" * 200 + "out", "\udcff", "\u0301", "<script>out</script>",
    "&lt;/svg&gt;", "]]><out/>", "=cmd|'/c calc'!A1", "step-9999999", "MANIFEST.json", ".lock",
)  # fmt: skip


def state_of(folder: Path) -> dict[str, bytes]:
    """Everything in it, and all that a name may make elsewhere."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        for path in folder.rglob("*")
    }


@pytest.fixture
def outside(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The test works three folders deep in here, and what may be written is in work/."""
    work = tmp_path / "one" / "two" / "work"
    work.mkdir(parents=True)
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(work)
    return tmp_path


def elsewhere(outside: Path) -> dict[str, bytes]:
    return {
        k: v for k, v in state_of(outside).items() if not k.startswith(("one/two/work/", "home/.cache", "home/.config"))
    }


def made() -> list[str]:
    """What the names name beyond the test's folder."""
    return [path.name for path in Path(OUT).parent.glob("seqgen-led-out*")]


def mxl(names: tuple[str, ...], root: str) -> bytes:
    """A compressed score that names its document so, beside members of these names."""
    note = "<note><pitch><step>C</step><octave>4</octave></pitch><duration>4</duration></note>"
    part = f'<part id="P1"><measure number="1"><attributes><divisions>4</divisions></attributes>{note}</measure></part>'
    score = (
        '<score-partwise version="4.0"><part-list><score-part id="P1"><part-name>a</part-name></score-part></part-list>'
        f"{part}</score-partwise>"
    )
    container = f"<container><rootfiles><rootfile full-path={quoteattr(root)}/></rootfiles></container>"
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("META-INF/container.xml", container.encode("utf-8", "surrogatepass"))
        for name in names:
            with contextlib.suppress(UnicodeEncodeError, ValueError):  # what no archive holds
                archive.writestr(zipfile.ZipInfo(name), score)
    return file.getvalue()


def test_names_in_archives(outside: Path) -> None:
    before, read = state_of(outside), 0
    domain = get_domain("midi")
    for name in NAMES:
        with contextlib.suppress(BadInput):
            read += len(list(domain.read(mxl((name,), name), "a.mxl")))
        with contextlib.suppress(BadInput):
            read += len(list(domain.read(mxl(("score.xml", *NAMES), "score.xml"), "a.mxl")))
    assert read > 100 and state_of(outside) == before and not made()


@pytest.mark.parametrize("name", sorted(domains()))
def test_names_in_pieces(name: str, outside: Path) -> None:
    """Titles, tracks, teams, players, labels: what a file is called does not come from them."""
    domain = get_domain(name)
    tokenizer = next(t for t in TOKENIZERS.values() if t.domain == name)
    piece = next(p for p in map(tokenizer.decode, walks(tokenizer)) if n_events(p) > 8)
    before = elsewhere(outside)
    for i, odd in enumerate(NAMES):
        for suffix in domain.written[:1] if i else domain.written:
            folder = Path("written") / str(i)
            with contextlib.suppress(SeqgenError):
                domain.write(named(piece, odd), folder / f"piece{suffix}")
                assert [path.name for path in folder.iterdir()] == [f"piece{suffix}"]
                with contextlib.suppress(BadInput):
                    list(domain.read(folder / f"piece{suffix}", odd))
            shutil.rmtree(folder, ignore_errors=True)
    assert elsewhere(outside) == before and not made()


def named(piece: Any, odd: str) -> Any:
    """The piece with every text in it replaced."""
    if isinstance(piece, str):
        return piece[:20] + odd.encode("utf-8", "replace").decode() + piece[20:]
    if isinstance(piece, Score):
        return replace(piece, name=odd, tracks=tuple(replace(track, name=odd) for track in piece.tracks))
    if isinstance(piece, Match):
        return replace(piece, about=dict.fromkeys(piece.about, odd))
    texts = [f.name for f in fields(piece) if isinstance(getattr(piece, f.name), str)]
    return replace(piece, **dict.fromkeys(texts, odd))


def test_names_of_corpora_and_their_files(outside: Path, corpus: Path, quick_trials: None) -> None:
    before, folders = elsewhere(outside), []
    for name in NAMES:
        with contextlib.suppress(OSError, ValueError):  # what no folder is called
            folder = Path(name)
            if "/" in name:
                continue
            folder.mkdir()
            folders.append(folder)
            shutil.copy(next(corpus.glob("*.mid")), folder / f"{name}.mid")
    assert len(folders) > 40 and elsewhere(outside) == before
    for name, folder in ((folder.name, folder) for folder in folders):
        for path in (folder, *folder.iterdir(), *([] if set(".[*?") & set(name) else [folder / "*.mid"])):
            assert new_run_path(open_corpus(path).name, Path("runs")).resolve().parent == Path("runs").resolve()
    mixed = Path("mixed")
    shutil.copytree(corpus, mixed)
    for i, name in enumerate(NAMES):
        with contextlib.suppress(OSError, ValueError):
            shutil.copy(corpus / f"chorale{i % 12:02d}.mid", mixed / f"{name.replace('/', '_')}.mid")
    seqgen.train("midi", mixed, steps=2, preset="tiny", width=16, n_evaluations=1, crop=32)
    assert elsewhere(outside) == before and not made()


def test_names_in_a_run(outside: Path, cli: Cli, run: Path) -> None:
    """A run that somebody else made says where its files are."""
    mine = Path(shutil.copytree(run, "mine"))
    before = elsewhere(outside)
    about = json.loads((mine / "corpus.json").read_text())
    (last, *_) = sorted((mine / "checkpoints").iterdir(), reverse=True)
    manifest = json.loads((last / "MANIFEST.json").read_text())
    for i, name in enumerate(NAMES):
        odd = name.encode("utf-8", "replace").decode()
        files = [{**file, "file": odd} for file in about["files"]]
        (mine / "corpus.json").write_bytes(to_json({**about, "name": odd, "path": odd, "files": files}))
        (last / "MANIFEST.json").write_bytes(to_json({**manifest, odd: sha256(b"")}))
        assert cli("sample", mine, "--length", "1bar", "-n", 1).code == 0
        if i % 8 == 0:
            assert cli("evaluate", mine).code in (3, 4, 5)
    assert elsewhere(outside) == before and not made()


def test_a_run_does_not_lead_elsewhere_by_links(outside: Path, cli: Cli, run: Path, corpus: Path) -> None:
    before = elsewhere(outside)
    for name in ("samples", "checkpoints", "metrics.csv", "MODEL_CARD.md", "calibration.json", ".lock"):
        mine = Path(shutil.copytree(run, f"linked-{name}"))
        config = json.loads((mine / "config.json").read_text())
        config["training"]["steps"] += 1
        (mine / "config.json").write_bytes(to_json(sealed(config)))
        target = outside / "home" / name
        if (mine / name).exists():
            shutil.move(mine / name, target)
        elif name == "samples":
            target.mkdir()
        else:
            target.write_bytes(b"mine")
        (mine / name).symlink_to(target)
        kept = elsewhere(outside)
        said = [
            cli("sample", mine, "--length", "1bar", "-n", 1),
            cli("train", "midi", corpus, "--resume", "--out", mine),
        ]
        assert elsewhere(outside) == kept, name
        assert all("Traceback" not in result.err for result in said)
        assert all(result.code == 0 or "link" in result.err for result in said), [result.err for result in said]
        shutil.rmtree(target) if target.is_dir() else target.unlink()
    assert elsewhere(outside) == before


def test_names_as_prompts_and_controls(outside: Path, cli: Cli, run: Path) -> None:
    before = elsewhere(outside)
    for name in NAMES:
        odd = name.encode("utf-8", "replace").decode().replace("\0", "")
        for arguments in (("--prompt", odd), ("--set", f"key={odd}"), ("--given", f"{odd}={odd}")):
            assert cli("sample", run, *arguments, "--length", "1bar", "--out", "d").code != 0
        assert cli("sample", "--", odd).code == 5
    assert elsewhere(outside) == before and not made()


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_joined_names_stay_in_their_folder(name: str, tmp_path: Path) -> None:
    try:
        path = safe_join(tmp_path, name)
    except BadInput as error:
        assert error.message
    else:
        assert path.is_relative_to(tmp_path)

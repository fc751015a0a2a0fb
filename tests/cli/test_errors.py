"""What cannot be done is said in a line, with the exit code of its kind, and costs nothing that was there."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]
BROKEN = Path(__file__).parents[1] / "assets" / "broken"
REFUSED = sorted(BROKEN.glob("refused_*"))
SHORT = ("--steps", 2, "--preset", "tiny", "--batch-size", 2)
TRAIN = ("train", "midi")


def refused(result: Any, code: int, *said: str, hint: bool = True) -> None:
    """It ended with that code and says why on stderr, without a traceback."""
    assert result.code == code, result.err
    assert "error: " in result.err and "Traceback" not in result.err and result.out == ""
    assert all(word in result.err for word in said), result.err
    assert ("hint: " in result.err) or not hint


def content(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture
def copy(run: Path, tmp_path: Path) -> Path:
    """A copy of the tiny run that a test may break."""
    return Path(shutil.copytree(run, tmp_path / "copy"))


@pytest.fixture
def music(corpus: Path, tmp_path: Path) -> Path:
    """A copy of the tiny corpus that a test may add to."""
    return Path(shutil.copytree(corpus, tmp_path / "music"))


# --- corpora


def test_a_folder_without_music_is_no_corpus(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "tune.wav").write_bytes(b"RIFF")
    (tmp_path / "other" / "notes.txt").write_text("no notes")
    refused(cli(*TRAIN, "empty", *SHORT, "--out", "r"), 4, "empty holds no files for midi", ".mid")
    refused(cli(*TRAIN, "other", *SHORT, "--out", "r"), 4, "other holds no files for midi")
    refused(cli(*TRAIN, "nowhere", *SHORT, "--out", "r"), 4, "nowhere does not exist")
    assert not (tmp_path / "r").exists() and not (tmp_path / "runs").exists()


def test_a_folder_of_broken_files_is_no_corpus(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    for file in REFUSED[::4]:
        shutil.copy(file, tmp_path / "broken")
    result = cli(*TRAIN, "broken", *SHORT, "--out", "r")
    refused(result, 4, f"{len(REFUSED[::4])} files were refused", "The first: refused_", "seqgen inspect")
    assert not (tmp_path / "r").exists()


def test_broken_files_among_good_ones_are_named_and_left_out(cli: Cli, music: Path, tmp_path: Path) -> None:
    shutil.copy(BROKEN / "refused_not_midi.mid", music / "scan.mid")
    result = cli(*TRAIN, music, *SHORT, "--out", "r", "--json")
    assert result.code == 0 and "skipped scan.mid: " in result.err and json.loads(result.out)["run"] == "r"
    about = json.loads((tmp_path / "r" / "corpus.json").read_text())
    (skipped,) = about["skipped"]
    assert skipped["file"] == "scan.mid" and skipped["reason"] in result.err and len(about["files"]) == 12
    strict = cli(*TRAIN, music, *SHORT, "--strict", "--out", "strict")
    refused(strict, 3, "scan.mid", hint=False)
    assert not (tmp_path / "strict").exists()


def test_bombs_in_a_corpus_cost_themselves(cli: Cli, music: Path, tmp_path: Path) -> None:
    shutil.copytree(BROKEN, music / "broken")
    assert cli(*TRAIN, music, *SHORT, "--out", "r").code == 0
    about = json.loads((tmp_path / "r" / "corpus.json").read_text())
    skipped = {entry["file"] for entry in about["skipped"]}
    assert skipped == {f"broken/{file.name}" for file in REFUSED}
    assert len(about["files"]) == 12 + len(list(BROKEN.glob("played_*")))


# --- prompts


# Each is read in a process of its own; that all of them are refused is tested in a corpus, above.
@pytest.mark.parametrize(
    "file",
    [pytest.param(file, marks=[pytest.mark.slow] if i % 9 else [], id=file.stem) for i, file in enumerate(REFUSED)],
)
def test_a_broken_prompt_is_refused(cli: Cli, run: Path, file: Path, tmp_path: Path) -> None:
    refused(cli("sample", run, "--prompt", file, "--out", "d"), 3, file.name, hint=False)
    assert not (tmp_path / "d").exists()


def test_a_prompt_of_another_kind_is_refused(cli: Cli, run: Path, tmp_path: Path) -> None:
    (tmp_path / "song.xml").write_text("<score/>")
    (tmp_path / "folder.mid").mkdir()
    refused(cli("sample", run, "--prompt", "song.xml"), 3, "song.xml", "not MusicXML", hint=False)
    refused(cli("sample", run, "--prompt", "gone.mid"), 3, "gone.mid", "does not exist", hint=False)
    refused(cli("sample", run, "--prompt", "folder.mid"), 3, "folder.mid", "is not a file", hint=False)
    refused(cli("predict", "song.xml", "--run", run), 3, "song.xml", "not MusicXML", hint=False)
    refused(cli("predict", REFUSED[0], "--run", run), 3, REFUSED[0].name, hint=False)
    refused(cli("inspect", REFUSED[0]), 3, REFUSED[0].name, hint=False)


# --- runs


def test_a_missing_run_is_named(cli: Cli, corpus: Path) -> None:
    tune = corpus / "chorale00.mid"
    for command in (
        ("sample", "nope"),
        ("evaluate", "nope"),
        ("predict", tune, "--run", "nope"),
        ("inspect", tune, "--run", "nope"),
        (*TRAIN, corpus, "--resume", "--out", "nope"),
    ):
        refused(cli(*command), 5, "no run 'nope'", "seqgen runs")
    for command in (("sample",), ("evaluate",), ("predict", tune), (*TRAIN, corpus, "--resume")):
        refused(cli(*command), 5, "no run in", "seqgen train midi")


def test_a_checkpoint_cut_short_is_passed_over_and_that_is_said(cli: Cli, copy: Path, corpus: Path) -> None:
    file = copy / "checkpoints" / "step-0000024" / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-20])
    before = content(copy)
    for command in (
        ("sample", copy, "--length", "1bar", "--out", "d"),
        ("predict", corpus / "chorale00.mid", "--run", copy),
        ("evaluate", copy, "--samples", 0),
    ):
        result = cli(*command)
        assert result.code == 0 and "step-0000024" in result.err and "step-0000016 is used" in result.err
    assert content(copy) == before
    resumed = cli(*TRAIN, corpus, "--resume", "--out", copy)
    assert resumed.code == 0 and "step-0000024" in resumed.err and "at step 16 of 24" in resumed.err
    assert cli("sample", copy, "--length", "1bar", "--out", "d").err.count("step-") == 0


def test_a_run_without_a_whole_checkpoint_says_so(cli: Cli, copy: Path, corpus: Path) -> None:
    for file in copy.glob("checkpoints/*/model.safetensors"):
        file.write_bytes(file.read_bytes()[:1000])
    for command in (
        ("sample", copy),
        ("predict", corpus / "chorale00.mid", "--run", copy),
        ("evaluate", copy),
        (*TRAIN, corpus, "--resume", "--out", copy),
    ):
        refused(cli(*command), 5, "model.safetensors is damaged", "train it again")
    shutil.rmtree(copy / "checkpoints")
    refused(cli("sample", copy), 5, "no checkpoint")


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json"])
@pytest.mark.parametrize("damage", ["cut", "emptied", "another", "gone"])
def test_a_damaged_record_of_a_run_is_named(cli: Cli, copy: Path, corpus: Path, name: str, damage: str) -> None:
    file = copy / name
    if damage == "gone":
        file.unlink()
    else:
        whole = file.read_bytes()
        file.write_bytes({"cut": whole[: len(whole) // 2], "emptied": b"", "another": b'{"format": 1}'}[damage])
    tune = corpus / "chorale00.mid"
    for command in (("sample", copy), ("evaluate", copy), ("predict", tune, "--run", copy)):
        refused(cli(*command), 5)
    if name == "tokenizer.json":
        refused(cli("inspect", tune, "--run", copy), 5)


def test_a_damaged_list_of_files_is_said_where_it_is_needed(cli: Cli, copy: Path, corpus: Path) -> None:
    (copy / "corpus.json").write_bytes(b"{")
    refused(cli("evaluate", copy), 5, "corpus.json")
    refused(cli(*TRAIN, corpus, "--resume", "--out", copy), 5, "corpus.json")
    assert cli("sample", copy, "--length", "1bar", "--out", "d").code == 0


def test_a_corpus_that_has_changed_is_neither_resumed_nor_scored(cli: Cli, copy: Path, music: Path) -> None:
    (music / "chorale00.mid").unlink()
    before = content(copy)
    refused(cli(*TRAIN, music, "--resume", "--out", copy), 4, "has changed")
    refused(cli("evaluate", copy, "--corpus", music), 4, "has changed")
    assert content(copy) == before


def test_a_trained_run_is_not_trained_over(cli: Cli, copy: Path, corpus: Path) -> None:
    before = content(copy)
    refused(cli(*TRAIN, corpus, *SHORT, "--out", copy), 5, "already holds a run", "--resume")
    assert content(copy) == before


# --- options


@pytest.mark.parametrize(
    "options",
    [
        ("--steps", "0"), ("--steps", "-3"), ("--steps", "many"), ("--steps", "4", "--minutes", "1"),
        ("--minutes", "0"), ("--minutes", "-1"), ("--minutes", "nan"), ("--minutes", "inf"),
        ("--preset", "huge"), ("--device", "tpu"), ("--seed", "-1"), ("--batch-size", "0"),
        ("--tokenizer", "words"), ("--voices", "0"), ("--voices", "9"), ("--steps-per-quarter", "0"),
        ("--steps-per-quarter", "1000000000"), ("--nonsense",), ("another",),
    ],
    ids=" ".join,
)  # fmt: skip
def test_options_that_make_no_training_are_refused(cli: Cli, corpus: Path, options: tuple[str, ...]) -> None:
    refused(cli(*TRAIN, corpus, *options, "--out", "r"), 2, hint=False)
    assert not Path("r").exists()


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--steps", "0"), 2), (("--steps", "-3"), 2), (("--preset", "huge"), 2), (("--seed", "-1"), 2),
        (("--batch-size", "1000000"), 2), (("--device", "tpu"), 2), (("--minutes", "0"), 2), (("--out", "copy"), 5),
        (("--from", "gone"), 5),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)  # fmt: skip
def test_what_cannot_be_is_refused_before_the_corpus_is_read(
    cli: Cli, copy: Path, options: tuple[str, ...], code: int
) -> None:
    refused(cli(*TRAIN, "nowhere", *options), code, hint=False)  # "nowhere does not exist" would be 4


@pytest.mark.parametrize("rate", ["-1", "nan"])
def test_a_learning_rate_that_is_none_is_refused(cli: Cli, corpus: Path, rate: str) -> None:
    refused(cli(*TRAIN, corpus, *SHORT, "--learning-rate", rate, "--out", "r"), 2, hint=False)


def test_a_loss_that_is_no_number_ends_the_training(cli: Cli, corpus: Path) -> None:
    refused(cli(*TRAIN, corpus, *SHORT, "--learning-rate", "1e30", "--out", "r"), 6, "at step 2", "--learning-rate")


@pytest.mark.parametrize(
    "options",
    [
        ("--count", "0"), ("--count", "-1"), ("--length", "0bars"), ("--length", "long"), ("--length", "3 parsecs"),
        ("--length", "-2bars"), ("--temperature", "-1"), ("--temperature", "nan"), ("--temperature", "hot"),
        ("--top-k", "0"), ("--top-p", "0"), ("--top-p", "1.5"), ("--min-p", "-0.1"), ("--key", "H major"),
        ("--set", "key"), ("--set", "colour=red"), ("--set", "key=A", "--set", "key=B"), ("--set", "count=2"),
        ("--set", "prompt=x"), ("--set", "self=x"), ("--set", "time_signature=99/4"), ("--device", "tpu"),
        ("--seed", "one"), ("--out", "a.ogg"), ("--nonsense",), ("one", "two"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_options_that_make_no_sample_are_refused(cli: Cli, run: Path, options: tuple[str, ...], tmp_path: Path) -> None:
    refused(cli("sample", run, "--out", "d", *options), 2, hint=False)
    assert list(tmp_path.iterdir()) == []


def test_other_options_are_checked_too(cli: Cli, run: Path, corpus: Path) -> None:
    tune = corpus / "chorale00.mid"
    refused(cli("evaluate", run, "--split", "train"), 2, "train")
    refused(cli("evaluate", run, "--samples", -1), 2, "-1 samples")
    refused(cli("predict", tune, "--run", run, "--top", 0), 2, "--top")
    refused(cli("inspect", tune, "--limit", -1), 2, "--limit")
    refused(cli("predict"), 2, "argument")
    refused(cli("train", "weather", corpus), 2, "weather")
    refused(cli("fly"), 2, "fly")
    refused(cli("corpus", "get", "nothing"), 2, "nothing", "bach")
    refused(cli("corpus", "build", corpus), 2, "corpus.toml", "seqgen train")
    refused(cli("corpus", "build", "nowhere"), 4, "nowhere")


def test_cuda_where_there_is_none_is_refused(
    cli: Cli, run: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    refused(cli(*TRAIN, corpus, *SHORT, "--device", "cuda", "--out", "r"), 2, "CUDA")
    refused(cli("sample", run, "--device", "cuda"), 2, "CUDA")


# --- places that cannot be written


def test_a_place_that_cannot_be_written_is_said(cli: Cli, run: Path, corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("kept")
    for out in ("file/sub", "file/sub.mid"):
        refused(cli("sample", run, "-n", 1, "--length", "1bar", "--out", out), 1, "could not be written", "--out")
    refused(cli("corpus", "get", "bach", "--out", "file/sub"), 1, "could not be written", "--out")
    assert (tmp_path / "file").read_text() == "kept" and len(list(tmp_path.iterdir())) == 1


def test_a_run_that_cannot_be_written_is_said(cli: Cli, corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("kept")
    refused(cli(*TRAIN, corpus, *SHORT, "--out", "file/run"), 1, "could not be written", "--out")


def test_a_cache_that_cannot_be_written_is_said_with_how_to_move_it(
    cli: Cli, copy: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    cache = tmp_path / "file" / "cache"
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("SEQGEN_CACHE", str(cache))
    for command in ((*TRAIN, corpus, *SHORT, "--out", "r"), ("evaluate", copy)):
        result = cli(*command)
        refused(result, 1, "could not be written", f"elsewhere than in {cache}", "SEQGEN_CACHE=FOLDER")
        assert "--out" not in result.err
    assert not (tmp_path / "r").exists()


def test_tracebacks_are_for_those_who_ask(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEQGEN_DEBUG", "1")
    result = cli("sample", "nope")
    assert result.code == 5 and "Traceback" in result.err and "RunError" in result.err and "error: " in result.err

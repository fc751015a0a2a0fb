"""`seqgen sample`: files that open everywhere, the same for the same seed, as asked for."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seqgen.domains.midi.files import read
from seqgen.domains.midi.score import KeySignature, Score, TimeSignature

Cli = Callable[..., Any]
SHORT = ("--length", "1bar", "--count", 2)


def piece(path: Path) -> Score:
    (score,) = read(path)
    return score


def content(folder: Path) -> list[bytes]:
    return [p.read_bytes() for p in sorted(folder.iterdir())]


def test_json_names_the_files_and_what_it_took(cli: Cli, run: Path, tmp_path: Path) -> None:
    result = cli("sample", run, *SHORT, "--seed", 5, "--out", "d", "--json")
    found = json.loads(result.out)
    assert result.code == 0 and {"files", "seed", "seconds", "tokens", "tokens_per_second", "violations"} <= set(found)
    assert found["files"] == [str(Path("d") / f"seed5-{i}.mid") for i in (1, 2)] and found["seed"] == 5
    assert found["violations"] == 0 and found["tokens"] > 50
    assert all(piece(tmp_path / file).n_notes for file in found["files"])


def test_text_is_the_files_and_stderr_says_how_to_have_them_again(cli: Cli, run: Path, tmp_path: Path) -> None:
    result = cli("sample", run, *SHORT, "--out", "one")
    paths = [Path(line) for line in result.out.splitlines()]
    assert [p.parent for p in paths] == [Path("one")] * 2 and all(p.is_file() for p in paths)
    seed = re.search(r"seed (\d+)", result.err)
    assert seed
    cli("sample", run, *SHORT, "--seed", seed[1], "--out", "again")
    assert content(tmp_path / "one") == content(tmp_path / "again")


def test_the_same_seed_gives_the_same_bytes(cli: Cli, run: Path, tmp_path: Path) -> None:
    for folder, seed, count in (("a", 1, 2), ("b", 1, 2), ("other", 2, 2), ("more", 1, 3)):
        assert cli("sample", run, "--length", "1bar", "--count", count, "--seed", seed, "--out", folder).code == 0
    a, b, other, more = (content(tmp_path / name) for name in ("a", "b", "other", "more"))
    assert a == b == more[:2] and not set(a) & set(other) and len(set(more)) == 3
    # The likeliest is the likeliest, whatever the seed.
    for folder, seed in (("c", 1), ("d", 2)):
        cli("sample", run, *SHORT, "--temperature", 0, "--seed", seed, "--out", folder)
    assert content(tmp_path / "c") == content(tmp_path / "d")


def test_filters_reach_the_model(cli: Cli, run: Path, tmp_path: Path) -> None:
    cli("sample", run, *SHORT, "--seed", 1, "--out", "free")
    for i, narrow in enumerate((("--top-k", 1), ("--top-p", 0.01), ("--min-p", 1))):
        assert cli("sample", run, *SHORT, "--seed", 1, *narrow, "--out", f"{i}").code == 0
        assert content(tmp_path / f"{i}") == content(tmp_path / "0") != content(tmp_path / "free")


def test_out_is_a_file_or_a_folder(cli: Cli, run: Path, tmp_path: Path) -> None:
    short = ("--length", "1bar")
    assert cli("sample", run, *short, "-n", 1, "--out", "new/one.mid").out == f"{Path('new/one.mid')}\n"
    assert cli("sample", run, *short, "-n", 2, "--out", "two.MIDI").code == 0
    assert cli("sample", run, *short, "-n", 1, "--seed", 3, "--out", "deep/er").code == 0
    found = sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file())
    assert found == ["deep/er/seed3-1.mid", "new/one.mid", "two-1.MIDI", "two-2.MIDI"]


def test_one_piece_is_written_in_several_formats(cli: Cli, run: Path, tmp_path: Path) -> None:
    found = cli("sample", run, "--length", "1bar", "-n", 2, "--seed", 3, "--out", "all", "-f", "mid", "-f", ".MIDI")
    assert found.out.split() == [str(Path("all") / f"seed3-{i}.{kind}") for i in (1, 2) for kind in ("mid", "MIDI")]
    assert piece(tmp_path / "all" / "seed3-1.mid") == piece(tmp_path / "all" / "seed3-1.MIDI")
    assert cli("sample", run, "--length", "1bar", "-n", 1, "--out", "x.mid", "-f", "mid", "-f", "midi").code == 0
    assert piece(tmp_path / "x.mid") == piece(tmp_path / "x.midi")
    refused = cli("sample", run, "--length", "1bar", "-f", "doc")
    assert refused.code == 2 and ".doc: pieces of midi are written as .mid" in refused.err


def test_without_a_run_the_newest_is_used_and_keeps_its_samples(cli: Cli, run: Path, tmp_path: Path) -> None:
    shutil.copytree(run, tmp_path / "runs" / "mine")
    assert len(cli("sample", "--length", "1bar").out.splitlines()) == 4
    assert len(list((tmp_path / "runs" / "mine" / "samples").glob("*.mid"))) == 4
    assert "mine" in cli("sample", "mine", "--length", "1bar").out


@pytest.mark.parametrize("number", [3, 6])
def test_a_prompt_goes_on_in_its_own_key_and_time_signature(
    cli: Cli, run: Path, corpus: Path, chorales: list[Score], number: int, tmp_path: Path
) -> None:
    prompt = chorales[number]
    file = corpus / f"{prompt.name}.mid"
    assert cli("sample", run, "--prompt", file, *SHORT, "--seed", 0, "--out", "d").code == 0
    for path in sorted((tmp_path / "d").iterdir()):
        score = piece(path)
        assert score.key_signatures == prompt.key_signatures and score.time_signatures[0] == prompt.time_signatures[0]
        # In quarters, for the grid may be another; a last note may be held on.
        end = (prompt.onset + prompt.duration).max() / prompt.ticks_per_quarter
        onset = score.onset / score.ticks_per_quarter
        begun = onset < end - 1
        assert sorted(zip(onset[begun], score.pitch[begun], strict=True)) == sorted(
            (t, p) for t, p in zip(prompt.onset / prompt.ticks_per_quarter, prompt.pitch, strict=True) if t < end - 1
        )
        bar = prompt.time_signatures[0].numerator
        assert (score.onset + score.duration).max() / score.ticks_per_quarter <= end + 2 * bar


def test_length_is_in_bars_or_tokens(cli: Cli, run: Path) -> None:
    def tokens(length: str, *more: str) -> int:
        result = cli("sample", run, "-n", 1, "--length", length, *more, "--seed", 0, "--out", "d", "--json")
        return int(json.loads(result.out)["tokens"])

    header_and_end, voices, sixteenths = 7, 4, 12
    assert tokens("2bars", "--set", "time_signature=3/4") == header_and_end + 2 * sixteenths * voices
    assert tokens("2", "--set", "time_signature=3/4") == tokens("2 bars", "--set", "time_signature=3/4")
    assert tokens("40 tokens") == header_and_end + 40


@pytest.mark.slow
def test_key_and_set_are_what_the_file_says(cli: Cli, run: Path, tmp_path: Path) -> None:
    def first(*given: str) -> Score:
        assert cli("sample", run, "-n", 1, "--length", "2bars", *given, "--out", "a.mid").code == 0
        return piece(tmp_path / "a.mid")

    assert first("--key", "G major").key_signatures == (KeySignature(0, 1, False),)
    assert first("--set", "key=D minor").key_signatures == (KeySignature(0, -1, True),)
    score = first("--set", "time_signature=3/4", "--set", "key=Bb", "--key", "E minor")
    assert score.time_signatures == (TimeSignature(0, 3, 4),) and score.key_signatures == (KeySignature(0, 1, True),)


@pytest.mark.slow
def test_what_is_asked_by_flags_is_what_the_file_says(cli: Cli, run: Path, corpus: Path, tmp_path: Path) -> None:
    asked = ("--key", "G major", "--density", 4, "--tempo", 96, "--time-signature", "3/4")
    for more in ((), ("--prompt", corpus / "chorale03.mid")):  # which is in 3/4
        by_bars = cli("sample", run, "-n", 1, "--seed", 3, *asked, "--bars", 2, *more, "--out", "a.mid", "--json")
        by_length = cli(
            "sample", run, "-n", 1, "--seed", 3, *asked, "--length", "2bars", *more, "--out", "b.mid", "--json"
        )
        assert by_bars.code == 0 and by_length.code == 0, by_bars.err
        score = piece(tmp_path / "a.mid")
        assert score.key_signatures == (KeySignature(0, 1, False),)
        assert score.time_signatures == (TimeSignature(0, 3, 4),)
        assert score.tempos[0].quarters_per_minute == pytest.approx(96, abs=0.01)
        assert (tmp_path / "a.mid").read_bytes() == (tmp_path / "b.mid").read_bytes()
    wrong = cli("sample", run, "--instruments", "drums")
    assert wrong.code == 2 and "takes no 'instruments'" in wrong.err and 'key="G major"; bars=16' in wrong.err
    for flags in (("--tempo", "fast"), ("--bars", 2, "--length", "2bars"), ("--density", "0"), ("--bars", "two")):
        assert cli("sample", run, *flags).code == 2


def test_pieces_have_the_corpus_tempo_voices_and_range(cli: Cli, run: Path, tmp_path: Path) -> None:
    cli("sample", run, "--length", "2bars", "--count", 3, "--seed", 1, "--out", "d")
    for path in (tmp_path / "d").iterdir():
        score = piece(path)
        assert {t.name for t in score.tracks} <= {"Soprano", "Alto", "Tenor", "Bass"}
        assert score.tempos[0].quarters_per_minute == pytest.approx(100, abs=0.1)
        assert np.all((score.pitch > 20) & (score.pitch < 110))


def test_beams_find_the_same_without_a_seed(cli: Cli, run: Path, tmp_path: Path) -> None:
    asked = ("sample", run, "--length", "4tokens", "--beam", 3)
    found = json.loads(cli(*asked, "--count", 2, "--json", "--out", "d").out)
    assert found["files"] == [str(Path("d") / f"beam3-{i}.mid") for i in (1, 2)] and found["seed"] is None
    assert found["violations"] == 0 and len(set(content(tmp_path / "d"))) == 2
    best = cli(*asked, "--out", "best.mid")
    assert (
        "beam 3" in best.err and (tmp_path / "best.mid").read_bytes() == (tmp_path / "d" / "beam3-1.mid").read_bytes()
    )
    for no in (("--temperature", 1), ("--top-k", 2), ("--min-p", 0), ("--seed", 1), ("--count", 4), ("--stream",)):
        assert cli(*asked, *no).code == 2


@pytest.mark.slow
def test_a_voice_that_is_given_is_sung_and_bars_are_made_new(cli: Cli, run: Path, corpus: Path, tmp_path: Path) -> None:
    whole, file = piece(corpus / "chorale03.mid"), tmp_path / "tune.mid"
    whole.take(whole.onset < 9 * whole.ticks_per_quarter).write(file)  # three bars
    tune, few = piece(file), ("--candidates", 2, "--seed", 1, "--json")
    said = json.loads(cli("sample", run, "--given", f"soprano={file}", *few, "--out", "a.mid").out)
    assert said["files"] == ["a.mid"] and said["violations"] == 0
    made = piece(tmp_path / "a.mid")
    assert made.end_tick / made.ticks_per_quarter == tune.end_tick / tune.ticks_per_quarter
    assert (made.pitch[made.track == 0] == tune.pitch[tune.track == 0]).all()
    both = ("--prompt", file, "--infill", "2-3", "--given", f"1={file}")
    again = json.loads(cli("sample", run, *both, *few, "--out", "b.mid").out)
    assert again["violations"] == 0 and again["tokens"] == said["tokens"]
    for no, why in (
        (("--given", "violin=" + str(file)), "no voice 'violin'"),
        (("--given", str(file)), "soprano=tune.mid"),
        (("--given", f"alto={file}", "--length", "4bars"), "how long"),
        (("--given", f"alto={file}", "--bars", 4), "how many bars"),
        (("--infill", "2-3"), "no piece"),
        (("--prompt", file, "--infill", "2-30"), "Bars 2 to 30"),
        (("--candidates", 0), "andidates"),
    ):
        wrong = cli("sample", run, *no)
        assert wrong.code == 2 and why in wrong.err

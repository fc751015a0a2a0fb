"""`seqgen train`: what it says, what it leaves behind, how it goes on."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seqgen.cli import train
from seqgen.cli.console import Console
from seqgen.core.errors import CorpusError
from seqgen.core.sealed import write_sealed

Cli = Callable[..., Any]
SHORT = ("--steps", 2, "--preset", "tiny", "--batch-size", 2)


def checkpoint(run: Path) -> dict[str, Any]:
    """What the latest checkpoint holds, but for how long it took."""
    folder = max((run / "checkpoints").iterdir())
    state = json.loads((folder / "state.json").read_text())
    return {
        **{name: (folder / f"{name}.safetensors").read_bytes() for name in ("model", "optimizer")},
        **{name: value for name, value in state.items() if name not in ("seconds", "tokens_per_second")},
    }


def interrupt(monkeypatch: pytest.MonkeyPatch, at_step: int, times: int = 1) -> None:
    """Ctrl-C once the training has come to a step."""
    shown = Console.training

    def training(self: Console, progress: Any) -> None:
        shown(self, progress)
        if progress.step == at_step:
            for _ in range(times):
                signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Console, "training", training)


def test_it_ends_with_how_good_it_is_and_what_to_type_next(cli: Cli, corpus: Path, tmp_path: Path) -> None:
    result = cli("train", "midi", corpus, *SHORT)
    (run,) = (tmp_path / "runs").iterdir()
    assert result.code == 0 and run.name.startswith("tiny-")
    assert "step 2/2" in result.err and "10 train, 1 valid, 1 test" in result.err and "step" not in result.out
    numbers = json.loads((run / "evaluation.json").read_text())
    for value in (numbers["nats_per_token"], numbers["baselines"]["trigram"]["nats_per_token"]):
        assert f"{value:.4f}" in result.out
    assert f"{numbers['nats_per_token']:.4f}" in (run / "MODEL_CARD.md").read_text()
    said = result.out.split("Next:\n")[1].splitlines()
    assert len(said) >= 1
    for line in said:
        program, *arguments = shlex.split(line)
        assert program == "seqgen" and cli(*arguments, "--length", "1bar").code == 0
    assert list((run / "samples").glob("*.mid"))


def test_json_says_what_programs_rely_on(cli: Cli, corpus: Path, prepared: Any) -> None:
    relative = os.path.relpath(corpus)  # another name of what is in the cache
    result = cli("train", "midi", relative, *SHORT, "--out", "r", "--json")
    assert result.out.count("\n") == 1 and "step 2/2" in result.err
    found = json.loads(result.out)
    assert {"run", "steps", "seconds", "tokens_per_second", "valid_nats", "baseline_nats", "checkpoint"} <= set(found)
    assert found["run"] == "r" and found["steps"] == 2 and found["valid_nats"] > 0
    assert (Path(found["checkpoint"]) / "model.safetensors").is_file()
    assert json.loads(Path("r/corpus.json").read_text())["path"] == relative
    baselines = json.loads(Path("r/evaluation.json").read_text())["baselines"]
    assert found["baseline_nats"] == min(b["nats_per_token"] for b in baselines.values())


def test_every_choice_is_recorded(cli: Cli, corpus: Path) -> None:
    given = ("--tokenizer", "remi", "--seed", 3, "--learning-rate", 0.001, "--batch-size", 3, "--device", "cpu")
    assert cli("train", "midi", corpus, "--steps", 2, "--preset", "tiny", *given, "--out", "r").code == 0
    training = json.loads(Path("r/config.json").read_text())["training"]
    expected = {"steps": 2, "seed": 3, "learning_rate": 0.001, "batch_size": 3, "device": "cpu", "n_layers": 1}
    assert training | expected == training
    assert training["precision"] in ("float32", "bfloat16") and training["replicas"] >= 1
    assert json.loads(Path("r/tokenizer.json").read_text())["name"] == "remi"
    assert json.loads(Path("r/corpus.json").read_text())["options"]["tokenizer"] == "remi"


def test_minutes_become_a_number_of_steps(cli: Cli, corpus: Path) -> None:
    found = json.loads(cli("train", "midi", corpus, "--minutes", 0.004, *SHORT[2:], "--out", "r", "--json").out)
    assert found["steps"] == json.loads(Path("r/config.json").read_text())["training"]["steps"] >= 10


def test_one_file_is_learned_without_knowing_how_well(cli: Cli, corpus: Path) -> None:
    file = corpus / "chorale00.mid"
    result = cli("train", "midi", file, *SHORT, "--out", "r", "--json")
    found = json.loads(result.out)
    assert result.code == 0 and "cannot be told" in result.err
    assert found["valid_nats"] is None and found["baseline_nats"] is None
    assert cli("evaluate", "r").code == 4
    assert "Next:" in cli("train", "midi", file, "--resume", "--out", "r").out


def test_a_stopped_training_goes_on_to_the_same_bits(
    cli: Cli, corpus: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with monkeypatch.context() as patch:
        interrupt(patch, at_step=2)
        stopped = cli("train", "midi", corpus, "--steps", 5, *SHORT[2:], "--out", "my run")
    assert stopped.code == 0 and "stopping" in stopped.err
    assert "saved at step 2" in stopped.out and checkpoint(tmp_path / "my run")["step"] == 2
    # The same choices without a stop: precision is chosen by a trial, and may differ from one run to the next.
    (tmp_path / "whole").mkdir()
    for name in ("config.json", "tokenizer.json", "corpus.json"):
        shutil.copy(tmp_path / "my run" / name, tmp_path / "whole" / name)
    whole = cli("train", "midi", corpus, "--resume", "--out", "whole")
    assert "at step 0 of 5" in whole.err
    program, *arguments = shlex.split(stopped.out.split("Go on with:\n")[1])
    resumed = cli(*arguments)
    assert program == "seqgen" and resumed.code == 0 and "at step 2 of 5" in resumed.err
    assert checkpoint(tmp_path / "my run") == checkpoint(tmp_path / "whole")
    assert (tmp_path / "my run" / "metrics.csv").read_bytes() == (tmp_path / "whole" / "metrics.csv").read_bytes()
    assert resumed.out.replace("'my run'", "whole").replace("my run", "whole") == whole.out


def test_stopping_twice_leaves_at_once(cli: Cli, corpus: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT)
    with monkeypatch.context() as patch:
        interrupt(patch, at_step=1, times=2)
        result = cli("train", "midi", corpus, *SHORT, "--out", "r")
    assert result.code == 128 + signal.SIGINT and result.out == ""
    assert not (tmp_path / "r" / ".lock").exists() and signal.getsignal(signal.SIGINT) is before


def test_resume_takes_the_newest_run_and_a_finished_one_stays_as_it_is(
    cli: Cli, run: Path, corpus: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(run, tmp_path / "runs" / "done"))
    before = checkpoint(copy)
    result = cli("train", "midi", corpus, "--resume")
    assert result.code == 0 and "at step 24 of 24" in result.err and str(Path("runs") / "done") in result.out
    assert checkpoint(copy) == before


def test_a_resumed_training_is_scored_where_its_corpus_lies_now(
    cli: Cli, run: Path, corpus: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(run, tmp_path / "my run"))
    about = json.loads((copy / "corpus.json").read_text())
    write_sealed(copy / "corpus.json", {**about, "path": "gone"})
    gone = cli("train", "midi", "gone", "--resume", "--out", copy)
    assert gone.code == 4 and "gone does not exist" in gone.err and "--corpus" not in gone.err
    assert f"seqgen train midi PATH --resume --out '{copy}'" in gone.err
    found = cli("train", "midi", corpus, "--resume", "--out", copy, "--json")
    assert json.loads(found.out)["test_nats"] == json.loads((copy / "evaluation.json").read_text())["nats_per_token"]
    assert json.loads((copy / "corpus.json").read_text()) == about


def test_that_a_trained_run_could_not_be_scored_is_said(
    cli: Cli, run: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(run, tmp_path / "copy"))

    def changed(*_: Any, **__: Any) -> Any:
        raise CorpusError("The corpus has changed.")

    monkeypatch.setattr("seqgen.api.Model.evaluate", changed)
    result = cli("train", "midi", corpus, "--resume", "--out", copy, "--json")
    assert result.code == 0 and "not evaluated: The corpus has changed." in result.err
    assert json.loads(result.out)["test_nats"] is None


def test_of_events_what_is_predicted_is_said_first(capsys: pytest.CaptureFixture[str]) -> None:
    counted = {"unigram": {"nats": 2.0, "accuracy": 0.3}, "bigram": {"nats": 1.6, "accuracy": 0.4}}
    numbers = {
        "main": "Outcome",
        "fields": {
            "Batter": {"nats": 0.1, "accuracy": 0.9, "baselines": counted},
            "Outcome": {"nats": 1.5, "accuracy": 0.45, "baselines": counted},
        },
    }
    train._main(numbers)
    said = capsys.readouterr().out
    assert all(word in said for word in ("Outcome", "1.5000", "45.0%", "6.2% below the best n-gram (bigram)"))
    assert "Batter" not in said and "0.1000" not in said
    assert train._headline(numbers) == {"main_nats": 1.5, "main_accuracy": 0.45, "main_baseline_nats": 1.6}
    assert train._headline(None) == train._headline({"main": "Outcome", "fields": {}}) == {}

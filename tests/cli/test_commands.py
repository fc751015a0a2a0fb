"""The command line as a whole: what it takes is frozen, each command says its results on stdout as text or JSON."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from seqgen import __version__
from seqgen.cli.tree import app
from seqgen.core.domain import get_domain
from seqgen.core.files import write_bytes
from seqgen.core.sealed import write_sealed
from seqgen.domains.midi.files import write
from seqgen.domains.midi.score import Score

Cli = Callable[..., Any]

# Scripts rely on these words. Add to them; take one away only with a new major version. A "?" may be left out.
TRAINING = (
    "PATH --minutes --steps --preset --cell --seed --device --out --resume --from --strict --learning-rate "
    "--batch-size --json"
)
READING = "--sport --columns --series --invert"  # how files are read
FROZEN = {
    "": "--version",
    "sample": "RUN? --count/-n --length --prompt --given --infill --candidates --stop --stream --temperature "
    "--top-k --top-p --min-p --repetition-penalty --seed --beam --out --format/-f --set "
    "--key --bars --seconds --density --tempo --time-signature --instruments --label --volatility --device "
    f"--json {READING}",
    "play": "RUN? --in --out --ports --length --tempo --pause --thru --phrases --key --temperature --seed "
    "--device --json",
    "predict": "FILES --run --piece --each --at --horizon --top --paths --seed --follow --picture --value --json "
    f"{READING}",
    "evaluate": f"RUN? --split --corpus --file --dynamic --ensemble --samples --rollouts --picture --json {READING}",
    "explain": f"RUNS? --file --corpus --distance --out --json {READING}",
    "inspect": f"FILE --run --piece --limit --picture --json {READING}",
    "convert": f"FILE OUT --json {READING}",
    "runs": "FOLDER? --json",
    "domains": "--json",
    "doctor": "--json",
    "train": "",
    "train midi": f"{TRAINING} --tokenizer --voices --steps-per-quarter",
    "train text": f"{TRAINING} --level --size --end --fallback",
    "train sports": f"{TRAINING} --sport --columns --players",
    "train images": f"{TRAINING} --size --levels --strip --label-weight --invert",
    "train prices": f"{TRAINING} --series --bins --decay --mirror --calendar --volume",
    "corpus": "",
    "corpus build": "PATH --json",
    "corpus get": "NAME? --out --json",
}


def commands(command: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every command below one, and itself, by the words that call it."""
    yield name, command
    for word, below in getattr(command, "commands", {}).items():
        yield from commands(below, f"{name} {word}".strip())


def takes(command: Any) -> list[str]:
    return [
        "/".join(p.opts) if p.param_type_name == "option" else p.name.upper() + "?" * (not p.required)
        for p in command.params
    ]


COMMANDS = dict(commands(typer.main.get_command(app)))
LEAVES = [name for name, command in COMMANDS.items() if not hasattr(command, "commands")]


def of_json(result: Any) -> dict[str, Any]:
    """The one object that stands on stdout."""
    assert result.code == 0, result.err
    assert result.out.count("\n") == 1
    value = json.loads(result.out)
    assert isinstance(value, dict)
    return value


def test_the_command_line_is_frozen() -> None:
    assert {name: sorted(takes(c)) for name, c in COMMANDS.items()} == {
        name: sorted(words.split()) for name, words in FROZEN.items()
    }


@pytest.mark.parametrize("name", LEAVES)
def test_every_command_takes_json_and_helps(name: str, cli: Cli) -> None:
    result = cli(*name.split(), "--help")
    assert result.code == 0 and result.err == ""
    assert result.out.startswith(f"Usage: seqgen {name} ") and "--json" in result.out
    assert all(p.help for p in COMMANDS[name].params), "an option says nothing about itself"
    assert cli(*name.split(), "-h").out == result.out


@pytest.mark.parametrize(
    "arguments", [("--help",), ("--version",), ("train", "midi", "--help"), ("runs",), ("domains",), ("corpus", "get")]
)
def test_what_only_looks_imports_nothing_slow(arguments: tuple[str, ...], tmp_path: Path) -> None:
    program = (
        "import sys\nfrom seqgen.cli.app import main\n"
        f"sys.argv = ['seqgen', *{arguments!r}]\n"
        "try:\n    main()\nfinally:\n    print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert done.stdout
    assert not {"torch", "numpy", "pandas", "symusic", "pretty_midi", "music21", "matplotlib", "mplsoccer"} & set(
        done.stderr.split()
    )


def test_help_names_every_command_and_version_is_the_packages(cli: Cli) -> None:
    shown = cli("--help").out
    for name in COMMANDS:
        assert name.split(" ")[0] in shown
    assert cli("--version").out == __version__ + "\n"
    for bare in ((), ("train",), ("corpus",)):
        result = cli(*bare)
        assert result.code == 2 and result.out == "" and result.err.startswith("Usage: seqgen")


def test_predict(cli: Cli, run: Path, corpus: Path) -> None:
    file = corpus / "chorale03.mid"
    found = of_json(cli("predict", file, "--run", run, "--json"))
    assert {"run", "file", "predictions"} <= set(found) and len(found["predictions"]) == 10
    odds = [p["probability"] for p in found["predictions"]]
    assert odds == sorted(odds, reverse=True) and 0 < sum(odds) <= 1
    whole = of_json(cli("predict", file, "--run", run, "--json", "--top", 10_000))["predictions"]
    assert whole[:10] == found["predictions"]
    assert sum(p["probability"] for p in whole) == pytest.approx(1, abs=1e-3)
    text = cli("predict", file, "--run", run, "--top", 3)
    assert [line.split()[0] for line in text.out.splitlines()[1:]] == [p["action"] for p in whole[:3]]


def test_evaluate(cli: Cli, run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from seqgen.api import Model

    counts, sample = [], Model.sample

    def counted(self: Model, count: int, **given: Any) -> Any:
        counts.append(count)
        return sample(self, count, **given)

    monkeypatch.setattr(Model, "sample", counted)
    found = of_json(cli("evaluate", run, "--json"))
    assert {"split", "tokens", "nats_per_token", "bits_per_token", "perplexity", "accuracy", "baselines"} <= set(found)
    assert found["split"] == "test" and found["violations"] == 0
    assert {"unigram", "trigram"} < set(found["baselines"])
    assert all(b["nats_per_token"] > 0 for b in found["baselines"].values())
    valid = of_json(cli("evaluate", run, "--split", "valid", "--samples", 0, "--json"))
    assert valid["split"] == "valid" and valid["nats_per_token"] != found["nats_per_token"]
    assert "copying" in found and "copying" not in valid
    text = cli("evaluate", run, "--samples", 1).out
    assert counts == [32, 1] and "found in the training pieces" in text
    assert "found in the training pieces" not in cli("evaluate", run, "--samples", 0).out
    for number in (found["nats_per_token"], *(b["nats_per_token"] for b in found["baselines"].values())):
        assert f"{number:.4f}" in text
    assert all(name in text for name in found["baselines"])


@pytest.mark.slow
def test_evaluate_measures_music(cli: Cli, run: Path) -> None:
    found = of_json(cli("evaluate", run, "--samples", 2, "--json"))
    assert found["nats_per_note"] * found["notes"] == pytest.approx(found["nats_per_token"] * found["tokens"])
    assert found["nats_per_sixteenth"] * found["sixteenths"] == pytest.approx(found["nats_per_note"] * found["notes"])
    assert all(b["bits_per_note"] > b["nats_per_note"] > b["nats_per_token"] for b in found["baselines"].values())
    sets = {"train", "held_out", "samples"}
    assert all(sets | {f"{s}_distance" for s in ("held_out", "samples")} == set(m) for m in found["metrics"].values())
    assert 0.5 < found["metrics"]["scale_consistency"]["samples"] <= 1
    assert found["metrics"]["ends_with_a_triad"]["train"] is not None
    for histogram in found["histograms"].values():
        assert all(sum(histogram[s].values()) == pytest.approx(1, abs=1e-4) for s in sets)
        assert all(0 <= share <= 1 for share in histogram["overlap"].values())
    assert all(c["contour"]["notes"] >= c["contour"]["median_notes"] for c in found["copying"].values())
    text = cli("evaluate", run, "--samples", 1).out
    assert all(
        words in text
        for words in ("parallel fifths per piece", "melodic interval", "longest, notes", "bits a sixteenth")
    )


def test_evaluate_finds_a_corpus_that_has_moved(cli: Cli, run: Path, corpus: Path, tmp_path: Path) -> None:
    before = of_json(cli("evaluate", run, "--samples", 0, "--json"))
    copy, moved = shutil.copytree(run, tmp_path / "copy"), shutil.copytree(corpus, tmp_path / "moved")
    about = json.loads((copy / "corpus.json").read_text())
    write_sealed(copy / "corpus.json", {**about, "path": str(tmp_path / "gone")})
    gone = cli("evaluate", copy)
    assert gone.code == 4 and "--corpus" in gone.err
    after = of_json(cli("evaluate", copy, "--corpus", moved, "--samples", 0, "--json"))
    assert {**after, "run": ""} == {**before, "run": ""}


def test_inspect(cli: Cli, run: Path, corpus: Path, chorales: list[Score], model: Any) -> None:
    file = corpus / "chorale03.mid"
    found = of_json(cli("inspect", file, "--json"))
    assert {"path", "domain", "events", "ids", "problems"} <= set(found)
    assert found["path"] == str(file) and found["domain"] == "midi"
    assert len(found["events"]) == chorales[3].n_notes and len(found["ids"]) == len(found["tokens"])
    of_run = of_json(cli("inspect", file, "--json", "--run", run))
    assert "key" in of_run["controls"] and 'key="G major"' in cli("inspect", file, "--run", run).out
    assert of_run["ids"] == model.tokenizer.encode(chorales[3]).tolist()
    text = cli("inspect", file, "--limit", 2).out
    assert "midi" in text and found["tokens"][0] in text and f"{len(found['events']) - 2} more" in text
    assert all(f"- {problem}" in text for problem in found["problems"])
    assert found["kept"][0] | {"in the file": ""} == {
        "": "notes", "in the file": "", "voices": "kept", "remi": "kept", "performance": "kept"
    }  # fmt: skip
    assert "what each tokenizer keeps" in text


def test_runs(cli: Cli, run: Path, tmp_path: Path) -> None:
    assert of_json(cli("runs", "--json")) == {"folder": "runs", "runs": []}
    assert "seqgen train midi" in cli("runs").out
    shutil.copytree(run, tmp_path / "runs" / "one")
    (tmp_path / "runs" / "notes").mkdir()
    (found,) = of_json(cli("runs", "--json"))["runs"]
    assert found["run"] == str(Path("runs") / "one") and found["domain"] == "midi" and found["step"] == 24
    assert cli("runs", tmp_path / "runs").out.splitlines()[1].split()[1:5] == ["midi", "voices", "lstm", "24"]


def test_runs_lists_a_damaged_run_too(cli: Cli, run: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(run, tmp_path / "runs" / "one"))
    for state in copy.glob("checkpoints/*/state.json"):
        state.write_bytes(b"{")
    (copy / "config.json").write_bytes(b"")
    assert [r["domain"] for r in of_json(cli("runs", "--json"))["runs"]] == ["?"]
    assert cli("runs").code == 0


def test_domains(cli: Cli) -> None:
    (midi,) = (d for d in of_json(cli("domains", "--json"))["domains"] if d["name"] == "midi")
    assert ".mid" in midi["reads"] and "bars" in midi["units"]
    assert ".mid" in cli("domains").out


def test_corpus(cli: Cli, chorales: list[Score], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def recipe(folder: Path, report: Callable[[int, int], None]) -> int:
        for n, score in enumerate(chorales[:3]):
            report(n, 3)
            write(score, folder / f"{score.name}.mid")
        return 3

    monkeypatch.setitem(get_domain("midi").recipes, "bach-chorales", recipe)  # type: ignore[arg-type]  # a recipe of fewer words
    shipped = tmp_path / "shipped"  # a checkout may hold what the recipe made there
    for source in (Path(__file__).parents[2] / "corpora").glob("*/corpus.toml"):
        write_bytes(shipped / source.parent.name / "corpus.toml", source.read_bytes())
    monkeypatch.setattr("seqgen.cli.corpus._SHIPPED", shipped)
    assert of_json(cli("corpus", "get", "--json")) == {
        "corpora": ["bach", "cricket", "digits", "nfl", "shakespeare", "wti", "wyscout"]
    }
    assert cli("corpus", "get").out == "bach\ncricket\ndigits\nnfl\nshakespeare\nwti\nwyscout\n"
    assert cli("corpus", "get", "bach").out == f"{Path('corpora/bach')}: 3 files, 3 of them new\n"
    assert len(list((tmp_path / "corpora" / "bach").glob("*.mid"))) == 3
    again = of_json(cli("corpus", "build", "corpora/bach", "--json"))
    assert again == {"path": str(Path("corpora/bach")), "domain": "midi", "written": 0, "files": 3}
    assert "all there already" in cli("corpus", "build", "corpora/bach").out
    assert of_json(cli("corpus", "get", "bach", "--out", "other", "--json"))["written"] == 3

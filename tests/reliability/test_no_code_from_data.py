"""Nothing that a file says is run: the source has no means to, planted pickles stay inert, names are never imported."""

from __future__ import annotations

import ast
import json
import pickle
import shutil
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import seqgen
from reliability import whole_files as whole
from seqgen.core.errors import SeqgenError
from seqgen.corpus.folder import open_corpus
from seqgen.domains.sports.formats.columns import column_map
from seqgen.domains.sports.formats.providers import PROVIDERS

SOURCE = Path(seqgen.__file__).parent
MODULES = {"pickle", "_pickle", "cPickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "yaml", "runpy", "imp"}
CALLS = {"eval", "exec", "compile", "__import__", "execfile"}
METHODS = {
    "torch.load", "torch.jit.load", "os.system", "os.popen", "pd.eval", "pandas.eval", "yaml.load", "yaml.unsafe_load",
    "pd.read_pickle", "pandas.read_pickle", "pd.read_html", "pandas.read_html", "pd.read_hdf", "pandas.read_hdf",
    "converter.parse", "music21.converter.parse", "converter.thaw", "np.lib.format.read_array",
}  # fmt: skip
NAMES = {"read_pickle", "read_hdf", "unpickle", "parseFile", "parseURL", "thaw", "unsafe_load", "full_load"}
WORDS = {"allow_pickle", "shell"}
# What stands in the source all the same, and why.
ALLOWED = {
    "core/workers.py: import pickle": "the error of a task that cannot be sent: nothing is unpickled by its name",
    "cli/installation.py: import_module": "of packages that a list in that file names",
    "domains/sports/formats/providers.py: import_module": "of modules of kloppy that a table in that file names",
}


def dotted(node: ast.expr) -> str:
    """a.b.c, as far as it is a name."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def faults(source: str) -> Iterator[str]:
    """What in it could run what a file says."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from (f"import {name.name}" for name in names if name.name.split(".")[0] in MODULES)
            case ast.ImportFrom(module=str(module)):
                if module.split(".")[0] in MODULES:
                    yield f"import {module}"
            case ast.Call(func=function, args=args, keywords=keywords):
                called = dotted(function)
                given = {word.arg: ast.unparse(word.value) for word in keywords if word.arg in WORDS}
                last = called.rpartition(".")[2]
                if called in CALLS or called in METHODS or last in NAMES:
                    yield called
                if last == "import_module" and not (args and isinstance(args[0], ast.Constant)):
                    yield "import_module"
                if given.get("allow_pickle", "False") != "False":
                    yield "allow_pickle"
                if called in ("np.load", "numpy.load") and given.get("allow_pickle") != "False":
                    yield "np.load without allow_pickle=False"
                if given.get("shell", "False") != "False":
                    yield "shell"


def test_the_source_has_no_means_to_run_what_a_file_says() -> None:
    found = {
        f"{path.relative_to(SOURCE).as_posix()}: {fault}"
        for path in sorted(SOURCE.rglob("*.py"))
        for fault in faults(path.read_text(encoding="utf-8"))
    }
    assert found == ALLOWED.keys()
    tree = ast.parse((SOURCE / "core" / "workers.py").read_text(encoding="utf-8"))
    used = {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute) and ast.unparse(n.value) == "pickle"}
    assert used == {"PicklingError"}
    known = {"opta", "statsperform", "sportec", "datafactory", "metrica", "impect", "wyscout"}
    assert {provider.module for provider in PROVIDERS} == known


@pytest.mark.parametrize(
    "source",
    [
        "import pickle", "from pickle import loads", "import a.b, marshal", "torch.load(f)", "eval(x)", "exec(x)",
        "__import__(name)", "importlib.import_module(name)", "import_module(f'a.{b}')", "np.load(f)",
        "np.load(f, allow_pickle=True)", "numpy.load(f, allow_pickle=x)", "subprocess.run(x, shell=True)",
        "os.system(x)", "pd.read_pickle(f)", "frame.read_pickle()", "converter.parse(path)", "compile(x, '', 'exec')",
    ],
)  # fmt: skip
def test_such_means_would_be_seen(source: str) -> None:
    assert list(faults(source))
    assert not list(faults("np.load(f, allow_pickle=False); re.compile(x); import_module('kloppy.opta'); model.eval()"))


class Trap:
    """What makes a file when it is unpickled."""

    def __init__(self, sprung: Path) -> None:
        self._sprung = sprung

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self._sprung,)


_READ = """
import sys
from pathlib import Path
from seqgen.domains.midi.files import read
from seqgen.domains.midi.recipes import chorale_to_midi
for path in map(Path, sys.argv[1:]):
    assert [score.n_notes for score in read(path)]
    assert [score.n_notes for score in read(path.read_bytes(), str(path))]
chorale_to_midi((sys.argv[1], sys.argv[1] + ".mid"))
"""
_PARSED = "import sys; from music21 import converter; [converter.parse(path) for path in sys.argv[1:]]"


@pytest.mark.slow
def test_planted_pickles_of_music21_stay_inert(tmp_path: Path) -> None:
    """Where music21 would look for what it read before, in a temporary folder that others may write to."""
    sprung, scratch = tmp_path / "sprung", tmp_path / "tmp"
    scratch.mkdir()
    files = {"x.musicxml": whole.MUSICXML, "x.abc": whole.ABC, "x.krn": whole.KERN, "x.mxl": whole.played(".mxl")[0]}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)

    def run(code: str) -> None:
        command = [sys.executable, "-W", "ignore", "-c", code, *(str(tmp_path / name) for name in files)]
        environment = {"TMPDIR": str(scratch), "HOME": str(tmp_path), "PATH": "", "PYTHONPATH": str(SOURCE.parent)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0 or "converter.parse" in code, done.stderr

    run(_PARSED)  # music21 by itself: it leaves a pickle of each file at a name that anyone can tell
    pickles = [path for path in scratch.rglob("*.p*") if path.is_file()]
    assert pickles, "this music21 keeps no pickles: the trap must be laid elsewhere"
    trap = pickle.dumps(Trap(sprung))

    def plant() -> None:
        for path in pickles:
            path.write_bytes(zlib.compress(trap))

    plant()
    run(_PARSED)
    assert sprung.exists(), "the trap does not work"
    sprung.unlink()
    plant()
    run(_READ)
    assert not sprung.exists()


@pytest.fixture
def imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is imported of a module that stands ready where Python looks for modules."""
    found: list[str] = []

    class Watch:
        def find_spec(self, name: str, path: object = None, target: object = None) -> None:
            if name.split(".", maxsplit=1)[0] in ("planted", "colorsys"):
                found.append(name)

    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "planted.py").write_text("domain = read = recipe = Tokenizer = load = print\n")
    monkeypatch.syspath_prepend(tmp_path / "modules")
    monkeypatch.setattr(sys, "meta_path", [Watch(), *sys.meta_path])
    return found


PLANTED = ("planted", "planted:domain", "colorsys")


def replaced(value: Any, new: str) -> Iterator[Any]:
    """The document with each of its texts, one after the other, replaced."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from ({**value, key: changed} for changed in replaced(inner, new))
    elif isinstance(value, list):
        for i, inner in enumerate(value[:3]):
            yield from ([*value[:i], changed, *value[i + 1 :]] for changed in replaced(inner, new))
    elif isinstance(value, str):
        yield new


@pytest.mark.slow
@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "corpus.json"])
def test_names_in_a_run_are_never_imported(name: str, run: Path, tmp_path: Path, imported: list[str]) -> None:
    mine = Path(shutil.copytree(run, tmp_path / "mine"))
    whole_file = json.loads((mine / name).read_text())
    n = 0
    for new in PLANTED:
        for changed in replaced(whole_file, new):
            n += 1
            (mine / name).write_text(json.dumps(changed))
            try:
                seqgen.load(mine)
            except SeqgenError as error:
                assert error.message
    assert n >= 2 * len(PLANTED) and imported == []
    assert "planted" not in sys.modules


def test_names_in_a_corpus_or_a_map_are_never_imported(tmp_path: Path, imported: list[str]) -> None:
    from seqgen.core.domain import get_domain

    folder = tmp_path / "corpus"
    folder.mkdir()
    for new in PLANTED:
        (folder / "corpus.toml").write_text(f'domain = "{new}"\nrecipe = "{new}"\n')
        corpus = open_corpus(folder)
        with pytest.raises(SeqgenError, match="No domain"):
            get_domain(corpus.domain)
        with pytest.raises(SeqgenError, match="no recipe"):
            corpus.build(get_domain("midi"), lambda done, total: None)
        for said in (
            f"action={new}",
            f'sport = "{new}"\n',
            f'[columns]\n"{new}" = "a"\n',
            f'[values."{new}"]\na = "b"\n',
        ):
            try:
                column_map(said)
            except SeqgenError as error:
                assert error.message
    assert imported == []
    with pytest.raises(ImportError):
        __import__("planted.nothing")
    assert imported, "the watch does not work"
    sys.modules.pop("planted", None)

"""Files of the providers that kloppy reads, those of its installed tests: told apart, with what stands beside them."""

from __future__ import annotations

import builtins
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seqgen.core.domain import get_domain
from seqgen.core.errors import BadInput, MissingExtra
from seqgen.corpus.build import read_bounded
from seqgen.domains.sports.files import read
from seqgen.domains.sports.formats.known import format_of
from seqgen.tokenizers import SportsTokenizer

GAMES = b'<?xml version="1.0"?>\n<Games><Game id="1"><Event id="1" type_id="1" /></Game></Games>'

try:
    import kloppy
except ImportError:
    kloppy = None
FILES = Path(kloppy.__file__).parent / "tests" / "files" if kloppy else Path("nowhere")
installed = pytest.mark.skipif(not FILES.is_dir(), reason="kloppy is not installed with its tests")

# A file of events, those beside it, events that are of the ball, goals, teams.
PROVIDED = {
    "opta_f24.xml": (("opta_f7.xml",), 35, 3, "FC København"),
    "statsperform_event_ma3.json": (("statsperform_event_ma1.json",), 1530, 3, "Hamburger SV"),
    "statsperform_event_ma3.xml": (("statsperform_event_ma1.xml",), 1530, 3, "Hamburger SV"),
    "sportec_events.xml": (("sportec_meta.xml",), 20, 1, "Sport-Club Freiburg"),
    "datafactory_events.json": ((), 965, 6, "Team A"),
    "metrica_events.json": (("epts_metrica_metadata.xml",), 3258, 2, "Team A"),
    "impect_events.json": (
        ("impect_lineups.json", "impect_squads.json", "impect_players.json"), 2358, 7, "Home Team FC",
    ),
    "wyscout_events_v3.json": ((), 1767, 3, "Juventus FC"),
}  # fmt: skip


@pytest.fixture
def placed(tmp_path: Path) -> Callable[..., Path]:
    """Copies files of kloppy into a folder of their own."""

    def place(*names: str) -> Path:
        for name in names:
            shutil.copy(FILES / name, tmp_path / name)
        return tmp_path / names[0]

    return place


@installed
@pytest.mark.parametrize("name", PROVIDED)
def test_a_file_is_read_with_those_beside_it(name: str, placed: Callable[..., Path]) -> None:
    beside, events, goals, team = PROVIDED[name]
    path = placed(name, *beside)
    # In a process of its own, which imports kloppy anew, only the first.
    (match,) = read_bounded(path, get_domain("sports")) if name == next(iter(PROVIDED)) else read(path)
    assert len(match) == events and match.about["match"] and team in match.events["team"]
    assert match.events["outcome"].count("goal") == goals
    shots = [x for x, action in zip(match.events["x"], match.events["action"], strict=True) if action == "shot"]
    assert shots and sum(x > 52.5 for x in shots) > 0.9 * len(shots)  # everyone attacks to the right
    tokenizer = SportsTokenizer.fit([match])
    assert not len(tokenizer.grammar.violations(tokenizer.encode(match)))


@installed
def test_a_second_file_is_told_by_what_it_holds_and_its_name(placed: Callable[..., Path], tmp_path: Path) -> None:
    path = placed("sportec_events.xml")
    with pytest.raises(BadInput, match="need a second file") as error:
        list(read(path))
    assert "matchinformation" in error.value.hint
    events = tmp_path / "DFL_03_02_events_raw_DFL-COM-000001_DFL-MAT-J03WMX.xml"
    path.rename(events)
    for match in ("J03WMX", "J03WN1"):
        shutil.copy(
            FILES / "sportec_meta.xml", tmp_path / f"DFL_02_01_matchinformation_DFL-COM-000001_DFL-MAT-{match}.xml"
        )
    assert len(next(read(events))) == 20
    shutil.copy(FILES / "sportec_meta.xml", tmp_path / "DFL_02_02_matchinformation_DFL-COM-000001_DFL-MAT-J03WMX.xml")
    shutil.copy(events, tmp_path / "e.xml")
    with pytest.raises(BadInput, match="could go with"):
        list(read(tmp_path / "e.xml"))
    with pytest.raises(BadInput, match="says who plays, not what happens"):
        list(read(tmp_path / "DFL_02_02_matchinformation_DFL-COM-000001_DFL-MAT-J03WMX.xml"))


@installed
@pytest.mark.parametrize("name", PROVIDED)
def test_half_a_file_is_refused_whatever_its_name(name: str, placed: Callable[..., Path], tmp_path: Path) -> None:
    path = placed(name, *PROVIDED[name][0])
    data = path.read_bytes()
    assert format_of(data).name == format_of(data[: len(data) // 2]).name
    half = tmp_path / "half.csv"
    half.write_bytes(data[: len(data) // 2])
    with pytest.raises(BadInput, match=r"half\.csv"):
        list(read(half))


@installed
@pytest.mark.parametrize(
    "declared",
    [
        b'<!DOCTYPE Games [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        b'<!DOCTYPE Games SYSTEM "http://example.org/x.dtd">',
    ],
)
def test_xml_that_declares_something_never_reaches_a_parser(declared: bytes, tmp_path: Path) -> None:
    (tmp_path / "f24.xml").write_bytes(GAMES.replace(b"\n", declared))
    (tmp_path / "f7.xml").write_bytes(b"<SoccerFeed/>")
    with pytest.raises(BadInput, match=r"f24\.xml: declares a document type"):
        list(read(tmp_path / "f24.xml"))
    (tmp_path / "f24.xml").write_bytes(GAMES)
    (tmp_path / "f7.xml").write_bytes(declared + b"<SoccerFeed/>")
    with pytest.raises(BadInput, match=r"f7\.xml: declares a document type"):
        list(read(tmp_path / "f24.xml"))
    (tmp_path / "f24.xml").write_bytes(GAMES.replace(b'"1.0"', b'"1.0" encoding="UTF-7"', 1))
    with pytest.raises(BadInput, match="encoding that is not read"):
        list(read(tmp_path / "f24.xml"))
    (tmp_path / "f24.xml").write_bytes(GAMES)
    (tmp_path / "f7.xml").write_bytes(b"<SoccerFeed/>")
    with pytest.raises(BadInput, match=r"cannot be read by kloppy as Opta events \(F24\)"):
        list(read(tmp_path / "f24.xml"))


def test_without_kloppy_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    found = builtins.__import__

    def missing(name: str, *rest: Any, **more: Any) -> Any:
        if name == "importlib":
            raise ImportError(name)
        return found(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(MissingExtra) as error:
        list(read(GAMES, "f24.xml"))
    assert "seqgen-toolkit[kloppy]" in error.value.hint and "Opta" in error.value.message


def test_json_that_nobody_knows_is_refused_as_such() -> None:
    with pytest.raises(BadInput, match="is JSON of no kind that is read"):
        list(read(b'{"players": [{"name": "Ann"}]}', "squad.json"))

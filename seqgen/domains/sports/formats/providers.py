"""Soccer events of the providers that kloppy reads, from files: what a provider says of a match in a second file is
looked for beside the first. kloppy is given bytes that were checked, never a path or an address."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqgen.core.errors import BadInput, MissingExtra, SeqgenError, fault
from seqgen.core.files import read_bytes
from seqgen.domains.sports.formats.kloppy_events import from_kloppy
from seqgen.domains.sports.formats.xml import require_plain
from seqgen.domains.sports.match import Match

_HEAD = 20_000  # bytes in which a file shows itself
_MOST = 20_000  # files of a folder that are looked at

Shown = Callable[[bytes], bool]


@dataclass(frozen=True)
class Beside:
    """A second file. shown: whether its first bytes are such. named: a name that such a file has, for hints."""

    shown: Shown
    named: str
    needed: bool = True


@dataclass(frozen=True)
class Provider:
    """One of kloppy's. shown: whether the first bytes of a file of events are such. module, load: kloppy's function.
    events: its argument for the events. beside: its arguments for other files."""

    name: str
    shown: Shown
    module: str
    load: str
    events: str
    beside: Mapping[str, Beside]
    given: Mapping[str, Any]

    def read(self, data: bytes, name: str) -> Iterator[Match]:
        """The match of a file of events. Raises BadInput, or MissingExtra."""
        try:
            from importlib import import_module

            load = getattr(import_module(f"kloppy.{self.module}"), self.load)
        except ImportError:
            raise MissingExtra(f"Reading {self.name}", "kloppy", "kloppy") from None
        said: dict[str, Any] = {self.events: _checked(data, name)}
        for argument, file in self.beside.items():
            found = _find(Path(name), file, self.name)
            if found is not None:
                said[argument] = _checked(read_bytes(found, limit="max_table_bytes"), str(found))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                match = from_kloppy(load(**said, **self.given), name)
        except (SeqgenError, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001  # whatever a parser of theirs raises
            raise BadInput(name, f"cannot be read by kloppy as {self.name} ({fault(error)})") from None
        yield match


def _checked(data: bytes, name: str) -> bytes:
    if data[:100].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        require_plain(data, name)
    return data.removeprefix(b"\xef\xbb\xbf")


def _find(events: Path, file: Beside, provider: str) -> Path | None:
    """The file of that kind beside one of events whose name shares most words and numbers with its name. Raises
    BadInput where it is needed and there is none, or more than one."""
    words, most = _words(events), -1
    best: list[Path] = []
    folder = events.parent
    try:
        beside = sorted(folder.iterdir())[:_MOST] if events.is_file() else []
    except OSError as error:
        raise BadInput(folder, f"cannot be read ({error.strerror or error})") from None
    for path in sorted(beside, key=lambda path: -len(words & _words(path))):
        shared = len(words & _words(path))
        if shared < most:
            break
        if path != events and path.is_file() and file.shown(_head(path)):
            best, most = [*best, path], shared
    if len(best) == 1:
        return best[0]
    if not file.needed:
        return None
    hint = f"It is told by its first bytes and by its name, such as {file.named}, which shares the match's number."
    if best:
        raise BadInput(events, f"could go with {best[0].name} as with {best[1].name}", hint=hint)
    raise BadInput(events, f"is {provider}, which need a second file beside them: there is none", hint=hint)


def _words(path: Path) -> set[str]:
    return set(re.findall(r"[a-z]+|\d+", path.name.lower()))


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_HEAD).lstrip(b"\xef\xbb\xbf \t\r\n")
    except OSError:
        return b""


def _json(*keys: bytes, without: bytes = b"\0") -> Shown:
    """JSON that has these keys and not that."""
    return lambda head: (
        head.startswith((b"{", b"[")) and all(b'"%b"' % key in head for key in keys) and (b'"%b"' % without not in head)
    )


def _xml(*tags: bytes, without: bytes = b"\0") -> Shown:
    """XML that has these tags and not that."""
    return lambda head: head.startswith(b"<") and all(b"<" + tag in head for tag in tags) and without not in head


_IS_MA1 = (_json(b"matchInfo", without=b"qualifier"), _xml(b"match>", b"matchInfo", without=b"<matchEvents"))
_MA1 = {"ma1_data": Beside(lambda head: any(shown(head) for shown in _IS_MA1), "ma1-….json")}
_METADATA = Beside(_xml(b"Metadata", b"GlobalConfig"), "…_metadata.xml")
PROVIDERS = (
    Provider("Opta events (F24)", _xml(b"Games", b"Event "), "opta", "load", "f24_data",
             {"f7_data": Beside(_xml(b"SoccerFeed"), "f7-…-matchresults.xml")}, {}),
    Provider("StatsPerform events (MA3)", _json(b"matchInfo", b"qualifier"), "statsperform", "load_event", "ma3_data",
             _MA1, {}),
    Provider("StatsPerform events (MA3)", _xml(b"matchEvents"), "statsperform", "load_event", "ma3_data", _MA1, {}),
    Provider("Sportec events", _xml(b"PutDataRequest", b"Event ", without=b"<MatchInformation"), "sportec",
             "load_event", "event_data",
             {"meta_data": Beside(_xml(b"PutDataRequest", b"MatchInformation"), "…matchinformation….xml")}, {}),
    Provider("DataFactory events", _json(b"match", b"homeTeamId"), "datafactory", "load", "event_data", {}, {}),
    Provider("Metrica events", _json(b"subtypes", b"data"), "metrica", "load_event", "event_data",
             {"meta_data": _METADATA}, {}),
    Provider("Impect events", _json(b"squadId", b"actionType"), "impect", "load", "event_data",
             {"lineup_data": Beside(_json(b"squadHome"), "lineups_….json"),
              "squads_data": Beside(_json(b"access", b"countryId", b"name"), "squads.json", needed=False),
              "players_data": Beside(_json(b"commonname", b"birthdate"), "players.json", needed=False)}, {}),
    Provider("Wyscout events, version 3", _json(b"matchTimestamp", b"matchPeriod"), "wyscout", "load", "event_data",
             {}, {"data_version": "V3"}),
)  # fmt: skip


def is_beside(head: bytes) -> bool:
    """Whether it is a second file, which is read with the first."""
    return any(file.shown(head[:_HEAD]) for provider in PROVIDERS for file in provider.beside.values())


def refuse(data: bytes, name: str) -> Iterator[Match]:
    """Raises BadInput: a second file holds no events."""
    hint = "It is read together with the file of events beside it: give that one."
    raise BadInput(name, "says who plays, not what happens", hint=hint)

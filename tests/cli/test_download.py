"""`seqgen corpus get` of a corpus whose files come from a server: here one on this machine."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from seqgen.core import download
from seqgen.core.download import RemoteFile
from seqgen.core.files import sha256
from seqgen.domains.sports.files import read
from seqgen.domains.sports.formats import wyscout_archive

Cli = Callable[..., Any]
EVENT = {
    "eventId": 8, "subEventId": 85, "tags": [{"id": 1801}], "playerId": 3, "matchId": 1, "teamId": 11,
    "matchPeriod": "1H", "eventSec": 1.5, "positions": [{"x": 50, "y": 50}, {"x": 40, "y": 60}],
}  # fmt: skip
MATCH = {"wyId": 1, "dateutc": "2018-05-13 14:00:00", "teamsData": {"11": {"teamId": 11, "side": "home"}}}


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *said: Any) -> None:
        pass


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with the archives, served as if by figshare."""
    folder = tmp_path / "served"
    folder.mkdir()
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(download, "_LONGEST_PAUSE", 0.0)
    handler = partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        found = []
        for name, content in (("matches", [MATCH]), ("events", [EVENT] * 3)):
            data = io.BytesIO()
            with zipfile.ZipFile(data, "w") as archive:
                archive.writestr(f"{name}_England.json", json.dumps(content))
            (folder / f"{name}.zip").write_bytes(data.getvalue())
            url = f"http://127.0.0.1:{server.server_address[1]}/{name}.zip"
            found.append(RemoteFile(f"{name}.zip", (url,), len(data.getvalue()), sha256(data.getvalue())))
        monkeypatch.setattr(wyscout_archive, "ARCHIVES", tuple(found))
        monkeypatch.setattr(wyscout_archive, "COMPETITIONS", ("England",))
        yield folder
        server.shutdown()


def test_a_corpus_is_downloaded_and_built(cli: Cli, served: Path, tmp_path: Path) -> None:
    made = cli("corpus", "get", "wyscout", "--json")
    assert made.code == 0, made.err
    assert json.loads(made.out) == {"path": str(Path("corpora/wyscout")), "domain": "sports", "written": 1, "files": 1}
    folder = tmp_path / "corpora" / "wyscout"
    assert {p.name for p in folder.iterdir()} == {"corpus.toml", "England.csv.gz", "events.zip", "matches.zip"}
    for path in (*served.iterdir(), *folder.glob("*.zip")):
        path.unlink()
    assert "all there already" in cli("corpus", "get", "wyscout").out  # and asks no server
    (match,) = read(folder / "England.csv.gz")
    assert match.about == {"match": "1", "date": "2018-05-13", "competition": "England", "kickoff": "home"}


def test_a_corpus_that_cannot_be_downloaded_says_what_to_do(cli: Cli, served: Path, tmp_path: Path) -> None:
    (served / "events.zip").write_bytes(b"another")
    failed = cli("corpus", "get", "wyscout")
    assert failed.code == 4 and failed.out == ""
    assert "error: events.zip could not be downloaded: 127.0.0.1:" in failed.err
    assert "hint: Run the command again" in failed.err and f"as {Path('corpora/wyscout/events.zip')}" in failed.err
    alone = cli("corpus", "build", Path("corpora/wyscout"))  # building asks no server
    assert alone.code == 4 and "events.zip is not there" in alone.err and "seqgen corpus get wyscout" in alone.err
